"""Smooth activation functions except softmax: celu, elu, glu, mish, selu, silu, softplus and so on."""

from __future__ import annotations

import math
from typing import Any

from ..dispatch.operation import operation
from ..families.function import function
from ..memory.tensor import Tensor
from ..special.error_functions import erf
from ..standard.elementwise import abs, sigmoid, tanh
from ..standard.manipulation import chunk
from ..types.axes import as_float
from ..types.errors import ArgumentError, DivisionByZeroError, ShapeError

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "selu",
    "silu",
    "softplus",
    "softsign",
    "tanhshrink",
]

_FLOATS = "real-valued floating-point"


@operation(accepts=_FLOATS, elementwise=True)
def _celu(ops: Any, x: Any, *, alpha: float) -> Any:
    """Exponential linear unit with slope 1 at zero."""
    return ops.where(x > 0.0, x, ops.expm1(ops.masked_fill(x, x > 0.0, 0.0) / alpha) * alpha)


@operation(accepts=_FLOATS, elementwise=True)
def _elu(ops: Any, x: Any, *, alpha: float) -> Any:
    """Exponential linear unit."""
    return ops.where(x > 0.0, x, ops.expm1(ops.masked_fill(x, x > 0.0, 0.0)) * alpha)


_LEAST_SLOPE = 1e-4
"""The smallest parameter: a smaller one may become zero, and zero times infinity is NaN."""


@operation(accepts=_FLOATS, elementwise=True)
def _leaky_relu(ops: Any, x: Any, *, negative_slope: float) -> Any:
    """Leaky rectified linear unit."""
    part = x * negative_slope
    # The maximum is faster than `where`.
    return ops.maximum(x, part) if _LEAST_SLOPE < negative_slope <= 1.0 else ops.where(x > 0.0, x, part)


@operation(accepts=_FLOATS, elementwise=True)
def _logistic(ops: Any, x: Any) -> Any:
    """A sigmoid whose gradient is computed from its operand."""
    return ops.sigmoid(x)


@operation(accepts=_FLOATS, elementwise=True)
def _logistic_density(ops: Any, x: Any) -> Any:
    """The derivative of the sigmoid: the density of the logistic distribution."""
    exponentials = ops.exp(-ops.abs(x))
    below = exponentials + ops.ones_like(exponentials)
    return exponentials / (below * below)


@operation(accepts=_FLOATS, elementwise=True)
def _logsigmoid(ops: Any, x: Any) -> Any:
    """Logarithm of the sigmoid."""
    return ops.masked_fill(x, x > 0.0, 0.0) - ops.log1p(ops.exp(-ops.abs(x)))


@operation(accepts=_FLOATS, elementwise=True)
def _silu(ops: Any, x: Any) -> Any:
    """Sigmoid linear unit, ``x * sigmoid(x)``."""
    return x * ops.sigmoid(x)


_MOST_EXPONENT = 80.0
"""The largest argument whose exponential does not overflow."""


@operation(accepts=_FLOATS, elementwise=True)
def _softplus(ops: Any, x: Any, *, beta: float, threshold: float) -> Any:
    """``log(1 + exp(beta * x)) / beta``; `x` itself above the threshold."""
    scaled = x * beta
    if threshold <= _MOST_EXPONENT:
        return ops.where(scaled > threshold, x, ops.log1p(ops.exp(scaled)) / beta)
    found = ops.maximum(scaled, ops.zeros_like(x)) + ops.log1p(ops.exp(-ops.abs(scaled)))
    return ops.where(scaled > threshold, x, found / beta)


@operation(accepts=_FLOATS, elementwise=True)
def _mish(ops: Any, x: Any) -> Any:
    """``x * tanh(softplus(x))``."""
    return x * ops.tanh(ops.softplus(x, beta=1.0, threshold=20.0))


@function(widens_half=True)
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    r"""Each element where it is positive, else :math:`\alpha (e^x - 1)`.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    alpha : float, default: 1.0
        What negative elements tend to, with the other sign.
    inplace : bool, default: False
        Whether the operation is in place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.elu(tp.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    found: Tensor = _elu(input, alpha=as_float("elu", "alpha", alpha))
    return found


@function(widens_half=True)
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Leaky rectified linear unit: negative elements are multiplied by a small slope, also the gradient at zero.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.
    negative_slope : float, default: 0.01
        What negative elements are multiplied by.
    inplace : bool, default: False
        Whether the operation is in place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.leaky_relu(tp.tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """
    found: Tensor = _leaky_relu(input, negative_slope=as_float("leaky_relu", "negative_slope", negative_slope))
    return found


