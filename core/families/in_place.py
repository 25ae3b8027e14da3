"""In-place and ``out=`` forms: what writes an operation's result into a tensor that is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...autograd.modes import is_grad_enabled
from ..dispatch import registry
from ..dispatch.operation import Operation
from ..memory.coercion import pair
from ..memory.tensor import Tensor
from ..memory.views import array_of, base_of, require_writable, write
from ..memory.writes import copy_, fitting, require_fit, write_in_place
from ..types.errors import DTypeError, unsupported


def into(operation: str, out: Tensor, result: Tensor) -> Tensor:
    """Write an operation's result into the tensor given as ``out=``, and return that.

    Raises
    ------
    RuntimeError
        If a gradient is recorded of the result or wanted of `out`, as in PyTorch.
    ShapeError
        If `out` has another shape.
    TypeError
        If `out` has a dtype of a lower kind.
    """
    write(out, _placeable(operation, out, result)._array)
    return out


def _placeable(operation: str, out: Any, result: Tensor) -> Tensor:
    """The result as it may be written into `out`."""
    if type(out) is not Tensor:
        raise TypeError(f"{operation}: out= takes a Tensor, got {type(out).__name__}")
    if is_grad_enabled() and (result._node is not None or out.requires_grad):
        raise RuntimeError(
            f"{operation}: functions with out=... arguments don't support automatic differentiation, but one of the "
            f"arguments requires grad; leave out= away, or use tensorplug.no_grad()"
        )
    require_writable(operation, out)
    return fitting(operation, result, out)


def into_all(operation: str, out: Any, results: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Write several results into the tensors given as ``out=``, and return those."""
    if not isinstance(out, list | tuple) or len(out) != len(results):
        found = f"{len(out)}" if isinstance(out, list | tuple) else type(out).__name__
        raise TypeError(f"{operation}: out= takes {len(results)} tensors, one for each result, got {found}")
    # Nothing is written unless all of them fit.
    values = [_placeable(operation, target, result) for target, result in zip(out, results, strict=True)]
    for target, value in zip(out, values, strict=True):
        write(target, value._array)
    return tuple(out)


def placed(operation: str, result: Any, out: Any) -> Any:
    """An operation's results, or the tensors given as ``out=`` with the results in them."""
    if out is None:
        return result
    if isinstance(result, tuple):
        return type(result)(*into_all(operation, out, result))
    return into(operation, out, result)


def unary_in_place(operation: Operation) -> Callable[..., Tensor]:
    """The method that writes an elementwise function of one tensor into it."""
    name = f"{operation.name}_"

    def method(self: Tensor) -> Tensor:
        if operation.computing_dtype(self.dtype) is not self.dtype:
            raise DTypeError(f"{name}: the result can't be cast to {self.dtype}; use {operation.name}")
        return write_in_place(operation, name, self, (self,), {})

    return named(method, operation, name)


def binary_in_place(operation: Operation, apply: Callable[..., Any]) -> Callable[..., Any]:
    """The method that writes an elementwise function of two tensors into the first."""
    name = f"{operation.name}_"

    def method(self: Tensor, other: Any) -> Tensor:
        if type(other) is not Tensor or other._key is not self._key:
            operands = pair(operation, self, other)
            if operands is None:
                raise unsupported(name, self, other)
            if operands[0] is not self:
                # Computed in the promoted dtype, then written in its own, as PyTorch does.
                require_writable(name, self)
                return copy_(self, fitting(name, apply(*operands), self))
            other = operands[1]
        kernel, _ = self._key.table[name]
        operand = array_of(other)
        if kernel is None or _is_recorded(self, other):
            return write_in_place(operation, name, self, (self, other), {})
        require_fit(name, self._array.shape, operand.shape)
        kernel(self._array, operand)
        storage = self._storage or self._make_storage()
        if self._version == storage.version:
            self._version += 1
        storage.version += 1
        return self

    return named(method, operation, name)


def _is_recorded(target: Tensor, other: Tensor) -> bool:
    """Whether a write may be recorded or refused, so that it takes more than to write."""
    view = None if target._storage is None else target._view
    if view is not None and view.may_overlap:
        return True
    base = None if view is None else base_of(target)
    none = target._node is None and (base is None or base._node is None) and other._node is None
    return not none and is_grad_enabled()


def named(method: Callable[..., Any], operation: Operation, name: str) -> Callable[..., Any]:
    """Give an in-place method its name and documentation."""
    method.__name__ = name
    method.__doc__ = f"Write `{operation.name}` of this tensor into it, and return it."
    return method


def in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method that writes what a function of a tensor returns into that tensor."""
    name = f"{function.__name__}_"

    def method(self: Tensor, /, *arguments: Any, **keywords: Any) -> Tensor:
        require_writable(name, self)
        return copy_(self, fitting(name, function(self, *arguments, **keywords), self))

    method.__name__ = name
    method.__doc__ = f"Write `{function.__name__}` of this tensor into it, and return it."
    return registry.method(name)(method)
