"""Reports as files: one page of HTML, JSON, JUnit XML."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..destination import require_writable
from . import junit
from .changes import Changes
from .page import page
from .run import Run

FORMS: Final[dict[str, Callable[[Run, Changes | None], str]]] = {
    ".html": page,
    ".json": lambda run, changes: json.dumps(run.to_dict(), indent=1, sort_keys=True) + "\n",
    ".xml": lambda run, changes: junit.xml(run),
}
"""The text of a report by the suffix of its file."""


def read(file: str | os.PathLike[str]) -> Run:
    """Read a run that was written as JSON.

    Raises
    ------
    ValueError
        If the file cannot be read, or holds no run of this version; the message names the file.
    """
    try:
        return Run.from_dict(json.loads(Path(file).read_text(encoding="utf-8")))
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        reason = f"is no JSON: {error}"
    except ValueError as error:
        reason = str(error)
    raise ValueError(f"report {os.fspath(file)!r} {reason}")


def writer(file: str | os.PathLike[str]) -> Callable[[Run, Changes | None], None]:
    """What writes a run to a file, in the form that the file's suffix names.

    It is asked for before the run, so that a mistake is told before the work and not after it.

    Parameters
    ----------
    file : str or path
        Ends in ``.html``, ``.json`` or ``.xml``, and lies in a folder that exists.

    Returns
    -------
    callable
        Takes the run, and the changes since another or None; only the page shows these.

    Raises
    ------
    ValueError
        If the suffix is another, or the file cannot be written.
    ImportError
        If the library that writes this form is not installed.
    """
    path = Path(file)
    require_writable(path, FORMS)
    form = FORMS[path.suffix.lower()]
    if path.suffix.lower() == ".xml":
        junit.require_library()

    def write(run: Run, changes: Changes | None = None) -> None:
        path.write_text(form(run, changes), encoding="utf-8")

    return write