@function(widens_half=True)
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
    found: Tensor = _logsigmoid(input)
    return found


@function(widens_half=True)
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    r"""Each element times its `sigmoid`, :math:`x / (1 + e^{-x})`.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    inplace : bool, default: False
        Whether the operation is in place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.silu(tp.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    found: Tensor = _silu(input)
    return found


@function(widens_half=True)
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
    found: Tensor = _softplus(input, beta=beta, threshold=threshold)
    return found


@function(accepts=_FLOATS, widens_half=True)
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    r"""Each element where it is positive, else :math:`\alpha (e^{x / \alpha} - 1)`, whose slope at zero is 1.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    alpha : float, default: 1.0
        What negative elements tend to, with the other sign; not zero.
    inplace : bool, default: False
        Whether the operation is in place.

    Raises
    ------
    ZeroDivisionError
        If `alpha` is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.celu(tp.tensor([-1.0, 2.0]), 2.0)
    tensor([-0.7869,  2.0000])
    """
    alpha = as_float("celu", "alpha", alpha)
    if alpha == 0.0:
        raise DivisionByZeroError("celu: got alpha 0, wanted another number")
    found: Tensor = _celu(input, alpha=alpha)
    return found


@function(accepts=_FLOATS, widens_half=True)
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    r"""Gaussian error linear unit, :math:`x \Phi(x)`, with the normal distribution function.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    approximate : {"none", "tanh"}
        "tanh" for the approximation :math:`x (1 + \tanh(\sqrt{2 / \pi} (x + 0.044715 x^3))) / 2`.

    Raises
    ------
    ValueError
        For another approximation.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.gelu(tp.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    if approximate == "none":
        return input * ((erf(input * math.sqrt(0.5)) + 1.0) * 0.5)
    if approximate != "tanh":
        raise ArgumentError(f"gelu: got approximate {approximate!r}, wanted 'none' or 'tanh'")
    inner = (input * input * 0.044715 + 1.0) * input * math.sqrt(2.0 / math.pi)
    return (tanh(inner) + 1.0) * 0.5 * input


_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@function(accepts=_FLOATS, widens_half=True)
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Scaled exponential linear unit, which keeps mean 0 and variance 1 of activations from layer to layer.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    inplace : bool, default: False
        Whether the operation is in place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.selu(tp.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    found: Tensor = _elu(input, alpha=_SELU_ALPHA) * _SELU_SCALE
    return found


@function(accepts=_FLOATS, widens_half=True)
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Each element times the tangent of its `softplus`: ``x * tanh(softplus(x))``.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    inplace : bool, default: False
        Whether the operation is in place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.mish(tp.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    found: Tensor = _mish(input)
    return found


@function(accepts=_FLOATS, widens_half=True)
def softsign(input: Tensor) -> Tensor:
    """Each element divided by one more than its absolute value.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.softsign(tp.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return input / (abs(input) + 1.0)


@function(accepts=_FLOATS, widens_half=True)
def tanhshrink(input: Tensor) -> Tensor:
    """Each element less its hyperbolic tangent.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.tanhshrink(tp.tensor([-1.0, 2.0]))
    tensor([-0.2384,  1.0360])
    """
    return input - tanh(input)


@function(accepts=_FLOATS, axis="one", widens_half=True)
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Gated linear unit: the first half along an axis, times the `sigmoid` of the second half.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    dim : int, default: -1
        The axis, whose length is even.

    Raises
    ------
    ShapeError
        If the length is odd.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.glu(tp.tensor([1.0, 2.0, 0.0, 1000.0]))
    tensor([0.5000, 2.0000])
    """
    if input.shape[dim] % 2:
        raise ShapeError(f"glu: got shape {input.shape}, wanted an even length along axis {dim} to be halved")
    first, second = chunk(input, 2, dim)
    return first * sigmoid(second)
