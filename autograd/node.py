"""The graph: a node for each recorded operation, a leaf for each tensor made with ``requires_grad=True``."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any, Protocol, final

next_order: Callable[[], int] = itertools.count().__next__
"""The creation number of the next node. Edges lead to smaller numbers, so the backward pass goes from the largest."""


class Storage(Protocol):
    """Memory that tensors may share, with a version that counts writes."""

    version: int


class Library(Protocol):
    """A backend: its kernels as attributes of `ops`, and a context, `scope`, in which they are called."""

    @property
    def ops(self) -> Any: ...

    @property
    def scope(self) -> Callable[[Any], Any]: ...


class DispatchKey(Protocol):
    """Backend, device and dtype of arrays."""

    @property
    def library(self) -> Library: ...

    @property
    def device(self) -> Any: ...

    @property
    def dtype(self) -> Any: ...

    @property
    def native_device(self) -> Any: ...


class _Name(str):
    """A name that is called, too: an attribute here, a method in PyTorch."""

    __slots__ = ()

    def __call__(self) -> str:
        return str(self)


class Node:
    """One recorded operation.

    Attributes
    ----------
    rule : Rule
        Computes the gradients of the operands from that of the result.
    key : DispatchKey
        The result's key.
    edges : tuple
        The node or leaf of each differentiable operand, None for one without a gradient.
    saved : tuple or None
        The values that the rule needs, in the format of `tensorplug.autograd.saved`. None once a backward pass has
        freed them.
    shapes : tuple or None
        The operands' shapes if one was broadcast.
    order : int
        The creation number.
    hooks : Hooks
        Set if there are hooks: see `tensorplug.autograd.hooks`.
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
    """The `tensorplug.autograd.forward.Level` whose tangent is stored here."""

    @property
    def name(self) -> _Name:
        """The name of the operation, which can be called, as PyTorch's method."""
        return _Name(self.rule.name)

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The node or leaf of each operand, None for one without a gradient, with a number, as in PyTorch."""
        return tuple((edge, 0) for edge in self.edges)

    def __repr__(self) -> str:
        return f"<{self.name} node>"


@final
class Leaf:
    """A leaf of the graph, for a tensor whose ``grad`` accumulates gradients.

    It refers weakly to the tensor, so that a recorded gradient, which the tensor owns, closes no cycle.
    """

    __slots__ = ("__weakref__", "accumulated", "hooks", "key", "level", "order", "tangent", "tensor")

    name = _Name("leaf")
    rule = None
    edges = ()
    next_functions = ()
    level: Any
    tangent: Any
    tensor: Callable[[], Any]

    def __init__(self, tensor: Any, key: Any) -> None:
        self.tensor = weakref.ref(tensor)
        self.key = key
        self.order = next_order()
        self.level = None

    @property
    def variable(self) -> Any:
        """The tensor, None once it is gone, as PyTorch's attribute."""
        return self.tensor()

    def __repr__(self) -> str:
        return f"<{self.name}>"
