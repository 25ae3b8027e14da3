"""Margin (hinge) losses, zero once a score is right by a margin."""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..core import Tensor
from ..core.autodiff.composing import compose
from ..core.dispatch.keys import device_of
from ..core.memory.structure import cast
from ..core.memory.values import known
from ..core.types.axes import as_float
from ..core.types.dtypes import int64
from ..core.types.errors import ShapeError
from .checks import (
    broadcast,
    promote_tensors,
    require_shape,
    require_tensor,
)
from .classes import any_ignored, class_weights, require_class_indices
from .reduction import reduce, require_reduction

__all__ = ["hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss", "multilabel_margin_loss"]


def hinge(ops: Any, x: Any) -> Any:
    """``max(x, 0)``, whose gradient at 0 is 1, as that of PyTorch's clamp."""
    return ops.clip(x, ops.zeros_like(x), ops.full_like(x, math.inf))


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    r"""Margin ranking loss: zero once the input that should rank higher does so by a margin.

    .. math:: \ell = \max(0, -y (x_1 - x_2) + margin)

    (Herbrich, Graepel and Obermayer, "Large margin rank boundaries for ordinal regression", 2000.)

    Parameters
    ----------
    input1, input2 : Tensor, any shape
        Scores, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of the inputs
        1 where the first should rank higher, -1 where the second should, of a real-valued dtype. The three have equally
        many axes, and broadcast.
    margin : float, default: 0.0
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" that of the inputs
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
    >>> first, second = tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0])
    >>> tp.losses.functional.margin_ranking_loss(first, second, tp.tensor([1, 1]), reduction="none")
    tensor([0., 2.])
    """
    name = "margin_ranking_loss"
    require_reduction(name, reduction)
    names = ("input1", "input2", "target")
    dtype, tensors = promote_tensors(name, dict(zip(names, (input1, input2, target), strict=True)), labels=("target",))
    _require_equal_ndim(name, dict(zip(names, tensors, strict=True)))
    input1, input2, target = broadcast(name, dict(zip(names, tensors, strict=True)))
    losses = compose(_ranking_losses, input1, input2, target, margin=as_float(name, "margin", margin))
    return cast(reduce(losses, reduction), dtype)


def _ranking_losses(ops: Any, x1: Any, x2: Any, target: Any, margin: float) -> Any:
    return hinge(ops, -target * (x1 - x2) + margin)


def _require_equal_ndim(loss: str, tensors: dict[str, Tensor]) -> None:
    if len({tensor.ndim for tensor in tensors.values()}) > 1:
        listed = ", ".join(f"{name} {tensor.shape}" for name, tensor in tensors.items())
        raise ShapeError(f"{loss}: the tensors must have equally many axes, got shapes {listed}")


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    r"""Hinge embedding loss: the distance of a similar pair, and the margin minus the distance of a dissimilar one.

    .. math::

        \ell = \begin{cases} x & y = 1 \\ \max(0, margin - x) & y = -1 \end{cases}

    Any other target gives the sum of the two, as in PyTorch.

    Parameters
    ----------
    input : Tensor, any shape
        Distances, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`
        1 or -1, of a real-valued dtype. Other shapes are broadcast.
    margin : float, default: 1.0
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
    >>> tp.losses.functional.hinge_embedding_loss(tp.tensor([0.5, 0.75]), tp.tensor([1, -1]), reduction="none")
    tensor([0.5000, 0.2500])
    """
    name = "hinge_embedding_loss"
    require_reduction(name, reduction)
    dtype, tensors = promote_tensors(name, {"input": input, "target": target}, labels=("target",))
    input, target = broadcast(name, dict(zip(("input", "target"), tensors, strict=True)))
    losses = compose(_hinge_losses, input, target, margin=as_float(name, "margin", margin))
    return cast(reduce(losses, reduction), dtype)


def _hinge_losses(ops: Any, x: Any, target: Any, margin: float) -> Any:
    one, zero = ops.ones_like(target), ops.zeros_like(x)
    similar = ops.where(ops.not_equal(target, -one), x, zero)
    return similar + ops.where(ops.not_equal(target, one), hinge(ops, margin - x), zero)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
) -> Tensor:
    r"""Multi-class margin loss: zero once the score of the right class exceeds those of all others by a margin.

    .. math:: \ell = \frac{w_t}{C} \sum_{c \ne t} \max(0, margin - x_t + x_c)^p

    (Weston and Watkins, "Support vector machines for multi-class pattern recognition", ESANN 1999.)

    Parameters
    ----------
    input : Tensor, shape (N, C) or (C,)
        Scores, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape (N,) or (), of an integer dtype
        Class indices in ``[0, C)``.
    p : {1, 2}, default: 1
    margin : float, default: 1.0
    weight : Tensor, shape (C,), optional
        The weight of each class. The mean is divided by the number of targets all the same.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `target`
        The dtype of `input`. The mean of no target is 0, as in PyTorch.

    Raises
    ------
    ValueError
        If shapes do not fit, `p` is neither 1 nor 2, or there is no such reduction.
    IndexError
        If a class index is out of range.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.losses.functional.multi_margin_loss(tp.tensor([[0.1, 0.2, 0.9]]), tp.tensor([2]))
    tensor(0.1667)
    """
    name = "multi_margin_loss"
    require_reduction(name, reduction)
    require_power(name, "p", p)
    if isinstance(input, Tensor) and isinstance(target, Tensor) and input.ndim < 2 and target.shape in ((), (1,)):
        input, target = input.reshape(-1), target.reshape(())
    dtype, (scores,) = promote_tensors(name, {"input": input})
    require_tensor(name, "target", target, input.device)
    _require_vectors(name, input)
    require_class_indices(name, input, target)
    any_ignored(name, target, input.shape[-1], None)
    weight = class_weights(name, scores, weight)
    losses = compose(_multi_margin, scores, cast(target, int64), p=p, margin=as_float(name, "margin", margin))
    if weight is not None:
        losses = losses * weight[target]
    return cast(_reduce_samples(losses, reduction), dtype)


