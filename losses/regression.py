"""Regression losses: functions of the difference between input and target."""

from __future__ import annotations

from typing import Any, Literal

import numpy

from ..core import Operation, Tensor
from ..core.memory.structure import cast
from ..core.types.axes import as_float
from .checks import (
    broadcast,
    promote_tensors,
    require_positive,
    require_shape,
)
from .pointwise import Formula, pointwise, pointwise_loss
from .reduction import reduce, require_reduction

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


MIN_BETA = float(numpy.finfo(numpy.float32).tiny)
"""The least `beta` for which the quadratic part of smooth L1 matters; below, it is the L1 loss."""


def _difference_loss(
    name: str, value: Formula, slope: Formula, keeps_slope: Literal["always", "recorded"]
) -> Operation:
    """Declare a pointwise loss by formulas ``(ops, input - target, *options)`` of its value and its derivative."""
    return pointwise(
        name,
        lambda ops, input, target, *options: value(ops, input - target, *options),
        keeps_slope,
        of_difference=True,
        input=lambda ops, input, target, *options: slope(ops, input - target, *options),
    )


def _clipped(ops: Any, difference: Any, bound: float, scale: float) -> Any:
    """Huber loss times `scale`: ``(d - c / 2) * c``, where c is d clipped to the bounds, on both sides of a bound."""
    clipped = ops.clip(difference, -bound, bound)
    return (difference - clipped * 0.5) * (clipped * scale)


_l1 = _difference_loss("l1_loss", lambda ops, d: ops.abs(d), lambda ops, d: ops.sign(d), keeps_slope="recorded")
_mse = _difference_loss("mse_loss", lambda ops, d: d * d, lambda ops, d: d * 2.0, keeps_slope="always")
_smooth_l1 = _difference_loss(
    "smooth_l1_loss",
    lambda ops, d, beta: _clipped(ops, d, beta, 1.0 / beta),
    lambda ops, d, beta: ops.where(ops.abs(d) < beta, d * (1.0 / beta), ops.sign(d)),
    keeps_slope="always",
)
_huber = _difference_loss(
    "huber_loss",
    lambda ops, d, delta: _clipped(ops, d, delta, 1.0),
    lambda ops, d, delta: ops.where(ops.abs(d) < delta, d, ops.sign(d) * delta),
    keeps_slope="always",
)


def _regression(loss: Operation, input: Any, target: Any, reduction: str, weight: Any, *options: float) -> Tensor:
    """Check the arguments of a loss and compute it; a weighted mean is divided by the sum of the weights."""
    name = loss.name
    require_reduction(name, reduction)
    given = {"input": input, "target": target} | ({} if weight is None else {"weight": weight})
    dtype, tensors = promote_tensors(name, given, labels=("target",))
    if weight is not None:
        require_shape(name, "weight", weight, input.shape)
    input, target = broadcast(name, dict(zip(("input", "target"), tensors, strict=False)), warn=True)
    if weight is None:
        return cast(pointwise_loss(loss, input, target, reduction, *options), dtype)
    losses = pointwise_loss(loss, input, target, "none", *options) * tensors[2]
    return cast(reduce(losses, reduction, tensors[2].sum()), dtype)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    r"""L1 loss: the absolute difference between input and target.

    .. math:: \ell = |x - y|

    Its mean is the mean absolute error. It is the negative log-likelihood of Laplace's distribution, up to a constant,
    and its minimum the median (Boscovich, 1757; Laplace, 1774).

    Parameters
    ----------
    input : Tensor, any shape
        Of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Of a real-valued dtype. Other shapes are broadcast, with a warning.
    reduction : {"mean", "sum", "none"}, default: "mean"
    weight : Tensor, shape of `input`, optional
        A factor of each loss. The mean is then divided by the sum of the weights.

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

    Notes
    -----
    The gradient where the two are equal is zero, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.losses.functional.l1_loss(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0]))
    tensor(1.5000)
    """
    return _regression(_l1, input, target, reduction, weight)


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    r"""Squared error: the squared difference between input and target.

    .. math:: \ell = (x - y)^2

    Its mean is the mean squared error. It is the negative log-likelihood of a normal distribution, up to constants, and
    its minimum the mean (Legendre, 1805; Gauss, 1809).

    Parameters
    ----------
    input : Tensor, any shape
        Of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Of a real-valued dtype. Other shapes are broadcast, with a warning.
    reduction : {"mean", "sum", "none"}, default: "mean"
    weight : Tensor, shape of `input`, optional
        A factor of each loss. The mean is then divided by the sum of the weights.

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
    >>> tp.losses.functional.mse_loss(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0]))
    tensor(2.5000)
    """
    return _regression(_mse, input, target, reduction, weight)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    r"""Smooth L1 loss: the square of small differences between input and target, the absolute value of large ones.

    .. math::

        \ell = \begin{cases} (x - y)^2 / (2 \beta) & |x - y| < \beta \\ |x - y| - \beta / 2 & \text{else} \end{cases}

    It is `huber_loss` divided by :math:`\beta`, and `l1_loss` where that is 0 (Girshick, "Fast R-CNN", ICCV 2015).

    Parameters
    ----------
    input : Tensor, any shape
        Of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Of a real-valued dtype. Other shapes are broadcast, with a warning.
    reduction : {"mean", "sum", "none"}, default: "mean"
    beta : float, default: 1.0
        The difference at which the loss becomes linear; at least 0.

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `input`
        The common dtype.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no such reduction, or `beta` is negative.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.losses.functional.smooth_l1_loss(tp.tensor([1.0, 2.0]), tp.tensor([0.5, 4.0]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    beta = require_beta("smooth_l1_loss", "beta", beta)
    if beta < MIN_BETA:
        return _regression(_l1, input, target, reduction, None)
    return _regression(_smooth_l1, input, target, reduction, None, beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    r"""Huber loss: half the square of small differences between input and target, a multiple of large ones.

    .. math::

        \ell = \begin{cases} (x - y)^2 / 2 & |x - y| < \delta \\ \delta (|x - y| - \delta / 2) & \text{else} \end{cases}

    (Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964.)

    Parameters
    ----------
    input : Tensor, any shape
        Of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Of a real-valued dtype. Other shapes are broadcast, with a warning.
    reduction : {"mean", "sum", "none"}, default: "mean"
    delta : float, default: 1.0
        The difference at which the loss becomes linear; greater than 0.
    weight : Tensor, shape of `input`, optional
        A factor of each loss. The mean is divided by the number of elements all the same, as in PyTorch.

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `input`
        The common dtype.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no such reduction, or `delta` is not greater than 0.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.losses.functional.huber_loss(tp.tensor([1.0, 2.0]), tp.tensor([0.5, 6.0]), delta=2.0, reduction="none")
    tensor([0.1250, 6.0000])
    """
    delta = require_positive("huber_loss", "delta", delta)
    if weight is None or reduction != "mean":
        return _regression(_huber, input, target, reduction, weight, delta)
    return reduce(_regression(_huber, input, target, "none", weight, delta), reduction)


def require_beta(loss: str, name: str, value: Any) -> float:
    """Return the value as a float; raise ValueError unless it is at least 0."""
    value = as_float(loss, name, value)
    if not value >= 0.0:
        raise ValueError(f"{loss}: {name} must be at least 0, got {value}")
    return value
