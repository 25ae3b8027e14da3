"""Softmax and its relatives, and other activations, which PyTorch has beside the standard.

Softmax and its relatives subtract the greatest element before they take exponentials, so that none overflows
(Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions", IMA Journal of Numerical
Analysis, 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..autodiff.lifting import TensorLifter
from ..dispatch.operation import Operation
from ..families.docs import assemble
from ..families.scalars import accepts_0d
from ..memory.coercion import in_single
from ..memory.structure import cast, clone
from ..memory.tensor import Tensor
from ..memory.writes import copy_
from ..types.axes import (
    as_flag,
    as_float,
    normalize_axes,
    normalize_axis,
)
from ..types.dtypes import as_dtype
from ..types.errors import unsupported

_FLOATS = "real-valued floating-point"


def _finite(ops: Any, x: Any) -> Any:
    """Zero in place of an infinite number: a greatest element of infinity would make NaN of the equal ones."""
    return ops.where(ops.isinf(x), ops.zeros_like(x), x)


def _greatest(ops: Any, x: Any, axis: Any) -> Any:
    """The greatest element along the axes, which are kept; of none, negative infinity."""
    lengths = x.shape if axis is None else [x.shape[i] for i in (axis if isinstance(axis, tuple) else (axis,))]
    return ops.sum(x, axis=axis, keepdims=True) - math.inf if 0 in lengths else ops.max(x, axis=axis, keepdims=True)


def _exponentials(ops: Any, x: Any, axis: Any) -> tuple[Any, Any, Any]:
    """The greatest element, the exponentials of the differences from it, and their sum."""
    shift = _greatest(ops, x, axis)
    exponentials = ops.exp(x - shift)
    return shift, exponentials, ops.sum(exponentials, axis=axis, keepdims=True)


def _softmax(ops: Any, x: Any, axis: int) -> Any:
    _, exponentials, total = _exponentials(ops, x, axis)
    return exponentials / total


def _log_softmax(ops: Any, x: Any, axis: int) -> Any:
    shift, _, total = _exponentials(ops, x, axis)
    return x - shift - ops.log(total)


def _logsumexp(ops: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    shift = _finite(ops, _greatest(ops, x, axis))
    total = ops.sum(ops.exp(x - shift), axis=axis, keepdims=True)
    result = ops.add(ops.log(total), shift)
    return result if keepdims else ops.reshape(result, _without(x.shape, axis))


def _without(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    return () if axis is None else tuple(n for i, n in enumerate(shape) if i not in axis)


def _softmax_normalizer(ops: Any, x: Any, axis: int) -> Any:
    shift, _, total = _exponentials(ops, x, axis)
    return ops.stack([shift, total], axis=0)


def _softmax_gradient(ops: Any, g: Any, out: Any, axis: int) -> Any:
    return out * (g - ops.sum(g * out, axis=axis, keepdims=True))


_softmax_gradient_operation = Operation(
    "softmax_gradient", family="composite", operands=("g", "out"), accepts=_FLOATS, decomposition=_softmax_gradient
)
_softmax_gradient_operation.function = lambda g, out, axis: _softmax_gradient(TensorLifter.ops, g, out, axis)

_logsumexp_operation = Operation(
    "logsumexp",
    family="reduction",
    operands=("x",),
    accepts=_FLOATS,
    decomposition=_logsumexp,
    methods=("logsumexp",),
)

softmax_normalizer = Operation(
    "softmax_normalizer", family="reduction", operands=("x",), accepts=_FLOATS, decomposition=_softmax_normalizer
)
"""A shift and the sum of the shifted exponentials, stacked, with the axis at length 1: exp(x - shift) / sum is the
softmax of x. It is what fused losses keep of a softmax between their forward and backward passes, and has no gradient.
The shift is whatever keeps the sum from overflowing and from vanishing; by default it is the greatest element.
"""


def _along_an_axis(name: str, decomposition: Callable[..., Any], summary: str, notes: str, example: str) -> Any:
    operation = Operation(
        name, family="activation", operands=("x",), accepts=_FLOATS, decomposition=decomposition, methods=(name,)
    )

    def function(x: Tensor, /, dim: int | None = None, dtype: Any = None, *, axis: int = -1) -> Tensor:
        if type(x) is not Tensor:
            raise unsupported(name, x)
        if dtype is not None:
            x = cast(x, as_dtype(dtype))
        return in_single(operation, x, axis=normalize_axis(name, axis if dim is None else dim, x.ndim))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = assemble(
        summary,
        notes,
        example,
        Parameters="""
