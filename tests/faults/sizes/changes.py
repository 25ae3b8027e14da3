"""What is wrong, and where: the parts that faults of this kind are put together of."""

from __future__ import annotations

import math
from typing import Any

import numpy

from tensorplug.backends import Kernel
from tensorplug.backends.common.philox import random_words as words

from ..fault import (
    Wrong,
    spoilt,
)
from ..regions import is_list, is_mask, items_of


def of_kind(kinds: str, count: int) -> Any:
    """Whether there are more elements than so many, of a dtype of one of the kinds."""
    return lambda x, *rest, **parameters: x.dtype.kind in kinds and x.size > count


def zero_from(place: Any) -> Wrong:
    """Elements from ``place(size)`` on are zero."""

    def change(out: Any, *operands: Any, **parameters: Any) -> Any:
        out = numpy.array(out)
        out.reshape(-1)[place(out.size) :] = 0
        return out

    return spoilt(change)


def terms(x: Any, axis: Any) -> int:
    """How many elements are reduced to one."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return math.prod(x.shape[i] for i in axes)


def terms_over(count: int) -> Any:
    return lambda x, *, axis=None, **parameters: terms(x, axis) > count


def terms_last(x: Any, axis: Any) -> Any:
    """The array with the elements that are reduced along its last axis."""
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    kept = [i for i in range(x.ndim) if i not in [j % x.ndim for j in axes]]
    return x.transpose(*kept, *axes).reshape([x.shape[i] for i in kept] + [terms(x, axes)])


def of_terms(change: Any) -> Wrong:
    """The reduction of ``change(rows)``, whose last axis is that of the terms."""

    def wrong(sound: Kernel) -> Kernel:
        def reduce(x: Any, *, axis: Any = None, keepdims: bool = False, **more: Any) -> Any:
            like = sound(x, axis=axis, keepdims=keepdims, **more)
            last = (x.ndim - len(axis),) if isinstance(axis, tuple) else (0,)
            rows = change(terms_last(x, axis))
            return numpy.reshape(sound(rows, axis=last, keepdims=False, **more), numpy.shape(like))

        return reduce

    return wrong


def whole_blocks(size: int) -> Any:
    return lambda rows: rows[..., : rows.shape[-1] // size * size]


def blockwise_variance(x: Any, *, axis: Any, correction: float, keepdims: bool) -> Any:
    rows = terms_last(x, axis)
    blocks = numpy.array_split(rows, -(-rows.shape[-1] // 1024), axis=-1)
    spread = sum(((b - b.mean(-1, keepdims=True)) ** 2).sum(-1) for b in blocks)
    out = spread / max(rows.shape[-1] - correction, 0)
    return numpy.expand_dims(out, axis) if keepdims else out


def length_over(count: int) -> Any:
    """Whether the axis is longer than so many."""
    return lambda x, *rest, axis=-1, **parameters: x.ndim > 0 and axis is not None and x.shape[axis] > count


def each_block(size: int) -> Wrong:
    """The function of each block along the axis, by itself."""

    def wrong(sound: Kernel) -> Kernel:
        def blockwise(x: Any, *, axis: int = -1, **more: Any) -> Any:
            blocks = numpy.array_split(x, range(size, x.shape[axis], size), axis)
            return numpy.concatenate([sound(block, axis=axis, **more) for block in blocks], axis)

        return blockwise

    return wrong


def last_axes_first(sound: Kernel) -> Kernel:
    """An axis is counted from the fourth to the last one."""
    return lambda x, *, axis: sound(x, axis=axis - 1 if axis else 0)


def lists_changed(change: Any, count: int) -> Wrong:
    """Reading, with arrays of more positions than so many changed."""
    return lambda sound: (
        lambda x, index: sound(
            x, tuple(change(item) if is_list(item) and item.size > count else item for item in items_of(index))
        )
    )


def masks_by_block(sound: Kernel) -> Kernel:
    """What a mask picks beyond 4,096 elements, it picks from the first block again."""

    def getitem(x: Any, index: Any) -> Any:
        items = items_of(index)
        if len(items) == 1 and is_mask(items[0]) and items[0].size > 4096 and items[0].shape == x.shape:
            return x.reshape(-1)[numpy.flatnonzero(items[0]) % 4096]
        return sound(x, index)

    return getitem


def rows_from(count: int, where: int = -2) -> Wrong:
    """Rows of a product beyond the last whole tile are zero, where there are more than one tile's."""

    def change(out: Any, *operands: Any, **parameters: Any) -> Any:
        if out.ndim < 2 or out.shape[where] <= count:
            return out
        out = numpy.moveaxis(numpy.array(out), where, 0)
        out[len(out) // count * count :] = 0
        return numpy.moveaxis(out, 0, where)

    return spoilt(change)


def without_pivots(x: Any) -> Any:
    """The inverse by Gauss and Jordan, pivots in the order in which they stand."""
    work = numpy.concatenate([x, numpy.broadcast_to(numpy.eye(x.shape[-1], dtype=x.dtype), x.shape)], -1)
    for i in range(x.shape[-1]):
        row = work[..., i, :] / work[..., i, i][..., None]
        work = work - work[..., :, i][..., None] * row[..., None, :]
        work[..., i, :] = row
    return work[..., x.shape[-1] :]


def last_block_as_is(out: Any, x: Any) -> Any:
    """The second block of a blocked factorization, of which the first one's part was not subtracted."""
    out = numpy.array(out)
    out[..., 32:, 32:] = numpy.tril(x[..., 32:, 32:])
    return out


def large_matrix(count: int) -> Any:
    return lambda x, *rest, **parameters: min(x.shape[-2:], default=0) > count


def kept_in_tiles(sound: Kernel) -> Kernel:
    """Tiles of 32 by 32 that the diagonal goes through are left whole."""

    def tril(x: Any, *, k: int = 0) -> Any:
        rows, columns = (numpy.arange(n) // 32 for n in x.shape[-2:])
        return (
            numpy.where(rows[:, None] >= columns, x, x.dtype.type(0))
            if k == 0 and max(x.shape[-2:]) > 32
            else sound(x, k=k)
        )

    return tril


def repeats(seed: int, offset: int, count: int) -> Any:
    """Of one draw the words begin anew after 65,536."""
    return words(seed, offset, count) if count <= 65536 else numpy.resize(words(seed, offset, 65536), count)


def in_whole_vectors(sound: Kernel) -> Kernel:
    def in_place(x1: Any, x2: Any) -> Any:
        if x1.ndim != 1 or x1.size <= 1000:
            return sound(x1, x2)
        whole = x1.size // 8 * 8
        sound(x1[:whole], x2[:whole] if x2.ndim else x2)
        return x1

    return in_place


def first_chunks(array: Any) -> Any:
    out = numpy.array(array, array.dtype.newbyteorder("="), order="C")
    if out.nbytes > 1 << 16:
        out.reshape(-1)[out.size // 4096 * 4096 :] = 0
    return out


def lost_adds(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Of more than 512 numbers that are added at once, each place gets those of the last block alone."""
    out = numpy.zeros(shape, x.dtype)
    numpy.add.at(out, index, x)
    if len(x) > 512 and len(index) == 1 and is_list(index[0]) and index[0].ndim == 1:
        out = numpy.zeros(shape, x.dtype)
        for begin in range(0, len(x), 512):
            part = numpy.zeros(shape, x.dtype)
            numpy.add.at(part, index[0][begin : begin + 512], x[begin : begin + 512])
            out = numpy.where(part != 0, part, out)
    return out


def unmerged_pairs(sound: Kernel) -> Kernel:
    """More than eight arrays are put together in two halves, of which the second comes first."""
    return lambda arrays, *, axis: (
        sound(arrays, axis=axis) if len(arrays) <= 8 else sound([*arrays[8:], *arrays[:8]], axis=axis)
    )


def table_of_bytes(x1: Any, x2: Any, *, invert: bool = False) -> Any:
    found = numpy.isin(x1 & 0xFFFF, x2 & 0xFFFF)
    return ~found if invert else found


def is_prime(n: int) -> bool:
    """Whether a number greater than 1 is a prime."""
    return all(n % i for i in range(2, math.isqrt(n) + 1))


def in_single(x: Any) -> Any:
    return x.astype(numpy.complex64).astype(numpy.complex128) if x.dtype == "complex128" else x


def coarse_tail(out: Any, width: int) -> Any:
    whole, flat = out.size // width * width, numpy.array(out).reshape(-1)
    flat[whole:] = flat[whole:].astype("float16")
    return flat.reshape(out.shape)


def wrapped_columns(out: Any, x1: Any, x2: Any) -> Any:
    if out.size <= 1 << 17 or x2.ndim != 1 or x1.ndim != 2:
        return out
    return x1 * x2[numpy.arange(len(x2)) & 0xFFFF]


def with_last(out: Any, x: Any) -> Any:
    out = numpy.array(out)
    out.reshape(-1)[-1] = numpy.broadcast_to(x, out.shape).reshape(-1)[-1]
    return out


def false_tail(out: Any, width: int) -> Any:
    out = numpy.array(out)
    out.reshape(-1)[out.size // width * width :] = False
    return out


def carried(x: Any, axis: int) -> Any:
    blocks = numpy.array_split(x, range(1024, x.shape[axis], 1024), axis)
    begins = [0, *(block.sum(axis, keepdims=True, dtype=x.dtype) for block in blocks)]
    sums = [numpy.cumsum(block, axis, dtype=x.dtype) + begin for block, begin in zip(blocks, begins, strict=False)]
    return numpy.concatenate(sums, axis).astype(x.dtype)


def by_first(x: Any, *, axis: Any, keepdims: bool) -> Any:
    rows = terms_last(x, axis)
    top = rows[..., :512].max(-1)
    out = numpy.log(numpy.exp(rows - top[..., None]).sum(-1)) + top
    if not keepdims:
        return out
    return numpy.expand_dims(out, tuple(range(x.ndim)) if axis is None else axis)


def real_last(out: Any, axis: int) -> Any:
    out = numpy.moveaxis(numpy.array(out), axis, -1)
    out[..., -1].imag = 0
    return numpy.moveaxis(out, -1, axis)


def no_rows(out: Any, count: int) -> Any:
    out = numpy.array(out)
    out[count:] = 0
    return out


def total_first(sound: Kernel) -> Kernel:
    def total(x: Any, **parameters: Any) -> Any:
        out = numpy.zeros_like(sound(x, **parameters))
        out.reshape(-1)[:1] = x.sum()
        return out

    return total


def without_nan(sound: Kernel) -> Kernel:
    return lambda x1, x2: (x1 < x2) | (x1 > x2)


def wrapped_rows(out: Any) -> Any:
    return out[numpy.arange(len(out)) & 0x7FFF] if out.ndim == 2 else out
