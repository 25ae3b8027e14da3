"""Reading and writing at positions in NumPy arrays.

NumPy walks several index arrays, or a mask without pattern, element by element and slowly. One array of positions in
memory says the same, and takes a fraction of the time wherever the array that is indexed is contiguous.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy

from ..common.positions import in_range
from ..common.quiet import quiet
from ..common.sizes import LONG_ROW, MANY_POSITIONS, POSITIONS_BLOCK
from ..contract import Kernel

ndarray, asarray = numpy.ndarray, numpy.asarray

_FULL = slice(None)


class _Places(NamedTuple):
    """Positions along an axis that stands for one or several neighbouring axes of an array."""

    first: int
    """The first of those axes."""

    last: int
    """The first axis behind them."""

    positions: numpy.ndarray
    """None of them negative, all of them in range."""


def _places(shape: tuple[int, ...], index: tuple[Any, ...]) -> _Places | None:
    """The places that an index names, if it is one mask, or positions for neighbouring axes, and all else is whole."""
    items = _without_ellipsis(shape, index)
    chosen = [i for i, item in enumerate(items) if type(item) is not slice]
    if not chosen or any(type(item) is slice and item != _FULL for item in items):
        return None
    first = chosen[0]
    run = items[first : chosen[-1] + 1]
    if len(run) == 1 and type(run[0]) is ndarray and run[0].dtype.kind == "b":
        last = first + run[0].ndim
        return _Places(first, last, numpy.flatnonzero(run[0])) if run[0].shape == shape[first:last] else None
    last = first + len(run)
    if last > len(shape):
        return None
    lengths = shape[first:last]
    counted = [_from_start(item, length) for item, length in zip(run, lengths, strict=True)]
    return None if any(item is None for item in counted) else _Places(first, last, _combined(counted, lengths))


def _without_ellipsis(shape: tuple[int, ...], index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index with a whole slice for each axis that an ellipsis stands for."""
    for i, item in enumerate(index):
        if item is Ellipsis:
            return (*index[:i], *[_FULL] * (len(shape) - sum(map(_width, index))), *index[i + 1 :])
    return index


def _width(item: Any) -> int:
    """How many axes an item of an index takes up."""
    if item is None or item is Ellipsis:
        return 0
    return item.ndim if type(item) is ndarray and item.dtype.kind == "b" else 1


def _from_start(positions: Any, length: int) -> Any:
    """Positions counted from the start of an axis of that length; None for what is out of range, or is none at all."""
    if type(positions) is int:
        return asarray(positions) if 0 <= positions < length else None
    if type(positions) is not ndarray or positions.dtype.kind not in "iu" or not positions.size:
        return None
    if in_range(positions, length):
        return positions.astype(numpy.intp, copy=False)
    if positions.dtype.kind == "u" or positions.min() < -length or positions.max() >= length:
        return None
    positions = positions.astype(numpy.intp, copy=False)
    return numpy.where(positions < 0, positions + length, positions)


def _combined(counted: list[Any], lengths: tuple[int, ...]) -> numpy.ndarray:
    """Positions along several axes as those along the one that they make together."""
    terms = []
    step = 1
    for positions, length in zip(reversed(counted), reversed(lengths), strict=True):
        terms.append(positions if step == 1 else positions * step)
        step *= length
    # Small ones first, so that as few additions as can be are of all elements.
    terms.sort(key=lambda term: term.size)
    return asarray(functools.reduce(numpy.add, terms))


def _getitem(x: Any, index: Any) -> Any:
    if type(index) is tuple and _is_worth(x, index):
        places = _places(x.shape, index)
        if places is not None:
            return _taken(x, places)
    out = x[index]
    return out if type(out) is ndarray else asarray(x[(*index, ...)])


def _taken(x: Any, places: _Places) -> Any:
    first, last, positions = places
    if last - first == x.ndim:
        return x.reshape(-1).take(positions)
    length = math.prod(x.shape[first:last])
    return x.reshape((*x.shape[:first], length, *x.shape[last:])).take(positions, first)


def _is_worth(x: Any, index: tuple[Any, ...]) -> bool:
    """Whether it pays to look for an index's positions in memory, which an array must be contiguous for."""
    for item in index:
        if type(item) is ndarray and item.size >= MANY_POSITIONS and x.flags.c_contiguous:
            # NumPy is fast itself with positions along the only axis.
            return _changes_often(item) if item.dtype.kind == "b" else x.ndim > 1
    return False


def _changes_often(mask: Any) -> bool:
    """Whether a processor can't foresee what comes next in a mask: NumPy is fast at long runs of equal values."""
    flat = mask.reshape(-1)
    return bool(6 * numpy.count_nonzero(flat[1:] != flat[:-1]) > flat.size)


def write(array: Any, index: Any, value: Any) -> None:
    """``array[index] = value``, by positions in memory where every axis is indexed."""
    places = _places(array.shape, index) if type(index) is tuple and _is_worth(array, index) else None
    if places is not None and places.last - places.first == array.ndim:
        array.reshape(-1)[places.positions] = value
    else:
        array[index] = value


def _put(x: Any, index: Any, value: Any) -> Any:
    # Arithmetic on 0-d arrays, which rules do with operators, gives scalars, whose copy is one too.
    out = numpy.array(x, order="C")
    write(out, index, value)
    return out


def _embed(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    out = numpy.zeros(shape, x.dtype)
    out[index] = x
    return out


@quiet
def _scatter_zeros(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Half types accumulate in float32."""
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        return _scatter_zeros(x.astype(numpy.float32), shape, index).astype(x.dtype)
    out = numpy.zeros(shape, x.dtype)
    places = _places(shape, index) if x.size >= MANY_POSITIONS and type(index) is tuple else None
    if places is None or not _adds_in_rows(out, places, x):
        numpy.add.at(out, index, x)
    return out


def _adds_in_rows(out: Any, places: _Places, x: Any) -> bool:
    """Add to contiguous rows of an array, in the order of elements, or say that what is added must be broadcast first.

    NumPy adds fast where array, positions and what is added have one axis.
    """
    first, last, positions = places
    before, length, after = map(math.prod, (out.shape[:first], out.shape[first:last], out.shape[last:]))
    rows = positions.reshape(-1)
    if before > 1:
        rows = (numpy.arange(0, before * length, length)[:, None] + rows).reshape(-1)
    if rows.size * after != x.size:
        return False
    rows_of_out, added = out.reshape(-1, after), x.reshape(-1, after)
    if after >= LONG_ROW:
        for row, values in zip(rows.tolist(), added, strict=True):
            target = rows_of_out[row]
            numpy.add(target, values, target)
    elif after == 1:
        numpy.add.at(out.reshape(-1), rows, added.reshape(-1))
    else:
        columns, count = numpy.arange(after), POSITIONS_BLOCK // after
        for start in range(0, rows.size, count):
            block = slice(start, start + count)
            in_memory = rows[block, None] * after + columns
            numpy.add.at(out.reshape(-1), in_memory.reshape(-1), added[block].reshape(-1))
    return True


KERNELS: dict[str, Kernel] = {
    "embed": _embed,
    "getitem": _getitem,
    "put": _put,
    "scatter_zeros": _scatter_zeros,
}
