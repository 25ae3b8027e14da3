"""The backward pass: nodes in the reverse order of their creation, each rule turning one gradient into several.

It knows no Tensor. Gradients are raw arrays or, where they must themselves be differentiable, what `Lifter` makes.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from .modes import set_grad_enabled

_FREED = (
    "Trying to backward through the graph a second time: {name} was freed by an earlier backward pass. "
    "Specify retain_graph=True in that pass if you need to go through the graph again."
)


class Lifter(Protocol):
    """How saved arrays become tensors again, for a backward pass that is itself recorded."""

    ops: Any

    def lift(self, array: Any, kind: Any, node: Any, storage: Any, version: int) -> Any:
        """A tensor with that data and history. `kind` is that of the node it was saved for."""


def run(
    roots: Iterable[tuple[Any, Any]],
    *,
    retain_graph: bool = False,
    lifter: Lifter | None = None,
    inputs: Iterable[Any] | None = None,
) -> dict[Any, Any]:
    """Carry gradients backward from the roots.

    Parameters
    ----------
    roots
        Nodes and leaves, each with the gradient of its result.
    retain_graph
        Whether what the nodes saved is kept for another pass.
    lifter
        Given, the pass runs on tensors and is recorded; otherwise it runs on raw arrays.
    inputs
        The nodes and leaves whose gradients are wanted; None for all leaves.

    Returns
    -------
    dict
        The gradient of each leaf, or of each of the inputs, that was reached.

    Raises
    ------
    RuntimeError
        If a node was freed by an earlier pass, or a value that it saved was changed since. No gradient is delivered.
    """
    roots = list(roots)
    wanted = None if inputs is None else set(inputs)
    needed = None if wanted is None else _leading_to(wanted, [node for node, _ in roots])
    with contextlib.ExitStack() as scopes:
        if lifter is not None:
            scopes.enter_context(set_grad_enabled(True))
        return _walk(roots, retain_graph, lifter, wanted, needed, _scope_entry(scopes))


def _scope_entry(scopes: contextlib.ExitStack) -> Callable[[Any], Any]:
    """What enters the scope of a backend at its first node, and gives its functions."""
    entered: dict[Any, Any] = {}

    def enter(library: Any) -> Any:
        ops = entered.get(library)
        if ops is None:
            scopes.enter_context(library.scope())
            ops = entered[library] = library.ops
        return ops

    return enter


def _walk(
    roots: list[tuple[Any, Any]],
    retain_graph: bool,
    lifter: Lifter | None,
    wanted: set[Any] | None,
    needed: set[Any] | None,
    enter: Callable[[Any], Any],
) -> dict[Any, Any]:
    heappush, heappop = heapq.heappush, heapq.heappop
    gradients: dict[int, Any] = {}
    nodes: dict[int, Any] = {}
    waiting: list[int] = []
    delivered: dict[Any, Any] = {}
    library: Any = None
    ops: Any = None

    for node, gradient in roots:
        order = -node.order
        if order in nodes:
            enter(node.kind.library)
            gradients[order] = gradients[order] + gradient
        else:
            nodes[order], gradients[order] = node, gradient
            heappush(waiting, order)

    while waiting:
        order = heappop(waiting)
        node = nodes.pop(order)
        gradient = gradients.pop(order)
        if node.kind.library is not library:
            library = node.kind.library
            ops = enter(library)
        rule = node.rule
        if wanted is not None and node in wanted:
            delivered[node] = gradient
        if rule is None:
            if wanted is None:
                delivered[node] = gradient
            continue
        if needed is not None and node not in needed:
            continue

        saved = node.saved
        if saved is None:
            raise RuntimeError(_FREED.format(name=node.name))
        shapes = node.shapes
        edges = node.edges
        if lifter is None:
            pulled = rule.pull(node, gradient, ops, saved)
        else:
            pulled = rule.pull(node, gradient, lifter.ops, rule.lift(node, saved, lifter.lift))
        if not retain_graph:
            node.saved = None
            node.edges = ()

        position = 0
        for edge in edges:
            if edge is not None:
                gradient = pulled[position]
                if gradient is not None:
                    if shapes is not None:
                        gradient = unbroadcast(ops if lifter is None else lifter.ops, gradient, shapes[position])
                    order = -edge.order
                    if order in nodes:
                        gradients[order] = gradients[order] + gradient
                    else:
                        nodes[order] = edge
                        gradients[order] = gradient
                        heappush(waiting, order)
            position += 1
    return delivered


def unbroadcast(ops: Any, gradient: Any, shape: tuple[int, ...]) -> Any:
    """The gradient of an operand of that shape, summed over the axes along which it was broadcast."""
    if gradient.shape == shape:
        return gradient
    added = len(gradient.shape) - len(shape)
    stretched = tuple(
        axis + added for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis + added] != 1
    )
    summed = ops.sum(gradient, axis=(*range(added), *stretched))
    return summed if summed.shape == shape else ops.reshape(summed, shape)


def _leading_to(inputs: set[Any], roots: list[Any]) -> set[Any]:
    """The nodes from which some input can be reached. Nodes older than every input cannot, and end the search."""
    oldest = min((node.order for node in inputs), default=0)
    found: dict[int, Any] = {}
    pending = [node for node in roots if node.order >= oldest]
    while pending:
        node = pending.pop()
        if node.order not in found:
            found[node.order] = node
            pending += [edge for edge in node.edges if edge is not None and edge.order >= oldest]
    leading: set[Any] = set()
    for order in sorted(found):
        node = found[order]
        if node in inputs or any(edge in leading for edge in node.edges):
            leading.add(node)
    return leading
