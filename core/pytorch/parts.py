"""Diagonals, and copies with one part replaced: `diag`, `select_scatter` and so on, as in PyTorch."""

from __future__ import annotations

from typing import Any

from ..families.function import function
from ..memory.structure import clone, reshape
from ..memory.tensor import Tensor
from ..memory.views import make_view
from ..memory.writes import copy_
from ..standard.manipulation import diagonal as diagonal_of
from ..standard.manipulation import flip, moveaxis, transpose
from ..standard.manipulation.parts import diagonal_embed as _diagonal_embed
from ..types.axes import as_integer, infer_shape, normalize_axes, normalize_shape, require_size
from ..types.errors import ArgumentError, AxesError, ShapeError

__all__ = [
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal_scatter",
    "fliplr",
    "flipud",
    "rot90",
    "select",
    "select_scatter",
    "slice_scatter",
    "unflatten",
]


@function(methods=("diag",))
def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The diagonal of a matrix, a view; or of a vector the matrix that has it on its diagonal.

    Parameters
    ----------
    input : Tensor, shape (N,) or (M, N)
    diagonal : int, default: 0
        Positive ones lie above the main diagonal.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    ValueError
        If the tensor is neither a vector nor a matrix.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.diag(tp.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    if input.ndim not in (1, 2):
        raise ShapeError(f"diag: got shape {input.shape}, wanted a vector or a matrix")
    return diag_embed(input, diagonal) if input.ndim == 1 else diagonal_of(input, diagonal, 0, 1)


@function(methods=("diag_embed",))
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last axis of a tensor on their diagonals, and zeros elsewhere.

    Parameters
    ----------
    input : Tensor, shape (..., N)
    offset : int, default: 0
        Positive ones lie above the main diagonal.
    dim1, dim2 : int, default: -2, -1
        The axes of the result that the matrices have, each ``N + abs(offset)`` long.

    Raises
    ------
    IndexError
        If the result has no such axis.
    ValueError
        If the two axes are the same.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.diag_embed(tp.tensor([1, 2]), offset=1)
    tensor([[0, 1, 0],
            [0, 0, 2],
            [0, 0, 0]])
    """
    x = input if input.ndim else reshape(input, (1,))
    offset = as_integer("diag_embed", "offset", offset)
    shape = x._array.shape
    ndim = len(shape) + 1
    axes = normalize_axes("diag_embed", (dim1, dim2), ndim)
    side = shape[-1] + abs(offset)
    require_size("diag_embed", (*shape[:-1], side, side))
    made: Tensor = _diagonal_embed(x, shape=(*shape[:-1], side, side), offset=offset)
    return made if axes == (ndim - 2, ndim - 1) else moveaxis(made, (-2, -1), axes)


@function(methods=("diagflat",))
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements of a tensor, in row-major order, on its diagonal.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.diagflat(tp.tensor([[1], [2]]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(reshape(input, (-1,)), offset)


@function(methods=("diagonal_scatter",))
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy with another diagonal.

    Parameters
    ----------
    input : Tensor
    src : Tensor
        Of the shape of ``diagonal(input, offset, dim1, dim2)``.
    offset : int, default: 0
    dim1, dim2 : int, default: 0, 1

    Raises
    ------
    ValueError
        If `src` has another shape.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.diagonal_scatter(tp.zeros(2, 2), tp.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    made = clone(input)
    return _with_part("diagonal_scatter", made, diagonal_of(made, offset, dim1, dim2), src)


@function(methods=("select",), axis="one", scalar_axis=False)
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The part at one index along an axis, which is removed; a view.

    Raises
    ------
    IndexError
        If the index or the axis is out of range.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.select(tp.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    index, length = as_integer("select", "index", index), input.shape[dim]
    if not -length <= index < length:
        raise IndexError(f"select: index {index} is out of range for axis {dim}, of length {length}")
    return make_view(input, "getitem", (*(slice(None),) * dim, index % length))


@function(methods=("select_scatter",), axis="one", scalar_axis=False)
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with another part at one index along an axis.

    Parameters
    ----------
    input : Tensor
    src : Tensor
        Of the shape of ``select(input, dim, index)``.
    dim, index : int

    Raises
    ------
    IndexError
        If the index or the axis is out of range.
    ValueError
        If `src` has another shape.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.select_scatter(tp.zeros(2, 2), tp.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    made = clone(input)
    return _with_part("select_scatter", made, select(made, dim, index), src)


@function(methods=("slice_scatter",), axis="one", scalar_axis=False)
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy with another slice of an axis.

    Parameters
    ----------
    input : Tensor
    src : Tensor
        Of the shape of the slice.
    dim : int, default: 0
    start, end : int, optional
        As in ``input[start:end:step]``.
    step : int, default: 1
        A positive one.

    Raises
    ------
    ValueError
        If `src` has another shape, or the step is not positive.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.slice_scatter(tp.zeros(4), tp.ones(2), start=2)
    tensor([0., 0., 1., 1.])
    """
    if as_integer("slice_scatter", "step", step) < 1:
        raise ArgumentError(f"slice_scatter: got step {step}, wanted a positive one")
    made = clone(input)
    part = make_view(made, "getitem", (*(slice(None),) * dim, slice(start, end, step)))
    return _with_part("slice_scatter", made, part, src)


def _with_part(operation: str, made: Tensor, part: Tensor, src: Tensor) -> Tensor:
    """Write a part of a tensor, and return the tensor."""
    if part.shape != src.shape:
        raise ShapeError(f"{operation}: got src of shape {src.shape}, wanted {part.shape}")
    copy_(part, src)
    return made


@function(methods=("unflatten",), axis="one", scalar_axis=False)
def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """Split an axis into several, whose lengths multiply to its own; a view.

    Parameters
    ----------
    input : Tensor
    dim : int
    sizes : sequence of int
        One of them may be -1.

    Raises
    ------
    ValueError
        If they do not hold the elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unflatten(tp.zeros(2, 6), 1, (3, -1)).shape
    (2, 3, 2)
    """
    sizes = infer_shape("unflatten", normalize_shape("unflatten", sizes), input.shape[dim : dim + 1])
    return reshape(input, (*input.shape[:dim], *sizes, *input.shape[dim + 1 :]))


@function(methods=("fliplr",))
def fliplr(input: Tensor) -> Tensor:
    """Reverse the second of at least two axes, as `numpy.fliplr`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fliplr(tp.tensor([[1, 2]]))
    tensor([[2, 1]])
    """
    return flip(_of_axes("fliplr", input, 2), axis=1)


@function(methods=("flipud",))
def flipud(input: Tensor) -> Tensor:
    """Reverse the first axis, as `numpy.flipud`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.flipud(tp.tensor([[1], [2]]))
    tensor([[2],
            [1]])
    """
    return flip(_of_axes("flipud", input, 1), axis=0)


@function(methods=("rot90",))
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """Rotate by 90 degrees in the plane of two axes.

    Parameters
    ----------
    input : Tensor
    k : int, default: 1
        How many times, from the first of the axes towards the second; negative ones the other way.
    dims : pair of int, default: (0, 1)

    Raises
    ------
    ValueError
        If the axes are not two different ones.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.rot90(tp.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    axes = normalize_axes("rot90", tuple(dims), input.ndim) or ()
    if len(axes) != 2:
        raise AxesError(f"rot90: got dims {tuple(dims)}, wanted two axes")
    turns = as_integer("rot90", "k", k) % 4
    if turns == 2:
        return flip(input, axis=axes)
    flipped = axes[1] if turns == 1 else axes[0]
    turned = input if not turns else flip(input, axis=flipped)
    return transpose(turned, *axes) if turns else clone(input)


def _of_axes(operation: str, x: Tensor, least: int) -> Tensor:
    if x.ndim < least:
        raise ShapeError(f"{operation}: got shape {x.shape}, wanted at least {least} axes")
    return x
