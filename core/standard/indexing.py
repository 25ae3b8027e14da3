"""Indexing: ``x[index]``, ``x[index] = value``, `take` (array API standard 2025.12, "Indexing").

Integers, slices, ``...`` and None give views; masks and integer arrays give copies.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy

from ...autograd.modes import is_grad_enabled
from ..autodiff.lifting import TENSOR_OPS
from ..dispatch.levels import depth_of, open_levels, require_level
from ..dispatch.operation import operation
from ..dispatch.registry import method, public
from ..families.function import function
from ..memory.coercion import scalar_tensor
from ..memory.structure import cast, put, reshape, saved_index, to_device
from ..memory.structure import index as read
from ..memory.tensor import Tensor, wrap
from ..memory.values import in_range
from ..memory.views import (
    array_of,
    is_own_view,
    layout,
    make_view,
    overlapping,
    require_recorded_view,
    require_writable,
    rewrite_history,
    write_item,
)
from ..memory.writes import can_write, copy_, must_record
from ..types.axes import broadcasts
from ..types.dtypes import (
    PYTHON_TYPES,
    SCALARS,
    DType,
    int64,
)
from ..types.errors import DTypeError, ShapeError, unsupported

__all__ = ["take", "take_along_axis"]


@operation(shares=True)
def _getitem(x: Any, *, index: Any) -> Any:
    """Elements at a basic index, as ``x[index]``, without checks."""


public(_getitem.name)(read)


@operation()
def _take_along_axis(x: Any, indices: Any, *, axis: int) -> Any:
    """`take_along_axis` without checks, for gradient rules."""


_FULL = slice(None)
_PLAIN = (int, type(None))

_TRUTH_VALUES = (bool, numpy.bool_)
_SEQUENCES = (list, tuple, range)
_LISTED = (*_TRUTH_VALUES, *_SEQUENCES, numpy.ndarray)
_TAKING_SEVERAL = (Tensor, *_LISTED)
"""The types of index arrays, besides arrays of other libraries."""


@method("__getitem__")
def getitem(self: Tensor, index: Any) -> Tensor:
    """The elements at an index: a view for integers, slices, ``...`` and None, else a copy.

    Raises
    ------
    IndexError
        If an index is out of range, there are too many, or one is of a type that does not index.
    """
    basic = _basic(index if type(index) is tuple else (index,), self._array.shape)
    if basic is not None:
        return make_view(self, "getitem", basic)
    given = index if type(index) is tuple else (index,)
    if any(map(_is_0d_mask, given)):
        return getitem(*_with_axes_for_0d_masks(self, given))
    if _is_separated_by_nothing(self, given):
        return getitem(*_with_picked_axes_first(self, given))
    return read(self, saved_index(_advanced(given, self), self))


def _is_0d_mask(item: Any) -> bool:
    return isinstance(item, _TRUTH_VALUES) or (
        isinstance(item, (Tensor, numpy.ndarray)) and item.ndim == 0 and item.dtype.kind == "b"
    )


def _with_axes_for_0d_masks(tensor: Tensor, items: tuple[Any, ...]) -> tuple[Tensor, tuple[Any, ...]]:
    """Insert an axis of length 1 for each 0-d mask, and replace the mask by an index of that axis."""
    widths = _widths(tensor, items)
    rest = tensor.ndim - sum(widths)
    axes: list[Any] = []
    replaced: list[Any] = []
    for item, width in zip(items, widths, strict=True):
        if _is_0d_mask(item):
            axes.append(None)
            replaced.append([0] if bool(item) else [])
        else:
            axes += [_FULL] * (rest if item is Ellipsis else width)
            replaced.append(item)
    return make_view(tensor, "getitem", (*axes, *[_FULL] * (tensor.ndim - axes.count(_FULL)))), tuple(replaced)


def _widths(tensor: Tensor, items: tuple[Any, ...]) -> list[int]:
    """The number of axes that each item of an index consumes; an ellipsis counts as 0."""
    return [0 if _is_0d_mask(item) else _width(_index_array(item, tensor) if _consumes_several(item) else item)
            for item in items]  # fmt: skip


def _is_picked(item: Any) -> bool:
    """Whether an item is an integer or an index array, which advanced indexing broadcasts together."""
    return item is not None and item is not Ellipsis and type(item) is not slice


def _is_separated_by_nothing(tensor: Tensor, items: tuple[Any, ...]) -> bool:
    """Whether an ellipsis of no axes separates integers and index arrays.

    As in NumPy, their axes then come first in the result.
    """
    place = next((i for i, item in enumerate(items) if item is Ellipsis), None)
    if place is None or not (any(map(_is_picked, items[:place])) and any(map(_is_picked, items[place:]))):
        return False
    return sum(_widths(tensor, items)) == tensor.ndim


def _with_picked_axes_first(tensor: Tensor, items: tuple[Any, ...]) -> tuple[Tensor, tuple[Any, ...]]:
    """Move the axes of integers and index arrays to the front, in the tensor and in the index."""
    picked: list[int] = []
    others: list[int] = []
    axis = 0
    for item, width in zip(items, _widths(tensor, items), strict=True):
        (picked if _is_picked(item) else others).extend(range(axis, axis + width))
        axis += width
    index = (*filter(_is_picked, items), *(one for one in items if one is None or type(one) is slice))
    return make_view(tensor, "permute_dims", (*picked, *others)), index


def _basic(items: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...] | None:
    """The index with non-negative integers; None if it has masks or arrays."""
    ndim = len(shape)
    checked: list[Any] = []
    axis = 0
    for position, item in enumerate(items):
        kind = type(item)
        if kind is slice:
            checked.append(_slice(item))
            axis += 1
        elif kind is int:
            if axis >= ndim:
                raise _too_many(items, shape)
            length = shape[axis]
            if not -length <= item < length:
                raise IndexError(f"index {item} is out of bounds for axis {axis} with size {length}")
            checked.append(item if item >= 0 else item + length)
            axis += 1
        elif item is None:
            checked.append(None)
        elif item is Ellipsis:
            rest = sum(1 for one in items[position + 1 :] if one is not None)
            if any(one is Ellipsis for one in items[position + 1 :]):
                raise IndexError("an index can only have a single ellipsis ('...')")
            if any(_consumes_several(one) for one in items[position + 1 :]):
                return None
            checked += [_FULL] * (ndim - axis - rest)
            axis = max(ndim - rest, axis)
        elif _consumes_several(item):
            return None
        else:
            return _basic((*items[:position], _integer(item), *items[position + 1 :]), shape)
    if axis > ndim:
        raise _too_many(items, shape)
    return tuple(checked)


def _consumes_several(item: Any) -> bool:
    if isinstance(item, _TAKING_SEVERAL):
        return True
    return hasattr(item, "__array__") and not isinstance(item, numpy.generic)


def _integer(item: Any) -> int:
    try:
        return operator.index(item)
    except TypeError:
        raise IndexError(
            f"only integers, slices, ellipsis, None, and integer or boolean tensors are valid indices, got "
            f"{type(item).__name__}"
        ) from None


def _slice(item: slice) -> slice:
    if type(item.start) in _PLAIN and type(item.stop) in _PLAIN and item.step is None:
        return item
    bounds = (None if one is None else _integer(one) for one in (item.start, item.stop, item.step))
    result = slice(*bounds)
    if result.step == 0:
        raise ValueError("slice step cannot be zero")
    return result


def _too_many(items: tuple[Any, ...], shape: tuple[int, ...]) -> IndexError:
    count = sum(1 for item in items if item is not None and item is not Ellipsis)
    return IndexError(f"too many indices: got {count} for a tensor of {len(shape)} axes")


def _advanced(items: tuple[Any, ...], tensor: Tensor) -> tuple[Any, ...]:
    """Convert tensors, arrays and lists in an index to raw arrays of the tensor's backend, and check them."""
    shape = tensor.shape
    parts = [_index_array(item, tensor) if _consumes_several(item) else item for item in items]
    consumed = sum(map(_width, parts))
    if consumed > len(shape):
        raise _too_many(items, shape)
    axis = 0
    checked: list[Any] = []
    for part in parts:
        if part is Ellipsis:
            gap = len(shape) - consumed
            checked += [_FULL] * gap
            axis += gap
            continue
        if isinstance(part, Tensor):
            part = _check_array(part, shape, axis)
            checked.append(array_of(part))
        elif part is None or type(part) is slice:
            checked.append(part)
        else:
            number = _integer(part)
            if not -shape[axis] <= number < shape[axis]:
                raise IndexError(f"index {number} is out of bounds for axis {axis} with size {shape[axis]}")
            checked.append(number % shape[axis])
        axis += _width(part)
    arrays = [part for part in parts if isinstance(part, Tensor)]
    if len(arrays) > 1:
        _check_broadcast(arrays)
    return tuple(checked)


