"""Selection and writes by tensors of indices or by masks, as in PyTorch: `gather`, `scatter`, `topk` and so on.

Indices are not counted from the end, and one that is out of range raises IndexError on every backend. The gradient of
a pick is added where it was picked from; that of a put goes to what was put, and not to what was there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

from ..dispatch.operation import operation
from ..families.function import as_vector, function
from ..memory.coercion import equals_scalar, python_number, require_range, same_device, scalar_tensor
from ..memory.structure import broadcast_to, cast, put, reshape, saved_index, scatter_zeros, to_device
from ..memory.structure import index as read
from ..memory.tensor import Tensor
from ..memory.values import in_range, inspect
from ..memory.views import array_of
from ..standard.creation import zeros_like
from ..standard.elementwise import logical_or
from ..standard.indexing import along_axis, getitem
from ..standard.manipulation import broadcast_arrays
from ..standard.positions import elements_at, sums_at
from ..standard.searching import where
from ..standard.sorting import argsort, positions_of_greatest
from ..types.axes import as_integer, normalize_axis
from ..types.dtypes import (
    SCALARS,
    bool_,
    int64,
    promote_scalar,
)
from ..types.errors import ArgumentError, DTypeError, PositionError, ShapeError, explain, unsupported

__all__ = [
    "gather",
    "index_add",
    "index_copy",
    "index_fill",
    "index_select",
    "masked_fill",
    "masked_select",
    "scatter",
    "scatter_add",
    "topk",
]

Index = tuple[Any, ...]
"""Slices and raw arrays, which are checked."""


@function(methods=("gather",))
def gather(x: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Gather elements of `x` at indices along an axis, one for each element of `index`.

    Parameters
    ----------
    x : Tensor
    dim : int
    index : Tensor
        Of an integer dtype, with as many axes as `x`; along the others it may be shorter, and is not broadcast.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        The dtype of `x`; the shape of `index`.

    Raises
    ------
    IndexError
        If an index or the axis is out of range.
    ShapeError
        If the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.gather(tp.tensor([[1, 2], [3, 4]]), 1, tp.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    index = as_indices("gather", x, index)
    axis = normalize_axis("gather", dim, x.ndim, True)
    if not x._array.shape or (not index.size and index.ndim != x.ndim):
        found = gather(reshape(x, (-1,)), 0, reshape(index, (-1,)))
        return reshape(found, index.shape)
    require_beside("gather", x, axis, index)
    return elements_at(x, index, axis)


@function(methods=("scatter",), in_place_method=True, axis="one")
def scatter(
    x: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy of `x` with elements written at indices along an axis, the inverse of `gather`.

    Parameters
    ----------
    x : Tensor
    dim : int
    index : Tensor
        Of an integer dtype, with as many axes as `x`; along the others it may be shorter. Where a place is named twice
        either element may be put.
    src : Tensor or Python scalar
        Of the dtype of `x`, and at least as long as `index` along each axis.
    value : Python scalar
        PyTorch's name of a scalar `src`.
    reduce : {None, "add"}
        Whether elements are added to what is there, as by `scatter_add`.

    Returns
    -------
    Tensor
        The dtype and shape of `x`.

    Raises
    ------
    IndexError
        If an index or the axis is out of range.
    ShapeError
        If the shapes don't fit.
    TypeError
        If `src` is of another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.scatter(tp.zeros(2, 3), 1, tp.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    if reduce not in (None, "add"):
        raise ValueError(f"scatter: got reduce {reduce!r}, wanted None or 'add'")
    index = as_indices("scatter", x, index)
    require_beside("scatter", x, dim, index)
    put = _source("scatter", x, value if src is None else src, index.shape)
    if reduce is None:
        return _write(x, put, along_axis(index.shape, dim, array_of(index)))
    return added(x, broadcast_to(put, index.shape), lambda values: sums_at(values, index, x.shape, dim))


@function(methods=("scatter_add",), in_place_method=True, axis="one")
def scatter_add(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `x` with elements added at indices along an axis.

    Elements at repeated indices are added one by one, in the order of the index; half precision in float32, booleans
    by `logical_or`.

    Parameters
    ----------
    x : Tensor
    dim : int
    index : Tensor
        Of an integer dtype, with as many axes as `x`; along the others it may be shorter.
    src : Tensor
        Of the dtype of `x`, and at least as long as `index` along each axis.

    Returns
    -------
    Tensor
        The dtype and shape of `x`.

    Raises
    ------
    IndexError
        If an index or the axis is out of range.
    ShapeError
        If the shapes don't fit.
    TypeError
        If `src` is of another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.scatter_add(tp.zeros(3), 0, tp.tensor([0, 2, 0]), tp.tensor([1.0, 2.0, 3.0]))
    tensor([4., 0., 2.])
    """
    index = as_indices("scatter_add", x, index)
    require_beside("scatter_add", x, dim, index)
    source = broadcast_to(_source("scatter_add", x, src, index.shape), index.shape)
    return added(x, source, lambda values: sums_at(values, index, x.shape, dim))


