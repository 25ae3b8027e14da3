"""Pooling as in PyTorch: largest elements, means and norms of windows."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any, NamedTuple

import numpy

from ...backends.common.places import Ranges, place_index
from ..dispatch.keys import device_of
from ..dispatch.operation import operation
from ..families.function import function
from ..memory.tensor import Tensor
from ..standard.creation import asarray
from ..standard.elementwise import abs, pow, relu, sign
from ..standard.positions import elements_at
from ..standard.statistical import sum
from ..types.axes import as_float, as_integer
from ..types.errors import ArgumentError, ShapeError
from .padding import pad_with
from .windows import per_axis, require_channels, span
from .windows import windows as sliding

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]

_FLOATS = "real-valued floating-point"


@operation(accepts=_FLOATS, result="int64")
def _max_positions(ops: Any, x: Any, *, ranges: Ranges) -> Any:
    """The position of the largest element of each window among those of the last axes; the last NaN if there is one."""
    lengths = x.shape[len(x.shape) - len(ranges) :]
    order = ops.arange(math.prod(lengths), device=device_of(x))
    order = ops.reshape(ops.cast(order, "int64"), lengths)
    best = chosen = None
    for place in itertools.product(*(range(max(map(len, axis))) for axis in ranges)):
        index = place_index(ranges, place)
        part, positions = ops.getitem(x, index), ops.getitem(order, index)
        if best is None:
            best, chosen = part, ops.broadcast_to(positions, part.shape)
            continue
        better = ops.logical_or(ops.greater(part, best), ops.isnan(part))
        best, chosen = ops.where(better, part, best), ops.where(better, positions, chosen)
    return chosen


class _Pool(NamedTuple):
    """The windows of pooling along each axis.

    Attributes
    ----------
    size, stride, padding, dilation : tuple of int
    counts : tuple of int
        The number of windows.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    counts: tuple[int, ...]


@functools.lru_cache(maxsize=256)
def _ranges(pool: _Pool, lengths: tuple[int, ...]) -> Ranges:
    """The positions that windows read, without those in the padding."""
    found = []
    for size, step, margin, within, count, length in zip(*pool, lengths, strict=True):
        starts = [i * step - margin for i in range(count)]
        found.append(
            tuple(
                range(start % within if start < 0 else start, min(start + within * size, length), within)
                for start in starts
            )
        )
    return tuple(found)


