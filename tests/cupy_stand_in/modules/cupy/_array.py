"""Arrays of the stand-in: an array of NumPy, the number of a device, and what CuPy allows and refuses."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from . import cuda

HOST = (bool, int, float, complex, numpy.generic)
"""Scalars that CuPy's functions take beside arrays."""


class ndarray:
    """An array on a device. It is not an array of NumPy, converts to none by itself, and refuses those of NumPy."""

    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: numpy.ndarray, base: ndarray | None = None, device: int | None = None) -> None:
        if not host.flags.writeable:
            # NumPy hands out some views to be read only, and warns of others.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                host.flags.writeable = True
        self.host = host
        self.base = base
        self.device_id = cuda.current() if device is None else device
        if base is None:
            cuda.allocated[self.device_id] += host.nbytes

    def __del__(self) -> None:
        if getattr(self, "base", self) is None:
            cuda.allocated[self.device_id] -= self.host.nbytes

    def _view(self, host: numpy.ndarray) -> ndarray:
        return ndarray(host, self if self.base is None else self.base, self.device_id)

    # What one may know of an array without waiting for the device.

    dtype = property(lambda self: self.host.dtype)
    shape = property(lambda self: self.host.shape)
    strides = property(lambda self: self.host.strides)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)
    nbytes = property(lambda self: self.host.nbytes)
    itemsize = property(lambda self: self.host.itemsize)
    flags = property(lambda self: self.host.flags)
    device = property(lambda self: cuda.Device(self.device_id))

    def __len__(self) -> int:
        return len(self.host)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        import cupy

        return cupy

    # What waits for the device.

    def get(self, *arguments: Any, **keywords: Any) -> numpy.ndarray:
        cuda.wait("get")
        return self.host.copy()

    def item(self, *index: Any) -> Any:
        cuda.wait("item")
        return self.host.item(*index)

    def tolist(self) -> Any:
        cuda.wait("tolist")
        return self.host.tolist()

    def __bool__(self) -> bool:
        cuda.wait("bool")
        return bool(self.host)

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        return operator.index(self.item())

    def __repr__(self) -> str:
        cuda.wait("repr")
        return repr(self.host)

    def __iter__(self) -> Iterator[ndarray]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: Any = None) -> numpy.ndarray:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array "
            "explicitly."
        )

    # Views.

    T = property(lambda self: self._view(self.host.T))
    mT = property(lambda self: self._view(self.host.mT))

    @property
    def real(self) -> ndarray:
        return self._view(self.host.real) if self.dtype.kind == "c" else self

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> ndarray:
        if self.dtype.kind == "c":
            return self._view(self.host.imag)
        return ndarray(numpy.zeros_like(self.host), None, self.device_id)

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":
            raise TypeError("cannot set imag of a real array")
        self.imag[...] = value

    def view(self, dtype: Any = None) -> ndarray:
        return self._view(self.host.view() if dtype is None else self.host.view(dtype))

    # Copies.

    def copy(self, order: str = "C") -> ndarray:
        return ndarray(self.host.copy(order))

    def astype(
        self, dtype: Any, order: str = "K", casting: Any = None, subok: Any = None, copy: bool = True
    ) -> ndarray:
        if not copy and numpy.dtype(dtype) == self.dtype:
            return self
        with numpy.errstate(all="ignore"):
            return ndarray(self.host.astype(dtype, order))

    def __copy__(self) -> ndarray:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> ndarray:
        return self.copy()

    # DLPack, as memory of a GPU.

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        if dl_device is not None and dl_device[0] == 1:
            cuda.wait("dlpack")
            return self.host.copy().__dlpack__(max_version=max_version)
        if copy:
            raise BufferError("copy=True only supported for copy to CPU.")
        return self.host.__dlpack__(max_version=max_version)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.device_id

    # Indices.

    def __getitem__(self, index: Any) -> ndarray:
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(part, ndarray | numpy.ndarray | list) for part in parts):
            return ndarray(numpy.asarray(self.host[host_index(self.shape, parts)]))
        # With an ellipsis NumPy gives a view, not a scalar.
        return self._view(self.host[parts if Ellipsis in parts else (*parts, ...)])

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, numpy.ndarray):
            if value.shape:
                raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
            value = value[()]
        with numpy.errstate(all="ignore"):
            value = unwrap(value)
            if isinstance(value, numpy.ndarray):
                value = value.astype(self.dtype, copy=False)
            self.host[host_index(self.shape, index)] = value

    def __getattr__(self, name: str) -> Any:
        """Methods that CuPy has as functions, too."""
        import cupy

        if name.startswith("_") or name not in METHODS:
            raise AttributeError(f"'ndarray' object has no attribute {name!r}")
        function = getattr(cupy, name)
        return lambda *arguments, **keywords: function(self, *arguments, **keywords)

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> ndarray:
        import cupy

        return cupy.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> ndarray:
        return self._view(self.host.transpose(*axes))

    def fill(self, value: Any) -> None:
        self[...] = value


