"""Tensors and the rest of Python: numbers, lists, NumPy arrays, DLPack, printing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from .devices import DEFAULT_BACKEND, as_device, default_device
from .dtypes import as_dtype, get_default_dtype
from .kinds import Kind, kind_for, library_for
from .printing import format_tensor
from .tensor import Tensor, make_leaf, wrap
from .transfer import clone, to_device
from .views import array_of, can_share, detach, share


def host_array(x: Tensor) -> numpy.ndarray:
    """The tensor's values as a NumPy array that is only to be read."""
    array: numpy.ndarray = x._kind.library.backend.to_numpy(array_of(x))
    return array


def item(x: Tensor) -> Any:
    """The one element as a Python number.

    Raises
    ------
    ValueError
        If there is not exactly one element.
    """
    if x.numel() != 1:
        raise ValueError(f"item: a tensor of shape {x.shape} cannot be converted to a Python scalar")
    return host_array(x).item()


def tolist(x: Tensor) -> Any:
    """The elements as nested lists of Python numbers."""
    return host_array(x).tolist()


def numpy_array(x: Tensor) -> numpy.ndarray:
    """The tensor as a NumPy array.

    On backends whose arrays are NumPy's the two share memory: each sees what is written to the other. On all others
    the array is a copy.

    Raises
    ------
    RuntimeError
        If the tensor requires a gradient, which would be lost.
    """
    _require_no_grad("numpy", x)
    array = array_of(x)
    if isinstance(array, numpy.ndarray):
        share(x)
        return array
    return numpy.array(host_array(x))


def _require_no_grad(operation: str, x: Tensor) -> None:
    if x._node is not None or x.requires_grad:
        raise RuntimeError(
            f"{operation}: can't call {operation}() on a Tensor that requires grad; use x.detach().numpy()"
        )


def from_numpy(array: numpy.ndarray, /) -> Tensor:
    """A tensor of a NumPy array, on the default device.

    On the NumPy backend the two share memory: each sees what is written to the other. An array that is read-only or
    whose bytes are swapped is copied, as is every array on the other backends.

    Raises
    ------
    TypeError
        If it is no NumPy array, or of a dtype that tensors don't have.
    ValueError
        If its strides are no whole elements, or lead to one element twice.

    Examples
    --------
    >>> import numpy
    >>> import tensorplug as tp
    >>> a = numpy.zeros(2)
    >>> x = tp.from_numpy(a)
    >>> a += 1
    >>> x
    tensor([1., 1.], dtype=tensorplug.float64)
    """
    if not isinstance(array, numpy.ndarray):
        raise TypeError(f"from_numpy: got {type(array).__name__}, wanted a NumPy array; use tensorplug.tensor")
    if array.dtype.hasobject:
        raise TypeError("from_numpy: an array of objects has no dtype that tensors have; convert it with array.astype")
    kind = kind_for(default_device(), as_dtype(array.dtype.newbyteorder("=")))
    if array.flags.writeable and not can_share(array):
        raise ValueError(
            f"from_numpy: got strides {array.strides}, which are no whole elements or lead to one element twice; "
            f"make a copy first, with array.copy()"
        )
    shared = isinstance(array, kind.library.array_types) and array.flags.writeable and array.dtype.isnative
    if not shared:
        return wrap(kind.library.backend.from_numpy(array, kind.native_device), kind)
    return _sharing(array.view(numpy.ndarray), kind)


