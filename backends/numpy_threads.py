"""Work on parts of arrays, shared among threads: NumPy's functions let others run while they compute."""

from __future__ import annotations

import contextvars
import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def _count() -> int:
    """As many as there are processors for this process, unless OMP_NUM_THREADS asks for fewer."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(available, int(wanted))) if wanted.isdigit() else available


COUNT = _count()


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(COUNT - 1, thread_name_prefix="tensorplug")


if hasattr(os, "register_at_fork"):
    # A child has the pool's object, but none of its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)


def each(function: Callable[[Sequence[Any]], Any], items: Sequence[Any]) -> list[Any]:
    """The function of groups of items, in their order: one group a thread, where there are several items."""
    groups = min(COUNT, len(items))
    if groups < 2:
        return [function(items)]
    step = -(-len(items) // groups)
    first, *others = (items[start : start + step] for start in range(0, len(items), step))
    # Each in a copy of this thread's context, in which NumPy has been told what to do about warnings.
    futures = [_pool().submit(contextvars.copy_context().run, function, group) for group in others]
    found = [function(first)]
    return found + [future.result() for future in futures]
