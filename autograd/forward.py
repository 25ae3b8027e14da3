"""Forward mode: tangents are computed beside the values, operation by operation, and nothing is kept for later.

An operation's tangent comes from its rule: by a formula for it, or else from the gradient's formula, which is linear in
the gradient, and which the engine transposes by differentiating it (Radul, Paszke, Frostig, Johnson and Maclaurin,
"You only linearize once", POPL 2023, have the opposite direction).
"""

from __future__ import annotations

import weakref
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, final

from . import engine
from .modes import enable_grad, is_inference_mode_enabled, reset_recording, set_recording
from .node import Node, next_order
from .outputs import Gradients, Selection
from .rule import Released
from .watching import reset_taker, set_taker, watched_from_outside, watching

_inner: ContextVar[int] = ContextVar("tensorplug_inner_transforms", default=0)


@final
class differentiating:
    """Record in a ``with`` block, and say that it will be needed, so that no forward mode around it lets go of it."""

    __slots__ = ("_tokens",)

    def __enter__(self) -> None:
        self._tokens = _inner.set(_inner.get() + 1), set_taker(None), set_recording(not is_inference_mode_enabled())

    def __exit__(self, *exception: object) -> None:
        _inner.reset(self._tokens[0])
        reset_taker(self._tokens[1])
        reset_recording(self._tokens[2])


@final
class Pushed(Node):
    """What stands for an operation where nothing but its tangent is wanted, by the `level` that asks for it."""

    __slots__ = ("level", "tangent")

    edges = ()
    shapes = None
    level: Level
    tangent: Any


@final
class Level:
    """One forward differentiation: it watches what is recorded, and carries tangents along.

    Where it watches alone, and nothing inside of it is differentiated, operations are handed to it in place of being
    recorded.

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
        self._variables: dict[Any, Any] = {}
        # By the node of an operation, which several results share, and the name of the result.
        self._tangents: weakref.WeakKeyDictionary[Any, dict[str, Any]] | None = None
        self._inner = _inner.get()
        self._began = next_order()

    def watch(self) -> AbstractContextManager[None]:
        """Carry tangents along in a ``with`` block."""
        return watching(self, takes=not self._recorded)

    def set(self, variable: Any, tangent: Any) -> None:
        """Give the tangent of a variable's node: a tensor where tangents are recorded, else a raw array."""
        self._variables[variable] = tangent

    def get(self, node: Any) -> Any:
        """The tangent of a node's result; None for zero."""
        if node is None:
            return None
        if type(node) is Pushed and node.level is self:
            return node.tangent
        found = self._variables.get(node)
        if found is not None:
            return found
        if self._tangents is None:
            return None
        operation, output = _source(node)
        named = self._tangents.get(operation)
        return None if named is None else named.get(output)

    def take(
        self, rule: Any, edges: tuple[Any, ...], values: tuple[Any, ...], out: Any, shape: tuple[int, ...]
    ) -> bool:
        """Give the result of an operation its tangent in place of a node; False if it must have a node.

        Parameters
        ----------
        rule
            The operation's.
        edges
            As those of the node.
        values
            Those that `Rule.values` gives.
        out, shape
            The result, and its shape.
        """
        push = rule.push
        if push is None:
            return False
        tangents: list[Any] = []
        reached = False
        for edge in edges:
            if type(edge) is Pushed and edge.level is self:
                tangents.append(edge.tangent)
                reached = True
                continue
            tangent = self.get(edge)
            tangents.append(tangent)
            if tangent is not None:
                reached = True
            elif edge is not None and not self._alone and self._is_older(edge):
                raise NeedsRecording
        if not reached:
            return False
        kind = out._kind
        library = kind.library
        with library.scope(kind.native_device):
            tangent = push(tangents, library.ops, values, shape, kind.dtype.name)
            if tangent.shape != shape:
                tangent = library.ops.broadcast_to(tangent, shape)
        node = Pushed()
        node.rule = rule.released
        node.kind = kind
        node.saved = ()
        node.order = next_order()
        node.level = self
        node.tangent = tangent
        out._node = node
        return True

    def _is_older(self, edge: Any) -> bool:
        """Whether an edge leads to what was there before this level, and may be differentiated too."""
        return bool(_source(edge)[0].order < self._began)

    def __call__(self, node: Any, out: Any) -> None:
        """Compute the tangent of what was just recorded."""
        tangents = [self.get(edge) for edge in node.edges]
        if not self._recorded and not self._alone:
            for edge, tangent in zip(node.edges, tangents, strict=True):
                if tangent is None and edge is not None and self._is_older(edge):
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
                node.rule = Released(node.name)
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
                self._keep(one._node, tangent)
            return
        lifter = (out[0] if rule.selections else out)._lifter
        saved = rule.lift(node, node.saved, lifter.lift) if self._recorded else node.saved
        ops = lifter.ops if self._recorded else node.kind.library.ops
        if rule.selections:
            for one, tangent in zip(out, push(tangents, ops, rule.values(saved), None, None), strict=True):
                if tangent is not None and one._node is not None:
                    self._keep(one._node, tangent)
            return
        tangent = push(tangents, ops, rule.values(saved), out.shape, out.dtype.name)
        if tangent.shape != out.shape:
            tangent = ops.broadcast_to(tangent, out.shape)
        self._keep(node, tangent)

    def _keep(self, node: Any, tangent: Any) -> None:
        if self._tangents is None:
            self._tangents = weakref.WeakKeyDictionary()
        operation, output = _source(node)
        self._tangents.setdefault(operation, {})[output] = tangent

    def _transpose(self, node: Any, outs: list[Any], tangents: list[Any]) -> list[Any]:
        """The tangents of the results, by transposing the gradient's formula: its gradient at any point."""
        rule, lifter = node.rule, outs[0]._lifter
        with differentiating():
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
