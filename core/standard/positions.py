"""Elements at positions that an operation found itself, so that none of them has to be checked."""

from __future__ import annotations

from collections.abc import Callable

from ..memory.structure import index as read
from ..memory.structure import kept
from ..memory.tensor import Tensor
from ..memory.views import array_of
from .indexing import along_axis


def elements_at(x: Tensor, positions: Tensor, axis: int) -> Tensor:
    """The elements at positions along an axis, all of them in range, as a recorded operation.

    Parameters
    ----------
    x : Tensor
    positions : Tensor, dtype int64
        The shape of `x`; but the axis may have another length, or be left out.
    axis : int
        Not negative.

    Returns
    -------
    Tensor
        The shape of `positions`.
    """
    index = along_axis(x.shape, axis, array_of(positions))
    return read(x, kept(index, x))


def located(find: Callable[..., Tensor]) -> Callable[[Tensor, int, bool], tuple[Tensor, Tensor]]:
    """What finds the position that a function gives in each row along an axis, and the elements there."""

    def pair(x: Tensor, axis: int, keepdims: bool) -> tuple[Tensor, Tensor]:
        positions = find(x, axis=axis, keepdims=keepdims)
        return elements_at(x, positions, axis), positions

    return pair
