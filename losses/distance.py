"""Embedding losses: of distances and cosines between vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core import Tensor
from ..core.autodiff.composing import compose
from ..core.memory.structure import cast
from ..core.pytorch.distances import pairwise_distance
from ..core.standard.elementwise import clip, minimum
from ..core.types.axes import as_float
from ..core.types.errors import ShapeError
from .checks import (
    broadcast,
    promote_tensors,
    require_positive,
    require_tensor,
)
from .margin import hinge
from .reduction import reduce, require_reduction

__all__ = ["cosine_embedding_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"]

_EPS = 1e-6
"""Its square is added to squared norms, so that the cosine of a zero vector is defined, as in PyTorch."""

Distance = Callable[[Tensor, Tensor], Tensor]


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    r"""Cosine embedding loss: 1 - cosine of similar pairs, and the cosine beyond a margin of dissimilar ones.

    .. math::

        \ell = \begin{cases} 1 - \cos(x_1, x_2) & y = 1 \\ \max(0, \cos(x_1, x_2) - margin) & y = -1 \end{cases}

    Any other target gives 0, as in PyTorch.

    Parameters
    ----------
    input1, input2 : Tensor, shape (N, D) or (D,)
        Of a real-valued floating-point dtype. Half-precision types are computed in float32.
    target : Tensor, shape (N,) or ()
        1 or -1, of a real-valued dtype.
    margin : float, default: 0.0
        From -1 to 1; best from 0 to 0.5.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" that of `target`
        The common dtype of the inputs.

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
    >>> first, second = tp.tensor([[3.0, 4.0], [1.0, 0.0]]), tp.tensor([[1.0, 0.0], [2.0, 0.0]])
    >>> tp.losses.functional.cosine_embedding_loss(first, second, tp.tensor([1, -1]), reduction="none")
    tensor([0.4000, 1.0000])
    """
    name = "cosine_embedding_loss"
    require_reduction(name, reduction)
    dtype, (input1, input2) = promote_tensors(name, {"input1": input1, "input2": input2})
    require_tensor(name, "target", target, input1.device)
    input1, input2 = broadcast(name, {"input1": input1, "input2": input2})
    if input1.ndim not in (1, 2) or target.shape != input1.shape[:-1]:
        raise ShapeError(
            f"{name}: inputs of shape (N, D) take a target of shape (N,), and those of shape (D,) one of shape (), got "
            f"{input1.shape} and {target.shape}"
        )
    margin = as_float(name, "margin", margin)
    losses = compose(_cosine_losses, input1, input2, cast(target, input1.dtype), margin=margin)
    return cast(reduce(losses, reduction), dtype)


def _cosine_losses(ops: Any, x1: Any, x2: Any, target: Any, margin: float) -> Any:
    axis = len(x1.shape) - 1
    lengths = (getattr(ops, "linalg.vector_norm")(x, axis=axis, keepdims=True, ord=2.0) for x in (x1, x2))
    length1, length2 = (ops.hypot(one, ops.full_like(one, _EPS)) for one in lengths)
    # XLA's own quotient multiplies by the reciprocal, which may be subnormal.
    products = ops.sum(ops.divide(x1, length1) * x2, axis=axis)
    cosine = ops.divide(products, ops.reshape(length2, target.shape))
    zero = ops.zeros_like(target)
    similar = ops.where(ops.equal(target, ops.ones_like(target)), 1.0 - cosine, zero)
    dissimilar = ops.where(ops.equal(target, ops.full_like(target, -1.0)), hinge(ops, cosine - margin), zero)
    return similar + dissimilar


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    r"""Triplet margin loss: zero once the anchor is nearer to the positive than to the negative by a margin.

    .. math:: \ell = \max(0, d(a, p) - d(a, n) + margin)

    with :math:`d` of `pairwise_distance` (Balntas, Riba, Ponsa and Mikolajczyk, "Learning local feature descriptors
    with triplets and shallow convolutional neural networks", BMVC 2016).

    Parameters
    ----------
    anchor, positive, negative : Tensor, shape (N, D) or (D,)
        Of a real-valued floating-point dtype, with equally many axes; they broadcast. Half-precision types are computed
        in float32.
    margin : float, default: 1.0
        Greater than 0.
    p : float, default: 2.0
        The order of the norm.
    eps : float, default: 1e-6
        Added to each difference.
    swap : bool, default: False
        Whether to use the distance of `positive` from `negative` where it is less than that of the anchor.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" (N,) or ()
        The common dtype.

    Raises
    ------
    ValueError
        If the shapes do not fit, `margin` is not greater than 0, or there is no such reduction.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> anchor, positive, negative = tp.tensor([0.0, 0.0]), tp.tensor([0.0, 1.0]), tp.tensor([1.5, 0.0])
    >>> tp.losses.functional.triplet_margin_loss(anchor, positive, negative)
    tensor(0.5000)
    """

    def distance(x1: Tensor, x2: Tensor) -> Tensor:
        return pairwise_distance(x1, x2, p, eps)

    return _triplet("triplet_margin_loss", anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    r"""Triplet margin loss with any distance function.

    .. math:: \ell = \max(0, d(a, p) - d(a, n) + margin)

    Parameters
    ----------
    anchor, positive, negative : Tensor, shape (N, *)
        Of a real-valued floating-point dtype, with equally many axes. Half-precision types are computed in float32.
    distance_function : callable, optional
        :math:`d` of two tensors; `pairwise_distance` by default.
    margin : float, default: 1.0
        Greater than 0.
    swap : bool, default: False
        Whether to use the distance of `positive` from `negative` where it is less than that of the anchor.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Returns
    -------
    Tensor, shape (); with reduction "none" that of the distances
        The common dtype.

    Raises
    ------
    ValueError
        If the shapes do not fit, `margin` is not greater than 0, or there is no such reduction.
    TypeError
        If an argument is no tensor, or of the wrong dtype.
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> anchor, positive, negative = tp.tensor([[0.0, 0.0]]), tp.tensor([[0.0, 1.0]]), tp.tensor([[1.5, 0.0]])
    >>> def greatest(x1, x2):
    ...     return tp.max(tp.abs(x1 - x2), axis=-1)
    >>> tp.losses.functional.triplet_margin_with_distance_loss(anchor, positive, negative, distance_function=greatest)
    tensor(0.5000)
    """
    name = "triplet_margin_with_distance_loss"
    return _triplet(name, anchor, positive, negative, distance_function or pairwise_distance, margin, swap, reduction)


def _triplet(
    loss: str,
    anchor: Any,
    positive: Any,
    negative: Any,
    distance: Distance,
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    require_reduction(loss, reduction)
    margin = require_positive(loss, "margin", margin)
    dtype, tensors = promote_tensors(loss, {"anchor": anchor, "positive": positive, "negative": negative})
    anchor, positive, negative = tensors
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            f"{loss}: anchor, positive and negative must have equally many axes, got shapes {anchor.shape}, "
            f"{positive.shape} and {negative.shape}"
        )
    positive_distance, negative_distance = distance(anchor, positive), distance(anchor, negative)
    if swap:
        negative_distance = minimum(negative_distance, distance(positive, negative))
    return cast(reduce(clip(positive_distance - negative_distance + margin, 0.0), reduction), dtype)
