"""Elementwise functions of one tensor and of two: what they have in common, written once.

A family turns a declaration into the function that users call. The functions are made once, when the operation is
declared; what can be decided then is not decided again at each call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy

from ...autograd.generated import write_function
from ...autograd.modes import is_grad_enabled
from ..dispatch.operation import Operation, operation
from ..dispatch.registry import OPERATORS, method, public
from ..memory.coercion import is_number, pair
from ..memory.tensor import Tensor, new_tensor
from ..memory.views import refresh
from ..types.dtypes import SCALARS
from ..types.errors import explain, unsupported
from .docs import documented, elementwise_doc
from .in_place import binary_in_place, into, named, unary_in_place


class Unary(Protocol):
    """An elementwise function of one tensor, as users call it."""

    def __call__(self, input: Tensor, *, out: Tensor | None = None) -> Tensor: ...


class Binary(Protocol):
    """An elementwise function of two tensors, of which one may be a number, as users call it."""

    def __call__(self, input: Any, other: Any, *, out: Tensor | None = None) -> Tensor: ...


class Scaled(Protocol):
    """A sum or difference, as users call it."""

    def __call__(self, input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor: ...


Definition = Callable[..., Any]
"""A function without a body, whose name, operands and documentation are those of the declared one."""


def unary(
    accepts: str, *, operator: str | None = None, methods: tuple[str, ...] | None = None, **options: Any
) -> Callable[[Definition], Unary]:
    """Declare an elementwise function of one tensor.

    Parameters
    ----------
    accepts, **options
        Those of `tensorplug.core.dispatch.operation.Operation`.
    operator
        The double-underscore name of its operator, such as ``"__abs__"``.
    methods
        The names under which it is a method of Tensor; by default its own.
    """

    def declare(definition: Definition) -> Unary:
        made = operation(accepts=accepts, elementwise=True, **options)(definition)
        name, apply = made.name, _unary_apply(made)

        def function(input: Tensor, *, out: Tensor | None = None) -> Tensor:
            if type(input) is not Tensor:
                raise unsupported(name, input)
            return apply(input) if out is None else into(name, out, apply(input))

        _publish(made, definition, function, methods, unary_in_place(made))
        _operate(made, apply, operator)
        return function

    return declare


def binary(
    accepts: str,
    *,
    operator: str | None = None,
    methods: tuple[str, ...] | None = None,
    keywords: tuple[str, str] = ("input", "other"),
    **options: Any,
) -> Callable[[Definition], Binary]:
    """Declare an elementwise function of two tensors, which broadcast and are promoted to a common dtype.

    The parameters are those of `unary`, and `keywords`: PyTorch's names of the operands.
    """

    def declare(definition: Definition) -> Binary:
        made = operation(accepts=accepts, elementwise=True, **options)(definition)
        apply = binary_apply(made)
        function, write = _binary_function(made, apply), binary_in_place(made, apply)
        if keywords != ("input", "other"):
            function, write = _renamed(made.name, function, write, *keywords)
        _publish(made, definition, function, methods, write)
        _operate(made, apply, operator)
        return function

    return declare


def scaled(accepts: str, *, operator: str, methods: tuple[str, ...] | None = None) -> Callable[[Definition], Scaled]:
    """Declare a sum or difference: as `binary`, with PyTorch's ``alpha=``, by which the second is multiplied."""

    def declare(definition: Definition) -> Scaled:
        made = operation(accepts=accepts, elementwise=True)(definition)
        name, apply = made.name, binary_apply(made)
        plain, write = _binary_function(made, apply), binary_in_place(made, apply)

        def function(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
            return plain(input, other if is_number(alpha, 1) else _multiplied(name, other, alpha), out=out)

        def in_place(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
            return write(self, other if is_number(alpha, 1) else _multiplied(f"{name}_", other, alpha))

        _publish(made, definition, function, methods, in_place)
        _operate(made, apply, operator)
        return function

    return declare


def _binary_function(made: Operation, apply: Callable[[Any, Any], Any]) -> Binary:
    name = made.name

    def function(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        found = apply(input, other)
        if found is NotImplemented:
            raise unsupported(name, input, other)
        return found if out is None else into(name, out, found)

    return function


def _renamed(name: str, function: Binary, write: Callable[..., Tensor], first: str, second: str) -> tuple[Any, Any]:
    """A function and its in-place method with other names of their parameters."""
    scope = {"Any": Any, "Tensor": Tensor, "function": function, "write": write}
    lines = [
        f"def {name}({first}: Any, {second}: Any, *, out: Tensor | None = None) -> Tensor:",
        f"    return function({first}, {second}, out=out)",
    ]
    in_place = [f"def {name}_(self: Tensor, {second}: Any) -> Tensor:", f"    return write(self, {second})"]
    return write_function(lines, name, scope), write_function(in_place, f"{name}_", scope)


def _publish(
    made: Operation,
    definition: Definition,
    function: Any,
    methods: tuple[str, ...] | None,
    in_place: Callable[..., Tensor],
) -> None:
    """Give the function the name and documentation of its definition, and Tensor its methods."""
    names = (made.name,) if methods is None else methods
    documented(function, definition, made.name, elementwise_doc(made, definition.__doc__ or ""))
    public(made.name, *names)(function)
    if made.result == "same":
        method(*(f"{one}_" for one in names or (made.name,)))(named(in_place, made, f"{made.name}_"))


def _operate(made: Operation, apply: Callable[..., Any], operator: str | None) -> None:
    """Make a function without keywords what NumPy's of that name, and an operator, call."""
    OPERATORS[made.name] = apply
    if operator is None:
        return
    method(operator)(apply)
    if len(made.operands) == 2 and made.result == "same":

        def reflected(self: Tensor, other: Any) -> Any:
            return apply(other, self)

        method(f"__r{operator[2:]}")(reflected)
        method(f"__i{operator[2:]}")(binary_in_place(made, apply))


def _multiplied(operation: str, x: Any, alpha: Any) -> Any:
    """An operand times PyTorch's `alpha`."""
    if type(alpha) is not Tensor and not isinstance(alpha, (numpy.generic, *SCALARS)):
        raise TypeError(f"{operation}: alpha is a number, got {type(alpha).__name__}")
    return x * alpha


def _unary_apply(made: Operation) -> Callable[[Tensor], Tensor]:
    name, differentiable = made.name, made.rule is not None

    def apply(x: Tensor) -> Tensor:
        storage = x._storage
        if storage is not None and storage.version != x._version:
            refresh(x)
        kernel, key = x._key.table[name]
        out = new_tensor()
        out._array = kernel(x._array)
        out._key = key
        out._storage = None
        edge = x._node
        if edge is None or not differentiable or not is_grad_enabled():
            out._node = None
        else:
            made.record(x, edge, out)
        return out

    return apply


def binary_apply(
    made: Operation, explain: Callable[[str, Exception, Tensor, Tensor], Exception] = explain
) -> Callable[[Any, Any], Any]:
    """The operation on two operands; NotImplemented where one is of no type that tensors work with.

    Parameters
    ----------
    explain
        ``explain(name, error, x1, x2)`` is raised in place of an error of the kernel's.
    """
    name, differentiable = made.name, made.rule is not None

    def apply(x1: Any, x2: Any) -> Any:
        if type(x1) is not Tensor or type(x2) is not Tensor or x1._key is not x2._key:
            operands = pair(made, x1, x2)
            if operands is None:
                return NotImplemented
            x1, x2 = operands
        storage = x1._storage
        if storage is not None and storage.version != x1._version:
            refresh(x1)
        storage = x2._storage
        if storage is not None and storage.version != x2._version:
            refresh(x2)
        kernel, key = x1._key.table[name]
        out = new_tensor()
        try:
            out._array = kernel(x1._array, x2._array)
        except Exception as error:
            raise explain(name, error, x1, x2) from None
        out._key = key
        out._storage = None
        edge1, edge2 = x1._node, x2._node
        if (edge1 is None and edge2 is None) or not differentiable or not is_grad_enabled():
            out._node = None
        else:
            made.record(x1, x2, edge1, edge2, out)
        return out

    return apply
