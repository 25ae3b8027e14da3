"""NumPy's functions that are made of several of Tensorplug's, with NumPy's arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

COMPOSED: dict[str, Callable[..., Any]] = {}
"""By NumPy's module and name."""


def composed(name: str) -> Callable[[F], F]:
    """Declare what one of NumPy's functions computes of tensors."""

    def declare(function: F) -> F:
        # What Python's own errors about arguments call it.
        function.__qualname__ = name
        COMPOSED[name] = function
        return function

    return declare
