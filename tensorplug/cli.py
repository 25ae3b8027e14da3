"""The command line: ``tensorplug backends`` and ``tensorplug demo``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from .backends import listing

HEADER = ("backend", "distribution", "devices", "status", "reason")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The arguments; those of the process by default.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="tensorplug", description="Tensors over pluggable array libraries.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("backends", help="list the backends, and why one cannot be used")
    demo = commands.add_parser("demo", help="train one model on every available backend and compare")
    if given[:1] != ["demo"]:
        parser.parse_args(given)
        return print_backends()

    from .demo import add_arguments
    from .demo import main as run

    add_arguments(demo)
    return run(parser.parse_args(given))


def print_backends() -> int:
    """Print the table of all backends and of the plugins that were set aside."""
    rows = [
        (
            entry.name,
            " ".join(part for part in (entry.distribution, entry.version) if part) or "-",
            ", ".join(entry.devices) or "-",
            entry.status,
            entry.reason,
        )
        for entry in listing()
    ]
    # Only a terminal has a width to fit: in a pipe each row stays one line.
    if sys.stdout.isatty() and find_spec("rich"):
        print_rich(rows)
    else:
        print_plain(rows)
    return 0


def print_rich(rows: Sequence[Sequence[str]]) -> None:
    """A table that fits the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*HEADER)
    for row in rows:
        # As Text, since rich would take [cuda12] in a command for markup.
        table.add_row(*map(Text, row), style=None if row[3] == "available" else "dim")
    Console().print(table)


def print_plain(rows: Sequence[Sequence[str]]) -> None:
    """The same as aligned text."""
    widths = [max(map(len, column)) for column in zip(HEADER, *rows, strict=True)]
    for row in (HEADER, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
