"""What a function can reach: the tensors that it may use, and whether anything was replaced since.

A program is valid as long as the names, attributes and containers that the function's code leads to hold what they held
when it was recorded. The walk goes through closures, the globals that the code names, defaults, attributes, containers,
and the methods of user-defined classes. Values are compared by identity, and numbers and strings by value.
"""

from __future__ import annotations

import collections
import functools
import sys
import types
from collections.abc import Callable, Iterator
from operator import is_
from typing import Any

import numpy

from ...autograd.generated import write_function
from ..dispatch.keys import loaded_libraries
from ..memory.tensor import Tensor
from ..random.generator import Generator
from ..types.devices import Device
from ..types.dtypes import DType

_ATOMS = (int, float, complex, str, bytes, bool, type(None), types.EllipsisType, slice, range)

_CLOSED = (*_ATOMS, types.BuiltinFunctionType, numpy.generic, numpy.ufunc, Generator, Device, DType)
"""What holds nothing that a function could use, or is compared by value."""

_PACKAGE = __name__.partition(".")[0]

_STANDARD = sys.stdlib_module_names - {"__main__"}

_SMALL = 4096
"""The most bytes of a NumPy array that is compared by value."""


def _root(module: Any) -> str:
    return str(module or "").partition(".")[0]


def _is_library(module: Any) -> bool:
    """Whether a module's names are taken to stay as they are: Python's, an array library's, or ours."""
    root = _root(module)
    return root in _STANDARD or root in (_PACKAGE, numpy.__name__) or root in _array_libraries()


def _array_libraries() -> set[str]:
    return {_root(kind.__module__) for library in loaded_libraries() for kind in library.array_types}


