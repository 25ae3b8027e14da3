"""Views and writes through them, alike on mutable and immutable arrays.

A view records its steps from the root of the storage. On backends with mutable arrays the library's own views hold the
data. On the others a write replaces the root, and a view whose version is behind computes its data again. In both cases
a write through a view is recorded in the history of its base, and a view whose version is behind replays its steps on
the base's current node.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import numpy

from ...autograd.captured import note_written
from ...autograd.modes import is_grad_enabled
from ...autograd.node import Leaf
from ..dispatch.keys import DispatchKey
from ..dispatch.operation import operation
from ..dispatch.registry import OPERATIONS, method
from ..types.errors import ShapeError
from .derivation import (
    ONE_REFERENCE,
    derive,
    reference_count,
    update,
)
from .steps import (
    OVERLAPPING,
    STEPS,
    Step,
    contiguous_layout,
    overlaps,
    put_view,
    strided_layout,
)
from .tensor import (
    Storage,
    Tensor,
    View,
    new_tensor,
    wrap,
)


@operation(name="put_view", shares=True)
def put_view_operation(ops: Any, x: Any, value: Any, *, steps: Any) -> Any:
    """A copy with a value written into a view."""
    return put_view(ops, x, value, steps)


_contiguous_layout = functools.lru_cache(maxsize=1024)(contiguous_layout)
_strided_layout = functools.lru_cache(maxsize=1024)(strided_layout)


def layout(tensor: Tensor) -> numpy.ndarray:
    """The tensor's layout: a NumPy array without memory that has its shape and strides."""
    storage = tensor._storage
    if storage is None or storage.layout is None:
        return _contiguous_layout(tensor._array.shape, tensor._key.dtype.kind == "c")
    root: numpy.ndarray = storage.layout
    view = tensor._view
    if view is None:
        return root
    if view.layout is None and tensor._key.writable and 0 not in tensor._array.shape:
        view.layout = _layout_of(tensor._array)
    elif view.layout is None:
        view.layout = _layout_by_steps(root, view)
    return view.layout


def _layout_by_steps(root: numpy.ndarray, view: View) -> numpy.ndarray:
    """The layout of a view at its place in the root's."""
    found = root
    for name, argument in view.steps:
        found = STEPS[name].layout(found, argument)
    return found


def offset(tensor: Tensor) -> int:
    """The position of the first element in the root's memory, in elements of the tensor's."""
    root: Any = ensure_storage(tensor).layout
    view = tensor._view
    if view is None:
        return 0
    own: Any = _layout_by_steps(root, view)
    return int(own.ctypes.data - root.ctypes.data) // int(own.itemsize)


def ensure_storage(tensor: Tensor) -> Storage:
    """The tensor's storage, created with its root if it has none."""
    storage = tensor._storage or tensor._make_storage()
    if storage.layout is None:
        if tensor._key.writable and not tensor._array.flags.c_contiguous:
            # Nothing shares it yet, so it can become contiguous, as it would be on every other backend.
            tensor._array = tensor._key.library.backend.copy(tensor._array)
        _set_root(storage, tensor, _contiguous_layout(tensor._array.shape, tensor._key.dtype.kind == "c"))
    return storage


def keep_strides(tensor: Tensor) -> None:
    """Keep the strides of the tensor's array, which foreign code shares."""
    storage = tensor._storage or tensor._make_storage()
    if storage.layout is None:
        _set_root(storage, tensor, _layout_of(tensor._array))


def has_valid_strides(array: Any) -> bool:
    """Whether a tensor can have a foreign array's strides: multiples of the itemsize, no two elements in one place."""
    if any(stride % array.itemsize for stride in array.strides):
        return False
    return bool(array.flags.c_contiguous) or not overlaps(_layout_of(array))


def _layout_of(array: Any) -> numpy.ndarray:
    if 0 in array.shape:
        # Its strides mean nothing: NumPy's are zeros.
        return _contiguous_layout(array.shape, array.dtype.kind == "c")
    return _strided_layout(array.shape, array.strides, array.itemsize, array.dtype.kind == "c")


def can_wrap_shared(array: Any, key: Any) -> bool:
    """Whether a tensor can share a foreign array's memory: a writable native array of the backend's own type."""
    own = isinstance(array, key.library.array_types) and key.writable
    return own and array.flags.writeable and array.dtype.isnative and has_valid_strides(array)


