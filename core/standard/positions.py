"""Elements at indices that an operation computed itself, so that their range needs no check."""

from __future__ import annotations

from collections.abc import Callable

from ..memory.structure import index as read
from ..memory.structure import saved_index
from ..memory.tensor import Tensor
from ..memory.views import array_of
from .indexing import along_axis


def elements_at(x: Tensor, positions: Tensor, axis: int) -> Tensor:
    """Elements at indices along an axis: `take_along_axis` without its checks, recorded.

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
    return read(x, saved_index(index, x))


def with_indices(find: Callable[..., Tensor]) -> Callable[[Tensor, int, bool], tuple[Tensor, Tensor]]:
    """The function that returns elements along an axis and their indices, which `find` computes, such as argmax."""

    def pair(x: Tensor, axis: int, keepdims: bool) -> tuple[Tensor, Tensor]:
        positions = find(x, axis=axis, keepdims=keepdims)
        return elements_at(x, positions, axis), positions

    return pair
