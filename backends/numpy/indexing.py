"""Kernels of advanced indexing on NumPy arrays: `getitem`, `put` and `scatter_zeros`.

NumPy is slow with several index arrays, and with masks without a pattern. For contiguous arrays they are turned into
flat indices, as by `numpy.ravel_multi_index`, which takes a fraction of the time.
"""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any, NamedTuple

import numpy

from ..common.positions import in_range
from ..common.quiet import quiet
from ..common.sizes import LONG_ROW, MANY_IN_ROWS, MANY_POSITIONS, POSITIONS_BLOCK
from ..contract import Kernel, PartialKernel
from .optional import HAS_SCIPY

ndarray, asarray = numpy.ndarray, numpy.asarray

_FULL = slice(None)


class _FlatIndex(NamedTuple):
    """Flat indices into neighbouring axes ``first`` to ``last - 1`` of an array, all in range and not negative."""

    first: int
    last: int
    positions: numpy.ndarray


def _flat_index(shape: tuple[int, ...], index: tuple[Any, ...]) -> _FlatIndex | None:
    """Flat form of an index that is one mask, or integers for neighbouring axes, without slices; None for others."""
    items = _without_ellipsis(shape, index)
    chosen = [i for i, item in enumerate(items) if type(item) is not slice]
    if not chosen or any(type(item) is slice and item != _FULL for item in items):
        return None
    first = chosen[0]
    run = items[first : chosen[-1] + 1]
    if len(run) == 1 and type(run[0]) is ndarray and run[0].dtype.kind == "b":
        last = first + run[0].ndim
        return _FlatIndex(first, last, numpy.flatnonzero(run[0])) if run[0].shape == shape[first:last] else None
    last = first + len(run)
    if last > len(shape):
        return None
    lengths = shape[first:last]
    indices = [_nonnegative(item, length) for item, length in zip(run, lengths, strict=True)]
    return (
        None if any(item is None for item in indices) else _FlatIndex(first, last, _ravel_multi_index(indices, lengths))
    )


