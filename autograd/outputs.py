"""Operations with several results: each result's node hands its gradient on to the one node of the operation."""

from __future__ import annotations

from typing import Any, final

from .node import Node, next_order


@final
class Gradients:
    """The gradients of an operation's results, as attributes by their names; None for one that nothing reached.

    Added, as the backward pass adds what reaches one node, they are added name by name.
    """

    __slots__ = ("_found",)

    def __init__(self, **found: Any) -> None:
        self._found = found

    def __getattr__(self, name: str) -> Any:
        return self._found.get(name)

    def reached(self) -> tuple[Any, ...]:
        """Those that something reached."""
        return tuple(self._found.values())

    def __add__(self, other: Gradients) -> Gradients:
        total = dict(self._found)
        for name, gradient in other._found.items():
            total[name] = total[name] + gradient if name in total else gradient
        return Gradients(**total)


@final
class Selection:
    """The rule of one result's node: the gradient goes on under the result's name.

    Attributes
    ----------
    name : str
        The operation's.
    output : str
        The result's.
    """

    tensors = ()

    def __init__(self, name: str, output: str) -> None:
        self.name = name
        self.output = output

    def vjp(self, node: Any, g: Any, ops: Any, saved: Any) -> tuple[Gradients]:
        """The gradient for the operation's node."""
        return (Gradients(**{self.output: g}),)

    def lift(self, node: Any, saved: tuple[Any, ...], lift: Any) -> tuple[Any, ...]:
        """Nothing was saved."""
        return saved

    def select(self, node: Node, key: Any) -> Node:
        """A node of this result of an operation, whose dispatch key it is told.

        The operation's node refers to it weakly, as it refers to the operation's, so a saved result may need a new one.
        """
        selected = Node()
        selected.rule = self
        selected.key = key
        selected.edges = (node,)
        selected.saved = ()
        selected.shapes = None
        selected.order = next_order()
        return selected
