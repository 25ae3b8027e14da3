"""Elements at positions that an operation found itself, so that none of them has to be checked."""

from __future__ import annotations

from collections.abc import Callable

from ..dispatch.keys import OPERATIONS
from ..memory.tensor import Tensor
from ..memory.views import array_of
from .indexing import along_axis, kept


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
    found: Tensor = OPERATIONS["index"].function(x, kept(index, x))
    return found


def located(name: str) -> Callable[[Tensor, int, bool], tuple[Tensor, Tensor]]:
    """What finds the position that an operation names in each row along an axis, and the elements there."""

    def pair(x: Tensor, axis: int, keepdims: bool) -> tuple[Tensor, Tensor]:
        positions = OPERATIONS[name](x, axis=axis, keepdims=keepdims)
        return elements_at(x, positions, axis), positions

    return pair