def wrap_shared(array: Any, key: Any) -> Tensor:
    """A tensor that shares the memory of a foreign array."""
    tensor = wrap(array, key)
    keep_strides(tensor)
    return tensor


def _set_root(storage: Storage, tensor: Tensor, root_layout: numpy.ndarray) -> None:
    storage.root = tensor._array
    storage.key = tensor._key
    storage.replaceable = False
    storage.layout = root_layout


def make_view(tensor: Tensor, name: str, argument: Any) -> Tensor:
    """A view of a tensor by one step, recorded.

    Raises
    ------
    ValueError
        If a view is impossible: a reshape of elements that are not contiguous.
    """
    storage = tensor._storage
    if storage is None or storage.layout is None:
        storage = ensure_storage(tensor)
    if storage.version != tensor._version:
        refresh(tensor)
    key = tensor._key
    array = tensor._array
    kernel, result_key = key.table[name]
    result = new_tensor()
    if key.writable:
        result._array = kernel(array) if argument is None else kernel(array, argument)
    else:
        result._array = derive(key.library, array, ((name, argument),), array.shape)
    result._key = result_key
    result._storage = storage
    result._version = storage.version
    result._node = None
    result._view = view = View()
    view.layout = None
    recorded = is_grad_enabled()
    parent = tensor._view
    if parent is None:
        base: Tensor = tensor
        view.steps = ((name, argument),)
        view.depth = 0
        view.may_overlap = name in OVERLAPPING
    else:
        view.steps = (*parent.steps, (name, argument))
        view.may_overlap = parent.may_overlap or name in OVERLAPPING
        found = base_of(tensor)
        if found is None:
            base = tensor
            view.depth = len(parent.steps)
        else:
            base = found
            view.depth = parent.depth
            recorded = recorded and parent.recorded
    view.base = base
    view.recorded = recorded
    view.seen = base._node
    if recorded and tensor._node is not None:
        _record_step(tensor, result, name, argument)
    return result


def base_of(tensor: Tensor) -> Any:
    """The base of a view, or None.

    If the base became a view in place, it is the tensor that took its role; a base with new memory counts no more.
    """
    view = None if tensor._storage is None else tensor._view
    if view is None or view.base is None:
        return None
    base = view.base
    if base._view is not None and base._view.base is not None:
        base = view.base = base._view.base
    if base._storage is not tensor._storage or view.steps[: view.depth] != _steps(base):
        view.base = None
        return None
    return base


def _steps(tensor: Tensor) -> tuple[Step, ...]:
    return () if tensor._view is None else tensor._view.steps


def become_view(operation: str, tensor: Tensor, name: str, argument: Any) -> Tensor:
    """Replace a tensor in place by its view by one step, and return it; tensors that share its memory stay.

    Raises
    ------
    RuntimeError
        For a leaf that requires a gradient, and for a result of recorded operations while nothing is recorded.
    """
    array_of(tensor)
    if type(tensor._node) is Leaf or (tensor._node is not None and not is_grad_enabled()):
        raise RuntimeError(
            f"{operation}: a tensor that requires grad can't change its shape in place, unless it is a result of "
            f"recorded operations and they are being recorded; use {operation.removesuffix('_')}"
        )
    view = None if tensor._storage is None else tensor._view
    source = tensor
    if view is None or view.base is None:
        # Views of the tensor follow this one from now on: see `base_of`.
        source = wrap(tensor._array, tensor._key, tensor._node)
        source._storage = ensure_storage(tensor)
        source._array = tensor._array
        source._version, source._view = tensor._version, view
    seen = make_view(source, name, argument)
    for slot in ("_array", "_node", "_storage", "_version", "_view"):
        setattr(tensor, slot, getattr(seen, slot))
    return tensor


def _record_step(source: Tensor, result: Tensor, name: str, argument: Any) -> None:
    operation = OPERATIONS[name]
    parameter = STEPS[name].parameter
    needed = {parameter: argument} if parameter in operation.rule.parameters else {}
    operation.record(source, source._node, result, **needed)


def refresh(tensor: Tensor) -> None:
    """Update a tensor after writes to its storage: its data, and a view's node."""
    storage = tensor._storage
    assert storage is not None
    view = tensor._view
    if storage.layout is None:
        raise RuntimeError(
            f"a tensor of shape {tensor.shape} shares its memory with one that was saved for the backward pass, and "
            f"one of the two has been modified by an inplace operation; write to a copy (x.clone())"
        )
    with _roots:
        version, root = storage.version, storage.root
    if not tensor._key.writable:
        tensor._array = derive(tensor._key.library, root, () if view is None else view.steps, storage.layout.shape)
    base = base_of(tensor)
    if view is not None and base is not None:
        if base._version != version:
            refresh(base)
        if base._node is not view.seen:
            view.seen = base._node
            if view.recorded:
                _replay(tensor, view)
    tensor._version = version


