"""Functions that move elements around (array API standard 2025.12, "Manipulation Functions"), and PyTorch's views."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy

from ..dispatch.legacy import legacy
from ..dispatch.operation import Operation
from ..families.in_place import in_place, placed
from ..memory.coercion import same_device
from ..memory.steps import (
    STEPS,
    diagonal_index,
    strides,
    unfold_index,
)
from ..memory.structure import broadcast_to, cast, clone, reshape
from ..memory.tensor import Tensor, require_tensors, wrap
from ..memory.views import (
    array_of,
    become_view,
    detach,
    layout,
    make_view,
    overlapping,
    require_viewable,
)
from ..types.axes import (
    as_integer,
    infer_shape,
    normalize_axes,
    normalize_axis,
    normalize_shape,
    require_size,
)
from ..types.dtypes import DType, as_dtype, promote
from ..types.errors import ArgumentError, AxesError, ShapeError, unsupported

__all__ = [
    "broadcast_arrays",
    "broadcast_shapes",
    "chunk",
    "concat",
    "diagonal",
    "expand_dims",
    "flatten",
    "flip",
    "imag",
    "matrix_transpose",
    "moveaxis",
    "narrow",
    "permute",
    "permute_dims",
    "real",
    "repeat",
    "repeat_interleave",
    "roll",
    "split",
    "squeeze",
    "stack",
    "t",
    "tile",
    "transpose",
    "tril",
    "triu",
    "unbind",
    "unfold",
    "unsqueeze",
    "unstack",
]

_concat = legacy("concat", family="manipulation", operands=("arrays",), sequence=True)
_flip = legacy("flip", family="manipulation", operands=("x",))
_matrix_transpose = legacy("matrix_transpose", family="view", operands=("x",))
_diagonal = legacy(
    "diagonal",
    family="view",
    operands=("x",),
    decomposition=lambda ops, x, offset: ops.getitem(x, diagonal_index(x.shape, offset)),
)
_diagonal_embed = legacy(
    "diagonal_embed",
    family="manipulation",
    operands=("x",),
    decomposition=lambda ops, x, shape, offset: ops.scatter_zeros(x, shape, diagonal_index(shape, offset)),
)
_unfold = legacy(
    "unfold",
    family="view",
    operands=("x",),
    decomposition=lambda ops, x, window: ops.getitem(x, unfold_index(x.shape, window)),
)
_fold = legacy(
    "fold",
    family="manipulation",
    operands=("x",),
    decomposition=lambda ops, x, shape, window: ops.scatter_zeros(x, shape, unfold_index(shape, window)),
)
legacy("view_dtype", family="view", operands=("x",), standard=False)
_real = legacy("real", family="view", operands=("x",), accepts="complex floating-point", result="real")
_imag = legacy("imag", family="view", operands=("x",), accepts="complex floating-point", result="real")
_roll = legacy("roll", family="manipulation", operands=("x",))
_tril = legacy("tril", family="manipulation", operands=("x",))
_triu = legacy("triu", family="manipulation", operands=("x",))
_permute_dims = legacy("permute_dims", family="view", operands=("x",))
_squeeze = legacy("squeeze", family="composite", operands=("x",))
_stack = legacy("stack", family="manipulation", operands=("arrays",), sequence=True)


def view(x: Tensor, /, *shape: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """The tensor's memory seen under another shape, or its bytes as another dtype, as in PyTorch.

    Parameters
    ----------
    *shape : int or tuple of int, or dtype
        One shape or its lengths, of which one may be -1, which is inferred; or a dtype.
    size, dtype
        The shape, or the dtype, by name. Elements that are smaller or larger change the length of the last axis. What
        is seen as another dtype shares memory, and has no history.

    Raises
    ------
    RuntimeError
        If the elements are not in that order in memory.
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
    lengths = infer_shape("view", asked, x.shape)
    require_viewable("view", x, lengths)
    return make_view(x, "reshape", lengths)


def _seen_as(x: Tensor, dtype: DType) -> Tensor:
    """The bytes of the elements as a dtype: a view without history, like one of the detached tensor."""
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
    if type(x) is not Tensor:
        raise unsupported("permute_dims", x)
    order = normalize_axes("permute_dims", axes, x.ndim) or ()
    if len(order) != x.ndim:
        raise AxesError(f"permute_dims: got axes {axes}, wanted each of the {x.ndim} axes once")
    return make_view(x, "permute_dims", order)


