"""Cross-entropy between logits and class indices or class probabilities.

With class indices and without class weights it is one operation. It saves the normalizer of the softmax, two numbers
for each sample; the backward pass recomputes the probabilities, which is quicker than to store them.
"""

from __future__ import annotations

from typing import Any

from ..core import Tensor, reduction, rule
from ..core.dispatch.keys import device_of
from ..core.dispatch.operation import operation
from ..core.memory.structure import cast
from ..core.pytorch.softmax import log_softmax, softmax_normalizer
from ..core.standard.linear_algebra import linear, tensordot
from ..core.standard.searching import where
from ..core.types.axes import as_integer
from ..core.types.dtypes import float32
from ..core.types.errors import ArgumentError, ShapeError
from .checks import require_floating, require_tensor, require_unit_interval
from .classes import class_weights, mask_ignored, require_class_indices
from .reduction import reduce, require_reduction

__all__ = ["cross_entropy", "linear_cross_entropy"]

NAME = "cross_entropy"


def _unsqueeze_class_axis(ops: Any, x: Any) -> Any:
    """Insert an axis of length 1 at the position of the class axis."""
    return ops.reshape(x, (x.shape[0], 1, *x.shape[1:]))


def _log_probabilities(ops: Any, logits: Any, normalizer: Any) -> Any:
    return logits - ops.getitem(normalizer, (0, ...)) - ops.log(ops.getitem(normalizer, (1, ...)))


def _upstream_of_gradient(
    ops: Any, g: Any, upstream: Any, logits: Any, target: Any, normalizer: Any, label_smoothing: float
) -> Any:
    ones = ops.ones_like(upstream)
    unit = ops.cross_entropy_gradient(ones, logits, target, normalizer, label_smoothing=label_smoothing)
    return ops.sum(g * unit, axis=1)


def _logits_of_gradient(ops: Any, g: Any, upstream: Any, logits: Any) -> Any:
    probabilities = ops.softmax(logits, axis=1)
    centred = g - ops.sum(g * probabilities, axis=1, keepdims=True)
    return probabilities * centred * _unsqueeze_class_axis(ops, upstream)


rule(
    "cross_entropy",
    operands=("target", "normalizer"),
    logits=lambda ops, g, logits, target, normalizer, label_smoothing: ops.cross_entropy_gradient(
        g, logits, target, normalizer, label_smoothing=label_smoothing
    ),
)
reduction("cross_entropy", axis="1", keepdims="False")
rule(
    "cross_entropy_gradient",
    operands=("target", "normalizer"),
    upstream=_upstream_of_gradient,
    logits=_logits_of_gradient,
)


@operation(accepts="real-valued floating-point")
def _cross_entropy(ops: Any, logits: Any, target: Any, normalizer: Any, *, label_smoothing: float) -> Any:
    """The loss of each sample, from its logits and the normalizer of their softmax."""
    logs = _log_probabilities(ops, logits, normalizer)
    losses = ops.reshape(-ops.take_along_axis(logs, _unsqueeze_class_axis(ops, target), axis=1), target.shape)
    if label_smoothing:
        losses = losses * (1.0 - label_smoothing) - ops.mean(logs, axis=1) * label_smoothing
    return losses


