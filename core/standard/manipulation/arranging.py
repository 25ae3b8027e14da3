"""`flip`, `roll`, `repeat`, `tile`, `tril` and `triu`."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import numpy

from ...dispatch.operation import Operation, operation, same_shape
from ...dispatch.registry import method
from ...families.function import function
from ...memory.structure import broadcast_to, clone, reshape
from ...memory.tensor import Tensor
from ...memory.views import make_view
from ...types.axes import as_integer, normalize_axes, normalize_axis, normalize_shape, require_size
from ...types.errors import AxesError, ShapeError
from .axes import expand_dims
from .shapes import one_or_several

__all__ = ["flip", "repeat", "repeat_interleave", "roll", "tile", "tril", "triu"]


@operation(shape=same_shape)
def _flip(x: Any, *, axis: tuple[int, ...]) -> Any:
    """Reverse elements along axes."""


@operation(shape=same_shape)
def _roll(x: Any, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    """Roll elements along axes."""


@operation(shape=same_shape)
def _tril(x: Any, *, k: int) -> Any:
    """The lower triangles of matrices."""


@operation(shape=same_shape)
def _triu(x: Any, *, k: int) -> Any:
    """The upper triangles of matrices."""


@function()
def flip(x: Tensor, /, dims: Any = None, *, axis: Any = None) -> Tensor:
    """Reverse the order of elements along axes, by default along all.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.flip(tp.tensor([1, 2, 3]))
    tensor([3, 2, 1])
    """
    axes = normalize_axes("flip", axis if dims is None else dims, x.ndim, dims is not None)
    return _flip(x, axis=tuple(range(x.ndim)) if axes is None else axes)


@method("flip")
def flip_method(x: Tensor, *axes: Any, dims: Any = None) -> Tensor:
    """Reverse the order of elements along axes, one tuple or several integers, as in PyTorch."""
    return flip(x, one_or_several(axes, dims))


@function()
def roll(x: Tensor, /, shift: Any = None, dims: Any = None, *, axis: Any = None, shifts: Any = None) -> Tensor:
    """Roll elements along axes; those beyond the last position come back at the first.

    Parameters
    ----------
    x : Tensor
    shift : int or tuple of int
        The number of positions, towards larger indices if positive; one for each axis, or one for all.
    shifts, dims
        PyTorch's spelling of `shift` and `axis`.
    axis : int or tuple of int, optional
        By default the flattened tensor is rolled, and reshaped back.

    Raises
    ------
    ValueError
        If there are not as many shifts as axes.
    IndexError
        If the tensor has no such axis.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.roll(tp.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    shift = shifts if shift is None else shift
    shifts = normalize_shape("roll", shift)
    chosen = axis if dims is None else dims
    if chosen is None:
        if len(shifts) != 1:
            raise AxesError(f"roll: got {len(shifts)} shifts and no axis, wanted one shift or as many axes")
        flat = reshape(x, (-1,))
        return reshape(_rolled(flat, shifts, (0,)), x.shape)
    named = chosen if isinstance(chosen, Iterable) else (chosen,)
    axes = tuple(normalize_axis("roll", one, x.ndim) for one in named)
    if len(shifts) == 1 and not isinstance(shift, Iterable):
        shifts *= len(axes)
    if len(shifts) != len(axes):
        raise AxesError(f"roll: got {len(shifts)} shifts and {len(axes)} axes, wanted equally many")
    return _rolled(x, shifts, axes)


@method("roll")
def roll_method(x: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Roll elements along axes, as in PyTorch."""
    return roll(x, shifts, dims)


def _rolled(x: Tensor, shifts: tuple[int, ...], axes: tuple[int, ...]) -> Tensor:
    """Roll elements along axes, of which some may occur several times."""
    totals = dict.fromkeys(axes, 0)
    for axis, shift in zip(axes, shifts, strict=True):
        totals[axis] += shift
    places = {axis: shift % x.shape[axis] for axis, shift in totals.items() if x.shape[axis]}
    if not places:
        # NumPy's function takes no empty tuples.
        return clone(x)
    return _roll(x, shift=tuple(places.values()), axis=tuple(places))


@function(axis="one")
def repeat(x: Tensor, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Repeat each element, or each slice along an axis.

    Parameters
    ----------
    x : Tensor
    repeats : int or Tensor
        How often; of an integer dtype, with one element or as many as the axis is long. The length of the result
        depends on a tensor's values, for which an accelerator must be waited for.
    axis : int, optional
        By default the tensor is flattened first.

    Returns
    -------
    Tensor
        Of `x`'s dtype.

    Raises
    ------
    ValueError
        If a number is negative, or there are not as many as the axis is long.
    TypeError
        If they are no integers.

    Notes
    -----
    The method `repeat` is PyTorch's, which is `tile`; `repeat_interleave` is this function.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.repeat(tp.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    >>> tp.repeat(tp.tensor([[1, 2], [3, 4]]), tp.tensor([1, 2]), axis=0)
    tensor([[1, 2],
            [3, 4],
            [3, 4]])
    """
    return _repeat("repeat", x, repeats, axis)


def _repeat(operation: str, x: Tensor, repeats: Any, axis: Any) -> Tensor:
    if axis is None:
        x, axis = reshape(x, (-1,)) if x.ndim != 1 else x, 0
    length = x.shape[axis]
    counts = _counts(operation, repeats)
    if counts.size and counts.min() < 0:
        raise ValueError(f"{operation}: got {counts.min()} repetitions, wanted no negative number")
    if counts.ndim > 1 or counts.size not in (1, length):
        raise ShapeError(
            f"{operation}: got repetitions of shape {counts.shape}, wanted one, or one for each of {length}"
        )
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    if counts.size == 1:
        count = int(counts.item())
        stretched = broadcast_to(expand_dims(x, axis + 1), (*before, length, count, *after))
        return _joined(stretched, (*before, length * count, *after))
    places = numpy.repeat(numpy.arange(length), counts)
    return x[(*(slice(None),) * axis, places)]


def _counts(operation: str, repeats: Any) -> numpy.ndarray:
    """The numbers of repetitions as a NumPy array."""
    if type(repeats) is int and not repeats >> 62:
        return numpy.array(repeats)
    host = numpy.asarray(repeats.detach() if isinstance(repeats, Tensor) else repeats)
    if host.dtype.kind not in "iu" and not (host.size == 0 and not isinstance(repeats, Tensor)):
        raise TypeError(f"{operation}: got {host.dtype} repetitions, wanted integers")
    return host.astype(numpy.int64)


def _joined(stretched: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Reshape a broadcast tensor into a copy."""
    return reshape(stretched, shape, copy=True)


@function(methods=("repeat_interleave",), axis="one")
def repeat_interleave(x: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None) -> Tensor:
    """PyTorch's spelling of the function `repeat`; `output_size` is the length of the axis in the result, if known.

    Raises
    ------
    ValueError
        If `output_size` is another length.
    """
    found = _repeat("repeat_interleave", x, repeats, dim)
    length = found.shape[0 if dim is None else dim]
    if output_size not in (None, length):
        raise ShapeError(f"repeat_interleave: got output_size {output_size}, wanted {length}")
    return found


@function(keywords=("input", "dims"))
def tile(x: Tensor, repetitions: Any, /) -> Tensor:
    """Repeat the whole tensor along each axis.

    Parameters
    ----------
    x : Tensor
    repetitions : tuple of int
        The repetitions along each axis, from the last; the shorter of this and the shape is padded with leading ones.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tile(tp.tensor([1, 2]), (2, 2))
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    counts = normalize_shape("tile", repetitions)
    if counts and min(counts) < 0:
        raise ValueError(f"tile: got repetitions {counts}, wanted no negative number")
    split, stretched, repeated = _tiled(x._array.shape, counts)
    return _joined(make_view(reshape(x, split), "broadcast_to", stretched), repeated)


@functools.lru_cache(maxsize=1024)
def _tiled(shape: tuple[int, ...], counts: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The shapes with an axis in front of each repeated one, with these stretched, and of the result."""
    ndim = max(len(shape), len(counts))
    shape = (1,) * (ndim - len(shape)) + shape
    counts = (1,) * (ndim - len(counts)) + counts
    repeated = tuple(length * count for length, count in zip(shape, counts, strict=True))
    require_size("tile", repeated)
    # Only repeated axes get a new axis in front, as there may be at most 64.
    split = [part for length, count in zip(shape, counts, strict=True) for part in ((1, length)[count == 1 :])]
    stretched = [part for length, count in zip(shape, counts, strict=True) for part in ((count, length)[count == 1 :])]
    return tuple(split), tuple(stretched), repeated


@method("tile")
def tile_method(x: Tensor, *counts: Any, dims: Any = None) -> Tensor:
    """Repeat the whole tensor along each axis, given one tuple or several integers, as in PyTorch."""
    return tile(x, one_or_several(counts, dims))


@method("repeat")
def repeat_method(x: Tensor, *sizes: Any, repeats: Any = None) -> Tensor:
    """Repeat the whole tensor along each axis, none of which is left out, as in PyTorch.

    The standard's function `repeat` is the method `repeat_interleave`.
    """
    counts = normalize_shape("repeat", one_or_several(sizes, repeats))
    if len(counts) < x.ndim:
        raise ShapeError(
            f"repeat: got {len(counts)} repetitions for {x.ndim} axes, wanted at least as many; to repeat each "
            f"element, use repeat_interleave"
        )
    return tile(x, counts)


@function(methods=("tril",), in_place_method=True)
def tril(x: Tensor, /, diagonal: int = 0, *, k: int = 0, out: Tensor | None = None) -> Tensor:
    """The lower triangles of matrices, with zeros above.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    diagonal
        PyTorch's name of `k`.
    k : int, default: 0
        The last diagonal that is kept: positive ones lie above the main diagonal.

    Raises
    ------
    ValueError
        If `x` has fewer than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tril(tp.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _triangle(_tril, x, diagonal, k)


@function(methods=("triu",), in_place_method=True)
def triu(x: Tensor, /, diagonal: int = 0, *, k: int = 0, out: Tensor | None = None) -> Tensor:
    """The upper triangles of matrices, with zeros below.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    diagonal
        PyTorch's name of `k`.
    k : int, default: 0
        The first diagonal that is kept: positive ones lie above the main diagonal.

    Raises
    ------
    ValueError
        If `x` has fewer than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.triu(tp.ones(2, 2), k=1)
    tensor([[0., 1.],
            [0., 0.]])
    """
    return _triangle(_triu, x, diagonal, k)


def _triangle(operation: Operation, x: Tensor, diagonal: int, k: int) -> Tensor:
    if x.ndim < 2:
        raise ShapeError(f"{operation.name}: got shape {x.shape}, wanted at least two axes")
    rows, columns = x.shape[-2:]
    number = as_integer(operation.name, "diagonal", diagonal) or as_integer(operation.name, "k", k)
    return operation(x, k=min(max(number, -rows - 1), columns + 1))