def _pool(
    operation: str, x: Tensor, count: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> _Pool:
    """Check the arguments of pooling so many axes of `x`, the last ones."""
    require_channels(operation, x, count)
    shape = x.shape[-count:]
    sizes = per_axis(operation, "kernel_size", kernel_size, count)
    # PyTorch takes an empty tuple for None.
    steps = per_axis(operation, "stride", kernel_size if stride is None or stride in ((), []) else stride, count)
    margins = per_axis(operation, "padding", padding, count, 0)
    withins = per_axis(operation, "dilation", dilation, count)
    if any(2 * margin > size for margin, size in zip(margins, sizes, strict=True)):
        raise ArgumentError(f"{operation}: got padding {padding}, wanted at most half of the kernel size {kernel_size}")
    pool = _windows_of(shape, sizes, steps, margins, withins, ceil_mode)
    if min(pool.counts) < 1 or 0 in x.shape[-count - 1 :]:
        raise ShapeError(
            f"{operation}: got an input of shape {x.shape} with padding {padding}, wanted one not smaller than the "
            f"kernel {kernel_size} with dilation {dilation}"
        )
    return pool


@functools.lru_cache(maxsize=256)
def _windows_of(
    lengths: tuple[int, ...], sizes: tuple[int, ...], steps: tuple[int, ...], margins: tuple[int, ...],
    withins: tuple[int, ...], ceil_mode: bool,
) -> _Pool:  # fmt: skip
    """The windows of checked arguments."""
    counts = []
    for length, size, step, margin, within in zip(lengths, sizes, steps, margins, withins, strict=True):
        rest = length + 2 * margin - span(size, within)
        number = (rest + (step - 1 if ceil_mode else 0)) // step + 1
        # The last window starts inside of the input or in front of it.
        counts.append(number - (ceil_mode and (number - 1) * step >= length + margin))
    return _Pool(sizes, steps, margins, withins, tuple(counts))


def largest(x: Tensor, ranges: Ranges) -> tuple[Tensor, Tensor]:
    """The largest element of each window over the last axes, and its position among all of these."""
    positions = _max_positions(x, ranges=ranges)
    return elements_at(x, positions, x.ndim - len(ranges), len(ranges)), positions


def _max_pool(
    operation: str, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    return_indices: bool,
) -> Any:  # fmt: skip
    count = int(operation[-2])
    pool = _pool(operation, input, count, kernel_size, stride, padding, dilation, ceil_mode)
    ranges = _ranges(pool, input.shape[-count:])
    if not all(map(all, ranges)):
        raise ShapeError(
            f"{operation}: got an input of shape {input.shape} with padding {padding} and dilation {dilation}, wanted "
            "something else than padding in every window"
        )
    values, indices = largest(input, ranges)
    return (values, indices) if return_indices else values


def _avg_pool(
    operation: str, x: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    count = int(operation[-2])
    pool = _pool(operation, x, count, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override is not None and not as_integer(operation, "divisor_override", divisor_override):
        raise ArgumentError(f"{operation}: got divisor_override 0, wanted another number")
    lengths = x.shape[-count:]
    margins = [
        (margin, (number - 1) * step + size - length - margin)
        for size, step, margin, _, number, length in zip(*pool, lengths, strict=True)
    ]
    windows = sliding(pad_with(x, margins, 0), window=tuple(zip(pool.size, pool.stride, pool.dilation, strict=True)))
    total = sum(windows, axis=tuple(range(x.ndim - count, x.ndim)))
    if divisor_override is not None:
        return total / divisor_override
    divisor = _divisor(pool, lengths, pool.padding if count_include_pad else (0,) * count)
    if not isinstance(divisor, int):
        divisor = asarray(divisor, dtype=x.dtype, device=x.device)
    return total / divisor


@functools.lru_cache(maxsize=256)
def _divisor(pool: _Pool, lengths: tuple[int, ...], more: tuple[int, ...]) -> Any:
    """How many elements each window has, one number if all have as many, with some of the padding counted."""
    # An axis ends where the padding that was asked for does.
    ends = tuple(length + 2 * margin for length, margin in zip(lengths, more, strict=True))
    inside = _ranges(pool._replace(padding=tuple(n - m for n, m in zip(pool.padding, more, strict=True))), ends)
    found: Any = math.prod(numpy.ix_(*([len(one) for one in axis] for axis in inside)))
    return int(found.max()) if found.min() == found.max() else found


def _lp_pool(operation: str, input: Tensor, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: bool) -> Tensor:
    p = as_float(operation, "norm_type", norm_type)
    count = int(operation[-2])
    if math.isinf(p):
        factor = 1.0 if p > 0.0 else -1.0
        name = f"max_pool{count}d"
        return _max_pool(name, abs(input) * factor, kernel_size, stride, 0, 1, ceil_mode, False) * factor
    size = math.prod(per_axis(operation, "kernel_size", kernel_size, count))
    means = _avg_pool(f"avg_pool{count}d", pow(input, p), kernel_size, stride, 0, ceil_mode, True)
    return pow(sign(means) * relu(abs(means)) * size, 1.0 / p)


@function(accepts=_FLOATS)
def max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest element of each window of sequences; the parameters are those of `max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.max_pool1d(tp.tensor([[1.0, 3.0, 2.0, 0.0]]), 2, return_indices=True)
    (tensor([[3., 2.]]), tensor([[1, 2]]))
    """
    return _max_pool("max_pool1d", input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@function(accepts=_FLOATS)
def max_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest element of each window of images.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a real-valued floating-point dtype.
    kernel_size : int or tuple of int
        The size of the windows.
    stride : int or tuple of int, optional
        The step between windows; by default their size.
    padding : int or tuple of int, default: 0
        How far windows reach beyond both ends, at most half of their size; nothing there is the largest.
    dilation : int or tuple of int, default: 1
        The step within windows.
    ceil_mode : bool, default: False
        Whether a last window may reach beyond the end.
    return_indices : bool, default: False
        Whether to return the positions of the largest elements too, among all of an image, for `max_unpool2d`.

    Returns
    -------
    Tensor, or tuple of Tensor

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.max_pool2d(tp.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    return _max_pool("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@function(accepts=_FLOATS)
def max_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest element of each window over three axes; the parameters are those of `max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.max_pool3d(tp.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[7.]]]])
    """
    return _max_pool("max_pool3d", input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@function(accepts=_FLOATS, widens_half=True)
def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window of sequences; the parameters are those of `avg_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.avg_pool1d(tp.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[2., 1.]])
    """
    return _avg_pool("avg_pool1d", input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@function(accepts=_FLOATS, widens_half=True)
def avg_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window of images.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    kernel_size, stride, padding, ceil_mode
        Those of `max_pool2d`.
    count_include_pad : bool, default: True
        Whether the zeros of the padding count.
    divisor_override : int, optional
        What sums are divided by, in place of the size of the window.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.avg_pool2d(tp.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """
    return _avg_pool("avg_pool2d", input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@function(accepts=_FLOATS, widens_half=True)
def avg_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window over three axes; the parameters are those of `avg_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.avg_pool3d(tp.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[3.5000]]]])
    """
    return _avg_pool("avg_pool3d", input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@function(accepts=_FLOATS, widens_half=True)
def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False,
) -> Tensor:  # fmt: skip
    """The norm of each window of sequences; the parameters are those of `lp_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.lp_pool1d(tp.tensor([[3.0, 4.0, 2.0, 0.0]]), 2.0, 2)
    tensor([[5., 2.]])
    """
    return _lp_pool("lp_pool1d", input, norm_type, kernel_size, stride, ceil_mode)


@function(accepts=_FLOATS, widens_half=True)
def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False,
) -> Tensor:  # fmt: skip
    """The norm of each window of images, :math:`(\\sum x^p)^{1/p}`.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    norm_type : float
        The power of the norm.
    kernel_size, stride, ceil_mode
        Those of `max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.lp_pool2d(tp.tensor([[[3.0, 0.0], [0.0, 4.0]]]), 2.0, 2)
    tensor([[[5.]]])
    """
    return _lp_pool("lp_pool2d", input, norm_type, kernel_size, stride, ceil_mode)


@function(accepts=_FLOATS, widens_half=True)
def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False,
) -> Tensor:  # fmt: skip
    """The norm of each window over three axes; the parameters are those of `lp_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.lp_pool3d(tp.ones(1, 2, 2, 1), 3.0, (2, 2, 1))
    tensor([[[[1.5874]]]])
    """
    return _lp_pool("lp_pool3d", input, norm_type, kernel_size, stride, ceil_mode)
