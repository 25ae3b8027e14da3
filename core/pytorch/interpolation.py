"""`interpolate`: images and signals in another size, as in PyTorch; each axis by itself."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy

from ..families.function import function
from ..memory.structure import index as read
from ..memory.tensor import Tensor
from ..standard.creation import asarray
from ..standard.elementwise import add
from ..types.axes import as_float
from ..types.errors import ArgumentError, ShapeError, UnsupportedError
from .adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .windows import per_axis

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

Taps = list[tuple[numpy.ndarray, numpy.ndarray | None]]
"""Positions along an axis and their weights, which are added; None for 1."""

_NDIMS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
"""The numbers of axes of the modes that want one."""

_AREA = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)


@function(accepts="real-valued floating-point", widens_half=True)
def interpolate(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:  # fmt: skip
    """Images and signals in another size.

    Parameters
    ----------
    input : Tensor, shape (N, C, L), (N, C, H, W) or (N, C, D, H, W)
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    size : int or tuple of int, optional
        The new lengths of the axes after the channels'.
    scale_factor : float or tuple of float, optional
        What their lengths are multiplied by, if `size` is not given.
    mode : {"nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic", "area"}
        By one, two and three axes it is "linear", "bilinear" and "trilinear".
    align_corners : bool, optional
        Whether the centres of the first and last elements stay where they are, not their outer edges.
    recompute_scale_factor : bool, optional
        Whether positions follow from the lengths in place of `scale_factor`, whose product is rounded down.
    antialias : bool, default: False
        Not supported.

    Raises
    ------
    ShapeError
        If the shape does not fit the mode, or a length is not positive.
    ValueError
        For other arguments that do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.interpolate(tp.tensor([[[0.0, 1.0]]]), 4, mode="linear", align_corners=False)
    tensor([[[0.0000, 0.2500, 0.7500, 1.0000]]])
    """
    lengths = input.shape[2:]
    if not 1 <= len(lengths) <= 3 or _NDIMS.get(mode, input.ndim) != input.ndim:
        raise ShapeError(f"interpolate: got an input of shape {input.shape}, wanted {_wanted(mode)} for mode {mode!r}")
    if antialias:
        raise UnsupportedError("interpolate: antialias is not supported; blur before, as by avg_pool2d")
    if mode in ("nearest", "nearest-exact", "area") and align_corners is not None:
        raise ArgumentError(
            f"interpolate: got align_corners in mode {mode!r}, wanted it in linear and cubic modes only"
        )
    sizes, factors = _sizes(lengths, size, scale_factor)
    if not all(sizes) or not all(lengths):
        raise ShapeError(
            f"interpolate: got an input of shape {input.shape} and the new size {sizes}, wanted none empty"
        )
    if size is not None or recompute_scale_factor:
        factors = (None,) * len(lengths)
    if mode == "area":
        found: Tensor = _AREA[len(lengths) - 1](input, sizes)
        return found
    taps = _TAPS.get(mode)
    if taps is None:
        raise ArgumentError(f"interpolate: got mode {mode!r}, wanted 'area', {', '.join(map(repr, _TAPS))}")
    for axis, (length, count, factor) in enumerate(zip(lengths, sizes, factors, strict=True), 2):
        input = _weighted(input, axis, taps(length, count, factor, bool(align_corners)))
    return input


def _wanted(mode: str) -> str:
    return f"{_NDIMS[mode]} axes" if mode in _NDIMS else "3 to 5 axes"


def _sizes(lengths: tuple[int, ...], size: Any, scale_factor: Any) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """The new lengths, and the factors if these are given."""
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"interpolate: got size {size} and scale_factor {scale_factor}, wanted one of them")
    if size is not None:
        return per_axis("interpolate", "size", size, len(lengths)), (None,) * len(lengths)
    given = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * len(lengths)
    if len(given) != len(lengths):
        raise ArgumentError(f"interpolate: got scale_factor {scale_factor}, wanted one number or {len(lengths)}")
    factors = tuple(as_float("interpolate", "scale_factor", factor) for factor in given)
    return tuple(math.floor(length * factor) for length, factor in zip(lengths, factors, strict=True)), factors


def _weighted(x: Tensor, axis: int, taps: Taps) -> Tensor:
    """The sum of elements at positions along an axis, times weights."""
    before = (slice(None),) * axis
    behind = (1,) * (x.ndim - axis - 1)
    terms = []
    for positions, weights in taps:
        part = read(x, (*before, positions))
        if weights is not None:
            part = part * asarray(weights.reshape(-1, *behind), dtype=x.dtype, device=x.device)
        terms.append(part)
    return functools.reduce(add, terms)


def _nearest(shift: float, length: int, count: int, factor: float | None, align: bool) -> Taps:
    # PyTorch computes them in float32.
    step = numpy.float32(length / count if factor is None else 1.0 / factor)
    positions = numpy.floor((numpy.arange(count, dtype=numpy.float32) + numpy.float32(shift)) * step)
    return [(positions.astype(int).clip(0, length - 1), None)]


def _places(length: int, count: int, factor: float | None, align: bool) -> numpy.ndarray:
    """Where the new elements lie among the old ones."""
    if align:
        return numpy.arange(count) * ((length - 1) / (count - 1) if count > 1 else 0.0)
    return (numpy.arange(count) + 0.5) * (length / count if factor is None else 1.0 / factor) - 0.5


def _linear(length: int, count: int, factor: float | None, align: bool) -> Taps:
    places = _places(length, count, factor, align).clip(0.0, None)
    first = numpy.floor(places).astype(int).clip(0, length - 1)
    share = (places - first).clip(0.0, 1.0)
    return [(first, 1.0 - share), ((first + 1).clip(0, length - 1), share)]


CUBIC = -0.75
"""The parameter of cubic convolution (Keys, "Cubic convolution interpolation for digital image processing", 1981)."""


def cubic_weights(t: Any) -> list[Any]:
    """The weights of four neighbours of a place between the two inner ones."""

    def inner(x: Any) -> Any:
        return ((CUBIC + 2.0) * x - (CUBIC + 3.0)) * x * x + 1.0

    def outer(x: Any) -> Any:
        return ((CUBIC * x - 5.0 * CUBIC) * x + 8.0 * CUBIC) * x - 4.0 * CUBIC

    return [outer(t + 1.0), inner(t), inner(1.0 - t), outer(2.0 - t)]


def _cubic(length: int, count: int, factor: float | None, align: bool) -> Taps:
    places = _places(length, count, factor, align)
    first = numpy.floor(places).astype(int)
    weights = cubic_weights(places - first)
    return [((first + i).clip(0, length - 1), weight) for i, weight in enumerate(weights, -1)]


_TAPS: dict[str, Callable[[int, int, float | None, bool], Taps]] = {
    "nearest": functools.partial(_nearest, 0.0),
    "nearest-exact": functools.partial(_nearest, 0.5),
    "linear": _linear,
    "bilinear": _linear,
    "trilinear": _linear,
    "bicubic": _cubic,
}


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """PyTorch's old name of `interpolate`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.upsample(tp.tensor([[[0.0, 1.0]]]), 4)
    tensor([[[0., 0., 1., 1.]]])
    """
    found: Tensor = interpolate(input, size, scale_factor, mode, align_corners)
    return found


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` in mode "nearest".

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.upsample_nearest(tp.tensor([[[0.0, 1.0]]]), scale_factor=2)
    tensor([[[0., 0., 1., 1.]]])
    """
    found: Tensor = interpolate(input, size, scale_factor)
    return found


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` in mode "bilinear" with aligned corners.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.upsample_bilinear(tp.tensor([[[[0.0, 1.0]]]]), (1, 3))
    tensor([[[[0.0000, 0.5000, 1.0000]]]])
    """
    found: Tensor = interpolate(input, size, scale_factor, "bilinear", True)
    return found
