"""Print tables, with rich on a terminal if it is installed, else as aligned text."""

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
        The titles of the columns.
    rows
        A cell for each column.
    dimmed
        Positions of rows to print dimmed on a terminal.
    """
    # In a pipe each row stays one line.
    if sys.stdout.isatty() and find_spec("rich"):
        print_rich(header, rows, dimmed)
    else:
        print_plain(header, rows)


def print_rich(header: Row, rows: Sequence[Row], dimmed: Collection[int] = ()) -> None:
    """Print a table with rich, fitted to the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header)
    for position, row in enumerate(rows):
        # As Text: rich would read [cuda12] as markup.
        table.add_row(*map(Text, row), style="dim" if position in dimmed else None)
    Console().print(table)


def print_plain(header: Row, rows: Sequence[Row]) -> None:
    """Print a table as aligned text."""
    print("\n".join(aligned(header, rows)))


def aligned(header: Row, rows: Sequence[Row]) -> list[str]:
    """Lines of a table, padded to the widest cell of each column."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
