"""DLPack exchange of NumPy arrays of bfloat16, which NumPy itself refuses.

The array is exported as uint16, and the dtype code in the capsule is changed.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy

_UNSIGNED, _BFLOAT = 1, 4
"""DLPack's dtype codes."""

_POINTER = ctypes.sizeof(ctypes.c_void_p)

# A DLTensor begins with a pointer, a device of two 32-bit integers, and the number of axes; then comes the dtype.
_DTYPE_IN_TENSOR = _POINTER + 12
_DTYPE_AT = {b"dltensor": _DTYPE_IN_TENSOR, b"dltensor_versioned": 16 + 2 * _POINTER + _DTYPE_IN_TENSOR}
"""The offset of the dtype in the struct of a capsule, by the capsule's name."""

_name, _pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
_name.restype, _name.argtypes = ctypes.c_char_p, (ctypes.py_object,)
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)


class _Dtype(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


def _set_dtype_code(capsule: Any, source: int, target: int) -> Any:
    """Change the dtype code of a capsule of 16-bit numbers, and return it."""
    name = _name(capsule)
    dtype = _Dtype.from_address(_pointer(capsule, name) + _DTYPE_AT[name])
    if (dtype.code, dtype.bits, dtype.lanes) != (source, 16, 1):
        raise BufferError(
            f"this array is not of the dtype wanted: its DLPack dtype has code {dtype.code} and {dtype.bits} bits"
        )
    dtype.code = target
    return capsule


def export(array: numpy.ndarray, **options: Any) -> Any:
    """The DLPack capsule of a NumPy array; `options` are those of ``__dlpack__``."""
    if array.dtype.name != "bfloat16":
        return array.__dlpack__(**options)
    return _set_dtype_code(array.view(numpy.uint16).__dlpack__(**options), _UNSIGNED, _BFLOAT)


class Exported:
    """A NumPy array that exports itself through DLPack in every dtype, bfloat16 included."""

    def __init__(self, array: numpy.ndarray) -> None:
        self._array = array
        self.__dlpack_device__ = array.__dlpack_device__

    def __dlpack__(self, **options: Any) -> Any:
        return export(self._array, **options)


class _AsUint16:
    """An array of bfloat16 that exports itself as uint16."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.__dlpack_device__ = array.__dlpack_device__

    def __dlpack__(self, **options: Any) -> Any:
        return _set_dtype_code(self._array.__dlpack__(**options), _BFLOAT, _UNSIGNED)


def import_bfloat16(array: Any) -> numpy.ndarray:
    """Import another library's array of bfloat16 as a NumPy array that shares its memory.

    Raises
    ------
    BufferError, RuntimeError
        If it is of another dtype, or not in the memory of the CPU.
    ImportError
        If ml_dtypes, which gives NumPy bfloat16, is not installed.
    """
    from ml_dtypes import bfloat16

    if isinstance(array, numpy.ndarray) and array.dtype == bfloat16:
        return array
    return numpy.from_dlpack(_AsUint16(array)).view(bfloat16)