@method("_current")
def array_of(tensor: Tensor) -> Any:
    """The tensor's raw array, after every write so far."""
    storage = tensor._storage
    if storage is not None and storage.version != tensor._version:
        refresh(tensor)
    return tensor._array


def _replay(tensor: Tensor, view: View) -> None:
    """Record a view's steps again on its base's current node, in `no_grad` too."""
    base = base_of(tensor)
    assert base is not None
    current = wrap(layout(base), base._key, base._node)
    if current._node is not None:
        for name, argument in view.steps[view.depth :]:
            following = wrap(STEPS[name].layout(current._array, argument), current._key.table[name][1])
            _record_step(current, following, name, argument)
            current = following
    tensor._node = current._node
    note_written(tensor)


def is_own_view(tensor: Tensor, step: Step, value: Tensor) -> bool:
    """Whether a value is the tensor's own view by a step, so that writing it there changes nothing: ``x[i] += 1``."""
    storage = tensor._storage
    view = None if storage is None or value._storage is not storage else value._view
    if storage is None or view is None or value._version != storage.version:
        return False
    if view.base is None or not view.recorded:
        return False
    own_view = tensor._view
    return view.steps == (*(() if own_view is None else own_view.steps), step)


@method()
def detach(tensor: Tensor) -> Tensor:
    """A tensor that shares the memory and is not recorded."""
    storage = tensor._storage
    if storage is None or storage.layout is None:
        storage = ensure_storage(tensor)
    if storage.version != tensor._version:
        refresh(tensor)
    result = new_tensor()
    result._array = tensor._array
    result._key = tensor._key
    result._node = None
    result._storage = storage
    result._version = storage.version
    result._view = None
    own_view = tensor._view
    if own_view is not None:
        result._view = view = View()
        view.base = None
        view.steps = own_view.steps
        view.depth = len(own_view.steps)
        view.layout = own_view.layout
        view.may_overlap = own_view.may_overlap
        view.recorded = True
        view.seen = None
    return result


def overlapping(tensor: Tensor) -> bool:
    """Whether elements of the tensor share memory."""
    view = None if tensor._storage is None else tensor._view
    return view is not None and view.may_overlap and overlaps(layout(tensor))


def require_writable(operation: str, tensor: Tensor) -> None:
    """Raise the errors of PyTorch for a write that is not allowed, before anything is changed.

    Raises
    ------
    RuntimeError
        For a leaf that requires a gradient, or a view of one, while operations are recorded; and for a view whose
        elements share memory.
    """
    if overlapping(tensor):
        raise RuntimeError(
            f"{operation}: more than one element of the written-to tensor refers to a single memory location, as it "
            f"was expanded to shape {tensor.shape}; write to a copy (x.clone())"
        )
    if not is_grad_enabled():
        return
    base = base_of(tensor)
    if type(tensor._node) is Leaf:
        raise RuntimeError(
            f"{operation}: a leaf Tensor that requires grad is being used in an in-place operation; do it under "
            f"tensorplug.no_grad(), or on a copy (x.clone())"
        )
    if base is not None and type(base._node) is Leaf:
        raise RuntimeError(
            f"{operation}: a view of a leaf Tensor that requires grad is being used in an in-place operation; do it "
            f"under tensorplug.no_grad(), or on a copy (x.clone())"
        )


def write(tensor: Tensor, array: Any) -> None:
    """Write an array of the tensor's shape and dtype into its memory; its node stays, see `rewrite_history`."""
    storage = tensor._storage or tensor._make_storage()
    if not tensor._key.writable:
        if tensor._view is not None:
            _replace_root(tensor, storage, array, tensor._view.steps)
        else:
            array = _divided_as(tensor._array if storage.layout is None else storage.root, tensor._key, array)
            _set_new_root(storage, array)
        tensor._array = array
    else:
        if array is not tensor._array:
            tensor._key.library.backend.write(tensor._array, ..., array)
        storage.version += 1
    tensor._version = storage.version


