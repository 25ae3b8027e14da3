"""Structural operations: cast, to_device, clone, reshape, broadcast_to, and reads and writes by a checked index."""

from __future__ import annotations

from typing import Any

from ...autograd.modes import is_grad_enabled
from ..dispatch.keys import DispatchKey, key_for
from ..dispatch.levels import at_one_level, depth_of, open_levels, together
from ..dispatch.operation import given_shape, operation
from ..dispatch.registry import public
from ..types.axes import broadcasts, infer_shape, normalize_shape, require_size
from ..types.devices import as_device
from ..types.dtypes import DType, as_dtype
from ..types.errors import ShapeError, unsupported
from .tensor import Tensor, require_tensors, wrap
from .views import array_of, is_viewable, make_view, require_viewable

__all__ = ["broadcast_to", "clone", "reshape"]


@operation(shares=True)
def _to_device(x: Any, *, back: Any) -> Any:
    """Copy to another device."""


@operation()
def _clone(x: Any) -> Any:
    """A copy."""


@operation(shares=True)
def _cast(x: Any, *, dtype: str, source: str) -> Any:
    """Conversion to another dtype."""


@operation(shares=True, shape=given_shape)
def _broadcast_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    """Broadcast to a shape."""


@operation(shares=True, shape=given_shape)
def _reshape(x: Any, *, shape: tuple[int, ...]) -> Any:
    """Reshape in C order."""


@operation()
def _index(x: Any, *, index: Any) -> Any:
    """Elements at an index, as ``x[index]``, without checks."""


@operation()
def put(x: Any, value: Any, *, index: Any) -> Any:
    """A copy with a value written at an index, without checks."""


@operation()
def embed(x: Any, *, shape: tuple[int, ...], index: Any) -> Any:
    """Zeros of a shape with `x` written at a basic index, the gradient of a slice."""


@operation()
def scatter_zeros(x: Any, *, shape: tuple[int, ...], index: Any) -> Any:
    """Zeros of a shape with `x` added at an index, the gradient of indexing by integers."""


def transfer(array: Any, source: DispatchKey, target: DispatchKey) -> Any:
    """Copy a raw array to another device: by DLPack between libraries on one accelerator, else through the host.

    Between libraries on the CPU the way through the host copies once, as DLPack would.
    """
    if source.library.depth:
        batches: Any = target.library
        return batches.receive(array, source, target, transfer)
    if source.device.type == target.device.type != "cpu" and source.device.mesh is None:
        try:
            return target.library.backend.from_dlpack(array, target.native_device, copy=True)
        except (BufferError, RuntimeError, NotImplementedError):
            pass
    host = source.library.backend.to_numpy(array)
    return target.library.backend.from_numpy(host, target.native_device)


def carried(array: Any, key: DispatchKey, x: Tensor, back: Any) -> Tensor:
    """The tensor of an array that another library made of a tensor's, as a recorded operation.

    Parameters
    ----------
    back
        ``back(g)`` carries a gradient to the library of `x`, ``back.again(t)`` a tangent to that of the result.
    """
    found: Tensor = _to_device.finish(array, key, (x,), back=back)
    return found


class _Back:
    """The transfer of a gradient back to the source device, for raw arrays and for tensors."""

    __slots__ = ("source", "target")

    def __init__(self, source: DispatchKey, target: DispatchKey) -> None:
        self.source = source
        self.target = target

    def __call__(self, g: Any) -> Any:
        return to_device(g, self.source.device) if isinstance(g, Tensor) else transfer(g, self.target, self.source)

    def again(self, t: Any) -> Any:
        """The transfer of a tangent to the target device."""
        return to_device(t, self.target.device) if isinstance(t, Tensor) else transfer(t, self.source, self.target)


@public("to_device", "to_device")
def to_device(x: Tensor, device: Any, *, stream: Any = None) -> Tensor:
    """Copy a tensor to another device, of the same or another backend; differentiable.

    Parameters
    ----------
    x : Tensor
    device : device
        See `tensorplug.device`; short names are searched on the tensor's own backend first.
    stream : optional
        Accepted for the standard's sake; transfers are complete when the function returns.

    Returns
    -------
    Tensor
        A copy; `x` itself if it is on that device.

    Raises
    ------
    ValueError
        If there is no such device.
    TypeError
        If its backend lacks the dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2).to_device("numpy:cpu").device
    device('numpy:cpu')
    """
    own = x._key.device
    target = own if device is own else as_device(device, own)
    if target is own:
        return x
    key = key_for(target, x.dtype)
    if key.library.depth != x._key.library.depth:
        return to_device(*at_one_level(x, target))
    array = transfer(array_of(x), x._key, key)
    return _to_device.finish(array, key, (x,), back=_Back(x._key, key))


