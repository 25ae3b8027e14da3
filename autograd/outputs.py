"""Operations with several results: the node of each result passes its gradient to the operation's one node."""

from __future__ import annotations

from typing import Any, final

from .node import Node, next_order


@final
class Gradients:
    """The gradients of an operation's results, as attributes by name; None for a result without one.

    The backward pass adds them like arrays: each name by itself.
    """

    __slots__ = ("_found",)

    def __init__(self, **found: Any) -> None:
        self._found = found

    def __getattr__(self, name: str) -> Any:
        return self._found.get(name)

    def reached(self) -> tuple[Any, ...]:
        """The gradients that are not None."""
        return tuple(self._found.values())

    def __add__(self, other: Gradients) -> Gradients:
        total = dict(self._found)
        for name, gradient in other._found.items():
            total[name] = total[name] + gradient if name in total else gradient
        return Gradients(**total)


@final
class Selection:
    """The rule of one result's node: it passes the gradient on under the result's name.

    Attributes
    ----------
    name : str
        The operation's name.
    output : str
        The result's name.
    """

    tensors = ()

    def __init__(self, name: str, output: str) -> None:
        self.name = name
        self.output = output

    def vjp(self, node: Any, g: Any, ops: Any, saved: Any) -> tuple[Gradients]:
        """The gradient of the operation's node."""
        return (Gradients(**{self.output: g}),)

    def lift(self, node: Any, saved: tuple[Any, ...], lift: Any) -> tuple[Any, ...]:
        """Nothing is saved."""
        return saved

    def select(self, node: Node, key: Any) -> Node:
        """Make a node of this result, given the operation's node and the result's key.

        The operation's node refers to it weakly, so a saved result may need a new one.
        """
        selected = Node()
        selected.rule = self
        selected.key = key
        selected.edges = (node,)
        selected.saved = ()
        selected.shapes = None
        selected.order = next_order()
        return selected
