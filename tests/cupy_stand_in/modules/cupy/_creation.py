"""Arrays out of the host's: the ways that CuPy has."""

from __future__ import annotations

from typing import Any

import numpy

from . import cuda
from ._array import ndarray

__all__ = ["array", "asarray", "ascontiguousarray", "asnumpy", "copy", "from_dlpack", "get_default_memory_pool"]


def array(obj: Any, dtype: Any = None, copy: bool = True, order: str = "K", **keywords: Any) -> ndarray:
    if isinstance(obj, ndarray):
        if not copy and (dtype is None or numpy.dtype(dtype) == obj.dtype):
            return obj
        return ndarray(numpy.array(obj.host, dtype, copy=True, order=order))  # type: ignore[call-overload]
    if isinstance(obj, list | tuple) and any(isinstance(part, ndarray) for part in obj):
        obj = [part.host if isinstance(part, ndarray) else part for part in obj]
    host = numpy.array(obj, dtype, copy=True, order=order)  # type: ignore[call-overload]
    if host.dtype.kind not in "biufcV" or not host.dtype.isnative:
        raise ValueError(f"Unsupported dtype {host.dtype}")
    return ndarray(host)


def asarray(a: Any, dtype: Any = None, order: str | None = None, **keywords: Any) -> ndarray:
    return array(a, dtype, copy=False, order=order or "K")


def ascontiguousarray(a: Any, dtype: Any = None) -> ndarray:
    return array(a, dtype, copy=False, order="C")


def copy(a: ndarray, order: str = "K") -> ndarray:
    return a.copy(order)


def asnumpy(a: Any, *arguments: Any, **keywords: Any) -> numpy.ndarray:
    return a.get() if isinstance(a, ndarray) else numpy.asarray(a)


class _Capsule:
    """What NumPy reads a capsule from."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **keywords: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def from_dlpack(array: Any, *, device: Any = None, copy: bool | None = None) -> ndarray:
    kind, number = array.__dlpack_device__()
    if kind != 2:
        raise BufferError(f"CuPy reads memory of a GPU, and the device's type is {kind}")
    if isinstance(array, ndarray):
        return array._view(array.host)
    return ndarray(numpy.from_dlpack(_Capsule(array.__dlpack__())), device=number)


def get_default_memory_pool() -> cuda.Pool:
    return cuda.Pool()
