"""Views and writes on backends whose arrays cannot be written: views are derived from the root, writes replace it.

Where the backend compiles, each structure of steps is compiled once, with integers and the starts of slices as
arguments, so that a loop over rows compiles one function and not one a row.
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
"""What stands in a key for an integer that is an argument."""

_KEPT = 4096
"""How many compiled functions are kept before they are made anew."""

_compiled: dict[tuple[Any, ...], Callable[..., Any]] = {}


def derive(library: Library, array: Any, steps: tuple[Step, ...], shape: tuple[int, ...]) -> Any:
    """The view of an array, of that shape, to which the steps lead."""
    if not steps:
        return array
    if library.writable or not library.compiles:
        return take_view(library.ops, array, steps)
    key, numbers = _key(steps, shape)
    return _function(library, "take", key, False)(array, *numbers)


def update(library: Library, array: Any, value: Any, steps: tuple[Step, ...], donate: bool) -> Any:
    """A copy of an array in which the view that the steps lead to reads `value`.

    Parameters
    ----------
    donate
        Whether the array is needed no more, so that the copy may take over its memory.
    """
    if not library.compiles:
        return put_view(library.ops, array, value, steps)
    key, numbers = _key(steps, array.shape, any(name in OVERLAPPING for name, _ in steps[:-1]))
    return _function(library, "put", key, donate)(array, value, *numbers)


def references(array: Any) -> int:
    """How many references the interpreter counts to an object; as many as `ALONE` if a local variable is the only one.

    Where it does not count them, more than that.
    """
    return _count(array)


_count: Callable[[Any], int] = getattr(sys, "getrefcount", lambda array: sys.maxsize)


def _references_of_a_local() -> int:
    array = object()
    return references(array) if hasattr(sys, "getrefcount") else 0


ALONE = _references_of_a_local()


def _function(library: Library, action: str, key: tuple[Any, ...], donate: bool) -> Callable[..., Any]:
    found = _compiled.get((library, action, key, donate))
    if found is None:
        ops = library.ops

        def take(array: Any, *numbers: Any) -> Any:
            return take_view(ops, array, _steps(key, iter(numbers)))

        def put(array: Any, value: Any, *numbers: Any) -> Any:
            return put_view(ops, array, value, _steps(key, iter(numbers)))

        if len(_compiled) >= _KEPT:
            _compiled.clear()
        compiled = library.backend.compile({"take": take, "put": put}[action], (0,) if donate else ())
        found = _compiled.setdefault((library, action, key, donate), compiled)
    return found


def _key(steps: tuple[Step, ...], shape: tuple[int, ...], static: bool = False) -> tuple[tuple[Any, ...], list[int]]:
    """The structure of the steps, and the integers in them that vary; none do where it is to be static."""
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
    """What is left of an index when its region was taken: the steps of slices other than 1."""
    rest = [item for item in index if item is None or item is Ellipsis or type(item) is slice]
    return tuple(item if item is Ellipsis else slice(None, None, None if item is None else item.step) for item in rest)


def _shape_after(steps: tuple[Step, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    if not steps:
        return shape
    # Of complex numbers, so that steps to their parts can be followed too.
    layout = contiguous_layout(shape, True)
    for name, argument in steps:
        layout = STEPS[name].layout(layout, argument)
    found: tuple[int, ...] = layout.shape
    return found


def _region_key(index: tuple[Any, ...], shape: tuple[int, ...], numbers: list[int]) -> tuple[Any, ...]:
    """An index as a region; slices with other steps than 1 take all that they reach over, see `_strides_of`."""
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
    """The steps of a structure, with the integers that are given."""
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