_permute_dims.function = permute_dims


def one_or_several(positional: tuple[Any, ...], named: Any = None) -> Any:
    """What was given by name, as one argument, or in several: the shapes and axes of PyTorch's methods."""
    if named is not None:
        return named
    return positional[0] if len(positional) == 1 else positional


def permute(x: Tensor, /, *axes: Any, dims: Any = None) -> Tensor:
    """PyTorch's spelling of `permute_dims`: one tuple or several integers."""
    order = one_or_several(axes, dims)
    return permute_dims(x, order if isinstance(order, Sequence) else (order,))


def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """The tensor with two axes exchanged; a view.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.transpose(tp.zeros(2, 3, 4), 0, 2).shape
    (4, 3, 2)
    """
    if type(x) is not Tensor:
        raise unsupported("transpose", x)
    return make_view(x, "permute_dims", _exchanged("transpose", x, dim0, dim1))


def _exchanged(operation: str, x: Tensor, dim0: int, dim1: int) -> tuple[int, ...]:
    order = list(range(x.ndim))
    first, second = (normalize_axis(operation, dim, x.ndim, True) for dim in (dim0, dim1))
    if not order:
        return ()
    order[first], order[second] = order[second], order[first]
    return tuple(order)


def transpose_(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two axes of the tensor itself, and return it; what shares its memory keeps its shape.

    Raises
    ------
    RuntimeError
        For a leaf that requires a gradient.
    """
    return become_view("transpose_", x, "permute_dims", _exchanged("transpose_", x, dim0, dim1))


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
    if type(x) is not Tensor:
        raise unsupported("matrix_transpose", x)
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

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.t(tp.zeros(2, 3)).shape
    (3, 2)
    """
    if type(x) is not Tensor:
        raise unsupported("t", x)
    return make_view(x, "permute_dims", _turned("t", x))


def _turned(operation: str, x: Tensor) -> tuple[int, ...]:
    if x.ndim > 2:
        raise ShapeError(f"{operation}: got {x.ndim} axes, wanted at most two; use transpose or mT")
    return tuple(reversed(range(x.ndim)))


def t_(x: Tensor) -> Tensor:
    """Transpose the tensor itself, and return it; what shares its memory keeps its shape.

    Raises
    ------
    RuntimeError
        If it has more than two axes, or is a leaf that requires a gradient.
    """
    return become_view("t_", x, "permute_dims", _turned("t_", x))


def matrix_attribute(x: Tensor) -> Tensor:
    """The transpose of a matrix: the attribute `T`; a vector and a 0-d tensor are their own.

    Raises
    ------
    ValueError
        If the tensor has more than two axes, as the standard has it; `mT` and `permute_dims` take others.
    """
    ndim = x.ndim
    if ndim > 2:
        raise ShapeError(f"T: got shape {x.shape}, wanted two axes; use mT or permute_dims")
    return make_view(x, "permute_dims", (1, 0) if ndim == 2 else tuple(range(ndim)))


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
    if type(x) is not Tensor:
        raise unsupported("expand_dims", x)
    return make_view(x, "reshape", _expanded("expand_dims", x, axis))


def _expanded(operation: str, x: Tensor, axis: Any) -> tuple[int, ...]:
    count = 1 if not isinstance(axis, Sequence) else len(axis)
    axes = normalize_axes(operation, axis if isinstance(axis, Sequence) else (axis,), x.ndim + count) or ()
    old = iter(x.shape)
    return tuple(1 if i in axes else next(old) for i in range(x.ndim + count))


def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """The tensor with a new axis of length 1; a view, as in PyTorch.

    Parameters
    ----------
    x : Tensor
    dim : int
        Where it is in the result.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unsqueeze(tp.zeros(3), 1).shape
    (3, 1)
    """
    if type(x) is not Tensor:
        raise unsupported("unsqueeze", x)
    return make_view(x, "reshape", _expanded("unsqueeze", x, as_integer("unsqueeze", "an axis", dim)))


def unsqueeze_(x: Tensor, dim: int) -> Tensor:
    """Give the tensor itself a new axis of length 1, and return it; what shares its memory keeps its shape.

    Raises
    ------
    RuntimeError
        For a leaf that requires a gradient.
    """
    return become_view("unsqueeze_", x, "reshape", _expanded("unsqueeze_", x, as_integer("unsqueeze_", "an axis", dim)))


def squeeze(x: Tensor, /, axis: Any = None, *, dim: Any = None) -> Tensor:
    """The tensor without axes of length 1; a view.

    Parameters
    ----------
    x : Tensor
    axis : int or tuple of int
        Without one, as in PyTorch, all that have length 1.
    dim
        The same as in PyTorch, where an axis that is longer is left.

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
    if type(x) is not Tensor:
        raise unsupported("squeeze", x)
    if axis is None:
        return squeeze_method(x, dim)
    axes = normalize_axes("squeeze", axis, x.ndim) or ()
    longer = [i for i in axes if x.shape[i] != 1]
    if longer:
        raise ShapeError(f"squeeze: axis {longer[0]} has length {x.shape[longer[0]]}, wanted 1")
    return make_view(x, "reshape", tuple(n for i, n in enumerate(x.shape) if i not in axes))


_squeeze.function = squeeze


def squeeze_method(x: Tensor, dim: Any = None) -> Tensor:
    """The tensor without its axes of length 1, or without those named that are; a view, as in PyTorch."""
    return make_view(x, "reshape", _squeezed("squeeze", x, dim))


def _squeezed(operation: str, x: Tensor, dim: Any) -> tuple[int, ...]:
    axes = normalize_axes(operation, range(x.ndim) if dim is None else dim, x.ndim, True) or ()
    return tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in axes)


def squeeze_(x: Tensor, dim: Any = None) -> Tensor:
    """Take axes of length 1 from the tensor itself, and return it; what shares its memory keeps its shape.

    Raises
    ------
    RuntimeError
        For a leaf that requires a gradient.
    """
    return become_view("squeeze_", x, "reshape", _squeezed("squeeze_", x, dim))


def expand(x: Tensor, /, *sizes: Any, size: Any = None) -> Tensor:
    """PyTorch's spelling of `broadcast_to`: one shape or its lengths, in which -1 leaves an axis as it is."""
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


def expand_as(x: Tensor, other: Tensor) -> Tensor:
    """The tensor stretched to the shape of another; a view, as in PyTorch."""
    require_tensors("expand_as", other)
    return broadcast_to(x, other.shape)


def view_as(x: Tensor, other: Tensor) -> Tensor:
    """The tensor's memory seen under the shape of another, as in PyTorch.

    Raises
    ------
    RuntimeError
        If the elements are not in that order in memory.
    """
    require_tensors("view_as", other)
    return view(x, other.shape)


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The tensor with neighbouring axes made one, as in PyTorch; a view where it can be.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.flatten(tp.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    require_tensors("flatten", x)
    first, last = (normalize_axis("flatten", dim, x.ndim, True) for dim in (start_dim, end_dim))
    if not x.ndim:
        return reshape(x, (1,))
    if first > last:
        raise AxesError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    joined = 1
    for length in x.shape[first : last + 1]:
        joined *= length
    return reshape(x, (*x.shape[:first], joined, *x.shape[last + 1 :]))


def ravel_method(x: Tensor) -> Tensor:
    """The elements along one axis, as in PyTorch; a view where it can be."""
    return flatten(x)


def flip(x: Tensor, /, dims: Any = None, *, axis: Any = None) -> Tensor:
    """The elements in reverse order along axes, by default along all.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.flip(tp.tensor([1, 2, 3]))
    tensor([3, 2, 1])
    """
    if type(x) is not Tensor:
        raise unsupported("flip", x)
    axes = normalize_axes("flip", axis if dims is None else dims, x.ndim, dims is not None)
    return _flip(x, axis=tuple(range(x.ndim)) if axes is None else axes)


_flip.function = flip


def flip_method(x: Tensor, *axes: Any, dims: Any = None) -> Tensor:
    """The elements in reverse order along axes: one tuple or several integers, as in PyTorch."""
    return flip(x, one_or_several(axes, dims))


def _together(operation: str, arrays: Any) -> list[Tensor]:
    """Tensors on one device and in one dtype."""
    if not isinstance(arrays, Iterable) or type(arrays) is Tensor:
        raise TypeError(f"{operation}: got {type(arrays).__name__}, wanted a sequence of tensors")
    tensors = list(arrays)
    if not tensors:
        raise ValueError(f"{operation}: got no tensors, wanted at least one")
    for tensor in tensors:
        if type(tensor) is not Tensor:
            raise unsupported(operation, tensor)
    if len({tensor._key for tensor in tensors}) == 1:
        return tensors
    # Tensors without axes join the others' device.
    leader = max(tensors, key=lambda tensor: tensor.ndim > 0)
    dtype = functools.reduce(promote, (tensor.dtype for tensor in tensors))
    return [cast(same_device(operation, leader, tensor)[1], dtype) for tensor in tensors]


def concat(arrays: Any, /, dim: Any = 0, *, axis: Any = 0, out: Tensor | None = None) -> Tensor:
    """Tensors one after the other along an axis.

    Parameters
    ----------
    arrays : sequence of Tensor
        Of equal lengths along the other axes; promoted to a common dtype. Those of shape (0,) go with any others.
    axis : int or None, default: 0
        None flattens them first. `dim` is PyTorch's name.
    out : Tensor, optional
        Where the result is written, as in PyTorch.

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
    tensors = _together("concat", arrays)
    if axis is None:
        tensors, axis = [reshape(tensor, (-1,)) for tensor in tensors], 0
    shapes = [tensor.shape for tensor in tensors]
    leader = next((shape for shape in shapes if len(shape) > 1), shapes[0])
    position = normalize_axis("concat", dim if axis == 0 else axis, len(leader))
    if (0,) in shapes and len(leader) > 1:
        # PyTorch puts a vector of no elements to any others.
        nothing = (*leader[:position], 0, *leader[position + 1 :])
        tensors = [reshape(tensor, nothing) if tensor.shape == (0,) else tensor for tensor in tensors]
        shapes = [tensor.shape for tensor in tensors]
    rests = {shape[:position] + shape[position + 1 :] for shape in shapes}
    if len(rests) > 1 or any(len(shape) != len(leader) for shape in shapes):
        raise ShapeError(f"concat: shapes {', '.join(map(str, shapes))} must be equal but for axis {position}")
    return placed("concat", _join(_concat, tensors, position), out)


_concat.function = concat


def stack(arrays: Any, /, dim: Any = 0, *, axis: Any = 0, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape beside each other along a new axis.

    Parameters
    ----------
    arrays : sequence of Tensor
    axis : int, default: 0
        Where the new axis is in the result. `dim` is PyTorch's name.
    out : Tensor, optional
        Where the result is written, as in PyTorch.

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
    position = normalize_axis("stack", dim if axis == 0 else axis, tensors[0].ndim + 1)
    return placed("stack", _join(_stack, tensors, position), out)


_stack.function = stack


def _join(operation: Operation, tensors: list[Tensor], axis: int) -> Tensor:
    kernel, key = tensors[0]._key.table[operation.name]
    array = kernel([array_of(tensor) for tensor in tensors], axis=axis)
    return operation.finish_sequence(array, key, tuple(tensors), axis=axis)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape to which shapes are broadcast together.

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
    return _broadcast("broadcast_shapes", [_lengths("broadcast_shapes", shape) for shape in shapes])


def _broadcast(operation: str, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
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
    """Tensors stretched to one shape; views whose elements share memory.

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
        if type(tensor) is not Tensor:
            raise unsupported("broadcast_arrays", tensor)
    shape = _broadcast("broadcast_arrays", [tensor.shape for tensor in tensors])
    return tuple(broadcast_to(tensor, shape) for tensor in tensors)


def moveaxis(x: Tensor, /, source: Any, destination: Any) -> Tensor:
    """The tensor with some axes at other places, and the rest in their order; a view.

    Parameters
    ----------
    x : Tensor
    source, destination : int or tuple of int
        Which axes, each once, and where each is in the result.

    Raises
    ------
    ValueError
        If an axis is named twice, or the two are not equally many.
    IndexError
        If the tensor has no such axis.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.moveaxis(tp.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    if type(x) is not Tensor:
        raise unsupported("moveaxis", x)
    return _moved(x, source, destination, False)


def movedim(x: Tensor, source: Any, destination: Any) -> Tensor:
    """PyTorch's spelling of `moveaxis`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.movedim(tp.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    if type(x) is not Tensor:
        raise unsupported("movedim", x)
    return _moved(x, source, destination, True)


def _moved(x: Tensor, source: Any, destination: Any, scalars: bool) -> Tensor:
    old, new = (normalize_axes("moveaxis", axes, x.ndim, scalars) or () for axes in (source, destination))
    if len(old) != len(new):
        raise AxesError(f"moveaxis: got {len(old)} axes and {len(new)} places for them, wanted equally many")
    order = [i for i in range(x.ndim) if i not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return make_view(x, "permute_dims", tuple(order))


def repeat(x: Tensor, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Each element, or each slice along an axis, a number of times in a row.

    Parameters
    ----------
    x : Tensor
    repeats : int or Tensor
        How often; of an integer dtype, with one element or as many as the axis is long. The length of the result
        depends on a tensor's values, for which an accelerator must be waited for.
    axis : int, optional
        By default the tensor is flattened first.

    Returns
    -------
    Tensor
        Of `x`'s dtype. (The method `repeat` is PyTorch's, which is `tile`; `repeat_interleave` is this function.)

    Raises
    ------
    ValueError
        If a number is negative, or there are not as many as the axis is long.
    TypeError
        If they are no integers.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.repeat(tp.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    >>> tp.repeat(tp.tensor([[1, 2], [3, 4]]), tp.tensor([1, 2]), axis=0)
    tensor([[1, 2],
            [3, 4],
            [3, 4]])
    """
    return _repeat("repeat", x, repeats, axis)


def _repeat(operation: str, x: Tensor, repeats: Any, axis: Any) -> Tensor:
    if type(x) is not Tensor:
        raise unsupported(operation, x)
    if axis is None:
        x, axis = reshape(x, (-1,)) if x.ndim != 1 else x, 0
    position = normalize_axis(operation, axis, x.ndim)
    length = x.shape[position]
    counts = _counts(operation, repeats)
    if counts.size and counts.min() < 0:
        raise ValueError(f"{operation}: got {counts.min()} repetitions, wanted no negative number")
    if counts.ndim > 1 or counts.size not in (1, length):
        raise ShapeError(
            f"{operation}: got repetitions of shape {counts.shape}, wanted one, or one for each of {length}"
        )
    before, after = x.shape[:position], x.shape[position + 1 :]
    if counts.size == 1:
        count = int(counts.item())
        stretched = broadcast_to(expand_dims(x, position + 1), (*before, length, count, *after))
        return _joined(stretched, (*before, length * count, *after))
    places = numpy.repeat(numpy.arange(length), counts)
    return x[(*(slice(None),) * position, places)]


def _counts(operation: str, repeats: Any) -> numpy.ndarray:
    """Numbers of repetitions as a NumPy array."""
    host = numpy.asarray(repeats.detach() if type(repeats) is Tensor else repeats)
    if host.dtype.kind not in "iu" and not (host.size == 0 and type(repeats) is not Tensor):
        raise TypeError(f"{operation}: got {host.dtype} repetitions, wanted integers")
    return host.astype(numpy.int64)


def _joined(stretched: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A stretched tensor reshaped, in memory of its own even where nothing had to be copied."""
    return reshape(stretched, shape, copy=True)


def repeat_interleave(x: Tensor, repeats: Any, dim: int | None = None) -> Tensor:
    """PyTorch's spelling of the function `repeat`."""
    return _repeat("repeat_interleave", x, repeats, dim)


def tile(x: Tensor, repetitions: Any, /) -> Tensor:
    """The tensor repeated as a whole along each axis.

    Parameters
    ----------
    x : Tensor
    repetitions : tuple of int
        How often along each axis, counted from the last; ones are put in front of the shorter of this and the shape.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tile(tp.tensor([1, 2]), (2, 2))
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    if type(x) is not Tensor:
        raise unsupported("tile", x)
    counts = normalize_shape("tile", repetitions)
    if any(count < 0 for count in counts):
        raise ValueError(f"tile: got repetitions {counts}, wanted no negative number")
    ndim = max(x.ndim, len(counts))
    shape = (1,) * (ndim - x.ndim) + x.shape
    counts = (1,) * (ndim - len(counts)) + counts
    require_size("tile", tuple(length * count for length, count in zip(shape, counts, strict=True)))
    # Only axes that are repeated get an axis of repetitions in front: there may be at most 64.
    split = [part for length, count in zip(shape, counts, strict=True) for part in ((1, length)[count == 1 :])]
    stretched = [part for length, count in zip(shape, counts, strict=True) for part in ((count, length)[count == 1 :])]
    return _joined(
        broadcast_to(reshape(x, tuple(split)), tuple(stretched)),
        tuple(length * count for length, count in zip(shape, counts, strict=True)),
    )


def tile_method(x: Tensor, *counts: Any, dims: Any = None) -> Tensor:
    """The tensor repeated as a whole along each axis: one tuple or several integers, as in PyTorch."""
    return tile(x, one_or_several(counts, dims))


def repeat_method(x: Tensor, *sizes: Any, repeats: Any = None) -> Tensor:
    """The same for at least as many numbers as the tensor has axes, as in PyTorch; `repeat_interleave` is the
    standard's function `repeat`.
    """
    counts = normalize_shape("repeat", one_or_several(sizes, repeats))
    if len(counts) < x.ndim:
        raise ShapeError(
            f"repeat: got {len(counts)} repetitions for {x.ndim} axes, wanted at least as many; to repeat each "
            f"element, use repeat_interleave"
        )
    return tile(x, counts)


def roll(x: Tensor, /, shift: Any = None, dims: Any = None, *, axis: Any = None, shifts: Any = None) -> Tensor:
    """The elements moved along axes; those that leave at one end come in at the other.

    Parameters
    ----------
    x : Tensor
    shift : int or tuple of int
        By how many places, towards greater positions where it is positive; one number for each axis, or for all.
    shifts, dims
        PyTorch's spelling of `shift` and `axis`.
    axis : int or tuple of int, optional
        By default the flattened tensor is rolled, and put back into its shape.

    Raises
    ------
    ValueError
        If there are not as many shifts as axes.
    IndexError
        If the tensor has no such axis.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.roll(tp.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    if type(x) is not Tensor:
        raise unsupported("roll", x)
    shift = shifts if shift is None else shift
    shifts = normalize_shape("roll", shift)
    chosen = axis if dims is None else dims
    if chosen is None:
        if len(shifts) != 1:
            raise AxesError(f"roll: got {len(shifts)} shifts and no axis, wanted one shift or as many axes")
        flat = reshape(x, (-1,))
        return reshape(_rolled(flat, shifts, (0,)), x.shape)
    named = chosen if isinstance(chosen, Iterable) else (chosen,)
    axes = tuple(normalize_axis("roll", one, x.ndim) for one in named)
    if len(shifts) == 1 and not isinstance(shift, Iterable):
        shifts *= len(axes)
    if len(shifts) != len(axes):
        raise AxesError(f"roll: got {len(shifts)} shifts and {len(axes)} axes, wanted equally many")
    return _rolled(x, shifts, axes)


def roll_method(x: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """The elements moved along axes, as in PyTorch."""
    return roll(x, shifts, dims)


def _rolled(x: Tensor, shifts: tuple[int, ...], axes: tuple[int, ...]) -> Tensor:
    """The same with each axis once, and shifts less than its length."""
    totals = dict.fromkeys(axes, 0)
    for axis, shift in zip(axes, shifts, strict=True):
        totals[axis] += shift
    places = {axis: shift % x.shape[axis] for axis, shift in totals.items() if x.shape[axis]}
    if not places:
        # NumPy's function takes no empty tuples.
        return clone(x)
    return _roll(x, shift=tuple(places.values()), axis=tuple(places))


_roll.function = roll


def _triangle(operation: Operation, x: Tensor, diagonal: int, k: int) -> Tensor:
    if type(x) is not Tensor:
        raise unsupported(operation.name, x)
    if x.ndim < 2:
        raise ShapeError(f"{operation.name}: got shape {x.shape}, wanted at least two axes")
    rows, columns = x.shape[-2:]
    number = as_integer(operation.name, "diagonal", diagonal) or as_integer(operation.name, "k", k)
    return operation(x, k=min(max(number, -rows - 1), columns + 1))


def tril(x: Tensor, /, diagonal: int = 0, *, k: int = 0, out: Tensor | None = None) -> Tensor:
    """The lower triangles of matrices, with zeros above.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    diagonal
        PyTorch's name of `k`.
    k : int, default: 0
        The last diagonal that is kept: positive ones lie above the main diagonal.

    Raises
    ------
    ValueError
        If `x` has fewer than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tril(tp.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return placed("tril", _triangle(_tril, x, diagonal, k), out)


_tril.function = tril


def triu(x: Tensor, /, diagonal: int = 0, *, k: int = 0, out: Tensor | None = None) -> Tensor:
    """The upper triangles of matrices, with zeros below.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    diagonal
        PyTorch's name of `k`.
    k : int, default: 0
        The first diagonal that is kept: positive ones lie above the main diagonal.

    Raises
    ------
    ValueError
        If `x` has fewer than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.triu(tp.ones(2, 2), k=1)
    tensor([[0., 1.],
            [0., 0.]])
    """
    return placed("triu", _triangle(_triu, x, diagonal, k), out)


_triu.function = triu


def diagonal(x: Tensor, /, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A diagonal of two axes, as the last axis of the result; a view, as in PyTorch.

    Parameters
    ----------
    x : Tensor
    offset : int, default: 0
        Positive ones lie above the main diagonal.
    dim1, dim2 : int, default: 0, 1

    Raises
    ------
    ValueError
        If the two axes are the same.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.diagonal(tp.eye(2))
    tensor([1., 1.])
    """
    require_tensors("diagonal", x)
    axes = normalize_axes("diagonal", (dim1, dim2), x.ndim) or ()
    rest = [i for i in range(x.ndim) if i not in axes]
    number = min(max(as_integer("diagonal", "offset", offset), -x.shape[axes[0]]), x.shape[axes[1]])
    return make_view(make_view(x, "permute_dims", (*rest, *axes)), "diagonal", number)


_diagonal.function = lambda x, offset: make_view(x, "diagonal", offset)


def unfold(x: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of a size along an axis, a step apart, their elements along a new last axis; a view, as in PyTorch.

    Raises
    ------
    ValueError
        If the size is longer than the axis, or the step is not positive.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unfold(tp.arange(4), 0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    require_tensors("unfold", x)
    axis = normalize_axis("unfold", dimension, x.ndim, True)
    if not x._array.shape:
        return unfold(reshape(x, (1,)), axis, size, step)[0]
    size, step = as_integer("unfold", "size", size), as_integer("unfold", "step", step)
    if not 0 < size <= x.shape[axis]:
        raise ArgumentError(f"unfold: got size {size}, wanted 1 to {x.shape[axis]}, the length of axis {axis}")
    if step <= 0:
        raise ArgumentError(f"unfold: got step {step}, wanted a positive one")
    rest = [i for i in range(x.ndim) if i != axis]
    windows = make_view(make_view(x, "permute_dims", (*rest, axis)), "unfold", (size, step))
    order = list(range(x.ndim - 1))
    order.insert(axis, x.ndim - 1)
    return make_view(windows, "permute_dims", (*order, x.ndim))


_unfold.function = lambda x, window: make_view(x, "unfold", window)


def real(x: Tensor, /) -> Tensor:
    """The real part of each element; a view. A real tensor is its own.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.real(tp.tensor([1.0 + 2.0j]))
    tensor([1.])
    """
    require_tensors("real", x)
    return make_view(x, "real", None) if x.dtype.kind == "c" else x


_real.function = real


def imag(x: Tensor, /) -> Tensor:
    """The imaginary part of each element; a view.

    Raises
    ------
    TypeError
        For a tensor that is not complex, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.imag(tp.tensor([1.0 + 2.0j]))
    tensor([2.])
    """
    require_tensors("imag", x)
    if x.dtype.kind != "c":
        raise TypeError(f"imag: got {x.dtype}, wanted a complex dtype")
    return make_view(x, "imag", None)


_imag.function = imag


def imaginary_attribute(x: Tensor) -> Tensor:
    """The imaginary part of each element, a view; zeros for a tensor that is not complex, as in NumPy and JAX.

    No error as in PyTorch, which ``hasattr(x, "imag")`` would raise, by which xarray knows an array.
    """
    if x.dtype.kind == "c":
        return imag(x)
    key = x._key
    return wrap(key.library.ops.zeros(x.shape, dtype=key.native_dtype, device=key.native_device), key)


def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A part of an axis; a view, as in PyTorch.

    Raises
    ------
    IndexError
        If the start is beyond the axis.
    RuntimeError
        If the length is negative or reaches beyond it.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.narrow(tp.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    require_tensors("narrow", x)
    axis = normalize_axis("narrow", dim, x.ndim)
    size = x.shape[axis]
    start, length = as_integer("narrow", "start", start), as_integer("narrow", "length", length)
    begin = start + (size if start < 0 else 0)
    if not 0 <= begin <= size:
        raise IndexError(f"narrow: start {start} is out of range for axis {axis}, of length {size}")
    if length < 0:
        raise ArgumentError(f"narrow: got length {length}, wanted 0 to {size - begin}")
    if length > size - begin:
        raise ArgumentError(f"narrow: start {start} and length {length} reach beyond axis {axis}, of length {size}")
    return x[(*(slice(None),) * axis, slice(begin, begin + length))]


def split(x: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts along an axis, of one length (the last may be shorter) or of those given; views, as in PyTorch.

    Raises
    ------
    ValueError
        If the lengths do not add up to the axis.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.split(tp.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    require_tensors("split", x)
    axis = normalize_axis("split", dim, x.ndim)
    size = x.shape[axis]
    if isinstance(split_size_or_sections, Sequence):
        lengths = [as_integer("split", "a length", length) for length in split_size_or_sections]
    else:
        each = as_integer("split", "a length", split_size_or_sections)
        if each <= 0:
            raise ArgumentError(f"split: got length {each}, wanted a positive one")
        lengths = [min(each, size - begin) for begin in range(0, size, each)] or [0]
    if sum(lengths) != size or min(lengths, default=0) < 0:
        raise ShapeError(f"split: lengths {lengths} do not add up to {size}, the length of axis {axis}")
    before = (slice(None),) * axis
    ends = list(itertools.accumulate(lengths))
    return tuple(
        make_view(x, "getitem", (*before, slice(end - length, end))) for end, length in zip(ends, lengths, strict=True)
    )


def split_method(x: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts along an axis: the function `split`, of which PyTorch calls the second argument otherwise."""
    return split(x, split_size, dim)


def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts along an axis, of one length but for the last; views, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> [part.shape for part in tp.chunk(tp.zeros(5), 2)]
    [(3,), (2,)]
    """
    require_tensors("chunk", x)
    chunks = as_integer("chunk", "the number of chunks", chunks)
    if chunks <= 0:
        raise ArgumentError(f"chunk: got {chunks} chunks, wanted at least one")
    size = x.shape[normalize_axis("chunk", dim, x.ndim)]
    return split(x, max(-(-size // chunks), 1) if size else [0] * chunks, dim)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """PyTorch's spelling of `unstack`."""
    return unstack(x, axis=dim)


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis, which the slices lack; views.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unstack(tp.tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    if type(x) is not Tensor:
        raise unsupported("unstack", x)
    position = normalize_axis("unstack", axis, x.ndim)
    return tuple(x[(*(slice(None),) * position, i)] for i in range(x.shape[position]))


def contiguous(x: Tensor, /) -> Tensor:
    """The tensor with its elements in order in memory: itself if they are, else a copy."""
    from ..memory.structure import clone

    return x if is_contiguous(x) else clone(x)


def is_contiguous(x: Tensor, /) -> bool:
    """Whether the elements are in order in memory."""
    return bool(layout(x).flags.c_contiguous)


def stride(x: Tensor, dim: int | None = None) -> Any:
    """How many elements in memory lie between neighbours along each axis, or along one."""
    found = strides(layout(x))
    return found if dim is None else found[normalize_axis("stride", dim, x.ndim)]


def reshape_method(x: Tensor, *lengths: Any, shape: Any = None) -> Tensor:
    """The elements in another shape: one tuple or several integers, as in PyTorch."""
    return reshape(x, one_or_several(lengths, shape))


METHODS = {
    **{name: globals()[name] for name in ("view", "view_as", "permute", "transpose", "t", "flatten")},
    **{name: globals()[name] for name in ("expand", "expand_as", "unbind", "unsqueeze")},
    **{name: globals()[name] for name in ("t_", "transpose_", "squeeze_", "unsqueeze_")},
    **{name: globals()[name] for name in ("diagonal", "unfold", "narrow", "chunk")},
    "split": split_method,
    **{name: globals()[name] for name in ("contiguous", "is_contiguous", "stride", "broadcast_to")},
    **{name: globals()[name] for name in ("movedim", "repeat_interleave", "tril", "triu")},
    "flip": flip_method,
    "moveaxis": movedim,
    "ravel": ravel_method,
    "repeat": repeat_method,
    "reshape": reshape_method,
    "roll": roll_method,
    "tile": tile_method,
    "squeeze": squeeze_method,
    "tril_": in_place(tril),
    "triu_": in_place(triu),
}
"""What these functions are called as methods of Tensor, in PyTorch's signatures."""
