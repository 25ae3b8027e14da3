"""The texts of reports, for terminals, pipes and JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ..engine.outcome import FAILED, Failure, Outcome
from .causes import Cause, causes
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
    """Lines of the failures, one of each cause in full, of the changes, and of what to do next."""
    found = causes(run.failures)
    for cause in found[:most]:
        yield from _cause(run, cause, most)
    if changes is not None:
        yield from ([("", line)] for line in changes.lines(most))
        yield []
    if found:
        passing, tried = run.passing
        yield [("bold", f"{passing} of {tried} operations pass. What to do next, what fails the most checks first:")]
        yield from ([("", f"  {cause.line}")] for cause in found[:most])
        if len(found) > len(found[:most]):
            yield [("", f"  and {len(found) - len(found[:most])} more causes; --report FILE.html shows all")]
        yield []


def headline(outcome: Outcome) -> str:
    """A failure in one line."""
    message = outcome.failure.message if outcome.failure else ""
    return f"failed {outcome.identifier}: {message}"


def _cause(run: Run, cause: Cause, most: int | None) -> Iterator[Line]:
    outcome, *others = cause.failures
    failure = outcome.failure or Failure("no example was kept")
    yield [(STYLES[FAILED], f"failed {outcome.identifier}")]
    yield [("bold", f"  {failure.message}")]
    for label, text in failure_fields(failure, run.command(outcome.backend, outcome.checked)):
        yield [("dim", f"  {label}"), ("", text.replace("\n", "\n  "))]
    if others:
        names = [f"{other.operation}::{other.aspect}" for other in others[:most]]
        names += [f"{len(others) - len(names)} more"] * (len(names) < len(others))
        yield [("dim", f"  {'also'.ljust(WIDTH)}"), ("", printable(", ".join(names)))]
    if failure.snippet:
        yield []
        yield from ([("cyan", f"    {line}")] for line in failure.snippet.rstrip("\n").split("\n"))
    yield []
