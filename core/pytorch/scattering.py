"""Reads and writes by several index tensors or flat positions, and reductions by index, as in PyTorch."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy

from ..autodiff.lifting import TENSOR_OPS
from ..dispatch.keys import device_of
from ..dispatch.operation import operation
from ..families.function import function
from ..memory.coercion import limits, same_device
from ..memory.structure import broadcast_to, cast, clone, reshape
from ..memory.tensor import Tensor
from ..memory.values import compute
from ..memory.views import detach
from ..standard.creation import arange, ones_like, zeros_like
from ..standard.elementwise import equal, isfinite, logical_and, maximum
from ..standard.indexing import take_along_axis
from ..standard.manipulation import broadcast_arrays
from ..standard.positions import elements_at, sums_at
from ..standard.searching import nonzero, where
from ..types.axes import broadcasts
from ..types.dtypes import DType, bool_, int64
from ..types.errors import ArgumentError, DTypeError, ShapeError
from .selection import added, as_indices, as_vector_of_indices, index_add, require_beside

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


def _index_of(operation: str, indices: Any) -> tuple[Any, ...]:
    if not isinstance(indices, tuple | list) or not all(one is None or isinstance(one, Tensor) for one in indices):
        raise TypeError(f"{operation}: indices are a tuple of tensors, got {type(indices).__name__}")
    return tuple(slice(None) if one is None else one for one in indices)


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
    if not accumulate:
        found = clone(input)
        found[_index_of("index_put", indices)] = values
        return found
    places = reshape(arange(input.numel(), device=input.device), input.shape)[_index_of("index_put", indices)]
    if not broadcasts(values.shape, places.shape):
        raise ShapeError(f"index_put: got values of shape {values.shape}, wanted one that broadcasts to {places.shape}")
    written = reshape(broadcast_to(values, places.shape), (-1,))
    return put(input, reshape(places, (-1,)), written, True)


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
    order = compute(_ranks, mask, dtype=int64, count=source.numel())
    return where(mask, elements_at(reshape(source, (-1,)), order, 0), x) if source.numel() else clone(x)


def _ranks(ops: Any, mask: Any, count: int) -> Any:
    """How many elements of a mask before each true one are true; 0 for the others."""
    flat = ops.cast(ops.reshape(mask, (-1,)), "int64")
    ops.inspect(_require_at_most, ops.sum(flat), count=count)
    order = ops.reshape(ops.cumulative_sum(flat, axis=0) - 1, mask.shape)
    return ops.where(mask, order, ops.zeros_like(order))


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
    if index.ndim != input.ndim or src.ndim != input.ndim or builtins.any(map(int.__lt__, src.shape, index.shape)):
        raise ShapeError(
            f"scatter_reduce: got an index of shape {index.shape} and a source of shape {src.shape} for {input.shape}, "
            f"wanted as many axes, and a source that is as long as the index"
        )
    index = as_indices("scatter_reduce", input, index)
    require_beside("scatter_reduce", input, dim, index)
    src = src if src.shape == index.shape else src[tuple(map(slice, index.shape))]
    return _reduced("scatter_reduce", input, dim, index, src, reduce, include_self)


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
    index = as_vector_of_indices("index_reduce", input, dim, index)
    wanted = (*input.shape[:dim], index.size, *input.shape[dim + 1 :])
    if source.shape != wanted:
        raise ShapeError(f"index_reduce: got a source of shape {source.shape}, wanted {wanted}")
    places = broadcast_to(reshape(index, (-1, *(1,) * (input.ndim - dim - 1))), wanted)
    return _reduced("index_reduce", input, dim, places, source, reduce, include_self)


def _reduced(
    operation: str, x: Tensor, axis: int, places: Tensor, src: Tensor, reduce: str, include_self: bool
) -> Tensor:
    """A tensor with elements of another one reduced at positions along an axis."""
    if src.dtype is not x.dtype:
        raise DTypeError(f"{operation}: got a source of {src.dtype}, wanted {x.dtype}, that of the tensor")
    if reduce not in ("sum", "mean", "prod", "amax", "amin"):
        raise ArgumentError(f"{operation}: got reduce {reduce!r}, wanted 'sum', 'prod', 'mean', 'amax' or 'amin'")
    if reduce == "mean" and x.dtype is bool_:
        raise DTypeError(f"{operation}: got {x.dtype}, wanted a numeric dtype for a mean")
    if reduce.startswith("a") and x.dtype.kind == "c":
        raise DTypeError(f"{operation}: got {x.dtype}, wanted a real-valued dtype, as complex numbers have no order")
    x, src = same_device(operation, x, src)
    if not x.numel() or not src.numel():
        return clone(x)
    kept: Tensor | None = None
    counts: Any = None
    if not include_self or reduce == "mean":
        counts = sums_at(ones_like(places), places, x.shape, axis)
    if not include_self:
        kept = equal(counts, 0)
        x = where(kept, x, _neutral(x.dtype, reduce))
    if reduce in ("sum", "mean"):
        total = added(x, src, lambda values: sums_at(values, places, x.shape, axis))
        if reduce == "sum":
            return total
        count = cast(counts + 1 if include_self else maximum(counts, 1), x.dtype)
        return total / count if x.dtype.kind in "fc" else total // count
    if reduce == "prod" and (x.requires_grad or src.requires_grad):
        found: Tensor = _reduce_by_sorting(TENSOR_OPS, places, src, x, axis, _products)
        return found
    found = _reduce_along(places, detach(src), detach(x), axis=axis, reduce=reduce)
    return _with_shares(x, axis, places, src, found, kept) if x.requires_grad or src.requires_grad else found


def _neutral(dtype: DType, reduce: str) -> Any:
    """The number that changes no result of a reduction."""
    if reduce in ("sum", "mean", "prod"):
        return reduce == "prod" if dtype is bool_ else int(reduce == "prod")
    if dtype.kind == "f":
        return -math.inf if reduce == "amax" else math.inf
    return limits(dtype)[reduce == "amin"] if dtype.kind in "iu" else reduce == "amin"


@operation(accepts="all")
def _reduce_along(ops: Any, positions: Any, source: Any, x: Any, *, axis: int, reduce: str) -> Any:
    """The elements of a tensor and those of a source at positions along an axis, reduced: "prod", "amax" or "amin"."""
    return _reduce_by_sorting(ops, positions, source, x, axis, _REDUCTIONS[reduce])


def _reduce_by_sorting(ops: Any, positions: Any, source: Any, x: Any, axis: int, reduction: Callable[..., Any]) -> Any:
    slots = ops.cast(ops.arange(math.prod(x.shape), device=device_of(x)), "int64")
    places = ops.gather_flat(positions, ops.reshape(slots, x.shape), axis=axis, count=1)
    values, places = (
        ops.concat([ops.reshape(one, (-1,)), ops.reshape(other, (-1,))], axis=0)
        for one, other in ((source, x), (places, slots))
    )
    order = ops.argsort(places, axis=0)
    values, places = (ops.gather_flat(order, one, axis=0, count=1) for one in (values, places))
    return ops.reshape(reduction(ops, values, places, slots), x.shape)


def _products(ops: Any, values: Any, places: Any, slots: Any) -> Any:
    """The products of runs of values at equal places, by a scan that doubles its reach."""
    reach = 1
    while reach < values.shape[0]:
        first, rest, back = slice(reach), slice(reach, None), slice(-reach)
        before = ops.getitem(values, (back,))
        is_same = ops.equal(ops.getitem(places, (rest,)), ops.getitem(places, (back,)))
        before = ops.where(is_same, before, ops.ones_like(before))
        values = ops.concat([ops.getitem(values, (first,)), ops.getitem(values, (rest,)) * before], axis=0)
        reach *= 2
    return ops.gather_flat(ops.searchsorted(places, slots, side="right") - 1, values, axis=0, count=1)


def _greatest(ops: Any, values: Any, places: Any, slots: Any) -> Any:
    ranked = _ranked(ops, values, places)
    return ops.gather_flat(ops.searchsorted(places, slots, side="right") - 1, ranked, axis=0, count=1)


def _least(ops: Any, values: Any, places: Any, slots: Any) -> Any:
    ranked = _ranked(ops, values, places)
    first, last = (
        ops.gather_flat(ops.searchsorted(places, slots, side=side) - skipped, ranked, axis=0, count=1)
        for side, skipped in (("left", 0), ("right", 1))
    )
    # NaN comes last.
    return ops.where(ops.not_equal(last, last), last, first)


def _ranked(ops: Any, values: Any, places: Any) -> Any:
    """Runs of values at equal places, each sorted."""
    order = ops.argsort(values, axis=0)
    by_place = ops.argsort(ops.gather_flat(order, places, axis=0, count=1), axis=0)
    return ops.gather_flat(ops.gather_flat(by_place, order, axis=0, count=1), values, axis=0, count=1)


_REDUCTIONS: dict[str, Callable[..., Any]] = {"prod": _products, "amax": _greatest, "amin": _least}


def _with_shares(x: Tensor, axis: int, places: Tensor, src: Tensor, found: Tensor, kept: Tensor | None) -> Tensor:
    """Largest or smallest elements with a gradient, which equal ones share."""
    own = equal(detach(x), found)
    own = cast(own if kept is None else logical_and(own, kept), x.dtype)
    others = cast(equal(detach(src), elements_at(found, places, axis)), x.dtype)
    counts = maximum(own + sums_at(others, places, x.shape, axis), 1)
    passed = sums_at(_zero(src) * (others / elements_at(counts, places, axis)), places, x.shape, axis)
    return found - _zero(x) * (own / counts) - passed


def _zero(x: Tensor) -> Tensor:
    """Zeros with the negative gradient of `x`, so that taking them away leaves -0.0; infinities would make it NaN."""
    finite = where(isfinite(x), x, zeros_like(x))
    return detach(finite) - finite
