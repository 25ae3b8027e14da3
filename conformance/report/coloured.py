"""Progress bar and report on a terminal, by rich."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from ..engine.outcome import FAILED, STATUSES, Outcome
from .causes import cause_of
from .run import Counts, Run
from .text import (
    STYLES,
    Advance,
    Line,
    chapters,
    heading,
    headline,
    printable,
)

if TYPE_CHECKING:
    from rich.console import Console


def _console(file: TextIO) -> Console:
    from rich.console import Console

    return Console(file=file, highlight=False)


@contextmanager
def progress(total: int, file: TextIO) -> Iterator[Advance]:
    """Show a progress bar with the counts and the latest operation; what fails is printed above it, once a cause."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text

    columns = (
        BarColumn(bar_width=16),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        *(TextColumn(f"[{style}]{{task.fields[{status}]}} {status}") for status, style in STYLES.items()),
        TextColumn("{task.description}", markup=False),
    )
    counts = dict.fromkeys(STATUSES, 0)
    with Progress(*columns, console=_console(file), transient=True) as display:
        told = set()
        fields: dict[str, Any] = dict(counts)
        task = display.add_task("", total=total, **fields)

        def advance(outcome: Outcome) -> None:
            counts[outcome.status] += 1
            fields: dict[str, Any] = dict(counts)
            where = printable(f"{outcome.operation} on {outcome.backend}")
            display.update(task, advance=1, description=where, **fields)
            if outcome.status == FAILED and cause_of(outcome) not in told:
                told.add(cause_of(outcome))
                display.console.print(Text(printable(headline(outcome)), STYLES[FAILED]), soft_wrap=True)

        yield advance


def print_report(run: Run, findings: Iterable[Line], file: TextIO) -> None:
    """Print the table of counts and the lines of findings, in colours."""
    from rich.table import Table
    from rich.text import Text

    console = _console(file)
    console.print(Text(printable(heading(run))), soft_wrap=True)
    table = Table("chapter", caption=" / ".join(STATUSES))
    for name in run.backends:
        table.add_column(Text(name), justify="right")
    for chapter, cells in chapters(run):
        table.add_row(Text(chapter), *map(_counts, cells))
    console.print(table)
    for line in findings:
        # Not wrapped, so that commands and programs can be copied.
        console.print(Text.assemble(*((printable(text), style) for style, text in line)), soft_wrap=True)
    for name, counts in run.counts.items():
        console.print(Text(f"{name}: {counts}", STYLES[FAILED] if counts.failed else STYLES["passed"]))


def _counts(counts: Counts) -> Any:
    from rich.text import Text

    parts = [(str(number), STYLES[name] if number else "dim") for name, number in counts._asdict().items()]
    return Text(" / ", "dim").join(Text(text, style) for text, style in parts)
