"""The registries of operations, of functions of tensors, and of the members of Tensor, filled by decorators.

Nothing is looked up here by a literal name, so that the dependencies of a module are its imports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Member = TypeVar("Member", bound=Callable[..., Any])

OPERATIONS: dict[str, Any] = {}
"""Every operation by name: see `tensorplug.core.dispatch.operation.Operation`."""

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""Every function of tensors that users or gradient rules call, by the standard's name, else PyTorch's."""

OPERATORS: dict[str, Callable[..., Any]] = {}
"""Elementwise functions and products without keywords by name; they return NotImplemented for foreign types."""

MEMBERS: dict[str, Any] = {}
"""The methods, operators and properties of Tensor by name."""


def public(name: str, *methods: str) -> Callable[[Member], Member]:
    """Register a function of tensors, and methods of Tensor that call it.

    Raises
    ------
    ValueError
        If a name is registered already.
    """

    def declare(function: Member) -> Member:
        if FUNCTIONS.setdefault(name, function) is not function:
            raise ValueError(f"function {name!r} is declared twice")
        for one in methods:
            _add_member(one, function)
        return function

    return declare


def method(*names: str, static: bool = False) -> Callable[[Member], Member]:
    """Register a method of Tensor under some names, by default its own; the first is its ``__qualname__``.

    With `static` it is a static method.
    """

    def declare(function: Member) -> Member:
        called = names or (function.__name__,)
        function.__qualname__ = f"Tensor.{called[0]}"
        for name in called:
            _add_member(name, staticmethod(function) if static else function)
        return function

    return declare


def attribute(
    name: str, setter: Callable[..., Any] | None = None, deleter: Callable[[Any], None] | None = None
) -> Callable[[Member], Member]:
    """Register a property of Tensor."""

    def declare(getter: Member) -> Member:
        _add_member(name, property(getter, setter, deleter))
        return getter

    return declare


def _add_member(name: str, member: Any) -> None:
    if MEMBERS.setdefault(name, member) is not member:
        raise ValueError(f"Tensor.{name} is declared twice")
