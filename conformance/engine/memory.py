"""Limit the memory of a process by clearing the caches of compiled functions."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os

from tensorplug.core.dispatch.keys import loaded_libraries

FULL = 600 << 20
"""Bytes of the process from which on caches are cleared; the arrays of one operation take some hundred MB more."""

GROWTH = 200 << 20
"""Bytes by which it grows before they are cleared again, as what modules hold is not given back."""

_kept = 0.0
"""Bytes of the process after they were cleared."""


def release_memory() -> None:
    """Clear the caches of all loaded libraries if the process is large and has grown, or if its size is unknown."""
    global _kept
    if _used() < max(FULL, _kept + GROWTH):
        return
    for library in loaded_libraries():
        library.backend.clear_caches()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    _kept = _used()


def _used() -> float:
    try:
        with open("/proc/self/statm") as counts:
            return int(counts.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return math.inf
