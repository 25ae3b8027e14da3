"""What is declared: operations, the functions of tensors made of them, and the members of Tensor.

Declarations enter themselves here through decorators. Nothing is looked up here by a literal name, so that what a
module needs is seen from its imports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Member = TypeVar("Member", bound=Callable[..., Any])

OPERATIONS: dict[str, Any] = {}
"""Every operation with a kernel, by its name: see `tensorplug.core.dispatch.operation.Operation`."""

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""Every function of tensors that users or gradient rules call, by its name: the standard's, else PyTorch's."""

OPERATORS: dict[str, Callable[..., Any]] = {}
"""Elementwise functions and products without keywords, by the operation's name; NotImplemented for foreign types."""

MEMBERS: dict[str, Any] = {}
"""The methods, operators and properties of Tensor, by their names."""


def public(name: str, *methods: str) -> Callable[[Member], Member]:
    """Declare a function of tensors under its name, and the names under which it is a method.

    Raises
    ------
    ValueError
        If something else has one of the names.
    """

    def declare(function: Member) -> Member:
        if FUNCTIONS.setdefault(name, function) is not function:
            raise ValueError(f"function {name!r} is declared twice")
        for one in methods:
            _enter(one, function)
        return function

    return declare


def method(*names: str, static: bool = False) -> Callable[[Member], Member]:
    """Declare a method of Tensor under some names, by default its own, and call it by the first in Python's errors.

    With `static` it does not get the tensor.
    """

    def declare(function: Member) -> Member:
        called = names or (function.__name__,)
        function.__qualname__ = f"Tensor.{called[0]}"
        for name in called:
            _enter(name, staticmethod(function) if static else function)
        return function

    return declare


def attribute(
    name: str, setter: Callable[..., None] | None = None, deleter: Callable[[Any], None] | None = None
) -> Callable[[Member], Member]:
    """Declare a property of Tensor."""

    def declare(getter: Member) -> Member:
        _enter(name, property(getter, setter, deleter))
        return getter

    return declare


def _enter(name: str, member: Any) -> None:
    if MEMBERS.setdefault(name, member) is not member:
        raise ValueError(f"Tensor.{name} is declared twice")
