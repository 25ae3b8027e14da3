"""Values of tensors, looked at through the contract alone, so that a transform can stand in for the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...backends.common.positions import in_range as in_range
from .tensor import Tensor
from .views import array_of


def inspect(check: Callable[..., None], tensor: Tensor, **parameters: Any) -> None:
    """Raise what a check of the values raises: see `tensorplug.backends.Backend.inspect`."""
    tensor._key.library.ops.inspect(check, array_of(tensor), **parameters)


def known(predicate: Callable[..., Any], otherwise: bool, tensor: Tensor, **parameters: Any) -> bool:
    """Whether the values are known to satisfy a predicate: see `tensorplug.backends.Backend.known`."""
    found: bool = tensor._key.library.ops.known(predicate, otherwise, array_of(tensor), **parameters)
    return found
