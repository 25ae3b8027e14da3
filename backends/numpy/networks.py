"""Kernels of padding and of sliding windows on NumPy arrays, of which convolutions and pooling are made."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from typing import Any

import numpy

from ..common.places import Ranges, place_index
from ..common.quiet import quiet
from ..common.sizes import MANY_POSITIONS
from ..contract import Kernel


def constant_pad(x: Any, padding: tuple[tuple[int, int], ...], value: Any = 0) -> Any:
    lead = x.ndim - len(padding)
    source = [slice(max(-before, 0), x.shape[lead + i] - max(-behind, 0)) for i, (before, behind) in enumerate(padding)]
    part = x[(..., *source)]
    if max(map(max, padding), default=0) <= 0:
        return part
    shape = [length + sum(added) for length, added in zip(x.shape[lead:], padding, strict=True)]
    out = numpy.zeros((*x.shape[:lead], *shape), x.dtype)
    if value != 0:
        out.fill(value)
    target: Any = [
        slice(max(before, 0), n - max(behind, 0)) for n, (before, behind) in zip(shape, padding, strict=True)
    ]
    out[(..., *target)] = part
    return out


def windows(x: Any, window: tuple[tuple[int, int, int], ...], behind: int = 0) -> Any:
    """Sliding windows along the last axes, or along those before so many others."""
    lead, end = x.ndim - len(window) - behind, x.ndim - behind
    shape, strides = x.shape[:lead], x.strides[:lead]
    sizes, steps, withins = zip(*window, strict=True)
    numbers = [
        max((length - within * (size - 1) - 1 + step) // step, 0)
        for length, size, step, within in zip(x.shape[lead:end], sizes, steps, withins, strict=True)
    ]
    along = x.strides[lead:end]
    inner = [stride * within for stride, within in zip(along, withins, strict=True)]
    outer = [stride * step for stride, step in zip(along, steps, strict=True)]
    return numpy.lib.stride_tricks.as_strided(
        x,
        (*shape, *sizes, *numbers, *x.shape[end:]),
        (*strides, *inner, *outer, *x.strides[end:]),
        writeable=x.flags.writeable,
    )


@quiet
def overlap_add(x: Any, shape: tuple[int, ...], window: tuple[tuple[int, int, int], ...], behind: int = 0) -> Any:
    """Add all windows at once, one place of the window after the other; half types in float32.

    The windows lie along the last axes, or along those before so many others.
    """
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        return overlap_add(x.astype(numpy.float32), shape, window, behind).astype(x.dtype)
    out = numpy.zeros(shape, x.dtype)
    numbers = x.shape[x.ndim - len(window) - behind : x.ndim - behind]
    places = [
        [slice(i * within, i * within + number * step, step) for i in range(size)]
        for (size, step, within), number in zip(window, numbers, strict=True)
    ]
    lead = (slice(None),) * (out.ndim - len(window) - behind)
    for place in itertools.product(*(range(size) for size, _, _ in window)):
        target = out[(*lead, *(along[i] for along, i in zip(places, place, strict=True)))]
        target += x[(*lead, *place)]
    return out


@quiet
def _max_positions(x: Any, *, ranges: Ranges) -> Any:
    if x.dtype.itemsize == 2:
        x = x.astype(numpy.float32)
    found = math.prod(x.shape[: -len(ranges)]) * math.prod(map(len, ranges))
    return (_max_of_tables if found < MANY_POSITIONS else _max_of_places)(x, ranges)


def _max_of_tables(x: Any, ranges: Ranges) -> Any:
    """Read all windows at once by a table of their positions."""
    lead, lengths = x.shape[: -len(ranges)], x.shape[-len(ranges) :]
    table = (_positions if x.size < MANY_POSITIONS else _positions.__wrapped__)(ranges, lengths)
    windows = x.reshape(*lead, math.prod(lengths))[..., table]
    number = windows.argmax(-1)
    missing = numpy.isnan(windows)
    if missing.any():
        number = numpy.where(missing.any(-1), table.shape[-1] - 1 - missing[..., ::-1].argmax(-1), number)
    starts = numpy.arange(0, table.size, table.shape[-1]).reshape(table.shape[:-1])
    return table.reshape(-1).take(number + starts)


@functools.lru_cache(maxsize=256)
def _positions(ranges: Ranges, lengths: tuple[int, ...]) -> Any:
    """The positions that each window reads, along the last axis; a shorter window reads its last one again."""
    found: Any = 0
    for i, (windows, length) in enumerate(zip(ranges, lengths, strict=True)):
        size = max(map(len, windows))
        along = numpy.array([[one[min(k, len(one) - 1)] for k in range(size)] for one in windows])
        shape = [1] * (2 * len(ranges))
        shape[i], shape[len(ranges) + i] = along.shape
        found = found * length + along.reshape(shape)
    return found.reshape(*map(len, ranges), -1)


def _max_of_places(x: Any, ranges: Ranges) -> Any:
    """One place of all windows after the other; their numbers have few bits, and stand for offsets from the first."""
    strides = [math.prod(x.shape[x.ndim - len(ranges) + i + 1 :]) for i in range(len(ranges))]
    places = list(itertools.product(*(range(max(map(len, axis))) for axis in ranges)))
    has_nan = bool(numpy.isnan(x.max()))
    best = x[place_index(ranges, places[0])]
    number = numpy.zeros(best.shape, numpy.uint8 if len(places) <= 256 else numpy.int64)
    for i, place in enumerate(places[1:], 1):
        part = x[place_index(ranges, place)]
        better = part > best
        if has_nan:
            # Shorter windows have their last element again.
            own = ([k < len(one) for one in axis] for axis, k in zip(ranges, place, strict=True))
            missing = numpy.meshgrid(*own, indexing="ij", sparse=True)
            better |= functools.reduce(numpy.logical_and, missing, numpy.isnan(part))
        best = numpy.maximum(best, part)
        number = numpy.maximum(number, better * number.dtype.type(i))
    steps = [axis[0].step * stride for axis, stride in zip(ranges, strides, strict=True)]
    offsets = [sum(map(operator.mul, place, steps)) for place in places]
    first = numpy.ix_(*([one[0] * stride for one in axis] for axis, stride in zip(ranges, strides, strict=True)))
    return functools.reduce(numpy.add, first, numpy.asarray(offsets, numpy.int64)[number])


KERNELS: dict[str, Kernel] = {
    "constant_pad": constant_pad,
    "max_positions": _max_positions,
    "overlap_add": overlap_add,
    "windows": windows,
}
