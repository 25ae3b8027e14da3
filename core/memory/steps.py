"""The ways to view an array: all views are compositions of these, and each is an operation with a gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

from ...autograd.rules.manipulation import inverse
from ..types.dtypes import DTYPES

Step = tuple[str, Any]
"""A name in `STEPS` and its argument: an index, a permutation, a shape."""


class StepKind(NamedTuple):
    """One way to view an array.

    Attributes
    ----------
    parameter
        What the operation calls its argument.
    view
        ``view(ops, array, argument)`` is the view.
    layout
        The same of a NumPy array that has the shape and strides but no memory; raises ValueError where there is no
        such view.
    put
        ``put(ops, array, argument, value)`` is a copy of the array in which the view reads `value`. It is asked for
        only where no two elements of the view share memory.
    """

    parameter: str
    view: Callable[[Any, Any, Any], Any]
    layout: Callable[[numpy.ndarray, Any], numpy.ndarray]
    put: Callable[[Any, Any, Any, Any], Any]


def diagonal_index(shape: tuple[int, ...], offset: int) -> tuple[Any, ...]:
    """The index of a diagonal of the last two axes."""
    rows, columns = shape[-2:]
    length = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    along = numpy.arange(length)
    return (..., along + max(-offset, 0), along + max(offset, 0))


def unfold_index(shape: tuple[int, ...], window: tuple[int, int]) -> tuple[Any, ...]:
    """The index of the windows of a size, a step apart, along the last axis."""
    size, step = window
    starts = numpy.arange(0, shape[-1] - size + 1, step)
    return (..., starts[:, None] + numpy.arange(size))


def _diagonal_layout(array: numpy.ndarray, offset: int) -> numpy.ndarray:
    return array.diagonal(offset, -2, -1)


def _unfold_layout(array: numpy.ndarray, window: tuple[int, int]) -> numpy.ndarray:
    size, step = window
    windows = numpy.lib.stride_tricks.sliding_window_view(array, size, axis=-1)
    return windows[..., ::step, :]


_REAL_UNIT = numpy.dtype("u1")
_COMPLEX_UNIT = numpy.dtype([("real", "u1"), ("imag", "u1")])


def _reinterpreted_layout(array: numpy.ndarray, dtypes: tuple[str, str]) -> numpy.ndarray:
    source, target = (DTYPES[name] for name in dtypes)
    unit = _COMPLEX_UNIT if target.kind == "c" else _REAL_UNIT
    shape, steps = array.shape, strides(array)
    if source.itemsize != target.itemsize:
        if not shape or steps[-1] != 1:
            raise ValueError("the elements of the last axis are not side by side")
        wider = target.itemsize // source.itemsize
        if wider and any(number % wider for number in (shape[-1], *steps[:-1])):
            raise ValueError("the last axis does not hold whole elements")

        def scaled(number: int) -> int:
            return number * source.itemsize // target.itemsize

        shape, steps = (*shape[:-1], scaled(shape[-1])), (*map(scaled, steps[:-1]), 1)
    in_bytes = [step * unit.itemsize for step in steps]
    return numpy.lib.stride_tricks.as_strided(numpy.empty(1, unit), shape, in_bytes, writeable=False)


STEPS: dict[str, StepKind] = {
    "broadcast_to": StepKind(
        "shape",
        view=lambda ops, array, shape: ops.broadcast_to(array, shape),
        layout=lambda array, shape: numpy.broadcast_to(array, shape),
        # What is broadcast to nothing is not written to.
        put=lambda ops, array, shape, value: array if 0 in shape else ops.reshape(value, array.shape),
    ),
    "diagonal": StepKind(
        "offset",
        view=lambda ops, array, offset: ops.diagonal(array, offset=offset),
        layout=_diagonal_layout,
        put=lambda ops, array, offset, value: ops.put(array, value, diagonal_index(array.shape, offset)),
    ),
    "getitem": StepKind(
        "index",
        view=lambda ops, array, index: ops.getitem(array, index),
        layout=lambda array, index: array[index] if Ellipsis in index else array[(*index, ...)],
        put=lambda ops, array, index, value: ops.put(array, value, index),
    ),
    "imag": StepKind(
        "part",
        view=lambda ops, array, part: ops.imag(array),
        layout=lambda array, part: array["imag"],
        put=lambda ops, array, part, value: ops.complex(ops.real(array), value),
    ),
    "permute_dims": StepKind(
        "axes",
        view=lambda ops, array, axes: ops.permute_dims(array, axes),
        layout=lambda array, axes: array.transpose(axes),
        put=lambda ops, array, axes, value: ops.permute_dims(value, inverse(axes)),
    ),
    "real": StepKind(
        "part",
        view=lambda ops, array, part: ops.real(array),
        layout=lambda array, part: array["real"],
        put=lambda ops, array, part, value: ops.complex(value, ops.imag(array)),
    ),
    "reshape": StepKind(
        "shape",
        view=lambda ops, array, shape: ops.reshape(array, shape),
        layout=lambda array, shape: array.reshape(shape, copy=False),
        put=lambda ops, array, shape, value: ops.reshape(value, array.shape),
    ),
    "unfold": StepKind(
        "window",
        view=lambda ops, array, window: ops.unfold(array, window=window),
        layout=_unfold_layout,
        put=lambda ops, array, window, value: ops.put(array, value, unfold_index(array.shape, window)),
    ),
    "view_dtype": StepKind(
        "dtypes",
        view=lambda ops, array, dtypes: ops.view_dtype(array, dtypes),
        layout=_reinterpreted_layout,
        put=lambda ops, array, dtypes, value: ops.view_dtype(value, dtypes[::-1]),
    ),
}

OVERLAPPING = ("broadcast_to", "unfold")
"""The steps after which elements may share memory."""

_PARTS = ("imag", "real")


def contiguous_layout(shape: tuple[int, ...], is_complex: bool) -> numpy.ndarray:
    """An array without memory of its own whose elements are in order; a real number takes one byte, a complex two."""
    unit = _COMPLEX_UNIT if is_complex else _REAL_UNIT
    strides, step = [], unit.itemsize
    for length in reversed(shape):
        strides.append(step)
        step *= max(length, 1)
    return numpy.lib.stride_tricks.as_strided(numpy.empty(1, unit), shape, strides[::-1], writeable=False)


def strided_layout(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int, is_complex: bool) -> numpy.ndarray:
    """The same for an array of those strides, in bytes."""
    unit = _COMPLEX_UNIT if is_complex else _REAL_UNIT
    scaled = [stride * unit.itemsize // itemsize for stride in strides]
    return numpy.lib.stride_tricks.as_strided(numpy.empty(1, unit), shape, scaled, writeable=False)


def strides(layout: numpy.ndarray) -> tuple[int, ...]:
    """The strides of a layout, in elements."""
    return tuple(stride // layout.itemsize for stride in layout.strides)


def overlaps(layout: numpy.ndarray) -> bool:
    """Whether some two elements may share memory: an axis steps less far than the shorter ones reach."""
    if layout.size < 2:
        return False
    reach = layout.itemsize
    for stride, length in sorted((abs(s), n) for s, n in zip(layout.strides, layout.shape, strict=True) if n > 1):
        if stride < reach:
            return True
        reach = stride * (length - 1) + reach
    return False


def take_view(ops: Any, array: Any, steps: tuple[Step, ...]) -> Any:
    """The view of an array that the steps lead to."""
    for name, argument in steps:
        array = STEPS[name].view(ops, array, argument)
    return array


def put_view(ops: Any, array: Any, value: Any, steps: tuple[Step, ...]) -> Any:
    """A copy of an array in which the view that the steps lead to reads `value`."""
    if not steps:
        return value
    (name, argument), rest = steps[0], steps[1:]
    if name in OVERLAPPING and rest:
        return _put_places(ops, array, value, steps)
    inner = put_view(ops, STEPS[name].view(ops, array, argument), value, rest) if rest else value
    return STEPS[name].put(ops, array, argument, inner)


def _put_places(ops: Any, array: Any, value: Any, steps: tuple[Step, ...]) -> Any:
    """The same by the numbers of the elements, for a view of a view whose elements share memory."""
    part = next((step for step in steps if step[0] in _PARTS), None)
    if part is not None:
        whole = tuple(step for step in steps if step is not part)
        return put_view(ops, array, value, (part, *whole))
    places = numpy.arange(math.prod(array.shape)).reshape(array.shape)
    for name, argument in steps:
        # The numbers may be copied, so that they have every shape.
        places = places.reshape(argument) if name == "reshape" else STEPS[name].layout(places, argument)
    flat = ops.put(ops.reshape(array, (-1,)), value, (places,))
    return ops.reshape(flat, array.shape)