x : Tensor
    Of a real-valued floating-point dtype, at least 1-d.
dim
    PyTorch's spelling of `axis`.
dtype : dtype, optional
    What `x` is converted to first.
axis : int, default: -1
    The axis along which the elements compete.""",
        Returns="""
Tensor
    The dtype and shape of `x`. Half-precision types are computed in float32.""",
        Raises="""
IndexError
    If the axis is out of range.
TypeError
    For another dtype.""",
    )
    operation.function = accepts_0d(function)
    return operation.function


log_softmax = _along_an_axis(
    "log_softmax",
    _log_softmax,
    r"The logarithm of `softmax`, :math:`x_i - \log \sum_j e^{x_j}`, exact where the softmax itself vanishes.",
    "",
    """
    >>> tp.log_softmax(tp.tensor([0.0, 1000.0]))
    tensor([-1000.,     0.])
    """,
)
softmax = _along_an_axis(
    "softmax",
    _softmax,
    r"The exponentials of the elements along an axis, divided by their sum: :math:`e^{x_i} / \sum_j e^{x_j}`.",
    "An infinite element makes NaN of the whole axis, unless it is negative and another is finite, as in PyTorch.",
    """
    >>> tp.softmax(tp.tensor([[0.0, 0.0], [1.0, 3.0]]))
    tensor([[0.5000, 0.5000],
            [0.1192, 0.8808]])
    """,
)


def logsumexp(
    x: Tensor, /, dim: Any = None, keepdim: bool = False, *, axis: Any = None, keepdims: bool = False
) -> Tensor:
    r"""The logarithm of the sum of exponentials along the axes, :math:`\log \sum_i e^{x_i}`.

    Parameters
    ----------
    x : Tensor
        Of a real-valued floating-point dtype.
    dim, keepdim
        PyTorch's spelling of `axis` and `keepdims`.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    keepdims : bool, default: False
        Whether they are kept with length 1.

    Returns
    -------
    Tensor
        The dtype of `x`, which for half-precision types is computed in float32; the shape without the reduced axes.

    Raises
    ------
    IndexError
        If an axis is out of range.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logsumexp(tp.tensor([0.0, 0.0]))
    tensor(0.6931)
    """
    if type(x) is not Tensor:
        raise unsupported("logsumexp", x)
    axes = normalize_axes("logsumexp", axis if dim is None else dim, x.ndim, dim is not None)
    return in_single(_logsumexp_operation, x, axis=axes, keepdims=as_flag("logsumexp", "keepdims", keepdims or keepdim))


_logsumexp_operation.function = logsumexp


def _elu(ops: Any, x: Any, alpha: float) -> Any:
    return ops.where(x > 0.0, x, ops.expm1(ops.masked_fill(x, x > 0.0, 0.0)) * alpha)


_LEAST_SLOPE = 1e-4
"""A smaller one may be zero in the tensor's dtype, and zero times infinity is NaN."""


def _leaky_relu(ops: Any, x: Any, negative_slope: float) -> Any:
    part = x * negative_slope
    # The greater one, which takes less time than a choice.
    return ops.maximum(x, part) if _LEAST_SLOPE < negative_slope <= 1.0 else ops.where(x > 0.0, x, part)


def _log_sigmoid(ops: Any, x: Any) -> Any:
    return ops.masked_fill(x, x > 0.0, 0.0) - ops.log1p(ops.exp(-ops.abs(x)))


