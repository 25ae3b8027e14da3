"""Views with permuted, added or removed axes."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from ...dispatch.operation import operation
from ...dispatch.registry import attribute, method
from ...families.function import function
from ...memory.tensor import Tensor
from ...memory.views import (
    become_view,
    make_view,
)
from ...types.axes import as_integer, normalize_axes, normalize_axis
from ...types.errors import AxesError, ShapeError
from .shapes import one_or_several

__all__ = [
    "expand_dims",
    "matrix_transpose",
    "moveaxis",
    "permute",
    "permute_dims",
    "squeeze",
    "swapaxes",
    "t",
    "transpose",
    "unsqueeze",
]


@operation(shares=True)
def _matrix_transpose(x: Any) -> Any:
    """Swap the last two axes."""


def _permuted_shape(operands: Sequence[Any], parameters: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(operands[0].shape[axis] for axis in parameters["axes"])


@operation(shares=True, shape=_permuted_shape)
def _permute_dims(x: Any, *, axes: tuple[int, ...]) -> Any:
    """Permute the axes."""


@function()
def permute_dims(x: Tensor, /, axes: Any) -> Tensor:
    """Permute the axes; a view.

    Parameters
    ----------
    x : Tensor
    axes : tuple of int
        Each axis once.

    Raises
    ------
    ValueError
        If they are not a permutation of the tensor's axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.permute_dims(tp.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    ndim = len(x._array.shape)
    order = normalize_axes("permute_dims", axes, ndim) or ()
    if len(order) != ndim:
        raise AxesError(f"permute_dims: got axes {axes}, wanted each of the {ndim} axes once")
    return make_view(x, "permute_dims", order)


@function(methods=("permute",))
def permute(x: Tensor, /, *axes: Any, dims: Any = None) -> Tensor:
    """PyTorch's spelling of `permute_dims`: one tuple or several integers."""
    order = one_or_several(axes, dims)
    return permute_dims(x, order if type(order) is tuple or isinstance(order, Sequence) else (order,))


@function(methods=("transpose", "swapdims"))
def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two axes; a view.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.transpose(tp.zeros(2, 3, 4), 0, 2).shape
    (4, 3, 2)
    """
    return make_view(x, "permute_dims", _exchanged("transpose", x, dim0, dim1))


@function(methods=("swapaxes",))
def swapaxes(x: Tensor, axis0: int, axis1: int) -> Tensor:
    """Swap two axes, as `transpose`; a view.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.swapaxes(tp.zeros(2, 3, 4), 0, 2).shape
    (4, 3, 2)
    """
    return make_view(x, "permute_dims", _exchanged("swapaxes", x, axis0, axis1))


def _exchanged(operation: str, x: Tensor, dim0: int, dim1: int) -> tuple[int, ...]:
    ndim = len(x._array.shape)
    first, second = normalize_axis(operation, dim0, ndim, True), normalize_axis(operation, dim1, ndim, True)
    return _exchange(ndim, first, second)


@functools.lru_cache(maxsize=1024)
def _exchange(ndim: int, first: int, second: int) -> tuple[int, ...]:
    swapped = {first: second, second: first}
    return tuple(swapped.get(i, i) for i in range(ndim))


@method()
def transpose_(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two axes of the tensor in place, and return it; tensors that share its memory keep their shape.

    Raises
    ------
    RuntimeError
        For a leaf that requires a gradient.
    """
    return become_view("transpose_", x, "permute_dims", _exchanged("transpose_", x, dim0, dim1))


@attribute("mT")
@function()
def matrix_transpose(x: Tensor, /) -> Tensor:
    """Transpose matrices: swap the last two axes; a view.

    Raises
    ------
    ValueError
        If it has fewer than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.matrix_transpose(tp.zeros(2, 3)).shape
    (3, 2)
    """
    ndim = len(x._array.shape)
    if ndim < 2:
        raise ShapeError(f"matrix_transpose: got shape {x.shape}, wanted at least two axes")
    return make_view(x, "permute_dims", _exchange(ndim, ndim - 2, ndim - 1))


@function(methods=("t",))
def t(x: Tensor, /) -> Tensor:
    """Transpose a matrix; a vector and a 0-d tensor stay, as in PyTorch.

    Raises
    ------
    RuntimeError
        If it has more than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.t(tp.zeros(2, 3)).shape
    (3, 2)
    """
    return make_view(x, "permute_dims", _turned("t", x))


def _turned(operation: str, x: Tensor) -> tuple[int, ...]:
    if x.ndim > 2:
        raise ShapeError(f"{operation}: got {x.ndim} axes, wanted at most two; use transpose or mT")
    return tuple(reversed(range(x.ndim)))


@method()
def t_(x: Tensor) -> Tensor:
    """Transpose the tensor in place, and return it; tensors that share its memory keep their shape.

    Raises
    ------
    RuntimeError
        If it has more than two axes, or is a leaf that requires a gradient.
    """
    return become_view("t_", x, "permute_dims", _turned("t_", x))


@attribute("T")
def matrix_attribute(x: Tensor) -> Tensor:
    """The transpose of a matrix, as the attribute `T`; a vector and a 0-d tensor stay.

    Raises
    ------
    ValueError
        If the tensor has more than two axes, as the standard has it; `mT` and `permute_dims` take others.
    """
    ndim = x.ndim
    if ndim > 2:
        raise ShapeError(f"T: got shape {x.shape}, wanted two axes; use mT or permute_dims")
    return make_view(x, "permute_dims", (1, 0) if ndim == 2 else tuple(range(ndim)))


