"""Views and writes: what makes tensors that share memory read the same on every backend.

A view knows the steps that lead to it from its storage's root. On backends whose arrays can be written, the library's
own views hold the data. On the others a write replaces the root, and a view that finds its version behind derives its
data anew. On both, a write through a view enters the history of the view's base, and a view that finds itself behind
replays its steps on the base's present history.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, final

import numpy

from ..autograd.modes import is_grad_enabled
from ..autograd.node import Leaf
from .errors import ShapeError
from .kinds import OPERATIONS
from .tensor import Storage, Tensor, own, wrap

Step = tuple[str, Any]
"""A name in `STEPS` and its argument: an index, a permutation, a shape."""


class StepKind(NamedTuple):
    """One way to view an array.

    Attributes
    ----------
    view
        ``view(ops, array, argument)`` is the view.
    layout
        The same of a NumPy array that has the shape and strides but no memory; raises ValueError where there is no
        such view.
    put
        ``put(ops, array, argument, value)`` is a copy of the array in which the view reads `value`; None where
        elements of the view overlap.
    """

    view: Callable[[Any, Any, Any], Any]
    layout: Callable[[numpy.ndarray, Any], numpy.ndarray]
    put: Callable[[Any, Any, Any, Any], Any] | None


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


STEPS: dict[str, StepKind] = {
    "getitem": StepKind(
        view=lambda ops, array, index: ops.getitem(array, index),
        layout=lambda array, index: array[(*index, ...)] if Ellipsis not in index else array[index],
        put=lambda ops, array, index, value: ops.put(array, value, index),
    ),
    "permute_dims": StepKind(
        view=lambda ops, array, axes: ops.permute_dims(array, axes),
        layout=lambda array, axes: array.transpose(axes),
        put=lambda ops, array, axes, value: ops.permute_dims(value, _inverse(axes)),
    ),
    "reshape": StepKind(
        view=lambda ops, array, shape: ops.reshape(array, shape),
        layout=lambda array, shape: array.reshape(shape, copy=False),
        put=lambda ops, array, shape, value: ops.reshape(value, array.shape),
    ),
    "broadcast_to": StepKind(
        view=lambda ops, array, shape: ops.broadcast_to(array, shape),
        layout=lambda array, shape: numpy.broadcast_to(array, shape),
        put=None,
    ),
}
"""The ways to view: all views are compositions of these, and each is an operation with a gradient."""


@final
class View:
    """How a tensor sees another's memory.

    Attributes
    ----------
    base : Tensor or None
        The tensor whose history a write through the view enters; None for one that was detached.
    steps : tuple of Step
        From the storage's root to the view.
    depth : int
        How many of the steps lead to the base.
    layout : numpy.ndarray or None
        Shape and strides, on backends whose arrays don't have them.
    seen : node, leaf or None
        The base's history when the view's own was last derived from it.
    recorded : bool
        Whether it was made while operations were being recorded.
    """

    __slots__ = ("base", "depth", "layout", "recorded", "seen", "steps")

    base: Tensor | None
    steps: tuple[Step, ...]
    depth: int
    layout: numpy.ndarray | None
    seen: Any
    recorded: bool


@functools.lru_cache(maxsize=1024)
def _contiguous_layout(shape: tuple[int, ...]) -> numpy.ndarray:
    strides, step = [], 1
    for length in reversed(shape):
        strides.append(step)
        step *= max(length, 1)
    return numpy.lib.stride_tricks.as_strided(numpy.empty(1, numpy.uint8), shape, strides[::-1], writeable=False)


def layout(tensor: Tensor) -> numpy.ndarray:
    """An array without memory of its own with the tensor's shape, whose strides count elements."""
    view = None if tensor._storage is None else tensor._view
    if view is None:
        return _contiguous_layout(tensor._array.shape)
    if view.layout is None:
        found = _contiguous_layout(_root_shape(tensor))
        for name, argument in view.steps:
            found = STEPS[name].layout(found, argument)
        view.layout = found
    return view.layout


def _root_shape(tensor: Tensor) -> tuple[int, ...]:
    storage = tensor._storage
    assert storage is not None
    shape: tuple[int, ...] = storage.root.shape
    return shape


