"""Elements at indices that an operation computed itself, so that their range needs no check."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from ...autograd.modes import is_grad_enabled
from ..dispatch.operation import operation
from ..memory.tensor import Tensor, wrap
from ..memory.views import array_of


def _flat_index(positions: Any, axis: int, behind: int) -> tuple[Any, ...]:
    """The advanced index of positions along one axis, and `arange` along those in front and so many behind."""
    count = len(positions.shape)
    axes = [*range(axis), *range(count - behind, count)]
    others = [numpy.arange(positions.shape[i]).reshape(-1, *(1,) * (count - i - 1)) for i in axes]
    return (*others[:axis], positions, *others[axis:])


def _merged(shape: tuple[int, ...], axis: int, count: int) -> tuple[int, ...]:
    return (*shape[:axis], math.prod(shape[axis : axis + count]), *shape[axis + count :])


@operation()
def _gather_flat(ops: Any, positions: Any, x: Any, *, axis: int, count: int) -> Any:
    """Elements at flat positions into so many axes from `axis` on, in place of which the result has others."""
    merged = ops.reshape(x, _merged(x.shape, axis, count)) if count > 1 else x
    return ops.index(merged, _flat_index(positions, axis, len(x.shape) - axis - count))


@operation()
def _scatter_flat(ops: Any, positions: Any, x: Any, *, shape: tuple[int, ...], axis: int, count: int) -> Any:
    """Zeros of a shape with `x` added at flat positions into so many axes: the gradient of `gather_flat`."""
    index = _flat_index(positions, axis, len(shape) - axis - count)
    found = ops.scatter_zeros(x, _merged(shape, axis, count), index)
    return ops.reshape(found, shape) if count > 1 else found


def elements_at(x: Tensor, positions: Tensor, axis: int, count: int = 1) -> Tensor:
    """Elements at indices along an axis: `take_along_axis` without its checks, recorded.

    Parameters
    ----------
    x : Tensor
    positions : Tensor, dtype int64
        Not negative. The axes of `x`; but in place of `axis` there may be any number of others, and those may be
        shorter.
    axis : int
        Not negative.
    count : int
        The number of axes that positions go into, in row-major order.

    Returns
    -------
    Tensor
        The shape of `positions`.
    """
    found: Tensor = _gather_flat(_kept(positions, x), x, axis=axis, count=count)
    return found


def sums_at(values: Tensor, positions: Tensor, shape: tuple[int, ...], axis: int, count: int = 1) -> Tensor:
    """Zeros of a shape with values added at positions along an axis, the transpose of `elements_at`."""
    found: Tensor = _scatter_flat(_kept(positions, values), values, shape=shape, axis=axis, count=count)
    return found


def _kept(positions: Tensor, x: Tensor) -> Tensor:
    """Positions for the node of `x` to save, to which the user does not write before the backward pass."""
    if x._node is None or not is_grad_enabled():
        return positions
    key, array = positions._key, array_of(positions)
    return wrap(key.library.backend.copy(array) if key.writable else array, key)


def with_indices(find: Callable[..., Tensor]) -> Callable[[Tensor, int, bool], tuple[Tensor, Tensor]]:
    """The function that returns elements along an axis and their indices, which `find` computes, such as argmax."""

    def pair(x: Tensor, axis: int, keepdims: bool) -> tuple[Tensor, Tensor]:
        positions = find(x, axis=axis, keepdims=keepdims)
        return elements_at(x, positions, axis), positions

    return pair
