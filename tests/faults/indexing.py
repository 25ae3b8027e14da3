"""Faults of reading by an index, and of its gradient."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel

from .fault import Fault, bare_kernel
from .regions import forwards, is_list, is_mask, items_of


def _with_positions(change: Any) -> Any:
    """Reading with each array of positions changed: ``change(positions)``."""

    def wrong(sound: Kernel) -> Kernel:
        return lambda x, index: sound(x, tuple(change(item) if is_list(item) else item for item in items_of(index)))

    return wrong


def _outer(sound: Kernel) -> Kernel:
    """Of the second of several arrays of positions only the first one is read."""

    def getitem(x: Any, index: Any) -> Any:
        found = sound(x, index)
        lists = [i for i, item in enumerate(items_of(index)) if is_list(item)]
        if len(lists) < 2 or any(items_of(index)[i].ndim != 1 for i in lists):
            return found
        second = lists[1]
        turned = tuple(item[:1] if i == second else item for i, item in enumerate(index))
        return sound(x, turned)

    return getitem


def _in_place_of_the_first(sound: Kernel) -> Kernel:
    """The axis of arrays of positions that slices lie between stays where the first of them was."""

    def getitem(x: Any, index: Any) -> Any:
        found = sound(x, index)
        items = items_of(index)
        lists = [i for i, item in enumerate(items) if is_list(item) or isinstance(item, int)]
        apart = len(lists) > 1 and lists[-1] - lists[0] >= len(lists)
        if not apart or not any(is_list(item) for item in items) or found.ndim < 2:
            return found
        return numpy.moveaxis(found, 0, min(lists[0], found.ndim - 1))

    return getitem


def _last_step(sound: Kernel) -> Kernel:
    """A vector that a slice with a step greater than one reads lacks its last element."""

    def getitem(x: Any, index: Any) -> Any:
        found = sound(x, index)
        if any(isinstance(item, slice) and (item.step or 1) > 1 for item in items_of(index)) and found.ndim == 1:
            return found[: max(len(found) - 1, 1)]
        return found

    return getitem


def _negative_steps(sound: Kernel) -> Kernel:
    """Slices with negative steps are read forwards."""
    return lambda x, index: sound(x, forwards(index, x.shape))


def _first_true(sound: Kernel) -> Kernel:
    """A mask of several axes picks in column-major order."""

    def getitem(x: Any, index: Any) -> Any:
        items = items_of(index)
        if len(items) == 1 and is_mask(items[0]) and items[0].shape == x.shape:
            return sound(x.T, (items[0].T,))
        return sound(x, index)

    return getitem


READS = ("index", "getitem")


def _added(out: Any, index: Any, x: Any) -> Any:
    numpy.add.at(out, index, x)
    return out


FAULTS = (
    Fault(
        "index_clamps",
        READS,
        "positions counted from the end are clamped to zero",
        bare_kernel("getitem", _with_positions(lambda positions: numpy.maximum(positions, 0))),
    ),
    Fault(
        "index_of_uint8_is_a_mask",
        READS,
        "positions in uint8 are taken for a mask, as they once were in PyTorch",
        bare_kernel(
            "getitem",
            _with_positions(lambda positions: positions != 0 if positions.dtype == "uint8" else positions),
        ),
    ),
    Fault(
        "index_by_two_arrays",
        READS,
        "of two arrays of positions the second is taken for its first",
        bare_kernel("getitem", _outer),
    ),
    Fault(
        "index_keeps_the_axis",
        READS,
        "arrays of positions with a slice between leave their axis in place",
        bare_kernel("getitem", _in_place_of_the_first),
    ),
    Fault(
        "index_by_mask_reads_columns_first",
        READS,
        "a mask of several axes picks in column-major order",
        bare_kernel("getitem", _first_true),
    ),
    Fault(
        "slice_with_a_step",
        "getitem",
        "the last element is left out",
        bare_kernel("getitem", _last_step),
    ),
    Fault(
        "slice_with_a_negative_step",
        "getitem",
        "the region is read forwards",
        bare_kernel("getitem", _negative_steps),
    ),
    Fault(
        "getitem_of_an_element_is_a_scalar",
        "getitem",
        "one element is no array, so that it is no view either",
        bare_kernel(
            "getitem",
            lambda sound: lambda x, index: sound(x, index)[()] if sound(x, index).ndim == 0 else sound(x, index),
        ),
    ),
    Fault(
        "scatter_of_float16_in_float16",
        "scatter_zeros",
        "half precision is not accumulated in float32",
        bare_kernel(
            "scatter_zeros", lambda sound: lambda x, shape, index: _added(numpy.zeros(shape, x.dtype), index, x)
        ),
    ),
)
