"""The backward engine: it calls the VJPs of nodes in reverse order of creation, and accumulates gradients.

Gradients are raw arrays or, when the pass is recorded, what a `Lifter` makes of them.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from .anomaly import checked_vjp, is_detecting
from .modes import enable_grad

FREED = (
    "Trying to backward through the graph a second time: {name} was freed by an earlier backward pass. "
    "Specify retain_graph=True in that pass if you need to go through the graph again."
)


class Lifter(Protocol):
    """Lifts saved arrays to tensors, for a backward pass that is recorded."""

    def ops_of(self, key: Any) -> Any:
        """The functions by which rules compute at a node with that key."""

    def lift(self, array: Any, key: Any, node: Any, storage: Any, version: int) -> Any:
        """A tensor with that data and history. `key` is that of the node it was saved for."""


class Hooks(Protocol):
    """A mapping from nodes and leaves to functions of gradients."""

    def __contains__(self, node: Any) -> bool: ...

    def __getitem__(self, node: Any) -> Callable[[Any], Any]: ...


def run(
    roots: Iterable[tuple[Any, Any]],
    *,
    retain_graph: bool = False,
    lifter: Lifter | None = None,
    inputs: Iterable[Any] | None = None,
    hooks: Hooks | None = None,
) -> dict[Any, Any]:
    """Run a backward pass from roots to leaves or inputs.

    Parameters
    ----------
    roots
        Nodes and leaves, each with its gradient.
    retain_graph
        Whether nodes keep their saved values for another pass.
    lifter
        Given, the pass runs on what that makes of saved arrays; otherwise on these themselves.
    inputs
        The nodes and leaves whose gradients are returned; None for all leaves.
    hooks
        Functions by node or leaf, whose results replace the gradients there. Only nodes that lead to the inputs count.

    Returns
    -------
    dict
        The gradient of each leaf, or input, that the roots depend on.

    Raises
    ------
    RuntimeError
        If a node was freed by an earlier pass, or one of its saved values was written since.
    """
    roots = list(roots)
    wanted = None if inputs is None else set(inputs)
    needed = None if wanted is None else _between(wanted, [node for node, _ in roots])
    first = roots[0][0].key
    with first.library.scope(first.native_device), _Scopes(first) as scopes:
        if lifter is None:
            return _walk(roots, retain_graph, None, wanted, needed, hooks, scopes)
        with enable_grad():
            return _walk(roots, retain_graph, lifter, wanted, needed, hooks, scopes)


class _Scopes:
    """The scopes that a pass has entered, by library, each for the last device; the first is entered already."""

    __slots__ = ("_scopes", "_stack")

    def __init__(self, first: Any) -> None:
        self._scopes = {first.library: first.device}
        self._stack: contextlib.ExitStack | None = None

    def __enter__(self) -> _Scopes:
        return self

    def __exit__(self, *exception: Any) -> None:
        if self._stack is not None:
            self._stack.__exit__(*exception)

    def enter(self, key: Any) -> Any:
        """Enter a library's scope for the key's device, unless it is entered, and return its `ops`."""
        library, device = key.library, key.device
        if self._scopes.get(library) is not device:
            self._stack = self._stack or contextlib.ExitStack()
            self._stack.enter_context(library.scope(key.native_device))
            self._scopes[library] = device
        return library.ops


def _walk(
    roots: list[tuple[Any, Any]],
    retain_graph: bool,
    lifter: Lifter | None,
    wanted: set[Any] | None,
    needed: set[Any] | None,
    hooks: Hooks | None,
    scopes: _Scopes,
) -> dict[Any, Any]:
    heappush, heappop = heapq.heappush, heapq.heappop
    detecting = is_detecting()
    delivered: dict[Any, Any] = {}
    # Nodes to visit, by order, each with the sum of gradients so far, and whether that is unshared, so that the next is
    # added in place.
    pending: dict[int, tuple[Any, Any, bool]] = {}
    in_place = lifter is None
    waiting: list[int] = []
    device: Any = None
    ops: Any = None

    for node, gradient in roots:
        order = node.order
        found = pending.get(order)
        if found is None:
            heappush(waiting, -order)
            pending[order] = (node, gradient, False)
        else:
            scopes.enter(node.key)
            pending[order] = (node, found[1] + gradient, in_place)

    # The next node is mostly the one just reached, which then bypasses the heap.
    next_order = -1
    next_node: Any = None
    next_gradient: Any = None
    next_is_own = False
    while True:
        if next_order >= 0:
            node, gradient, next_order = next_node, next_gradient, -1
        elif waiting:
            node, gradient, _ = pending.pop(-heappop(waiting))
        else:
            return delivered
        if node.key.device is not device:
            device = node.key.device
            ops = scopes.enter(node.key)
            if lifter is not None:
                ops = lifter.ops_of(node.key)
        if wanted is not None and needed is not None and node not in wanted and node not in needed:
            continue
        if hooks is not None and node in hooks:
            gradient = hooks[node](gradient)
        if wanted is not None and needed is not None:
            if node in wanted:
                delivered[node] = gradient
            if node not in needed:
                continue
        rule = node.rule
        if rule is None:
            if wanted is None:
                delivered[node] = gradient
            continue
        saved = node.saved
        if saved is None:
            raise RuntimeError(FREED.format(name=node.name))
        edges, shapes = node.edges, node.shapes
        if lifter is not None:
            saved = rule.lift(node, saved, lifter.lift)
        if not retain_graph:
            # This tells a rule that it may overwrite what is saved.
            node.saved = None
        gradients = checked_vjp(node, gradient, ops, saved) if detecting else rule.vjp(node, gradient, ops, saved)
        if not retain_graph:
            node.edges = ()

        for edge, gradient in zip(edges, gradients):  # noqa: B905 - strict= takes a fifth of a microsecond
            if edge is None or gradient is None:
                continue
            if shapes is not None:
                gradient = broadcast_back(ops, gradient, shapes[edges.index(edge)])
            order = edge.order
            if order == next_order:
                if next_is_own:
                    next_gradient += gradient
                else:
                    next_gradient = next_gradient + gradient
                    next_is_own = in_place
            elif order in pending:
                if edge.key.device is not device:
                    device = None
                    scopes.enter(edge.key)
                _, total, is_own = pending[order]
                if is_own:
                    total += gradient
                else:
                    total = total + gradient
                pending[order] = (edge, total, in_place)
            elif order > next_order and (not waiting or order > -waiting[0]):
                if next_order >= 0:
                    pending[next_order] = (next_node, next_gradient, next_is_own)
                    heappush(waiting, -next_order)
                next_order, next_node, next_gradient, next_is_own = order, edge, gradient, False
            else:
                pending[order] = (edge, gradient, False)
                heappush(waiting, -order)


def broadcast_back(ops: Any, gradient: Any, shape: tuple[int, ...]) -> Any:
    """Sum a gradient over the axes along which an operand of this shape was broadcast."""
    if gradient.shape == shape:
        return gradient
    added = len(gradient.shape) - len(shape)
    if gradient.shape[added:] == shape:
        return ops.sum(gradient, axis=tuple(range(added)))
    stretched = tuple(
        axis + added for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis + added] != 1
    )
    summed = ops.sum(gradient, axis=(*range(added), *stretched))
    return summed if summed.shape == shape else ops.reshape(summed, shape)


def is_freed(root: Any) -> bool:
    """Whether a backward pass has freed a node that the root depends on."""
    seen: set[Any] = set()
    pending = [root]
    while pending:
        node = pending.pop()
        if node in seen or node.rule is None:
            continue
        if node.saved is None:
            return True
        seen.add(node)
        pending += [edge for edge in node.edges if edge is not None]
    return False


def _between(inputs: set[Any], roots: list[Any]) -> set[Any]:
    """The nodes between the roots and the inputs, whose VJPs must be called.

    Raises
    ------
    RuntimeError
        If a freed node may have led to an input.
    """
    oldest = min((node.order for node in inputs), default=0)
    found: dict[int, Any] = {}
    pending = [node for node in roots if node.order >= oldest]
    while pending:
        node = pending.pop()
        if node.order not in found:
            if node.rule is not None and node.saved is None and node.order > oldest:
                raise RuntimeError(FREED.format(name=node.name))
            found[node.order] = node
            pending += [edge for edge in node.edges if edge is not None and edge.order >= oldest]
    leading: set[Any] = set()
    for order in sorted(found):
        node = found[order]
        if any(edge in inputs or edge in leading for edge in node.edges):
            leading.add(node)
    return leading
