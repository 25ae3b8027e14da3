"""In-place operations: checks, the write, and its recording."""

from __future__ import annotations

from typing import Any

import numpy

from ...autograd.modes import is_grad_enabled
from ..dispatch.levels import open_levels, require_level, together
from ..dispatch.operation import Operation, operation
from ..dispatch.registry import method
from ..types.axes import broadcasts
from ..types.dtypes import (
    KIND_ORDER,
    PYTHON_TYPES,
    SCALARS,
    DType,
)
from ..types.errors import DTypeError, ShapeError, unsupported
from .coercion import python_number, require_range
from .structure import broadcast_to, cast, to_device
from .tensor import Tensor, wrap
from .views import (
    array_of,
    base_of,
    refresh,
    require_recorded_view,
    require_writable,
    rewrite_history,
    write,
)


@operation()
def _fill(ops: Any, x: Any, *, value: Any) -> Any:
    return ops.full_like(x, value)


@operation()
def _copy(ops: Any, x: Any, value: Any) -> Any:
    return value


def can_write(source: DType, target: DType) -> bool:
    """Whether PyTorch can cast one dtype to another in place: not to a lower kind, such as float to integer."""
    return KIND_ORDER[source.kind] <= KIND_ORDER[target.kind]


def cast_for_write(operation: str, value: Tensor, target: Tensor) -> Tensor:
    """Cast a value to the target's dtype; raise if it has another shape or a higher kind of dtype."""
    require_level(operation, target, value)
    value, _ = together(value, target)
    if value.shape != target.shape:
        raise ShapeError(
            f"{operation}: output with shape {target.shape} doesn't match the broadcast shape {value.shape}"
        )
    if not can_write(value.dtype, target.dtype):
        raise DTypeError(
            f"{operation}: result type {value.dtype} can't be cast to the desired output type {target.dtype}; "
            f"use the operation that is not in place"
        )
    return cast(value, target.dtype)


def write_in_place(
    operation: Operation,
    name: str,
    target: Tensor,
    operands: tuple[Tensor, ...],
    parameters: dict[str, Any] | None = None,
) -> Tensor:
    """Write the result of an operation into its first operand, record that, and return the operand."""
    parameters = parameters or {}
    if open_levels():
        for operand in operands:
            require_level(name, target, operand)
        operands = together(*operands)
    for operand in operands:
        storage = operand._storage
        if storage is not None and storage.version != operand._version:
            refresh(operand)
    require_writable(name, target)
    storage = target._storage or target._make_storage()
    recording = is_grad_enabled() and operation.rule is not None and must_record(target, operands)
    if recording:
        require_recorded_view(name, target)
        operands = _keep_old_values(operation, operands, storage)
    array = _compute(operation, name, target, operands, parameters)
    write(target, array)
    if recording:
        _record(operation, target, operands, parameters)
    return target


def must_record(target: Tensor, operands: tuple[Tensor, ...]) -> bool:
    """Whether a write must be recorded, as an operand or the target's base is."""
    base = base_of(target)
    return any(operand._node is not None for operand in operands) or (base is not None and base._node is not None)


def _keep_old_values(operation: Operation, operands: tuple[Tensor, ...], storage: Any) -> tuple[Tensor, ...]:
    """The operands, copied where the write would change a value that the gradient rule saves."""
    rule = operation.rule
    assert rule is not None
    edges = {name: operand._node for name, operand in zip(operation.operands, operands, strict=True)}
    found = []
    for name, operand in zip(operation.operands, operands, strict=True):
        needed = any(edges[rule.operands[i]] is not None for i in rule.serves.get(name, ()))
        if needed and operand._storage is storage and operand._key.writable:
            copied = operand._key.library.backend.copy(operand._array)
            operand = wrap(copied, operand._key, operand._node)
        elif needed and operand._storage is storage:
            operand = wrap(operand._array, operand._key, operand._node)
        found.append(operand)
    return tuple(found)


def _compute(
    operation: Operation, name: str, target: Tensor, operands: tuple[Tensor, ...], parameters: dict[str, Any]
) -> Any:
    """The result, written by the backend's in-place kernel if it has one, else in a new array."""
    key = target._key
    kernel, result = key.table[operation.name]
    arrays = [operand._array for operand in operands]
    shape = target._array.shape
    for array in arrays[1:]:
        require_broadcastable(name, shape, array.shape)
    if result is not key:
        raise DTypeError(f"{name}: result type {result.dtype} can't be cast to the desired output type {key.dtype}")
    in_place, _ = key.table[name]
    if in_place is not None:
        return in_place(target._array, *arrays[1:], **parameters)
    return kernel(*arrays, **parameters)


def require_broadcastable(name: str, shape: tuple[int, ...], other: tuple[int, ...]) -> None:
    """Raise ShapeError unless an operand of shape `other` can be broadcast to the written tensor's shape."""
    if other == shape or not other or shape[-len(other) :] == other or broadcasts(other, shape):
        return
    shape, other = tuple(shape), tuple(other)
    try:
        found: Any = numpy.broadcast_shapes(shape, other)
    except ValueError:
        found = f"of {shape} and {other}"
    raise ShapeError(f"{name}: output with shape {shape} doesn't match the broadcast shape {found}")


def _record(operation: Operation, target: Tensor, operands: tuple[Tensor, ...], parameters: dict[str, Any]) -> None:
    rule, record = operation.rule, operation.record
    assert rule is not None
    edges = [operands[operation.operands.index(name)]._node for name in rule.operands]
    if any(edge is not None for edge in edges):
        wanted = {name: parameters[name] for name in rule.parameters if name in parameters}
        record(*operands, *edges, target, **wanted)
        rewrite_history(target, target._node)
    else:
        rewrite_history(target, None)


def copy_(self: Tensor, source: Tensor, /) -> Tensor:
    """Copy another tensor's values, broadcast and converted, into this one, and return it.

    Raises
    ------
    ShapeError
        If the source cannot be broadcast to this shape.
    """
    array_of(self)
    require_level("copy_", self, source)
    require_writable("copy_", self)
    source = cast(to_device(source, self.device), self.dtype)
    source = broadcast_to(source, self.shape)
    array = array_of(source)
    recording = is_grad_enabled() and must_record(self, (self, source))
    if recording:
        require_recorded_view("copy_", self)
    if self._key.writable and source._storage is not None and source._storage is self._storage:
        array = self._key.library.backend.copy(array)
    write(self, array)
    if recording:
        _copy.record(self, source, self._node, source._node, self)
        rewrite_history(self, self._node)
    return self


@method()
def fill_(self: Tensor, value: Any) -> Tensor:
    """Fill the tensor with a value, converted as in PyTorch, and return it."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise ShapeError(f"fill_: the value must be a scalar or a 0-d tensor, got shape {value.shape}")
        return copy_(self, value)
    value = python_number(value)
    if not isinstance(value, SCALARS):
        raise unsupported("fill_", value)
    if isinstance(value, complex) and self.dtype.kind in "iuf":
        raise DTypeError(f"fill_: complex numbers do not convert to {self.dtype}; take their real part")
    require_range("fill_", self.dtype, value)
    value = PYTHON_TYPES[self.dtype.kind](value)
    with numpy.errstate(over="ignore"):
        return write_in_place(_fill, "fill_", self, (self,), {"value": value})


@method()
def zero_(self: Tensor) -> Tensor:
    """Fill the tensor with zeros, and return it."""
    return fill_(self, 0)
