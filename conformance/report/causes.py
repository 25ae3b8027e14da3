"""Failures grouped by their cause: one error of a library fails many checks, and is told once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from ..engine.outcome import Outcome

RAISED: Final = re.compile(r"(raised|warned).*: ")
SITUATION: Final = re.compile(r" \([^()]*\)$")
VARYING: Final = re.compile(r"'[^']*'|-?\d[\d.e+-]*")
"""Names and numbers in a message, which differ between checks that fail for one reason."""


class Cause(NamedTuple):
    """Failures of one backend with one cause, the operation at fault first."""

    message: str
    failures: list[Outcome]

    @property
    def operations(self) -> int:
        """The number of operations that it fails."""
        return len({failure.operation for failure in self.failures})

    @property
    def line(self) -> str:
        """The numbers of checks and operations, and the message, in one line."""
        counts = f"{_counted(len(self.failures), 'check')} of {_counted(self.operations, 'operation')}"
        return f"{counts}, first {self.failures[0].operation}: {self.message}"


def cause_of(outcome: Outcome) -> tuple[str, str]:
    """What failures with one cause have in common: the backend, and the error's message or the operation at fault.

    Examples
    --------
    >>> from tensorplug.conformance.engine.outcome import Failure, Outcome
    >>> failure = Failure("raised ValueError: negative stride -8 (float32, negative strides)")
    >>> cause_of(Outcome("mine", "elementwise", "add", "layouts", "failed", failure=failure))
    ('mine', 'raised ValueError: negative stride #')
    >>> cause_of(Outcome("mine", "elementwise", "add", "values", "failed", failure=Failure("1.0, wanted 2.0")))
    ('mine', 'add')
    """
    failure = outcome.failure
    message = _without_situation(outcome)
    if RAISED.search(message):
        return outcome.backend, VARYING.sub("#", message)
    return outcome.backend, (failure and failure.culprit) or outcome.operation


def causes(failures: Iterable[Outcome]) -> list[Cause]:
    """The causes of ranked failures, those of the most checks first."""
    found: dict[tuple[str, str], Cause] = {}
    for failure in failures:
        found.setdefault(cause_of(failure), Cause(_without_situation(failure), [])).failures.append(failure)
    return sorted(found.values(), key=lambda cause: -len(cause.failures))


def _without_situation(outcome: Outcome) -> str:
    return SITUATION.sub("", outcome.failure.message if outcome.failure else "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
