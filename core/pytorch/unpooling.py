"""The inverse of pooling for the largest elements, as in PyTorch: `max_unpool1d` to `max_unpool3d`."""

from __future__ import annotations

import math
from typing import Any

from ..families.function import function
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..standard.creation import zeros
from ..types.errors import ArgumentError, ShapeError
from .selection import scatter
from .windows import per_axis, require_channels

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]

_FLOATS = "real-valued floating-point"


def _max_unpool(
    operation: str, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    count = int(operation[-2])
    require_channels(operation, input, count)
    if input.shape != indices.shape:
        raise ShapeError(
            f"{operation}: got an input of shape {input.shape} and indices of shape {indices.shape}, wanted one shape"
        )
    sizes = per_axis(operation, "kernel_size", kernel_size, count)
    steps = per_axis(operation, "stride", kernel_size if stride is None else stride, count)
    margins = per_axis(operation, "padding", padding, count, 0)
    usual = tuple(
        (length - 1) * step + size - 2 * margin
        for length, step, size, margin in zip(input.shape[-count:], steps, sizes, margins, strict=True)
    )
    given = usual if output_size is None else tuple(output_size)[-count:]
    lengths = per_axis(operation, "output_size", given, count, 0)
    if any(abs(n - m) >= step for n, m, step in zip(lengths, usual, steps, strict=True)):
        raise ArgumentError(f"{operation}: got output_size {output_size}, wanted about {usual}, less than a stride off")
    lead = input.shape[:-count]
    flat, index = (reshape(one, (*lead, math.prod(one.shape[-count:]))) for one in (input, indices))
    empty = zeros((*lead, math.prod(lengths)), dtype=input.dtype, device=input.device)
    return reshape(scatter(empty, len(lead), index, flat), (*lead, *lengths))


@function(accepts=_FLOATS)
def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """The inverse of `max_pool1d`; the parameters are those of `max_unpool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.max_unpool1d(tp.tensor([[3.0, 2.0]]), tp.tensor([[1, 2]]), 2)
    tensor([[0., 3., 2., 0.]])
    """
    return _max_unpool("max_unpool1d", input, indices, kernel_size, stride, padding, output_size)


@function(accepts=_FLOATS)
def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """The inverse of `max_pool2d`: zeros, with the elements at the positions of the largest ones.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a real-valued floating-point dtype.
    indices : Tensor
        The positions that `max_pool2d` returned; the shape of `input`.
    kernel_size, stride, padding
        Those of `max_pool2d`.
    output_size : tuple of int, optional
        The size of the images, where these do not determine it.

    Raises
    ------
    IndexError
        If a position is out of range.
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.max_unpool2d(tp.tensor([[[5.0]]]), tp.tensor([[[3]]]), 2)
    tensor([[[0., 0.],
             [0., 5.]]])
    """
    return _max_unpool("max_unpool2d", input, indices, kernel_size, stride, padding, output_size)


@function(accepts=_FLOATS)
def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """The inverse of `max_pool3d`; the parameters are those of `max_unpool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.max_unpool3d(tp.ones(1, 1, 1, 1), tp.full((1, 1, 1, 1), 5), 2).flatten()
    tensor([0., 0., 0., 0., 0., 1., 0., 0.])
    """
    return _max_unpool("max_unpool3d", input, indices, kernel_size, stride, padding, output_size)
