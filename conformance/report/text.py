"""The texts of reports, for terminals, pipes and JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ..engine.outcome import FAILED, Failure, Outcome
from .changes import Changes
from .run import Counts, Run

Advance = Callable[[Outcome], None]
"""A callback for each outcome that advances the progress."""

Line = Sequence[tuple[str, str]]
"""Pairs of a style and a text."""

STYLES: Final = {"passed": "green", "failed": "bold red", "unsupported": "dim"}

UNPRINTABLE: Final = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML forbids, and control characters of terminals."""

WIDTH: Final = len("expected  ")


def printable(text: str) -> str:
    r"""Escape control characters and lone surrogates as Python does.

    Examples
    --------
    >>> print(printable("a\x1b[31mb"))
    a\x1b[31mb
    """
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def failure_fields(failure: Failure, command: str) -> Iterator[tuple[str, str]]:
    """Call, inputs, expected and actual values of a failure, and the command to rerun it, as pairs of label and text.

    Parameters
    ----------
    failure : Failure
    command : str
        The command that checks the operation again.
    """
    inputs = "\n".join(f"{name} = {source}" for name, source in failure.inputs.items())
    texts = {
        "call": failure.call,
        "inputs": inputs,
        "expected": failure.expected,
        "actual": failure.actual,
        "rerun": command,
    }
    for label, text in texts.items():
        if text:
            yield label.ljust(WIDTH), printable(text).replace("\n", "\n" + " " * WIDTH)


def heading(run: Run) -> str:
    """Numbers of checks and examples, time, and settings of a run, in one line."""
    settings = ", ".join(f"{name} {value}" for name, value in run.settings.items())
    examples = sum(outcome.examples for outcome in run.outcomes)
    return f"{len(run.outcomes)} checks, {examples} examples, {run.seconds:.1f} s; {settings}"


def chapters(run: Run) -> Iterator[tuple[str, list[Counts]]]:
    """Rows of the table: each chapter with its counts on each backend, and a last row for all chapters."""
    for chapter, operations in run.cells.items():
        cells = [[outcome for found in operations.values() for outcome in found.get(name, ())] for name in run.backends]
        yield chapter, [Counts.of(cell) for cell in cells]
    yield "all", list(run.counts.values())


def findings(run: Run, changes: Changes | None, most: int | None) -> Iterator[Line]:
    """Lines of the failures and the changes."""
    shown = run.failures[:most]
    seen = set()
    for outcome in shown:
        subject = (outcome.backend, outcome.chapter, outcome.operation)
        yield from _failure(run, outcome, with_snippet=subject not in seen)
        seen.add(subject)
    if len(shown) < len(run.failures):
        yield [("", f"and {len(run.failures) - len(shown)} more failures; --report FILE.html shows all")]
        yield []
    if changes is not None:
        yield from ([("", line)] for line in changes.lines(most))
        yield []


def headline(outcome: Outcome) -> str:
    """A failure in one line."""
    message = outcome.failure.message if outcome.failure else ""
    return f"failed {outcome.identifier}: {message}"


def _failure(run: Run, outcome: Outcome, with_snippet: bool) -> Iterator[Line]:
    failure = outcome.failure or Failure("no example was kept")
    yield [(STYLES[FAILED], f"failed {outcome.identifier}")]
    yield [("bold", f"  {failure.message}")]
    for label, text in failure_fields(failure, run.command(outcome.backend, outcome.checked)):
        yield [("dim", f"  {label}"), ("", text.replace("\n", "\n  "))]
    if with_snippet and failure.snippet:
        yield []
        yield from ([("cyan", f"    {line}")] for line in failure.snippet.rstrip("\n").split("\n"))
    yield []
