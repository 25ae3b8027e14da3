"""A parallel loop over blocks of arrays, in threads: NumPy's functions release the GIL while they compute."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def _thread_count() -> int:
    """The number of processors that this process may use, or OMP_NUM_THREADS if that is less."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(available, int(wanted))) if wanted.isdigit() else available


THREADS = _thread_count()


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS - 1, thread_name_prefix="tensorplug")


if hasattr(os, "register_at_fork"):
    # A forked process inherits the pool, but none of its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)


def parallel_for(function: Callable[[Iterator[Item]], None], items: Sequence[Item]) -> None:
    """Call ``function(iterator)`` once in each thread, where the iterators share the items.

    A thread that is slow takes fewer items. The first exception of a thread is raised again here.
    """
    threads = min(THREADS, len(items))
    if threads < 2:
        function(iter(items))
        return
    waiting = deque(items)
    # A copy of this thread's context holds NumPy's settings for floating-point warnings.
    futures = [
        _pool().submit(contextvars.copy_context().run, function, _pop_items(waiting)) for _ in range(threads - 1)
    ]
    function(_pop_items(waiting))
    for future in futures:
        # A thread that has not started would find nothing left.
        if not future.cancel():
            future.result()


def _pop_items(waiting: deque[Item]) -> Iterator[Item]:
    """Pop items until none are left; no two threads get the same one."""
    with contextlib.suppress(IndexError):
        while True:
            yield waiting.popleft()
