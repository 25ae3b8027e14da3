"""Sliding windows over the last axes, of which convolutions and pooling are made; `fold` and `unfold` of images."""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..dispatch.operation import operation
from ..families.function import function
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..types.axes import as_integer
from ..types.errors import ArgumentError, ShapeError
from .padding import pad_with

__all__ = ["fold", "unfold"]

Window = tuple[tuple[int, int, int], ...]
"""For each of the last axes the size of windows, the step between them and the step within them."""


@operation(shares=True)
def windows(ops: Any, x: Any, *, window: Window) -> Any:
    """Sliding windows along the last axes: of shape (..., *sizes, *counts)."""
    return ops.getitem(x, window_index(x.shape, window))


@operation(accepts="numeric")
def overlap_add(ops: Any, x: Any, *, shape: tuple[int, ...], window: Window) -> Any:
    """Sum overlapping windows into zeros of a shape, the gradient of `windows`."""
    return ops.scatter_zeros(x, shape, window_index(shape, window))


def counts(shape: tuple[int, ...], window: Window) -> tuple[int, ...]:
    """The number of windows along each of the last axes."""
    lengths = shape[len(shape) - len(window) :]
    return tuple(
        max((length - span(size, within) + step) // step, 0)
        for length, (size, step, within) in zip(lengths, window, strict=True)
    )


def span(size: int, within: int) -> int:
    """The length that a window takes up."""
    return within * (size - 1) + 1


def window_index(shape: tuple[int, ...], window: Window) -> tuple[Any, ...]:
    """The index of sliding windows along the last axes."""
    found: list[Any] = [...]
    count = len(window)
    for i, ((size, step, within), number) in enumerate(zip(window, counts(shape, window), strict=True)):
        along = numpy.arange(size)[:, None] * within + numpy.arange(number) * step
        lengths = [1] * (2 * count)
        lengths[i], lengths[count + i] = along.shape
        found.append(along.reshape(lengths))
    return tuple(found)


def per_axis(operation: str, name: str, value: Any, count: int, least: int = 1) -> tuple[int, ...]:
    """One integer for each axis: an argument that is a number, or a sequence of one or of so many.

    Raises
    ------
    TypeError
        If it is another type.
    ValueError
        If there are more or fewer, or one is less than `least`.
    """
    if type(value) is int and least <= value < 1 << 59:
        return (value,) * count
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    numbers = tuple(as_integer(operation, name, number) for number in given)
    if len(numbers) == 1:
        numbers *= count
    if len(numbers) != count:
        raise ShapeError(f"{operation}: got {name} {value}, wanted one integer or {count}")
    if min(numbers) < least:
        raise ArgumentError(f"{operation}: got {name} {value}, wanted {least} or more")
    if max(numbers) >> 59:
        raise ArgumentError(f"{operation}: got {name} {value}, which is longer than any axis")
    return numbers


def require_channels(operation: str, input: Tensor, count: int) -> None:
    """Raise ShapeError unless the input has so many axes after the channels: a batch, (N, C, ...), or one example."""
    if input.ndim not in (count + 1, count + 2):
        raise ShapeError(
            f"{operation}: got an input of shape {input.shape}, wanted {count + 2} axes, or {count + 1} of one example"
        )


def channels_first(operation: str, input: Tensor, count: int) -> Tensor:
    """The input as a batch of examples, (N, C, ...): see `require_channels`."""
    require_channels(operation, input, count)
    return reshape(input, (1, *input.shape)) if input.ndim == count + 1 else input


def as_given(input: Tensor, found: Tensor, count: int) -> Tensor:
    """The result of `channels_first`, without the first axis if the input was one example."""
    return found if input.ndim == count + 2 else reshape(found, found.shape[1:])


@function(name="nn.functional.unfold", accepts="numeric")
def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Sliding blocks of images as columns of a matrix.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a numeric dtype.
    kernel_size, dilation, padding, stride : int or tuple of int
        The size of the blocks, the step within them, the zeros added on both sides, and the step between them.

    Returns
    -------
    Tensor, shape (N, C * h * w, L)
        `L` blocks of the size (h, w).

    Raises
    ------
    ShapeError
        If the input has another number of axes, or a block is larger.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.unfold(tp.arange(6.0).reshape(1, 2, 3), 2)
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """
    x = channels_first("unfold", input, 2)
    window = _blocks("unfold", kernel_size, stride, dilation)
    margins = per_axis("unfold", "padding", padding, 2, 0)
    x = pad_with(x, [(n, n) for n in margins], 0)
    if not all(counts(x.shape, window)):
        raise ShapeError(
            f"unfold: got an input of shape {input.shape} with padding {padding}, wanted at least one block of size "
            f"{kernel_size}"
        )
    found = windows(x, window=window)
    length = math.prod(found.shape[4:])
    return as_given(input, reshape(found, (x.shape[0], math.prod(found.shape[1:4]), length)), 2)


@function(name="nn.functional.fold", accepts="numeric")
def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Images from sliding blocks, which are added where they overlap: the transpose of `unfold`.

    Parameters
    ----------
    input : Tensor, shape (N, C * h * w, L) or (C * h * w, L)
        Of a numeric dtype.
    output_size : int or tuple of int
        The size of the images.
    kernel_size, dilation, padding, stride : int or tuple of int
        Those of `unfold`.

    Returns
    -------
    Tensor, shape (N, C, H, W)

    Raises
    ------
    ShapeError
        If the shape does not fit these.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.fold(tp.ones(1, 4, 2), (2, 3), 2)
    tensor([[[[1., 2., 1.],
              [1., 2., 1.]]]])
    """
    if input.ndim not in (2, 3):
        raise ShapeError(f"fold: got an input of shape {input.shape}, wanted 3 axes, or 2 of one example")
    x = reshape(input, (1, *input.shape)) if input.ndim == 2 else input
    window = _blocks("fold", kernel_size, stride, dilation)
    margins = per_axis("fold", "padding", padding, 2, 0)
    size = per_axis("fold", "output_size", output_size, 2)
    sizes = tuple(one[0] for one in window)
    whole = tuple(length + 2 * margin for length, margin in zip(size, margins, strict=True))
    number = counts(whole, window)
    channels, rest = divmod(x.shape[1], math.prod(sizes))
    if rest or math.prod(number) != x.shape[2]:
        raise ShapeError(
            f"fold: got an input of shape {input.shape}, wanted a multiple of {math.prod(sizes)} rows, for blocks of "
            f"size {sizes}, and {math.prod(number)} columns, for {number} blocks in {size}"
        )
    blocks = reshape(x, (x.shape[0], channels, *sizes, *number))
    found = overlap_add(blocks, shape=(x.shape[0], channels, *whole), window=window)
    return as_given(input, pad_with(found, [(-n, -n) for n in margins], 0), 1)


def _blocks(operation: str, size: Any, stride: Any, dilation: Any) -> Window:
    found = (
        per_axis(operation, name, value, 2)
        for name, value in (("kernel_size", size), ("stride", stride), ("dilation", dilation))
    )
    return tuple(zip(*found, strict=True))
