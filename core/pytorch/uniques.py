"""Unique elements and slices, as PyTorch returns them."""

from __future__ import annotations

import math
from typing import Any

from ..dispatch.keys import device_of
from ..families.function import function
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..memory.values import compute
from ..standard.creation import arange
from ..standard.manipulation import moveaxis
from ..standard.positions import sums_at
from ..standard.sets import unique_all
from ..standard.sorting import argsort
from ..types.axes import normalize_axis
from ..types.dtypes import int64
from .selection import index_select

__all__ = ["unique", "unique_consecutive"]


@function(methods=("unique",))
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The unique elements, or the unique slices along an axis, in ascending order.

    Parameters
    ----------
    input : Tensor
    sorted : bool, default: True
        They are sorted anyway; slices by their first differing element.
    return_inverse, return_counts : bool, default: False
        Whether to return too where in the result each is found, and how often each occurs.
    dim : int, optional
        By default the tensor is flattened.

    Returns
    -------
    Tensor or tuple of Tensor
        The unique ones, then indices and counts, of dtype int64.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unique(tp.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    if dim is None:
        found = unique_all(input)
        return _some(found.values, found.inverse_indices, found.counts, return_inverse, return_counts)
    rows = _rows(input, normalize_axis("unique", dim, input.ndim))
    order = arange(rows.shape[0], device=input.device)
    for column in reversed(range(rows.shape[1])):
        order = order[argsort(rows[:, column][order])]
    return _some(*_distinct(input, rows, order, dim), return_inverse, return_counts)


@function(methods=("unique_consecutive",))
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The first of each run of equal elements, or of equal slices along an axis.

    Parameters
    ----------
    input : Tensor
    return_inverse, return_counts : bool, default: False
        Whether to return too where in the result each is found, and how long each run is.
    dim : int, optional
        By default the tensor is flattened.

    Returns
    -------
    Tensor or tuple of Tensor
        The first ones, then indices and counts, of dtype int64.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unique_consecutive(tp.tensor([1, 1, 3, 1]))
    tensor([1, 3, 1])
    """
    if dim is None:
        values, inverse, counts = unique_consecutive(reshape(input, (-1,)), True, True, 0)
        return _some(values, reshape(inverse, input.shape), counts, return_inverse, return_counts)
    rows = _rows(input, normalize_axis("unique_consecutive", dim, input.ndim))
    return _some(*_distinct(input, rows, None, dim), return_inverse, return_counts)


def _rows(x: Tensor, axis: int) -> Tensor:
    """The slices along an axis as the rows of a matrix."""
    moved = moveaxis(x, axis, 0)
    return reshape(moved, (moved.shape[0], math.prod(moved.shape[1:])))


def _distinct(x: Tensor, rows: Tensor, order: Tensor | None, axis: int) -> tuple[Tensor, Tensor, Tensor]:
    """The first of each run of equal rows in an order, with the run of each row and the lengths of runs."""
    runs, starts, lengths = compute(_runs, rows if order is None else rows[order], dtype=int64)
    if order is not None:
        runs, starts = sums_at(runs, order, runs.shape, 0), order[starts]
    return index_select(x, axis, starts), runs, lengths


def _runs(ops: Any, rows: Any) -> tuple[Any, Any, Any]:
    """The number of the run of equal rows that each one is in, where each run starts, and how long it is."""
    place = ops.cast(ops.arange(rows.shape[0], device=device_of(rows)), "int64")
    differs = ops.any(ops.not_equal(rows, ops.roll(rows, shift=(1,), axis=(0,))), axis=(1,))
    begins = ops.logical_or(differs, ops.equal(place, ops.zeros_like(place)))
    (starts,) = ops.nonzero(begins)
    end = ops.full_like(ops.getitem(place, (slice(1),)), rows.shape[0])
    ends = ops.concat([ops.getitem(starts, (slice(1, None),)), end], axis=0)
    return ops.cumulative_sum(ops.cast(begins, "int64"), axis=0) - 1, starts, ends - starts


def _some(values: Tensor, inverse: Tensor, counts: Tensor, return_inverse: bool, return_counts: bool) -> Any:
    """The results that are asked for, as PyTorch returns them."""
    found = (values, *[inverse] * return_inverse, *[counts] * return_counts)
    return found if len(found) > 1 else values
