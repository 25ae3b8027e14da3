"""The graph of an ONNX model while nodes are added to it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy

Name = str
"""The name of an array in the graph."""


class NoCounterpart(Exception):
    """An operation has no counterpart in ONNX; the message is what goes on after its name and line."""


class Value(NamedTuple):
    """An array in the graph.

    Attributes
    ----------
    name : str
    shape : tuple of int
    dtype : numpy.dtype
    array : numpy.ndarray or None
        Its elements, if they are part of the model.
    """

    name: Name
    shape: tuple[int, ...]
    dtype: numpy.dtype
    array: numpy.ndarray | None = None


class Graph:
    """Nodes and initializers.

    ``graph.Add(x, y)`` adds a node and returns the name of its output. An operand is a `Value`, a name, None if it is
    left out, or an array, a number or a list, which becomes an initializer; integers are int64. Equal nodes are added
    once.

    Attributes
    ----------
    nodes : list of NodeProto
    initializers : dict of str to numpy.ndarray
    """

    def __init__(self, onnx: Any, taken: Sequence[Name] = ()) -> None:
        self._onnx = onnx
        self.nodes: list[Any] = []
        self.initializers: dict[Name, numpy.ndarray] = {}
        self._taken = set(taken)
        self._counts: dict[str, int] = {}
        self._constants: dict[Any, Name] = {}
        self._known: dict[Any, list[Name]] = {}

    def __getattr__(self, op: str) -> Callable[..., Name]:
        if not op[:1].isupper():
            raise AttributeError(op)
        return functools.partial(self.node, op)

    def node(self, op: str, *operands: Any, **attributes: Any) -> Name:
        """Add a node with one output."""
        return self.node_with_outputs(op, 1, *operands, **attributes)[0]

    def node_with_outputs(self, op: str, count: int, *operands: Any, **attributes: Any) -> list[Name]:
        """Add a node with several outputs."""
        names = [self.name_of(one) for one in operands]
        while names and not names[-1]:
            names.pop()
        key = op, tuple(names), repr(attributes)
        if key not in self._known:
            outputs = [self.new_name(op.lower()) for _ in range(count)]
            made = self._onnx.helper.make_node(op, names, outputs, name=self.new_name(op), **attributes)
            self.nodes.append(made)
            self._known[key] = outputs
        return self._known[key]

    def name_of(self, operand: Any) -> Name:
        if operand is None:
            return ""
        if isinstance(operand, Value):
            return operand.name if operand.array is None else self.constant(operand.array)
        return operand if isinstance(operand, str) else self.constant(operand)

    def constant(self, value: Any, name: str = "constant") -> Name:
        """The name of an initializer."""
        array = numpy.asarray(value)
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._constants:
            self._constants[key] = self.new_name(name)
            self.initializers[self._constants[key]] = array
        return self._constants[key]

    def new_name(self, stem: str) -> Name:
        """A name that nothing has yet."""
        while True:
            number = self._counts[stem] = self._counts.get(stem, -1) + 1
            name = f"{stem}_{number}"
            if name not in self._taken:
                self._taken.add(name)
                return name

    def cast(self, x: Any, dtype: Any) -> Name:
        """An array or a number in a dtype."""
        if not isinstance(x, Value):
            return self.constant(numpy.asarray(x, dtype))
        if x.array is not None:
            return self.constant(x.array.astype(dtype))
        return self.name_of(x) if x.dtype == dtype else self.converted(x, dtype)

    def converted(self, x: Any, dtype: Any) -> Name:
        """The output of a Cast node."""
        return self.Cast(x, to=self._onnx.helper.np_dtype_to_tensor_dtype(numpy.dtype(dtype)))

    def reshape(self, x: Any, shape: Sequence[int]) -> Name:
        """The output of a Reshape node; a length may be 0."""
        return self.Reshape(x, self.lengths(shape), **({"allowzero": 1} if 0 in shape else {}))

    def filled(self, value: Any, dtype: Any, shape: Sequence[int]) -> Name:
        """An array of equal elements."""
        scalar = self.constant(numpy.asarray(value, dtype))
        return self.Expand(scalar, self.lengths(shape)) if len(shape) else scalar

    def rename(self, old: Name, new: Name) -> None:
        """Give the output of a node the name of an output of the model."""
        for one in self.nodes:
            for names in (one.input, one.output):
                for i, name in enumerate(names):
                    if name == old:
                        names[i] = new

    def lengths(self, shape: Sequence[int]) -> Name:
        """A shape as an array."""
        return self.constant(numpy.asarray([int(n) for n in shape], numpy.int64))


def promoted(*operands: Any) -> numpy.dtype:
    """The common dtype of arrays and numbers."""
    return numpy.result_type(*(one.dtype if isinstance(one, Value) else one for one in operands))
