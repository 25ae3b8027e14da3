"""Functions that read values, called inside `vmap` for one example after the other."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from ...autograd.trees import flatten
from ..dispatch.levels import depth_of, open_levels
from ..memory.tensor import Tensor
from ..memory.views import array_of
from ..standard.manipulation import stack
from .batching import BatchedLibrary, length_of
from .transfer import Transfer

F = TypeVar("F", bound=Callable[..., Any])


def each_example(*names: str) -> Callable[[F], F]:
    """Call a function for each example where arguments of these names, whose values it reads, differ between them."""

    def declare(function: F) -> F:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            if open_levels():
                arguments = signature.bind(*args, **kwargs).arguments
                read = [arguments.get(name) for name in names]
                if any(map(_differs, read)):
                    return _looped(called, args, kwargs, max(map(depth_of, read)))
            return function(*args, **kwargs)

        return called  # type: ignore[return-value]

    return declare


def _differs(x: Any) -> bool:
    """Whether it is a tensor that differs between the examples of a batch."""
    return isinstance(x, Tensor) and isinstance(x._key.library, BatchedLibrary) and length_of(array_of(x)) > 1


def _looped(function: Callable[..., Any], args: Any, kwargs: Any, depth: int) -> Tensor:
    """The results of a function for the examples of a level, stacked."""
    level: Any = open_levels()[depth - 1]
    leaves, rebuild = flatten((args, kwargs))
    batches = [Transfer("leave", level)(one) if depth_of(one) == depth else one for one in leaves]
    found = []
    with level.outside():
        for number in range(level.size):
            one = [
                batch[number] if depth_of(leaf) == depth else leaf for leaf, batch in zip(leaves, batches, strict=True)
            ]
            given, named = rebuild(one)
            found.append(function(*given, **named))
        stacked = stack(found)
    return Transfer("enter", level)(stacked)
