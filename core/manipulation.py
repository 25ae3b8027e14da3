"""Functions that move elements around (array API standard 2025.12, "Manipulation Functions"), and PyTorch's views."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from .axes import infer_shape, normalize_axes, normalize_axis, normalize_shape
from .dtypes import promote
from .errors import ShapeError
from .operands import cast, same_device, unsupported
from .operation import Operation
from .tensor import Tensor
from .views import STEPS, array_of, layout, make_view, require_viewable

_broadcast_to = Operation("broadcast_to", family="view", operands=("x",))
_concat = Operation("concat", family="manipulation", operands=("arrays",), sequence=True)
_flip = Operation("flip", family="manipulation", operands=("x",))
_matrix_transpose = Operation("matrix_transpose", family="view", operands=("x",))
_permute_dims = Operation("permute_dims", family="view", operands=("x",))
_reshape = Operation("reshape", family="view", operands=("x",))
_squeeze = Operation("squeeze", family="composite", operands=("x",))
_stack = Operation("stack", family="manipulation", operands=("arrays",), sequence=True)


def reshape(x: Tensor, /, shape: Any, *, copy: bool | None = None) -> Tensor:
    """The same elements, in the same order, in another shape.

    Parameters
    ----------
    x : Tensor
    shape : int or tuple of int
        One length may be -1, which is inferred.
    copy : bool, optional
        True always copies, False never does; by default a view where the elements' order in memory allows it.

    Raises
    ------
    ValueError
        If the shape does not hold the elements, or `copy` is False and a copy is needed.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.reshape(tp.arange(4), (2, -1))
    tensor([[0, 1],
            [2, 3]])
    """
    if type(x) is not Tensor:
        raise unsupported("reshape", x)
    lengths = infer_shape("reshape", normalize_shape("reshape", shape), x.shape)
    if copy is False:
        require_viewable("reshape", x, lengths)
    if not copy and _viewable(x, lengths):
        return make_view(x, "reshape", lengths)
    copied = _reshape(x, shape=lengths)
    # The library may have returned a view of the old memory.
    if copy and x._kind.writable and copied._kind.library.backend.is_view(copied._array):
        copied._array = copied._kind.library.backend.copy(copied._array)
    return copied


def _viewable(x: Tensor, shape: tuple[int, ...]) -> bool:
    if x._storage is None or x._view is None:
        return True
    try:
        STEPS["reshape"].layout(layout(x), shape)
    except ValueError:
        return False
    return True


_reshape.function = reshape


def view(x: Tensor, /, *shape: Any) -> Tensor:
    """The tensor's memory seen under another shape, as in PyTorch.

    Parameters
    ----------
    *shape : int or tuple of int
        One shape or its lengths; one may be -1, which is inferred.

    Raises
    ------
    RuntimeError
        If the elements are not in that order in memory.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.zeros(2, 3).view(-1).shape
    (6,)
    """
    asked = normalize_shape("view", shape[0] if len(shape) == 1 else shape)
    lengths = infer_shape("view", asked, x.shape)
    require_viewable("view", x, lengths)
    return make_view(x, "reshape", lengths)


def permute_dims(x: Tensor, /, axes: Any) -> Tensor:
    """The tensor with its axes in another order; a view.

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
    order = normalize_axes("permute_dims", axes, x.ndim) or ()
    if len(order) != x.ndim:
        raise ShapeError(f"permute_dims: got axes {axes}, wanted each of the {x.ndim} axes once")
    return make_view(x, "permute_dims", order)


_permute_dims.function = permute_dims


def permute(x: Tensor, /, *dims: Any) -> Tensor:
    """PyTorch's spelling of `permute_dims`: one tuple or several integers."""
    return permute_dims(x, dims[0] if len(dims) == 1 and isinstance(dims[0], Sequence) else dims)


def transpose(x: Tensor, dim0: int, dim1: int, /) -> Tensor:
    """The tensor with two axes exchanged; a view.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.transpose(tp.zeros(2, 3, 4), 0, 2).shape
    (4, 3, 2)
    """
    order = list(range(x.ndim))
    first, second = (normalize_axis("transpose", dim, x.ndim) for dim in (dim0, dim1))
    order[first], order[second] = order[second], order[first]
    return make_view(x, "permute_dims", tuple(order))


