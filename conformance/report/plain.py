"""The report in a pipe: plain lines, each of them whole."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final, TextIO

from tensorplug.tables import aligned

from ..engine.outcome import FAILED, STATUSES, Outcome
from .run import Counts, Run
from .text import (
    Line,
    chapters,
    heading,
    headline,
    printable,
)

STEPS: Final = 20
"""How many lines tell of the progress where nothing fails."""

PATIENCE: Final = 30.0
"""After how many seconds there is another."""


def _write(line: str, file: TextIO) -> None:
    """Print a line at once, with escapes for what the file's encoding lacks."""
    encoding = file.encoding or "utf-8"
    print(printable(line).encode(encoding, "backslashreplace").decode(encoding), file=file, flush=True)


class Progress:
    """The progress in lines: at each step, after some time, and for each failure."""

    def __init__(self, total: int, file: TextIO) -> None:
        self._total = total
        self._file = file
        self._counts = dict.fromkeys(STATUSES, 0)
        self._start = self._printed = time.monotonic()

    def __call__(self, outcome: Outcome) -> None:
        self._counts[outcome.status] += 1
        if outcome.status == FAILED:
            _write(headline(outcome), self._file)
        done, now = sum(self._counts.values()), time.monotonic()
        total = max(self._total, done)
        if done * STEPS // total > (done - 1) * STEPS // total or now - self._printed > PATIENCE:
            self._printed = now
            place = f"{now - self._start:.0f} s, at {outcome.operation} on {outcome.backend}"
            _write(f"[{done / total:4.0%}] {Counts(**self._counts)}, {place}", self._file)


def print_report(run: Run, findings: Iterable[Line], file: TextIO) -> None:
    """Print the table and the lines."""
    rows = [(chapter, *(" / ".join(map(str, counts)) for counts in cells)) for chapter, cells in chapters(run)]
    _write(f"\n{heading(run)}\n", file)
    _write("\n".join(aligned(("chapter", *run.backends), rows)), file)
    _write(f"({' / '.join(STATUSES)})\n", file)
    for line in findings:
        _write("".join(text for _, text in line), file)
    for name, counts in run.counts.items():
        _write(f"{name}: {counts}", file)
