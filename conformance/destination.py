"""Check that a report file can be written, before the suite or comparison runs."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path


def require_writable(path: Path, suffixes: Collection[str]) -> None:
    """Raise ValueError unless a report can be written to a file.

    Parameters
    ----------
    path
        The file; an existing one is overwritten.
    suffixes
        Allowed suffixes; upper and lower case are equal.

    Raises
    ------
    ValueError
        If the suffix is not allowed or the file cannot be written; the message is one line that names the file.
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
