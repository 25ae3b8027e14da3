"""Write reports as HTML, JSON, Markdown or JUnit XML, and read JSON reports."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..destination import require_writable
from . import junit
from .changes import Changes
from .markdown import insert, markdown
from .page import page
from .run import Run

FORMS: Final[dict[str, Callable[[Run, Changes | None], str]]] = {
    ".html": page,
    ".json": lambda run, changes: json.dumps(run.to_dict(), indent=1, sort_keys=True) + "\n",
    ".md": lambda run, changes: markdown(run),
    ".xml": lambda run, changes: junit.xml(run),
}
"""Functions that make the text of a report, by the suffix of its file."""


def read(file: str | os.PathLike[str]) -> Run:
    """Read the run in a JSON report.

    Raises
    ------
    ValueError
        If the file cannot be read or has no run of this version; the message names the file.
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
    """Return a function that writes a run to a file, in the format of the file's suffix.

    Called before the run, so that a file that cannot be written is an error before the work.

    Parameters
    ----------
    file : str or path
        Ends in ``.html``, ``.json``, ``.md`` or ``.xml``; its folder exists. Of Markdown, the part between
        ``<!-- conformance -->`` and ``<!-- /conformance -->`` is replaced.

    Returns
    -------
    callable
        Takes the run and the changes since another run, or None; only HTML shows changes.

    Raises
    ------
    ValueError
        If the suffix is not one of these, or the file cannot be written.
    ImportError
        If the library that writes this format is not installed.
    """
    path = Path(file)
    require_writable(path, FORMS)
    form = FORMS[path.suffix.lower()]
    if path.suffix.lower() == ".xml":
        junit.require_library()

    def write(run: Run, changes: Changes | None = None) -> None:
        text = form(run, changes)
        if form is FORMS[".md"]:
            text = insert(path.read_text(encoding="utf-8") if path.exists() else "", text)
        path.write_text(text, encoding="utf-8")

    return write
