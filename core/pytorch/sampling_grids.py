"""`grid_sample` and `affine_grid`: images read at places that are tensors, as in PyTorch."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy

from ..autodiff.composing import compose, constant
from ..families.function import function
from ..memory.coercion import same_device
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..standard.creation import asarray
from ..standard.linear_algebra import matmul
from ..standard.manipulation import expand_dims, matrix_transpose
from ..standard.searching import where
from ..types.axes import normalize_shape
from ..types.errors import ArgumentError, DTypeError, ShapeError
from .interpolation import cubic_weights

__all__ = ["affine_grid", "grid_sample"]

_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


@function(accepts="real-valued floating-point", widens_half=True)
def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """Images read at places between their pixels.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (N, C, D, H, W)
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    grid : Tensor, shape (N, h, w, 2) or (N, d, h, w, 3)
        The places, along the last axis first, from -1 to 1.
    mode : {"bilinear", "nearest", "bicubic"}
        How pixels are put together; "bicubic" for images only.
    padding_mode : {"zeros", "border", "reflection"}
        What lies beyond the image: nothing, its border, or its mirror image.
    align_corners : bool, optional
        Whether -1 and 1 are the centres of the first and last pixels, not their outer edges.

    Returns
    -------
    Tensor, shape (N, C, h, w) or (N, C, d, h, w)

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    ValueError
        For other modes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> image = tp.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
    >>> tp.nn.functional.grid_sample(image, tp.tensor([[[[0.0, 0.0], [0.0, 0.5]]]]), align_corners=True)
    tensor([[[[1.5000, 2.0000]]]])
    """
    _check(input, grid, mode, padding_mode)
    input, grid = same_device("grid_sample", input, grid)
    found: Tensor = compose(_sample, input, grid, mode=mode, padding_mode=padding_mode, align=bool(align_corners))
    if mode == "nearest" and grid.requires_grad:
        # With a gradient of zeros for the grid, as in PyTorch.
        return where(asarray(True, device=grid.device), found, expand_dims(grid[..., 0], axis=1))
    return found


def _sample(ops: Any, input: Any, grid: Any, mode: str, padding_mode: str, align: bool) -> Any:
    lead, lengths = input.shape[:2], input.shape[2:]
    along: list[Any] = []
    for axis, length in enumerate(reversed(lengths)):
        # The grid has the last axis first.
        place = ops.reshape(ops.take_view(grid, (("getitem", (..., axis)),)), (lead[0], 1, math.prod(grid.shape[1:-1])))
        place = (place + 1.0) * ((length - 1) / 2) if align else ((place + 1.0) * length - 1.0) / 2.0
        # NaN, which is no place, is taken for the first pixel of images and the last one of volumes, as in PyTorch.
        unknown = 0.0 if len(lengths) == 2 else length - 1.0
        pad = functools.partial(_padded, ops, length=length, unknown=unknown, padding_mode=padding_mode, align=align)
        neighbours = _NEIGHBOURS[mode](ops, place if mode == "bicubic" else pad(place))
        if mode == "bicubic":
            neighbours = [(pad(one), weight) for one, weight in neighbours]
        along.insert(0, [_pixel(ops, one, weight, length, len(lengths)) for one, weight in neighbours])
    pixels = ops.reshape(input, (*lead, math.prod(lengths)))
    terms = []
    for neighbours in itertools.product(*along):
        numbers, inside, weights = zip(*neighbours, strict=True)
        flat: Any = functools.reduce(lambda total, one: total * one[1] + one[0], zip(numbers, lengths, strict=True), 0)
        value = ops.gather_flat(ops.broadcast_to(flat, (*lead, flat.shape[-1])), pixels, axis=2, count=1)
        value = ops.where(functools.reduce(ops.logical_and, inside), value, ops.zeros_like(value))
        terms.append(value if weights[0] is None else value * functools.reduce(ops.multiply, weights))
    return ops.reshape(functools.reduce(ops.add, terms), (*lead, *grid.shape[1:-1]))


def _pixel(ops: Any, position: Any, weight: Any, length: int, count: int) -> tuple[Any, Any, Any]:
    """The index of a pixel along an axis, whether its position is in the image, and its weight.

    The index is 0 outside. At NaN in the grid the weight is NaN in images and 0 in volumes, as in PyTorch.
    """
    position = constant(position)
    clipped = ops.clip(position, ops.zeros_like(position), ops.full_like(position, length - 1.0))
    inside = ops.equal(clipped, position)
    if count == 3 and weight is not None:
        weight = ops.where(inside, weight, ops.zeros_like(weight))
    return ops.cast(ops.where(inside, clipped, ops.zeros_like(clipped)), "int64"), inside, weight


def _check(input: Tensor, grid: Tensor, mode: str, padding_mode: str) -> None:
    if input.ndim not in (4, 5) or grid.ndim != input.ndim or grid.shape[-1] != input.ndim - 2:
        raise ShapeError(
            f"grid_sample: got an input of shape {input.shape} and a grid of shape {grid.shape}, wanted "
            "(N, C, H, W) and (N, h, w, 2), or (N, C, D, H, W) and (N, d, h, w, 3)"
        )
    if input.shape[0] != grid.shape[0] or 0 in input.shape[2:]:
        raise ShapeError(
            f"grid_sample: got an input of shape {input.shape} and a grid of shape {grid.shape}, wanted equally many "
            "examples, and no empty image"
        )
    if input.dtype is not grid.dtype:
        raise DTypeError(f"grid_sample: got an input of {input.dtype} and a grid of {grid.dtype}, wanted one dtype")
    if mode not in _MODES or (mode == "bicubic" and input.ndim == 5):
        raise ArgumentError(f"grid_sample: got mode {mode!r}, wanted 'bilinear', 'nearest' or, of images, 'bicubic'")
    if padding_mode not in _PADDINGS:
        raise ArgumentError(f"grid_sample: got padding_mode {padding_mode!r}, wanted one of {_PADDINGS}")


def _padded(ops: Any, place: Any, length: int, unknown: float, padding_mode: str, align: bool) -> Any:
    """Places beyond the image moved into it, unless there is nothing there, and NaN to a place that is given."""
    if padding_mode == "zeros":
        return place
    if padding_mode == "reflection":
        low, span = (0.0, length - 1.0) if align else (-0.5, float(length))
        place = _reflected(ops, _without_nan(ops, place, unknown), low, span)
    first, last = ops.zeros_like(place), ops.full_like(place, length - 1.0)
    moved = ops.clip(_without_nan(ops, constant(place), unknown), first, last)
    # The first and the last place have no gradient, as in PyTorch.
    return ops.where(ops.logical_and(ops.greater(place, first), ops.less(place, last)), place, moved)


def _without_nan(ops: Any, place: Any, unknown: float) -> Any:
    return ops.where(ops.equal(place, place), place, ops.full_like(place, unknown))


def _reflected(ops: Any, place: Any, low: float, span: float) -> Any:
    """Places mirrored at both ends of a span until they lie in it."""
    if span == 0.0:
        return place * 0.0
    beyond = ops.abs(place - low)
    flips = ops.floor(constant(beyond) / span)
    rest = beyond - flips * span
    return ops.where(flips * 0.5 == ops.floor(flips * 0.5), rest, span - rest) + low


def _two(ops: Any, place: Any) -> list[tuple[Any, Any]]:
    """The neighbours of places, and their weights."""
    first = ops.floor(constant(place))
    return [(first, first + 1.0 - place), (first + 1.0, place - first)]


def _four(ops: Any, place: Any) -> list[tuple[Any, Any]]:
    first = ops.floor(constant(place))
    return [(first + float(i), weight) for i, weight in enumerate(cubic_weights(place - first), -1)]


_NEIGHBOURS: dict[str, Callable[[Any, Any], Any]] = {
    "bilinear": _two,
    "bicubic": _four,
    "nearest": lambda ops, place: [(ops.round(constant(place)), None)],
}


@function(accepts="real-valued floating-point")
def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The grid of an affine map, for `grid_sample`.

    Parameters
    ----------
    theta : Tensor, shape (N, 2, 3) or (N, 3, 4)
        The matrices of the maps.
    size : tuple of int
        The shape of the images that are to be made, (N, C, H, W) or (N, C, D, H, W).
    align_corners : bool, optional
        That of `grid_sample`.

    Returns
    -------
    Tensor, shape (N, H, W, 2) or (N, D, H, W, 3)

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> theta = tp.tensor([[[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]])
    >>> tp.nn.functional.affine_grid(theta, (1, 1, 1, 2), align_corners=True)
    tensor([[[[-0.5000,  0.0000],
              [ 1.5000,  0.0000]]]])
    """
    lengths = normalize_shape("affine_grid", size)
    count = len(lengths) - 2
    if count not in (2, 3) or theta.shape != (lengths[0], count, count + 1):
        raise ShapeError(
            f"affine_grid: got theta of shape {theta.shape} and size {lengths}, wanted (N, 2, 3) and (N, C, H, W), or "
            "(N, 3, 4) and (N, C, D, H, W)"
        )
    along = []
    for length in lengths[2:]:
        steps = numpy.linspace(-1.0, 1.0, length) if length > 1 else numpy.zeros(length)
        along.append(steps if align_corners else steps * ((length - 1) / length))
    grid = numpy.meshgrid(*along, indexing="ij")
    points = numpy.stack([*reversed(grid), numpy.ones_like(grid[0])], -1).reshape(-1, count + 1)
    found = matmul(asarray(points, dtype=theta.dtype, device=theta.device), matrix_transpose(theta))
    return reshape(found, (lengths[0], *lengths[2:], count))
