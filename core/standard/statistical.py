"""Statistical functions (array API standard 2025.12, "Statistical Functions"), and PyTorch's forms of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..dispatch.operation import Operation
from ..families.docs import assemble
from ..families.in_place import in_place, into, placed
from ..families.reductions import accumulation_dtype, is_narrow, reduction
from ..families.scalars import accepts_0d
from ..memory.coercion import in_single
from ..memory.structure import cast
from ..memory.tensor import Tensor, require_tensors
from ..types.axes import (
    as_flag,
    as_float,
    normalize_axes,
    normalize_axis,
)
from ..types.dtypes import as_dtype, int64
from ..types.errors import ShapeError, unsupported
from .creation import full
from .elementwise import maximum, minimum
from .manipulation import concat
from .positions import located
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

max = reduction(
    "max",
    "real-valued",
    "The greatest element along the axes; NaN where there is one.",
    located=located(argmax),
    elementwise=maximum,
    notes="""
    With `dim`, as in PyTorch, a pair of values and indices. Equal greatest elements share the gradient evenly.
    """,
    example="""
    >>> x = tp.tensor([[1.0, 5.0], [4.0, 2.0]])
    >>> tp.max(x, axis=1)
    tensor([5., 4.])
    >>> tp.max(x, 1).indices
    tensor([1, 0])
    """,
)
mean = reduction(
    "mean",
    "floating-point",
    "The arithmetic mean of the elements along the axes.",
    example="""
    >>> tp.mean(tp.tensor([[1.0, 2.0], [3.0, 5.0]]), axis=0)
    tensor([2.0000, 3.5000])
    """,
)
min = reduction(
    "min",
    "real-valued",
    "The least element along the axes; NaN where there is one.",
    located=located(argmin),
    elementwise=minimum,
    notes="""
    With `dim`, as in PyTorch, a pair of values and indices. Equal least elements share the gradient evenly.
    """,
    example="""
    >>> x = tp.tensor([[1.0, 5.0], [4.0, 2.0]])
    >>> tp.min(x, axis=1)
    tensor([1., 2.])
    """,
)
prod = reduction(
    "prod",
    "numeric",
    "The product of the elements along the axes; 1 of none.",
    accumulates=True,
    notes="""
    Half-precision types accumulate in float32. Booleans are multiplied as integers, as in PyTorch.
    """,
    example="""
    >>> tp.prod(tp.tensor([[1.0, 2.0], [3.0, 5.0]]), axis=0)
    tensor([ 3., 10.])
    """,
)
sum = reduction(
    "sum",
    "numeric",
    "The sum of the elements along the axes.",
    accumulates=True,
    notes="""
    Half-precision types accumulate in float32. Booleans are counted, as in PyTorch.
    """,
    example="""
    >>> tp.sum(tp.tensor([[1.0, 2.0], [3.0, 5.0]]), axis=0)
    tensor([4., 7.])
    """,
)


def _linear_recurrence(ops: Any, factors: Any, terms: Any, axis: int) -> Any:
    """Doubles the distance that it looks back until nothing is left, so that a pass over all elements is rare."""
    before = (slice(None),) * axis
    terms = ops.positive(terms)
    step = 1
    while step < terms.shape[axis]:
        first, rest, back = ((*before, part, ...) for part in (slice(step), slice(step, None), slice(-step)))
        carried = factors[rest] * terms[back]
        terms = ops.concat([terms[first], terms[rest] + carried], axis=axis)
        factors = ops.concat([factors[first], factors[rest] * factors[back]], axis=axis)
        step *= 2
    return terms


_recurrence = Operation(
    "linear_recurrence",
    family="cumulation",
    operands=("factors", "terms"),
    accepts="floating-point",
    decomposition=_linear_recurrence,
)
"""Along an axis :math:`y_i = terms_i + factors_i y_{i-1}`, where :math:`y_{-1} = 0`: what the gradient of a cumulative
product is made of, so that no factor is divided by.
"""


def _cumulative(name: str, initial: int, verb: str, noun: str, example: str) -> Callable[..., Tensor]:
    operation = Operation(name, family="cumulation", operands=("x",), accepts="numeric")

    def function(x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Tensor:
        if type(x) is not Tensor:
            raise unsupported(name, x)
        if axis is None and x.ndim != 1:
            raise ShapeError(f"{name}: got shape {x.shape} and no axis, wanted one axis; name it, as in axis=0")
        position = normalize_axis(name, 0 if axis is None else axis, x.ndim)
        x = cast(x, accumulation_dtype(x.dtype) if dtype is None else as_dtype(dtype))
        wide = cast(x, accumulation_dtype(x.dtype)) if is_narrow(x.dtype) else x
        out = cast(in_single(operation, wide, axis=position), x.dtype)
        if not include_initial:
            return out
        shape = (*x.shape[:position], 1, *x.shape[position + 1 :])
        return concat([full(shape, initial, dtype=x.dtype, device=x.device), out], axis=position)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = assemble(
        f"The {noun} of the elements along an axis up to each of them.",
        "Half-precision types accumulate in float32. Booleans are taken as integers, as in PyTorch.",
        example,
        Parameters=f"""