@function(methods=("index_select",), axis="one")
def index_select(x: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Select slices of `x` at indices along an axis.

    Parameters
    ----------
    x : Tensor
    dim : int
    index : Tensor, shape (N,)
        Of an integer dtype.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        The dtype and shape of `x`, but for that axis, which is as long as `index`.

    Raises
    ------
    IndexError
        If an index or the axis is out of range, or `index` has several axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.index_select(tp.tensor([[1, 2], [3, 4]]), 0, tp.tensor([1, 1]))
    tensor([[3, 4],
            [3, 4]])
    """
    return _read(x, _along("index_select", x, dim, index))


@function(methods=("index_add",), in_place_method=True, axis="one")
def index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy of `x` with slices added at indices along an axis.

    Slices at repeated indices are added one by one, in the order of the index; half precision in float32, booleans by
    `logical_or`.

    Parameters
    ----------
    x : Tensor
    dim : int
    index : Tensor, shape (N,)
        Of an integer dtype.
    source : Tensor
        Of the dtype of `x`, and its shape but for that axis, which is as long as `index`.
    alpha : number, default: 1
        A factor of `source`.

    Raises
    ------
    IndexError
        If an index or the axis is out of range, or `index` has several axes.
    ShapeError
        If `source` has another shape.
    TypeError
        If it is of another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.index_add(tp.zeros(3), 0, tp.tensor([0, 2, 0]), tp.tensor([1.0, 2.0, 3.0]))
    tensor([4., 0., 2.])
    """
    places, slices = _slices("index_add", x, dim, index, source)
    slices = slices if equals_scalar(alpha, 1) else cast(slices * alpha, x.dtype)
    return added(x, slices, lambda values: scatter_zeros(values, x.shape, saved_index(places, values)))


@function(methods=("index_copy",), in_place_method=True, axis="one")
def index_copy(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of `x` with slices written at indices along an axis; the parameters are those of `index_add`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.index_copy(tp.zeros(3), 0, tp.tensor([2, 0]), tp.tensor([1.0, 2.0]))
    tensor([2., 0., 1.])
    """
    places, put = _slices("index_copy", x, dim, index, source)
    return _write(x, put, places)


@function(methods=("index_fill",), in_place_method=True)
def index_fill(x: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `x` with slices at indices along an axis filled with one value.

    Parameters
    ----------
    x : Tensor
    dim : int
    index : Tensor, shape (N,)
        Of an integer dtype.
    value : Python scalar or 0-d Tensor

    Raises
    ------
    IndexError
        If an index or the axis is out of range, or `index` has several axes.
    TypeError
        If the dtype of `x` does not hold the value.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.index_fill(tp.zeros(3), 0, tp.tensor([2, 0]), 7.0)
    tensor([7., 0., 7.])
    """
    if not x._array.shape:
        return as_vector(lambda vector: index_fill(vector, dim, index, value), x)
    places = _along("index_fill", x, normalize_axis("index_fill", dim, x.ndim), index)
    filled = _source("index_fill", x, value, ())
    if not filled.requires_grad:
        return _write(x, filled, places)
    # Where an index is repeated, its gradient counts once.
    return where(index_fill(zeros_like(x, dtype=bool_), dim, index, True), filled, x)


@function(methods=("masked_select",))
def masked_select(x: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where a mask is true, in row-major order.

    Parameters
    ----------
    x : Tensor
    mask : Tensor
        Of dtype bool; the two broadcast.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor, shape (N,)
        As long as there are true elements, for which an accelerator must be waited for.

    Raises
    ------
    ShapeError
        If the shapes cannot be broadcast together.
    TypeError
        If the mask is not of dtype bool.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, -2.0, 3.0])
    >>> tp.masked_select(x, x > 0)
    tensor([1., 3.])
    """
    if mask.dtype is not bool_:
        raise DTypeError(f"masked_select: got a mask of {mask.dtype}, wanted bool; compare it, as in mask != 0")
    try:
        x, mask = broadcast_arrays(x, mask)
    except ShapeError as error:
        raise explain("masked_select", error, x, mask) from None
    return getitem(x, mask)


class TopK(NamedTuple):
    """The largest or smallest values along an axis and their indices, which PyTorch's `topk` returns."""

    values: Tensor
    indices: Tensor


@function(methods=("topk",), axis="one")
def topk(
    x: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None
) -> TopK:  # fmt: skip
    """The `k` largest or smallest elements along an axis, and their indices.

    Parameters
    ----------
    x : Tensor
        Of a real-valued dtype.
    k : int
    dim : int, default: -1
    largest : bool, default: True
        Whether to return the largest. NaN counts as largest, as in PyTorch.
    sorted : bool, default: True
        The elements are always sorted; ties keep their order.
    out : pair of Tensor, optional
        The tensors that values and indices are written into.

    Returns
    -------
    values, indices
        A named tuple, of the dtype of `x` and of int64; the shape of `x`, but for that axis, which has length `k`.

    Raises
    ------
    IndexError
        If the axis is out of range.
    ValueError
        If `k` is negative, or the axis shorter.
    TypeError
        For complex numbers, which have no order.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.topk(tp.tensor([2, 5, 1, 4]), 2).indices
    tensor([1, 3])
    """
    length, count = x.shape[dim], as_integer("topk", "k", k)
    if not 0 <= count <= length:
        raise ArgumentError(f"topk: got k={count}, wanted 0 to {length}, the length of axis {dim}")
    if largest:
        indices = positions_of_greatest(x, count, dim)
    else:
        indices = argsort(x, axis=dim)[(*(slice(None),) * dim, slice(count))]
    return TopK(elements_at(x, indices, dim), indices)


def as_indices(operation: str, x: Tensor, index: Tensor) -> Tensor:
    """Convert indices to int64 on the indexed tensor's device."""
    if index.dtype.kind not in "iu":
        raise DTypeError(f"{operation}: got an index of {index.dtype}, wanted an integer dtype, as int64")
    return cast(to_device(index, x.device), int64)


def _require_in_range(operation: str, index: Tensor, axis: int, length: int) -> None:
    inspect(_check_range, index, operation=operation, axis=axis, length=length)


def _check_range(host: numpy.ndarray, operation: str, axis: int, length: int) -> None:
    if not in_range(host, length):
        wrong = int(host[(host < 0) | (host >= length)].flat[0])
        raise PositionError(
            f"{operation}: index {wrong} is out of bounds for axis {axis} with size {length}; allowed are 0 to "
            f"{length - 1}"
        )


def require_beside(operation: str, x: Tensor, axis: int, index: Tensor) -> None:
    """Check the shape of an index of `gather`, and that it is in range."""
    wanted, found = x.shape, index.shape
    longer = (n > m for i, (n, m) in enumerate(zip(found, wanted, strict=False)) if i != axis)
    if found != wanted and (len(found) != len(wanted) or any(longer)):
        raise ShapeError(
            f"{operation}: got an index of shape {found} for a tensor of shape {wanted}, wanted as many axes, "
            f"and none longer but for axis {axis}"
        )
    _require_in_range(operation, index, axis, wanted[axis])


def _along(operation: str, x: Tensor, axis: int, index: Tensor) -> Index:
    """The index of slices at indices along an axis."""
    return (*(slice(None),) * axis, array_of(as_vector_of_indices(operation, x, axis, index)))


def as_vector_of_indices(operation: str, x: Tensor, axis: int, index: Tensor) -> Tensor:
    """Indices along an axis as a vector, checked to be in range."""
    index = as_indices(operation, x, index)
    if index.ndim > 1:
        raise PositionError(f"{operation}: got an index of shape {index.shape}, wanted one axis")
    index = index if index.ndim else index.reshape(1)
    _require_in_range(operation, index, axis, x.shape[axis])
    return index


def _slices(operation: str, x: Tensor, axis: int, index: Tensor, source: Tensor) -> tuple[Index, Tensor]:
    """The index of slices, and the slices to write."""
    places = _along(operation, x, axis, index)
    wanted = (*x.shape[:axis], math.prod(index.shape), *x.shape[axis + 1 :])
    if source.shape != wanted:
        raise ShapeError(f"{operation}: got a source of shape {source.shape}, wanted {wanted}")
    return places, _source(operation, x, source, wanted)


def _source(operation: str, x: Tensor, value: Any, shape: tuple[int, ...]) -> Tensor:
    """The values to write, in the dtype of `x`: the part of a tensor of a shape, or a scalar."""
    if isinstance(value, Tensor) and value._key is x._key and value.shape == shape:
        return value
    if isinstance(value, SCALARS):
        if promote_scalar(x.dtype, value) is not x.dtype:
            raise DTypeError(f"{operation}: {value!r} can't be put into a {x.dtype} tensor; convert one of the two")
        return scalar_tensor(x._key, value, operation)
    if not isinstance(value, Tensor):
        raise unsupported(operation, x, value)
    if value.dtype is not x.dtype:
        raise DTypeError(f"{operation}: got a source of {value.dtype}, wanted {x.dtype}, that of the tensor")
    if value.shape and (value.ndim != len(shape) or any(n < m for n, m in zip(value.shape, shape, strict=True))):
        raise ShapeError(
            f"{operation}: got a source of shape {value.shape}, wanted at least that of the index, {shape}"
        )
    _, value = same_device(operation, x, value)
    return value if value.shape == shape or not value.shape else value[tuple(slice(n) for n in shape)]


def _read(x: Tensor, index: Index) -> Tensor:
    return read(x, saved_index(index, x))


def _write(x: Tensor, value: Tensor, index: Index) -> Tensor:
    return put(x, value, saved_index(index, x, value))


def added(x: Tensor, values: Tensor, sums: Callable[[Tensor], Tensor]) -> Tensor:
    """`x` with sums of values added, which are zeros where nothing is added; booleans are added by `logical_or`."""
    if x.dtype is bool_:
        return logical_or(x, cast(sums(cast(values, int64)), bool_))
    # -0.0 - 0.0 is -0.0, and -0.0 + 0.0 is not.
    return x - sums(-values) if x.dtype.kind in "fc" else x + sums(values)


@operation(elementwise=True)
def _masked_fill(ops: Any, x: Any, mask: Any, *, value: Any) -> Any:
    """Replace elements by a number where the mask is true."""
    return ops.where(mask, ops.full_like(x, value), x)


@function(methods=("masked_fill",), in_place_method=True)
def masked_fill(x: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Replace elements of `x` by one value where the mask is true, as in PyTorch.

    Parameters
    ----------
    x : Tensor
    mask : Tensor
        Of dtype bool; it is broadcast to the shape of `x`, and `x` to its.
    value : Python scalar or 0-d Tensor

    Raises
    ------
    TypeError
        If the mask is not of dtype bool.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, -2.0])
    >>> tp.masked_fill(x, x < 0, 0.0)
    tensor([1., 0.])
    """
    if isinstance(value, Tensor):
        return where(mask, value, x)
    value = python_number(value)
    if mask.dtype is not bool_:
        raise TypeError(f"masked_fill: the mask must be of dtype bool, got {mask.dtype}")
    if promote_scalar(x.dtype, value) is not x.dtype:
        raise TypeError(f"masked_fill: {value} can't be written into a {x.dtype} tensor; convert one of the two")
    require_range("masked_fill", x.dtype, value)
    x, mask = same_device("masked_fill", x, mask)
    kernel, key = x._key.table["masked_fill"]
    try:
        with numpy.errstate(over="ignore"):
            array = kernel(array_of(x), array_of(mask), value=value)
    except Exception as error:
        raise explain("masked_fill", error, x, mask) from None
    return _masked_fill.finish(array, key, (x, mask))