def _check_broadcast(arrays: list[Tensor]) -> None:
    """Raise if index arrays cannot be broadcast together; a mask counts as the indices of its true elements."""
    to_numpy = arrays[0]._key.library.backend.to_numpy
    shapes = [
        part.shape if part.dtype.kind != "b" else (int(numpy.count_nonzero(to_numpy(array_of(part)))),)
        for part in arrays
    ]
    if len(set(shapes)) == 1:
        return
    try:
        numpy.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(map(str, shapes))
        raise IndexError(f"index arrays of shapes {listed} cannot be broadcast together") from None


def _width(part: Any) -> int:
    """The number of axes that an item of an index consumes."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, Tensor) and part.dtype.kind == "b" else 1


def _index_array(item: Any, tensor: Tensor) -> Tensor:
    if not isinstance(item, Tensor):
        from .creation import asarray

        try:
            made = asarray(item, device=tensor.device)
        except TypeError as error:
            raise IndexError(f"an index is made of integers or booleans: {error}") from None
    else:
        made = item
    if made.dtype.kind not in "biu":
        if made.size or not isinstance(item, _SEQUENCES):
            raise IndexError(f"tensors used as indices must be of an integer or boolean dtype, got {made.dtype}")
        made = cast(made, int64)
    return to_device(made, tensor.device)


def _check_array(part: Tensor, shape: tuple[int, ...], axis: int) -> Tensor:
    """Check an index array: an index out of range raises, where JAX would clamp and CuPy wrap."""
    if part.dtype.kind == "b":
        taken = shape[axis : axis + part.ndim]
        if any(own not in (length, 0) for own, length in zip(part.shape, taken, strict=True)):
            raise IndexError(f"the shape of the mask {part.shape} does not match the indexed axes, of shape {taken}")
        # By the standard a mask may have axes of length 0, and select nothing.
        return part if part.shape == taken else _nothing(part, taken)
    part._key.library.ops.inspect(_require_in_range, array_of(part), length=shape[axis], axis=axis)
    return part


def _require_in_range(host: numpy.ndarray, length: int, axis: int) -> None:
    if not in_range(host, length) and not (-length <= int(host.min()) and int(host.max()) < length):
        wrong = int(host[(host < -length) | (host >= length)].flat[0])
        raise IndexError(f"index {wrong} is out of bounds for axis {axis} with size {length}")


def _nothing(mask: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A mask of False of a shape."""
    key = mask._key
    return wrap(key.library.ops.zeros(shape, dtype=key.native_dtype, device=key.native_device), key)


