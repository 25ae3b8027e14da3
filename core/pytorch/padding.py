"""`pad`: constants, reflections, edges or the other end beside the elements of a tensor, as in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ..dispatch.operation import operation
from ..families.function import function
from ..memory.coercion import equals_scalar, python_number, require_range
from ..memory.structure import clone
from ..memory.structure import index as read
from ..memory.tensor import Tensor
from ..types.axes import as_integer
from ..types.dtypes import promote_scalar
from ..types.errors import ArgumentError, DTypeError, ShapeError

__all__ = ["constant_pad_nd", "pad"]

Margins = Sequence[tuple[int, int]]
"""The numbers of elements in front and behind, for each of the last axes."""


@operation()
def _constant_pad(ops: Any, x: Any, *, padding: tuple[tuple[int, int], ...], value: Any) -> Any:
    """A constant at both ends of the last axes; elements are taken away where the padding is negative."""
    lead = len(x.shape) - len(padding)
    source: list[Any] = [slice(None)] * lead
    target: list[Any] = [slice(None)] * lead
    shape = list(x.shape)
    for axis, (before, behind) in enumerate(padding, lead):
        length = shape[axis]
        shape[axis] += before + behind
        source.append(slice(max(-before, 0), length - max(-behind, 0)))
        target.append(slice(max(before, 0), shape[axis] - max(behind, 0)))
    part = ops.getitem(x, tuple(source))
    found = ops.embed(part, tuple(shape), tuple(target))
    return found if value == 0 else ops.put(ops.full_like(found, value), part, tuple(target))


def pad_with(x: Tensor, margins: Margins, value: Any) -> Tensor:
    """A constant at both ends of the last axes."""
    if not any(map(any, margins)):
        return x
    found: Tensor = _constant_pad(x, padding=tuple(margins), value=value)
    return found


def _reflected(positions: numpy.ndarray, length: int) -> numpy.ndarray:
    inside = numpy.abs(positions)
    return length - 1 - numpy.abs(length - 1 - inside)


_MODES: dict[str, tuple[Callable[[numpy.ndarray, int], numpy.ndarray], Callable[[int], float]]] = {
    "reflect": (_reflected, lambda length: length - 1),
    "replicate": (lambda positions, length: positions.clip(0, length - 1), lambda length: numpy.inf),
    "circular": (lambda positions, length: positions % length, lambda length: length),
}
"""Where elements beside those of an axis of a length are read, and how many there may be on each side."""


@function()
def pad(input: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
    """Elements added at both ends of the last axes.

    Parameters
    ----------
    input : Tensor
    pad : sequence of int
        The numbers of elements in front and behind, of the last axis first. Negative ones take elements away.
    mode : {"constant", "reflect", "replicate", "circular"}
        What is added: one value, the elements mirrored at the first or last one, that one again, or the elements from
        the other end.
    value : number, optional
        The constant; 0 by default.

    Raises
    ------
    ValueError
        For another mode, or a value in another mode than "constant".
    ShapeError
        If there is an odd number of them or more than axes, or they are more than the elements to be had.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, 2.0, 3.0])
    >>> tp.nn.functional.pad(x, (1, 2))
    tensor([0., 1., 2., 3., 0., 0.])
    >>> tp.nn.functional.pad(x, (1, 2), mode="reflect")
    tensor([2., 1., 2., 3., 2., 1.])
    """
    margins = _margins("pad", input, pad)
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if mode not in _MODES:
        raise ArgumentError(f"pad: got mode {mode!r}, wanted 'constant', {', '.join(map(repr, _MODES))}")
    if value is not None and value != 0:
        raise ArgumentError(f"pad: got value {value} in mode {mode!r}, which takes none")
    place, most = _MODES[mode]
    given = input
    if mode == "circular":
        # The other end is that of what is left.
        input = pad_with(input, [(min(before, 0), min(behind, 0)) for before, behind in margins], 0)
        margins = [(max(before, 0), max(behind, 0)) for before, behind in margins]
    for axis, (before, behind) in enumerate(margins, input.ndim - len(margins)):
        length = input.shape[axis]
        if max(before, behind) > (most(length) if length else 0):
            raise ShapeError(
                f"pad: got {(before, behind)} of axis {axis} in mode {mode!r} for an input of shape {input.shape}"
            )
        if before or behind:
            positions = place(numpy.arange(-before, length + behind), length)
            input = read(input, (*(slice(None),) * axis, positions))
    return clone(input) if input is given else input


@function()
def constant_pad_nd(input: Tensor, pad: Any, value: Any = 0) -> Tensor:
    """A constant added at both ends of the last axes: see `pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.constant_pad_nd(tp.tensor([1.0, 2.0]), (1, -1), 5.0)
    tensor([5., 1.])
    """
    value = python_number(value)
    if not equals_scalar(value, 0) and promote_scalar(input.dtype, value) is not input.dtype:
        raise DTypeError(f"pad: {value!r} can't be put into a {input.dtype} tensor; convert one of the two")
    require_range("pad", input.dtype, value)
    found = pad_with(input, _margins("pad", input, pad), value)
    return clone(input) if found is input else found


def _margins(operation: str, input: Tensor, pad: Any) -> Margins:
    """The padding as pairs, of the first axis first."""
    numbers = [as_integer(operation, "pad", number) for number in pad]
    if len(numbers) % 2 or len(numbers) > 2 * input.ndim:
        raise ShapeError(
            f"{operation}: got {len(numbers)} numbers for an input of shape {input.shape}, wanted two for each of the "
            f"last axes"
        )
    margins = list(zip(numbers[-2::-2], numbers[::-2], strict=True))
    for length, margin in zip(input.shape[input.ndim - len(margins) :], margins, strict=True):
        if length + min(margin[0], 0) + min(margin[1], 0) < 0 or length + sum(margin) < 0:
            raise ShapeError(f"{operation}: got {tuple(pad)} for an input of shape {input.shape}, which is shorter")
    return margins
