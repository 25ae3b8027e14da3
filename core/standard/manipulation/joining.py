"""`concat` and `stack`."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...dispatch.levels import together
from ...dispatch.operation import Operation, operation
from ...families.function import function
from ...memory.coercion import same_device
from ...memory.structure import cast, reshape
from ...memory.tensor import Tensor
from ...memory.views import (
    array_of,
)
from ...types.axes import normalize_axis
from ...types.dtypes import promote
from ...types.errors import ShapeError, unsupported

__all__ = ["concat", "stack"]


def _joined_shape(arrays: Sequence[Any], parameters: Mapping[str, Any]) -> tuple[int, ...]:
    shape, axis = list(arrays[0].shape), parameters.get("axis", 0)
    shape[axis] = sum(x.shape[axis] for x in arrays)
    return tuple(shape)


@operation(sequence=True, shape=_joined_shape)
def _concat(arrays: Any, *, axis: int) -> Any:
    """Concatenate arrays along an axis."""


@operation(sequence=True)
def _stack(arrays: Any, *, axis: int) -> Any:
    """Stack arrays along a new axis."""


@function()
def concat(arrays: Any, /, dim: Any = None, *, axis: Any = 0, out: Tensor | None = None) -> Tensor:
    """Concatenate tensors along an axis.

    Parameters
    ----------
    arrays : sequence of Tensor
        Of equal lengths along the other axes, promoted to a common dtype. Shape (0,) goes with any other shape.
    axis : int or None, default: 0
        None flattens them first. `dim` is PyTorch's name.
    out : Tensor, optional
        The tensor that the result is written into, as in PyTorch.

    Raises
    ------
    ValueError
        If there are none, or the other axes differ.
    IndexError
        If they have no such axis.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.concat([tp.tensor([1, 2]), tp.tensor([3])])
    tensor([1, 2, 3])
    """
    tensors = unified("concat", arrays)
    if axis is None:
        tensors, axis = [reshape(tensor, (-1,)) for tensor in tensors], 0
    shapes = [tensor._array.shape for tensor in tensors]
    if shapes.count(shapes[0]) == len(shapes):
        return _join(_concat, tensors, normalize_axis("concat", axis, len(shapes[0])))
    leader = next((shape for shape in shapes if len(shape) > 1), shapes[0])
    position = normalize_axis("concat", axis, len(leader))
    if (0,) in shapes and len(leader) > 1:
        # In PyTorch an empty vector goes with any shapes.
        nothing = (*leader[:position], 0, *leader[position + 1 :])
        tensors = [reshape(tensor, nothing) if tensor.shape == (0,) else tensor for tensor in tensors]
        shapes = [tensor.shape for tensor in tensors]
    rests = {shape[:position] + shape[position + 1 :] for shape in shapes}
    if len(rests) > 1 or any(len(shape) != len(leader) for shape in shapes):
        told = ", ".join(str(tuple(shape)) for shape in shapes)
        raise ShapeError(f"concat: shapes {told} must be equal but for axis {position}")
    return _join(_concat, tensors, position)


@function()
def stack(arrays: Any, /, dim: Any = None, *, axis: Any = 0, out: Tensor | None = None) -> Tensor:
    """Stack tensors of one shape along a new axis.

    Parameters
    ----------
    arrays : sequence of Tensor
    axis : int, default: 0
        The position of the new axis. `dim` is PyTorch's name.
    out : Tensor, optional
        The tensor that the result is written into, as in PyTorch.

    Raises
    ------
    ValueError
        If there are none, or their shapes differ.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.stack([tp.tensor([1, 2]), tp.tensor([3, 4])], axis=1)
    tensor([[1, 3],
            [2, 4]])
    """
    tensors = unified("stack", arrays)
    shapes = [tensor._array.shape for tensor in tensors]
    if shapes.count(shapes[0]) < len(shapes):
        raise ShapeError(f"stack: shapes {', '.join(str(tuple(shape)) for shape in shapes)} must be equal")
    return _join(_stack, tensors, normalize_axis("stack", axis, len(shapes[0]) + 1))


def unified(operation: str, arrays: Any) -> list[Tensor]:
    """Bring tensors to one device and dtype."""
    if type(arrays) is not list and (not isinstance(arrays, Iterable) or isinstance(arrays, Tensor)):
        raise TypeError(f"{operation}: got {type(arrays).__name__}, wanted a sequence of tensors")
    tensors = list(arrays)
    if not tensors:
        raise ValueError(f"{operation}: got no tensors, wanted at least one")
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise unsupported(operation, tensor)
    keys = [tensor._key for tensor in tensors]
    if keys.count(keys[0]) == len(keys):
        return tensors
    tensors = list(together(*tensors))
    # 0-d tensors join the others' device.
    leader = max(tensors, key=lambda tensor: tensor.ndim > 0)
    dtype = functools.reduce(promote, (tensor.dtype for tensor in tensors))
    return [cast(same_device(operation, leader, tensor)[1], dtype) for tensor in tensors]


def _join(operation: Operation, tensors: list[Tensor], axis: int) -> Tensor:
    kernel, key = tensors[0]._key.table[operation.name]
    array = kernel([array_of(tensor) for tensor in tensors], axis=axis)
    return operation.finish_sequence(array, key, tuple(tensors), axis=axis)
