"""Checks of a tensor's values through `inspect` and `known` of the contract, which transforms can intercept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...backends.common.positions import in_range as in_range
from .tensor import Tensor
from .views import array_of


def inspect(check: Callable[..., None], tensor: Tensor, **parameters: Any) -> None:
    """Run a check of the values, which raises if they are invalid: see `tensorplug.backends.Backend.inspect`."""
    tensor._key.library.ops.inspect(check, array_of(tensor), **parameters)


def known(predicate: Callable[..., Any], otherwise: bool, tensor: Tensor, **parameters: Any) -> bool:
    """Whether the values are known to satisfy a predicate: see `tensorplug.backends.Backend.known`."""
    found: bool = tensor._key.library.ops.known(predicate, otherwise, array_of(tensor), **parameters)
    return found
