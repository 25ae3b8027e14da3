"""Reads and writes by several index tensors or flat positions, and reductions by index, as in PyTorch."""

from __future__ import annotations

import builtins
from typing import Any

import numpy

from ..families.function import function
from ..memory.structure import broadcast_to, cast, clone, reshape
from ..memory.tensor import Tensor
from ..memory.values import inspect
from ..memory.views import detach
from ..standard.bisection import searchsorted
from ..standard.creation import arange, ones_like, zeros_like
from ..standard.elementwise import equal, isfinite, maximum, not_equal
from ..standard.indexing import take_along_axis
from ..standard.manipulation import broadcast_arrays, concat
from ..standard.searching import nonzero, where
from ..standard.sorting import argsort
from ..standard.statistical import cumulative_sum, sum
from ..types.axes import broadcasts
from ..types.dtypes import bool_, int64
from ..types.errors import ArgumentError, DTypeError, ShapeError
from .selection import gather, index_add, index_select, scatter_add

__all__ = [
    "argwhere",
    "index_put",
    "index_reduce",
    "masked_scatter",
    "put",
    "scatter_reduce",
    "take_along_dim",
]


@function(methods=("argwhere",))
def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not zero, as the rows of a matrix.

    Parameters
    ----------
    input : Tensor

    Returns
    -------
    Tensor, shape (N, input.ndim), dtype int64
        In row-major order.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.argwhere(tp.tensor([[1, 0], [0, 1]]))
    tensor([[0, 0],
            [1, 1]])
    """
    found: Tensor = nonzero(input, as_tuple=False)
    return found


@function(methods=("take_along_dim",))
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """Elements at indices along an axis, as those that `argsort` returns; the other axes broadcast.

    Parameters
    ----------
    input : Tensor
    indices : Tensor
        Of dtype int64.
    dim : int, optional
        By default both are flattened.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    IndexError
        If an index or the axis is out of range.
    ValueError
        If the numbers of axes differ, or the other axes do not broadcast.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[3, 1], [2, 4]])
    >>> tp.take_along_dim(x, tp.argsort(x, dim=1), dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
    if dim is None:
        return take_along_axis(reshape(input, (-1,)), reshape(indices, (-1,)), axis=0)
    if input.ndim != indices.ndim:
        raise ShapeError(f"take_along_dim: got shapes {input.shape} and {indices.shape}, wanted as many axes in both")
    return take_along_axis(input, indices, axis=dim)


def _flat_positions(operation: str, x: Tensor, indices: Any) -> Tensor:
    """The positions in row-major order of the elements that indices select."""
    if not isinstance(indices, tuple | list) or not all(one is None or isinstance(one, Tensor) for one in indices):
        raise TypeError(f"{operation}: indices are a tuple of tensors, got {type(indices).__name__}")
    index = tuple(slice(None) if one is None else one for one in indices)
    return reshape(arange(x.numel(), device=x.device), x.shape)[index]


@function(methods=("index_put",), in_place_method=True)
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of a tensor with elements written at indices, as by ``x[indices] = values``.

    Parameters
    ----------
    input : Tensor
    indices : tuple of Tensor
        Integers or masks, which broadcast.
    values : Tensor
        Of the dtype of `input`; it broadcasts to what is selected.
    accumulate : bool, default: False
        Whether values are added to what is there, each one where an index is repeated.

    Raises
    ------
    IndexError
        If an index is out of range.
    TypeError
        If the dtypes differ.
    ValueError
        If `values` does not broadcast.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.index_put(tp.zeros(3), (tp.tensor([0, 0]),), tp.tensor([1.0, 2.0]), accumulate=True)
    tensor([3., 0., 0.])
    """
    if values.dtype is not input.dtype:
        raise DTypeError(f"index_put: got values of {values.dtype}, wanted {input.dtype}, that of the tensor")
    places = _flat_positions("index_put", input, indices)
    if not broadcasts(values.shape, places.shape):
        raise ShapeError(f"index_put: got values of shape {values.shape}, wanted one that broadcasts to {places.shape}")
    written = reshape(broadcast_to(values, places.shape), (-1,))
    return put(input, reshape(places, (-1,)), written, accumulate)


@function(public=False, methods=("put",), in_place_method=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of a tensor with elements written at positions in row-major order, the inverse of PyTorch's `take`.

    Parameters
    ----------
    input : Tensor
    index : Tensor
        Of dtype int64; negative ones count from the end.
    source : Tensor
        Of the dtype of `input`, with as many elements as `index`.
    accumulate : bool, default: False
        Whether elements are added to what is there.

    Raises
    ------
    IndexError
        If a position is out of range.
    TypeError
        If the dtypes differ.
    ValueError
        If `source` has another number of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.put(tp.zeros(2, 2), tp.tensor([3, 0]), tp.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 1.]])
    """
    if index.numel() != source.numel():
        raise ShapeError(f"put: got {source.numel()} elements for {index.numel()} positions, wanted equally many")
    if source.dtype is not input.dtype:
        raise DTypeError(f"put: got a source of {source.dtype}, wanted {input.dtype}, that of the tensor")
    flat, places, written = (reshape(one, (-1,)) for one in (input, index, source))
    if accumulate:
        flat = index_add(flat, 0, _from_start(places, input.numel()), written)
    else:
        flat = clone(flat)
        flat[places] = written
    return reshape(flat, input.shape)


def _from_start(places: Tensor, length: int) -> Tensor:
    """Positions counted from the end as positions from the start; those out of range stay so."""
    return where(places < 0, places + length, places)


@function(methods=("masked_scatter",), in_place_method=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of a tensor with the elements where a mask is true replaced by those of another one, in row-major order.

    Parameters
    ----------
    input : Tensor
    mask : Tensor
        Of dtype bool; the two broadcast.
    source : Tensor
        Of the dtype of `input`, with at least as many elements as the mask has true ones.

    Raises
    ------
    TypeError
        If the mask is not of dtype bool, or the other dtypes differ.
    ValueError
        If `source` has too few elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.masked_scatter(tp.zeros(3), tp.tensor([True, False, True]), tp.tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """
    if mask.dtype is not bool_ or source.dtype is not input.dtype:
        raise DTypeError(
            f"masked_scatter: got a mask of {mask.dtype} and a source of {source.dtype} for {input.dtype}, wanted bool "
            f"and {input.dtype}"
        )
    x, mask = broadcast_arrays(input, mask)
    inspect(_require_at_most, sum(mask, dtype=int64), count=source.numel())
    if not source.numel():
        return clone(x)
    order = reshape(cumulative_sum(reshape(cast(mask, int64), (-1,)), axis=0) - 1, mask.shape)
    return where(mask, reshape(source, (-1,))[where(mask, order, 0)], x)


def _require_at_most(taken: numpy.ndarray, count: int) -> None:
    if (taken > count).any():
        raise ArgumentError(f"masked_scatter: the source has {count} elements, and the mask {taken.max()} true ones")


@function(methods=("scatter_reduce",), in_place_method=True, axis="one")
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of a tensor with elements reduced at indices along an axis, with what is there.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor
        Of dtype int64, with as many axes as `input`; along the others it may be shorter.
    src : Tensor
        Of the dtype of `input`, and at least as long as `index` along each axis.
    reduce : {"sum", "prod", "mean", "amax", "amin"}
    include_self : bool, default: True
        Whether what is there counts, where something is reduced into it.

    Raises
    ------
    IndexError
        If an index or the axis is out of range.
    TypeError
        If the dtypes differ.
    ValueError
        For another reduction, or shapes that don't fit.

    Notes
    -----
    The gradient of the largest and smallest is shared by equal elements, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.scatter_reduce(tp.ones(2), 0, tp.tensor([0, 0, 1]), tp.tensor([5.0, 2.0, 0.5]), "amax")
    tensor([5., 1.])
    """
    if not input.ndim:
        found = scatter_reduce(
            *(reshape(input, (1,)), 0, reshape(index, (-1,)), reshape(src, (-1,)), reduce), include_self=include_self
        )
        return reshape(found, ())
    order = reshape(arange(input.numel(), device=input.device), input.shape)
    if index.ndim != input.ndim or src.ndim != input.ndim or builtins.any(map(int.__lt__, src.shape, index.shape)):
        raise ShapeError(
            f"scatter_reduce: got an index of shape {index.shape} and a source of shape {src.shape} for {input.shape}, "
            f"wanted as many axes, and a source that is as long as the index"
        )
    within = tuple(map(slice, index.shape))
    places = gather(order, dim, index)
    return _reduced("scatter_reduce", input, places, src[within], reduce, include_self)


@function(methods=("index_reduce",), in_place_method=True, axis="one")
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of a tensor with slices reduced at indices along an axis, with what is there.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor, shape (N,)
        Of an integer dtype.
    source : Tensor
        Of the dtype of `input`, and its shape but for that axis, which is as long as `index`.
    reduce : {"prod", "mean", "amax", "amin"}
    include_self : bool, default: True
        Whether what is there counts, where something is reduced into it.

    Raises
    ------
    IndexError
        If an index or the axis is out of range.
    TypeError
        If the dtypes differ.
    ValueError
        For another reduction, or shapes that don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.index_reduce(tp.ones(2), 0, tp.tensor([0, 0, 1]), tp.tensor([5.0, 2.0, 0.5]), "prod")
    tensor([10.0000,  0.5000])
    """
    order = reshape(arange(input.numel(), device=input.device), input.shape)
    places = index_select(order, dim, index)
    if places.shape != source.shape:
        raise ShapeError(f"index_reduce: got a source of shape {source.shape}, wanted {places.shape}")
    return _reduced("index_reduce", input, places, source, reduce, include_self)


def _reduced(operation: str, x: Tensor, places: Tensor, src: Tensor, reduce: str, include_self: bool) -> Tensor:
    """A tensor with elements of another one reduced at positions in row-major order."""
    if src.dtype is not x.dtype:
        raise DTypeError(f"{operation}: got a source of {src.dtype}, wanted {x.dtype}, that of the tensor")
    if reduce not in ("sum", "mean", "prod", "amax", "amin"):
        raise ArgumentError(f"{operation}: got reduce {reduce!r}, wanted 'sum', 'prod', 'mean', 'amax' or 'amin'")
    if not x.numel() or not src.numel():
        return clone(x)
    flat, places, values = (reshape(one, (-1,)) for one in (x, places, src))
    counts = scatter_add(zeros_like(flat, dtype=int64), 0, places, ones_like(places))
    kept = counts < 1 if not include_self else counts >= 0
    if reduce in ("sum", "mean"):
        total = scatter_add(where(kept, flat, zeros_like(flat)), 0, places, values)
        if reduce == "mean":
            count = cast(counts + 1 if include_self else where(kept, 1, counts), x.dtype)
            total = total / count if x.dtype.kind in "fc" else total // count
        return reshape(total, x.shape)
    # What does not count goes to a place beyond the last.
    own = where(kept, arange(x.numel(), device=x.device), x.numel())
    values, places = concat([values, flat]), concat([places, own])
    slots = arange(x.numel(), device=x.device)
    found = _products(values, places, slots) if reduce == "prod" else _extremes(values, places, slots, reduce)
    return reshape(found, x.shape)


def _products(values: Tensor, places: Tensor, slots: Tensor) -> Tensor:
    """The products of the values at each place, by a scan that doubles its reach."""
    order = argsort(places)
    values, places = values[order], places[order]
    reach = 1
    while reach < values.shape[0]:
        before = where(equal(places[reach:], places[:-reach]), values[:-reach], ones_like(values[:-reach]))
        values = concat([values[:reach], values[reach:] * before])
        reach *= 2
    return values[searchsorted(places, slots, side="right") - 1]


def _extremes(values: Tensor, places: Tensor, slots: Tensor, reduce: str) -> Tensor:
    """The largest or smallest of the values at each place, whose gradient equal ones share."""
    fixed = detach(values)
    order = argsort(fixed)
    order = order[argsort(places[order])]
    ordered, sorted_places = fixed[order], places[order]
    last = ordered[searchsorted(sorted_places, slots, side="right") - 1]
    if reduce == "amin":
        first = ordered[searchsorted(sorted_places, slots, side="left")]
        # NaN comes last.
        last = where(not_equal(last, last), last, first)
    if not values.requires_grad:
        return last
    beyond = concat([last, last[:1]])
    shares = cast(equal(fixed, beyond[places]), values.dtype)
    counts = maximum(scatter_add(zeros_like(beyond), 0, places, shares), 1)
    # Zero, with the gradient of the shares; infinities would make it NaN.
    passed = where(isfinite(fixed), values, zeros_like(values)) * (shares / counts[places])
    return last + scatter_add(zeros_like(beyond), 0, places, passed - detach(passed))[:-1]
