"""Activation functions that are piecewise linear or quadratic: hardtanh, relu6, hardshrink, threshold, prelu and so on.

Their gradients at the ends of the pieces are PyTorch's.
"""

from __future__ import annotations

import math
from typing import Any

from ..dispatch.operation import operation
from ..families.function import function
from ..memory.coercion import same_device
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..random.sampling import rand_like
from ..standard.elementwise import abs, greater, less_equal
from ..standard.searching import where
from ..types.axes import as_float
from ..types.errors import DTypeError, ShapeError
from .activations import leaky_relu
from .selection import masked_fill

__all__ = [
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "prelu",
    "relu6",
    "rrelu",
    "softshrink",
    "threshold",
]

_FLOATS = "real-valued floating-point"


@operation(accepts="real-valued", elementwise=True)
def _hardtanh(ops: Any, x: Any, *, low: float, high: float) -> Any:
    """Each element between two bounds, with gradient zero at the bounds too."""
    return ops.masked_fill(ops.masked_fill(x, x <= low, low), x >= high, high)


def clamp(x: Tensor, low: float, high: float) -> Tensor:
    """`x` between two bounds, with gradient zero at the bounds too."""
    found: Tensor = _hardtanh(x, low=low, high=high)
    return found


@operation(accepts=_FLOATS, elementwise=True)
def _hardsigmoid(ops: Any, x: Any) -> Any:
    """``relu6(x + 3) / 6``."""
    return ops.hardtanh(x + 3.0, low=0.0, high=6.0) / 6.0


@operation(accepts=_FLOATS, elementwise=True)
def _hardswish(ops: Any, x: Any) -> Any:
    """``x * hardsigmoid(x)``."""
    return x * ops.hardsigmoid(x)


@operation(accepts=_FLOATS, elementwise=True)
def _softshrink(ops: Any, x: Any, *, lambd: float) -> Any:
    """Each element moved towards zero."""
    # Times zero, so that NaN stays.
    inner = ops.where(x < -lambd, x + lambd, x * 0.0)
    return ops.where(x > lambd, x - lambd, inner)


@function(accepts=_FLOATS)
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Each element, limited to a range; the gradient is zero at the bounds and beyond.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.
    min_val, max_val : float, default: -1.0, 1.0
        The bounds.
    inplace : bool, default: False
        Whether the operation is in place.

    Raises
    ------
    ValueError
        If the lower bound is greater than the upper one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.hardtanh(tp.tensor([-2.0, 0.5, 3.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    low, high = as_float("hardtanh", "min_val", min_val), as_float("hardtanh", "max_val", max_val)
    if low > high:
        raise ValueError(f"hardtanh: got min_val {min_val}, wanted one up to max_val, {max_val}")
    return clamp(input, low, high)


@function(accepts="real-valued")
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Each element, limited to the range from 0 to 6; the gradient is zero at the bounds and beyond.

    Parameters
    ----------
    input : Tensor
        Of a real-valued dtype.
    inplace : bool, default: False
        Whether the operation is in place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.relu6(tp.tensor([-2.0, 0.5, 9.0]))
    tensor([0.0000, 0.5000, 6.0000])
    """
    return clamp(input, 0, 6)


@function(accepts=_FLOATS, widens_half=True)
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """A piecewise linear sigmoid: ``relu6(x + 3) / 6``.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    inplace : bool, default: False
        Whether the operation is in place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.hardsigmoid(tp.tensor([-3.0, 0.0, 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """
    found: Tensor = _hardsigmoid(input)
    return found


@function(accepts=_FLOATS, widens_half=True)
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Each element times its `hardsigmoid`: ``x * relu6(x + 3) / 6``.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    inplace : bool, default: False
        Whether the operation is in place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.hardswish(tp.tensor([-4.0, 1.5, 4.0]))
    tensor([-0.0000,  1.1250,  4.0000])
    """
    found: Tensor = _hardswish(input)
    return found


@function(accepts=_FLOATS, methods=("hardshrink",))
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Each element, or zero where its absolute value is at most `lambd`.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.
    lambd : float, default: 0.5

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.hardshrink(tp.tensor([-2.0, 0.5, 0.75]))
    tensor([-2.0000,  0.0000,  0.7500])
    """
    return masked_fill(input, less_equal(abs(input), as_float("hardshrink", "lambd", lambd)), 0.0)


@function(accepts=_FLOATS)
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Each element moved towards zero by `lambd`, and zero where its absolute value is at most that.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.
    lambd : float, default: 0.5
        Not negative.

    Raises
    ------
    ValueError
        If `lambd` is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.softshrink(tp.tensor([-2.0, 0.25, 0.75]))
    tensor([-1.5000,  0.0000,  0.2500])
    """
    lambd = as_float("softshrink", "lambd", lambd)
    if not lambd >= 0.0:
        raise ShapeError(f"softshrink: got lambd {lambd}, wanted 0 or more")
    found: Tensor = _softshrink(input, lambd=lambd)
    return found


@function(accepts="real-valued")
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Each element where it is greater than the threshold, else a value.

    Parameters
    ----------
    input : Tensor
        Of a real-valued dtype.
    threshold, value : float
    inplace : bool, default: False
        Whether the operation is in place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.threshold(tp.tensor([-2.0, 0.5, 3.0]), 1.0, 20.0)
    tensor([20., 20.,  3.])
    """
    return masked_fill(input, less_equal(input, threshold), value)


@function(accepts=_FLOATS, methods=("prelu",))
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Leaky rectified linear unit whose slope of negative elements is learnt: one for all, or one a channel.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; its channels lie along axis 1, or it is one channel if it has no such.
    weight : Tensor, shape () or (1,) or (C,)
        Of the dtype of `input`.

    Raises
    ------
    ShapeError
        If `weight` has another shape.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.prelu(tp.tensor([[-1.0, -1.0]]), tp.tensor([0.25, 0.5]))
    tensor([[-0.2500, -0.5000]])
    """
    input, weight = same_device("prelu", input, weight)
    if weight.dtype is not input.dtype:
        raise DTypeError(f"prelu: got a weight of {weight.dtype} for an input of {input.dtype}, wanted one dtype")
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.ndim > 1 or math.prod(weight.shape) not in (1, channels):
        raise ShapeError(
            f"prelu: got a weight of shape {weight.shape} for an input of shape {input.shape}, wanted one slope, or "
            f"one for each of the {channels} channels"
        )
    if weight.ndim == 1:
        weight = reshape(weight, (-1, *(1,) * (input.ndim - 2)) if input.ndim > 1 else (1,) * input.ndim)
    return where(greater(input, 0.0), input, input * weight)


@function(accepts=_FLOATS)
def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Leaky rectified linear unit whose slopes are drawn from a range in training, and are its middle otherwise.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.
    lower, upper : float, default: 1/8, 1/3
        The range.
    training : bool, default: False
        Whether the slopes are random.
    inplace : bool, default: False
        Whether the operation is in place.

    Raises
    ------
    ValueError
        If the bounds are not finite, or the lower one is greater.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.rrelu(tp.tensor([-3.0, 2.0]), 0.25, 0.75)
    tensor([-1.5000,  2.0000])
    """
    lower, upper = as_float("rrelu", "lower", lower), as_float("rrelu", "upper", upper)
    if not lower <= upper or math.isinf(lower) or math.isinf(upper):
        raise ShapeError(f"rrelu: got slopes from {lower} to {upper}, wanted two finite numbers, the lesser first")
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    slopes = rand_like(input) * (upper - lower) + lower
    return where(greater(input, 0.0), input, input * slopes)