def matrix_transpose(x: Tensor, /) -> Tensor:
    """The tensor with its last two axes exchanged; a view.

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
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose: got shape {x.shape}, wanted at least two axes")
    return transpose(x, -2, -1)


_matrix_transpose.function = matrix_transpose


def t(x: Tensor, /) -> Tensor:
    """The transpose of a matrix; a vector and a 0-d tensor are their own, as in PyTorch.

    Raises
    ------
    RuntimeError
        If it has more than two axes.
    """
    if x.ndim > 2:
        raise ShapeError(f"t: got {x.ndim} axes, wanted at most two; use transpose or mT")
    return permute_dims(x, tuple(reversed(range(x.ndim))))


def expand_dims(x: Tensor, /, axis: Any = 0) -> Tensor:
    """The tensor with new axes of length 1; a view.

    Parameters
    ----------
    x : Tensor
    axis : int or tuple of int, default: 0
        Where they are in the result.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.expand_dims(tp.zeros(3), axis=1).shape
    (3, 1)
    """
    count = 1 if not isinstance(axis, Sequence) else len(axis)
    axes = normalize_axes("expand_dims", axis, x.ndim + count)
    old = iter(x.shape)
    return make_view(x, "reshape", tuple(1 if i in (axes or ()) else next(old) for i in range(x.ndim + count)))


def squeeze(x: Tensor, /, axis: Any) -> Tensor:
    """The tensor without axes of length 1; a view.

    Parameters
    ----------
    x : Tensor
    axis : int or tuple of int

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
    axes = normalize_axes("squeeze", axis, x.ndim) or ()
    longer = [i for i in axes if x.shape[i] != 1]
    if longer:
        raise ShapeError(f"squeeze: axis {longer[0]} has length {x.shape[longer[0]]}, wanted 1")
    return make_view(x, "reshape", tuple(n for i, n in enumerate(x.shape) if i not in axes))


_squeeze.function = squeeze


def squeeze_method(x: Tensor, dim: Any = None) -> Tensor:
    """The tensor without its axes of length 1, or without those named that are; a view, as in PyTorch."""
    axes = normalize_axes("squeeze", range(x.ndim) if dim is None else dim, x.ndim) or ()
    return squeeze(x, tuple(i for i in axes if x.shape[i] == 1))


