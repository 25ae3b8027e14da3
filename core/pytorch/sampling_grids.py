"""`grid_sample` and `affine_grid`: images read at places that are tensors, as in PyTorch."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy

from ..families.function import function
from ..memory.coercion import same_device
from ..memory.structure import broadcast_to, cast, reshape
from ..memory.tensor import Tensor
from ..standard.creation import asarray
from ..standard.elementwise import (
    abs,
    add,
    clip,
    equal,
    floor,
    greater_equal,
    less,
    logical_and,
    multiply,
    remainder,
    round,
)
from ..standard.linear_algebra import matmul
from ..standard.manipulation import matrix_transpose
from ..standard.positions import elements_at
from ..standard.searching import where
from ..types.axes import normalize_shape
from ..types.dtypes import int64
from ..types.errors import ArgumentError, DTypeError, ShapeError
from .interpolation import cubic_weights
from .piecewise import clamp

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
    lengths = input.shape[2:]
    align = bool(align_corners)
    flat = reshape(grid, (grid.shape[0], 1, -1, len(lengths)))
    # The grid has the last axis first.
    places = [_place(flat[..., i], n, align) for i, n in zip(reversed(range(len(lengths))), lengths, strict=True)]
    if mode != "bicubic":
        places = [_padded(place, n, padding_mode, align) for place, n in zip(places, lengths, strict=True)]
    along: list[Any] = [_NEIGHBOURS[mode](place) for place in places]
    pixels = reshape(input, (*input.shape[:2], math.prod(lengths)))
    terms = []
    for neighbours in itertools.product(*along):
        positions = [position for position, _ in neighbours]
        if mode == "bicubic":
            positions = [_padded(one, n, padding_mode, align) for one, n in zip(positions, lengths, strict=True)]
        value = _read(pixels, positions, lengths)
        weights = [weight for _, weight in neighbours if weight is not None]
        terms.append(functools.reduce(multiply, weights, value))
    return reshape(functools.reduce(add, terms), (*input.shape[:2], *grid.shape[1:-1]))


def _check(input: Tensor, grid: Tensor, mode: str, padding_mode: str) -> None:
    if input.ndim not in (4, 5) or grid.ndim != input.ndim or grid.shape[-1] != input.ndim - 2:
        raise ShapeError(
            f"grid_sample: got an input of shape {input.shape} and a grid of shape {grid.shape}, wanted (N, "
            f"C, H, W) and "
            "(N, h, w, 2), or (N, C, D, H, W) and (N, d, h, w, 3)"
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


def _place(x: Tensor, length: int, align: bool) -> Tensor:
    """The places among the pixels of an axis."""
    return (x + 1.0) * ((length - 1) / 2) if align else ((x + 1.0) * length - 1.0) / 2.0


def _padded(place: Tensor, length: int, padding_mode: str, align: bool) -> Tensor:
    """Places beyond the image moved into it, unless there is nothing there."""
    if padding_mode == "zeros":
        return place
    if padding_mode == "reflection":
        place = _reflected(place, 0.0, length - 1.0) if align else _reflected(place, -0.5, float(length))
    return clamp(place, 0.0, length - 1.0)


def _reflected(place: Tensor, low: float, span: float) -> Tensor:
    """Places mirrored at both ends of a span until they lie in it."""
    if span == 0.0:
        return place * 0.0
    beyond = abs(place - low)
    flips = floor(beyond.detach() / span)
    rest = beyond - flips * span
    return where(equal(remainder(flips, 2.0), 0.0), rest, span - rest) + low


def _two(place: Tensor) -> list[tuple[Tensor, Tensor | None]]:
    """The neighbours of places, and their weights."""
    first = floor(place.detach())
    return [(first, first + 1.0 - place), (first + 1.0, place - first)]


def _four(place: Tensor) -> list[tuple[Tensor, Tensor | None]]:
    first = floor(place.detach())
    return [(first + float(i), weight) for i, weight in enumerate(cubic_weights(place - first), -1)]


_NEIGHBOURS: dict[str, Callable[[Tensor], Any]] = {
    "bilinear": _two,
    "bicubic": _four,
    "nearest": lambda place: [(round(place.detach()), None)],
}


def _read(pixels: Tensor, positions: list[Tensor], lengths: tuple[int, ...]) -> Tensor:
    """The pixels at whole positions, and zero beyond the image."""
    inside: Any = None
    flat: Any = 0
    for position, length in zip(positions, lengths, strict=True):
        within = logical_and(greater_equal(position, 0.0), less(position, float(length)))
        inside = within if inside is None else logical_and(inside, within)
        flat = flat * length + cast(clip(position, 0.0, length - 1.0), int64)
    flat = broadcast_to(flat.detach(), (*pixels.shape[:2], flat.shape[-1]))
    return where(inside, elements_at(pixels, flat, 2), 0.0)


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
