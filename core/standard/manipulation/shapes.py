"""Reshaping, and broadcasting of shapes."""

from __future__ import annotations

import functools
import math
from typing import Any

from ...dispatch.operation import operation
from ...dispatch.registry import method
from ...families.function import function
from ...memory.steps import STEPS, strides
from ...memory.structure import broadcast_to, clone, reshape
from ...memory.tensor import Tensor, require_tensors
from ...memory.views import (
    detach,
    layout,
    make_view,
    overlapping,
    require_viewable,
)
from ...types.axes import infer_shape, normalize_axis, normalize_shape
from ...types.dtypes import DType, as_dtype
from ...types.errors import AxesError, ShapeError, unsupported

__all__ = ["broadcast_arrays", "broadcast_shapes", "flatten"]


@operation(shares=True, standard=False)
def _view_dtype(x: Any, *, dtypes: tuple[str, str]) -> Any:
    """Reinterpret the bytes of elements as another dtype."""


@method()
def view(x: Tensor, /, *shape: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """A view with another shape, or with the bytes reinterpreted as another dtype, as in PyTorch.

    Parameters
    ----------
    *shape : int or tuple of int, or dtype
        One shape or its lengths, one of which may be -1, to be inferred; or a dtype.
    size, dtype
        The shape, or the dtype, by name. Elements that are smaller or larger change the length of the last axis. What
        is seen as another dtype shares memory, and has no history.

    Raises
    ------
    RuntimeError
        If the strides do not allow it.
    ValueError
        If the last axis, of elements side by side, does not hold whole elements of the dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.zeros(2, 3).view(-1).shape
    (6,)
    >>> tp.ones(2).view(tp.int32)
    tensor([1065353216, 1065353216], dtype=tensorplug.int32)
    """
    if dtype is not None:
        return _seen_as(x, as_dtype(dtype))
    given = shape[0] if len(shape) == 1 else shape if size is None else size
    if isinstance(given, (DType, str)):
        return _seen_as(x, as_dtype(given))
    asked = normalize_shape("view", given)
    lengths = infer_shape("view", asked, x._array.shape)
    require_viewable("view", x, lengths)
    return make_view(x, "reshape", lengths)


def _seen_as(x: Tensor, dtype: DType) -> Tensor:
    """Reinterpret the bytes as a dtype: a detached view."""
    if dtype is x.dtype:
        return make_view(x, "reshape", x.shape)
    key = x._key.with_dtype(dtype)
    detached = detach(x)
    if overlapping(detached):
        raise ShapeError(f"view: elements of the tensor of shape {x.shape} share memory; view a copy (x.clone())")
    step = (x.dtype.name, dtype.name)
    try:
        STEPS["view_dtype"].layout(layout(detached), step)
    except ValueError as reason:
        raise ShapeError(
            f"view: a tensor of shape {x.shape} and strides {strides(layout(detached))} of {x.dtype} can't be seen as "
            f"{dtype}, as {reason}; view a copy (x.clone())"
        ) from None
    found = make_view(detached, "view_dtype", step)
    found._key = key
    view = found._view
    assert view is not None
    view.base, view.depth, view.seen, view.recorded = None, len(view.steps), None, True
    return found


@method()
def view_as(x: Tensor, other: Tensor) -> Tensor:
    """A view with the shape of another tensor, as in PyTorch.

    Raises
    ------
    RuntimeError
        If the strides do not allow it.
    """
    require_tensors("view_as", other)
    return view(x, other.shape)


@method("reshape")
def reshape_method(x: Tensor, *lengths: Any, shape: Any = None) -> Tensor:
    """Reshape the tensor, to one tuple or several integers, as in PyTorch."""
    return reshape(x, one_or_several(lengths, shape))


@function(methods=("flatten",))
def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Flatten adjacent axes into one, as in PyTorch; a view if possible.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.flatten(tp.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    shape = x._array.shape
    ndim = len(shape)
    first, last = normalize_axis("flatten", start_dim, ndim, True), normalize_axis("flatten", end_dim, ndim, True)
    if first > last:
        raise AxesError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    return reshape(x, _with_joined_axes(shape, first, last))


@functools.lru_cache(maxsize=1024)
def _with_joined_axes(shape: tuple[int, ...], first: int, last: int) -> tuple[int, ...]:
    return (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])


@method("ravel")
def ravel_method(x: Tensor) -> Tensor:
    """Flatten the tensor, as in PyTorch; a view if possible."""
    return flatten(x)


@method()
def expand(x: Tensor, /, *sizes: Any, size: Any = None) -> Tensor:
    """PyTorch's `broadcast_to`: one shape or its lengths, in which -1 keeps an axis."""
    shape = normalize_shape("expand", one_or_several(sizes, size))
    new = len(shape) - x.ndim
    lengths = tuple(x.shape[i - new] if n == -1 and i >= new else n for i, n in enumerate(shape))
    if lengths == x.shape:
        return make_view(x, "broadcast_to", lengths)
    if min(lengths) < 0:
        raise ShapeError(
            f"expand: got shape {shape} for a tensor of shape {x.shape}, wanted no negative length but -1, for an axis "
            f"that it has"
        )
    return broadcast_to(x, lengths)


@method()
def expand_as(x: Tensor, other: Tensor) -> Tensor:
    """Broadcast the tensor to the shape of another; a view, as in PyTorch."""
    require_tensors("expand_as", other)
    return broadcast_to(x, other.shape)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The common shape to which shapes are broadcast.

    Parameters
    ----------
    *shapes : int or tuple of int

    Raises
    ------
    ValueError
        If they cannot be broadcast together.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.broadcast_shapes((3, 1), (2,))
    (3, 2)
    """
    return _broadcast("broadcast_shapes", tuple(_lengths("broadcast_shapes", shape) for shape in shapes))


@functools.lru_cache(maxsize=1024)
def _broadcast(operation: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    ndim = max(map(len, shapes), default=0)
    result = [1] * ndim
    for shape in shapes:
        for axis, length in enumerate(shape, ndim - len(shape)):
            if length != 1 and result[axis] not in (1, length):
                listed = " and ".join(map(str, shapes))
                raise ShapeError(
                    f"{operation}: shapes {listed} cannot be broadcast together; axes must be equal or 1, counted from "
                    f"the last"
                )
            result[axis] = length if length != 1 else result[axis]
    return tuple(result)


def _lengths(operation: str, shape: Any) -> tuple[int, ...]:
    lengths = normalize_shape(operation, shape)
    if any(length < 0 for length in lengths):
        raise ShapeError(f"{operation}: got shape {lengths}, wanted no negative length")
    return lengths


def broadcast_arrays(*arrays: Any) -> tuple[Tensor, ...]:
    """Broadcast tensors to one shape; views whose elements share memory.

    Parameters
    ----------
    *arrays : Tensor
        Each keeps its dtype and device.

    Raises
    ------
    ValueError
        If their shapes cannot be broadcast together.

    Examples
    --------
    >>> import tensorplug as tp
    >>> [x.shape for x in tp.broadcast_arrays(tp.ones(3, 1), tp.ones(2))]
    [(3, 2), (3, 2)]
    """
    tensors = arrays[0] if len(arrays) == 1 and isinstance(arrays[0], list | tuple) else arrays
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise unsupported("broadcast_arrays", tensor)
    shape = _broadcast("broadcast_arrays", tuple(tensor._array.shape for tensor in tensors))
    return tuple(broadcast_to(tensor, shape) for tensor in tensors)


@method()
def contiguous(x: Tensor, /, *, memory_format: Any = None) -> Tensor:
    """A contiguous tensor: itself if it is contiguous, else a copy."""
    return x if is_contiguous(x) else clone(x)


@method()
def is_contiguous(x: Tensor, /, *, memory_format: Any = None) -> bool:
    """Whether the tensor is contiguous, in C order."""
    return bool(layout(x).flags.c_contiguous)


@method()
def stride(x: Tensor, dim: int | None = None) -> Any:
    """The strides along each axis, or along one, in elements."""
    found = strides(layout(x))
    return found if dim is None else found[normalize_axis("stride", dim, x.ndim)]


def one_or_several(positional: tuple[Any, ...], named: Any = None) -> Any:
    """Shapes and axes of PyTorch's methods, given by name, as one argument or as several."""
    if named is not None:
        return named
    return positional[0] if len(positional) == 1 else positional
