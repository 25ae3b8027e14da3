"""bfloat16 through DLPack for NumPy, which cannot name it there.

The numbers go as 16-bit integers, and the capsule is made to say which they are.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy

_UNSIGNED, _BFLOAT = 1, 4
"""DLPack's codes of dtypes."""

_POINTER = ctypes.sizeof(ctypes.c_void_p)

# A DLTensor begins with a pointer, a device of two 32-bit integers, and the number of axes; then comes the dtype.
_DTYPE_IN_TENSOR = _POINTER + 12
_DTYPE_AT = {b"dltensor": _DTYPE_IN_TENSOR, b"dltensor_versioned": 16 + 2 * _POINTER + _DTYPE_IN_TENSOR}
"""Where the dtype stands in what a capsule points to, by the capsule's name."""

_name, _pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
_name.restype, _name.argtypes = ctypes.c_char_p, (ctypes.py_object,)
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)


class _Dtype(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


def _recoded(capsule: Any, source: int, target: int) -> Any:
    """A capsule of 16-bit numbers that says that they are of another kind."""
    name = _name(capsule)
    dtype = _Dtype.from_address(_pointer(capsule, name) + _DTYPE_AT[name])
    if (dtype.code, dtype.bits, dtype.lanes) != (source, 16, 1):
        raise BufferError(f"this array is not of the dtype wanted, but of code {dtype.code} and {dtype.bits} bits")
    dtype.code = target
    return capsule


def export(array: numpy.ndarray, **options: Any) -> Any:
    """The capsule of a NumPy array; `options` are those of ``__dlpack__``."""
    if array.dtype.name != "bfloat16":
        return array.__dlpack__(**options)
    return _recoded(array.view(numpy.uint16).__dlpack__(**options), _UNSIGNED, _BFLOAT)


class _AsIntegers:
    """An array of bfloat16 that says that it is of integers."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.__dlpack_device__ = array.__dlpack_device__

    def __dlpack__(self, **options: Any) -> Any:
        return _recoded(self._array.__dlpack__(**options), _BFLOAT, _UNSIGNED)


def take_bfloat16(array: Any) -> numpy.ndarray:
    """Another library's array of bfloat16, as a NumPy array that shares its memory.

    Raises
    ------
    BufferError, RuntimeError
        If it is of another dtype, or not in the memory of the CPU.
    ImportError
        If ml_dtypes, by which NumPy has bfloat16, is not installed.
    """
    from ml_dtypes import bfloat16

    if isinstance(array, numpy.ndarray) and array.dtype == bfloat16:
        return array
    return numpy.from_dlpack(_AsIntegers(array)).view(bfloat16)
