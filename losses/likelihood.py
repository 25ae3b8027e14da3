"""Negative log-likelihood losses, and the Kullback-Leibler divergence."""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..core import Tensor
from ..core.memory.structure import cast
from ..core.memory.values import inspect
from ..core.standard.creation import full_like
from ..core.standard.elementwise import clip, log
from ..core.standard.manipulation import expand_dims
from ..core.standard.positions import elements_at
from ..core.standard.searching import where
from ..core.types.axes import as_float
from ..core.types.dtypes import float32
from ..core.types.errors import ShapeError
from .checks import (
    broadcast,
    promote_tensors,
    require_floating,
    require_positive,
    require_tensor,
)
from .classes import class_weights, mask_ignored, require_class_indices
from .pointwise import pointwise, pointwise_loss
from .reduction import REDUCTIONS, reduce, require_reduction

__all__ = ["gaussian_nll_loss", "kl_div", "nll_loss", "poisson_nll_loss"]


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    r"""Negative log-likelihood loss of class indices, given log-probabilities.

    With a class index :math:`t` as the target it is

    .. math:: \ell = -w_t x_t

    `cross_entropy` is this loss of the `log_softmax` of logits.

    Parameters
    ----------
    input : Tensor, shape (N, C), (C,) or (N, C, d1, ..., dK)
        Log-probabilities, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape (N,), () or (N, d1, ..., dK), of an integer dtype
        Class indices in ``[0, C)``.
    weight : Tensor, shape (C,), optional
        The weight of each class.
    ignore_index : int, default: -100
        The class index of targets that do not count.
    reduction : {"mean", "sum", "none"}, default: "mean"
        The mean is weighted: it is divided by the sum of the weights of the targets that count.

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `target`
        The dtype of `input`. The mean of no target is NaN.

    Raises
    ------
    ValueError
        If shapes do not fit, or there is no such reduction.
    IndexError
        If a class index is out of range.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> logs = tp.log_softmax(tp.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 5.0]]), axis=1)
    >>> tp.losses.functional.nll_loss(logs, tp.tensor([0, 2]))
    tensor(0.1265)
    """
    name = "nll_loss"
    require_reduction(name, reduction)
    require_tensor(name, "input", input)
    require_tensor(name, "target", target, input.device)
    require_floating(name, "input", input)
    require_class_indices(name, input, target)
    dtype = input.dtype
    if dtype.itemsize == 2:
        input = cast(input, float32)
    weight = class_weights(name, input, weight)
    axis = min(1, input.ndim - 1)
    target, counts = mask_ignored(name, target, input.shape[axis], ignore_index)
    losses = -elements_at(input, target, axis)
    share = None if weight is None else weight[target]
    if share is not None:
        losses = losses * share
    if counts is not None:
        losses = where(counts, losses, 0.0)
        share = cast(counts, losses.dtype) if share is None else where(counts, share, 0.0)
    return cast(reduce(losses, reduction, None if share is None else share.sum()), dtype)


def _stirling(ops: Any, target: Any) -> Any:
    """Stirling's approximation of ``log(factorial(target))``, for targets greater than 1."""
    return target * ops.log(target) - target + ops.log(target * (2.0 * math.pi)) * 0.5


def _where_above_one(ops: Any, target: Any, value: Any) -> Any:
    """``value(target)`` where the target is greater than 1 or NaN, else 0."""
    no = target <= 1.0
    return ops.masked_fill(value(ops.masked_fill(target, no, 2.0)), no, 0.0)


def _poisson(ops: Any, input: Any, target: Any, log_input: bool, full: bool, eps: float) -> Any:
    loss = ops.exp(input) - target * input if log_input else input - target * ops.log(input + eps)
    return loss + _where_above_one(ops, target, lambda t: _stirling(ops, t)) if full else loss


def _poisson_slope(ops: Any, input: Any, target: Any, log_input: bool, full: bool, eps: float) -> Any:
    return ops.exp(input) - target if log_input else 1.0 - target / (input + eps)


def _poisson_target_slope(ops: Any, input: Any, target: Any, log_input: bool, full: bool, eps: float) -> Any:
    slope = -(input if log_input else ops.log(input + eps))
    return slope + _where_above_one(ops, target, lambda t: ops.log(t) + 0.5 / t) if full else slope