@function()
def expand_dims(x: Tensor, /, axis: Any = 0) -> Tensor:
    """Insert axes of length 1; a view.

    Parameters
    ----------
    x : Tensor
    axis : int or tuple of int, default: 0
        Their positions in the result.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.expand_dims(tp.zeros(3), axis=1).shape
    (3, 1)
    """
    return make_view(x, "reshape", _expanded("expand_dims", x, axis))


def _expanded(operation: str, x: Tensor, axis: Any) -> tuple[int, ...]:
    shape = x.shape
    if type(axis) is int or not isinstance(axis, Sequence):
        place = normalize_axis(operation, axis, len(shape) + 1)
        return (*shape[:place], 1, *shape[place:])
    axes = normalize_axes(operation, axis, len(shape) + len(axis)) or ()
    old = iter(shape)
    return tuple(1 if i in axes else next(old) for i in range(len(shape) + len(axis)))


@function(methods=("unsqueeze",))
def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """Insert an axis of length 1; a view, as in PyTorch.

    Parameters
    ----------
    x : Tensor
    dim : int
        Its position in the result.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unsqueeze(tp.zeros(3), 1).shape
    (3, 1)
    """
    return make_view(x, "reshape", _expanded("unsqueeze", x, as_integer("unsqueeze", "an axis", dim)))


@method()
def unsqueeze_(x: Tensor, dim: int) -> Tensor:
    """Insert an axis of length 1 in place, and return the tensor; tensors that share its memory keep their shape.

    Raises
    ------
    RuntimeError
        For a leaf that requires a gradient.
    """
    return become_view("unsqueeze_", x, "reshape", _expanded("unsqueeze_", x, as_integer("unsqueeze_", "an axis", dim)))


@function(dialects=True)
def squeeze(x: Tensor, /, axis: Any = None, *, dim: Any = None) -> Tensor:
    """Remove axes of length 1; a view.

    Parameters
    ----------
    x : Tensor
    axis : int or tuple of int
        The axes to remove; by default, as in PyTorch, all of length 1.
    dim
        As in PyTorch, where a longer axis stays.

    Raises
    ------
    ValueError
        If an axis is longer. (The method, as in PyTorch, leaves such an axis.)

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.squeeze(tp.zeros(3, 1), axis=1).shape
    (3,)
    """
    if axis is None:
        return squeeze_method(x, dim)
    axes = normalize_axes("squeeze", axis, x.ndim) or ()
    longer = [i for i in axes if x.shape[i] != 1]
    if longer:
        raise ShapeError(f"squeeze: axis {longer[0]} has length {x.shape[longer[0]]}, wanted 1")
    return make_view(x, "reshape", tuple(n for i, n in enumerate(x.shape) if i not in axes))


@method("squeeze")
def squeeze_method(x: Tensor, dim: Any = None) -> Tensor:
    """Remove axes of length 1, all or those given that have length 1; a view, as in PyTorch."""
    return make_view(x, "reshape", _squeezed("squeeze", x, dim))


def _squeezed(operation: str, x: Tensor, dim: Any) -> tuple[int, ...]:
    shape = x._array.shape
    return _without_ones(shape, None if dim is None else normalize_axes(operation, dim, len(shape), True))


@functools.lru_cache(maxsize=1024)
def _without_ones(shape: tuple[int, ...], axes: tuple[int, ...] | None) -> tuple[int, ...]:
    return tuple(n for i, n in enumerate(shape) if n != 1 or (axes is not None and i not in axes))


@method()
def squeeze_(x: Tensor, dim: Any = None) -> Tensor:
    """Remove axes of length 1 in place, and return the tensor; tensors that share its memory keep their shape.

    Raises
    ------
    RuntimeError
        For a leaf that requires a gradient.
    """
    return become_view("squeeze_", x, "reshape", _squeezed("squeeze_", x, dim))


@function()
def moveaxis(x: Tensor, /, source: Any, destination: Any) -> Tensor:
    """Move axes to other positions, the rest in their order; a view.

    Parameters
    ----------
    x : Tensor
    source, destination : int or tuple of int
        The axes, each once, and their positions in the result.

    Raises
    ------
    ValueError
        If an axis is repeated, or the two have different lengths.
    IndexError
        If the tensor has no such axis.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.moveaxis(tp.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    return _moved(x, source, destination, False)


@function(methods=("movedim", "moveaxis"))
def movedim(x: Tensor, source: Any, destination: Any) -> Tensor:
    """PyTorch's spelling of `moveaxis`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.movedim(tp.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    return _moved(x, source, destination, True)


def _moved(x: Tensor, source: Any, destination: Any, scalars: bool) -> Tensor:
    ndim = len(x._array.shape)
    old = normalize_axes("moveaxis", source, ndim, scalars) or ()
    new = normalize_axes("moveaxis", destination, ndim, scalars) or ()
    if len(old) != len(new):
        raise AxesError(f"moveaxis: got {len(old)} axes and {len(new)} places for them, wanted equally many")
    return make_view(x, "permute_dims", _move(ndim, old, new))


@functools.lru_cache(maxsize=1024)
def _move(ndim: int, old: tuple[int, ...], new: tuple[int, ...]) -> tuple[int, ...]:
    order = [i for i in range(ndim) if i not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return tuple(order)
