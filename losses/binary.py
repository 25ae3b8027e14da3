"""Binary classification losses, of probabilities and of logits."""

from __future__ import annotations

import math
from typing import Any

from ..core import Tensor
from ..core.memory.structure import cast
from ..core.standard.creation import ones_like
from ..core.types.errors import ShapeError
from .checks import (
    broadcast,
    elementwise_weight,
    promote_tensors,
    require_probabilities,
    require_shape,
)
from .pointwise import pointwise, pointwise_loss
from .reduction import reduce, require_reduction

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
]

_MIN_LOG = -100.0
"""The lower bound of log-probabilities, as in PyTorch, so that the loss of a wrong probability of 0 or 1 is finite."""

_MIN_VARIANCE = 1e-12
"""The lower bound of x (1 - x) as a divisor, as in PyTorch."""


def _clamp_min(ops: Any, x: Any, bound: float) -> Any:
    return ops.maximum(x, ops.ones_like(x) * bound)


def _cross_entropy(ops: Any, input: Any, target: Any) -> Any:
    yes = _clamp_min(ops, ops.log(input), _MIN_LOG)
    no = _clamp_min(ops, ops.log1p(-input), _MIN_LOG)
    return (target - 1.0) * no - target * yes


def _variance(ops: Any, input: Any) -> Any:
    return _clamp_min(ops, input * (1.0 - input), _MIN_VARIANCE)


def _second_derivative(ops: Any, input: Any, target: Any) -> Any:
    """PyTorch's second derivative, whose bounds at 0 and 1 differ from those of the first."""
    bounded = _clamp_min(ops, input, _MIN_VARIANCE) * _clamp_min(ops, 1.0 - input, _MIN_VARIANCE)
    return (input * (input - target * 2.0) + target) / (bounded * bounded)


pointwise(
    "binary_cross_entropy_slope",
    lambda ops, input, target: (input - target) / _variance(ops, input),
    input=_second_derivative,
    target=lambda ops, input, target: -1.0 / _variance(ops, input),
)
_binary_cross_entropy = pointwise(
    "binary_cross_entropy",
    _cross_entropy,
    input=lambda ops, input, target: ops.binary_cross_entropy_slope(input, target, options=(), summed=False),
    target=lambda ops, input, target: ops.log1p(-input) - ops.log(input),
)


def _log1p_exp(ops: Any, x: Any) -> Any:
    """``log1p(exp(-abs(x)))``, which is ``softplus(x) - max(x, 0)`` and never overflows."""
    return ops.log1p(ops.exp(-ops.abs(x)))


def _cross_entropy_with_logits(ops: Any, input: Any, target: Any) -> Any:
    # x (h - y) with the likelier class h, so that nothing cancels.
    likelier = ops.cast(input > 0.0, input.dtype)
    # NaN for a logit of negative infinity, as in PyTorch.
    undefined = ops.clip(input, -math.inf, 0.0) * 0.0
    return input * (likelier - target) + (_log1p_exp(ops, input) + undefined)


def _sigmoid_minus_target(ops: Any, input: Any, target: Any) -> Any:
    """``sigmoid(x) - y``; for positive logits as ``(1 - y) - sigmoid(-x)``, so that nothing cancels."""
    below = ops.logistic(input) - target
    return ops.where(ops.greater(input, ops.zeros_like(input)), (1.0 - target) - ops.logistic(-input), below)


_with_logits = pointwise(
    "binary_cross_entropy_with_logits",
    _cross_entropy_with_logits,
    keeps_slope="always",
    input=_sigmoid_minus_target,
    target=lambda ops, input, target: -input,
)


def _soft_margin(ops: Any, input: Any, target: Any) -> Any:
    x = -(input * target)
    return ops.maximum(x, ops.zeros_like(x)) + _log1p_exp(ops, x)


_soft_margin_loss = pointwise(
    "soft_margin_loss",
    _soft_margin,
    input=lambda ops, input, target: -(target * ops.logistic(-(input * target))),
    target=lambda ops, input, target: -(input * ops.logistic(-(input * target))),
)


def _multilabel_soft_margin(ops: Any, input: Any, target: Any) -> Any:
    zero = ops.zeros_like(input)
    wrong = target * ops.maximum(-input, zero) + (1.0 - target) * ops.maximum(input, zero)
    return wrong + _log1p_exp(ops, input)


