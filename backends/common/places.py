"""The places of pooling windows: the elements that all windows have at one of their positions."""

from __future__ import annotations

from typing import Any

import numpy

Ranges = tuple[tuple[range, ...], ...]
"""For each of the last axes the positions that each window reads."""


def place_index(ranges: Ranges, place: tuple[int, ...]) -> tuple[Any, ...]:
    """The index of the elements at one place of each window; of the last ones in shorter windows."""
    positions = [[one[min(k, len(one) - 1)] for one in axis] for axis, k in zip(ranges, place, strict=True)]
    slices = [_as_slice(along) for along in positions]
    if None not in slices:
        return (..., *slices)
    return (..., *numpy.ix_(*positions))


def _as_slice(positions: list[int]) -> slice | None:
    """The slice of positions; None if they are not evenly spaced."""
    first = positions[0]
    step = positions[1] - first if len(positions) > 1 else 1
    regular = step > 0 and positions == list(range(first, first + len(positions) * step, step))
    return slice(first, positions[-1] + 1, step) if regular else None
