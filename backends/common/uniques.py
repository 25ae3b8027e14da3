"""Unique elements and set membership by sorting, on any array API namespace.

`xp` is a namespace whose sort is stable and puts NaN last, or the functions of a backend that are called like it.
"""

from __future__ import annotations

import math
from typing import Any


def _argsort(xp: Any, x: Any, is_complex: bool) -> Any:
    """Indices that sort a 1-d array, complex numbers by their real and then their imaginary parts."""
    if not is_complex:
        return xp.argsort(x, stable=True)
    order = xp.argsort(xp.imag(x), stable=True)
    return xp.take(order, xp.argsort(xp.take(xp.real(x), order, axis=0), stable=True), axis=0)


def unique_indices(xp: Any, x: Any, *, is_complex: bool, inverse: bool) -> tuple[Any, Any, Any]:
    """Indices, counts and inverse of the unique elements of a 1-d array, in ascending order.

    Returns
    -------
    indices, counts : array, shape (K,)
        The first position of each unique element, and how often it occurs.
    inverse : array
        The unique element that each element equals; meaningless unless asked for.
    """
    order = _argsort(xp, x, is_complex)
    if not x.shape[0]:
        return order, order, order
    ordered = xp.take(x, order, axis=0)
    differs = xp.not_equal(ordered[1:], ordered[:-1])
    begins = xp.concat([xp.equal(order[:1], order[:1]), differs], axis=0)
    (starts,) = xp.nonzero(begins)
    counts = xp.concat([starts[1:], starts[:1] * 0 + x.shape[0]], axis=0) - starts
    if inverse:
        ranks = xp.cumulative_sum(xp.astype(begins, order.dtype), axis=0) - 1
        ranks = xp.take(ranks, xp.argsort(order, stable=True), axis=0)
    else:
        ranks = order
    return xp.take(order, starts, axis=0), counts, ranks


def is_member(ops: Any, x1: Any, x2: Any, *, invert: bool) -> Any:
    """Whether each element of `x1` is in `x2`, as `isin`."""
    members = ops.concat([ops.reshape(x2, (-1,)), ops.reshape(x1, (-1,))], axis=0)
    count = members.shape[0] - math.prod(x1.shape)
    is_complex = ops.abs(x1).dtype != x1.dtype
    _, _, ranks = unique_indices(ops, members, is_complex=is_complex, inverse=True)
    # Every NaN has a rank of its own.
    found = ops.put(ops.not_equal(ranks, ranks), ops.equal(ranks[:count], ranks[:count]), (ranks[:count],))
    found = ops.reshape(ops.take(found, ranks[count:], axis=0), x1.shape)
    return ops.logical_not(found) if invert else found
