"""Progress and report on standard output, by rich on a terminal and as plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final, TextIO

from tensorplug.extras import install_command

from . import coloured, plain
from .changes import Changes
from .run import Run
from .text import Advance, findings

SHOWN: Final = 20
"""Number of failures that a terminal shows; a pipe gets all."""


@contextmanager
def progress(total: int, file: TextIO | None = None) -> Iterator[Advance]:
    """Show the progress of the suite: a bar on a terminal and in a notebook with ipywidgets, lines elsewhere.

    Parameters
    ----------
    total : int
        Number of checks.
    file : file object, optional
        Standard output by default.

    Yields
    ------
    callable
        Call it with each outcome.

    Examples
    --------
    >>> from tensorplug.conformance.engine.outcome import Outcome
    >>> with progress(1) as advance:
    ...     advance(Outcome("numpy", "elementwise", "add", "values", "passed"))
    [100%] 1 passed, 0 failed, 0 unsupported, 0 s, at add on numpy
    """
    file = sys.stdout if file is None else file
    if _has_rich(file) or in_notebook():
        with coloured.progress(total, file) as advance:
            yield advance
    else:
        yield plain.Progress(total, file)


def print_report(run: Run, changes: Changes | None = None, file: TextIO | None = None) -> None:
    """Print counts by chapter and backend, the failures, the changes, and a last line for each backend.

    Parameters
    ----------
    run : Run
    changes : Changes, optional
        The changes since another run.
    file : file object, optional
        Standard output by default. A terminal shows `SHOWN` failures in colour; anything else gets all of them as plain
        text.
    """
    file = sys.stdout if file is None else file
    most = SHOWN if file.isatty() else None
    if _has_rich(file):
        coloured.print_report(run, findings(run, changes, most), file)
    else:
        plain.print_report(run, findings(run, changes, most), file)
        if file.isatty():
            print(f"For colours and a progress bar: {install_command('conformance')}", file=file)


def in_notebook() -> bool:
    """Whether a notebook runs this process and can show a progress bar."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel") and all(map(find_spec, ("rich", "ipywidgets")))


def _has_rich(file: TextIO) -> bool:
    return file.isatty() and find_spec("rich") is not None
