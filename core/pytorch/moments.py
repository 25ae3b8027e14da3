"""Sums and moments, as in PyTorch: with NaN left out, means beside deviations, covariances, counts, integrals."""

from __future__ import annotations

import builtins
from typing import Any

import numpy

from ..dispatch.operation import operation
from ..families.function import function
from ..interchange.interop import host_array
from ..memory.structure import cast, reshape
from ..memory.tensor import Tensor
from ..memory.values import compute, inspect
from ..memory.views import detach
from ..standard.bisection import searchsorted
from ..standard.creation import zeros
from ..standard.elementwise import (
    conj,
    divide,
    greater,
    isnan,
    logical_not,
    sqrt,
)
from ..standard.linalg import vector_norm
from ..standard.linear_algebra import matmul
from ..standard.manipulation import matrix_transpose
from ..standard.searching import where
from ..standard.statistical import cumulative_sum, mean, std, sum, var
from ..types.axes import as_float, as_integer, require_size
from ..types.dtypes import get_default_dtype, int64
from ..types.errors import ArgumentError, DTypeError, ShapeError
from .selection import index_add, masked_fill

__all__ = [
    "bincount",
    "bucketize",
    "corrcoef",
    "cov",
    "cumulative_trapezoid",
    "dist",
    "histc",
    "logcumsumexp",
    "nanmean",
    "nansum",
    "renorm",
    "std_mean",
    "trapezoid",
    "var_mean",
]


@function(methods=("nansum",), axis="several")
def nansum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The sum of the elements that are not NaN.

    Parameters are those of `sum` in PyTorch's spelling.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nansum(tp.tensor([1.0, tp.nan, 2.0]))
    tensor(3.)
    """
    known = masked_fill(input, isnan(input), 0.0) if input.dtype.kind in "fc" else input
    return sum(known, axis=dim, dtype=dtype, keepdims=keepdim)


@function(methods=("nanmean",), axis="several")
def nanmean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The mean of the elements that are not NaN; NaN if there are none.

    Parameters are those of `mean` in PyTorch's spelling.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nanmean(tp.tensor([1.0, tp.nan, 2.0]))
    tensor(1.5000)
    """
    input = input if dtype is None else cast(input, dtype)
    count = sum(cast(logical_not(isnan(input)), int64), axis=dim, keepdims=keepdim)
    total = nansum(input, dim, keepdim)
    return total / cast(count, total.dtype)


def _moments(
    spread: Any, input: Tensor, dim: Any, unbiased: bool, keepdim: bool, correction: Any
) -> tuple[Tensor, Tensor]:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    axes = None if dim in ((), []) else dim
    axes = tuple(axes) if isinstance(axes, list) else axes
    correction = unbiased if correction is None else correction
    return spread(input, axis=axes, correction=correction, keepdims=keepdim), mean(input, axis=axes, keepdims=keepdim)


