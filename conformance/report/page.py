"""Write a run as one self-contained page of HTML."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from ..engine.outcome import STATUSES, Outcome
from .changes import Changes
from .run import Run


def page(run: Run, changes: Changes | None = None) -> str:
    """HTML with a table of operations by backends, in which each cell has its checks and failing examples.

    Parameters
    ----------
    run : Run
    changes : Changes, optional
        The changes since another run.
    """
    folder = files(__package__)
    parts = {
        "style": folder.joinpath("page.css").read_text(encoding="utf-8"),
        "script": folder.joinpath("page.js").read_text(encoding="utf-8"),
        "data": _embedded(_data(run, changes)),
    }
    template = folder.joinpath("page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], template)


def _embedded(data: Any) -> str:
    """JSON without characters that could end the HTML script element around it."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _data(run: Run, changes: Changes | None) -> dict[str, Any]:
    return {
        "settings": run.settings,
        "seconds": run.seconds,
        "examples": sum(outcome.examples for outcome in run.outcomes),
        "statuses": STATUSES,
        "backends": {name: counts._asdict() for name, counts in run.counts.items()},
        "chapters": {
            chapter: {
                operation: {backend: _cell(run, chapter, operation, backend) for backend in found}
                for operation, found in operations.items()
            }
            for chapter, operations in run.cells.items()
        },
        "failures": [_failure(outcome) for outcome in run.failures],
        "changes": changes and {"summary": str(changes), "settings": changes.settings, "checks": changes.checks},
    }


def _cell(run: Run, chapter: str, operation: str, backend: str) -> dict[str, Any]:
    return {
        "status": run.status(chapter, operation, backend),
        "command": run.command(backend, operation),
        "checks": [_check(run, outcome) for outcome in run.cells[chapter][operation][backend]],
    }


def _check(run: Run, outcome: Outcome) -> dict[str, Any]:
    """The outcome of a check, without the operation and backend that its cell has."""
    return {
        "aspect": outcome.aspect,
        "status": outcome.status,
        "examples": outcome.examples,
        "seconds": round(outcome.seconds, 3),
        "reason": outcome.reason,
        "command": run.command(outcome.backend, outcome.checked) if outcome.checked != outcome.operation else "",
        "failure": outcome.failure and asdict(outcome.failure),
    }


def _failure(outcome: Outcome) -> dict[str, str]:
    """An entry in the list of failures: the cell and the message."""
    return {
        "chapter": outcome.chapter,
        "operation": outcome.operation,
        "backend": outcome.backend,
        "aspect": outcome.aspect,
        "message": outcome.failure.message if outcome.failure else "",
    }
