"""Views and new tensors with given strides, as in PyTorch."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from ..dispatch.operation import operation
from ..dispatch.registry import method, public
from ..families.function import function
from ..memory.steps import strided_index
from ..memory.structure import clone, reshape
from ..memory.tensor import Tensor
from ..memory.views import make_view, offset
from ..memory.writes import copy_
from ..standard.creation import empty
from ..standard.creation.filled import with_gradient
from ..standard.manipulation import permute_dims
from ..types.axes import as_integer, normalize_axes, normalize_shape
from ..types.errors import ArgumentError, ShapeError

__all__ = ["as_strided", "as_strided_scatter", "empty_permuted", "empty_strided"]

Geometry = tuple[tuple[int, ...], tuple[int, ...], int]
"""Sizes, steps between elements, and the position of the first one."""


@operation(shares=True)
def _as_strided(ops: Any, x: Any, *, geometry: Geometry) -> Any:
    """The elements of the last axis at given steps."""
    return ops.getitem(x, strided_index(geometry))


@operation()
def _strided_sum(ops: Any, x: Any, *, shape: tuple[int, ...], geometry: Geometry) -> Any:
    """Sum elements at given steps into zeros of a shape, the gradient of `as_strided`."""
    return ops.scatter_zeros(x, shape, strided_index(geometry))


@public("as_strided")
def _view_at_steps(x: Tensor, geometry: Geometry) -> Tensor:
    return make_view(x, "as_strided", geometry)


def _geometry(operation: str, size: Any, stride: Any, first: int = 0) -> Geometry:
    lengths, steps = normalize_shape(operation, size), normalize_shape(operation, stride)
    if len(lengths) != len(steps):
        raise ShapeError(f"{operation}: got {len(lengths)} sizes and {len(steps)} strides, wanted equally many")
    return lengths, steps, first


def _extent(geometry: Geometry) -> int:
    """How many elements of memory, from the first one, a view needs."""
    size, steps, _ = geometry
    return 0 if 0 in size else 1 + builtins.sum((n - 1) * step for n, step in zip(size, steps, strict=True))


@function(public=False, methods=("as_strided",))
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of a tensor's memory with given sizes and strides.

    Parameters
    ----------
    input : Tensor
        Contiguous in memory.
    size, stride : sequence of int
        The shape of the view, and how many elements its neighbours along each axis are apart.
    storage_offset : int, optional
        The position of the first element in the memory; by default that of `input`.

    Raises
    ------
    ValueError
        If the tensor is not contiguous, or the view reaches beyond it. (PyTorch's may reach all of the memory that a
        view is part of: call it on the tensor that has the memory.)

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.as_strided(tp.arange(4), (3, 2), (1, 1))
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    if not input.is_contiguous():
        raise ArgumentError(
            f"as_strided: got a tensor of shape {input.shape} and strides {input.stride()}, which is not contiguous in "
            "memory; call it on the tensor that this is a view of, or on a contiguous copy"
        )
    begin = _offset(input)
    first = begin if storage_offset is None else as_integer("as_strided", "storage_offset", storage_offset)
    geometry = _geometry("as_strided", size, stride, first - begin)
    if geometry[2] < 0 or geometry[2] + _extent(geometry) > input.size:
        raise ArgumentError(
            f"as_strided: size {geometry[0]}, stride {geometry[1]} and storage_offset {first} reach beyond the tensor "
            f"of shape {input.shape}, whose memory is {begin} to {begin + input.size}"
        )
    return make_view(make_view(input, "reshape", (input.size,)), "as_strided", geometry)


def _offset(x: Tensor) -> int:
    """The position of the first element in the memory."""
    found = offset(x)
    if x._view is not None and any(name == "view_dtype" for name, _ in x._view.steps):
        raise ArgumentError("as_strided: got a view of another dtype; call it on a copy, as of clone")
    return found


@function(methods=("as_strided_scatter",))
def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A copy of a tensor with other values in the view that `as_strided` gives of it.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.as_strided_scatter(tp.zeros(4), tp.ones(2), (2,), (3,))
    tensor([1., 0., 0., 1.])
    """
    made = clone(reshape(input, (input.size,)))
    place = as_strided(made, size, stride, storage_offset)
    if src.shape != place.shape:
        raise ShapeError(f"as_strided_scatter: got src of shape {src.shape}, wanted {place.shape}")
    copy_(place, src)
    return reshape(made, input.shape)


@public("empty_strided")
def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """An uninitialised tensor with given strides.

    Parameters
    ----------
    size, stride : sequence of int
        Those of `as_strided`.
    dtype, device, requires_grad
        Those of `empty`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    geometry = _geometry("empty_strided", size, stride)
    memory = empty((_extent(geometry),), dtype=dtype, device=device)
    return with_gradient(make_view(memory, "as_strided", geometry), requires_grad)


@method()
def new_empty_strided(
    self: Tensor, size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """What `empty_strided` makes, by default of this tensor's dtype and on its device."""
    return empty_strided(
        size, stride, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad
    )


@public("empty_permuted")
def empty_permuted(
    size: Any, physical_layout: Sequence[int], *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """An uninitialised tensor whose axes lie in memory in a given order, the outermost first.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.empty_permuted((2, 3), (1, 0)).stride()
    (1, 2)
    """
    lengths = normalize_shape("empty_permuted", size)
    order = normalize_axes("empty_permuted", tuple(physical_layout), len(lengths)) or ()
    if len(order) != len(lengths):
        raise ShapeError(f"empty_permuted: got {len(lengths)} sizes and a physical_layout of {len(order)} axes")
    made = empty(tuple(lengths[axis] for axis in order), dtype=dtype, device=device)
    inverse = tuple(sorted(range(len(order)), key=order.__getitem__))
    return with_gradient(permute_dims(made, inverse), requires_grad)
