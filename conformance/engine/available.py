"""The backends that can be tested here."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform

import tensorplug
from tensorplug.backends import listing

PLAIN = "plain"
"""Name of the backend of NumPy's namespace alone: a reference, not to be tested."""


def available() -> list[str]:
    """The names of those that can."""
    return [entry.name for entry in listing() if entry.status == "available" and entry.name != PLAIN]


def why_missing(name: str) -> str:
    """Why a named backend is not available, in one line."""
    reasons = {entry.name: f"is {entry.status}: {entry.reason}" for entry in listing()}
    return f"backend {name!r} {reasons.get(name, 'is unknown')}; there are {', '.join(available())}"


def versions() -> dict[str, str]:
    """Versions of Python, of Tensorplug and of the backends' libraries, by distribution."""
    found = {"Python": platform.python_version(), "tensorplug": tensorplug.__version__}
    for entry in listing():
        if entry.distribution and entry.version:
            found[entry.distribution] = entry.version
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        found["hypothesis"] = importlib.metadata.version("hypothesis")
    return found
