"""What is recorded of an operation: a node for each, and a leaf for each tensor that the user asked a gradient of."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any, Protocol, final

next_order: Callable[[], int] = itertools.count().__next__
"""The creation number of the next node. An edge always leads to a smaller number, so they order the backward pass."""


class Storage(Protocol):
    """Memory that several tensors may share. Every write raises the version."""

    version: int


class Library(Protocol):
    """A backend: its kernels as attributes of `ops`, and what must be in force while they are used."""

    @property
    def ops(self) -> Any: ...

    @property
    def scope(self) -> Callable[[Any], Any]: ...


class DispatchKey(Protocol):
    """What arrays of one backend, device and dtype have in common."""

    @property
    def library(self) -> Library: ...

    @property
    def device(self) -> Any: ...

    @property
    def dtype(self) -> Any: ...

    @property
    def native_device(self) -> Any: ...


class Node:
    """One recorded operation.

    Attributes
    ----------
    rule : Rule
        How the gradient of the result becomes gradients of the operands.
    key : DispatchKey
        The result's.
    edges : tuple
        The node or leaf of each differentiable operand, None for one that wants no gradient.
    saved : tuple or None
        What the rule asked for: ``(array, storage, version at saving)`` for each tensor, one after the other, then
        the parameters. None once a backward pass has freed it.
    shapes : tuple or None
        The operands' shapes where one was broadcast.
    order : int
        The creation number.
    hooks : Hooks
        Set where there are some: see `tensorplug.autograd.hooks`.
    """

    __slots__ = ("__weakref__", "edges", "hooks", "key", "order", "rule", "saved", "shapes")

    rule: Any
    key: Any
    edges: tuple[Any, ...]
    saved: tuple[Any, ...] | None
    shapes: tuple[Any, ...] | None
    order: int
    hooks: Any
    level: Any = None
    """The `tensorplug.autograd.forward.Level` that keeps a tangent here."""

    @property
    def name(self) -> str:
        """The operation's name."""
        return str(self.rule.name)

    def __repr__(self) -> str:
        return f"<{self.name} node>"


@final
class Leaf:
    """Where a backward pass ends: a tensor whose gradient is kept in its ``grad``.

    It refers weakly to the tensor, which owns the gradient, so that no gradient that is itself differentiable closes
    a cycle.
    """

    __slots__ = ("__weakref__", "hooks", "key", "level", "order", "tangent", "tensor")

    rule = None
    edges = ()
    level: Any
    tangent: Any
    tensor: Callable[[], Any]

    def __init__(self, tensor: Any, key: Any) -> None:
        self.tensor = weakref.ref(tensor)
        self.key = key
        self.order = next_order()
        self.level = None

    def __repr__(self) -> str:
        return "<leaf>"
