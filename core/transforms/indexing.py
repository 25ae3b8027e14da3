"""Batching rules of reading and writing at an index.

An index that all examples share is one of the axes behind the batch axis. Where each has another, the batch axis is
indexed too, by the examples' numbers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy

from ..types.errors import VmapError
from .batching import BatchedLibrary, Rule, length_of, same_level
from .proxy import Proxy
from .rules import rule


class _Plan(NamedTuple):
    """How an index of an example reads in the batch.

    Attributes
    ----------
    inner : tuple
        The index of the inner array.
    axes : tuple of int or None
        The permutation that brings what it reads into the order of the examples, the batch axis in front.
    region : tuple of int
        The shape that it reads of an example.
    length : int
        Of the batch that is read.
    level
        That of the index.
    """

    inner: tuple[Any, ...]
    axes: tuple[int, ...] | None
    region: tuple[int, ...]
    length: int
    level: Any


def _is_array(item: Any) -> bool:
    return hasattr(item, "shape") and not isinstance(item, numpy.generic)


def _is_mask(library: BatchedLibrary, item: Any) -> bool:
    if isinstance(item, numpy.ndarray):
        return item.dtype.kind == "b"
    return _is_array(item) and bool(item.dtype == library.dtypes["bool"])


def _items(library: BatchedLibrary, shape: tuple[int, ...], index: Any) -> list[Any]:
    """The index with an item for each axis: no ellipsis, and positions in place of masks."""
    items: list[Any] = []
    for item in index if isinstance(index, tuple) else (index,):
        if _is_mask(library, item):
            items += numpy.nonzero(_host(library, item))
        else:
            items.append(item)
    rest = len(shape) - sum(item is not None and item is not Ellipsis for item in items)
    place = next((i for i, item in enumerate(items) if item is Ellipsis), len(items))
    items[place : place + 1] = [slice(None)] * rest
    return items


def _host(library: BatchedLibrary, mask: Any) -> numpy.ndarray:
    if isinstance(mask, numpy.ndarray):
        return mask
    mask = library.own(mask)
    if length_of(mask) > 1:
        raise VmapError(
            "vmap: a mask that differs from example to example selects another number of elements in each; use "
            "tensorplug.where or masked_fill"
        )
    return library.backend.to_numpy(mask)


def _plan(library: BatchedLibrary, shape: tuple[int, ...], index: Any, length: int) -> _Plan:
    """
    Parameters
    ----------
    shape
        That of the examples that are indexed.
    length
        Of their batch.
    """
    items = _items(library, shape, index)
    arrays = {i: item for i, item in enumerate(items) if _is_array(item)}
    if not arrays:
        return _Plan((slice(None), *items), None, _region(shape, items, []), length, None)
    picked = [i for i, item in enumerate(items) if i in arrays or isinstance(item, int)]
    is_adjacent = picked[-1] - picked[0] == len(picked) - 1
    before = sum(item is None or isinstance(item, slice) for item in items[: picked[0]]) if is_adjacent else 0
    rank = max(len(item.shape) for item in arrays.values())
    region = _region(shape, items, picked)
    if not any(type(item) is Proxy and (length_of(item) > 1 or item.level) for item in arrays.values()):
        for i, item in arrays.items():
            items[i] = library.example(item, 0) if type(item) is Proxy else item
        # Separated by slices, what is picked comes first, then the batch.
        axes = None if is_adjacent else (rank, *range(rank), *range(rank + 1, len(region) + 1))
        return _Plan((slice(None), *items), axes, region, length, None)
    level = None
    for i, item in arrays.items():
        owned = library.own(item)
        level = same_level(level, owned.level)
        items[i] = library.with_axes(owned, rank)
        length = max(length, length_of(owned))
    numbers = library.own(numpy.arange(length).reshape(length, *(1,) * rank))
    axes = None
    if before:
        # The batch and what is picked come first, then what the slices in front of the index arrays give.
        axes = (0, *range(1 + rank, 1 + rank + before), *range(1, 1 + rank), *range(1 + rank + before, len(region) + 1))
    return _Plan((library.example(numbers, 0), *items), axes, region, length, level)


def _region(shape: tuple[int, ...], items: list[Any], picked: list[int]) -> tuple[int, ...]:
    """The shape that an index, with an item for each axis, reads of an example."""
    found: list[int] = []
    axis = 0
    place = 0
    for i, item in enumerate(items):
        if picked and i == picked[0]:
            place = len(found)
        if item is None:
            found.append(1)
            continue
        if isinstance(item, slice):
            found.append(len(range(*item.indices(shape[axis]))))
        axis += 1
    if not picked:
        return tuple(found)
    if picked[-1] - picked[0] != len(picked) - 1:
        place = 0
    shapes = [tuple(items[i].shape) for i in picked if _is_array(items[i])]
    return (*found[:place], *numpy.broadcast_shapes(*shapes), *found[place:])


@rule("getitem", "index")
def _getitem(library: BatchedLibrary, kernel: Any) -> Rule:
    def getitem(x: Any, index: Any) -> Proxy:
        x = library.own(x)
        plan = _plan(library, x.shape, index, length_of(x))
        array = x.array if plan.level is None else library.expanded(x, plan.length)
        found = kernel(array, plan.inner)
        if plan.axes is not None:
            found = library.inner.ops.permute_dims(found, plan.axes)
        return Proxy(found, library, same_level(x.level, plan.level))

    return getitem


@rule("take")
def _take(library: BatchedLibrary, kernel: Any) -> Rule:
    def take(x: Any, indices: Any, *, axis: int = 0) -> Proxy:
        x, indices = library.own(x), library.own(indices)
        found: Proxy = library.ops.getitem(x, (*(slice(None),) * (axis % x.ndim), indices, ...))
        return found

    return take


def _placed(library: BatchedLibrary, value: Any, plan: _Plan) -> Any:
    """The inner array of values in the order in which the inner index writes."""
    extra = value.ndim - len(plan.region)
    if extra > 0:
        value = library.ops.reshape(value, value.shape[extra:])
    found = library.with_axes(value, len(plan.region))
    if not any(map(_is_array, plan.inner)):
        return found
    found = library.inner.ops.broadcast_to(found, (plan.length, *plan.region))
    if plan.axes is None:
        return found
    return library.inner.ops.permute_dims(found, tuple(sorted(range(len(plan.axes)), key=plan.axes.__getitem__)))


@rule("put")
def _put(library: BatchedLibrary, kernel: Any) -> Rule:
    def put(x: Any, value: Any, index: Any) -> Proxy:
        x, value = library.own(x), library.own(value)
        plan = _plan(library, x.shape, index, max(length_of(x), length_of(value)))
        level = same_level(same_level(x.level, value.level), plan.level)
        found = kernel(library.expanded(x, plan.length), _placed(library, value, plan), plan.inner)
        return Proxy(found, library, level)

    return put


@rule("embed")
def _embed(library: BatchedLibrary, kernel: Any) -> Rule:
    def embed(x: Any, shape: tuple[int, ...], index: Any) -> Proxy:
        x = library.own(x)
        items = index if isinstance(index, tuple) else (index,)
        return Proxy(kernel(x.array, (length_of(x), *shape), (slice(None), *items)), library, x.level)

    return embed


@rule("scatter_zeros")
def _scatter_zeros(library: BatchedLibrary, kernel: Any) -> Rule:
    def scatter_zeros(x: Any, shape: tuple[int, ...], index: Any) -> Proxy:
        x = library.own(x)
        plan = _plan(library, shape, index, length_of(x))
        found = kernel(_placed(library, x, plan), (plan.length, *shape), plan.inner)
        return Proxy(found, library, same_level(x.level, plan.level))

    return scatter_zeros
