"""The graph of an ONNX model while nodes are added to it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from .dim import Dim

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
        Its elements, if they are part of the model. With a name they are those for some lengths of the shape only.
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
    places : list of str
        What each node is for.
    initializers : dict of str to numpy.ndarray
    place : str
        What nodes are added for now.
    """

    def __init__(self, onnx: Any, taken: Sequence[Name] = (), axes: Mapping[str, tuple[Name, int]] = {}) -> None:
        self._onnx = onnx
        self._axes = axes
        self.nodes: list[Any] = []
        self.places: list[str] = []
        self.place = ""
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
            self.places.append(self.place)
            self._known[key] = outputs
        return self._known[key]

    def name_of(self, operand: Any) -> Name:
        if operand is None:
            return ""
        if isinstance(operand, Value):
            return operand.name or self.constant(operand.array)
        if isinstance(operand, list) and any(isinstance(one, Dim) for one in operand):
            return self.lengths(operand)
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
        if not x.name:
            assert x.array is not None
            return self.constant(x.array.astype(dtype))
        return self.name_of(x) if x.dtype == dtype else self.converted(x, dtype)

    def converted(self, x: Any, dtype: Any) -> Name:
        """The output of a Cast node."""
        return self.Cast(x, to=self._onnx.helper.np_dtype_to_tensor_dtype(numpy.dtype(dtype)))

    def reshape(self, x: Any, shape: Sequence[int]) -> Name:
        """The output of a Reshape node; a length may be 0."""
        varying = [i for i, n in enumerate(shape) if isinstance(n, Dim)]
        if len(varying) == 1 and 0 not in shape and -1 not in shape:
            shape = [-1 if i == varying[0] else n for i, n in enumerate(shape)]
        return self.Reshape(x, self.lengths(shape), **({"allowzero": 1} if 0 in shape else {}))

    def filled(self, value: Any, dtype: Any, shape: Sequence[int]) -> Name:
        """An array of equal elements."""
        scalar = self.constant(numpy.asarray(value, dtype))
        return self.Expand(scalar, self.lengths(shape)) if len(shape) else scalar

    def is_alike(self, other: Graph, name: Name) -> bool:
        """Whether an initializer of that name is equal in another graph, or is in neither."""
        mine, theirs = self.initializers.get(name), other.initializers.get(name)
        if mine is None or theirs is None:
            return mine is theirs
        return numpy.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")

    def rename(self, old: Name, new: Name) -> None:
        """Give the output of a node the name of an output of the model."""
        for one in self.nodes:
            for names in (one.input, one.output):
                for i, name in enumerate(names):
                    if name == old:
                        names[i] = new

    def lengths(self, shape: Sequence[int]) -> Name:
        """A shape as an array."""
        parts: list[Any] = []
        for n in shape:
            if isinstance(n, Dim):
                parts.append(self._length(n))
            elif parts and isinstance(parts[-1], list):
                parts[-1].append(n)
            else:
                parts.append([n])
        if len(parts) == 1 and not isinstance(parts[0], list):
            return str(parts[0])
        return self.Concat(*parts, axis=0) if len(parts) > 1 else self.constant(numpy.asarray(shape, numpy.int64))

    def _length(self, dim: Dim) -> Name:
        """An integer that depends on the length of an axis, as an array of one element."""
        if not dim.symbol:
            raise NoCounterpart("with a number that is no linear function of a dynamic length")
        source, axis = self._axes[dim.symbol]
        found = self.Shape(source, start=axis, end=axis + 1)
        if dim.factor != 1:
            found = self.Mul(found, [dim.factor])
        return self.Add(found, [dim.offset]) if dim.offset else found


def computing(dtype: numpy.dtype) -> numpy.dtype:
    """The dtype in which products of a dtype are computed: ONNX has none of short integers, nor powers of unsigned."""
    if dtype.kind not in "biu" or dtype in ("int32", "int64"):
        return dtype
    return numpy.dtype("int32" if dtype.itemsize < 4 else "int64")


def promoted(*operands: Any) -> numpy.dtype:
    """The common dtype of arrays and numbers."""
    return numpy.result_type(*(one.dtype if isinstance(one, Value) else one for one in operands))
