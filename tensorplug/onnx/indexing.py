"""Lowering of reads and writes at an index, as ``x[index]``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from .arrays import pad
from .dim import Dim
from .graph import Graph, Name, NoCounterpart, Value

_FULL = slice(None)
_INT64 = numpy.iinfo(numpy.int64)


def _items(shape: Sequence[int], index: Any) -> list[Any]:
    """The items of an index: one for each axis, and None; masks as positions."""
    found: list[Any] = []
    for item in _tuple(index):
        if isinstance(item, Value) and not item.name:
            item = item.array
        if isinstance(item, Value) and item.dtype == bool:
            raise NoCounterpart("with a mask that the function computes")
        if isinstance(item, list):
            item = numpy.asarray(item)
        if isinstance(item, numpy.ndarray) and item.dtype == bool:
            found += numpy.nonzero(item)
        else:
            found.append(item)
    given = sum(1 for item in found if item is not None and item is not Ellipsis)
    at = next((i for i, item in enumerate(found) if item is Ellipsis), len(found))
    return [*found[:at], *[_FULL] * (len(shape) - given), *found[at + 1 :]]


def _is_array(item: Any) -> bool:
    return isinstance(item, (Value, numpy.ndarray))


def _tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _getitem(g: Graph, out: Any, x: Any, index: Any) -> Name:
    items = _items(x.shape, index)
    if not any(map(_is_array, items)):
        return _basic(g, x, items)
    axes = [item for item in items if item is not None]
    sliced = _sliced(g, x, [item if isinstance(item, slice) else _FULL for item in axes])
    picked = [axis for axis, item in enumerate(axes) if not isinstance(item, slice)]
    arrays = [axes[axis] for axis in picked]
    found = _gathered(g, sliced, len(axes), picked, arrays)
    places = [i for i, item in enumerate(items) if item is not None and not isinstance(item, slice)]
    side_by_side = places == list(range(places[0], places[-1] + 1))
    rank = len(out.shape) - sum(item is None for item in items)
    width = rank - (len(axes) - len(picked))
    if len(picked) > 1 and side_by_side and picked[0]:
        # The axes of the arrays come first, and belong where the arrays are.
        perm = [*range(width, width + picked[0]), *range(width), *range(width + picked[0], rank)]
        found = g.Transpose(found, perm=perm)
    return _with_new_axes(g, found, items, width, side_by_side)


def _with_new_axes(g: Graph, found: Name, items: list[Any], width: int, side_by_side: bool) -> Name:
    """Insert the axes of length 1 that an index has."""
    new: list[int] = []
    at = 0 if side_by_side else width
    counted = not side_by_side
    for item in items:
        if item is None:
            new.append(at)
        if item is None or isinstance(item, slice):
            at += 1
        elif not counted:
            at += width
            counted = True
    return g.Unsqueeze(found, new) if new else found


def _basic(g: Graph, x: Any, items: list[Any]) -> Name:
    """Elements at an index of integers, slices and None."""
    axes = [item for item in items if item is not None]
    found = _sliced(g, x, [item if isinstance(item, slice) else _FULL for item in axes])
    for axis, item in reversed(list(enumerate(axes))):
        if not isinstance(item, slice):
            place = g.Squeeze(g.lengths([item]), [0]) if isinstance(item, Dim) else numpy.asarray(item)
            found = g.Gather(found, place, axis=axis)
    kept = [item for item in items if item is None or isinstance(item, slice)]
    new = [place for place, item in enumerate(kept) if item is None]
    if new:
        found = g.Unsqueeze(found, new)
    return g.Identity(found) if found is x else found


def _sliced(g: Graph, x: Any, slices: list[slice]) -> Any:
    """The parts of axes."""
    chosen = [(axis, item) for axis, item in enumerate(slices) if item != _FULL]
    if not chosen:
        return x
    bounds = [_bounds(item) for _, item in chosen]
    starts, ends, steps = (list(one) for one in zip(*bounds, strict=True))
    return g.Slice(x, starts, ends, [axis for axis, _ in chosen], steps)


def _bounds(item: slice) -> tuple[int, int, int]:
    step = 1 if item.step is None else item.step
    start = (0 if step > 0 else _INT64.max) if item.start is None else item.start
    stop = (_INT64.max if step > 0 else _INT64.min) if item.stop is None else item.stop
    return start, stop, step


def _gathered(g: Graph, x: Any, rank: int, axes: list[int], arrays: list[Any]) -> Name:
    """Elements at positions along axes, whose axes come first if there are several such axes."""
    if len(axes) == 1:
        return g.Gather(x, _positions(g, arrays[0]), axis=axes[0])
    along = _aligned_axis(x, axes, arrays)
    if along is not None:
        return g.GatherElements(x, _positions(g, arrays[along]), axis=along)
    if axes != list(range(len(axes))):
        x = g.Transpose(x, perm=[*axes, *(axis for axis in range(rank) if axis not in axes)])
    return g.GatherND(x, _stacked(g, arrays))


def _aligned_axis(x: Any, axes: list[int], arrays: list[Any]) -> int | None:
    """The axis along which one array has positions, while the others count the elements of all other axes."""
    if not isinstance(x, Value) or len(axes) != len(x.shape):
        return None
    known: list[Any] = [one.array if isinstance(one, Value) else one for one in arrays]
    computed = [i for i, one in enumerate(known) if one is None]
    if len(computed) != 1 or len(arrays[computed[0]].shape) != len(x.shape):
        return None
    along = computed[0]
    for axis, one in enumerate(known):
        length = arrays[along].shape[axis]
        behind = (1,) * (len(x.shape) - axis - 1)
        counted: Any = numpy.arange(length).reshape(length, *behind)
        # With axes of length 1 in front it is the same.
        if axis != along and not numpy.array_equal(_without_leading_axes(one, counted.ndim), counted):
            return None
    return along


def _without_leading_axes(array: Any, rank: int) -> Any:
    shape = numpy.shape(array)
    more = len(shape) - rank
    return numpy.reshape(array, shape[more:]) if more > 0 and set(shape[:more]) == {1} else array


def _positions(g: Graph, array: Any) -> Any:
    return g.cast(array, numpy.int64) if isinstance(array, Value) else numpy.asarray(array, numpy.int64)


def _stacked(g: Graph, arrays: list[Any]) -> Any:
    """Positions along several axes, broadcast and put side by side in a last axis."""
    if not any(isinstance(one, Value) for one in arrays):
        return numpy.stack(numpy.broadcast_arrays(*arrays), -1).astype(numpy.int64)
    shape = _broadcast([getattr(one, "shape", ()) for one in arrays])
    lengths = g.lengths(shape)
    parts = [g.Unsqueeze(g.Expand(_positions(g, one), lengths), [-1]) for one in arrays]
    return g.Concat(*parts, axis=-1)


def _broadcast(shapes: Sequence[tuple[int, ...]]) -> list[int]:
    """The common shape, whose lengths may vary."""
    rank = max(map(len, shapes))
    wide = [(*(1,) * (rank - len(shape)), *shape) for shape in shapes]
    return [next((n for n in lengths if n != 1), 1) for lengths in zip(*wide, strict=True)]


def _flat_positions(g: Graph, shape: Sequence[int], index: Any) -> Value:
    """The positions, among all elements of a shape, of those at an index."""
    every = numpy.arange(math.prod(shape)).reshape(shape)
    items = [item.array if isinstance(item, Value) and not item.name else item for item in _tuple(index)]
    if not any(isinstance(item, Value) for item in items):
        found = every[tuple(items)]
        return Value("", found.shape, found.dtype, found)
    alike = [numpy.zeros(one.shape, int) if isinstance(one, Value) else one for one in _items(shape, index)]
    out = Value("", every[tuple(alike)].shape, every.dtype)
    return out._replace(name=_getitem(g, out, Value("", every.shape, every.dtype, every), index))


def _scattered(g: Graph, flat: Name, shape: Sequence[int], values: Any, index: Any, dtype: Any, reduction: str) -> Name:
    """An array of a shape, given flat, with values written or added at an index."""
    places = _flat_positions(g, shape, index)
    count = [math.prod(places.shape)]
    updates = g.reshape(g.Expand(g.cast(values, dtype), g.lengths(places.shape)), count)
    found = g.ScatterElements(flat, g.reshape(places, count), updates, axis=0, reduction=reduction)
    return g.reshape(found, shape)


def _put(g: Graph, out: Any, x: Any, value: Any, index: Any) -> Name:
    block = _block(x.shape, index)
    if block is None:
        return _scattered(g, g.reshape(x, [math.prod(x.shape)]), out.shape, value, index, out.dtype, "none")
    axis, start, stop, is_one = block
    lengths = list(out.shape)
    lengths[axis : axis + 1] = [] if is_one else [stop - start]
    given = g.Expand(g.cast(value, out.dtype), g.lengths(lengths))
    parts = [g.Unsqueeze(given, [axis]) if is_one else given]
    if start:
        parts.insert(0, g.Slice(x, [0], [start], [axis]))
    if stop < out.shape[axis]:
        parts.append(g.Slice(x, [stop], [_INT64.max], [axis]))
    return g.Concat(*parts, axis=axis) if len(parts) > 1 else parts[0]


def _block(shape: Sequence[int], index: Any) -> tuple[int, int, int, bool] | None:
    """The one axis of which an index takes a part, its bounds, and whether it takes one element without the axis."""
    items = _items(shape, index)
    if any(item is None or _is_array(item) for item in items):
        return None
    chosen = [(axis, item) for axis, item in enumerate(items) if item != _FULL]
    if len(chosen) != 1:
        return None
    axis, item = chosen[0]
    if isinstance(item, int):
        return axis, item, item + 1, True
    start, stop, step = item.indices(shape[axis])
    return (axis, start, stop, False) if step == 1 and start < stop else None


def _embed(g: Graph, out: Any, x: Any, shape: Any, index: Any) -> Name:
    items = _items(out.shape, index)
    if len(items) == len(out.shape) == len(x.shape) and all(isinstance(item, slice) for item in items):
        bounds = [item.indices(n) for item, n in zip(items, out.shape, strict=True)]
        if all(step == 1 for _, _, step in bounds):
            return pad(g, x, [(i, start, n - start - size) for i, ((start, _, _), n, size) in
                              enumerate(zip(bounds, out.shape, x.shape, strict=True))])  # fmt: skip
    return _scatter(g, out, x, index, "none")


def _scatter_zeros(g: Graph, out: Any, x: Any, shape: Any, index: Any) -> Name:
    return _scatter(g, out, x, index, "add")


def _scatter(g: Graph, out: Any, x: Any, index: Any, reduction: str) -> Name:
    zeros = g.filled(0, out.dtype, (math.prod(out.shape),))
    return _scattered(g, zeros, out.shape, x, index, out.dtype, reduction)


def _take_along_axis(g: Graph, out: Any, x: Any, indices: Any, axis: int = -1) -> Name:
    places = g.cast(indices, numpy.int64)

    def broadcast(one: Any, name: Name) -> Name:
        lengths = list(out.shape)
        lengths[axis] = one.shape[axis]
        return name if tuple(lengths) == one.shape else g.Expand(name, g.lengths(lengths))

    return g.GatherElements(broadcast(x, g.name_of(x)), broadcast(indices, places), axis=axis)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "embed": _embed,
    "getitem": _getitem,
    "index": _getitem,
    "put": _put,
    "scatter_zeros": _scatter_zeros,
    "take_along_axis": _take_along_axis,
}
