"""Observers of recorded operations: anomaly detection, checkpoints, forward mode.

While there are none, recording pays one test for them. If forward mode is the only one, its level takes operations in
place of nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, final

Observer = Callable[[Any, Any], None]
"""Called with each new node and the tensor, or tuple of tensors, that it made."""

observers: list[Observer] = []
"""The observers of all threads and tasks; while it is empty, `notify` need not be called."""

_current: ContextVar[tuple[Observer, ...]] = ContextVar("tensorplug_observers", default=())

_level: ContextVar[Any] = ContextVar("tensorplug_forward_level", default=None)

forward_level: Callable[[], Any] = _level.get
"""The `tensorplug.autograd.forward.Level` that takes operations of this thread and task in place of nodes, or None."""

set_forward_level, reset_forward_level = _level.set, _level.reset

current_observers: Callable[[], tuple[Observer, ...]] = _current.get
"""The observers of this thread and task, the outermost first."""

set_observers, reset_observers = _current.set, _current.reset


def notify(node: Any, out: Any) -> None:
    """Call the observers of this thread and task with a node and its result, the outermost first."""
    for observer in _current.get():
        observer(node, out)


@final
class _Observing:
    """A context manager that sets the observers, and no forward level."""

    __slots__ = ("_added", "_observers", "_tokens")

    def __init__(self, observers: tuple[Observer, ...], added: Observer | None = None) -> None:
        self._observers = observers
        self._added = added

    def __enter__(self) -> None:
        self._tokens = _current.set(self._observers), _level.set(None)
        if self._added is not None:
            observers.append(self._added)

    def __exit__(self, *exception: object) -> None:
        if self._added is not None:
            observers.remove(self._added)
        _current.reset(self._tokens[0])
        _level.reset(self._tokens[1])


def observing(observer: Observer) -> AbstractContextManager[None]:
    """A context manager that adds an observer of what this thread or task records."""
    return _Observing((*_current.get(), observer), observer)


def observing_outside(observer: Observer) -> AbstractContextManager[None]:
    """A context manager that keeps only the observers that came before this one."""
    now = _current.get()
    return _Observing(now[: now.index(observer)] if observer in now else now)
