"""Forward mode: tangents are computed beside the values, operation by operation, and nothing is kept for later.

An operation's tangent comes from its rule: by a formula for it, or else from the gradient's formula, which is linear in
the gradient, and which the engine transposes by differentiating it (Radul, Paszke, Frostig, Johnson and Maclaurin,
"You only linearize once", POPL 2023, have the opposite direction).
"""

from __future__ import annotations

import functools
import weakref
from contextvars import ContextVar
from typing import Any, final

from . import engine
from .modes import (
    enable_grad,
    is_inference_mode_enabled,
    reset_recording,
    set_recording,
)
from .node import Leaf, Node, next_order
from .outputs import Gradients, Selection
from .watching import (
    anybody,
    reset_taker,
    reset_watchers,
    set_taker,
    set_watchers,
    watched_from_outside,
    watchers,
)

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
class Released:
    """The rule of a node that keeps nothing for a gradient, as its tangent is known."""

    tensors = ()

    def __init__(self, name: str) -> None:
        self.name = name

    def vjp(self, node: Any, g: Any, ops: Any, saved: Any) -> Any:
        """There is none."""
        raise RuntimeError(
            f"{self.name}: a backward pass inside of a function that jvp or jacfwd differentiates finds nothing kept; "
            f"use tensorplug.func.grad or vjp there"
        )

    def lift(self, node: Any, saved: Any, lift: Any) -> Any:
        """Nothing was saved."""
        return saved


_released = functools.cache(Released)


