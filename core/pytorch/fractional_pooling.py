"""Fractional max pooling, as in PyTorch (Graham, "Fractional max-pooling", 2014)."""

from __future__ import annotations

import math
from typing import Any

from ..dispatch.keys import device_of
from ..dispatch.operation import operation
from ..families.function import function
from ..memory.coercion import same_device
from ..memory.tensor import Tensor
from ..random.generator import rand
from ..standard.positions import elements_at
from ..types.axes import as_float
from ..types.errors import ArgumentError, ShapeError
from .windows import as_given, channels_first, per_axis

__all__ = ["fractional_max_pool2d", "fractional_max_pool3d"]

_FLOATS = "real-valued floating-point"


@operation(accepts=_FLOATS, result="int64")
def _fractional_positions(ops: Any, samples: Any, x: Any, *, sizes: tuple[int, ...], counts: tuple[int, ...]) -> Any:
    """The position of the largest element, or of the last NaN, of each window among those of the last axes.

    The samples, of shape (N, C, axes), say where the windows start.
    """
    axes = range(len(sizes))
    lead, lengths = x.shape[: -len(sizes)], x.shape[-len(sizes) :]
    order = (1, 0) if len(sizes) == 2 else (0, 1, 2)
    device = device_of(x)
    positions: Any = 0
    for axis, (length, size, count) in enumerate(zip(lengths, sizes, counts, strict=True)):
        sample = ops.getitem(samples, (..., slice(order[axis], order[axis] + 1)))
        places = ops.arange(count, dtype=samples.dtype, device=device)
        step = (length - size) / max(count - 1, 1)
        starts = ops.cast(ops.trunc((sample + places) * step) - ops.trunc(sample * step), "int64")
        # The last window ends where the axis does.
        starts = ops.where(places < count - 1, starts, ops.full_like(starts, length - size))
        within = ops.cast(ops.arange(size, device=device), "int64")
        starts = ops.reshape(starts, (*lead, *(count if i == axis else 1 for i in axes), *(1 for _ in axes)))
        positions = positions * length + starts + ops.reshape(within, tuple(size if i == axis else 1 for i in axes))
    windows = ops.reshape(positions, (*lead, math.prod(counts), math.prod(sizes)))
    elements = ops.gather_flat(windows, x, axis=len(lead), count=len(sizes))
    places = ops.cast(ops.arange(math.prod(sizes), device=device), "int64")
    unknown = ops.where(ops.not_equal(elements, elements), places, ops.full_like(places, -1))
    unknown = ops.max(unknown, axis=-1, keepdims=True)
    largest = ops.where(unknown < 0, ops.argmax(elements, axis=-1, keepdims=True), unknown)
    return ops.reshape(ops.take_along_axis(windows, largest, axis=-1), (*lead, *counts))


def _fractional_max_pool(
    operation: str, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, return_indices: bool,
    samples: Tensor | None,
) -> Any:  # fmt: skip
    count = int(operation[-2])
    x = channels_first(operation, input, count)
    lengths = x.shape[2:]
    sizes = per_axis(operation, "kernel_size", kernel_size, count)
    if (output_size is None) == (output_ratio is None):
        raise ArgumentError(f"{operation}: wants one of output_size and output_ratio")
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * count
        factors = [as_float(operation, "output_ratio", one) for one in ratios]
        if len(factors) != count or not all(0 < one < 1 for one in factors):
            raise ArgumentError(f"{operation}: got output_ratio {output_ratio}, wanted numbers between 0 and 1")
        output_size = [int(length * one) for length, one in zip(lengths, factors, strict=True)]
    counts = per_axis(operation, "output_size", output_size, count)
    if 0 in x.shape[1:] or any(n + size - 1 > length for n, size, length in zip(counts, sizes, lengths, strict=True)):
        raise ShapeError(
            f"{operation}: got an input of shape {input.shape}, too small for {counts} windows of size {sizes}"
        )
    if samples is None:
        samples = rand(*x.shape[:2], count, dtype=x.dtype, device=x.device)
    elif samples.shape != (*x.shape[:2], count):
        raise ShapeError(f"{operation}: got _random_samples of shape {samples.shape}, wanted {(*x.shape[:2], count)}")
    x, samples = same_device(operation, x, samples)
    positions = _fractional_positions(samples, x, sizes=sizes, counts=counts)
    found = as_given(input, elements_at(x, positions, 2, count), count)
    return (found, as_given(input, positions, count)) if return_indices else found


@function(accepts=_FLOATS)
def fractional_max_pool2d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The largest element of windows of images that lie at random, so that the result has a given size.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a real-valued floating-point dtype.
    kernel_size : int or tuple of int
        The size of the windows.
    output_size : int or tuple of int, optional
        The size of the result.
    output_ratio : float or tuple of float, optional
        The size of the result over that of the images, in place of `output_size`.
    return_indices : bool, default: False
        Whether to return the positions of the largest elements too, among all of an image.

    Returns
    -------
    Tensor, or tuple of Tensor

    Raises
    ------
    ShapeError
        If the images are too small.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.fractional_max_pool2d(tp.arange(16.0).reshape(1, 4, 4), 2, output_size=2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    return _fractional_max_pool(
        "fractional_max_pool2d", input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )


@function(accepts=_FLOATS)
def fractional_max_pool3d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The largest element of windows over three axes that lie at random; see `fractional_max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.fractional_max_pool3d(tp.arange(8.0).reshape(1, 2, 2, 2), 1, output_size=2).shape
    (1, 2, 2, 2)
    """
    return _fractional_max_pool(
        "fractional_max_pool3d", input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )
