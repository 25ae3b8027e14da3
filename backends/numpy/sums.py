"""Pairwise sums and cumulative sums of NumPy arrays: rounding errors grow as the logarithm of the number of terms.

NumPy sums pairwise only along the axis that is contiguous in memory; along others it adds row after row, with an error
of n eps. Here rows are summed in groups, and so are the sums of the groups, whatever the axis and the strides (Higham,
"The accuracy of floating point summation", SIAM Journal on Scientific Computing, 1993).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy

from ..common.quiet import quietly, run_anyway
from ..common.sizes import (
    FEW_ROWS,
    FEW_SLICES,
    FEW_TERMS,
    GROUP,
    HALF_CHUNK,
    MANY_ELEMENTS,
    MANY_SUMS,
    RUN,
    SHORT_RUN,
    SUMMED_BY_PRODUCT,
    WIDTH,
)

asarray = numpy.asarray

_reduce: Any = numpy.add.reduce
_accumulate: Any = numpy.add.accumulate


def stable_sum(x: Any, axis: tuple[int, ...] | int | None = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """``numpy.add.reduce(x, axis, dtype, keepdims=keepdims)`` without warnings, pairwise for floats."""
    if x.size > FEW_ROWS and x.dtype.kind in "fcV":
        axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
        if dtype is None and x.size >= MANY_ELEMENTS and x.flags.c_contiguous and _is_by_product(x, axes):
            found = asarray(quietly(numpy.vecdot, x, numpy.ones(x.shape[-1], x.dtype)))
            return found[..., None] if keepdims else found
        terms = x.shape[axes[0]] if len(axes) == 1 else math.prod([x.shape[i] for i in axes])
        if _are_many(terms, x.size) and _is_innermost(x, axes):
            return run_anyway(_sum_slices, x, axes, dtype, keepdims)
        if terms > FEW_ROWS:
            axes = tuple([i % x.ndim for i in axes])
            if not _is_pairwise(x, axes, terms):
                return _grouped_sum(x, axes, dtype, keepdims)
    return quietly(_reduce, x, axis, dtype, None, keepdims)


def silent_sum(x: Any, axis: tuple[int, ...] | int | None = None, keepdims: bool = False) -> Any:
    """`stable_sum` where NumPy emits no warnings; of few terms in two thirds of its time."""
    return _reduce(x, axis, None, None, keepdims) if x.size <= FEW_ROWS else stable_sum(x, axis, None, keepdims)


def _is_by_product(x: Any, axes: Sequence[int]) -> bool:
    """Whether dot products with ones sum the rows of an array of this shape and dtype in less time."""
    if len(axes) != 1 or axes[0] % len(x.shape) != len(x.shape) - 1 or x.dtype.char not in "fd":
        return False
    return x.shape[-1] in SUMMED_BY_PRODUCT and math.prod(x.shape) >= MANY_ELEMENTS


def is_short(x: Any, *, axis: tuple[int, ...] | int | None = None, keepdims: bool = False) -> bool:
    """Whether the sum of an array of this shape and dtype is NumPy's own, whatever its strides."""
    axes = range(len(x.shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    if _is_by_product(x, axes):
        return False
    if x.dtype.kind in "biu":
        return True
    terms = math.prod([x.shape[i] for i in axes])
    is_own = terms <= FEW_ROWS and not _are_many(terms, math.prod(x.shape))
    return x.dtype.itemsize != 2 and x.dtype.kind in "fc" and is_own


def _are_many(terms: int, size: int) -> bool:
    """Whether there are many sums of few terms."""
    return 1 < terms <= FEW_SLICES and size >= MANY_SUMS * terms


def _is_innermost(x: Any, axes: Sequence[int]) -> bool:
    """Whether NumPy's inner loop is along one of these axes, and short."""
    if x.flags.c_contiguous:
        return x.shape[-1] <= SHORT_RUN and (-1 in axes or x.ndim - 1 in axes)
    step, length = min((abs(x.strides[i]), x.shape[i]) for i in axes if x.shape[i] > 1)
    return length <= SHORT_RUN and step <= min([step for step in map(abs, x.strides) if step], default=0)


def _sum_slices(x: Any, axes: Sequence[int], dtype: Any, keepdims: bool) -> Any:
    """Add up the slices along short axes, each of which NumPy adds in one long loop."""
    index: list[Any] = [slice(None)] * x.ndim
    out = None
    for place in itertools.product(*(range(x.shape[i]) for i in axes)):
        for i, position in zip(axes, place, strict=True):
            index[i] = slice(position, position + 1) if keepdims else position
        if out is None:
            # NumPy's own sums of -0.0 are 0.0.
            out = numpy.add(x[tuple(index)], x.dtype.type(0), dtype=dtype, order="C")
        else:
            out += x[tuple(index)]
    return out


def _is_pairwise(x: Any, axes: tuple[int, ...], terms: int) -> bool:
    """Whether NumPy itself sums pairwise along these axes."""
    if x.itemsize == 2 and terms > HALF_CHUNK:
        return False
    return x.flags.c_contiguous and (len(axes) == x.ndim or (len(axes) == 1 and axes[0] == x.ndim - 1))


def _grouped_sum(x: Any, axes: tuple[int, ...], dtype: Any, keepdims: bool) -> Any:
    shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
    if len(axes) == 1 and x.flags.c_contiguous:
        return numpy.array(run_anyway(_sum_axis, x, axes[0], [], dtype or x.dtype).reshape(shape))
    order = sorted(range(x.ndim), key=lambda i: -abs(x.strides[i]))
    found, summed = _merge_axes(x.transpose(order), [i in axes for i in order])
    while (length := max(found.shape[i] for i in summed)) > 1:
        axis = next(i for i in summed if found.shape[i] == length)
        found = run_anyway(_sum_axis, found, axis, [i for i in summed if i != axis], dtype or x.dtype)
    kept = [i for i in order if i not in axes]
    found = found.reshape([x.shape[i] for i in kept]).transpose([kept.index(i) for i in sorted(kept)])
    return numpy.array(found.reshape(shape), order="C")


def _merge_axes(x: Any, summed: list[bool]) -> tuple[Any, list[int]]:
    """Merge neighbouring axes that are both summed, or both not, where strides allow; return the summed axes too."""
    shape: list[int] = []
    roles: list[bool] = []
    step = 0
    for length, stride, role in zip(x.shape, x.strides, summed, strict=True):
        if roles and roles[-1] == role and step == length * stride:
            shape[-1] *= length
        else:
            shape.append(length)
            roles.append(role)
        step = stride
    return x.reshape(shape), [i for i, role in enumerate(roles) if role]


def _sum_axis(x: Any, axis: int, others: list[int], dtype: Any) -> Any:
    """Sum along `axis`, and along `others` too where that costs nothing; summed axes keep length 1.

    The axes of `x` are sorted by their strides.
    """
    outer, length, inner = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    before = (slice(None),) * axis
    if inner and length > 2 * GROUP:
        beside = min(length // GROUP, WIDTH // (math.prod(inner) * x.itemsize))
        if beside > 1 and _can_flatten(x, axis):
            # Short rows are added side by side, as one long row.
            count = length // beside
            found = _sum_axis(x[(*before, slice(count * beside))].reshape(*outer, count, -1), axis, [], dtype)
            found = _sum_axis(found.reshape(*outer, beside, *inner), axis, [], dtype)
            if count * beside < length:
                found += _sum_axis(x[(*before, slice(count * beside, None))], axis, [], dtype)
            return found
        size = GROUP
    elif not inner and length > HALF_CHUNK and x.itemsize == 2:
        size = HALF_CHUNK // GROUP
    else:
        return _reduce(x, axis, dtype, None, True)
    also = [i for i in others if x.shape[i] > 1]
    if math.prod([x.shape[i] for i in also if i < x.ndim - 1]) * size > FEW_ROWS:
        also = []
    count = length // size
    sums = numpy.empty([1 if i in also else n for i, n in enumerate((*outer, -(-length // size), *inner))], dtype)
    groups = x[(*before, slice(count * size))].reshape(*outer, count, size, *inner)
    out = numpy.expand_dims(sums[(*before, slice(count))], axis + 1)
    _reduce(groups, (axis + 1, *(i + (i > axis) for i in also)), dtype, out, True)
    if count * size < length:
        _reduce(
            x[(*before, slice(count * size, None))], (axis, *also), dtype, sums[(*before, slice(count, None))], True
        )
    return _sum_axis(sums, axis, others, dtype)


def _can_flatten(x: Any, axis: int) -> bool:
    """Whether `axis` and those after it can be merged without a copy."""
    pairs = zip(x.strides[axis:], x.strides[axis + 1 :], x.shape[axis + 1 :], strict=False)
    return all(outer == inner * length for outer, inner, length in pairs)


def logcumsumexp(x: Any, *, axis: int) -> Any:
    """The logarithm of the cumulative sum of exponentials; single precision accumulates in double."""
    wide = numpy.float64 if x.dtype.char == "f" and x.shape[axis] > FEW_TERMS else None
    return run_anyway(numpy.logaddexp.accumulate, x, axis, wide).astype(x.dtype, copy=False)


def stable_cumsum(x: Any, axis: int) -> Any:
    """``numpy.add.accumulate(x, axis)`` without warnings, in blocks for floats."""
    if x.shape[axis] <= FEW_TERMS or x.dtype.kind not in "fcV":
        return quietly(_accumulate, x, axis)
    return run_anyway(_blocked_cumsum, x, axis % x.ndim)


def _blocked_cumsum(x: Any, axis: int) -> Any:
    length, inner = x.shape[axis], x.shape[axis + 1 :]
    if length <= FEW_ROWS:
        return _accumulate(x, axis)
    before = (slice(None),) * axis
    count = length // RUN
    first, rest = (*before, slice(count * RUN)), (*before, slice(count * RUN, None))
    shape = (*x.shape[:axis], count, RUN, *inner)
    out = numpy.empty_like(x)
    runs = out[first].reshape(shape)
    _accumulate(x[first].reshape(shape), axis + 1, None, runs)
    ends = _blocked_cumsum(runs[(*before, slice(None), -1)], axis)
    later, carried = runs[(*before, slice(1, None))], numpy.expand_dims(ends, axis + 1)[(*before, slice(count - 1))]
    # NumPy is slow for short rows.
    for column in numpy.ndindex(inner) if math.prod(inner) < GROUP else [()]:
        later[(..., *column)] += carried[(..., *column)]
    if count * RUN < length:
        _accumulate(x[rest], axis, None, out[rest])
        out[rest] += ends[(*before, slice(count - 1, None))]
    return out
