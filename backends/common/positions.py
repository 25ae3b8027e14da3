"""Range checks of indices on the host."""

from __future__ import annotations

import numpy

_UNSIGNED = {size: numpy.dtype(f"uint{8 * size}") for size in (1, 2, 4, 8)}


def in_range(positions: numpy.ndarray, length: int) -> bool:
    """Whether all indices satisfy ``0 <= index < length``."""
    if not positions.size:
        return True
    # One pass checks both bounds: as unsigned integers, negative ones are the greatest.
    return bool(numpy.maximum.reduce(positions.view(_UNSIGNED[positions.itemsize]), axis=None) < length)