def take_view(ops: Any, array: Any, steps: tuple[Step, ...]) -> Any:
    """The view of a raw array that the steps lead to."""
    for name, argument in steps:
        array = STEPS[name].view(ops, array, argument)
    return array


def put_view(ops: Any, array: Any, value: Any, steps: tuple[Step, ...]) -> Any:
    """A copy of a raw array in which the view that the steps lead to reads `value`."""
    if not steps:
        return value
    (name, argument), rest = steps[0], steps[1:]
    put = STEPS[name].put
    assert put is not None
    inner = put_view(ops, STEPS[name].view(ops, array, argument), value, rest) if rest else value
    return put(ops, array, argument, inner)


def ensure_storage(tensor: Tensor) -> Storage:
    """The tensor's storage, with the root that views are derived from."""
    storage = tensor._storage or own(tensor)
    if storage.root is None:
        if tensor._kind.writable and not tensor._array.flags.c_contiguous:
            # Nothing shares it yet, so it can take the layout that it would have on every other backend.
            tensor._array = tensor._kind.library.backend.copy(tensor._array)
        storage.root = tensor._array
    return storage


def make_view(tensor: Tensor, name: str, argument: Any) -> Tensor:
    """The view of a tensor by one step, with its history.

    Raises
    ------
    ValueError
        If there is no such view (a reshape across strides).
    """
    storage = tensor._storage
    if storage is None or storage.root is None:
        storage = ensure_storage(tensor)
    if storage.version != tensor._version:
        refresh(tensor)
    parent = tensor._view
    kind = tensor._kind
    result = Tensor()
    result._array = STEPS[name].view(kind.library.ops, tensor._array, argument)
    result._kind = kind
    result._storage = storage
    result._version = storage.version
    result._view = view = View()
    view.layout = None
    view.recorded = is_grad_enabled()
    if parent is None:
        view.base = tensor
        view.steps = ((name, argument),)
        view.depth = 0
    else:
        view.base = tensor if parent.base is None else parent.base
        view.steps = (*parent.steps, (name, argument))
        view.depth = parent.depth if parent.base is not None else len(parent.steps)
        view.recorded = view.recorded and (parent.recorded or parent.base is None)
    view.seen = view.base._node
    result._node = None
    if tensor._node is not None and view.recorded:
        _record_step(tensor, result, name, argument)
    return result


_ARGUMENTS = {"getitem": "index", "permute_dims": "axes", "reshape": "shape", "broadcast_to": "shape"}
"""What the operation that a step is calls its argument."""


def _record_step(source: Tensor, result: Tensor, name: str, argument: Any) -> None:
    operation = OPERATIONS[name]
    needed = {_ARGUMENTS[name]: argument} if _ARGUMENTS[name] in operation.rule.parameters else {}
    operation.record(source, source._node, result, **needed)


def refresh(tensor: Tensor) -> None:
    """Bring a tensor that is behind its storage's version up to date: its data, and a view's history."""
    storage = tensor._storage
    assert storage is not None
    view = tensor._view
    version = storage.version
    if not tensor._kind.writable:
        steps = () if view is None else view.steps
        tensor._array = take_view(tensor._kind.library.ops, storage.root, steps)
    if view is not None and view.base is not None:
        base = view.base
        if base._storage is storage and base._version != version:
            refresh(base)
        if base._node is not view.seen:
            view.seen = base._node
            if view.recorded:
                _replay(tensor, view)
    tensor._version = version


def array_of(tensor: Tensor) -> Any:
    """The tensor's raw array, up to date."""
    storage = tensor._storage
    if storage is not None and storage.version != tensor._version:
        refresh(tensor)
    return tensor._array


def _replay(tensor: Tensor, view: View) -> None:
    """Derive a view's history anew from its base's, whether or not operations are being recorded."""
    base = view.base
    assert base is not None
    current = wrap(layout(base), base._kind, base._node)
    if current._node is not None:
        for name, argument in view.steps[view.depth :]:
            following = wrap(STEPS[name].layout(current._array, argument), tensor._kind)
            _record_step(current, following, name, argument)
            current = following
    tensor._node = current._node


def detach(tensor: Tensor) -> Tensor:
    """A tensor that shares the memory and has no history."""
    storage = ensure_storage(tensor)
    if storage.version != tensor._version:
        refresh(tensor)
    result = Tensor()
    result._array = tensor._array
    result._kind = tensor._kind
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
        view.recorded = True
        view.seen = None
    return result