METHODS = frozenset(
    "all any argmax argmin argsort clip conj cumprod cumsum diagonal dot flatten max mean min nonzero prod ravel "
    "repeat round sort squeeze std sum swapaxes take trace var".split()
)


def unwrap(value: Any) -> Any:
    """NumPy's array or the scalar behind an operand, which must lie on the current device."""
    if isinstance(value, ndarray):
        if value.device_id != cuda.current():
            raise ValueError(
                f"Array device must be same as the current device: array device = {value.device_id} while current = "
                f"{cuda.current()}"
            )
        return value.host
    if isinstance(value, numpy.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    return value


def host_index(shape: tuple[int, ...], index: Any) -> Any:
    """NumPy's index, in which positions beyond an axis wrap around, as CuPy reads no values to refuse them."""
    parts = list(index) if isinstance(index, tuple) else [index]
    parts = [ndarray(numpy.asarray(part)) if isinstance(part, list | numpy.ndarray) else part for part in parts]
    masks = [part for part in parts if isinstance(part, ndarray) and part.dtype.kind == "b"]
    if len(masks) > 1:
        raise NotImplementedError("CuPy takes one boolean array in an index")
    if masks:
        cuda.wait("mask")
    axis, found = 0, []
    for part in parts:
        if part is Ellipsis:
            axis = len(shape) - sum(map(_axes, parts[len(found) + 1 :]))
        is_array = isinstance(part, ndarray)
        found.append(_wrapped(unwrap(part), shape[axis : axis + 1]) if is_array else part)
        axis += _axes(part)
    return tuple(found)


def _axes(part: Any) -> int:
    """How many axes a part of an index takes."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, ndarray) and part.dtype.kind == "b" else 1


def _wrapped(index: numpy.ndarray, length: tuple[int, ...]) -> numpy.ndarray:
    if index.dtype.kind not in "biu":
        raise IndexError(f"arrays used as indices must be of integer or boolean type. (actual: {index.dtype})")
    return index.astype(numpy.int64) % length[0] if index.dtype.kind != "b" and length and length[0] else index


def _binary(name: str, reverse: bool = False, in_place: bool = False) -> Callable[[Any, Any], Any]:
    def method(self: ndarray, other: Any) -> Any:
        import cupy

        if not isinstance(other, (ndarray, numpy.ndarray, *HOST)):
            return NotImplemented
        ufunc = getattr(cupy, name)
        if in_place:
            return ufunc(self, other, out=self)
        return ufunc(other, self) if reverse else ufunc(self, other)

    return method


def _unary(name: str) -> Callable[[Any], Any]:
    def method(self: ndarray) -> Any:
        import cupy

        return getattr(cupy, name)(self)

    return method


OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "lshift": "left_shift",
    "rshift": "right_shift",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "matmul": "matmul",
}
COMPARISONS = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
UNARY = {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}

for _operator, _name in OPERATORS.items():
    setattr(ndarray, f"__{_operator}__", _binary(_name))
    setattr(ndarray, f"__r{_operator}__", _binary(_name, reverse=True))
    setattr(ndarray, f"__i{_operator}__", _binary(_name, in_place=True))
for _operator, _name in COMPARISONS.items():
    setattr(ndarray, f"__{_operator}__", _binary(_name))
for _operator, _name in UNARY.items():
    setattr(ndarray, f"__{_operator}__", _unary(_name))
