"""What is wrong, and where: the parts that faults of this kind are put together of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from tensorplug.backends import Kernel
from tensorplug.backends.numpy.plugin import NumPy

from ..fault import Wrong, method, replaced
from ..regions import items_of

Array = Any


Layout = Callable[[Any], bool]


Reading = Callable[[Any], Any]


def whole(x: Array) -> Array:
    """The array that a view is a part of."""
    while isinstance(x.base, numpy.ndarray):
        x = x.base
    return x


def start(x: Array) -> int:
    """How many elements lie before the first one in memory."""
    return int(x.__array_interface__["data"][0] - whole(x).__array_interface__["data"][0]) // x.itemsize


def memory(x: Array) -> Array:
    """All that lies where an array is, in order."""
    return whole(x).ravel("K").view(x.dtype)


def steps(x: Array) -> bool:
    """Whether the elements of the last axis have gaps between them."""
    return x.ndim > 0 and x.shape[-1] > 1 and x.strides[-1] > x.itemsize


def transposed(x: Array) -> bool:
    """Whether an axis lies closer in memory than the one behind it."""
    return x.ndim > 1 and min(x.shape) > 1 and any(0 < a < b for a, b in zip(x.strides, x.strides[1:], strict=False))


def backwards(x: Array) -> bool:
    """Whether an axis is reversed."""
    return any(n > 1 and stride < 0 for n, stride in zip(x.shape, x.strides, strict=True))


def stretched(x: Array) -> bool:
    """Whether an axis repeats one element."""
    return any(n > 1 and stride == 0 for n, stride in zip(x.shape, x.strides, strict=True))


def pitched(x: Array) -> bool:
    """Whether rows that lie in order have something between them."""
    return x.ndim > 1 and min(x.shape) > 1 and x.strides[-1] == x.itemsize and x.strides[-2] > x.itemsize * x.shape[-1]


def later(x: Array) -> bool:
    """Whether it begins behind the beginning of its memory."""
    return x.size > 0 and start(x) > 0


def element(x: Array) -> bool:
    """Whether it is one element of a larger array."""
    return not x.ndim and whole(x).size > 1


def dense(x: Array) -> Array:
    """As if the elements lay one after another."""
    found = memory(x)[start(x) :]
    return numpy.resize(found, x.shape).astype(x.dtype) if found.size else x


def in_order(x: Array) -> Array:
    """In the order of memory."""
    return x.ravel("K").reshape(x.shape)


def forwards(x: Array) -> Array:
    """With all axes forwards."""
    return x[tuple(slice(None, None, -1) if stride < 0 else slice(None) for stride in x.strides)]


def from_the_beginning(x: Array) -> Array:
    """From the beginning of the memory on, with the same steps."""
    if any(stride < 0 for stride in x.strides):
        return x
    return numpy.lib.stride_tricks.as_strided(memory(x), x.shape, x.strides)


def turned(x: Array) -> Array:
    """Square matrices transposed."""
    return x.swapaxes(-1, -2) if x.ndim > 1 and x.shape[-1] == x.shape[-2] else x


def once(x: Array) -> Array:
    """What is repeated is there once, and then zeros."""
    out = numpy.zeros_like(x)
    first = tuple(slice(1) if stride == 0 else slice(None) for stride in x.strides)
    out[first] = x[first]
    return out


def first(x: Array) -> Array:
    """The first element of the memory."""
    return memory(x)[:1].reshape(x.shape)


def of(number: int, layout: Layout, reading: Reading) -> Wrong:
    """What is wrong where one of the operands lies so: that it is read so."""

    def wrong(sound: Kernel) -> Kernel:
        def call(*operands: Any, **parameters: Any) -> Any:
            x = operands[number] if number < len(operands) else None
            if isinstance(x, numpy.ndarray) and x.size and layout(x):
                operands = (*operands[:number], reading(x), *operands[number + 1 :])
            return sound(*operands, **parameters)

        return call

    return wrong


def part(number: int, layout: Layout, reading: Reading) -> Wrong:
    """The same of one of several arrays that are put together."""
    return lambda sound: (
        lambda arrays, **parameters: sound(
            [reading(x) if i == number and x.size and layout(x) else x for i, x in enumerate(arrays)], **parameters
        )
    )


def item(chosen: Callable[[Any], bool], layout: Layout, reading: Reading) -> Wrong:
    """The same of arrays in an index."""
    return lambda sound: (
        lambda x, index, *value: sound(
            x,
            tuple(reading(part) if chosen(part) and part.size and layout(part) else part for part in items_of(index)),
            *value,
        )
    )


def both(layout: Layout) -> Callable[..., bool]:
    """Whether two operands of one shape lie so."""
    return lambda x1, x2: x1.shape == x2.shape and layout(x1) and layout(x2)


def if_both(condition: Callable[..., bool], wrong: Wrong) -> Wrong:
    """What is wrong where a condition holds of the first two operands."""
    return lambda sound: lambda x1, x2, *rest, **p: (wrong(sound) if condition(x1, x2) else sound)(x1, x2, *rest, **p)


def overlap(x1: Array, x2: Array) -> bool:
    """Whether two operands share memory without being the same."""
    return x1.ndim > 0 and x1.shape == x2.shape and numpy.shares_memory(x1, x2) and start(x1) != start(x2)


def one(x1: Array, x2: Array) -> bool:
    """Whether two operands are the same."""
    return (
        x1.ndim > 0
        and x1.shape == x2.shape
        and x1.strides == x2.strides
        and whole(x1) is whole(x2)
        and start(x1) == start(x2)
    )


def one_by_one(ufunc: Any) -> Wrong:
    """In place, each element is read after those before it were written."""

    def in_place(x1: Array, x2: Array) -> Array:
        second = numpy.lib.stride_tricks.as_strided(x2, x1.shape, stretched_strides(x2, x1.shape))
        for place in numpy.ndindex(x1.shape):
            x1[place] = ufunc(x1[place], second[place])
        return x1

    return replaced(in_place)


def stretched_strides(x: Array, shape: tuple[int, ...]) -> tuple[int, ...]:
    new = len(shape) - x.ndim
    return (0,) * new + tuple(0 if n == 1 else stride for n, stride in zip(x.shape, x.strides, strict=True))


def into_dense(ufunc: Any, layout: Layout) -> Wrong:
    """In place, where the first operand lies so, the result goes to as many elements one after another."""

    def wrong(sound: Kernel) -> Kernel:
        def in_place(x1: Array, *operands: Array) -> Array:
            if not layout(x1) or any(stride < 0 for stride in x1.strides) or memory(x1).base is not whole(x1):
                return sound(x1, *operands)
            out, target = ufunc(x1, *operands), memory(x1)[start(x1) :][: x1.size]
            target[...] = out.ravel()[: len(target)]
            return x1

        return in_place

    return wrong


def filled_span(x: Array, *, value: Any) -> Array:
    if steps(x) and x.ndim == 1 and memory(x).base is whole(x):
        memory(x)[start(x) :][: (len(x) - 1) * x.strides[0] // x.itemsize + 1] = value
    else:
        x[...] = value
    return x


def written(reading: Any) -> type[NumPy]:
    """The plugin that writes ``reading(array, index, value)`` in place of a value."""

    def write(self: NumPy, array: Any, index: Any, value: Any) -> None:
        array[index] = reading(array, index, value)

    return method("write", write)


def diagonal_of_dense(x: Any, offset: int) -> Any:
    out = x.diagonal(offset, -2, -1)
    if not pitched(x) or out.shape[-1] < 2 or x.ndim != 2:
        return out
    step = (x.shape[-1] + 1) * x.itemsize
    return numpy.lib.stride_tricks.as_strided(out, out.shape, (step,))


def windows_of_dense(sound: Kernel) -> Kernel:
    return lambda x, window: sound(dense(x) if steps(x) else x, window)


def first_row_only(sound: Kernel) -> Kernel:
    def sort(x: Any, *, axis: int) -> Any:
        out = sound(x, axis=axis)
        if x.ndim == 2 and axis in (1, -1) and x.strides[0] < 0 < x.strides[1]:
            out[1:] = 0
        return out

    return sort


def rows_swapped(sound: Kernel) -> Kernel:
    def matmul(x1: Any, x2: Any) -> Any:
        turned_axes = x1.ndim == 3 and x1.shape[0] == x1.shape[1] and x1.strides[0] < x1.strides[1]
        return sound(x1.swapaxes(0, 1) if turned_axes else x1, x2)

    return matmul


def from_its_own_memory(sound: Kernel) -> Kernel:
    def in_place(x1: Any, x2: Any) -> Any:
        return sound(x1, in_order(x2) if x1.shape == x2.shape and transposed(x1) and transposed(x2) else x2)

    return in_place