_multilabel_soft_margin_loss = pointwise(
    "multilabel_soft_margin_loss",
    _multilabel_soft_margin,
    input=_sigmoid_minus_target,
    target=lambda ops, input, target: -input,
)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    r"""Binary cross-entropy between predicted probabilities and targets.

    .. math:: \ell = -w \left( y \log x + (1 - y) \log (1 - x) \right)

    It is the negative log-likelihood of Bernoulli's distribution. Logarithms are clamped to at least -100, as in
    PyTorch, so that it is finite for probabilities of exactly 0 and 1. For logits use
    `binary_cross_entropy_with_logits`, which is more precise.

    Parameters
    ----------
    input : Tensor, any shape
        Probabilities, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Probabilities, of such a dtype.
    weight : Tensor, optional
        A factor of each loss; it broadcasts to the shape of `input`.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `input`
        The common dtype.

    Raises
    ------
    ValueError
        If the shapes do not fit, an element is not from 0 to 1, or there is no such reduction.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> yes = tp.tensor([1.0, 1.0, 1.0])
    >>> tp.losses.functional.binary_cross_entropy(tp.tensor([0.9, 0.5, 0.0]), yes, reduction="none")
    tensor([  0.1054,   0.6931, 100.0000])
    """
    name = "binary_cross_entropy"
    require_reduction(name, reduction)
    dtype, (input, target) = promote_tensors(name, {"input": input, "target": target})
    require_shape(name, "target", target, input.shape)
    require_probabilities(name, "input", input)
    require_probabilities(name, "target", target)
    if weight is None:
        return cast(pointwise_loss(_binary_cross_entropy, input, target, reduction), dtype)
    weight = elementwise_weight(name, "weight", weight, input)
    return cast(reduce(pointwise_loss(_binary_cross_entropy, input, target, "none") * weight, reduction), dtype)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Binary cross-entropy with logits: between the sigmoids of logits and targets.

    .. math::

        \ell &= -w \left( p \, y \log \sigma(x) + (1 - y) \log (1 - \sigma(x)) \right) \\
             &= w \left( \max(x, 0) - x y + \log (1 + e^{-|x|}) \right) \quad \text{for } p = 1

    in the second form, which neither overflows nor cancels: the logistic regression of Cox, "The regression analysis of
    binary sequences", Journal of the Royal Statistical Society B 20, 1958.

    Parameters
    ----------
    input : Tensor, any shape
        Logits, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Probabilities, of such a dtype.
    weight : Tensor, optional
        A factor of each loss; it broadcasts to the shape of `input`.
    reduction : {"mean", "sum", "none"}, default: "mean"
    pos_weight : Tensor, optional
        :math:`p`, the weight of positive targets; it broadcasts to the shape of `input`.

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `input`
        The common dtype.

    Raises
    ------
    ValueError
        If the shapes do not fit, or there is no such reduction.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> logits, target = tp.tensor([2.0, -50.0]), tp.tensor([1.0, 1.0])
    >>> tp.losses.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    tensor([ 0.1269, 50.0000])
    """
    name = "binary_cross_entropy_with_logits"
    require_reduction(name, reduction)
    dtype, (input, target) = promote_tensors(name, {"input": input, "target": target})
    require_shape(name, "target", target, input.shape)
    if weight is None and pos_weight is None:
        return cast(pointwise_loss(_with_logits, input, target, reduction), dtype)
    if pos_weight is None:
        losses = pointwise_loss(_with_logits, input, target, "none")
    else:
        share = (elementwise_weight(name, "pos_weight", pos_weight, input) - 1.0) * target + 1.0
        losses = (1.0 - target) * input + share * _softplus(-input)
    if weight is not None:
        losses = losses * elementwise_weight(name, "weight", weight, input)
    return cast(reduce(losses, reduction), dtype)


def _softplus(x: Tensor) -> Tensor:
    r"""Softplus, :math:`\log (1 + e^x)`: the soft margin loss of -x and a label of 1."""
    return pointwise_loss(_soft_margin_loss, -x, ones_like(x), "none")


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    r"""Soft margin loss: the logistic loss of scores and labels of 1 or -1.

    .. math:: \ell = \log (1 + e^{-y x})

    computed so that it does not overflow: the logistic regression of Cox, 1958, with labels of 1 and -1.

    Parameters
    ----------
    input : Tensor, any shape
        Scores, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Labels, of a real-valued dtype. Other shapes are broadcast.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `input`
        The common dtype.

    Raises
    ------
    ValueError
        If the shapes do not fit, or there is no such reduction.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.losses.functional.soft_margin_loss(tp.tensor([2.0, 2.0]), tp.tensor([1, -1]), reduction="none")
    tensor([0.1269, 2.1269])
    """
    name = "soft_margin_loss"
    require_reduction(name, reduction)
    dtype, tensors = promote_tensors(name, {"input": input, "target": target}, labels=("target",))
    input, target = broadcast(name, dict(zip(("input", "target"), tensors, strict=True)))
    return cast(pointwise_loss(_soft_margin_loss, input, target, reduction), dtype)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    r"""Multi-label soft margin loss: the mean over the classes of binary cross-entropy with logits.

    .. math:: \ell = -\frac{1}{C} \sum_c w_c \left( y_c \log \sigma(x_c) + (1 - y_c) \log (1 - \sigma(x_c)) \right)

    It is `binary_cross_entropy_with_logits`, averaged over the classes of each sample.

    Parameters
    ----------
    input : Tensor, shape (N, C), (C,) or (..., C)
        Logits, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        1 for each class that applies, else 0, of a real-valued dtype.
    weight : Tensor, shape (C,), optional
        The weight of each class; another shape broadcasts to that of `input`.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `input` without its last axis
        The common dtype.

    Raises
    ------
    ValueError
        If the shapes do not fit, or there is no such reduction.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.losses.functional.multilabel_soft_margin_loss(tp.tensor([[2.0, -2.0, 0.0]]), tp.tensor([[1, 0, 1]]))
    tensor(0.3157)
    """
    name = "multilabel_soft_margin_loss"
    require_reduction(name, reduction)
    dtype, (input, target) = promote_tensors(name, {"input": input, "target": target}, labels=("target",))
    if not input.ndim:
        raise ShapeError(f"{name}: input must have an axis of classes, got shape ()")
    require_shape(name, "target", target, input.shape)
    losses = pointwise_loss(_multilabel_soft_margin_loss, input, target, "none")
    if weight is not None:
        losses = losses * elementwise_weight(name, "weight", weight, input)
    return cast(reduce(losses.sum(-1) / float(input.shape[-1]), reduction), dtype)