def write_item(tensor: Tensor, index: Any, array: Any, basic: bool) -> None:
    """Write a raw array at an index of a tensor; its node stays.

    Parameters
    ----------
    basic
        Whether the index is basic: without masks and arrays.
    """
    key = tensor._key
    if key.writable:
        storage = tensor._storage or tensor._make_storage()
        key.library.backend.write(tensor._array, index, array)
        storage.version += 1
        tensor._version = storage.version
    elif not basic:
        write(tensor, key.library.ops.put(array_of(tensor), array, index))
    else:
        storage = ensure_storage(tensor)
        view = tensor._view
        _replace_root(tensor, storage, array, (*(() if view is None else view.steps), ("getitem", index)))
        # Its data is behind now, as that of every other view.
        tensor._array = layout(tensor)


_roots = threading.RLock()
"""Held while the root of an immutable storage is read or replaced, so that no thread's write is lost."""


def _set_new_root(storage: Storage, array: Any) -> None:
    with _roots:
        if storage.layout is not None:
            storage.root = array
            storage.replaceable = False
        storage.version += 1


def _replace_root(tensor: Tensor, storage: Storage, value: Any, steps: tuple[Step, ...]) -> None:
    """Write a value into a view of an immutable storage's root, donating the root if nothing else refers to it."""
    holder = tensor if tensor._view is None else base_of(tensor)
    with _roots:
        if holder is not None and holder._view is None and holder._array is storage.root:
            # It must not keep the old root; its next read takes the new one.
            holder._array = storage.layout
            holder._version = -1
        root, storage.root = storage.root, None
        donate = storage.replaceable and reference_count(root) <= ONE_REFERENCE
        try:
            changed = update(tensor._key.library, root, value, steps, donate)
            storage.root = _divided_as(root, tensor._key, changed)
        except Exception:
            storage.root = root
            raise
        storage.replaceable = True
        storage.version += 1


def _divided_as(before: Any, key: DispatchKey, array: Any) -> Any:
    """The new array of a tensor, on a mesh of devices divided as the one before; in a transform, as it comes."""
    if key.device.mesh is None or key.library.depth:
        return array
    return key.library.ops.redistribute_like(array, before)


def divided_like(tensor: Tensor, key: DispatchKey, array: Any) -> Any:
    """An array of a tensor's shape, on a mesh of devices divided as the tensor."""
    return array if key.device.mesh is None else key.library.ops.redistribute_like(array, array_of(tensor))


def require_recorded_view(operation: str, tensor: Tensor) -> None:
    """Raise RuntimeError for a recorded write through a view that was made under `no_grad`."""
    view = None if tensor._storage is None else tensor._view
    if view is not None and view.base is not None and not view.recorded:
        raise RuntimeError(
            f"{operation}: a view was created in no_grad mode and is being modified inplace with grad mode enabled; "
            f"make the view where gradients are recorded, or write under tensorplug.no_grad()"
        )


@method("_write_history")
def rewrite_history(tensor: Tensor, node: Any) -> None:
    """Set the node of a tensor that was just written, and record the write for the base of a view."""
    view, base = tensor._view, base_of(tensor)
    if view is None or base is None:
        tensor._node = node
        note_written(tensor)
        return
    note_written(base, tensor)
    result = wrap(base._array, base._key)
    steps = view.steps[view.depth :]
    before = base._node
    if before is not None or node is not None:
        put_view_operation.record(base, tensor, before, node, result, steps=steps)
        base._node = result._node
    view.seen = base._node
    tensor._node = node
    if node is None:
        _replay(tensor, view)


@method("_end_history")
def end_history(tensor: Tensor) -> None:
    """Drop the node of a tensor, so that it is a constant."""
    tensor._node = None
    base = base_of(tensor)
    if base is not None and tensor._view is not None:
        tensor._view.seen = base._node


def is_viewable(tensor: Tensor, shape: tuple[int, ...]) -> bool:
    """Whether a view of the tensor can have a shape of as many elements."""
    if tensor._storage is None or tensor._storage.layout is None:
        return True
    if tensor._key.writable and tensor._array.flags.c_contiguous:
        return True
    try:
        STEPS["reshape"].layout(layout(tensor), shape)
    except ValueError:
        return False
    return True


def require_viewable(operation: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Raise PyTorch's error unless a view of the tensor can have that shape."""
    if not is_viewable(tensor, shape):
        raise ShapeError(
            f"{operation}: shape {shape} is not compatible with the strides of a tensor of shape {tensor.shape}, "
            f"whose elements are not in order in memory; use reshape, which copies where it must"
        )
