"""Activations that PyTorch has beside the standard, but softmax and its relatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dispatch.legacy import legacy
from ..dispatch.operation import Operation
from ..memory.coercion import in_single
from ..memory.structure import clone
from ..memory.tensor import Tensor
from ..memory.writes import copy_
from ..types.axes import (
    as_float,
)
from ..types.errors import unsupported

__all__ = ["elu", "leaky_relu", "logsigmoid", "silu", "softplus"]

_FLOATS = "real-valued floating-point"


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
    return legacy(name, family="activation", operands=("x",), accepts=_FLOATS, decomposition=decomposition)


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
