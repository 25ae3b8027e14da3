"""Who is told of the operations that are recorded: anomaly detection, checkpoints, forward mode.

Where nobody is, a recorded operation pays one test for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

Watcher = Callable[[Any, Any], None]
"""Called with each new node and the tensor, or tuple of tensors, that it made."""

anybody: list[Watcher] = []
"""All watchers of all threads and tasks; empty where `watch` need not be called."""

_watchers: ContextVar[tuple[Watcher, ...]] = ContextVar("tensorplug_watchers", default=())


def watch(node: Any, out: Any) -> None:
    """Tell the watchers of the running thread and task of a node, the outermost first."""
    for watcher in _watchers.get():
        watcher(node, out)


@contextlib.contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Tell a watcher of what this thread or task records in a ``with`` block."""
    with _only((*_watchers.get(), watcher)):
        anybody.append(watcher)
        try:
            yield
        finally:
            anybody.remove(watcher)


@contextlib.contextmanager
def watched_from_outside(watcher: Watcher) -> Iterator[None]:
    """Tell only those watchers that came before this one, of what is recorded in a ``with`` block."""
    watchers = _watchers.get()
    with _only(watchers[: watchers.index(watcher)] if watcher in watchers else watchers):
        yield


@contextlib.contextmanager
def _only(watchers: tuple[Watcher, ...]) -> Iterator[None]:
    token = _watchers.set(watchers)
    try:
        yield
    finally:
        _watchers.reset(token)
