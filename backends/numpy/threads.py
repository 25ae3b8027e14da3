"""Work on parts of arrays, shared among threads: NumPy's functions let others run while they compute."""

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


def each(function: Callable[[Iterator[Item]], None], items: Sequence[Item]) -> None:
    """Call a function once in each thread, with an iterator of items: the threads share them, each taking the next.

    So a thread that is late, because others use its processor, leaves the items to those that are there.
    """
    threads = min(COUNT, len(items))
    if threads < 2:
        function(iter(items))
        return
    waiting = deque(items)
    # Each in a copy of this thread's context, in which NumPy has been told what to do about warnings.
    futures = [_pool().submit(contextvars.copy_context().run, function, _taken(waiting)) for _ in range(threads - 1)]
    function(_taken(waiting))
    for future in futures:
        # One that has not begun would find nothing left.
        if not future.cancel():
            future.result()


def _taken(waiting: deque[Item]) -> Iterator[Item]:
    """The items, taken away while there are any; no two threads get the same."""
    with contextlib.suppress(IndexError):
        while True:
            yield waiting.popleft()