@public("clone", "clone")
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """Copy a tensor; differentiable. PyTorch's `memory_format` has no effect.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.clone(tp.tensor([1, 2]))
    tensor([1, 2])
    """
    require_tensors("clone", input)
    return _clone.finish(input._key.library.backend.copy(array_of(input)), input._key, (input,))


def cast(x: Tensor, dtype: DType) -> Tensor:
    """Convert to another dtype, recorded; a tensor of that dtype is returned itself."""
    key = x._key
    if key.dtype is dtype:
        return x
    wanted = key.with_dtype(dtype)  # Raises for a dtype that the backend lacks.
    return _cast.finish(key.library.ops.cast(array_of(x), dtype.name), wanted, (x,), source=key.dtype.name)


@public("cast")
def convert(x: Tensor, dtype: Any) -> Tensor:
    """Convert to a dtype given by any name, as PyTorch's ``to``: complex numbers may lose their imaginary part."""
    return cast(x, as_dtype(dtype))


def move_and_convert(x: Tensor, dtype: Any = None, device: Any = None) -> Tensor:
    """Move to a device and convert to a dtype, each unless None."""
    there = x if device is None else to_device(x, device)
    return there if dtype is None else convert(there, dtype)


@public("reshape")
def reshape(input: Tensor, shape: Any, *, copy: bool | None = None) -> Tensor:
    """Reshape a tensor, its elements in C order.

    Parameters
    ----------
    input : Tensor
    shape : int or tuple of int
        One length may be -1, which is inferred.
    copy : bool, optional
        True always copies, False never does; by default a view where the strides allow one.

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
    if not isinstance(input, Tensor):
        raise unsupported("reshape", input)
    lengths = infer_shape("reshape", normalize_shape("reshape", shape), input._array.shape)
    if copy is False:
        require_viewable("reshape", input, lengths)
    if not copy and is_viewable(input, lengths):
        return make_view(input, "reshape", lengths)
    copied = _reshape(input, shape=lengths)
    # The library may have returned a view of the old memory.
    if copy and input._key.writable and copied._key.library.backend.is_view(copied._array):
        copied._array = copied._key.library.backend.copy(copied._array)
    return copied


@public("broadcast_to", "broadcast_to")
def broadcast_to(input: Tensor, shape: Any) -> Tensor:
    """Broadcast a tensor to a shape: a view whose elements share memory.

    Parameters
    ----------
    input : Tensor
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
    if not isinstance(input, Tensor):
        raise unsupported("broadcast_to", input)
    lengths = normalize_shape("broadcast_to", shape)
    if lengths == input.shape:
        return input
    require_size("broadcast_to", lengths)
    if not broadcasts(input.shape, lengths):
        raise ShapeError(f"broadcast_to: shape {input.shape} cannot be broadcast to {lengths}")
    return make_view(input, "broadcast_to", lengths)


def saved_index(items: tuple[Any, ...], *operands: Tensor) -> tuple[Any, ...]:
    """The index for a node to save, with copies of arrays that could be written before a backward pass."""
    key = operands[0]._key
    if not key.writable or not is_grad_enabled() or all(operand._node is None for operand in operands):
        return items
    copy, types = key.library.backend.copy, key.library.array_types
    # The host's arrays and those of examples are never written.
    return tuple(copy(item) if isinstance(item, types) and not depth_of(item) else item for item in items)


@public("index")
def index(x: Tensor, index: Any) -> Tensor:
    """Elements at an index, as ``x[index]``, without checks."""
    if open_levels():
        (x,) = together(x, beside=index)
    kernel, key = x._key.table["index"]
    out = wrap(kernel(array_of(x), index), key)
    if x._node is not None and is_grad_enabled():
        _index.record(x, x._node, out, index=index)
    return out
