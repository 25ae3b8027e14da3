"""Lowering of operations that build, move, reduce, sort and multiply arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from .graph import Graph, Name, Value, computing, promoted

_INT64 = numpy.iinfo(numpy.int64)


def _reduction(op: str) -> Callable[..., Name]:
    """A reduction of elements in the dtype of the result."""

    def lowered(g: Graph, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Name:
        dtype = numpy.dtype("int32") if out.dtype == bool else out.dtype
        found = reduced(g, op, g.cast(x, dtype), axis, keepdims)
        return g.converted(found, bool) if out.dtype == bool else found

    return lowered


def reduced(g: Graph, op: str, x: Any, axis: Any, keepdims: bool) -> Name:
    """The output of a reduction node; no axes reduce nothing."""
    if axis == ():
        return g.Identity(x)
    axes = None if axis is None else list(axis) if isinstance(axis, (tuple, list)) else [axis]
    return g.node(op, x, axes, keepdims=int(keepdims))


def _any(g: Graph, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Name:
    """By a sum, which is zero for no elements."""
    return g.Greater(_count_nonzero(g, out, x, axis, keepdims), 0)


def _all(g: Graph, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Name:
    falses = g.converted(g.Not(g.cast(x, bool)), numpy.int64)
    return g.Equal(reduced(g, "ReduceSum", falses, axis, keepdims), 0)


def _count_nonzero(g: Graph, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Name:
    return reduced(g, "ReduceSum", g.converted(g.cast(x, bool), numpy.int64), axis, keepdims)


def _argument(op: str) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, x: Any, axis: int | None = None, keepdims: bool = False) -> Name:
        operand = g.cast(x, _ordered(x.dtype))
        if axis is not None:
            return g.node(op, operand, axis=axis, keepdims=int(keepdims))
        found = g.node(op, g.reshape(operand, [-1]), axis=0, keepdims=0)
        return g.reshape(found, out.shape) if keepdims else found

    return lowered


def _ordered(dtype: numpy.dtype) -> numpy.dtype:
    """A dtype whose elements ONNX compares."""
    return numpy.dtype("int32") if dtype.kind == "b" else dtype


def _sorted(position: int) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, x: Any, axis: int = -1, stable: bool = True) -> Name:
        dtype = _ordered(x.dtype)
        count = x.shape[axis] if x.shape else 1
        found = g.node_with_outputs("TopK", 2, g.cast(x, dtype), [count], axis=axis, largest=0)[position]
        return g.converted(found, out.dtype) if position == 0 and dtype != out.dtype else found

    return lowered


def _cumulative_sum(g: Graph, out: Any, x: Any, axis: int) -> Name:
    return g.CumSum(g.cast(x, out.dtype), numpy.asarray(axis))


def _cumulative_prod(g: Graph, out: Any, x: Any, axis: int) -> Name:
    """In log2 n products: of elements and those 1, 2, 4, ... places before."""
    found = g.cast(x, out.dtype)
    step = 1
    while step < out.shape[axis]:
        before = pad(g, Value(found, out.shape, out.dtype), [(axis, step, -step)], 1)
        found = g.Mul(found, before)
        step *= 2
    return found


def _searchsorted(g: Graph, out: Any, x1: Any, x2: Any, side: str = "left") -> Name:
    """The number of smaller elements."""
    dtype = _ordered(promoted(x1, x2))
    table, wanted = g.cast(x1, dtype), g.Unsqueeze(g.cast(x2, dtype), [-1])
    is_before = g.Less(table, wanted) if side == "left" else g.LessOrEqual(table, wanted)
    if dtype.kind == "f":
        # NaN comes last.
        is_last = g.IsNaN(wanted) if side == "right" else g.And(g.IsNaN(wanted), g.Not(g.IsNaN(table)))
        is_before = g.Or(is_before, is_last)
    return g.ReduceSum(g.converted(is_before, numpy.int64), [-1], keepdims=0)


def _isin(g: Graph, out: Any, x1: Any, x2: Any, invert: bool = False) -> Name:
    dtype = promoted(x1, x2)
    equal = g.Equal(g.Unsqueeze(g.cast(x1, dtype), [-1]), g.reshape(g.cast(x2, dtype), [-1]))
    count = g.ReduceSum(g.converted(equal, numpy.int64), [-1], keepdims=0)
    return g.Equal(count, 0) if invert else g.Greater(count, 0)


def _matmul(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    dtype = computing(out.dtype)
    found = g.MatMul(g.cast(x1, dtype), g.cast(x2, dtype))
    return found if dtype == out.dtype else g.converted(found, out.dtype)


def _vecdot(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    dtype = computing(out.dtype)
    found = g.ReduceSum(g.Mul(g.cast(x1, dtype), g.cast(x2, dtype)), [-1], keepdims=0)
    return found if dtype == out.dtype else g.converted(found, out.dtype)


def _det(g: Graph, out: Any, x: Any) -> Name:
    return g.Det(x)


def _reshape(g: Graph, out: Any, x: Any, shape: Any) -> Name:
    return g.reshape(x, out.shape)


def _broadcast_to(g: Graph, out: Any, x: Any, shape: Any) -> Name:
    return g.Expand(x, g.lengths(out.shape)) if out.shape else g.Identity(x)


def _permute_dims(g: Graph, out: Any, x: Any, axes: Sequence[int]) -> Name:
    return g.Transpose(x, perm=list(axes)) if len(axes) else g.Identity(x)


def _matrix_transpose(g: Graph, out: Any, x: Any) -> Name:
    rank = len(x.shape)
    return g.Transpose(x, perm=[*range(rank - 2), rank - 1, rank - 2])


def _concat(g: Graph, out: Any, arrays: Sequence[Any], axis: int = 0) -> Name:
    return g.Concat(*(g.cast(one, out.dtype) for one in arrays), axis=axis)


def _stack(g: Graph, out: Any, arrays: Sequence[Any], axis: int = 0) -> Name:
    return g.Concat(*(g.Unsqueeze(g.cast(one, out.dtype), [axis]) for one in arrays), axis=axis)


def _flip(g: Graph, out: Any, x: Any, axis: Any = None) -> Name:
    axes = list(range(len(x.shape)) if axis is None else axis if isinstance(axis, (tuple, list)) else [axis])
    count = len(axes)
    return g.Slice(x, [-1] * count, [_INT64.min] * count, axes, [-1] * count) if count else g.Identity(x)


def _roll(g: Graph, out: Any, x: Any, shift: Sequence[int], axis: Sequence[int]) -> Name:
    found = g.Identity(x)
    for step, along in zip(shift, axis, strict=True):
        place = -step % x.shape[along] if x.shape[along] else 0
        if place:
            rest, first = g.Slice(found, [place], [_INT64.max], [along]), g.Slice(found, [0], [place], [along])
            found = g.Concat(rest, first, axis=along)
    return found


def _triangle(upper: int) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, x: Any, k: int = 0) -> Name:
        found = g.Trilu(g.cast(x, _ordered(x.dtype)), numpy.asarray(k), upper=upper)
        return g.converted(found, bool) if x.dtype == bool else found

    return lowered


def _constant_pad(g: Graph, out: Any, x: Any, padding: Sequence[tuple[int, int]], value: Any) -> Name:
    axes = range(len(x.shape) - len(padding), len(x.shape))
    return pad(g, x, [(axis, *margins) for axis, margins in zip(axes, padding, strict=True)], value)


def pad(g: Graph, x: Value, margins: Sequence[tuple[int, int, int]], value: Any = 0) -> Name:
    """Constants in front of and behind elements, given (axis, number, number)."""
    rank, dtype = len(x.shape), _ordered(x.dtype)
    # For all axes, as optimizers overlook the input that names some.
    pads = [0] * (2 * rank)
    for axis, before, behind in margins:
        pads[axis], pads[rank + axis] = before, behind
    found = g.Pad(g.cast(x, dtype), pads, g.cast(value, dtype))
    return g.converted(found, bool) if x.dtype == bool else found


def _full(value: Any) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, x: Any, dtype: Any = None) -> Name:
        return g.filled(value, out.dtype, out.shape)

    return lowered


def _full_like(g: Graph, out: Any, x: Any, value: Any, dtype: Any = None) -> Name:
    return g.filled(value, out.dtype, out.shape)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "all": _all,
    "any": _any,
    "argmax": _argument("ArgMax"),
    "argmin": _argument("ArgMin"),
    "argsort": _sorted(1),
    "broadcast_to": _broadcast_to,
    "concat": _concat,
    "constant_pad": _constant_pad,
    "count_nonzero": _count_nonzero,
    "cumulative_prod": _cumulative_prod,
    "cumulative_sum": _cumulative_sum,
    "flip": _flip,
    "full_like": _full_like,
    "isin": _isin,
    "linalg.det": _det,
    "matmul": _matmul,
    "matrix_transpose": _matrix_transpose,
    "max": _reduction("ReduceMax"),
    "mean": _reduction("ReduceMean"),
    "min": _reduction("ReduceMin"),
    "ones_like": _full(1),
    "permute_dims": _permute_dims,
    "prod": _reduction("ReduceProd"),
    "reshape": _reshape,
    "roll": _roll,
    "searchsorted": _searchsorted,
    "sort": _sorted(0),
    "stack": _stack,
    "sum": _reduction("ReduceSum"),
    "tril": _triangle(0),
    "triu": _triangle(1),
    "vecdot": _vecdot,
    "zeros_like": _full(0),
}