@final
class Pushed(Node):
    """What stands for an operation where nothing but its tangent is wanted, by the `level` that asks for it."""

    __slots__ = ("level", "tangent")

    level: Any
    tangent: Any
    edges = ()
    shapes = None
    # There is nothing to free.
    saved = property(lambda self: (), lambda self, value: None)


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

    __slots__ = ("_alone", "_inner", "_recorded", "_tangents", "_tokens", "_variables", "began")

    def __init__(self, recorded: bool, alone: bool = False) -> None:
        self._recorded = recorded
        self._alone = alone
        self._variables: dict[Any, Any] = {}
        # By the node of an operation, which several results share, and the name of the result; none for constants.
        self._tangents: weakref.WeakKeyDictionary[Any, dict[str, Any]] | None = None
        self.began = next_order()

    def __enter__(self) -> None:
        """Record, and carry tangents along, in a ``with`` block."""
        others = watchers()
        self._inner = _inner.get() + 1
        self._tokens = (
            _inner.set(self._inner),
            set_recording(not is_inference_mode_enabled()),
            set_watchers((*others, self)),
            # As long as nobody else needs nodes.
            set_taker(None if self._recorded or others else self),
        )
        anybody.append(self)

    def __exit__(self, *exception: object) -> None:
        anybody.remove(self)
        inner, recording, others, taker = self._tokens
        _inner.reset(inner)
        reset_recording(recording)
        reset_watchers(others)
        reset_taker(taker)

    def set(self, variable: Any, tangent: Any) -> None:
        """Give the tangent of a variable's node: a tensor where tangents are recorded, else a raw array."""
        if self._recorded or type(variable) is not Leaf:
            # Recorded, it may lead back to the variable.
            self._variables[variable] = tangent
        else:
            variable.level = self
            variable.tangent = tangent

    def get(self, node: Any) -> Any:
        """The tangent of a node's result; None for zero."""
        if node is None:
            return None
        if node.level is self:
            return node.tangent
        found = self._variables.get(node)
        if found is not None:
            return found
        operation, output = _source(node)
        named = None if self._tangents is None else self._tangents.get(operation)
        if named is None:
            self._require_constant(node)
            return None
        return named.get(output)

    def _require_constant(self, unknown: Any) -> None:
        """Refuse what leads to a variable by an operation that this level was not told of."""
        tangents = self._tangents_of_operations()
        constants: set[Any] = set()
        nodes = [unknown]
        while nodes:
            node = nodes.pop()
            operation, output = _source(node)
            named = tangents.get(operation)
            if node.level is self or node in self._variables or (named and named.get(output) is not None):
                raise RuntimeError(
                    f"jvp: the result of {unknown.name} was computed from a variable in another thread, which jvp does "
                    "not see; run what the thread does in the function's context: contextvars.copy_context().run(...)"
                )
            if named is None and operation.order > self.began and operation not in constants:
                constants.add(operation)
                nodes += [edge for edge in operation.edges if edge is not None]
        # So that a chain of them is not walked again for each.
        for operation in constants:
            tangents[operation] = {}

    def tangents(self, edges: tuple[Any, ...]) -> list[Any] | None:
        """The tangents that edges lead to; None if there are none."""
        found = []
        known = False
        for edge in edges:
            tangent = None
            if edge is not None:
                tangent = edge.tangent if edge.level is self else self.get(edge)
                if tangent is not None:
                    known = True
                elif not self._recorded and not self._alone and self._is_older(edge):
                    raise NeedsRecording
            found.append(tangent)
        return found if known else None

    def _is_older(self, edge: Any) -> bool:
        """Whether an edge leads to what was there before this level, and may be differentiated too."""
        return bool(_source(edge)[0].order < self.began)

    def __call__(self, node: Any, out: Any) -> None:
        """Compute the tangent of what was just recorded."""
        tangents = self.tangents(node.edges)
        if tangents is None:
            return
        if self._recorded:
            with watched_from_outside(self), enable_grad():
                self._push(node, out, tangents)
        else:
            library = node.key.library
            with library.scope(node.key.native_device):
                self._push(node, out, tangents)
            if _inner.get() == self._inner:
                node.rule = _released(node.name)
                node.saved = ()
                node.edges = ()

    def take(self, rule: Any, edges: tuple[Any, ...], values: tuple[Any, ...], out: Any) -> bool:
        """Give the result of an operation its tangent in place of a node; False if it must have a node.

        The values are those of `Rule.jvp`.
        """
        jvp = rule.jvp
        if jvp is None:
            return False
        tangents = self.tangents(edges)
        if tangents is None:
            return False
        node = Pushed()
        node.key = key = out._key
        library = key.library
        with library.scope(key.native_device):
            node.tangent = jvp(tangents, library.ops, values, out._array, key.dtype.name)
        node.rule = _released(rule.name)
        node.order = next_order()
        node.level = self
        out._node = node
        return True

    def _push(self, node: Any, out: Any, tangents: list[Any]) -> None:
        rule = node.rule
        jvp = getattr(rule, "jvp", None)
        if jvp is None:
            outs = [one for one in (out if isinstance(out, tuple) else (out,)) if one._node is not None]
            with watched_from_outside(self):
                found = self._transpose(node, outs, tangents)
            for one, tangent in zip(outs, found, strict=True):
                self._keep(one._node, tangent)
            return
        saved, ops, found = node.saved, node.key.library.ops, out._array
        if self._recorded:
            saved, ops, found = rule.lift(node, saved, out._lifter.lift), out._lifter.ops, out
        self._keep(node, jvp(tangents, ops, rule.saved.values(saved), found, out.dtype.name))

    def _keep(self, node: Any, tangent: Any) -> None:
        operation, output = _source(node)
        self._tangents_of_operations().setdefault(operation, {})[output] = tangent

    def _tangents_of_operations(self) -> weakref.WeakKeyDictionary[Any, dict[str, Any]]:
        if self._tangents is None:
            self._tangents = weakref.WeakKeyDictionary()
        return self._tangents

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
            pulled = rule.vjp(node, g, lifter.ops, rule.lift(node, node.saved, lift))
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
    key = tensor._key
    ops = key.library.ops
    zero = ops.zeros((), dtype=key.native_dtype, device=key.native_device)
    return tensor._lift(ops.broadcast_to(zero, tensor.shape), key)


def _without_history(lift: Any) -> Any:
    return lambda array, key, node, storage, version: lift(array, key, None, storage, version)
