"""Views and writes of immutable arrays: views are computed from the root of their storage, writes replace the root.

On backends that compile, each structure of steps is compiled once; integers and starts of slices are arguments, so
that a loop over rows compiles one function.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from ...backends import Region, Span
from ..dispatch.keys import Library
from .steps import (
    OVERLAPPING,
    STEPS,
    Step,
    contiguous_layout,
    put_view,
    take_view,
)

_NUMBER = "number"
"""The placeholder, in a key, for an integer that is an argument."""

_CACHED = 4096
"""The size of the cache of compiled functions."""

_compiled: dict[tuple[Any, ...], Callable[..., Any]] = {}


def derive(library: Library, array: Any, steps: tuple[Step, ...], shape: tuple[int, ...]) -> Any:
    """The view of an array by steps; `shape` is the array's."""
    if not steps:
        return array
    if library.writable or not library.compiles:
        return take_view(library.ops, array, steps)
    key, numbers = _key(steps, shape)
    return _function(library, "take", key, False)(array, *numbers)


def update(library: Library, array: Any, value: Any, steps: tuple[Step, ...], donate: bool) -> Any:
    """A copy of an array with `value` written into the view by steps.

    Parameters
    ----------
    donate
        Whether the array is no longer needed, so that the copy may reuse its memory.
    """
    if not library.compiles:
        return put_view(library.ops, array, value, steps)
    key, numbers = _key(steps, array.shape, any(name in OVERLAPPING for name, _ in steps[:-1]))
    return _function(library, "put", key, donate)(array, value, *numbers)


def reference_count(array: Any) -> int:
    """The reference count of an object: `ONE_REFERENCE` if a local variable is the only one.

    Interpreters that do not count report more.
    """
    return _count(array)


_count: Callable[[Any], int] = getattr(sys, "getrefcount", lambda array: sys.maxsize)


def _count_of_a_local() -> int:
    array = object()
    return reference_count(array) if hasattr(sys, "getrefcount") else 0


ONE_REFERENCE = _count_of_a_local()


def _function(library: Library, action: str, key: tuple[Any, ...], donate: bool) -> Callable[..., Any]:
    found = _compiled.get((library, action, key, donate))
    if found is None:
        ops = library.ops

        def take(array: Any, *numbers: Any) -> Any:
            return take_view(ops, array, _steps(key, iter(numbers)))

        def put(array: Any, value: Any, *numbers: Any) -> Any:
            return put_view(ops, array, value, _steps(key, iter(numbers)))

        if len(_compiled) >= _CACHED:
            _compiled.clear()
        compiled = library.backend.compile({"take": take, "put": put}[action], (0,) if donate else ())
        found = _compiled.setdefault((library, action, key, donate), compiled)
    return found


def _key(steps: tuple[Step, ...], shape: tuple[int, ...], static: bool = False) -> tuple[tuple[Any, ...], list[int]]:
    """The structure of steps as a cache key, and the integers that are arguments; with `static` there are none."""
    numbers: list[int] = []
    key: list[Any] = []
    for position, (name, argument) in enumerate(steps):
        if name != "getitem":
            key.append((name, argument))
        elif static:
            key.append((name, _static_key(argument)))
        else:
            key.append((name, _region_key(argument, _shape_after(steps[:position], shape), numbers)))
            if any(_is_strided(item) for item in argument):
                key.append((name, _static_key(_strides_of(argument))))
    return tuple(key), numbers


def _static_key(index: tuple[Any, ...]) -> tuple[Any, ...]:
    return ("index", *((item.start, item.stop, item.step) if type(item) is slice else item for item in index))


def _is_strided(item: Any) -> bool:
    return type(item) is slice and item.step not in (None, 1)


def _strides_of(index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The slice steps of an index, to be applied after its region."""
    rest = [item for item in index if item is None or item is Ellipsis or type(item) is slice]
    return tuple(item if item is Ellipsis else slice(None, None, None if item is None else item.step) for item in rest)


def _shape_after(steps: tuple[Step, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    if not steps:
        return shape
    # Complex, so that steps to real and imaginary parts can be followed too.
    layout = contiguous_layout(shape, True)
    for name, argument in steps:
        layout = STEPS[name].layout(layout, argument)
    found: tuple[int, ...] = layout.shape
    return found


def _region_key(index: tuple[Any, ...], shape: tuple[int, ...], numbers: list[int]) -> tuple[Any, ...]:
    """An index as a region; a slice with a step takes the whole range, which `_strides_of` thins out."""
    items: list[Any] = []
    axis = 0
    for item in index:
        if item is None or item is Ellipsis:
            items.append(item)
            axis = len(shape) - _axes_after(index) if item is Ellipsis else axis
            continue
        if type(item) is slice:
            taken = range(*item.indices(shape[axis]))
            start = min(taken[0], taken[-1]) if taken else 0
            size = abs(taken[-1] - taken[0]) + 1 if taken else 0
            whole = size == shape[axis]
            items.append("all" if whole else ("span", size))
            numbers += [] if whole else [start]
        else:
            items.append(_NUMBER)
            numbers.append(item)
        axis += 1
    return ("region", *items)


def _axes_after(index: tuple[Any, ...]) -> int:
    rest = index[index.index(Ellipsis) + 1 :]
    return sum(1 for item in rest if item is not None)


def _steps(key: tuple[Any, ...], numbers: Iterator[Any]) -> tuple[Step, ...]:
    """The steps of a structure with the given integers."""
    return tuple((name, _index(argument, numbers) if name == "getitem" else argument) for name, argument in key)


def _index(key: tuple[Any, ...], numbers: Iterator[Any]) -> Any:
    form, *items = key
    if form == "index":
        return tuple(slice(*item) if type(item) is tuple else item for item in items)
    return Region(_item(item, numbers) for item in items)


def _item(item: Any, numbers: Iterator[Any]) -> Any:
    if item == _NUMBER:
        return next(numbers)
    if item == "all":
        return slice(None)
    return Span(next(numbers), item[1]) if type(item) is tuple else item