def broadcast_to(x: Tensor, /, shape: Any) -> Tensor:
    """The tensor stretched along new axes and those of length 1; a view whose elements share memory.

    Parameters
    ----------
    x : Tensor
    shape : tuple of int

    Raises
    ------
    ValueError
        If it cannot be broadcast to that shape.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.broadcast_to(tp.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    lengths = normalize_shape("broadcast_to", shape)
    if lengths == x.shape:
        return x
    tail = lengths[len(lengths) - x.ndim :] if len(lengths) >= x.ndim else None
    if tail is None or any(old not in (1, new) for old, new in zip(x.shape, tail, strict=True)):
        raise ShapeError(f"broadcast_to: shape {x.shape} cannot be broadcast to {lengths}")
    return make_view(x, "broadcast_to", lengths)


_broadcast_to.function = broadcast_to


def expand(x: Tensor, /, *sizes: Any) -> Tensor:
    """PyTorch's spelling of `broadcast_to`: one shape or its lengths, in which -1 leaves an axis as it is."""
    shape = normalize_shape("expand", sizes[0] if len(sizes) == 1 else sizes)
    new = len(shape) - x.ndim
    return broadcast_to(x, tuple(x.shape[i - new] if n == -1 and i >= new else n for i, n in enumerate(shape)))


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The tensor with neighbouring axes made one, as in PyTorch; a view where it can be.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.flatten(tp.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    if not x.ndim:
        return reshape(x, (1,))
    first, last = (normalize_axis("flatten", dim, x.ndim) for dim in (start_dim, end_dim))
    if first > last:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    joined = 1
    for length in x.shape[first : last + 1]:
        joined *= length
    return reshape(x, (*x.shape[:first], joined, *x.shape[last + 1 :]))


def flip(x: Tensor, /, dims: Any = None, *, axis: Any = None) -> Tensor:
    """The elements in reverse order along axes, by default along all.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.flip(tp.tensor([1, 2, 3]))
    tensor([3, 2, 1])
    """
    axes = normalize_axes("flip", axis if dims is None else dims, x.ndim)
    return _flip(x, axis=tuple(range(x.ndim)) if axes is None else axes)


_flip.function = flip


def _together(operation: str, arrays: Any) -> list[Tensor]:
    """Tensors on one device and in one dtype."""
    tensors = list(arrays)
    if not tensors:
        raise ValueError(f"{operation}: got no tensors, wanted at least one")
    for tensor in tensors:
        if type(tensor) is not Tensor:
            raise unsupported(operation, tensor)
        same_device(operation, tensors[0], tensor)
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        dtype = promote(dtype, tensor.dtype)
    return [cast(tensor, dtype) for tensor in tensors]


def concat(arrays: Any, /, dim: Any = 0, *, axis: Any = 0) -> Tensor:
    """Tensors one after the other along an axis.

    Parameters
    ----------
    arrays : sequence of Tensor
        Of equal lengths along the other axes; promoted to a common dtype.
    axis : int or None, default: 0
        None flattens them first. `dim` is PyTorch's name.

    Raises
    ------
    ValueError
        If there are none, or the other axes differ.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.concat([tp.tensor([1, 2]), tp.tensor([3])])
    tensor([1, 2, 3])
    """
    tensors = _together("concat", arrays)
    if axis is None:
        tensors, axis = [reshape(tensor, (-1,)) for tensor in tensors], 0
    ndim = tensors[0].ndim
    position = normalize_axis("concat", dim if axis == 0 else axis, ndim)
    rests = {(*tensor.shape[:position], *tensor.shape[position + 1 :]) for tensor in tensors}
    if len(rests) > 1 or any(tensor.ndim != ndim for tensor in tensors):
        shapes = ", ".join(str(tensor.shape) for tensor in tensors)
        raise ShapeError(f"concat: shapes {shapes} must be equal but for axis {position}")
    return _join(_concat, tensors, position)


_concat.function = concat


def stack(arrays: Any, /, dim: Any = 0, *, axis: Any = 0) -> Tensor:
    """Tensors of one shape beside each other along a new axis.

    Parameters
    ----------
    arrays : sequence of Tensor
    axis : int, default: 0
        Where the new axis is in the result. `dim` is PyTorch's name.

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
    tensors = _together("stack", arrays)
    if len({tensor.shape for tensor in tensors}) > 1:
        shapes = ", ".join(str(tensor.shape) for tensor in tensors)
        raise ShapeError(f"stack: shapes {shapes} must be equal")
    return _join(_stack, tensors, normalize_axis("stack", dim if axis == 0 else axis, tensors[0].ndim + 1))


_stack.function = stack


def _join(operation: Operation, tensors: list[Tensor], axis: int) -> Tensor:
    kernel, kind = tensors[0]._kind.table[operation.name]
    array = kernel([array_of(tensor) for tensor in tensors], axis=axis)
    return operation.finish_sequence(array, kind, tuple(tensors), axis=axis)


def contiguous(x: Tensor, /) -> Tensor:
    """The tensor with its elements in order in memory: itself if they are, else a copy."""
    from .transfer import clone

    return x if is_contiguous(x) else clone(x)


def is_contiguous(x: Tensor, /) -> bool:
    """Whether the elements are in order in memory."""
    return bool(layout(x).flags.c_contiguous)


def stride(x: Tensor, dim: int | None = None) -> Any:
    """How many elements in memory lie between neighbours along each axis, or along one."""
    strides = layout(x).strides
    return strides if dim is None else strides[operator.index(dim)]


METHODS = {
    **{name: globals()[name] for name in ("view", "permute", "transpose", "t", "flatten", "flip", "expand")},
    **{name: globals()[name] for name in ("contiguous", "is_contiguous", "stride", "broadcast_to")},
    "squeeze": squeeze_method,
    "unsqueeze": lambda x, dim: expand_dims(x, dim),
    "reshape": lambda x, *shape: reshape(x, shape[0] if len(shape) == 1 else shape),
}
"""What these functions are called as methods of Tensor, in PyTorch's signatures."""
