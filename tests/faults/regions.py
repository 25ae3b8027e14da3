"""Indices taken apart, for faults of reading and writing."""

from __future__ import annotations

from typing import Any

import numpy


def items_of(index: Any) -> tuple[Any, ...]:
    """The items of an index."""
    return index if isinstance(index, tuple) else (index,)


def is_list(item: Any) -> bool:
    """Whether an item is an array of positions."""
    return isinstance(item, numpy.ndarray) and item.dtype.kind in "iu"


def is_mask(item: Any) -> bool:
    """Whether an item is an array of booleans."""
    return isinstance(item, numpy.ndarray) and item.dtype.kind == "b"


def forwards(index: Any, shape: tuple[int, ...]) -> Any:
    """The same region of an array of a shape, with its slices of negative steps in the order of memory."""
    items = items_of(index)
    taken = [item.ndim if is_mask(item) else 0 if item is None or item is Ellipsis else 1 for item in items]
    axis, found = 0, []
    for item, count in zip(items, taken, strict=True):
        if isinstance(item, slice) and (item.step or 1) < 0 and (places := range(*item.indices(shape[axis]))):
            item = slice(places[-1], places[0] + 1, -places.step)
        found.append(item)
        axis += len(shape) - sum(taken) if item is Ellipsis else count
    return tuple(found)