class Environment:
    """What the code of a function, and objects that are given to it, can reach.

    Attributes
    ----------
    tensors : list of Tensor
        The tensors among it, in the order in which the walk finds them, each once.
    """

    def __init__(self, function: Callable[..., Any], objects: list[Any]) -> None:
        self.tensors: list[Tensor] = []
        self._seen: dict[int, Any] = {}
        self._expressions: list[str] = []
        self._scope: dict[str, Any] = {}
        self._names: list[str] = []
        self._waiting: list[Any] = [function, *objects]
        while self._waiting:
            self._visit(self._waiting.pop())
        # They are looked at when a program is called, and it is the tensors themselves that it must find again.
        self._read = write_function(
            ["def read():", f"    return [{', '.join(self._expressions)}]"], "compile guard", self._scope
        )
        self._held = self._read()
        self._arrays = [(one, one.tobytes()) for one in self._held if _is_small_array(one)]

    def change(self) -> str:
        """What is held elsewhere now, in words; nothing if all is as it was."""
        try:
            now = self._read()
        except (ValueError, AttributeError, KeyError):
            return "a variable was deleted"
        held = self._held
        if len(now) != len(held):
            return "a container has another number of entries"
        if not all(map(is_, now, held)):
            for name, one, other in zip(self._names, now, held, strict=True):
                if one is not other and not _is_equal(one, other):
                    return f"{name} was {_shown(other)} and is {_shown(one)}"
        for array, values in self._arrays:
            if array.tobytes() != values:
                return "the values of a NumPy array changed"
        return ""

    def _visit(self, x: Any) -> None:
        if isinstance(x, _CLOSED) or id(x) in self._seen:
            return
        self._seen[id(x)] = x
        if isinstance(x, Tensor):
            self.tensors.append(x)
        elif isinstance(x, types.FunctionType):
            self._function(x)
        elif isinstance(x, types.MethodType):
            self._waiting += [x.__self__, x.__func__]
        elif isinstance(x, functools.partial):
            self._waiting += [x.func, *x.args, *x.keywords.values()]
        elif isinstance(x, (staticmethod, classmethod)):
            self._waiting.append(x.__func__)
        elif isinstance(x, property):
            self._waiting += [x.fget, x.fset]
        elif isinstance(x, type):
            self._class(x)
        elif isinstance(x, dict):
            self._hold(
                f"*{self._name(x)}, *{self._name(x)}.values()", [*map(_key, x), *map(_key, x)], [*x, *x.values()]
            )
        elif isinstance(x, (list, tuple, set, frozenset, collections.deque)):
            self._hold(f"*{self._name(x)}", [f"[{i}]" for i in range(len(x))], [*x])
        elif _root(type(x).__module__) == _PACKAGE and hasattr(x, "__wrapped__"):
            # A compiled function: what it keeps itself is no part of what it does.
            self._waiting.append(x.__wrapped__)
            return
        if not isinstance(x, (Tensor, type, types.ModuleType, types.FunctionType, numpy.ndarray)):
            self._attributes(x)

    def _name(self, x: Any) -> str:
        name = f"x{len(self._scope)}"
        self._scope[name] = x
        return name

    def _hold(self, expression: str, names: list[str], values: list[Any]) -> None:
        self._expressions.append(expression)
        self._names += names
        self._waiting += values

    def _attributes(self, x: Any) -> None:
        kind = type(x)
        held = getattr(x, "__dict__", None)
        if _is_library(kind.__module__) and _root(kind.__module__) != _PACKAGE and not isinstance(x, dict):
            return
        if isinstance(held, dict):
            self._hold(f"*{self._name(held)}.values()", [f".{key}" for key in held], [*held.values()])
        for name in _slots(kind):
            if hasattr(x, name):
                self._hold(f"getattr({self._name(x)}, {name!r}, None)", [f".{name}"], [getattr(x, name)])
        self._waiting.append(kind)

    def _class(self, kind: type) -> None:
        for one in kind.__mro__:
            if not _is_library(one.__module__) and id(one) not in self._seen:
                self._seen[id(one)] = one
                self._class_members(one)
        if not _is_library(kind.__module__):
            self._class_members(kind)

    def _class_members(self, kind: type) -> None:
        members = {name: value for name, value in vars(kind).items() if not _is_of_python(name)}
        for name, value in members.items():
            self._hold(f"{self._name(kind)}.__dict__.get({name!r})", [f".{name}"], [value])

    def _function(self, function: types.FunctionType) -> None:
        for cell, name in zip(function.__closure__ or (), function.__code__.co_freevars, strict=True):
            try:
                self._hold(f"{self._name(cell)}.cell_contents", [name], [cell.cell_contents])
            except ValueError:
                continue
        for default in (function.__defaults__, function.__kwdefaults__):
            if default:
                self._waiting.append(default)
        wrapped = function.__dict__
        if wrapped:
            self._waiting.append(wrapped)
        if _is_library(function.__module__):
            return
        names = list(dict.fromkeys(_names(function.__code__)))
        variables = function.__globals__
        for name in names:
            if name in variables:
                self._hold(f"{self._name(variables)}.get({name!r})", [name], [variables[name]])
                if isinstance(variables[name], types.ModuleType) and not _is_library(variables[name].__name__):
                    self._module(vars(variables[name]), names)

    def _module(self, variables: dict[str, Any], names: list[str]) -> None:
        for name in names:
            if name in variables:
                self._hold(f"{self._name(variables)}.get({name!r})", [name], [variables[name]])


def _key(key: Any) -> str:
    return f"[{key!r}]" if isinstance(key, _ATOMS) else "an entry"


def _is_of_python(name: str) -> bool:
    return name in ("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__annotations__")


def _slots(kind: type) -> Iterator[str]:
    for one in kind.__mro__:
        slots = one.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                yield f"_{one.__name__.lstrip('_')}{name}" if name.startswith("__") else name


def _names(code: types.CodeType) -> Iterator[str]:
    """The names that code uses, that of functions inside of it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _is_equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, (tuple, frozenset)):
        return len(one) == len(other) and all(map(_is_equal, one, other))
    return isinstance(one, (*_ATOMS, numpy.generic)) and (repr(one) == repr(other))


def _is_small_array(x: Any) -> bool:
    return isinstance(x, numpy.ndarray) and x.nbytes <= _SMALL


def _shown(x: Any) -> str:
    if isinstance(x, Tensor):
        return "another tensor"
    return repr(x) if isinstance(x, _ATOMS) else f"a {type(x).__name__}"
