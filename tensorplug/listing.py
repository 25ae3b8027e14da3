"""``tensorplug backends``: a table of all backends and of the plugins that failed to load."""

from __future__ import annotations

import argparse

from .backends import listing
from .tables import print_table

HEADER = ("backend", "distribution", "devices", "status", "reason")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``tensorplug backends``, which has none."""


def main(options: argparse.Namespace) -> int:
    """Print the table and return the exit code."""
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
    print_table(HEADER, rows, [i for i, row in enumerate(rows) if row[3] != "available"])
    return 0