@method("__setitem__")
def setitem(self: Tensor, index: Any, value: Any) -> None:
    """Write a value, broadcast and converted, at an index.

    Raises
    ------
    IndexError
        As for reading.
    ShapeError
        If the value cannot be broadcast to the indexed shape.
    TypeError
        If the value's dtype is of a higher kind than the tensor's.
    RuntimeError
        For a leaf that requires a gradient, and for elements that share memory.
    """
    if self._storage is not None and self._view is not None:
        array_of(self)
    items = index if type(index) is tuple else (index,)
    basic = _basic(items, self._array.shape)
    # x[i] += 1 ends with x[i] = the view that was just written.
    written = basic is not None and type(value) is Tensor and is_own_view(self, ("getitem", basic), value)
    if basic is not None and overlapping(self):
        # Overlapping elements may change too, which only a write through a view records.
        if not written:
            copy_(make_view(self, "getitem", basic), _value(self, value))
        return
    require_writable("__setitem__", self)
    if written:
        return
    if basic is None and any(map(_is_0d_mask, items)):
        setitem(*_with_axes_for_0d_masks(self, items), value)
        return
    if basic is None and _is_separated_by_nothing(self, items):
        setitem(*_with_picked_axes_first(self, items), value)
        return
    if type(value) is not Tensor or value._key is not self._key:
        value = _value(self, value)
    if basic is None and open_levels():
        for item in items:
            require_level("__setitem__", self, item)
        mask = items[0]
        if len(items) == 1 and depth_of(mask) and mask.dtype.kind == "b" and not value._array.shape:
            # By each element's own truth, as each example may have another mask.
            mask = reshape(mask, mask.shape + (1,) * (self.ndim - mask.ndim))
            copy_(self, TENSOR_OPS.where(mask, value, self))
            return
    raw_index = _advanced(items, self) if basic is None else basic
    # Libraries accept any value for no elements.
    if value._array.shape and (basic is None or value._array.shape[0] == 1 or 0 in self._array.shape):
        value = _fitting(value, _region_shape(self, raw_index, basic is not None))
    storage = self._storage or self._make_storage()
    raw_value = array_of(value)
    if value._storage is storage and self._key.writable:
        raw_value = self._key.library.backend.copy(raw_value)
    recording = is_grad_enabled() and must_record(self, (self, value))
    if recording:
        require_recorded_view("__setitem__", self)
    edges = self._node, value._node
    try:
        write_item(self, raw_index, raw_value, basic is not None)
    except (ValueError, TypeError) as error:
        region = _region_shape(self, raw_index, basic is not None)
        if broadcasts(value.shape, region):
            raise
        raise _misfit(value.shape, region) from error
    if recording and any(edge is not None for edge in edges):
        put.record(self, value, *edges, self, index=saved_index(raw_index, self, value))
        rewrite_history(self, self._node)
    elif recording:
        rewrite_history(self, None)


