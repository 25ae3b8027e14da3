"""`@composed`: declare a NumPy function that is composed of Tensorplug's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

COMPOSED: dict[str, Callable[..., Any]] = {}
"""Composed functions by NumPy's module and name."""


def composed(name: str) -> Callable[[F], F]:
    """Declare the implementation of a NumPy function on tensors, with NumPy's parameters."""

    def declare(function: F) -> F:
        # The name in Python's errors about arguments.
        function.__qualname__ = name
        COMPOSED[name] = function
        return function

    return declare
