"""Kernels of sorting and searching on NumPy arrays."""

from __future__ import annotations

from typing import Any, Literal

import numpy

from ..common.host import comparable
from ..common.positions import in_range
from ..common.quiet import quiet
from ..common.sizes import FEW_GREATEST, MANY_SORTED, SHORT_ROW
from ..contract import Kernel


@quiet
def _argsort(x: Any, *, axis: int = -1, stable: bool = True) -> Any:
    """Indices that sort along `axis`, always stable.

    NumPy has SIMD sorts of integers, but they are not stable: each key is sorted together with its position.
    """
    x = comparable(x)
    if x.size < MANY_SORTED or x.shape[axis] <= SHORT_ROW:
        return numpy.argsort(x, axis, kind="stable")
    rows = numpy.ascontiguousarray(x.swapaxes(axis, -1))
    keys = _float_keys(rows) if x.dtype.kind == "f" else _integer_keys(rows)
    keys = keys - keys.min()
    if int(keys.max()) < 1 << 32:
        order = _argsort_uint32(keys, numpy.arange(keys.shape[-1]))
    else:
        order = _restore_ties(keys, numpy.argsort(keys, -1))
    return numpy.ascontiguousarray(order.swapaxes(axis, -1))


def _positions_of_greatest(x: Any, *, count: int, axis: int) -> Any:
    """The last ones of an argsort of the reversed elements, so that NaN is first and ties keep their order."""
    length = x.shape[axis]
    if x.size >= MANY_SORTED and 0 < count <= min(FEW_GREATEST, length // SHORT_ROW):
        found = _greatest_one_by_one(x, count, axis)
        if found is not None:
            return found
    before = (slice(None),) * axis
    order = _argsort(x[(*before, slice(None, None, -1))], axis=axis)
    return length - 1 - order[(*before, slice(None, None, -1))][(*before, slice(count))]


@quiet
def _greatest_one_by_one(x: Any, count: int, axis: int) -> Any:
    """Indices of the largest elements by `argmax`; None where the least number of the dtype is among these."""
    # NumPy is slow at float16.
    dtype = numpy.float32 if x.dtype.char == "e" else None
    rows = numpy.array(comparable(x).swapaxes(axis, -1), dtype, order="C")
    flat, starts = rows.reshape(-1), numpy.arange(0, rows.size, rows.shape[-1]).reshape(rows.shape[:-1])
    found = numpy.empty((*rows.shape[:-1], count), numpy.int64)
    least = -numpy.inf if rows.dtype.kind == "f" else numpy.iinfo(rows.dtype).min
    for i in range(count):
        found[..., i] = rows.argmax(-1)
        places = found[..., i] + starts
        if (flat[places] == least).any():
            return None
        flat[places] = least
    return numpy.ascontiguousarray(found.swapaxes(axis, -1))


def _float_keys(x: Any) -> Any:
    """Unsigned integers in the order of the floats; equal for zeros of both signs, and the greatest for every NaN."""
    x = x.astype(numpy.float32 if x.dtype.itemsize == 2 else x.dtype)
    x += 0.0
    x[numpy.isnan(x)] = numpy.nan
    size = x.dtype.itemsize
    bits = x.view(f"i{size}")
    bits ^= (bits >> (8 * size - 1)) | numpy.iinfo(bits.dtype).min
    return bits.view(f"u{size}")


def _integer_keys(x: Any) -> Any:
    """Unsigned integers in the order of the integers."""
    keys = x.view(f"u{x.dtype.itemsize}")
    return keys if x.dtype.kind == "u" else keys ^ keys.dtype.type(1 << (8 * x.dtype.itemsize - 1))


def _argsort_uint32(keys: Any, positions: Any) -> Any:
    """Stable argsort of 32-bit keys: key and position are sorted as one 64-bit integer."""
    pairs = keys.astype(numpy.uint64)
    pairs <<= 32
    pairs |= positions.view(numpy.uint64)
    pairs.sort(-1)
    pairs &= 0xFFFFFFFF
    return pairs.view(numpy.int64)


def _restore_ties(keys: Any, order: Any) -> Any:
    """Make an unstable argsort stable: positions of equal keys in ascending order."""
    found = _take_along_axis(keys, order)
    rises = found[..., :-1] < found[..., 1:]
    if rises.all():
        return order
    ranks = numpy.zeros(found.shape, numpy.uint64)
    numpy.cumsum(rises, axis=-1, out=ranks[..., 1:])
    return _argsort_uint32(ranks, order)


def _take_along_axis(x: Any, indices: Any, *, axis: int = -1) -> Any:
    """`numpy.take_along_axis`; along the last axis by flat indices, in a third of the time."""
    in_rows = x.ndim > 1 and axis in (-1, x.ndim - 1) and x.flags.c_contiguous and indices.dtype == numpy.int64
    if not in_rows or x.ndim != indices.ndim or x.shape[:-1] != indices.shape[:-1] or not indices.size:
        return numpy.take_along_axis(x, indices, axis)
    length = x.shape[-1]
    if not in_range(indices, length):
        return numpy.take_along_axis(x, indices, axis)
    rows = numpy.arange(0, x.size, length).reshape(*x.shape[:-1], 1)
    return x.reshape(-1).take(indices + rows)


def _sort(x: Any, *, axis: int = -1) -> Any:
    # Only zeros of both signs are equal and yet differ, which needs a stable sort. The other one of NumPy 2.4 leaves
    # infinities of float16 among the greatest numbers.
    stable = x.dtype.kind not in "iu" and ((x == 0).any() or (x.dtype.char == "e" and numpy.isinf(x).any()))
    kind: Literal["stable"] | None = "stable" if stable else None
    return numpy.sort(comparable(x), axis, kind).astype(x.dtype, copy=False)


def _searchsorted(x1: Any, x2: Any, *, side: Literal["left", "right"] = "left") -> Any:
    return numpy.asarray(numpy.searchsorted(comparable(x1), comparable(x2), side))


def _isin(x1: Any, x2: Any, *, invert: bool = False) -> Any:
    return numpy.asarray(numpy.isin(comparable(x1), comparable(x2), invert=invert))


def _count_nonzero(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return numpy.asarray(numpy.count_nonzero(x, axis, keepdims=keepdims))


KERNELS: dict[str, Kernel] = {
    "argsort": _argsort,
    "count_nonzero": _count_nonzero,
    "isin": _isin,
    "positions_of_greatest": _positions_of_greatest,
    "searchsorted": _searchsorted,
    "sort": _sort,
    "take_along_axis": _take_along_axis,
}
