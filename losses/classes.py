"""Checks of class indices, ignore_index and class weights."""

from __future__ import annotations

from typing import Any

import numpy

from ..core.memory.structure import cast
from ..core.memory.tensor import Tensor
from ..core.memory.values import in_range, inspect, known
from ..core.standard.elementwise import not_equal
from ..core.standard.searching import where
from ..core.types.dtypes import int64
from ..core.types.errors import ShapeError
from .checks import require_floating, require_tensor


def require_class_indices(loss: str, input: Tensor, target: Tensor, alternative: str = "") -> None:
    """Raise ShapeError or TypeError unless the target is of integers and has the input's shape without its class axis.

    Parameters
    ----------
    loss
        Its name.
    input
        Of shape (N, C, d1, ..., dK) or (C,).
    target
        To be of shape (N, d1, ..., dK) or ().
    alternative
        Another allowed form of the target, for the message.
    """
    wanted = (*input.shape[:-1][:1], *input.shape[2:])
    if not input.ndim or target.shape != wanted:
        raise ShapeError(
            f"{loss}: an input of shape {input.shape} takes a target of shape {wanted} (class indices)"
            f"{alternative}, got {target.shape}"
        )
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"{loss}: target must be of an integer dtype, as its shape {target.shape} is that of class indices, got "
            f"{target.dtype}"
        )


def any_ignored(loss: str, target: Tensor, classes: int, ignore_index: int | None) -> bool:
    """Check that class indices are in range; return whether some may equal `ignore_index`.

    Raises
    ------
    IndexError
        If one is not in ``[0, classes)``, except `ignore_index`.
    """
    if (ignore_index is None or not 0 <= ignore_index < classes) and known(in_range, False, target, length=classes):
        return False
    inspect(_require_in_range, target, loss=loss, classes=classes, ignore_index=ignore_index)
    return ignore_index is not None and known(_contains, True, target, value=ignore_index)


def _require_in_range(host: numpy.ndarray, loss: str, classes: int, ignore_index: int | None) -> None:
    if not in_range(host, classes):
        wrong = host[(host < 0) | (host >= classes)]
        wrong = wrong[wrong != ignore_index]
        if wrong.size:
            raise IndexError(
                f"{loss}: target holds class index {wrong[0]}, which is out of range for {classes} classes"
            )


def _contains(host: numpy.ndarray, value: int) -> Any:
    return numpy.count_nonzero(host == value)


def mask_ignored(loss: str, target: Tensor, classes: int, ignore_index: int) -> tuple[Tensor, Tensor | None]:
    """Replace ignored class indices by 0; return them and a mask of the others, or None if none is ignored.

    Raises
    ------
    IndexError
        If a class index that is not ignored is out of range.
    """
    counts = None
    if any_ignored(loss, target, classes, ignore_index):
        counts = not_equal(target, ignore_index)
        target = where(counts, target, 0)
    return cast(target, int64), counts


def class_weights(loss: str, input: Tensor, weight: Tensor | None) -> Tensor | None:
    """Check class weights, and cast them to the dtype of the input.

    Raises
    ------
    TypeError
        If they are no Tensor of a floating-point dtype.
    ShapeError
        If there is not one weight for each class.
    """
    if weight is None:
        return None
    require_tensor(loss, "weight", weight, input.device)
    require_floating(loss, "weight", weight)
    classes = input.shape[:2][-1:]
    if weight.shape != classes:
        raise ShapeError(f"{loss}: weight must have shape {classes}, one for each class, got {weight.shape}")
    return cast(weight, input.dtype)