_CPU, _CUDA = 1, 2  # DLPack's numbers of device types


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor of any array that speaks DLPack.

    On the NumPy and CuPy backends it shares the memory of an array that may be written. On all other backends, whose
    memory cannot be shared in both directions, it is a copy.

    Parameters
    ----------
    x : object with ``__dlpack__`` and ``__dlpack_device__``
    device : device, optional
        By default the first that fits the array's, as ``"cpu"`` and ``"cuda"`` do elsewhere.
    copy : bool, optional
        True always copies; False never does, and raises where it would have to.

    Raises
    ------
    BufferError
        If `copy` is False and a copy is needed.
    TypeError
        If `x` does not speak DLPack.

    Examples
    --------
    >>> import numpy
    >>> import tensorplug as tp
    >>> tp.from_dlpack(numpy.arange(3))
    tensor([0, 1, 2])
    """
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"from_dlpack: got {type(x).__name__}, which does not speak DLPack; use tensorplug.asarray")
    if type(x) is Tensor:
        return _from_tensor(x, device, copy)
    kind_of_device, number = x.__dlpack_device__()
    found = as_device(device if device is not None else "cpu" if kind_of_device == _CPU else f"cuda:{number}")
    if kind_of_device == _CPU:
        host = numpy.from_dlpack(x)
        kind = kind_for(found, as_dtype(host.dtype))
        if isinstance(host, kind.library.array_types) and host.flags.writeable and copy is not True:
            return _sharing(host.view(numpy.ndarray), kind)
        array = kind.library.backend.from_numpy(host, kind.native_device)
    else:
        library = library_for(found.backend)
        shares = library.writable and copy is not True
        array = library.backend.from_dlpack(x, library.devices[found.local_name], copy=not shares)
        kind = library.kind_of(array)
        if shares:
            return _sharing(array, kind)
    if copy is False:
        raise BufferError(f"from_dlpack: copy=False, but {found} cannot share this array's memory")
    return wrap(array, kind)


def _from_tensor(x: Tensor, device: Any, copy: bool | None) -> Tensor:
    _require_no_grad("__dlpack__", x)
    found = detach(x) if device is None or as_device(device, x.device) is x.device else None
    if found is None and copy is False:
        raise BufferError("from_dlpack: copy=False, but another device needs a copy")
    if found is None:
        return to_device(x, device)
    return clone(found) if copy else found


def _sharing(array: Any, kind: Kind) -> Tensor:
    """A tensor of a foreign array, whose memory stays where it is."""
    tensor = wrap(array, kind)
    share(tensor)
    return tensor


def dlpack(self: Tensor, **keywords: Any) -> Any:
    """A DLPack capsule of the tensor's memory.

    On the NumPy and CuPy backends the consumer shares it. On backends whose arrays cannot be written it sees the
    values of this moment.

    Raises
    ------
    BufferError
        If the tensor requires a gradient, which would be lost.
    """
    if self.requires_grad:
        raise BufferError("__dlpack__: can't export a tensor that requires grad; use x.detach()")
    array = array_of(self)
    if self._kind.writable:
        share(self)
    return array.__dlpack__(**keywords)


def dlpack_device(self: Tensor) -> tuple[int, int]:
    """DLPack's device type and number of the tensor's device."""
    kind, number = array_of(self).__dlpack_device__()
    return int(kind), int(number)


def as_numpy(self: Tensor, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray:
    """What ``numpy.asarray(tensor)`` calls; raises for a tensor that requires a gradient."""
    _require_no_grad("__array__", self)
    host = host_array(self)
    if copy is False and (host.base is None) and not isinstance(self._array, numpy.ndarray):
        raise ValueError("__array__: copy=False, but the data must be copied to the host")
    if dtype is not None and host.dtype != dtype:
        return host.astype(dtype)
    return numpy.array(host) if copy is not False else host


def _number(convert: Callable[[Any], Any], kinds: str) -> Callable[[Tensor], Any]:
    def method(self: Tensor) -> Any:
        if self.numel() != 1:
            raise ValueError(
                f"{convert.__name__}() of a tensor of shape {self.shape} is ambiguous; it takes exactly one element"
            )
        if self.dtype.kind not in kinds:
            raise TypeError(f"{convert.__name__}() of a {self.dtype} tensor")
        return convert(host_array(self).item())

    return method


def index(self: Tensor) -> int:
    """The one integer element, for use as an index."""
    if self.dtype.kind not in "iu" or self.ndim:
        raise TypeError(f"only a 0-d integer tensor can be used as an index, got {self.dtype} of shape {self.shape}")
    return int(host_array(self).item())


def representation(self: Tensor) -> str:
    """The tensor as PyTorch prints it, with the backend where it is another than that of `DEFAULT_BACKEND`."""
    host = host_array(self)
    suffixes = []
    if self.device.backend != DEFAULT_BACKEND:
        suffixes.append(f"backend={self.device.backend!r}")
    if self.device.type != "cpu":
        suffixes.append(f"device={self.device.local_name!r}")
    implied = ("bool", "int64", get_default_dtype().name) if host.size else (get_default_dtype().name,)
    if self.dtype.name not in implied:
        suffixes.append(f"dtype={self.dtype}")
    if self._node is not None:
        name = None if self.is_leaf else self._node.name
        suffixes.append("requires_grad=True" if name is None else f"grad_fn=<{name}>")
    return format_tensor(host, suffixes)


def formatted(self: Tensor, spec: str) -> str:
    """A tensor of one element formats as its number."""
    return format(item(self), spec) if not self.ndim and spec else str(self)


def get_data(self: Tensor) -> Tensor:
    """The tensor without history, sharing its memory, as in PyTorch."""
    return detach(self)


def is_floating_point(self: Tensor) -> bool:
    """Whether the dtype is a real floating-point one."""
    return self.dtype.is_floating_point


def deep_copy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    """A copy of a leaf, its gradient included.

    Raises
    ------
    RuntimeError
        For a result of recorded operations, as in PyTorch.
    """
    if not self.is_leaf:
        raise RuntimeError("only leaf tensors can be deep-copied; use x.detach()")
    result = wrap(self._kind.library.backend.copy(array_of(self)), self._kind)
    memo[id(self)] = result
    if self._node is not None:
        make_leaf(result)
        result._grad = None if self.grad is None else deep_copy(self.grad, memo)
    return result


def shallow_copy(self: Tensor) -> Tensor:
    """A tensor that shares the memory; of a leaf that requires a gradient, a leaf of its own.

    Raises
    ------
    RuntimeError
        For a result of recorded operations.
    """
    if not self.is_leaf:
        raise RuntimeError("only leaf tensors can be copied; use x.clone(), or x.detach() to share the memory")
    result = detach(self)
    if self._node is not None:
        make_leaf(result)
    return result


def reduced(self: Tensor) -> tuple[Any, ...]:
    """What pickle keeps of a leaf: its values, where it was, and whether it requires a gradient.

    Raises
    ------
    RuntimeError
        For a result of recorded operations.
    """
    if not self.is_leaf:
        raise RuntimeError("only leaf tensors can be pickled; use x.detach()")
    return _restored, (numpy.array(host_array(self)), str(self.device), self._node is not None)


def _restored(array: numpy.ndarray, device: str, requires_grad: bool) -> Tensor:
    kind = kind_for(as_device(device), as_dtype(array.dtype))
    result = wrap(kind.library.backend.from_numpy(array, kind.native_device), kind)
    if requires_grad:
        make_leaf(result)
    return result


METHODS = {
    "item": item,
    "tolist": tolist,
    "numpy": numpy_array,
    "is_floating_point": is_floating_point,
    "__array__": as_numpy,
    "__dlpack__": dlpack,
    "__dlpack_device__": dlpack_device,
    "__bool__": _number(bool, "biufc"),
    "__int__": _number(int, "biuf"),
    "__float__": _number(float, "biuf"),
    "__complex__": _number(complex, "biufc"),
    "__index__": index,
    "__repr__": representation,
    "__format__": formatted,
    "__copy__": shallow_copy,
    "__deepcopy__": deep_copy,
    "__reduce__": reduced,
}
"""Methods of Tensor."""

PROPERTIES = {"data": property(get_data)}
"""Properties of Tensor."""
