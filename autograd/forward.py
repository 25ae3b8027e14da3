"""Forward mode: tangents are computed beside the values, operation by operation, and nothing is kept for later.

An operation's tangent comes from its rule: by a formula for it, or else from the gradient's formula, which is linear in
the gradient, and which the engine transposes by differentiating it (Radul, Paszke, Frostig, Johnson and Maclaurin,
"You only linearize once", POPL 2023, have the opposite direction).
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, final

from . import engine
from .modes import enable_grad
from .node import next_order
from .outputs import Gradients, Selection
from .watching import watched_from_outside

_inner: ContextVar[int] = ContextVar("tensorplug_inner_transforms", default=0)


@contextlib.contextmanager
def differentiating() -> Iterator[None]:
    """Say that what is recorded in a ``with`` block will be needed, so that no forward mode around it lets go of it."""
    token = _inner.set(_inner.get() + 1)
    try:
        yield
    finally:
        _inner.reset(token)


@final
class _Released:
    """The rule of a node whose values were let go once its tangent was known."""

    tensors = ()

    def __init__(self, name: str) -> None:
        self.name = name

    def pull(self, node: Any, g: Any, ops: Any, saved: Any) -> Any:
        raise RuntimeError(
            f"{self.name}: a backward pass inside of a function that jvp or jacfwd differentiates finds nothing kept; "
            f"use tensorplug.func.grad or vjp there"
        )

    def lift(self, node: Any, saved: Any, lift: Any) -> Any:
        return saved


@final
class Level:
    """One forward differentiation: it watches what is recorded, and carries tangents along.

    Parameters
    ----------
    recorded
        Whether the tangents are tensors that are themselves recorded, for a differentiation outside of this one, or
        raw arrays.
    alone
        Whether nothing outside of this one is to be differentiated, whatever the function uses.

    Raises
    ------
    NeedsRecording
        While it watches, if it is neither recorded nor alone and something that is older than it is being
        differentiated too.
    """

    def __init__(self, recorded: bool, alone: bool = False) -> None:
        self._recorded = recorded
        self._alone = alone
        # By the node of an operation, which several results share, and the name of the result.
        self._tangents: weakref.WeakKeyDictionary[Any, dict[str, Any]] = weakref.WeakKeyDictionary()
        self._inner = _inner.get()
        self._began = next_order()

    def set(self, node: Any, tangent: Any) -> None:
        """Give the tangent of a variable: a tensor where tangents are recorded, else a raw array."""
        operation, output = _source(node)
        self._tangents.setdefault(operation, {})[output] = tangent

    def get(self, node: Any) -> Any:
        """The tangent of a node's result; None for zero."""
        if node is None:
            return None
        operation, output = _source(node)
        found = self._tangents.get(operation)
        return None if found is None else found.get(output)

    def __call__(self, node: Any, out: Any) -> None:
        """Compute the tangent of what was just recorded."""
        tangents = [self.get(edge) for edge in node.edges]
        if not self._recorded and not self._alone:
            for edge, tangent in zip(node.edges, tangents, strict=True):
                if tangent is None and edge is not None and _source(edge)[0].order < self._began:
                    raise NeedsRecording
        if all(tangent is None for tangent in tangents):
            return
        if self._recorded:
            with watched_from_outside(self), enable_grad():
                self._push(node, out, tangents)
        else:
            library = node.kind.library
            with library.scope(node.kind.native_device):
                self._push(node, out, tangents)
            if _inner.get() == self._inner:
                node.rule = _Released(node.name)
                node.saved = ()
                node.edges = ()

    def _push(self, node: Any, out: Any, tangents: list[Any]) -> None:
        rule = node.rule
        push = getattr(rule, "push", None)
        if push is None:
            outs = [one for one in (out if isinstance(out, tuple) else (out,)) if one._node is not None]
            with watched_from_outside(self):
                found = self._transpose(node, outs, tangents)
            for one, tangent in zip(outs, found, strict=True):
                self.set(one._node, tangent)
            return
        lifter = out._lifter
        saved = rule.lift(node, node.saved, lifter.lift) if self._recorded else node.saved
        ops = lifter.ops if self._recorded else node.kind.library.ops
        tangent = push(tangents, ops, saved, out.shape, out.dtype.name)
        if tangent.shape != out.shape:
            tangent = ops.broadcast_to(tangent, out.shape)
        self.set(node, tangent)

    def _transpose(self, node: Any, outs: list[Any], tangents: list[Any]) -> list[Any]:
        """The tangents of the results, by transposing the gradient's formula: its gradient at any point."""
        rule, lifter = node.rule, outs[0]._lifter
        with enable_grad(), differentiating():
            points = [_zeros(one).requires_grad_() for one in outs]
            selections = [one._node.rule for one in outs]
            if type(selections[0]) is Selection:
                named = zip(selections, points, strict=True)
                g: Any = Gradients(**{selection.output: point for selection, point in named})
            else:
                (g,) = points
            lift = lifter.lift if self._recorded else _without_history(lifter.lift)
            pulled = rule.pull(node, g, lifter.ops, rule.lift(node, node.saved, lift))
            roots = []
            for position, (gradient, tangent) in enumerate(zip(pulled, tangents, strict=True)):
                if gradient is None or tangent is None:
                    continue
                if node.shapes is not None:
                    gradient = engine.unbroadcast(lifter.ops, gradient, node.shapes[position])
                if gradient._node is not None:
                    roots.append((gradient._node, tangent))
        nodes = [point._node for point in points]
        if not roots:
            return [None] * len(outs)
        found = engine.run(roots, retain_graph=True, lifter=lifter if self._recorded else None, inputs=nodes)
        return [found.get(one) for one in nodes]


class NeedsRecording(BaseException):
    """Something else than the level's variables is being differentiated, so the tangents must be recorded.

    No `Exception`, so that the differentiated function does not catch it.
    """


def _source(node: Any) -> tuple[Any, str]:
    """The operation that a node belongs to, and which result of it: a result that was saved has a node of its own."""
    if type(node.rule) is Selection and node.edges:
        return node.edges[0], node.rule.output
    return node, ""


def _zeros(tensor: Any) -> Any:
    """A tensor of zeros of that shape, which takes no memory."""
    kind = tensor._kind
    ops = kind.library.ops
    zero = ops.zeros((), dtype=kind.native_dtype, device=kind.native_device)
    return tensor._lift(ops.broadcast_to(zero, tensor.shape), kind)


def _without_history(lift: Any) -> Any:
    return lambda array, kind, node, storage, version: lift(array, kind, None, storage, version)
