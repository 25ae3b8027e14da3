"""Forward-mode differentiation: tangents are computed with the values, operation by operation.

The tangent of an operation comes from its rule: by a JVP formula, or else by transposing the VJP, which is linear in
the gradient, with the engine (Radul, Paszke, Frostig, Johnson and Maclaurin, "You only linearize once", POPL 2023, have
the opposite direction).
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
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
from .observers import (
    current_observers,
    observers,
    observing_outside,
    reset_forward_level,
    reset_observers,
    set_forward_level,
    set_observers,
)
from .outputs import Gradients, Selection

_inner: ContextVar[int] = ContextVar("tensorplug_inner_transforms", default=0)

differentiations: Callable[[], int] = _inner.get
"""How many transforms differentiate the running function."""


@final
class differentiating:
    """Record in a ``with`` block, and make forward modes around it keep what is recorded."""

    __slots__ = ("_tokens",)

    def __enter__(self) -> None:
        self._tokens = (
            _inner.set(_inner.get() + 1),
            set_forward_level(None),
            set_recording(not is_inference_mode_enabled()),
        )

    def __exit__(self, *exception: object) -> None:
        _inner.reset(self._tokens[0])
        reset_forward_level(self._tokens[1])
        reset_recording(self._tokens[2])


@final
class Released:
    """The rule of a node whose saved values were freed, as only its tangent is needed."""

    tensors = ()

    def __init__(self, name: str) -> None:
        self.name = name

    def vjp(self, node: Any, g: Any, ops: Any, saved: Any) -> Any:
        """Raise: there is no gradient."""
        raise RuntimeError(
            f"{self.name}: a backward pass inside of a function that jvp or jacfwd differentiates finds nothing kept; "
            f"use tensorplug.func.grad or vjp there"
        )

    def lift(self, node: Any, saved: Any, lift: Any) -> Any:
        """Nothing is saved."""
        return saved


_released = functools.cache(Released)


@final
class Pushed(Node):
    """A node that holds only the tangent of a result, for a `level`."""

    __slots__ = ("level", "tangent")

    level: Any
    tangent: Any
    edges = ()
    shapes = None
    # Nothing to free.
    saved = property(lambda self: (), lambda self, value: None)


@final
class Level:
    """One forward-mode differentiation, an observer that computes the tangent of each recorded operation.

    If it is the only observer, and nothing inside it is differentiated, it takes operations before they get nodes.

    Parameters
    ----------
    recorded
        Whether tangents are recorded tensors, for a differentiation outside this one, or raw arrays.
    alone
        Whether nothing outside this one is differentiated, whatever the function uses.

    Raises
    ------
    NeedsRecording
        While it observes, if it is neither recorded nor alone, and the function uses an older tensor that requires a
        gradient.
    """

    __slots__ = ("_alone", "_inner", "_recorded", "_tangents", "_tokens", "_variables", "began")

    def __init__(self, recorded: bool, alone: bool) -> None:
        self._recorded = recorded
        self._alone = alone
        self._variables: dict[Any, Any] = {}
        # By the operation's node, which several results share, and the result's name; empty for constants.
        self._tangents: weakref.WeakKeyDictionary[Any, dict[str, Any]] | None = None
        self.began = next_order()

    def __enter__(self) -> None:
        """Record and compute tangents in a ``with`` block."""
        others = current_observers()
        self._inner = _inner.get() + 1
        self._tokens = (
            _inner.set(self._inner),
            set_recording(not is_inference_mode_enabled()),
            set_observers((*others, self)),
            # Unless other observers need nodes.
            set_forward_level(None if self._recorded or others else self),
        )
        observers.append(self)

    def __exit__(self, *exception: object) -> None:
        observers.remove(self)
        inner, recording, others, level = self._tokens
        _inner.reset(inner)
        reset_recording(recording)
        reset_observers(others)
        reset_forward_level(level)

    def set(self, variable: Any, tangent: Any) -> None:
        """Set the tangent of a variable's node: a tensor if tangents are recorded, else a raw array."""
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

    def set_constant(self, node: Any) -> None:
        """Set that a node's result, recorded outside of this level, has no tangent."""
        self._tangents_of_operations()[_source(node)[0]] = {}

    def _require_constant(self, unknown: Any) -> None:
        """Raise if a node without a tangent depends on a variable, by operations that this level did not observe."""
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
        # So that a chain of constants is walked once.
        for operation in constants:
            tangents[operation] = {}

    def tangents(self, edges: tuple[Any, ...]) -> list[Any] | None:
        """The tangents of edges; None if there are none."""
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
        """Whether an edge leads to a node older than this level, which may be differentiated too."""
        return bool(_source(edge)[0].order < self.began)

    def __call__(self, node: Any, out: Any) -> None:
        """Compute the tangent of an operation that was just recorded."""
        tangents = self.tangents(node.edges)
        if tangents is None:
            return
        if self._recorded:
            with observing_outside(self), enable_grad():
                self._set_tangent(node, out, tangents)
        else:
            library = node.key.library
            with library.scope(node.key.native_device):
                self._set_tangent(node, out, tangents)
            if _inner.get() == self._inner:
                node.rule = _released(node.name)
                node.saved = ()
                node.edges = ()

    def take(self, rule: Any, edges: tuple[Any, ...], values: tuple[Any, ...], out: Any) -> bool:
        """Compute the tangent of an operation's result, which then needs no node; False if it needs one.

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

    def _set_tangent(self, node: Any, out: Any, tangents: list[Any]) -> None:
        rule = node.rule
        jvp = getattr(rule, "jvp", None)
        if jvp is None:
            outs = [one for one in (out if isinstance(out, tuple) else (out,)) if one._node is not None]
            with observing_outside(self):
                found = self._transpose(node, outs, tangents)
            for one, tangent in zip(outs, found, strict=True):
                self._store(one._node, tangent)
            return
        saved, ops, found = node.saved, node.key.library.ops, out._array
        if self._recorded:
            saved, ops, found = rule.lift(node, saved, out._lifter.lift), out._lifter.ops, out
        self._store(node, jvp(tangents, ops, rule.saved.values(saved), found, out.dtype.name))

    def _store(self, node: Any, tangent: Any) -> None:
        operation, output = _source(node)
        self._tangents_of_operations().setdefault(operation, {})[output] = tangent

    def _tangents_of_operations(self) -> weakref.WeakKeyDictionary[Any, dict[str, Any]]:
        if self._tangents is None:
            self._tangents = weakref.WeakKeyDictionary()
        return self._tangents

    def _transpose(self, node: Any, outs: list[Any], tangents: list[Any]) -> list[Any]:
        """The tangents of results by transposing the VJP: the gradient of a function linear in `g`, at any point."""
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
                    gradient = engine.broadcast_back(lifter.ops, gradient, node.shapes[position])
                if gradient._node is not None:
                    roots.append((gradient._node, tangent))
        nodes = [point._node for point in points]
        if not roots:
            return [None] * len(outs)
        found = engine.run(roots, retain_graph=True, lifter=lifter if self._recorded else None, inputs=nodes)
        return [found.get(one) for one in nodes]


class NeedsRecording(BaseException):
    """Raised where tangents must be recorded, as more than the level's variables is differentiated.

    It is no `Exception`, so that the differentiated function does not catch it.
    """


def _source(node: Any) -> tuple[Any, str]:
    """The node of the operation, and the name of the result, that a node stands for."""
    if type(node.rule) is Selection and node.edges:
        return node.edges[0], node.rule.output
    return node, ""


def _zeros(tensor: Any) -> Any:
    """Zeros of a tensor's shape, broadcast from one element."""
    key = tensor._key
    ops = key.library.ops
    zero = ops.zeros((), dtype=key.native_dtype, device=key.native_device)
    return tensor._lift(ops.broadcast_to(zero, tensor.shape), key)


def _without_history(lift: Any) -> Any:
    return lambda array, key, node, storage, version: lift(array, key, None, storage, version)
