"""Tensors and the rest of Python: numbers, lists, NumPy arrays, DLPack, printing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from .devices import default_device
from .dtypes import as_dtype, get_default_dtype
from .kinds import kind_for
from .printing import format_tensor
from .tensor import Tensor, make_leaf, wrap
from .views import array_of, detach, share


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
    kind = kind_for(default_device(), as_dtype(array.dtype.newbyteorder("=")))
    shared = isinstance(array, kind.library.array_types) and array.flags.writeable and array.dtype.isnative
    if not shared:
        return wrap(kind.library.backend.from_numpy(array, kind.native_device), kind)
    tensor = wrap(array.view(numpy.ndarray), kind)
    share(tensor)
    return tensor


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
    """The tensor as PyTorch prints it, with the backend where it is not NumPy."""
    host = host_array(self)
    suffixes = []
    if self.device.backend != "numpy":
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


METHODS = {
    "item": item,
    "tolist": tolist,
    "numpy": numpy_array,
    "is_floating_point": is_floating_point,
    "__array__": as_numpy,
    "__bool__": _number(bool, "biufc"),
    "__int__": _number(int, "biuf"),
    "__float__": _number(float, "biuf"),
    "__complex__": _number(complex, "biufc"),
    "__index__": index,
    "__repr__": representation,
    "__format__": formatted,
    "__deepcopy__": deep_copy,
}
"""Methods of Tensor."""

PROPERTIES = {"data": property(get_data)}
"""Properties of Tensor."""
