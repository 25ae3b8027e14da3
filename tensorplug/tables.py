"""Tables on the terminal, with rich where that is installed."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from importlib.util import find_spec

Row = Sequence[str]


def print_table(header: Row, rows: Sequence[Row], dimmed: Collection[int] = ()) -> None:
    """Print a table.

    Parameters
    ----------
    header
        A word for each column.
    rows
        As many cells each.
    dimmed
        The numbers of the rows that matter less.
    """
    # Only a terminal has a width to fit: in a pipe each row stays one line.
    if sys.stdout.isatty() and find_spec("rich"):
        print_rich(header, rows, dimmed)
    else:
        print_plain(header, rows)


def print_rich(header: Row, rows: Sequence[Row], dimmed: Collection[int] = ()) -> None:
    """A table that fits the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header)
    for position, row in enumerate(rows):
        # As Text, since rich would take [cuda12] in a command for markup.
        table.add_row(*map(Text, row), style="dim" if position in dimmed else None)
    Console().print(table)


def print_plain(header: Row, rows: Sequence[Row]) -> None:
    """The same as aligned text."""
    print("\n".join(aligned(header, rows)))


def aligned(header: Row, rows: Sequence[Row]) -> list[str]:
    """The lines of a table whose columns are as wide as their widest cells."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