x : Tensor
    Of a numeric dtype, at least 1-d.
axis : int, optional
    Needed unless there is only one.
dtype : dtype, optional
    What `x` is converted to first; by default integers to 64 bits, and other dtypes not.
include_initial : bool, default: False
    Whether the result begins with {initial}, what no elements {verb} to.""",
        Returns="""
Tensor
    The dtype that `x` was converted to; the shape of `x`, with one more along the axis if the initial is included.""",
        Raises="""
IndexError
    If the axis is out of range.
ShapeError
    If it is not given, and there is not exactly one.
TypeError
    For another dtype.""",
    )
    operation.function = function
    return function


cumulative_sum = _cumulative(
    "cumulative_sum",
    0,
    "add up",
    "sum",
    """
    >>> tp.cumulative_sum(tp.tensor([1.0, 2.0, 3.0]))
    tensor([1., 3., 6.])
    >>> tp.cumulative_sum(tp.tensor([[1, 2], [3, 4]]), axis=0, include_initial=True)
    tensor([[0, 0],
            [1, 2],
            [4, 6]])
    """,
)
cumulative_prod = _cumulative(
    "cumulative_prod",
    1,
    "multiply",
    "product",
    """
    >>> tp.cumulative_prod(tp.tensor([1.0, 2.0, 3.0]))
    tensor([1., 2., 6.])
    """,
)


def _deviations(ops: Any, x: Any, axis: Any) -> Any:
    return ops.abs(x - ops.mean(x, axis=axis, keepdims=True))


def _freedom(shape: tuple[int, ...], axis: Any, correction: float) -> float:
    """What a sum of squares is divided by; NaN for no more elements than the correction."""
    freedom = math.prod(shape if axis is None else [shape[i] for i in axis]) - correction
    return freedom if freedom > 0 else math.nan


def _var(ops: Any, x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    total = ops.sum(ops.square(_deviations(ops, x, axis)), axis=axis, keepdims=keepdims)
    return total / _freedom(x.shape, axis, correction)


def _std(ops: Any, x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    """By the norm, of which no square overflows or vanishes."""
    norm = getattr(ops, "linalg.vector_norm")(_deviations(ops, x, axis), axis=axis, keepdims=keepdims, ord=2.0)
    return norm / math.sqrt(_freedom(x.shape, axis, correction))


def _spread_measure(name: str, decomposition: Callable[..., Any], summary: str, example: str) -> Callable[..., Tensor]:
    operation = Operation(
        name,
        family="reduction",
        operands=("x",),
        accepts="floating-point",
        result="real",
        decomposition=decomposition,
        methods=(name,),
    )

    def function(
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
        if type(x) is not Tensor:
            raise unsupported(name, x)
        correction = ddof if correction is None else correction
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if unbiased is None:
            unbiased = dim is not None or keepdim is not None
        axes = normalize_axes(name, axis if dim is None else dim, x.ndim, dim is not None)
        if axes == () and dim is not None:
            # No axis named in PyTorch's spelling are all of them.
            axes = None
        if correction is None:
            subtracted: float = as_flag(name, "unbiased", unbiased)
        else:
            subtracted = as_float(name, "a correction", correction)
        found = in_single(
            operation,
            x,
            axis=axes,
            correction=subtracted,
            keepdims=as_flag(name, "keepdims", keepdims or keepdim or False),
        )
        return found if out is None else into(name, out, found)

    def method(
        x: Tensor, /, dim: Any = None, unbiased: bool = True, keepdim: bool | None = None, **options: Any
    ) -> Tensor:
        return function(x, dim, unbiased, keepdim, **options)

    for made in (function, method):
        made.__name__ = made.__qualname__ = name
    function.__doc__ = method.__doc__ = assemble(
        summary,
        """
        Half-precision types are computed in float32. Of complex numbers, the absolute values of the differences from
        the mean are squared, as in PyTorch. Called in PyTorch's spelling, and as a method, `correction` is 1 by
        default.
        """,
        example,
        Parameters="""
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
    Whether the axes are kept with length 1.""",
        Returns="""
