"""Order statistics, as in PyTorch: median, quantiles, mode, running extremes."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..autodiff.composing import compose, constant
from ..dispatch.keys import device_of
from ..dispatch.operation import operation
from ..families.function import as_vector, function
from ..memory.coercion import scalar_tensor
from ..memory.structure import cast, reshape
from ..memory.tensor import Tensor
from ..memory.values import compute, inspect
from ..memory.views import detach
from ..standard.creation import full_like
from ..standard.elementwise import (
    bitwise_invert,
    isnan,
    less_equal,
    logical_or,
    negative,
)
from ..standard.manipulation import expand_dims, moveaxis, squeeze
from ..standard.positions import elements_at
from ..standard.searching import where
from ..standard.sorting import argsort
from ..standard.statistical import amax, amin, max, sum
from ..types.axes import as_float, as_integer, normalize_axes, normalize_axis
from ..types.dtypes import bool_, int64
from ..types.errors import ArgumentError, DTypeError, ShapeError

__all__ = [
    "aminmax",
    "cummax",
    "cummin",
    "kthvalue",
    "median",
    "mode",
    "nanmedian",
    "nanquantile",
    "quantile",
]


class Selected(NamedTuple):
    """Selected elements along an axis and their indices."""

    values: Tensor
    indices: Tensor


class MinMax(NamedTuple):
    """Smallest and largest elements."""

    min: Tensor
    max: Tensor


def _at(x: Tensor, indices: Tensor, axis: int, keepdim: bool) -> Selected:
    """Elements at indices along an axis, which has length 1."""
    indices = indices if keepdim else squeeze(indices, axis)
    return Selected(elements_at(x, indices, axis), indices)


def _require_elements(name: str, x: Tensor, axis: int) -> None:
    if not x.shape[axis]:
        raise ShapeError(f"{name}: got shape {x.shape}, wanted at least one element along axis {axis}")


def _either_median(name: str, x: Tensor, dim: Any, keepdim: bool, axis: Any, skip: bool) -> Any:
    """PyTorch's median along `dim`, or NumPy's along `axis`."""
    if axis is None:
        if dim is not None and not x.ndim:
            return as_vector(lambda vector: _median(name, vector, 0, False, skip), x)
        return _median(name, x, dim if dim is None else normalize_axis(name, dim, x.ndim), keepdim, skip)
    axes = normalize_axes(name, axis, x.ndim) or ()
    moved = moveaxis(x, axes, tuple(range(-len(axes), 0)))
    flat = reshape(moved, (*moved.shape[: x.ndim - len(axes)], -1))
    found = (nanquantile if skip else quantile)(flat if x.dtype.kind == "f" else flat * 1.0, 0.5, -1)
    return reshape(found, tuple(1 if i in axes else n for i, n in enumerate(x.shape))) if keepdim else found


def _median(name: str, x: Tensor, dim: int | None, keepdim: bool, skip: bool) -> Any:
    if dim is None:
        return _median_of_all(name, x, skip)
    _require_elements(name, x, dim)
    return _at(x, compute(_median_index, argsort(x, axis=dim), x, axis=dim, skip=skip), dim, keepdim)


def _median_index(ops: Any, order: Any, x: Any, axis: int, skip: bool) -> Any:
    """The index of the median, given those that sort; without `skip` that of the first NaN, if there is one."""
    length = x.shape[axis]
    known = ops.sum(ops.cast(ops.equal(x, x), "int64"), axis=axis, keepdims=True)
    if skip:
        place = (ops.maximum(known, ops.ones_like(known)) - 1) // 2
    else:
        place = ops.where(known < length, known, ops.full_like(known, (length - 1) // 2))
    return ops.take_along_axis(order, place, axis=axis)


def _median_of_all(name: str, x: Tensor, skip: bool) -> Tensor:
    """The median of all elements; equal ones share the gradient."""
    flat = reshape(x, (-1,))
    if not flat.size:
        return reshape(full_like(sum(x), float("nan")), ())
    found = _median(name, detach(flat), 0, False, skip).values
    if not x.requires_grad:
        return found
    below = logical_or(less_equal(flat, found), isnan(found))
    return max(where(below, flat, -float("inf")))


@function(methods=("median",), dialects=True)
def median(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: Any = None, keepdims: bool = False,
    out: Any = None,
) -> Any:  # fmt: skip
    """The median, the lower of two in the middle; NaN if there is a NaN.

    Parameters
    ----------
    input : Tensor
        Of a real-valued dtype.
    dim : int, optional
        By default the median of all elements is returned, and equal elements share its gradient.
    keepdim : bool, default: False
        Whether the axis is kept with length 1.
    axis : int or tuple of int, optional
        As in NumPy: the mean of the two in the middle, without indices. `keepdims` goes with it.
    out : pair of Tensor, optional
        The tensors that values and indices are written into.

    Returns
    -------
    Tensor or (values, indices)

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.median(tp.tensor([3.0, 1.0, 4.0, 2.0]))
    tensor(2.)
    >>> tp.median(tp.tensor([[3, 1, 2]]), 1).indices
    tensor([2])
    """
    return _either_median("median", input, dim, keepdim or keepdims, axis, False)


@function(methods=("nanmedian",), dialects=True)
def nanmedian(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: Any = None, keepdims: bool = False,
    out: Any = None,
) -> Any:  # fmt: skip
    """The median of the elements that are not NaN: see `median`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nanmedian(tp.tensor([3.0, 1.0, tp.nan]))
    tensor(1.)
    """
    return _either_median("nanmedian", input, dim, keepdim or keepdims, axis, True)


@function(methods=("kthvalue",), axis="one")
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Selected:
    """The k-th smallest element along an axis, and its index; NaN counts as largest.

    Parameters
    ----------
    input : Tensor
        Of a real-valued dtype.
    k : int
        From 1 to the length of the axis.
    dim : int, default: -1
    keepdim : bool, default: False
        Whether the axis is kept with length 1.
    out : pair of Tensor, optional
        The tensors that values and indices are written into.

    Returns
    -------
    values, indices

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.kthvalue(tp.tensor([3, 1, 2]), 2)
    Selected(values=tensor(2), indices=tensor(2))
    """
    k = as_integer("kthvalue", "k", k)
    if not 1 <= k <= input.shape[dim]:
        raise ArgumentError(f"kthvalue: got k={k}, wanted 1 to {input.shape[dim]}, the length of axis {dim}")
    order = argsort(input, axis=dim)
    return _at(input, order[(*(slice(None),) * dim, slice(k - 1, k))], dim, keepdim)


@function(methods=("mode",), axis="one")
def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Selected:
    """The most frequent element along an axis, the smallest of several, and the last index of it.

    Parameters
    ----------
    input : Tensor
        Of a real-valued dtype.
    dim : int, default: -1
    keepdim : bool, default: False
        Whether the axis is kept with length 1.
    out : pair of Tensor, optional
        The tensors that values and indices are written into.

    Returns
    -------
    values, indices

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.mode(tp.tensor([3, 1, 3]))
    Selected(values=tensor(3), indices=tensor(2))
    """
    _require_elements("mode", input, dim)
    return _at(input, compute(_mode_index, argsort(input, axis=dim), input, axis=dim), dim, keepdim)


def _mode_index(ops: Any, order: Any, x: Any, axis: int) -> Any:
    """The index of the last element of the longest run of equal ones, given those that sort."""
    ranked = ops.take_along_axis(x, order, axis=axis)
    place = _places(ops, x, axis)
    differs = ops.not_equal(ranked, ops.roll(ranked, shift=(1,), axis=(axis,)))
    begins = ops.where(differs, place, ops.zeros_like(place))
    # How long the run of equal elements is that ends at each place.
    end = ops.argmax(place - ops.cumulative_max(begins, axis=axis), axis=axis, keepdims=True)
    return ops.take_along_axis(order, end, axis=axis)


def _places(ops: Any, x: Any, axis: int) -> Any:
    """The place of each element along an axis, of a shape that broadcasts."""
    row = ops.cast(ops.arange(x.shape[axis], device=device_of(x)), "int64")
    return ops.reshape(row, (-1, *(1,) * (len(x.shape) - axis - 1)))


def _quantile(name: str, x: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, skip: bool) -> Tensor:
    if x.dtype.kind != "f" or x._key.is_half:
        raise DTypeError(f"{name}: got {x.dtype}, wanted float32 or float64")
    if interpolation not in _INTERPOLATIONS:
        raise ArgumentError(f"{name}: got interpolation {interpolation!r}, wanted one of {', '.join(_INTERPOLATIONS)}")
    if not isinstance(q, Tensor):
        q = scalar_tensor(x._key, as_float(name, "q", q), name)
    inspect(_require_probabilities, q, operation=name)
    if q.dtype is not x.dtype or q.ndim > 1:
        raise ArgumentError(f"{name}: got q of {q.dtype} and {q.ndim} axes, wanted {x.dtype}, and at most one axis")
    if dim is not None:
        axis = normalize_axis(name, dim, x.ndim, True)
        dim = axis if x.ndim else None
    axis, rows = (0, reshape(x, (-1,))) if dim is None else (dim, x)
    _require_elements(name, rows, axis)
    found: Tensor = compose(_quantiles, moveaxis(rows, axis, -1), q, interpolation=interpolation, skip=skip)
    if q.ndim:
        found = moveaxis(found, -1, 0)
    if keepdim:
        place = axis + (q.ndim > 0)
        found = expand_dims(found, place) if dim is not None else reshape(found, (*q.shape, *(1,) * x.ndim))
    return found


def _require_probabilities(host: Any, operation: str) -> None:
    """Raise unless all are from 0 to 1; NaN is not."""
    outside = host[~((host >= 0) & (host <= 1))]
    if outside.size:
        raise ArgumentError(f"{operation}: got a probability q of {outside[0]}, wanted one from 0 to 1")


def _quantiles(ops: Any, x: Any, q: Any, interpolation: str, skip: bool) -> Any:
    """Quantiles along the last axis, in place of which the result has the axes of `q`."""
    last = len(x.shape) - 1
    ranked = ops.sort(x, axis=last)
    exists = ops.where(ops.equal(ranked, ranked), ops.ones_like(ranked), ops.zeros_like(ranked))
    known = constant(ops.sum(exists, axis=last, keepdims=True))
    place = ops.reshape(q, (-1,)) * ops.maximum(known - 1.0, ops.zeros_like(known))
    if not skip:
        # NaN comes last.
        place = ops.where(known < x.shape[last], ops.full_like(place, x.shape[last] - 1.0), place)
    if interpolation in _ROUNDED:
        place = getattr(ops, _ROUNDED[interpolation])(place)
    low, high = ops.floor(constant(place)), ops.ceil(constant(place))
    below, above = (ops.gather_flat(ops.cast(one, "int64"), ranked, axis=last, count=1) for one in (low, high))
    share = place - low
    if interpolation == "midpoint":
        share = ops.where(ops.equal(share, ops.zeros_like(share)), share, ops.full_like(share, 0.5))
    # The difference of equal infinities is NaN.
    found = ops.where(ops.equal(below, above), below, below + share * (above - below))
    return ops.reshape(found, (*x.shape[:last], *q.shape))


_ROUNDED = {"lower": "floor", "higher": "ceil", "nearest": "round"}
"""What the place of a quantile between two elements becomes, by the interpolation."""

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


@function(methods=("quantile",))
def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """Quantiles along an axis, or of all elements; NaN if there is a NaN.

    Parameters
    ----------
    input : Tensor
        Of dtype float32 or float64.
    q : float or Tensor
        One probability, or several, of the dtype of `input`, for which the result has a first axis.
    dim : int, optional
        By default the tensor is flattened.
    keepdim : bool, default: False
        Whether the axis is kept with length 1.
    interpolation : {"linear", "lower", "higher", "midpoint", "nearest"}
        What a quantile between two elements is.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    ValueError
        If a probability is not from 0 to 1, a dtype differs, or there are no elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.quantile(tp.tensor([1.0, 2.0, 4.0]), 0.75)
    tensor(3.)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@function(methods=("nanquantile",))
