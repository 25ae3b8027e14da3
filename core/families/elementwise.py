"""`@unary`, `@binary` and `@scaled`: declare an elementwise function, its method, operator and in-place form.

What follows from the declaration is decided once, when the chapter is imported, and not at each call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy

from ...autograd.generated import write_function
from ...autograd.modes import is_grad_enabled
from ..dispatch.operation import Operation, operation
from ..dispatch.registry import OPERATORS, method, public
from ..memory.coercion import equals_scalar, pair
from ..memory.tensor import Tensor, new_tensor
from ..memory.views import refresh
from ..types.dtypes import SCALARS
from ..types.errors import explain, unsupported
from .docs import document, elementwise_doc
from .in_place import binary_in_place, describe_in_place, unary_in_place, write_out


class Unary(Protocol):
    """An elementwise function of one tensor, as users call it."""

    def __call__(self, input: Tensor, *, out: Tensor | None = None) -> Tensor: ...


class Binary(Protocol):
    """An elementwise function of two operands, tensors or numbers, as users call it."""

    def __call__(self, input: Any, other: Any, *, out: Tensor | None = None) -> Tensor: ...


class Scaled(Protocol):
    """A sum or difference, as users call it."""

    def __call__(self, input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor: ...


Definition = Callable[..., Any]
"""A function whose name, operands and docstring declare the operation; with `ops` first, its decomposition."""


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
        op = operation(accepts=accepts, elementwise=True, **options)(definition)
        name, apply = op.name, _unary_apply(op)

        def function(input: Tensor, *, out: Tensor | None = None) -> Tensor:
            if not isinstance(input, Tensor):
                raise unsupported(name, input)
            return apply(input) if out is None else write_out(name, apply(input), out)

        _publish(op, definition, function, methods, unary_in_place(op))
        _add_operator(op, apply, operator)
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
        op = operation(accepts=accepts, elementwise=True, **options)(definition)
        apply = binary_apply(op)
        function, write = _binary_function(op, apply), binary_in_place(op, apply)
        if keywords != ("input", "other"):
            function, write = _with_keywords(op.name, function, write, *keywords)
        _publish(op, definition, function, methods, write)
        _add_operator(op, apply, operator)
        return function

    return declare


def scaled(accepts: str, *, operator: str, methods: tuple[str, ...] | None = None) -> Callable[[Definition], Scaled]:
    """Declare a sum or difference: as `binary`, with PyTorch's ``alpha=``, a factor of the second operand."""

    def declare(definition: Definition) -> Scaled:
        op = operation(accepts=accepts, elementwise=True)(definition)
        name, apply = op.name, binary_apply(op)
        plain, write = _binary_function(op, apply), binary_in_place(op, apply)

        def function(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
            return plain(input, other if equals_scalar(alpha, 1) else _times_alpha(name, other, alpha), out=out)

        def in_place(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
            return write(self, other if equals_scalar(alpha, 1) else _times_alpha(f"{name}_", other, alpha))

        _publish(op, definition, function, methods, in_place)
        _add_operator(op, apply, operator)
        return function

    return declare


def _binary_function(op: Operation, apply: Callable[[Any, Any], Any]) -> Binary:
    name = op.name

    def function(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        found = apply(input, other)
        if found is NotImplemented:
            raise unsupported(name, input, other)
        return found if out is None else write_out(name, found, out)

    return function


def _with_keywords(
    name: str, function: Binary, write: Callable[..., Tensor], first: str, second: str
) -> tuple[Any, Any]:
    """A function and its in-place method with other names of their operands."""
    scope = {"Any": Any, "Tensor": Tensor, "function": function, "write": write}
    lines = [
        f"def {name}({first}: Any, {second}: Any, *, out: Tensor | None = None) -> Tensor:",
        f"    return function({first}, {second}, out=out)",
    ]
    in_place = [f"def {name}_(self: Tensor, {second}: Any) -> Tensor:", f"    return write(self, {second})"]
    return write_function(lines, name, scope), write_function(in_place, f"{name}_", scope)


def _publish(
    op: Operation,
    definition: Definition,
    function: Any,
    methods: tuple[str, ...] | None,
    in_place: Callable[..., Tensor],
) -> None:
    """Register the function, its methods and its in-place methods, with their docstrings."""
    names = (op.name,) if methods is None else methods
    document(function, definition, op.name, elementwise_doc(op, definition.__doc__ or ""))
    public(op.name, *names)(function)
    if op.result == "same" and names:
        method(*(f"{one}_" for one in names))(describe_in_place(in_place, op.name))


def _add_operator(op: Operation, apply: Callable[..., Any], operator: str | None) -> None:
    """Register the function that NumPy's ufunc of that name calls, as Tensor's operator too."""
    OPERATORS[op.name] = apply
    if operator is None:
        return
    method(operator)(apply)
    if len(op.operands) == 2 and op.result == "same":

        def reflected(self: Tensor, other: Any) -> Any:
            return apply(other, self)

        method(f"__r{operator[2:]}")(reflected)
        method(f"__i{operator[2:]}")(binary_in_place(op, apply))


def _times_alpha(operation: str, x: Any, alpha: Any) -> Any:
    """`x` times PyTorch's `alpha`."""
    if not isinstance(alpha, Tensor) and not isinstance(alpha, (numpy.generic, *SCALARS)):
        raise TypeError(f"{operation}: alpha is a number, got {type(alpha).__name__}")
    return x * alpha


def _unary_apply(op: Operation) -> Callable[[Tensor], Tensor]:
    name, differentiable = op.name, op.rule is not None

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
            op.record(x, edge, out)
        return out

    return apply


def binary_apply(
    op: Operation, explain: Callable[[str, Exception, Tensor, Tensor], Exception] = explain
) -> Callable[[Any, Any], Any]:
    """The elementwise function of two operands; it returns NotImplemented for foreign types.

    Parameters
    ----------
    explain
        ``explain(name, error, x1, x2)`` gives the exception to raise for an error of the kernel.
    """
    name, differentiable = op.name, op.rule is not None

    def apply(x1: Any, x2: Any) -> Any:
        if type(x1) is not Tensor or type(x2) is not Tensor or x1._key is not x2._key:
            operands = pair(op, x1, x2)
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
            op.record(x1, x2, edge1, edge2, out)
        return out

    return apply
