"""Progress and report as plain lines, for pipes and files."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final, TextIO

from tensorplug.tables import aligned

from ..engine.outcome import FAILED, STATUSES, Outcome
from .causes import cause_of
from .run import Counts, Run
from .text import (
    Line,
    chapters,
    heading,
    headline,
    printable,
)

PROGRESS_LINES: Final = 20
"""Number of lines of progress if nothing fails."""

SECONDS_WITHOUT_LINE: Final = 30.0
"""A line of progress is printed at least this often."""


def _write(line: str, file: TextIO) -> None:
    """Print and flush a line, with escapes for characters that the file's encoding lacks."""
    encoding = file.encoding or "utf-8"
    print(printable(line).encode(encoding, "backslashreplace").decode(encoding), file=file, flush=True)


class Progress:
    """Prints lines of progress: at each twentieth of the checks, after 30 seconds, and for each cause of failures."""

    def __init__(self, total: int, file: TextIO) -> None:
        self._total = total
        self._file = file
        self._counts = dict.fromkeys(STATUSES, 0)
        self._told: set[tuple[str, str]] = set()
        self._start = self._printed = time.monotonic()

    def __call__(self, outcome: Outcome) -> None:
        self._counts[outcome.status] += 1
        if outcome.status == FAILED and cause_of(outcome) not in self._told:
            self._told.add(cause_of(outcome))
            _write(headline(outcome), self._file)
        done, now = sum(self._counts.values()), time.monotonic()
        total = max(self._total, done)
        steps = [count * PROGRESS_LINES // total for count in (done - 1, done)]
        if steps[0] < steps[1] or now - self._printed > SECONDS_WITHOUT_LINE:
            self._printed = now
            place = f"{now - self._start:.0f} s, at {outcome.operation} on {outcome.backend}"
            _write(f"[{done / total:4.0%}] {Counts(**self._counts)}, {place}", self._file)


def print_report(run: Run, findings: Iterable[Line], file: TextIO) -> None:
    """Print the table of counts and the lines of findings."""
    rows = [(chapter, *(" / ".join(map(str, counts)) for counts in cells)) for chapter, cells in chapters(run)]
    _write(f"\n{heading(run)}\n", file)
    _write("\n".join(aligned(("chapter", *run.backends), rows)), file)
    _write(f"({' / '.join(STATUSES)})\n", file)
    for line in findings:
        _write("".join(text for _, text in line), file)
    for name, counts in run.counts.items():
        _write(f"{name}: {counts}", file)
