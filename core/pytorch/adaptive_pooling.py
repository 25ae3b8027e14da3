"""Adaptive pooling as in PyTorch: largest elements and means of so many parts of each axis."""

from __future__ import annotations

import functools
from typing import Any

import numpy

from ...backends.common.places import Ranges
from ..families.function import function
from ..memory.structure import index as read
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..standard.creation import asarray, zeros
from ..standard.elementwise import add
from ..standard.statistical import mean
from ..types.axes import require_size
from ..types.dtypes import int64
from ..types.errors import ShapeError
from .pooling import largest
from .selection import masked_fill
from .windows import per_axis, require_channels

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
]

_FLOATS = "real-valued floating-point"


def _adapted(operation: str, x: Tensor, output_size: Any) -> Ranges:
    """The windows that divide each of the last axes into so many parts."""
    count = int(operation[-2])
    require_channels(operation, x, count)
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * count
    lengths = x.shape[-count:]
    if len(given) != count:
        raise ShapeError(f"{operation}: got output_size {output_size}, wanted one integer or {count}")
    # PyTorch takes None for the length of the axis.
    filled = [length if n is None else n for n, length in zip(given, lengths, strict=True)]
    sizes = per_axis(operation, "output_size", filled, count, 0)
    require_size(operation, sizes)
    if 0 in x.shape[-count - 1 :]:
        raise ShapeError(f"{operation}: got an input of shape {x.shape}, wanted no empty axis but the first")
    return _parts(sizes, lengths)


@functools.lru_cache(maxsize=256)
def _parts(sizes: tuple[int, ...], lengths: tuple[int, ...]) -> Ranges:
    return tuple(
        tuple(range(i * length // n, -(-(i + 1) * length // n)) for i in range(n))
        for n, length in zip(sizes, lengths, strict=True)
    )


def _adaptive_max_pool(operation: str, x: Tensor, output_size: Any, return_indices: bool) -> Any:
    ranges = _adapted(operation, x, output_size)
    if not all(ranges):
        shape = (*x.shape[: -len(ranges)], *map(len, ranges))
        values, indices = zeros(shape, dtype=x.dtype, device=x.device), zeros(shape, dtype=int64, device=x.device)
    else:
        values, indices = largest(x, ranges)
    return (values, indices) if return_indices else values


def _adaptive_avg_pool(operation: str, x: Tensor, output_size: Any) -> Tensor:
    ranges = _adapted(operation, x, output_size)
    lead = x.ndim - len(ranges)
    lengths = x.shape[lead:]
    if all(axis and length % len(axis) == 0 for length, axis in zip(lengths, ranges, strict=True)):
        parts = [n for length, axis in zip(lengths, ranges, strict=True) for n in (len(axis), length // len(axis))]
        return mean(reshape(x, (*x.shape[:lead], *parts)), axis=tuple(range(lead + 1, lead + len(parts), 2)))
    for axis, windows in enumerate(ranges, lead):
        x = _means(x, axis, windows)
    return x


def _means(x: Tensor, axis: int, windows: tuple[range, ...]) -> Tensor:
    """The means of windows along one axis, whose lengths differ by at most one."""
    if not windows:
        return x[(*(slice(None),) * axis, slice(0, 0))]
    longest = max(map(len, windows))
    before = (slice(None),) * axis
    parts = [read(x, (*before, numpy.asarray([one[min(k, len(one) - 1)] for one in windows]))) for k in range(longest)]
    lengths = numpy.asarray([len(one) for one in windows]).reshape(-1, *(1,) * (x.ndim - axis - 1))
    shorter = asarray(lengths < longest, device=x.device)
    parts[-1] = masked_fill(parts[-1], shorter, 0.0) if longest > 1 else parts[-1]
    return functools.reduce(add, parts) / asarray(lengths, dtype=x.dtype, device=x.device)


@function(accepts=_FLOATS, widens_half=True)
def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of each of so many parts of sequences; the parameters are those of `adaptive_avg_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.adaptive_avg_pool1d(tp.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[2., 1.]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", input, output_size)


@function(accepts=_FLOATS, widens_half=True)
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of each of so many parts of images.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a real-valued floating-point dtype.
    output_size : int or tuple of int or None
        The number of parts along each axis, which overlap where it does not divide the length; None for the length.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.adaptive_avg_pool2d(tp.arange(9.0).reshape(1, 3, 3), (1, 2))
    tensor([[[3.5000, 4.5000]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", input, output_size)


@function(accepts=_FLOATS, widens_half=True)
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of each of so many parts over three axes; the parameters are those of `adaptive_avg_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.adaptive_avg_pool3d(tp.arange(8.0).reshape(1, 2, 2, 2), 1)
    tensor([[[[3.5000]]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool3d", input, output_size)


@function(accepts=_FLOATS)
def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest element of each of so many parts of sequences; the parameters are those of `adaptive_max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.adaptive_max_pool1d(tp.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[3., 2.]])
    """
    return _adaptive_max_pool("adaptive_max_pool1d", input, output_size, return_indices)


@function(accepts=_FLOATS)
def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest element of each of so many parts of images.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a real-valued floating-point dtype.
    output_size : int or tuple of int or None
        The number of parts along each axis, which overlap where it does not divide the length; None for the length.
    return_indices : bool, default: False
        Whether to return the positions of the largest elements too, among all of an image.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.adaptive_max_pool2d(tp.arange(9.0).reshape(1, 3, 3), (1, 2))
    tensor([[[7., 8.]]])
    """
    return _adaptive_max_pool("adaptive_max_pool2d", input, output_size, return_indices)


@function(accepts=_FLOATS)
def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest element of each of so many parts over three axes; the parameters are those of `adaptive_max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.adaptive_max_pool3d(tp.arange(8.0).reshape(1, 2, 2, 2), 1)
    tensor([[[[7.]]]])
    """
    return _adaptive_max_pool("adaptive_max_pool3d", input, output_size, return_indices)
