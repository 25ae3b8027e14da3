"""Hooks: functions that are called with the gradient at a node or leaf, and may replace it."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable
from typing import Any, final

Hook = Callable[[Any], Any]
"""Takes a gradient, a raw array or a recorded tensor, and returns its replacement."""

_count = itertools.count()
LOCK = threading.RLock()
"""Reentrant, as the garbage collector may call a `__del__` that removes a hook."""


@final
class Hooks:
    """The hooks of one node or module, called in the order in which they were registered."""

    __slots__ = ("__weakref__", "functions")

    def __init__(self) -> None:
        self.functions: dict[int, Callable[..., Any]] = {}

    def add(self, owner: Any, function: Callable[..., Any]) -> RemovableHandle:
        """Add a hook of the owner."""
        number = next(_count)
        self.functions[number] = function
        return RemovableHandle(owner, self, number)

    def __call__(self, gradient: Any) -> Any:
        for function in tuple(self.functions.values()):
            gradient = function(gradient)
        return gradient


@final
class Registered:
    """A mapping from nodes and leaves to their hooks, which they own in a slot, as a hook may refer to its tensor."""

    def __init__(self, slot: str) -> None:
        self._slot = slot
        self._owners: weakref.WeakSet[Any] = weakref.WeakSet()

    def __bool__(self) -> bool:
        return bool(self._owners)

    def __contains__(self, node: Any) -> bool:
        return node in self._owners

    def __getitem__(self, node: Any) -> Hook:
        hooks: Hook = getattr(node, self._slot)
        return hooks

    def add(self, node: Any, function: Hook) -> RemovableHandle:
        """Add a hook to a node or leaf."""
        with LOCK:
            if node not in self._owners:
                setattr(node, self._slot, Hooks())
                self._owners.add(node)
            hooks: Hooks = getattr(node, self._slot)
            return hooks.add(node, function)

    def share(self, source: Any, target: Any) -> None:
        """Give a node or leaf the hooks of another one."""
        with LOCK:
            if source in self._owners:
                setattr(target, self._slot, getattr(source, self._slot))
                self._owners.add(target)

    def forget(self, node: Any, hooks: Hooks) -> None:
        """Forget the hooks of a node or leaf, of which none is left."""
        if node in self._owners and getattr(node, self._slot) is hooks:
            self._owners.discard(node)


HOOKS = Registered("hooks")
"""The hooks of all nodes and leaves."""

ACCUMULATED = Registered("accumulated")
"""The hooks of leaves that are called after a backward pass has accumulated a gradient."""


@final
class RemovableHandle:
    """The handle of a registered hook, to remove it at once or at the end of a ``with`` block."""

    def __init__(self, node: Any, hooks: Hooks, number: int) -> None:
        self._node = weakref.ref(node)
        self._hooks = weakref.ref(hooks)
        self._number = number

    def remove(self) -> None:
        """Remove the hook, if it is still registered."""
        with LOCK:
            node, hooks = self._node(), self._hooks()
            if node is None or hooks is None:
                return
            hooks.functions.pop(self._number, None)
            if not hooks.functions:
                HOOKS.forget(node, hooks)
                ACCUMULATED.forget(node, hooks)
                # Modules have hooks of several kinds by name, and are called faster without any.
                kinds = getattr(node, "_hooks", {})
                for kind in [one for one, found in kinds.items() if found is hooks]:
                    del kinds[kind]

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()