@operation(accepts="real-valued floating-point")
def _cross_entropy_gradient(
    ops: Any, upstream: Any, logits: Any, target: Any, normalizer: Any, *, label_smoothing: float
) -> Any:
    """The gradient by the logits."""
    count = logits.shape[1]
    classes = ops.arange(count, dtype=target.dtype, device=device_of(target))
    classes = ops.reshape(classes, (1, count, *[1] * len(target.shape[1:])))
    one_hot = ops.cast(ops.equal(classes, _unsqueeze_class_axis(ops, target)), logits.dtype)
    if label_smoothing:
        one_hot = one_hot * (1.0 - label_smoothing) + label_smoothing / max(count, 1)
    return (ops.exp(_log_probabilities(ops, logits, normalizer)) - one_hot) * _unsqueeze_class_axis(ops, upstream)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    r"""Cross-entropy loss between logits and class indices or class probabilities.

    With a class index :math:`t` as the target, and logits :math:`x`, it is

    .. math:: \ell = -w_t \log \frac{e^{x_t}}{\sum_c e^{x_c}}

    and with class probabilities :math:`p` the sum of that over the classes, each times its probability. Label
    smoothing :math:`\epsilon` first replaces the targets by :math:`(1 - \epsilon) p + \epsilon / C` (Szegedy et al.,
    "Rethinking the Inception architecture for computer vision", CVPR 2016).

    Parameters
    ----------
    input : Tensor, shape (N, C), (C,) or (N, C, d1, ..., dK)
        Logits, of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape (N,), () or (N, d1, ..., dK), of an integer dtype
        Class indices in ``[0, C)``. Or class probabilities, of the shape of `input` and a floating-point dtype.
    weight : Tensor, shape (C,), optional
        The weight of each class.
    ignore_index : int, default: -100
        The class index of targets that do not count.
    reduction : {"mean", "sum", "none"}, default: "mean"
        The mean is weighted: it is divided by the sum of the weights of the targets that count.
    label_smoothing : float, default: 0.0
        From 0 to 1.

    Returns
    -------
    Tensor, shape (); with reduction "none" (N,), () or (N, d1, ..., dK)
        The dtype of `input`. The mean of no target, or of targets without weight, is NaN.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no such reduction, or `label_smoothing` is out of range.
    IndexError
        If a class index is out of range.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> logits = tp.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 5.0]])
    >>> tp.losses.functional.cross_entropy(logits, tp.tensor([0, 2]))
    tensor(0.1265)
    """
    require_reduction(NAME, reduction)
    label_smoothing = require_unit_interval(NAME, "label_smoothing", label_smoothing)
    require_tensor(NAME, "input", input)
    require_tensor(NAME, "target", target, input.device)
    require_floating(NAME, "input", input)
    dtype = input.dtype
    if dtype.itemsize == 2:
        input = cast(input, float32)
    weight = class_weights(NAME, input, weight)
    if target.shape == input.shape and input.ndim:
        losses = _probability_losses(input, target, weight, ignore_index, label_smoothing)
        return cast(reduce(losses, reduction), dtype)
    require_class_indices(NAME, input, target, f" or {input.shape} (class probabilities)")
    shape = target.shape
    if input.ndim == 1:
        input, target = input.reshape(1, -1), target.reshape(1)
    terms, total = _class_index_losses(input, target, weight, ignore_index, label_smoothing)
    # Each term is averaged by itself: with a total weight of 0 the mean is NaN.
    first, *rest = (reduce(one if one.shape == shape else one.reshape(shape), reduction, total) for one in terms)
    return cast(first + rest[0] if rest else first, dtype)


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """Cross-entropy loss of a linear layer: `cross_entropy` of ``input @ linear_weight.T + linear_bias``.

    Parameters
    ----------
    input : Tensor, shape (N, E) or (E,)
    linear_weight : Tensor, shape (C, E) or (C, d1, ..., dK, E)
    target : Tensor
        As of `cross_entropy`, with logits of shape (N, C), (C,) or (N, C, d1, ..., dK).
    linear_bias : Tensor, shape (C,) or (C, d1, ..., dK), optional
    weight, reduction, label_smoothing
        Those of `cross_entropy`.
    ignore_index : int, optional
        By default -100; only for class indices.
    options
        PyTorch's, how it saves memory, without effect.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x, weight = tp.tensor([[1.0, 2.0]]), tp.tensor([[2.0, 0.0], [0.0, 0.0]])
    >>> tp.nn.functional.linear_cross_entropy(x, weight, tp.tensor([0]))
    tensor(0.1269)
    """
    require_tensor("linear_cross_entropy", "input", input)
    require_tensor("linear_cross_entropy", "linear_weight", linear_weight)
    shape = linear_weight.shape
    several = len(shape) > 2
    if len(shape) < 2 or input.ndim not in ((2,) if several else (1, 2)) or input.shape[-1] != shape[-1]:
        raise ShapeError(
            f"linear_cross_entropy: got an input of shape {input.shape} and a linear_weight of shape {shape}, wanted "
            "(N, E) and (C, ..., E), or (E,) and (C, E)"
        )
    if linear_bias is not None and linear_bias.shape != shape[:-1]:
        raise ShapeError(f"linear_cross_entropy: got linear_bias of shape {linear_bias.shape}, wanted {shape[:-1]}")
    if several:
        logits = tensordot(input, linear_weight, axes=((-1,), (-1,)))
        logits = logits if linear_bias is None else logits + linear_bias
    else:
        logits = linear(input, linear_weight, linear_bias)
    if ignore_index is not None and target.shape == logits.shape:
        raise ArgumentError("linear_cross_entropy: ignore_index is for class indices, and target holds probabilities")
    index = -100 if ignore_index is None else ignore_index
    return cross_entropy(
        logits, target, weight, ignore_index=index, reduction=reduction, label_smoothing=label_smoothing
    )


def _class_index_losses(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, label_smoothing: float
) -> tuple[list[Tensor], Any]:
    """Losses of class indices, with those of label smoothing as a second term if weighted; and the divisor of means."""
    target, counts = mask_ignored(NAME, target, input.shape[1], ignore_index)
    normalizer = softmax_normalizer(input, axis=1)
    if weight is None:
        losses = _cross_entropy(input, target, normalizer, label_smoothing=label_smoothing)
        if counts is None:
            return [losses], None
        return [where(counts, losses, 0.0)], counts.sum()
    target_weight = weight[target]
    found = [_cross_entropy(input, target, normalizer, label_smoothing=0.0) * target_weight]
    if label_smoothing:
        smoothing = _weighted_sum_of_losses(input, _with_class_axis(weight, input), 1) * (
            label_smoothing / max(input.shape[1], 1)
        )
        found = [found[0] * (1.0 - label_smoothing), smoothing]
    if counts is not None:
        found, target_weight = [where(counts, losses, 0.0) for losses in found], where(counts, target_weight, 0.0)
    return found, target_weight.sum()


def _probability_losses(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, label_smoothing: float
) -> Tensor:
    if target.dtype.kind != "f":
        raise TypeError(
            f"{NAME}: target must be of a real-valued floating-point dtype, as its shape {target.shape} is that of "
            f"class probabilities, got {target.dtype}"
        )
    if as_integer(NAME, "ignore_index", ignore_index) >= 0:
        raise ValueError(
            f"{NAME}: ignore_index is for class indices, and target holds probabilities; got {ignore_index}"
        )
    axis = min(1, input.ndim - 1)
    if label_smoothing:
        target = target * (1.0 - label_smoothing) + label_smoothing / max(input.shape[axis], 1)
    return _weighted_sum_of_losses(input, target if weight is None else target * _with_class_axis(weight, input), axis)


def _with_class_axis(weight: Tensor, input: Tensor) -> Tensor:
    """Reshape class weights to broadcast along the class axis of the input."""
    return weight if input.ndim < 2 else weight.reshape(-1, *[1] * (input.ndim - 2))


def _weighted_sum_of_losses(input: Tensor, weights: Tensor, axis: int) -> Tensor:
    """``-sum(weights * log_softmax(input))`` along the class axis."""
    losses: Tensor = -(log_softmax(input, axis=axis) * weights).sum(axis=axis)
    return losses
