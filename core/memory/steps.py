"""View steps, such as indexing and reshape: every view is a composition of these differentiable operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

from ...autograd.rules.manipulation import inverse
from ..types.dtypes import DTYPES

Step = tuple[str, Any]
"""A name in `STEPS` and its argument, such as an index, a permutation or a shape."""


class StepKind(NamedTuple):
    """A kind of view step.

    Attributes
    ----------
    parameter
        The operation's name of the argument.
    view
        ``view(ops, array, argument)`` is the view.
    layout
        ``layout(array, argument)`` is the view of a layout, a NumPy array without memory that has shape and strides;
        it raises ValueError if the view would need a copy.
    put
        ``put(ops, array, argument, value)`` is a copy of the array with `value` written into the view, no two
        elements of which share memory.
    """

    parameter: str
    view: Callable[[Any, Any, Any], Any]
    layout: Callable[[numpy.ndarray, Any], numpy.ndarray]
    put: Callable[[Any, Any, Any, Any], Any]


def diagonal_index(shape: tuple[int, ...], offset: int) -> tuple[Any, ...]:
    """The index of a diagonal of the last two axes, as `diagonal` takes it."""
    rows, columns = shape[-2:]
    length = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    along = numpy.arange(length)
    return (..., along + max(-offset, 0), along + max(offset, 0))


def unfold_index(shape: tuple[int, ...], window: tuple[int, int]) -> tuple[Any, ...]:
    """The index of sliding windows along the last axis, given their size and step."""
    size, step = window
    starts = numpy.arange(0, shape[-1] - size + 1, step)
    return (..., starts[:, None] + numpy.arange(size))


def strided_index(geometry: tuple[tuple[int, ...], tuple[int, ...], int]) -> tuple[Any, ...]:
    """The index of elements of the last axis at a distance, given the sizes, their steps and the first position."""
    size, steps, first = geometry
    found = numpy.asarray(first)
    for length, step in zip(size, steps, strict=True):
        found = found[..., None] + numpy.arange(length) * step
    return (..., found)


def _as_strided_layout(array: numpy.ndarray, geometry: tuple[tuple[int, ...], tuple[int, ...], int]) -> numpy.ndarray:
    size, steps, first = geometry
    in_bytes = [step * array.strides[-1] for step in steps]
    return numpy.lib.stride_tricks.as_strided(array[first:], size, in_bytes, writeable=False)


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
    "as_strided": StepKind(
        "geometry",
        view=lambda ops, array, geometry: ops.as_strided(array, geometry=geometry),
        layout=_as_strided_layout,
        put=lambda ops, array, geometry, value: ops.put(array, value, strided_index(geometry)),
    ),
    "broadcast_to": StepKind(
        "shape",
        view=lambda ops, array, shape: ops.broadcast_to(array, shape),
        layout=lambda array, shape: numpy.broadcast_to(array, shape),
        # Nothing is written into a view without elements.
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

OVERLAPPING = ("as_strided", "broadcast_to", "unfold")
"""The steps that make views whose elements may share memory."""

_PARTS = ("imag", "real")


def contiguous_layout(shape: tuple[int, ...], is_complex: bool) -> numpy.ndarray:
    """The layout of a C-contiguous array; a real number takes one byte, a complex one two."""
    strides, step = [], 1
    for length in reversed(shape):
        strides.append(step)
        step *= max(length, 1)
    return strided_layout(shape, tuple(reversed(strides)), 1, is_complex)


def strided_layout(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int, is_complex: bool) -> numpy.ndarray:
    """The layout of an array with given strides in bytes."""
    unit = _COMPLEX_UNIT if is_complex else _REAL_UNIT
    scaled = [stride * unit.itemsize // itemsize for stride in strides]
    return numpy.lib.stride_tricks.as_strided(numpy.empty(1, unit), shape, scaled, writeable=False)


def strides(layout: numpy.ndarray) -> tuple[int, ...]:
    """The strides of a layout, in elements."""
    return tuple(stride // layout.itemsize for stride in layout.strides)


def overlaps(layout: numpy.ndarray) -> bool:
    """Whether two elements may share memory: an axis has a stride shorter than the extent of smaller strides."""
    if layout.size < 2:
        return False
    reach = layout.itemsize
    for stride, length in sorted((abs(s), n) for s, n in zip(layout.strides, layout.shape, strict=True) if n > 1):
        if stride < reach:
            return True
        reach = stride * (length - 1) + reach
    return False


def take_view(ops: Any, array: Any, steps: tuple[Step, ...]) -> Any:
    """Apply view steps to an array."""
    for name, argument in steps:
        array = STEPS[name].view(ops, array, argument)
    return array


def put_view(ops: Any, array: Any, value: Any, steps: tuple[Step, ...]) -> Any:
    """A copy of an array with `value` written into the view by steps."""
    if not steps:
        return value
    (name, argument), rest = steps[0], steps[1:]
    if name in OVERLAPPING and rest:
        return _put_flat(ops, array, value, steps)
    inner = put_view(ops, STEPS[name].view(ops, array, argument), value, rest) if rest else value
    return STEPS[name].put(ops, array, argument, inner)


def _put_flat(ops: Any, array: Any, value: Any, steps: tuple[Step, ...]) -> Any:
    """`put_view` by the flat indices of the elements, for a view of a view whose elements share memory."""
    part = next((step for step in steps if step[0] in _PARTS), None)
    if part is not None:
        whole = tuple(step for step in steps if step is not part)
        return put_view(ops, array, value, (part, *whole))
    positions = numpy.arange(math.prod(array.shape)).reshape(array.shape)
    for name, argument in steps:
        # Flat indices may be copied, so any reshape works.
        positions = positions.reshape(argument) if name == "reshape" else STEPS[name].layout(positions, argument)
    flat = ops.put(ops.reshape(array, (-1,)), value, (positions,))
    return ops.reshape(flat, array.shape)
