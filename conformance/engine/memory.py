"""Limit the memory of a process by clearing the caches of compiled functions."""

from __future__ import annotations

import contextlib
import ctypes
import os

from tensorplug.core.dispatch.keys import loaded_libraries

FULL = 600 << 20
"""Bytes of the process from which on caches are cleared; the arrays of one operation take some hundred MB more."""


def release_memory() -> None:
    """Clear the caches of all loaded libraries if the process is large, or if its size is unknown."""
    if _used() < FULL:
        return
    for library in loaded_libraries():
        library.backend.clear_caches()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _used() -> int:
    try:
        with open("/proc/self/statm") as counts:
            return int(counts.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return FULL
