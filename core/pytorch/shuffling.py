"""Channels and pixels in another order, as in PyTorch: `pixel_shuffle`, `pixel_unshuffle`, `channel_shuffle`."""

from __future__ import annotations

from ..families.function import function
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..standard.manipulation import permute_dims
from ..types.axes import as_integer
from ..types.errors import ShapeError

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


@function()
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels turned into pixels between the others: the shape (..., C r², H, W) becomes (..., C, H r, W r).

    Parameters
    ----------
    input : Tensor
    upscale_factor : int
        `r`.

    Raises
    ------
    ShapeError
        If the channels are no multiple of its square.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.pixel_shuffle(tp.arange(4.0).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    r = _factor("pixel_shuffle", "upscale_factor", upscale_factor, input, 3)
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise ShapeError(f"pixel_shuffle: got an input of shape {input.shape}, wanted a multiple of {r * r} channels")
    parts = reshape(input, (*lead, channels // (r * r), r, r, height, width))
    n = len(lead)
    moved = permute_dims(parts, (*range(n + 1), n + 3, n + 1, n + 4, n + 2))
    return reshape(moved, (*lead, channels // (r * r), height * r, width * r))


@function()
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The inverse of `pixel_shuffle`: the shape (..., C, H r, W r) becomes (..., C r², H, W).

    Parameters
    ----------
    input : Tensor
    downscale_factor : int
        `r`.

    Raises
    ------
    ShapeError
        If height or width is no multiple of it.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.pixel_unshuffle(tp.arange(4.0).reshape(1, 2, 2), 2).flatten()
    tensor([0., 1., 2., 3.])
    """
    r = _factor("pixel_unshuffle", "downscale_factor", downscale_factor, input, 3)
    *lead, channels, height, width = input.shape
    if height % r or width % r:
        raise ShapeError(f"pixel_unshuffle: got an input of shape {input.shape}, wanted multiples of {r} at the end")
    parts = reshape(input, (*lead, channels, height // r, r, width // r, r))
    n = len(lead)
    moved = permute_dims(parts, (*range(n + 1), n + 2, n + 4, n + 1, n + 3))
    return reshape(moved, (*lead, channels * r * r, height // r, width // r))


@function()
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels, axis 1, in another order: the first ones of all groups, then the second ones, and so on.

    Parameters
    ----------
    input : Tensor, shape (N, C, ...)
    groups : int

    Raises
    ------
    ShapeError
        If the channels are no multiple of the groups.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.channel_shuffle(tp.arange(4.0).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    groups = _factor("channel_shuffle", "groups", groups, input, 3)
    examples, channels, *rest = input.shape
    if channels % groups:
        raise ShapeError(
            f"channel_shuffle: got an input of shape {input.shape}, wanted a multiple of {groups} channels"
        )
    parts = reshape(input, (examples, groups, channels // groups, *rest))
    return reshape(permute_dims(parts, (0, 2, 1, *range(3, parts.ndim))), input.shape)


def _factor(operation: str, name: str, value: int, input: Tensor, ndim: int) -> int:
    found = as_integer(operation, name, value)
    if found < 1 or input.ndim < ndim:
        raise ShapeError(
            f"{operation}: got {name} {found} and an input of shape {input.shape}, wanted a positive one and "
            f"{ndim} axes "
            "or more"
        )
    return found