def _logistic_density(ops: Any, x: Any) -> Any:
    exponentials = ops.exp(-ops.abs(x))
    below = exponentials + ops.ones_like(exponentials)
    return exponentials / (below * below)


_MOST_EXPONENT = 80.0
"""No exponential up to here overflows."""


def _softplus(ops: Any, x: Any, beta: float, threshold: float) -> Any:
    scaled = x * beta
    if threshold <= _MOST_EXPONENT:
        return ops.where(scaled > threshold, x, ops.log1p(ops.exp(scaled)) / beta)
    found = ops.maximum(scaled, ops.zeros_like(x)) + ops.log1p(ops.exp(-ops.abs(scaled)))
    return ops.where(scaled > threshold, x, found / beta)


def _activation(name: str, decomposition: Callable[..., Any]) -> Operation:
    return Operation(name, family="activation", operands=("x",), accepts=_FLOATS, decomposition=decomposition)


_elu_operation = _activation("elu", _elu)
_leaky_relu_operation = _activation("leaky_relu", _leaky_relu)
# A sigmoid with a gradient by its operand, and the derivative, which is the density of the logistic distribution.
_activation("logistic", lambda ops, x: ops.sigmoid(x))
_activation("logistic_density", _logistic_density)
_logsigmoid_operation = _activation("logsigmoid", _log_sigmoid)
_silu_operation = _activation("silu", lambda ops, x: x * ops.sigmoid(x))
_softplus_operation = _activation("softplus", _softplus)


def _activate(operation: Operation, x: Any, inplace: bool = False, **parameters: Any) -> Tensor:
    """An activation of a tensor, which is written into it if so wanted."""
    if type(x) is not Tensor:
        raise unsupported(operation.name, x)
    if inplace:
        # Of a copy, as the gradient needs the values that are written over.
        return copy_(x, in_single(operation, clone(x), **parameters))
    return in_single(operation, x, **parameters)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    r"""Each element where it is positive, else :math:`\alpha (e^x - 1)`.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    alpha : float, default: 1.0
        What negative elements tend to, with the other sign.
    inplace : bool, default: False
        Whether the result is written into `input`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.elu(tp.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return _activate(_elu_operation, input, inplace, alpha=as_float("elu", "alpha", alpha))


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Each element where it is positive, else a small part of it. The gradient at zero is that part, as in PyTorch.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.
    negative_slope : float, default: 0.01
        What negative elements are multiplied by.
    inplace : bool, default: False
        Whether the result is written into `input`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.leaky_relu(tp.tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """
    return _activate(
        _leaky_relu_operation, input, inplace, negative_slope=as_float("leaky_relu", "negative_slope", negative_slope)
    )


def logsigmoid(input: Tensor) -> Tensor:
    r"""The logarithm of `sigmoid`, :math:`-\log(1 + e^{-x})`, exact where the sigmoid itself vanishes.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.logsigmoid(tp.tensor([-200.0, 0.0]))
    tensor([-200.0000,   -0.6931])
    """
    return _activate(_logsigmoid_operation, input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    r"""Each element times its `sigmoid`, :math:`x / (1 + e^{-x})`.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    inplace : bool, default: False
        Whether the result is written into `input`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.silu(tp.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return _activate(_silu_operation, input, inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    r"""The smooth relative of `relu`, :math:`\log(1 + e^{\beta x}) / \beta`.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    beta : float, default: 1.0
        How sharp the bend at zero is.
    threshold : float, default: 20.0
        Where :math:`\beta x` is greater, the element is returned as it is.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.softplus(tp.tensor([-1.0, 0.0, 30.0]))
    tensor([ 0.3133,  0.6931, 30.0000])
    """
    beta, threshold = as_float("softplus", "beta", beta), as_float("softplus", "threshold", threshold)
    return _activate(_softplus_operation, input, beta=beta, threshold=threshold)


for _operation, _function in (
    (_elu_operation, elu),
    (_leaky_relu_operation, leaky_relu),
    (_logsigmoid_operation, logsigmoid),
    (_silu_operation, silu),
    (_softplus_operation, softplus),
):
    _operation.function = _function