def _multi_margin(ops: Any, scores: Any, target: Any, p: int, margin: float) -> Any:
    axis, classes = len(target.shape), scores.shape[-1]
    chosen = ops.reshape(target, (*target.shape, 1))
    violation = ops.relu(scores - ops.gather_flat(chosen, scores, axis=axis, count=1) + margin)
    violation = ops.masked_fill(violation, ops.equal(_all_classes(ops, chosen, classes), chosen), 0.0)
    return ops.sum(violation if p == 1 else violation * violation, axis=axis) / float(classes)


def require_power(loss: str, name: str, value: Any) -> int:
    """Return the power as an int; raise ValueError unless it is 1 or 2."""
    if value not in (1, 2):
        raise ValueError(f"{loss}: {name} must be 1 or 2, got {value}")
    return int(value)


def _require_vectors(loss: str, input: Tensor) -> None:
    if input.ndim not in (1, 2) or not input.shape[-1]:
        raise ShapeError(f"{loss}: input must have shape (N, C) or (C,) with at least one class, got {input.shape}")


def _all_classes(ops: Any, target: Any, classes: int) -> Any:
    return ops.arange(classes, dtype=target.dtype, device=device_of(target))


def _reduce_samples(losses: Tensor, reduction: str) -> Tensor:
    """Reduce the losses of samples; the mean of no samples is 0, as in PyTorch for these losses."""
    return reduce(losses, "sum" if reduction == "mean" and not losses.size else reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    r"""Multi-label margin loss: zero once the scores of all right classes exceed all others by a margin of 1.

    .. math:: \ell = \frac{1}{C} \sum_{t \in T} \sum_{c \notin T} \max(0, 1 - x_t + x_c)

    (Elisseeff and Weston, "A kernel method for multi-labelled classification", 2001.)

    Parameters
    ----------
    input : Tensor, shape (N, C) or (C,)
        Scores, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape of `input`, of an integer dtype
        The indices of the right classes :math:`T`, ended by -1 unless there are C; what follows does not count.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" (N,) or ()
        The dtype of `input`. The mean of no sample is 0, as in PyTorch.

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
    >>> scores = tp.tensor([[0.1, 0.2, 0.4, 0.8]])
    >>> tp.losses.functional.multilabel_margin_loss(scores, tp.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """
    name = "multilabel_margin_loss"
    require_reduction(name, reduction)
    if isinstance(input, Tensor) and isinstance(target, Tensor) and not input.ndim and not target.ndim:
        input, target = input.reshape(1), target.reshape(1)
    dtype, (scores,) = promote_tensors(name, {"input": input})
    require_tensor(name, "target", target, input.device)
    _require_vectors(name, input)
    require_shape(name, "target", target, input.shape)
    if target.dtype.kind not in "iu":
        raise TypeError(f"{name}: target must be of an integer dtype, as it holds class indices, got {target.dtype}")
    any_ignored(name, target, input.shape[-1], -1)
    # Few right classes are few pairs with the others.
    count, classes = 1, input.shape[-1]
    while count < classes and not known(_are_at_most, False, target, count=count):
        count *= 2
    right = cast(target[..., :count], int64)
    return cast(_reduce_samples(compose(_multilabel_margin, scores, right), reduction), dtype)


def _are_at_most(host: numpy.ndarray, count: int) -> bool:
    """Whether each list is ended after at most so many classes."""
    return bool((host[..., : count + 1] < 0).any(axis=-1).all())


def _multilabel_margin(ops: Any, scores: Any, target: Any) -> Any:
    """The losses, given the right classes, ended by a negative number."""
    axis, classes = len(scores.shape) - 1, scores.shape[-1]
    ends = ops.cast(ops.less(target, ops.zeros_like(target)), "int64")
    valid = ops.equal(ops.cumulative_sum(ends, axis=axis), ops.zeros_like(ends))
    right = ops.where(valid, target, ops.zeros_like(target))
    valid = ops.reshape(valid, (*target.shape, 1))
    by_class = ops.equal(ops.reshape(right, valid.shape), _all_classes(ops, right, classes))
    is_right = ops.any(ops.logical_and(by_class, valid), axis=axis, keepdims=True)
    of_right = ops.reshape(ops.gather_flat(right, scores, axis=axis, count=1), valid.shape)
    violation = ops.relu(1.0 - of_right + ops.reshape(scores, (*scores.shape[:-1], 1, classes)))
    pairs = ops.logical_and(valid, ops.logical_not(is_right))
    return ops.sum(ops.where(pairs, violation, ops.zeros_like(violation)), axis=(axis, axis + 1)) / float(classes)