def _without_ellipsis(shape: tuple[int, ...], index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index with the ellipsis replaced by full slices."""
    for i, item in enumerate(index):
        if item is Ellipsis:
            return (*index[:i], *[_FULL] * (len(shape) - sum(map(_axes_indexed, index))), *index[i + 1 :])
    return index


def _axes_indexed(item: Any) -> int:
    """The number of axes that an item of an index applies to."""
    if item is None or item is Ellipsis:
        return 0
    return item.ndim if type(item) is ndarray and item.dtype.kind == "b" else 1


def _nonnegative(positions: Any, length: int) -> Any:
    """Indices with negative ones counted from the start; None if one is out of range, or it is no array of integers."""
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


def _ravel_multi_index(indices: list[Any], lengths: tuple[int, ...]) -> numpy.ndarray:
    """Indices along several axes as indices along the axis that these make together."""
    terms = []
    step = 1
    for positions, length in zip(reversed(indices), reversed(lengths), strict=True):
        terms.append(positions if step == 1 else positions * step)
        step *= length
    # Small terms first, so that few additions are of full size.
    terms.sort(key=lambda term: term.size)
    return asarray(functools.reduce(numpy.add, terms))


def _getitem(x: Any, index: Any) -> Any:
    if type(index) is tuple and _is_worth_flattening(x, index):
        places = _flat_index(x.shape, index)
        if places is not None:
            return _take(x, places)
    out = x[index]
    return out if type(out) is ndarray else asarray(x[(*index, ...)])


def _take(x: Any, places: _FlatIndex) -> Any:
    first, last, positions = places
    if last - first == x.ndim:
        return x.reshape(-1).take(positions)
    length = math.prod(x.shape[first:last])
    return x.reshape((*x.shape[:first], length, *x.shape[last:])).take(positions, first)


def _is_worth_flattening(x: Any, index: tuple[Any, ...]) -> bool:
    """Whether flat indices are quicker: the array is contiguous and the index large."""
    for item in index:
        if type(item) is ndarray and item.size >= MANY_POSITIONS and x.flags.c_contiguous:
            # NumPy itself is fast with indices along the only axis.
            return _is_unpredictable(item) if item.dtype.kind == "b" else x.ndim > 1
    return False


def _is_unpredictable(mask: Any) -> bool:
    """Whether a mask changes too often for branch prediction: NumPy is fast at long runs of equal values."""
    flat = mask.reshape(-1)
    return bool(6 * numpy.count_nonzero(flat[1:] != flat[:-1]) > flat.size)


def write(array: Any, index: Any, value: Any) -> None:
    """``array[index] = value``, by flat indices where every axis is indexed."""
    places = _flat_index(array.shape, index) if type(index) is tuple and _is_worth_flattening(array, index) else None
    if places is not None and places.last - places.first == array.ndim:
        array.reshape(-1)[places.positions] = value
    else:
        array[index] = value


def put(x: Any, index: Any, value: Any) -> Any:
    # `numpy.array`, because `x` may be a scalar: operators on 0-d arrays return them.
    out = numpy.array(x, order="C")
    write(out, index, value)
    return out


def put_into(x: Any, index: Any, value: Any, out: Any = None) -> Any:
    """`put` into given memory, which may be that of `x`."""
    if out is None:
        return put(x, index, value)
    if out is not x:
        numpy.copyto(out, x)
    write(out, index, value)
    return out


def embed(x: Any, shape: tuple[int, ...], index: Any, out: Any = None) -> Any:
    if out is None:
        out = numpy.zeros(shape, x.dtype)
    else:
        out.fill(0)
    out[index] = x
    return out


def add_at(x: Any, part: Any, index: tuple[Any, ...], out: Any = None) -> Any:
    """`x` with something added to the part at an index of integers and slices."""
    if out is None:
        out = numpy.array(x, order="C")
    elif out is not x:
        numpy.copyto(out, x)
    target = out[index if Ellipsis in index else (*index, ...)]
    numpy.add(target, part, target)
    return out


@quiet
def _scatter_zeros(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Zeros of `shape` with `x` added at `index`; half types accumulate in float32."""
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        return _scatter_zeros(x.astype(numpy.float32), shape, index).astype(x.dtype)
    places = _flat_index(shape, index) if x.size >= MANY_POSITIONS and type(index) is tuple else None
    found = None if places is None else _sum_rows(x, shape, places)
    if found is None:
        found = numpy.zeros(shape, x.dtype)
        numpy.add.at(found, index, x)
    return found


def _sum_rows(x: Any, shape: tuple[int, ...], places: _FlatIndex) -> Any:
    """Zeros of `shape` with `x` added to rows; None if `x` must be broadcast first.

    `numpy.add.at` is fast where all its operands are 1-d.
    """
    first, last, positions = places
    before, length, after = map(math.prod, (shape[:first], shape[first:last], shape[last:]))
    rows = positions.reshape(-1)
    if before > 1:
        rows = (numpy.arange(0, before * length, length)[:, None] + rows).reshape(-1)
    if rows.size * after != x.size:
        return None
    added = x.reshape(-1, after)
    if HAS_SCIPY and after > 1 and x.size >= MANY_IN_ROWS and x.dtype.kind in "iufc":
        # Complex numbers as pairs: one times an infinite number has NaN.
        numbers = numpy.ascontiguousarray(added).view(x.real.dtype)
        return (_selection(rows, before * length, numbers.dtype) @ numbers).view(x.dtype).reshape(shape)
    out = numpy.zeros(shape, x.dtype)
    rows_of_out = out.reshape(-1, after)
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
    return out


def _in_memory(positions: Any, shape: tuple[int, ...], axis: int, count: int) -> Any:
    """Flat positions into some axes of a shape as positions in the memory of an array."""
    behind = len(shape) - axis - count
    if not axis and not behind:
        return positions
    base = _bases if positions.size < MANY_POSITIONS else _bases.__wrapped__
    if behind:
        positions = positions * math.prod(shape[axis + count :])
    return positions + base(positions.shape, shape, axis, behind)


@functools.lru_cache(maxsize=256)
def _bases(found: tuple[int, ...], shape: tuple[int, ...], axis: int, behind: int) -> Any:
    """The positions in memory of the first elements along the axes that flat positions go into."""
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    axes = {i: i for i in range(axis)} | {len(found) - i: len(shape) - i for i in range(1, behind + 1)}
    lengths = [found[i] if i in axes else 1 for i in range(len(found))]
    places = numpy.indices(lengths, sparse=True)
    return sum(places[i] * strides[j] for i, j in axes.items())


def _gather_flat(positions: Any, x: Any, *, axis: int, count: int) -> Any:
    return asarray(x.reshape(-1).take(_in_memory(positions, x.shape, axis, count)))


@quiet
def _scatter_flat(positions: Any, x: Any, *, shape: tuple[int, ...], axis: int, count: int) -> Any:
    """Zeros of `shape` with `x` added at flat positions; half types accumulate in float32."""
    return sums_at(_in_memory(positions, shape, axis, count).reshape(-1), x.reshape(-1), math.prod(shape)).reshape(
        shape
    )


_REDUCTIONS = {"prod": numpy.multiply, "amax": numpy.maximum, "amin": numpy.minimum}


@quiet
def _reduce_along(positions: Any, source: Any, x: Any, *, axis: int, reduce: str) -> Any:
    found = numpy.array(x, order="C")
    places = _in_memory(positions, x.shape, axis, 1)
    _REDUCTIONS[reduce].at(found.reshape(-1), places.reshape(-1), source.reshape(-1))
    return found


def sums_at(positions: Any, x: Any, length: int) -> Any:
    """A vector of zeros with the elements of another added; half types accumulate in float32, float32 in float64."""
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        return sums_at(positions, x.astype(numpy.float32), length).astype(x.dtype)
    if x.dtype.kind == "f" and length <= max(8 * x.size, MANY_POSITIONS):
        return numpy.bincount(positions, x, length).astype(x.dtype, copy=False)
    found = numpy.zeros(length, x.dtype)
    numpy.add.at(found, positions, x)
    return found


def _selection(rows: Any, length: int, dtype: Any) -> Any:
    """The sparse matrix of ones whose product with a matrix adds each of its rows to another of `length` rows."""
    sparse: Any = importlib.import_module("scipy.sparse")
    ones, starts = numpy.ones(rows.size, dtype), numpy.arange(rows.size + 1)
    return sparse.csc_array((ones, rows, starts), shape=(length, rows.size))


def _sums_of_rows(sources: Any, targets: Any, factors: Any, x: Any, *, count: int) -> Any:
    """A sparse product, which makes no array of the rows; half types accumulate in float32."""
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        wide = _sums_of_rows(sources, targets, factors.astype(numpy.float32), x.astype(numpy.float32), count=count)
        return wide.astype(x.dtype)
    sparse: Any = importlib.import_module("scipy.sparse")
    return sparse.coo_array((factors, (targets, sources)), (count, len(x))).tocsr() @ x


def _fits_sparse_product(sources: Any, targets: Any, factors: Any, x: Any) -> bool:
    return HAS_SCIPY and sources.shape[0] * x.shape[1] >= MANY_IN_ROWS and x.dtype.kind in "iuf"


KERNELS: dict[str, Kernel | PartialKernel] = {
    "embed": embed,
    "gather_flat": _gather_flat,
    "getitem": _getitem,
    "put": put,
    "reduce_along": _reduce_along,
    "scatter_flat": _scatter_flat,
    "scatter_zeros": _scatter_zeros,
    "sums_of_rows": PartialKernel(quiet(_sums_of_rows), _fits_sparse_product),
}
