"""Statistical functions (array API standard 2025.12, "Statistical Functions"), and PyTorch's forms of them."""

from __future__ import annotations

import math
from typing import Any

from ..dispatch.operation import Operation, operation, same_shape
from ..dispatch.registry import method
from ..families.function import function
from ..families.reductions import accumulation_dtype, is_narrow, reduction
from ..memory.structure import cast
from ..memory.tensor import Tensor
from ..types.axes import as_flag, as_float, normalize_axes
from ..types.dtypes import as_dtype, int64
from ..types.errors import ShapeError
from .creation import full
from .elementwise import maximum, minimum
from .manipulation import concat
from .positions import with_indices
from .searching import argmax, argmin

__all__ = [
    "amax",
    "amin",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "max",
    "mean",
    "min",
    "prod",
    "std",
    "sum",
    "var",
]


@reduction("real-valued", with_indices=with_indices(argmax), elementwise=maximum)
def max(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """The maximum along axes; NaN if there is a NaN.

    Notes
    -----
    With `dim`, as in PyTorch, a pair of values and indices. Equal largest elements share the gradient evenly.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[1.0, 5.0], [4.0, 2.0]])
    >>> tp.max(x, axis=1)
    tensor([5., 4.])
    >>> tp.max(x, 1).indices
    tensor([1, 0])
    """


@reduction("floating-point")
def mean(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """The arithmetic mean along axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.mean(tp.tensor([[1.0, 2.0], [3.0, 5.0]]), axis=0)
    tensor([2.0000, 3.5000])
    """


@reduction("real-valued", with_indices=with_indices(argmin), elementwise=minimum)
def min(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """The minimum along axes; NaN if there is a NaN.

    Notes
    -----
    With `dim`, as in PyTorch, a pair of values and indices. Equal smallest elements share the gradient evenly.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[1.0, 5.0], [4.0, 2.0]])
    >>> tp.min(x, axis=1)
    tensor([1., 2.])
    """


@reduction("numeric", accumulates=True)
def prod(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """The product of the elements along axes; 1 for no elements.

    Notes
    -----
    Half-precision types accumulate in float32. Booleans are multiplied as integers, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.prod(tp.tensor([[1.0, 2.0], [3.0, 5.0]]), axis=0)
    tensor([ 3., 10.])
    """


@reduction("numeric", accumulates=True)
def sum(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """The sum of the elements along axes.

    Notes
    -----
    Half-precision types accumulate in float32. Booleans are counted, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.sum(tp.tensor([[1.0, 2.0], [3.0, 5.0]]), axis=0)
    tensor([4., 7.])
    """


@operation(accepts="floating-point")
def linear_recurrence(ops: Any, factors: Any, terms: Any, *, axis: int) -> Any:
    """The linear recurrence :math:`y_i = terms_i + factors_i y_{i-1}` along an axis, where :math:`y_{-1} = 0`.

    With it the gradient of a cumulative product needs no division.
    """
    length = terms.shape[axis]
    if length < 2:
        return ops.positive(terms)

    def part(x: Any, *limits: int | None) -> Any:
        return x[(*(slice(None),) * axis, slice(*limits), ...)]

    # Two steps at once give every second element, from which the elements between follow.
    before, by = part(terms, 0, length - 1, 2), part(factors, 1, None, 2)
    odd = ops.linear_recurrence(by * part(factors, 0, length - 1, 2), part(terms, 1, None, 2) + by * before, axis=axis)
    rest = part(terms, 2, None, 2) + part(factors, 2, None, 2) * part(odd, (length - 1) // 2)
    even = ops.concat([part(terms, 1), rest], axis=axis)
    if length % 2:
        odd = ops.concat([odd, part(even, -1, None)], axis=axis)
    shape = (*terms.shape[:axis], length + length % 2, *terms.shape[axis + 1 :])
    return part(ops.reshape(ops.stack([even, odd], axis=axis + 1), shape), length)


def _cumulated(
    name: str, made: Operation, initial: int, x: Tensor, axis: int | None, dtype: Any, include: bool
) -> Tensor:
    """Call a cumulative function, and prepend the initial element if that is included."""
    if axis is None:
        if x.ndim != 1:
            raise ShapeError(f"{name}: got shape {x.shape} and no axis, wanted one axis; name it, as in axis=0")
        axis = 0
    x = cast(x, accumulation_dtype(x.dtype) if dtype is None else as_dtype(dtype))
    wide = cast(x, accumulation_dtype(x.dtype)) if is_narrow(x.dtype) else x
    out = cast(made(wide, axis=axis), x.dtype)
    if not include:
        return out
    shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    return concat([full(shape, initial, dtype=x.dtype, device=x.device), out], axis=axis)


@operation(accepts="numeric", shape=same_shape)
def _cumulative_sum(x: Any, *, axis: int) -> Any:
    """The cumulative sum along an axis."""


@operation(accepts="numeric", shape=same_shape)
def _cumulative_prod(x: Any, *, axis: int) -> Any:
    """The cumulative product along an axis."""


@operation(accepts="numeric", shape=same_shape)
def _products_of_others(ops: Any, x: Any) -> Any:
    """The product of the other elements of each row of a matrix, without a division by zero."""

    def before(x: Any) -> Any:
        first, rest = (ops.getitem(x, (slice(None), part)) for part in (slice(1), slice(-1)))
        return ops.cumulative_prod(ops.concat([ops.ones_like(first), rest], axis=1), axis=1)

    return before(x) * ops.flip(before(ops.flip(x, axis=1)), axis=1)


@function(axis="one", widens_half=True)
def cumulative_sum(
    x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """The cumulative sum along an axis.

    Parameters
    ----------
    x : Tensor
        Of a numeric dtype, at least 1-d.
    axis : int, optional
        Needed unless there is only one.
    dtype : dtype, optional
        What `x` is converted to first; by default integers to 64 bits, and other dtypes not.
    include_initial : bool, default: False
        Whether the result begins with 0, what no elements add up to.

    Returns
    -------
    Tensor
        The dtype that `x` was converted to; the shape of `x`, with one more along the axis if the initial is included.

    Raises
    ------
    IndexError
        If the axis is out of range.
    ShapeError
        If it is not given, and there is not exactly one.
    TypeError
        For another dtype.

    Notes
    -----
    Half-precision types accumulate in float32. Booleans are taken as integers, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cumulative_sum(tp.tensor([1.0, 2.0, 3.0]))
    tensor([1., 3., 6.])
    >>> tp.cumulative_sum(tp.tensor([[1, 2], [3, 4]]), axis=0, include_initial=True)
    tensor([[0, 0],
            [1, 2],
            [4, 6]])
    """
    return _cumulated("cumulative_sum", _cumulative_sum, 0, x, axis, dtype, include_initial)


@function(axis="one", widens_half=True)
def cumulative_prod(
    x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """The cumulative product along an axis.

    Parameters, results and errors are those of `cumulative_sum`; the initial element is 1.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cumulative_prod(tp.tensor([1.0, 2.0, 3.0]))
    tensor([1., 2., 6.])
    """
    return _cumulated("cumulative_prod", _cumulative_prod, 1, x, axis, dtype, include_initial)


def _deviations(ops: Any, x: Any, axis: Any) -> Any:
    return ops.abs(x - ops.mean(x, axis=axis, keepdims=True))


def _freedom(shape: tuple[int, ...], axis: Any, correction: float) -> float:
    """The degrees of freedom of a variance; NaN unless there are more elements than the correction."""
    freedom = math.prod(shape if axis is None else [shape[i] for i in axis]) - correction
    return freedom if freedom > 0 else math.nan


@operation(accepts="floating-point", result="real")
def _var(ops: Any, x: Any, *, axis: Any, correction: float, keepdims: bool) -> Any:
    total = ops.sum(ops.square(_deviations(ops, x, axis)), axis=axis, keepdims=keepdims)
    return total / _freedom(x.shape, axis, correction)


@operation(accepts="floating-point", result="real")
def _std(ops: Any, x: Any, *, axis: Any, correction: float, keepdims: bool) -> Any:
    """The standard deviation by the norm of deviations, whose squares do not over- or underflow."""
    norm = getattr(ops, "linalg.vector_norm")(_deviations(ops, x, axis), axis=axis, keepdims=keepdims, ord=2.0)
    return norm / math.sqrt(_freedom(x.shape, axis, correction))


def _spread(
    made: Operation,
    x: Tensor,
    dim: Any,
    unbiased: bool | None,
    keepdim: bool | None,
    axis: Any,
    correction: Any,
    keepdims: bool,
) -> Tensor:
    name = made.name
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is None:
        unbiased = dim is not None or keepdim is not None
    # In PyTorch's spelling no axes are all of them.
    axes = normalize_axes(name, axis, x.ndim) if dim is None else normalize_axes(name, dim, x.ndim, True) or None
    if correction is None:
        correction = as_flag(name, "unbiased", unbiased)
    flag = as_flag(name, "keepdims", keepdims or keepdim or False)
    found: Tensor = made(x, axis=axes, correction=as_float(name, "a correction", correction), keepdims=flag)
    return found


@function(widens_half=True, dialects=True)
def std(
    x: Tensor,
    /,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool | None = None,
    *,
    axis: Any = None,
    correction: float | None = None,
    ddof: float | None = None,
    keepdims: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The standard deviation along axes.

    Parameters
    ----------
    x : Tensor
        Of a floating-point dtype; integers are converted to the default float.
    dim, unbiased, keepdim
        PyTorch's spelling of `axis`, of a `correction` of 1 or 0, and of `keepdims`.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    correction : float, default: 0
        What the number of elements is lessened by before the sum of squares is divided by it.
    ddof : float, optional
        NumPy's name of `correction`, by which xarray calls it.
    keepdims : bool, default: False
        Whether the axes are kept with length 1.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        The dtype of the real part; the shape without the reduced axes. NaN where there are no more elements than
        `correction`.

    Raises
    ------
    IndexError
        If an axis is out of range.
    TypeError
        If the correction is no number.

    Notes
    -----
    Half-precision types are computed in float32. Of complex numbers, the absolute values of the differences from the
    mean are squared, as in PyTorch. Called in PyTorch's spelling, and as a method, `correction` is 1 by default.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.std(tp.tensor([1.0, 3.0]))
    tensor(1.)
    >>> tp.tensor([1.0, 3.0]).std()
    tensor(1.4142)
    """
    return _spread(_std, x, dim, unbiased, keepdim, axis, ddof if correction is None else correction, keepdims)


@method("std")
def std_method(
    x: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool | None = None, **options: Any
) -> Tensor:
    """The standard deviation along axes; `unbiased` by default, as in PyTorch."""
    return std(x, dim, unbiased, keepdim, **options)


@function(widens_half=True, dialects=True)
def var(
    x: Tensor,
    /,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool | None = None,
    *,
    axis: Any = None,
    correction: float | None = None,
    ddof: float | None = None,
    keepdims: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The variance along axes.

    Parameters, results and errors are those of `std`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.var(tp.tensor([1.0, 3.0]))
    tensor(1.)
    >>> tp.var(tp.tensor([[1.0, 3.0], [2.0, 2.0]]), axis=1, correction=1)
    tensor([2., 0.])
    """
    return _spread(_var, x, dim, unbiased, keepdim, axis, ddof if correction is None else correction, keepdims)


@method("var")
def var_method(
    x: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool | None = None, **options: Any
) -> Tensor:
    """The variance along axes; `unbiased` by default, as in PyTorch."""
    return var(x, dim, unbiased, keepdim, **options)


@function(methods=("cumsum",), in_place_method=True, axis="one")
def cumsum(x: Tensor, /, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """PyTorch's `cumulative_sum`, which sums integers, unsigned ones too, and booleans in int64.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cumsum(tp.tensor([[1, 2], [3, 4]]), 1)
    tensor([[1, 3],
            [3, 7]])
    """
    return cumulative_sum(x, axis=dim, dtype=_signed(x, dtype))


@function(methods=("cumprod",), in_place_method=True, axis="one")
def cumprod(x: Tensor, /, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """PyTorch's `cumulative_prod`, which multiplies integers, unsigned ones too, and booleans in int64.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cumprod(tp.tensor([[1, 2], [3, 4]]), 1)
    tensor([[ 1,  2],
            [ 3, 12]])
    """
    return cumulative_prod(x, axis=dim, dtype=_signed(x, dtype))


def _signed(x: Tensor, dtype: Any) -> Any:
    return int64 if dtype is None and x.dtype.kind in "biu" else dtype


@function(methods=("amax",), axis="several")
def amax(x: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """PyTorch's maximum along axes, by default all.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.amax(tp.tensor([[1, 5], [4, 2]]), 1)
    tensor([5, 4])
    """
    return max(x, axis=dim, keepdims=keepdim)


@function(methods=("amin",), axis="several")
def amin(x: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """PyTorch's minimum along axes, by default all.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.amin(tp.tensor([[1, 5], [4, 2]]), 1)
    tensor([1, 2])
    """
    return min(x, axis=dim, keepdims=keepdim)
