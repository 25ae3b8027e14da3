"""Whether a file can be written, which is asked before the work and not after it."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path


def require_writable(path: Path, suffixes: Collection[str]) -> None:
    """Refuse a file that no report can be written to.

    Parameters
    ----------
    path
        The file. One that is there is written over.
    suffixes
        What its name may end in, in any case.

    Raises
    ------
    ValueError
        If the suffix is another, or the file cannot be written; the message names the file and is one line.
    """
    parent, name = path.parent, str(path)
    if path.is_dir():
        raise ValueError(f"report: {name!r} is a folder, wanted a file")
    if path.suffix.lower() not in suffixes:
        raise ValueError(f"report: {name!r} ends in {path.suffix!r}, wanted one of {', '.join(suffixes)}")
    if not parent.is_dir():
        raise ValueError(f"report: {name!r} cannot be written, as folder {str(parent)!r} does not exist")
    if not os.access(path if path.exists() else parent, os.W_OK):
        raise ValueError(f"report: {name!r} may not be written")