def _value(target: Tensor, value: Any) -> Tensor:
    require_level("__setitem__", target, value)
    if isinstance(value, SCALARS):
        return scalar_tensor(target._key, _exactly(target.dtype, value), "__setitem__")
    if not isinstance(value, Tensor):
        from .creation import asarray

        value = asarray(value, device=target.device)
    if not can_write(value.dtype, target.dtype):
        raise DTypeError(
            f"__setitem__: a {value.dtype} value can't be written into a {target.dtype} tensor; convert it, as in "
            f"value.to({target.dtype.name!r})"
        )
    return cast(to_device(value, target.device), target.dtype)


def _exactly(dtype: DType, value: Any) -> Any:
    """Convert a Python scalar to the dtype's kind, if the value stays the same."""
    convert = PYTHON_TYPES[dtype.kind]
    try:
        if convert(value) == value or value != value:
            return convert(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise DTypeError(f"__setitem__: {value!r} can't be written into a {dtype} tensor; convert one of the two")


def _region_shape(tensor: Tensor, index: Any, basic: bool) -> tuple[int, ...]:
    """The shape of the elements at a checked index."""
    if basic:
        found: tuple[int, ...] = layout(tensor)[index].shape
        return found
    shape = tensor._array.shape
    axis = 0
    others: list[int] = []
    picks: list[tuple[int, ...]] = []
    places: list[tuple[int, int]] = []
    for place, item in enumerate(index):
        if item is None:
            others.append(1)
        elif type(item) is slice:
            others.append(len(range(*item.indices(shape[axis]))))
            axis += 1
        else:
            picked, width = _picked(tensor, item)
            picks.append(picked)
            places.append((place, len(others)))
            axis += width
    picked = picks[0] if len(picks) == 1 else numpy.broadcast_shapes(*picks)
    # The axes of index arrays stay in place if these are adjacent, else come first.
    before = places[0][1] if places[-1][0] - places[0][0] == len(places) - 1 else 0
    return (*others[:before], *picked, *others[before:], *shape[axis:])


def _picked(tensor: Tensor, item: Any) -> tuple[tuple[int, ...], int]:
    """The shape of an integer, an index array or a mask as an index, and the number of axes that it consumes."""
    if not hasattr(item, "shape"):
        return (), 1
    library = tensor._key.library
    if item.dtype != library.dtypes["bool"]:
        return item.shape, 1
    return (int(numpy.count_nonzero(library.backend.to_numpy(item))),), item.ndim


def _fitting(value: Tensor, region: tuple[int, ...]) -> Tensor:
    """Remove leading axes of length 1 that the indexed shape lacks from a value.

    Raises
    ------
    ShapeError
        If it cannot be broadcast to the region.
    """
    shape = value.shape
    extra = len(shape) - len(region)
    if extra > 0 and shape[:extra] == (1,) * extra:
        return _fitting(make_view(value, "reshape", shape[extra:]), region)
    if not broadcasts(shape, region):
        raise _misfit(shape, region)
    return value


def _misfit(shape: tuple[int, ...], region: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"__setitem__: a value of shape {shape} cannot be broadcast to the region, of shape {region}")


@function(axis="one", keywords=("input", "index"))
def take(x: Tensor, indices: Any, /, *, axis: int | None = None) -> Tensor:
    """Elements or slices of `x` at indices along one axis; negative indices count from its end.

    Parameters
    ----------
    x : Tensor
    indices : Tensor
        Of an integer dtype; with one axis, where there is an `axis`.
    axis : int, optional
        Without it elements of the flattened tensor are taken, in the shape of `indices`, as the method does.

    Returns
    -------
    Tensor
        Of `x`'s dtype and shape, but for that axis, which is as long as `indices`.

    Raises
    ------
    IndexError
        If an index is out of range, or of another dtype.
    ValueError
        If there is an axis, and `indices` has another number of axes than one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.take(tp.tensor([[1, 5], [4, 2]]), tp.tensor([-1, 0]), axis=1)
    tensor([[5, 1],
            [2, 4]])
    """
    if axis is None:
        return take_method(x, indices)
    positions = _positions("take", indices, x)
    if positions.ndim != 1:
        raise ShapeError(f"take: got indices of shape {positions.shape}, wanted one axis")
    return getitem(x, (*(_FULL,) * axis, positions))


def _positions(operation: str, indices: Any, x: Tensor) -> Tensor:
    """Indices as an integer tensor on the device of the indexed tensor."""
    if not isinstance(indices, Tensor) and not isinstance(indices, list | tuple | numpy.ndarray):
        raise unsupported(operation, x, indices)
    positions = _index_array(indices, x)
    if positions.dtype.kind not in "iu":
        raise IndexError(f"{operation}: got indices of {positions.dtype}, wanted an integer dtype")
    return positions


@method("take")
def take_method(x: Tensor, index: Any) -> Tensor:
    """Elements at indices of the flattened tensor, in the shape of `index`, as in PyTorch."""
    return getitem(reshape(x, (-1,)), _positions("take", index, x))


@function(axis="one")
def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """Elements of `x` at indices along one axis, one for each element of `indices`.

    Parameters
    ----------
    x : Tensor
    indices : Tensor
        Of an integer dtype, with as many axes as `x`; the other axes broadcast.
    axis : int, default: -1

    Raises
    ------
    IndexError
        If an index is out of range.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.take_along_axis(tp.tensor([[1, 5], [4, 2]]), tp.tensor([[1], [0]]), axis=1)
    tensor([[5],
            [4]])
    """
    indices = _positions("take_along_axis", indices, x)
    if x.ndim != indices.ndim:
        raise ShapeError(f"take_along_axis: got {x.ndim} and {indices.ndim} axes, wanted equally many")
    shapes = zip(indices.shape, x.shape, strict=True)
    if any(n != m and 1 not in (n, m) for i, (n, m) in enumerate(shapes) if i != axis):
        raise IndexError(
            f"take_along_axis: got indices of shape {indices.shape} for a tensor of shape {x.shape}, which cannot be "
            f"broadcast together but for axis {axis}"
        )
    places = array_of(_check_array(indices, x.shape, axis))
    return read(x, saved_index(along_axis(x.shape, axis, places), x))


def along_axis(shape: tuple[int, ...], axis: int, positions: Any) -> tuple[Any, ...]:
    """The advanced index of `take_along_axis`: `positions` along one axis, and `arange` along the others.

    The positions may lack the axis, which the result then lacks too.
    """
    behind = positions.ndim
    index = []
    for i, length in enumerate(shape):
        behind -= i != axis or positions.ndim == len(shape)
        index.append(positions if i == axis else numpy.arange(length).reshape(-1, *(1,) * behind))
    return tuple(index)
