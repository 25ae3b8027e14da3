"""0-d tensors along an axis: as in PyTorch, their ``dim=0`` and ``dim=-1`` are those of a vector of one element."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ..memory.structure import reshape
from ..memory.tensor import Tensor
from .in_place import into, into_all

Function = TypeVar("Function", bound=Callable[..., Any])


def accepts_0d(function: Function) -> Function:
    """Let a function take a 0-d tensor wherever it is called with PyTorch's `dim`, or has a default for it."""
    default = inspect.signature(function).parameters["dim"].default

    @functools.wraps(function)
    def along(*arguments: Any, **keywords: Any) -> Any:
        x = arguments[0] if arguments else keywords.get("input")
        if type(x) is not Tensor or x._array.shape:
            return function(*arguments, **keywords)
        if inspect.signature(function).bind(*arguments, **keywords).arguments.get("dim", default) is None:
            return function(*arguments, **keywords)
        return as_vector(function, *arguments, **keywords)

    return cast(Function, along)


def as_vector(function: Callable[..., Any], *arguments: Any, out: Any = None, **keywords: Any) -> Any:
    """What a function makes of 0-d tensors as vectors of one element, without the vectors' axis."""
    vectors = {key: _vector(value) for key, value in keywords.items()}
    found = function(*map(_vector, arguments), **vectors)
    if isinstance(found, tuple):
        several = map(_element, found)
        results = type(found)(*several) if hasattr(found, "_fields") else tuple(several)
        return results if out is None else type(found)(*into_all(function.__name__, out, results))
    return _element(found) if out is None else into(function.__name__, out, _element(found))


def _vector(value: Any) -> Any:
    return reshape(value, (1,)) if type(value) is Tensor and not value._array.shape else value


def _element(found: Tensor) -> Tensor:
    return reshape(found, found.shape[1:]) if found.shape[:1] == (1,) else found
