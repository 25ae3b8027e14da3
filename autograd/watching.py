"""Who is told of the operations that are recorded: anomaly detection, checkpoints, forward mode.

Where nobody is, a recorded operation pays one test for it. Where forward mode alone is, it takes the operation in place
of a node.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, final

Watcher = Callable[[Any, Any], None]
"""Called with each new node and the tensor, or tuple of tensors, that it made."""

anybody: list[Watcher] = []
"""All watchers of all threads and tasks; empty where `watch` need not be called."""

_watchers: ContextVar[tuple[Watcher, ...]] = ContextVar("tensorplug_watchers", default=())

_taker: ContextVar[Any] = ContextVar("tensorplug_taker", default=None)

taker: Callable[[], Any] = _taker.get
"""What takes the operations of the running thread and task in place of nodes: a `tensorplug.autograd.forward.Level`, or
None."""

set_taker, reset_taker = _taker.set, _taker.reset

watchers: Callable[[], tuple[Watcher, ...]] = _watchers.get
"""Those of the running thread and task, the outermost first."""

set_watchers, reset_watchers = _watchers.set, _watchers.reset


def watch(node: Any, out: Any) -> None:
    """Tell the watchers of the running thread and task of a node, the outermost first."""
    for watcher in _watchers.get():
        watcher(node, out)


@final
class _Telling:
    """A ``with`` block in which these watchers are told, and nobody takes."""

    __slots__ = ("_added", "_tokens", "_watchers")

    def __init__(self, watchers: tuple[Watcher, ...], added: Watcher | None = None) -> None:
        self._watchers = watchers
        self._added = added

    def __enter__(self) -> None:
        self._tokens = _watchers.set(self._watchers), _taker.set(None)
        if self._added is not None:
            anybody.append(self._added)

    def __exit__(self, *exception: object) -> None:
        if self._added is not None:
            anybody.remove(self._added)
        _watchers.reset(self._tokens[0])
        _taker.reset(self._tokens[1])


def watching(watcher: Watcher) -> AbstractContextManager[None]:
    """Tell a watcher of what this thread or task records in a ``with`` block."""
    return _Telling((*_watchers.get(), watcher), watcher)


def watched_from_outside(watcher: Watcher) -> AbstractContextManager[None]:
    """Tell only those watchers that came before this one, of what is recorded in a ``with`` block."""
    told = _watchers.get()
    return _Telling(told[: told.index(watcher)] if watcher in told else told)