@function()
def std_mean(
    input: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean along axes; their parameters are those of the method `std`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.std_mean(tp.tensor([1.0, 3.0]))
    (tensor(1.4142), tensor(2.))
    """
    return _moments(std, input, dim, unbiased, keepdim, correction)


@function()
def var_mean(
    input: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The variance and the mean along axes; their parameters are those of the method `var`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.var_mean(tp.tensor([1.0, 3.0]))
    (tensor(2.), tensor(2.))
    """
    return _moments(var, input, dim, unbiased, keepdim, correction)


@operation(accepts="real-valued floating-point")
def _logcumsumexp(ops: Any, x: Any, *, axis: int) -> Any:
    """The logarithm of the cumulative sum of exponentials along an axis."""
    before = (slice(None),) * axis
    step = 1
    # The distance doubles at each step.
    while step < x.shape[axis]:
        first, rest, back = ((*before, part, ...) for part in (slice(step), slice(step, None), slice(-step)))
        x = ops.concat([x[first], ops.logaddexp(x[rest], x[back])], axis=axis)
        step *= 2
    return ops.positive(x)


@function(methods=("logcumsumexp",), axis="one", widens_half=True)
def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the cumulative sum of exponentials along an axis, without overflow.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logcumsumexp(tp.tensor([0.0, 0.0, 100.0]), 0)
    tensor([  0.0000,   0.6931, 100.0000])
    """
    found: Tensor = _logcumsumexp(input, axis=dim)
    return found


@function(methods=("cov",))
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance matrix of variables, which are rows, from observations, which are columns.

    Parameters
    ----------
    input : Tensor
        With at most two axes.
    correction : int, default: 1
        What the number of observations is lessened by.
    fweights, aweights : Tensor, optional
        How often each observation counts, an integer, and its weight.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cov(tp.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise ShapeError(f"cov: got shape {input.shape}, wanted at most two axes")
    rows = cast(input, get_default_dtype()) if input.dtype.kind in "biu" else input
    rows = reshape(rows, (1, -1)) if rows.ndim < 2 else rows
    weights: Any = None
    for given in (fweights, aweights):
        if given is not None:
            given = cast(given, rows.real.dtype if rows.dtype.kind == "c" else rows.dtype)
            weights = given if weights is None else weights * given
    if weights is None:
        centred = rows - mean(rows, axis=1, keepdims=True)
        freedom: Any = builtins.max(rows.shape[1] - correction, 0)
        return divide(matmul(centred, conj(matrix_transpose(centred))), float(freedom)).squeeze()
    total = sum(weights)
    centred = rows - sum(rows * weights, axis=1, keepdims=True) / total
    if aweights is None or correction == 0:
        freedom = total - float(correction)
    else:
        freedom = total - sum(weights * cast(aweights, weights.dtype)) / total * float(correction)
    return (matmul(centred * weights, conj(matrix_transpose(centred))) / freedom.clamp(min=0)).squeeze()


@function(methods=("corrcoef",))
def corrcoef(input: Tensor) -> Tensor:
    """The matrix of correlation coefficients of variables, which are rows: see `cov`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.corrcoef(tp.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    found = cov(input)
    if not found.ndim:
        return found / found
    deviations = sqrt(found.diagonal().real if found.dtype.kind == "c" else found.diagonal())
    found = found / reshape(deviations, (-1, 1)) / deviations
    return found if found.dtype.kind == "c" else found.clamp(-1.0, 1.0)


@function(methods=("bincount",))
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 occurs, or the sum of its weights.

    Parameters
    ----------
    input : Tensor
        Of an integer dtype, with one axis and without negative numbers.
    weights : Tensor, optional
        Of the shape of `input`.
    minlength : int, default: 0
        The least length of the result.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bincount(tp.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    if input.dtype.kind not in "iu" or input.ndim != 1:
        raise DTypeError(f"bincount: got {input.dtype} of shape {input.shape}, wanted integers along one axis")
    if weights is not None and weights.shape != input.shape:
        raise ShapeError(f"bincount: got weights of shape {weights.shape}, wanted {input.shape}")
    length = as_integer("bincount", "minlength", minlength)
    if length < 0:
        raise ArgumentError(f"bincount: got minlength {length}, wanted one that is not negative")
    inspect(_require_counts, input)
    length = builtins.max(length, int(host_array(input).max(initial=-1)) + 1)
    if weights is None:
        weights = zeros(input.shape, dtype=int64, device=input.device) + 1
    elif weights.dtype.kind in "biu":
        weights = weights.double()
    return index_add(zeros(length, dtype=weights.dtype, device=input.device), 0, cast(input, int64), detach(weights))


def _require_counts(host: Any) -> None:
    if host.size and host.min() < 0:
        raise ArgumentError(f"bincount: got {host.min()}, wanted numbers that are not negative")


@function(methods=("histc",))
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0, *, out: Tensor | None = None) -> Tensor:
    """A histogram with bins of equal width; by default from the smallest to the largest element.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.
    bins : int, default: 100
    min, max : float
        The range; elements beyond it are left out.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    ValueError
        If the range is not finite, as of elements that are not.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.histc(tp.tensor([1.0, 2.0, 1.0]), 4, 0, 3)
    tensor([0., 2., 1., 0.])
    """
    bins = as_integer("histc", "bins", bins)
    low, high = as_float("histc", "min", min), as_float("histc", "max", max)
    if bins < 1 or low > high:
        raise ArgumentError(f"histc: got {bins} bins from {low} to {high}, wanted at least one, and max not below min")
    require_size("histc", (bins,))
    flat = reshape(detach(input), (-1,))
    found: Tensor = compute(_counts_in_bins, flat, bins=bins, low=low, high=high, dtype_name=input.dtype.name)
    return found


def _counts_in_bins(ops: Any, x: Any, bins: int, low: float, high: float, dtype_name: str) -> Any:
    """How many elements of a vector each of the bins has; of a range of width 0, one unit on both sides."""
    one = ops.ones_like(ops.getitem(x, (slice(1),)))
    first, last = one * low, one * high
    if low == high and x.shape[0]:
        first, last = ops.min(x, axis=(0,), keepdims=True), ops.max(x, axis=(0,), keepdims=True)
    apart = ops.where(ops.equal(first, last), one, one * 0.0)
    first, last = first - apart, last + apart
    width = last - first
    ops.inspect(_require_finite, width)
    place = ops.floor((x - first) / width * bins)
    inside = ops.logical_and(ops.greater_equal(x, first), ops.less_equal(x, last))
    place = ops.where(inside, ops.minimum(place, one * (bins - 1.0)), one * 0.0)
    counted = ops.cast(inside, dtype_name)
    return ops.scatter_flat(ops.cast(place, "int64"), counted, shape=(bins,), axis=0, count=1)


def _require_finite(width: Any) -> None:
    if not numpy.isfinite(width).all():
        raise ArgumentError(f"histc: got a range of width {width[0]}, wanted a finite one")


@function()
def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """The index of the bucket of each element, between sorted boundaries: `searchsorted` with its operands reversed.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bucketize(tp.tensor([0, 3, 5]), tp.tensor([1, 3, 4]))
    tensor([0, 1, 3])
    """
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def _areas(name: str, y: Tensor, x: Any, dx: Any, dim: int) -> Tensor:
    """The areas of the trapezoids between neighbours along an axis."""
    if x is not None and dx is not None:
        raise ArgumentError(f"{name}: got both x and dx, wanted one of them")
    if not y.shape[dim]:
        return y
    before, after = (*(slice(None),) * dim, slice(-1)), (*(slice(None),) * dim, slice(1, None))
    if x is None:
        return (y[before] + y[after]) * (0.5 * (1 if dx is None else dx))
    if x.ndim == 1 and y.ndim > 1 and dim < y.ndim - 1:
        x = reshape(x, (-1, *(1,) * (y.ndim - dim - 1)))
    axis = dim - y.ndim + x.ndim
    widths = x[(*(slice(None),) * axis, slice(1, None))] - x[(*(slice(None),) * axis, slice(-1))]
    return (y[before] + y[after]) * 0.5 * widths


@function(axis="one", scalar_axis=False)
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along an axis by the trapezoidal rule.

    Parameters
    ----------
    y : Tensor
        The values.
    x : Tensor, optional
        Where they are; by default `dx` apart.
    dx : number, default: 1
    dim : int, default: -1

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.trapezoid(tp.tensor([1.0, 5.0, 10.0]))
    tensor(10.5000)
    """
    return sum(_areas("trapezoid", y, x, dx, dim), axis=dim)


@function(axis="one", scalar_axis=False)
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral up to each element along an axis by the trapezoidal rule: see `trapezoid`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cumulative_trapezoid(tp.tensor([1.0, 5.0, 10.0]))
    tensor([ 3.0000, 10.5000])
    """
    return cumulative_sum(_areas("cumulative_trapezoid", y, x, dx, dim), axis=dim)


@function(methods=("renorm",), in_place_method=True)
def renorm(input: Tensor, p: float, dim: int, maxnorm: float, *, out: Tensor | None = None) -> Tensor:
    """Slices along an axis, scaled down where their norm is above a bound.

    Parameters
    ----------
    input : Tensor
        Of a floating-point dtype, with at least two axes.
    p : float
        The order of the norm.
    dim : int
    maxnorm : float
        The bound.
    out : Tensor, optional
        The tensor that the result is written into.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.renorm(tp.tensor([[3.0, 4.0], [0.0, 1.0]]), 2, 0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """
    if input.ndim < 2:
        raise ShapeError(f"renorm: got shape {input.shape}, wanted at least two axes")
    others = tuple(i for i in range(input.ndim) if i != dim % input.ndim)
    bound = as_float("renorm", "maxnorm", maxnorm)
    norms = vector_norm(input, axis=others, keepdims=True, ord=as_float("renorm", "p", p))
    return input * where(greater(norms, bound), bound / (norms + 1e-7), 1.0)


@function(methods=("dist",))
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The norm of order `p` of the difference of two tensors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.dist(tp.tensor([1.0, 2.0]), tp.tensor([4.0, 6.0]))
    tensor(5.)
    """
    return vector_norm(input - other, ord=as_float("dist", "p", p))