_poisson_nll = pointwise("poisson_nll_loss", _poisson, input=_poisson_slope, target=_poisson_target_slope)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    r"""Poisson negative log-likelihood loss of counts, given the rate or its logarithm.

    .. math:: \ell = e^x - y x \quad \text{or} \quad \ell = x - y \log (x + \epsilon)

    up to :math:`\log y!`, for which `full` adds Stirling's approximation
    :math:`y \log y - y + \frac{1}{2} \log 2 \pi y` where :math:`y > 1`.

    Parameters
    ----------
    input : Tensor, any shape
        The logarithm of the rate, or the rate, of a real-valued floating-point dtype. Half-precision types are computed
        in float32.
    target : Tensor, shape of `input`
        Counts, of a real-valued dtype. Other shapes are broadcast.
    log_input : bool, default: True
        Whether `input` is the logarithm of the rate.
    full : bool, default: False
        Whether to add Stirling's approximation.
    eps : float, default: 1e-8
        Added to the rate before its logarithm is taken.
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
    >>> tp.losses.functional.poisson_nll_loss(tp.tensor([0.0, 1.0]), tp.tensor([1, 3]), reduction="none")
    tensor([ 1.0000, -0.2817])
    """
    name = "poisson_nll_loss"
    require_reduction(name, reduction)
    dtype, (input, target) = promote_tensors(name, {"input": input, "target": target}, labels=("target",))
    input, target = broadcast(name, {"input": input, "target": target})
    return cast(
        pointwise_loss(_poisson_nll, input, target, reduction, bool(log_input), bool(full), as_float(name, "eps", eps)),
        dtype,
    )


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    r"""Gaussian negative log-likelihood loss of targets, given means and variances.

    .. math:: \ell = \frac{1}{2} \left( \log v + \frac{(x - y)^2}{v} \right), \quad v = \max(var, \epsilon)

    up to :math:`\frac{1}{2} \log 2 \pi`, which `full` adds (Nix and Weigend, "Estimating the mean and variance of the
    target probability distribution", ICNN 1994).

    Parameters
    ----------
    input : Tensor, shape (N, *) or (*)
        The means, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Other shapes are broadcast.
    var : Tensor or float
        The variances: of the shape of `input`, or of that with one length 1, or without its last axis; not negative.
    full : bool, default: False
        Whether to add the constant.
    eps : float, default: 1e-6
        The lower bound of the variances, which the gradient ignores, as in PyTorch.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `input`
        The common dtype.

    Raises
    ------
    ValueError
        If the shapes do not fit, a variance is negative, `eps` is not greater than 0, or there is no such reduction.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.losses.functional.gaussian_nll_loss(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 2.0]), tp.tensor([1.0, 4.0]))
    tensor(0.5966)
    """
    name = "gaussian_nll_loss"
    require_reduction(name, reduction)
    eps = require_positive(name, "eps", eps)
    require_tensor(name, "input", input)
    require_floating(name, "input", input)
    if isinstance(var, int | float):
        var = full_like(input, var)
    dtype, (input, target, var) = promote_tensors(
        name, {"input": input, "target": target, "var": var}, labels=("target",)
    )
    var = _broadcastable_variance(name, input, var)
    broadcast(name, {"input": input, "target": target})
    # The detached difference keeps the bound out of the gradient.
    bounded = var + (clip(var, eps) - var).detach()
    difference = input - target
    losses = (log(bounded) + difference * difference / bounded) * 0.5
    if full:
        losses = losses + 0.5 * math.log(2.0 * math.pi)
    return cast(reduce(losses, reduction), dtype)


def _broadcastable_variance(loss: str, input: Tensor, var: Tensor) -> Tensor:
    """Check the variances, and give them a shape that broadcasts to that of the input."""
    inspect(_require_nonnegative, var, loss=loss)
    if var.shape == input.shape:
        return var
    if input.ndim and var.shape == input.shape[:-1]:
        return expand_dims(var, axis=-1)
    differing = [own for own, other in zip(var.shape, input.shape, strict=False) if own != other]
    if var.ndim != input.ndim or differing != [1]:
        raise ShapeError(
            f"{loss}: var must have shape {input.shape}, as the input, or that with one length 1 or without the last "
            f"axis, got {var.shape}"
        )
    return var


def _require_nonnegative(host: numpy.ndarray, loss: str) -> None:
    if (host < 0).any():
        raise ValueError(f"{loss}: var must not be negative, got {host[host < 0][0]}")


def _kl_divergence(ops: Any, input: Any, target: Any, log_target: bool) -> Any:
    if log_target:
        return ops.exp(target) * (target - input)
    # A probability of 0 takes the logarithm of 1, so that its loss is 0.
    return target * (ops.log(target + ops.cast(target == 0.0, target.dtype)) - input)


_kl_div = pointwise(
    "kl_div",
    _kl_divergence,
    input=lambda ops, input, target, log_target: -(ops.exp(target) if log_target else target),
    target=lambda ops, input, target, log_target: (
        ops.exp(target) * (target - input + 1.0) if log_target else ops.log(target) + target / target - input
    ),
)


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    r"""Kullback-Leibler divergence of `target` from `input`, which holds log-probabilities.

    With log-probabilities :math:`x` and probabilities :math:`y` it is, for each element,

    .. math:: \ell = y (\log y - x)

    and with `log_target` :math:`e^y (y - x)`. The sum over a distribution is the divergence of `target` from `input`
    (Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22, 1951).

    Parameters
    ----------
    input : Tensor, any shape
        Log-probabilities, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        Probabilities or, with `log_target`, log-probabilities, of such a dtype. Other shapes are broadcast.
    reduction : {"mean", "batchmean", "sum", "none"}, default: "mean"
        ``"batchmean"`` divides the sum by the length of the first axis, which gives the mean divergence. ``"mean"``
        divides it by the number of elements.
    log_target : bool, default: False
        Whether `target` holds log-probabilities.

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `input`
        The common dtype. A probability of 0 has the loss 0, and a gradient of NaN, as in PyTorch.

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
    >>> logs = tp.log_softmax(tp.tensor([[1.0, 0.0]]), axis=1)
    >>> tp.losses.functional.kl_div(logs, tp.tensor([[0.5, 0.5]]), reduction="batchmean")
    tensor(0.1201)
    """
    require_reduction("kl_div", reduction, (*REDUCTIONS, "batchmean"))
    dtype, tensors = promote_tensors("kl_div", {"input": input, "target": target})
    first = input.shape[0] if input.ndim else 1
    input, target = broadcast("kl_div", dict(zip(("input", "target"), tensors, strict=True)))
    if reduction == "batchmean":
        return cast(pointwise_loss(_kl_div, input, target, "sum", bool(log_target)) / float(first), dtype)
    return cast(pointwise_loss(_kl_div, input, target, reduction, bool(log_target)), dtype)
