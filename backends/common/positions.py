"""Positions along an axis, checked on the host."""

from __future__ import annotations

import numpy

_UNSIGNED = {size: numpy.dtype(f"uint{8 * size}") for size in (1, 2, 4, 8)}


def in_range(positions: numpy.ndarray, length: int) -> bool:
    """Whether positions, none of them counted from the end, are of an axis of that length."""
    if not positions.size:
        return True
    # One pass for both bounds: as unsigned numbers, negative ones are the greatest.
    return bool(numpy.maximum.reduce(positions.view(_UNSIGNED[positions.itemsize]), axis=None) < length)