Tensor
    The dtype of the real part; the shape without the reduced axes. NaN where there are no more elements than
    `correction`.""",
        Raises="""
IndexError
    If an axis is out of range.
TypeError
    If the correction is no number.""",
    )
    operation.function, operation.method = function, method
    return function


std = _spread_measure(
    "std",
    _std,
    "The standard deviation of the elements along the axes.",
    """
    >>> tp.std(tp.tensor([1.0, 3.0]))
    tensor(1.)
    >>> tp.tensor([1.0, 3.0]).std()
    tensor(1.4142)
    """,
)
var = _spread_measure(
    "var",
    _var,
    "The variance of the elements along the axes.",
    """
    >>> tp.var(tp.tensor([1.0, 3.0]))
    tensor(1.)
    >>> tp.var(tp.tensor([[1.0, 3.0], [2.0, 2.0]]), axis=1, correction=1)
    tensor([2., 0.])
    """,
)


@accepts_0d
def cumsum(x: Tensor, /, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """PyTorch's spelling of `cumulative_sum`: integers, unsigned ones too, and booleans in int64.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cumsum(tp.tensor([[1, 2], [3, 4]]), 1)
    tensor([[1, 3],
            [3, 7]])
    """
    return placed("cumsum", cumulative_sum(x, axis=dim, dtype=_signed(x, dtype)), out)


@accepts_0d
def cumprod(x: Tensor, /, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """PyTorch's spelling of `cumulative_prod`: integers, unsigned ones too, and booleans in int64.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cumprod(tp.tensor([[1, 2], [3, 4]]), 1)
    tensor([[ 1,  2],
            [ 3, 12]])
    """
    return placed("cumprod", cumulative_prod(x, axis=dim, dtype=_signed(x, dtype)), out)


def _signed(x: Any, dtype: Any) -> Any:
    return int64 if dtype is None and type(x) is Tensor and x.dtype.kind in "biu" else dtype


def amax(x: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """PyTorch's spelling of `max` along several axes; all of them by default.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.amax(tp.tensor([[1, 5], [4, 2]]), 1)
    tensor([5, 4])
    """
    require_tensors("amax", x)
    found: Tensor = max(x, axis=normalize_axes("amax", dim, x.ndim, True) or None, keepdims=keepdim, out=out)
    return found


def amin(x: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """PyTorch's spelling of `min` along several axes; all of them by default.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.amin(tp.tensor([[1, 5], [4, 2]]), 1)
    tensor([1, 2])
    """
    require_tensors("amin", x)
    found: Tensor = min(x, axis=normalize_axes("amin", dim, x.ndim, True) or None, keepdims=keepdim, out=out)
    return found


METHODS = {
    "amax": amax,
    "amin": amin,
    "cumsum": cumsum,
    "cumprod": cumprod,
    "cumsum_": in_place(cumsum),
    "cumprod_": in_place(cumprod),
}
"""What these functions are called as methods of Tensor, in PyTorch's signatures."""