def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """Quantiles of the elements that are not NaN: see `quantile`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nanquantile(tp.tensor([1.0, 2.0, tp.nan]), 0.5)
    tensor(1.5000)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)


@function(methods=("aminmax",), axis="one")
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> MinMax:
    """The minimum and the maximum along an axis, by default of all elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.aminmax(tp.tensor([3, 1, 2]))
    MinMax(min=tensor(1), max=tensor(3))
    """
    axes = tuple(range(input.ndim)) if dim is None else (dim,)
    return MinMax(amin(input, axes, keepdim), amax(input, axes, keepdim))


@operation(accepts="real-valued")
def _cumulative_max(ops: Any, x: Any, *, axis: int) -> Any:
    """The maximum of all elements so far along an axis."""
    before = (slice(None),) * axis
    step = 1
    # The distance doubles at each step.
    while step < x.shape[axis]:
        first, rest, back = ((*before, part, ...) for part in (slice(step), slice(step, None), slice(-step)))
        x = ops.concat([x[first], ops.maximum(x[rest], x[back])], axis=axis)
        step *= 2
    return ops.positive(x)


def _running(x: Tensor, keys: Tensor, axis: int) -> Selected:
    """Elements whose keys are the largest so far, the latest of equal ones, and their indices."""
    indices = compute(_running_index, keys, dtype=int64, axis=axis)
    return Selected(elements_at(x, indices, axis), indices)


def _running_index(ops: Any, keys: Any, axis: int) -> Any:
    largest = ops.cumulative_max(keys, axis=axis)
    # NaN is the largest, too.
    is_largest = ops.logical_or(ops.equal(keys, largest), ops.not_equal(keys, keys))
    place = _places(ops, keys, axis)
    return ops.cumulative_max(ops.where(is_largest, place, ops.zeros_like(place)), axis=axis)


@function(methods=("cummax",), axis="one")
def cummax(input: Tensor, dim: int, *, out: Any = None) -> Selected:
    """The maximum of all elements so far along an axis, and the index of the latest that is it.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cummax(tp.tensor([1, 3, 2, 3]), 0)
    Selected(values=tensor([1, 3, 3, 3]), indices=tensor([0, 1, 1, 3]))
    """
    return _running(input, cast(input, int64) if input.dtype is bool_ else input, dim)


@function(methods=("cummin",), axis="one")
def cummin(input: Tensor, dim: int, *, out: Any = None) -> Selected:
    """The minimum of all elements so far along an axis, and the index of the latest that is it.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cummin(tp.tensor([2, 3, 1, 1]), 0)
    Selected(values=tensor([2, 2, 1, 1]), indices=tensor([0, 0, 2, 3]))
    """
    keys = cast(input, int64) if input.dtype is bool_ else detach(input)
    return _running(input, negative(keys) if keys.dtype.kind == "f" else bitwise_invert(keys), dim)
