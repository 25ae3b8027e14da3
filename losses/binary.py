"""Losses of yes-or-no questions: of probabilities, and of logits."""

from __future__ import annotations

import math
from typing import Any

from ..core import Tensor
from ..core.memory.structure import cast
from ..core.standard.creation import ones_like
from ..core.types.errors import ShapeError
from .checks import (
    broadcast,
    like_input,
    promoted,
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

_LEAST_LOGARITHM = -100.0
"""What logarithms of probabilities are held at, as in PyTorch, so that a certain but wrong answer has a finite loss."""

_LEAST_VARIANCE = 1e-12
"""What x (1 - x) is held at where it divides, as in PyTorch."""


def _at_least(ops: Any, x: Any, bound: float) -> Any:
    return ops.maximum(x, ops.ones_like(x) * bound)


def _entropy(ops: Any, input: Any, target: Any) -> Any:
    yes = _at_least(ops, ops.log(input), _LEAST_LOGARITHM)
    no = _at_least(ops, ops.log1p(-input), _LEAST_LOGARITHM)
    return (target - 1.0) * no - target * yes


def _variance(ops: Any, input: Any) -> Any:
    return _at_least(ops, input * (1.0 - input), _LEAST_VARIANCE)


def _entropy_curvature(ops: Any, input: Any, target: Any) -> Any:
    """PyTorch's second derivative, which is bounded at 0 and 1 in another way than the first."""
    bounded = _at_least(ops, input, _LEAST_VARIANCE) * _at_least(ops, 1.0 - input, _LEAST_VARIANCE)
    return (input * (input - target * 2.0) + target) / (bounded * bounded)


pointwise(
    "binary_cross_entropy_slope",
    lambda ops, input, target: (input - target) / _variance(ops, input),
    input=_entropy_curvature,
    target=lambda ops, input, target: -1.0 / _variance(ops, input),
)
_binary_cross_entropy = pointwise(
    "binary_cross_entropy",
    _entropy,
    input=lambda ops, input, target: ops.binary_cross_entropy_slope(input, target, options=(), summed=False),
    target=lambda ops, input, target: ops.log1p(-input) - ops.log(input),
)


def _tail(ops: Any, x: Any) -> Any:
    """What a softplus has beyond max(x, 0), and never overflows."""
    return ops.log1p(ops.exp(-ops.abs(x)))


def _entropy_of_logits(ops: Any, input: Any, target: Any) -> Any:
    # x (h - y) with the likelier answer h, so that nothing cancels.
    likelier = ops.cast(input > 0.0, input.dtype)
    # Of negative infinity PyTorch's formula leaves NaN.
    undefined = ops.clip(input, -math.inf, 0.0) * 0.0
    return input * (likelier - target) + (_tail(ops, input) + undefined)


def _surplus(ops: Any, input: Any, target: Any) -> Any:
    """The sigmoid less the target, which near one are both taken from one first."""
    below = ops.logistic(input) - target
    return ops.where(ops.greater(input, ops.zeros_like(input)), (1.0 - target) - ops.logistic(-input), below)


_of_logits = pointwise(
    "binary_cross_entropy_with_logits",
    _entropy_of_logits,
    keeps_slope="always",
    input=_surplus,
    target=lambda ops, input, target: -input,
)


def _soft_margin(ops: Any, input: Any, target: Any) -> Any:
    x = -(input * target)
    return ops.maximum(x, ops.zeros_like(x)) + _tail(ops, x)


_soft_margin_loss = pointwise(
    "soft_margin_loss",
    _soft_margin,
    input=lambda ops, input, target: -(target * ops.logistic(-(input * target))),
    target=lambda ops, input, target: -(input * ops.logistic(-(input * target))),
)


def _soft_label(ops: Any, input: Any, target: Any) -> Any:
    zero = ops.zeros_like(input)
    wrong = target * ops.maximum(-input, zero) + (1.0 - target) * ops.maximum(input, zero)
    return wrong + _tail(ops, input)


_soft_labels = pointwise(
    "multilabel_soft_margin_loss",
    _soft_label,
    input=_surplus,
    target=lambda ops, input, target: -input,
)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    r"""The cross-entropy between probabilities of a yes and the answers.

    .. math:: \ell = -w \left( y \log x + (1 - y) \log (1 - x) \right)

    It is the negative log-likelihood of Bernoulli's distribution. Logarithms are held at -100 and above, as in PyTorch,
    so that it is finite for probabilities of exactly 0 and 1. Of logits take `binary_cross_entropy_with_logits`, which
    loses nothing in between.

    Parameters
    ----------
    input : Tensor, any shape
        Probabilities, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Probabilities, of such a dtype.
    weight : Tensor, optional
        What the losses are multiplied by; it broadcasts to the shape of `input`.
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
    dtype, (input, target) = promoted(name, {"input": input, "target": target})
    require_shape(name, "target", target, input.shape)
    require_probabilities(name, "input", input)
    require_probabilities(name, "target", target)
    if weight is None:
        return cast(pointwise_loss(_binary_cross_entropy, input, target, reduction), dtype)
    weight = like_input(name, "weight", weight, input)
    return cast(reduce(pointwise_loss(_binary_cross_entropy, input, target, "none") * weight, reduction), dtype)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""The cross-entropy between the sigmoids of logits and the answers.

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
        What the losses are multiplied by; it broadcasts to the shape of `input`.
    reduction : {"mean", "sum", "none"}, default: "mean"
    pos_weight : Tensor, optional
        :math:`p`, by which a yes counts; it broadcasts to the shape of `input`.

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
    dtype, (input, target) = promoted(name, {"input": input, "target": target})
    require_shape(name, "target", target, input.shape)
    if weight is None and pos_weight is None:
        return cast(pointwise_loss(_of_logits, input, target, reduction), dtype)
    if pos_weight is None:
        losses = pointwise_loss(_of_logits, input, target, "none")
    else:
        share = (like_input(name, "pos_weight", pos_weight, input) - 1.0) * target + 1.0
        losses = (1.0 - target) * input + share * _softplus(-input)
    if weight is not None:
        losses = losses * like_input(name, "weight", weight, input)
    return cast(reduce(losses, reduction), dtype)


def _softplus(x: Tensor) -> Tensor:
    r""":math:`\log (1 + e^x)`: the soft margin loss of -x and a label of 1."""
    return pointwise_loss(_soft_margin_loss, -x, ones_like(x), "none")


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    r"""The logistic loss of scores and labels of 1 or -1.

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
    dtype, tensors = promoted(name, {"input": input, "target": target}, labels=("target",))
    input, target = broadcast(name, dict(zip(("input", "target"), tensors, strict=True)))
    return cast(pointwise_loss(_soft_margin_loss, input, target, reduction), dtype)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    r"""The mean over the classes of the cross-entropies between the sigmoids of logits and the answers.

    .. math:: \ell = -\frac{1}{C} \sum_c w_c \left( y_c \log \sigma(x_c) + (1 - y_c) \log (1 - \sigma(x_c)) \right)

    It is `binary_cross_entropy_with_logits`, a class a question.

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
    dtype, (input, target) = promoted(name, {"input": input, "target": target}, labels=("target",))
    if not input.ndim:
        raise ShapeError(f"{name}: input must have an axis of classes, got shape ()")
    require_shape(name, "target", target, input.shape)
    losses = pointwise_loss(_soft_labels, input, target, "none")
    if weight is not None:
        losses = losses * like_input(name, "weight", weight, input)
    return cast(reduce(losses.sum(-1) / float(input.shape[-1]), reduction), dtype)
