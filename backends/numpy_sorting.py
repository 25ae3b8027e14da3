"""Sorting and searching on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy

from .contract import Kernel


def comparable(x: Any) -> Any:
    """The array in a dtype in which NumPy sorts NaN last: bfloat16, which is no dtype of its own, in float32."""
    return x.astype(numpy.float32) if x.dtype.kind == "V" else x


_SHORT, _LONG = 32, 256
"""Up to how many elements a row is sorted in less time one by one, and from how many on by NumPy's radix sort."""


def _argsort(x: Any, *, axis: int = -1, stable: bool = True) -> Any:
    """Stable in any case but for the dtypes of which that takes longer."""
    x = comparable(x)
    length = x.shape[axis]
    if not x.size or not _SHORT < length < 1 << 32:
        return numpy.argsort(x, axis, kind="stable")
    if x.dtype.kind == "f":
        if x.dtype.itemsize <= 4:
            return _argsort_packed(_bits_in_order(x.astype(numpy.float32)), axis)
        return _stable(x, numpy.argsort(x, axis), axis) if stable else numpy.argsort(x, axis)
    low = x.min()
    span = int(x.max()) - int(low)
    if span >= 1 << 32:
        return numpy.argsort(x, axis, kind="stable")
    above_low = (x.astype(numpy.int64) if x.dtype.itemsize < 8 else x) - low
    if span < 1 << 16 and length > _LONG:
        return numpy.argsort(above_low.astype(numpy.uint16), axis, kind="stable")
    # Half of them below zero, as the sign is the highest of 32 bits.
    return _argsort_packed(above_low.astype(numpy.int64) - (1 << 31), axis)


def _argsort_packed(keys: Any, axis: int) -> Any:
    """By sorting keys, integers of 32 bits, with their positions behind them: NumPy sorts several integers at once, but
    not what must stay in order.
    """
    keys <<= 32
    keys |= numpy.arange(keys.shape[axis]).reshape([-1, *[1] * (keys.ndim - 1 - axis % keys.ndim)])
    keys.sort(axis)
    keys &= 0xFFFFFFFF
    return keys


def _bits_in_order(x: Any) -> Any:
    """Integers in the order of numbers in single precision: their bits, below zero all but the sign's turned. Zeros of
    both signs are one number, and so is NaN, the greatest.
    """
    x = x + numpy.float32(0)
    x[numpy.isnan(x)] = numpy.nan
    bits = x.view(numpy.int32)
    bits ^= (bits >> 31) & numpy.int32(0x7FFFFFFF)
    return bits.astype(numpy.int64)


def _stable(x: Any, order: Any, axis: int) -> Any:
    """The order with the positions of equal numbers in their own order."""
    found = numpy.moveaxis(_take_along_axis(x, order, axis=axis), axis, -1)
    lower, higher = found[..., :-1], found[..., 1:]
    rises = (lower < higher) | (numpy.isnan(higher) > numpy.isnan(lower))
    if rises.all():
        return order
    ranks = numpy.zeros(found.shape, numpy.int64)
    numpy.cumsum(rises, axis=-1, out=ranks[..., 1:])
    ranks <<= 32
    ranks |= numpy.moveaxis(order, axis, -1)
    ranks.sort(-1)
    ranks &= 0xFFFFFFFF
    return numpy.moveaxis(ranks, -1, axis)


def _take_along_axis(x: Any, indices: Any, *, axis: int = -1) -> Any:
    """Along the last axis by positions in memory, in a third of the time."""
    shape, length = x.shape, x.shape[axis] if x.ndim else 0
    in_rows = axis in (-1, x.ndim - 1) and x.flags.c_contiguous and shape[:-1] == indices.shape[:-1]
    if not in_rows or not indices.size or indices.min() < 0 or indices.max() >= length:
        return numpy.take_along_axis(x, indices, axis)
    rows = numpy.arange(0, x.size, length).reshape(*shape[:-1], 1)
    return x.reshape(-1).take(indices + rows)


def _sort(x: Any, *, axis: int = -1) -> Any:
    # Of equal numbers none can be told from another, but for zeros of two signs.
    kind: Literal["stable"] | None = "stable" if x.dtype.kind not in "iu" and (x == 0).any() else None
    return numpy.sort(comparable(x), axis, kind).astype(x.dtype, copy=False)


def _searchsorted(x1: Any, x2: Any, *, side: Literal["left", "right"] = "left") -> Any:
    return numpy.asarray(numpy.searchsorted(comparable(x1), comparable(x2), side))


def _isin(x1: Any, x2: Any, *, invert: bool = False) -> Any:
    return numpy.asarray(numpy.isin(comparable(x1), comparable(x2), invert=invert))


def _count_nonzero(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return numpy.asarray(numpy.count_nonzero(x, axis, keepdims=keepdims))


def on_host(function: Callable[..., tuple[Any, ...]], own: Callable[[Any, Any], Any]) -> Kernel:
    """A function of NumPy arrays as a kernel of another library, whose arrays `own` makes for a device.

    For results whose shapes depend on values, for each of which a library that compiles would do so again.
    """

    def kernel(x: Any, **parameters: Any) -> tuple[Any, ...]:
        return tuple(own(found, x.device) for found in function(comparable(numpy.asarray(x)), **parameters))

    return kernel


KERNELS: dict[str, Kernel] = {
    "argsort": _argsort,
    "count_nonzero": _count_nonzero,
    "isin": _isin,
    "searchsorted": _searchsorted,
    "sort": _sort,
    "take_along_axis": _take_along_axis,
}
