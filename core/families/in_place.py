"""In-place methods and ``out=``: write the result of an operation into a given tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...autograd.modes import is_grad_enabled
from ..dispatch import registry
from ..dispatch.levels import require_level
from ..dispatch.operation import Operation
from ..memory.coercion import pair
from ..memory.tensor import Tensor
from ..memory.views import array_of, base_of, require_writable, write
from ..memory.writes import cast_for_write, copy_, require_broadcastable, write_in_place
from ..types.errors import DTypeError, unsupported


def write_out(operation: str, result: Any, out: Any) -> Any:
    """Write an operation's result into the tensor given as ``out=``, or several into a sequence; return what was given.

    Raises
    ------
    RuntimeError
        If a gradient is recorded of a result or wanted of `out`, as in PyTorch.
    ShapeError
        If `out` has another shape.
    TypeError
        If `out` has a dtype of a lower kind, or there are not as many tensors as results.
    """
    if not isinstance(result, tuple):
        write(out, _fit_out(operation, result, out)._array)
        return out
    if not isinstance(out, list | tuple) or len(out) != len(result):
        found = f"{len(out)}" if isinstance(out, list | tuple) else type(out).__name__
        raise TypeError(f"{operation}: out= takes {len(result)} tensors, one for each result, got {found}")
    # Nothing is written unless all of them fit.
    values = [_fit_out(operation, one, target) for one, target in zip(result, out, strict=True)]
    for target, value in zip(out, values, strict=True):
        write(target, value._array)
    return type(result)(*out)


def _fit_out(operation: str, result: Tensor, out: Any) -> Tensor:
    """The result in the dtype of `out`, if it may be written there."""
    if not isinstance(out, Tensor):
        raise TypeError(f"{operation}: out= takes a Tensor, got {type(out).__name__}")
    if is_grad_enabled() and (result._node is not None or out.requires_grad):
        raise RuntimeError(
            f"{operation}: functions with out=... arguments don't support automatic differentiation, but one of the "
            f"arguments requires grad; leave out= away, or use tensorplug.no_grad()"
        )
    require_writable(operation, out)
    return cast_for_write(operation, result, out)


def unary_in_place(operation: Operation) -> Callable[..., Tensor]:
    """The in-place method of an elementwise function of one tensor."""
    name = f"{operation.name}_"

    def method(self: Tensor) -> Tensor:
        if operation.computing_dtype(self.dtype) is not self.dtype:
            raise DTypeError(f"{name}: the result can't be cast to {self.dtype}; use {operation.name}")
        return write_in_place(operation, name, self, (self,), {})

    return describe_in_place(method, operation.name)


def binary_in_place(operation: Operation, apply: Callable[..., Any]) -> Callable[..., Any]:
    """The in-place method of an elementwise function of two tensors."""
    name = f"{operation.name}_"

    def method(self: Tensor, other: Any) -> Tensor:
        if type(other) is not Tensor or other._key is not self._key:
            if type(other) is Tensor:
                require_level(name, self, other)
            operands = pair(operation, self, other)
            if operands is None:
                raise unsupported(name, self, other)
            if operands[0] is not self:
                # Computed in the promoted dtype, then written in its own, as PyTorch does.
                require_writable(name, self)
                return copy_(self, cast_for_write(name, apply(*operands), self))
            other = operands[1]
        kernel, _ = self._key.table[name]
        operand = array_of(other)
        if kernel is None or _is_recorded(self, other):
            return write_in_place(operation, name, self, (self, other), {})
        require_broadcastable(name, self._array.shape, operand.shape)
        kernel(self._array, operand)
        storage = self._storage or self._make_storage()
        if self._version == storage.version:
            self._version += 1
        storage.version += 1
        return self

    return describe_in_place(method, operation.name)


def _is_recorded(target: Tensor, other: Tensor) -> bool:
    """Whether a write may have to be recorded or refused."""
    view = None if target._storage is None else target._view
    if view is not None and view.may_overlap:
        return True
    base = None if view is None else base_of(target)
    none = target._node is None and (base is None or base._node is None) and other._node is None
    return not none and is_grad_enabled()


def describe_in_place(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Give the in-place method of an operation its name and docstring."""
    method.__name__ = f"{name.rpartition('.')[2]}_"
    method.__doc__ = f"Write `{name}` of this tensor into it, and return it."
    return method


def in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Give Tensor the in-place method of a function."""
    name = f"{function.__name__}_"

    def method(self: Tensor, /, *arguments: Any, **keywords: Any) -> Tensor:
        require_writable(name, self)
        return copy_(self, cast_for_write(name, function(self, *arguments, **keywords), self))

    return registry.method(name)(describe_in_place(method, function.__name__))
