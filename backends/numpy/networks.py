"""Kernels of padding and of sliding windows on NumPy arrays, of which convolutions and pooling are made."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy

from ..common.places import Ranges, place_index
from ..common.quiet import quiet
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
def _max_offsets(x: Any, *, ranges: Ranges) -> Any:
    """Find the place of the largest element of each window as a number of few bits, and look its offset up."""
    steps = [axis[0].step * math.prod(x.shape[x.ndim - len(ranges) + i + 1 :]) for i, axis in enumerate(ranges)]
    places = list(itertools.product(*(range(max(map(len, axis))) for axis in ranges)))
    if x.dtype.itemsize == 2:
        x = x.astype(numpy.float32)
    has_nan = x.size > 0 and bool(numpy.isnan(x.max()))
    best = x[place_index(ranges, places[0])]
    number = numpy.zeros(best.shape, numpy.uint8 if len(places) <= 256 else numpy.int64)
    for i, place in enumerate(places[1:], 1):
        part = x[place_index(ranges, place)]
        better = part > best
        if has_nan:
            better |= numpy.isnan(part)
        best = numpy.maximum(best, part)
        number = numpy.maximum(number, better * number.dtype.type(i))
    offsets = [sum(k * step for k, step in zip(place, steps, strict=True)) for place in places]
    return numpy.asarray(offsets, numpy.int64)[number]


KERNELS: dict[str, Kernel] = {
    "constant_pad": constant_pad,
    "max_offsets": _max_offsets,
    "overlap_add": overlap_add,
    "windows": windows,
}
