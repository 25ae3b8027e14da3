"""`draw`: a picture of the recorded graph of tensors."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

from . import engine
from .layout import Box, svg
from .node import Leaf
from .outputs import Gradients, Selection
from .protocol import is_tensor

_HEAD = 'digraph {\n    rankdir=BT\n    node [shape=box, style="rounded,filled", fillcolor=white, fontname=Helvetica]\n'


LEAF = "lightblue"
"""The colour of leaves."""


@final
class Graph:
    """A graph in Graphviz's language, which notebooks display as a picture.

    Attributes
    ----------
    source : str
        The graph in Graphviz's language.
    """

    def __init__(self, source: str, boxes: Sequence[Box], arrows: Sequence[tuple[int, int]]) -> None:
        self.source = source
        self._boxes = boxes
        self._arrows = arrows

    def svg(self) -> str:
        """The picture as SVG, by Graphviz if it and its Python package are installed, else by a simpler layout."""
        try:
            import graphviz

            return str(graphviz.Source(self.source).pipe(format="svg", encoding="utf-8"))
        except ImportError:
            pass
        except graphviz.ExecutableNotFound:
            pass
        return svg(self._boxes, self._arrows)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": self.source}

    def __repr__(self) -> str:
        return self.source


def draw(outputs: Any, names: Mapping[str, Any] | None = None) -> Graph:
    """Draw the graph of tensors: operations with the shapes of their results, and leaves.

    A backward pass of zeros finds the shapes; a freed graph has none.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
    names : mapping of str to Tensor, optional
        Names of leaves and other tensors.

    Returns
    -------
    Graph

    Raises
    ------
    ValueError
        If a tensor has no graph.
    TypeError
        If `names` has anything but tensors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> w = tp.tensor([1.0, 2.0], requires_grad=True)
    >>> print(tp.autograd.draw((w * w).sum(), names={"w": w}).source)
    digraph {
        rankdir=BT
        node [shape=box, style="rounded,filled", fillcolor=white, fontname=Helvetica]
        0 [label="w\\n(2,)", fillcolor=lightblue]
        1 [label="multiply\\n(2,)"]
        2 [label="sum\\n()"]
        0 -> 1
        0 -> 1
        1 -> 2
    }
    """
    roots = list(outputs) if isinstance(outputs, Sequence) else [outputs]
    for root in roots:
        if not is_tensor(root) or not root.requires_grad:
            raise ValueError("draw: a tensor that does not require grad has no graph")
    for name, tensor in (names or {}).items():
        if not is_tensor(tensor):
            raise TypeError(f"draw: names has {type(tensor).__name__} as {name!r}, wanted tensors")
    nodes = _nodes([root._node for root in roots])
    shapes = _shapes(roots)
    called = {id(tensor._node): name for name, tensor in (names or {}).items()}
    numbers = {node: i for i, node in enumerate(nodes)}
    boxes = [_box(node, called.get(id(node)), shapes.get(node)) for node in nodes]
    arrows = [(numbers[edge], numbers[node]) for node in nodes for edge in node.edges if edge is not None]
    lines = [_line(number, box) for number, box in enumerate(boxes)]
    lines += [f"    {source} -> {target}\n" for source, target in arrows]
    return Graph("".join((_HEAD, *lines, "}")), boxes, arrows)


def _nodes(roots: Sequence[Any]) -> list[Any]:
    """All nodes and leaves that lead to the roots, the oldest first."""
    found = set(roots)
    pending = list(roots)
    while pending:
        for edge in pending.pop().edges:
            if edge is not None and edge not in found:
                found.add(edge)
                pending.append(edge)
    return sorted(found, key=lambda node: node.order)


class _Shapes(dict[Any, tuple[int, ...]]):
    """The shapes of results by node, noted by hooks on their gradients."""

    def hook(self, node: Any) -> Callable[[Any], Any]:
        def note(gradient: Any) -> Any:
            if type(gradient) is not Gradients:
                self[node] = tuple(gradient.shape)
            return gradient

        return note


def _shapes(roots: Sequence[Any]) -> dict[Any, tuple[int, ...]]:
    shapes = _Shapes()
    hooks = {node: shapes.hook(node) for node in _nodes([root._node for root in roots])}
    with contextlib.suppress(Exception):
        engine.run([(root._node, _zeros(root)) for root in roots], retain_graph=True, hooks=hooks)
    return shapes


def _zeros(root: Any) -> Any:
    key = root._key
    return key.library.ops.zeros(root.shape, dtype=key.native_dtype, device=key.native_device)


def _box(node: Any, name: str | None, shape: tuple[int, ...] | None) -> Box:
    is_leaf = type(node) is Leaf
    title = name or node.name
    if not is_leaf and type(node.rule) is Selection:
        title = f"{node.name}: {node.rule.output}"
    if is_leaf and shape is None and node.tensor() is not None:
        shape = node.tensor().shape
    return Box([title] if shape is None else [title, str(shape)], LEAF if is_leaf else "white")


def _line(number: int, box: Box) -> str:
    label = "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in box.lines)
    return f'    {number} [label="{label}"{"" if box.colour == "white" else f", fillcolor={box.colour}"}]\n'
