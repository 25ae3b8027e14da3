"""Sums and running sums of NumPy arrays whose errors grow as the logarithm of the number of terms.

NumPy adds pairwise along the axis that is innermost in memory, and row after row along the others, n eps off. Here rows
are added up in groups, and the groups' sums in the same way (Higham, "The accuracy of floating point summation", SIAM
Journal on Scientific Computing, 1993), whatever the axis and the layout.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..common.quiet import quietly, run_anyway
from ..common.sizes import FEW_ROWS, FEW_TERMS, GROUP, HALF_CHUNK, RUN, WIDTH

_reduce: Any = numpy.add.reduce
_accumulate: Any = numpy.add.accumulate


def total(x: Any, axis: tuple[int, ...] | int | None = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """``numpy.add.reduce(x, axis, dtype, keepdims=keepdims)`` without warnings; real and complex floats in groups."""
    if x.size > FEW_ROWS and x.dtype.kind in "fcV":
        axes = tuple(range(x.ndim)) if axis is None else axis if type(axis) is tuple else (axis,)
        terms = x.shape[axes[0]] if len(axes) == 1 else math.prod([x.shape[i] for i in axes])
        if terms > FEW_ROWS:
            axes = tuple([i % x.ndim for i in axes])
            if not _is_pairwise(x, axes, terms):
                return _in_groups(x, axes, dtype, keepdims)
    return quietly(_reduce, x, axis, dtype, None, keepdims)


def _is_pairwise(x: Any, axes: tuple[int, ...], terms: int) -> bool:
    """Whether NumPy adds many terms pairwise."""
    if x.itemsize == 2 and terms > HALF_CHUNK:
        return False
    return x.flags.c_contiguous and (len(axes) == x.ndim or (len(axes) == 1 and axes[0] == x.ndim - 1))


def _in_groups(x: Any, axes: tuple[int, ...], dtype: Any, keepdims: bool) -> Any:
    shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
    if len(axes) == 1 and x.flags.c_contiguous:
        return numpy.array(run_anyway(_along, x, axes[0], [], dtype or x.dtype).reshape(shape))
    order = sorted(range(x.ndim), key=lambda i: -abs(x.strides[i]))
    found, summed = _merged(x.transpose(order), [i in axes for i in order])
    while (length := max(found.shape[i] for i in summed)) > 1:
        axis = next(i for i in summed if found.shape[i] == length)
        found = run_anyway(_along, found, axis, [i for i in summed if i != axis], dtype or x.dtype)
    kept = [i for i in order if i not in axes]
    found = found.reshape([x.shape[i] for i in kept]).transpose([kept.index(i) for i in sorted(kept)])
    return numpy.array(found.reshape(shape), order="C")


def _merged(x: Any, summed: list[bool]) -> tuple[Any, list[int]]:
    """The array with neighbouring axes made one where both or none are summed and memory allows, and those summed."""
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


def _along(x: Any, axis: int, others: list[int], dtype: Any) -> Any:
    """The sum along an axis, and along others if that takes no more time, which are kept with length 1. The axes of the
    array are in the order in which they lie in memory.
    """
    outer, length, inner = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    before = (slice(None),) * axis
    if inner and length > 2 * GROUP:
        beside = min(length // GROUP, WIDTH // (math.prod(inner) * x.itemsize))
        if beside > 1 and _is_contiguous(x, axis):
            # Rows are laid side by side.
            count = length // beside
            found = _along(x[(*before, slice(count * beside))].reshape(*outer, count, -1), axis, [], dtype)
            found = _along(found.reshape(*outer, beside, *inner), axis, [], dtype)
            if count * beside < length:
                found += _along(x[(*before, slice(count * beside, None))], axis, [], dtype)
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
    return _along(sums, axis, others, dtype)


def _is_contiguous(x: Any, axis: int) -> bool:
    """Whether the given axis and those behind it can be made one."""
    pairs = zip(x.strides[axis:], x.strides[axis + 1 :], x.shape[axis + 1 :], strict=False)
    return all(outer == inner * length for outer, inner, length in pairs)


def running_total(x: Any, axis: int) -> Any:
    """``numpy.add.accumulate(x, axis)`` without warnings; real and complex floats in runs."""
    if x.shape[axis] <= FEW_TERMS or x.dtype.kind not in "fcV":
        return quietly(_accumulate, x, axis)
    return run_anyway(_in_runs, x, axis % x.ndim)


def _in_runs(x: Any, axis: int) -> Any:
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
    ends = _in_runs(runs[(*before, slice(None), -1)], axis)
    later, carried = runs[(*before, slice(1, None))], numpy.expand_dims(ends, axis + 1)[(*before, slice(count - 1))]
    # NumPy takes long for short rows.
    for column in numpy.ndindex(inner) if math.prod(inner) < GROUP else [()]:
        later[(..., *column)] += carried[(..., *column)]
    if count * RUN < length:
        _accumulate(x[rest], axis, None, out[rest])
        out[rest] += ends[(*before, slice(count - 1, None))]
    return out