def require_writable(operation: str, tensor: Tensor) -> None:
    """Refuse a write that PyTorch would refuse, before anything is changed.

    Raises
    ------
    RuntimeError
        For a leaf that requires a gradient, or a view of one, while operations are recorded; and for a view whose
        elements share memory.
    """
    view = None if tensor._storage is None else tensor._view
    if view is not None and any(name == "broadcast_to" for name, _ in view.steps) and _overlaps(layout(tensor)):
        raise RuntimeError(
            f"{operation}: more than one element of the written-to tensor refers to a single memory location, as it "
            f"was expanded to shape {tensor.shape}; write to a copy (x.clone())"
        )
    if not is_grad_enabled():
        return
    if type(tensor._node) is Leaf:
        raise RuntimeError(
            f"{operation}: a leaf Tensor that requires grad is being used in an in-place operation; do it under "
            f"tensorplug.no_grad(), or on a copy (x.clone())"
        )
    if view is not None and view.base is not None and type(view.base._node) is Leaf:
        raise RuntimeError(
            f"{operation}: a view of a leaf Tensor that requires grad is being used in an in-place operation; do it "
            f"under tensorplug.no_grad(), or on a copy (x.clone())"
        )


def _overlaps(array: numpy.ndarray) -> bool:
    return any(stride == 0 and length > 1 for stride, length in zip(array.strides, array.shape, strict=True))


def write(tensor: Tensor, array: Any) -> None:
    """Give a tensor new data of its own shape and dtype, which every tensor that shares its memory then reads.

    History is not touched: see `rewrite_history`.
    """
    storage = tensor._storage or own(tensor)
    kind = tensor._kind
    if kind.writable:
        if array is not tensor._array:
            tensor._array[...] = array
    else:
        view = tensor._view
        if view is None:
            storage.root = array
        else:
            storage.root = put_view(kind.library.ops, storage.root, array, view.steps)
        tensor._array = array
    storage.version += 1
    tensor._version = storage.version


def write_item(tensor: Tensor, index: Any, array: Any) -> None:
    """Write a raw array into a region of a tensor; history is not touched."""
    storage = tensor._storage or own(tensor)
    kind = tensor._kind
    if kind.writable:
        tensor._array[index] = array
        storage.version += 1
        tensor._version = storage.version
    else:
        write(tensor, kind.library.ops.put(tensor._array, array, index))


def require_recorded_view(operation: str, tensor: Tensor) -> None:
    """Refuse to record a write through a view that was made while nothing was recorded.

    Raises
    ------
    RuntimeError
        If the tensor is such a view.
    """
    view = None if tensor._storage is None else tensor._view
    if view is not None and view.base is not None and not view.recorded:
        raise RuntimeError(
            f"{operation}: a view was created in no_grad mode and is being modified inplace with grad mode enabled; "
            f"make the view where gradients are recorded, or write under tensorplug.no_grad()"
        )


def rewrite_history(tensor: Tensor, node: Any) -> None:
    """Make `node` the history of a tensor that was just written, and of its base where it is a view."""
    view = tensor._view
    if view is None or view.base is None:
        tensor._node = node
        return
    base = view.base
    result = wrap(base._array, base._kind)
    steps = view.steps[view.depth :]
    before = base._node
    if before is not None or node is not None:
        OPERATIONS["put_view"].record(base, tensor, before, node, result, steps=steps)
        base._node = result._node
    base._version = tensor._version
    view.seen = base._node
    tensor._node = node
    if node is None:
        _replay(tensor, view)
    if not base._kind.writable:
        storage = tensor._storage
        assert storage is not None
        base_view = base._view
        base._array = take_view(base._kind.library.ops, storage.root, () if base_view is None else base_view.steps)


def require_viewable(operation: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Raise PyTorch's error unless the tensor's memory can be seen under that shape."""
    try:
        STEPS["reshape"].layout(layout(tensor), shape)
    except ValueError:
        raise ShapeError(
            f"{operation}: shape {shape} is not compatible with the strides of a tensor of shape {tensor.shape}, "
            f"whose elements are not in order in memory; use reshape, which copies where it must"
        ) from None
