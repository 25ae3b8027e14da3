"""Faults of what comes in and goes out: creation, NumPy's arrays, DLPack, saved files."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends.numpy.plugin import NumPy

from .fault import Fault, kernel, method


class _Copying(numpy.ndarray):
    """Arrays whose memory is not shared through DLPack."""

    def __dlpack__(self, **options: Any) -> Any:
        return numpy.array(self).__dlpack__(**{**options, "copy": None})


class _OwnMemory(type):
    def __instancecheck__(cls, array: Any) -> bool:
        base = array
        while isinstance(base, numpy.ndarray) and base.base is not None:
            base = base.base
        return isinstance(base, numpy.ndarray)


class _NotByDLPack(metaclass=_OwnMemory):
    """NumPy's arrays but those whose memory came by DLPack, so that these are copied."""


def _taken(change: Any) -> type[NumPy]:
    """The plugin that takes ``change(array)`` of NumPy's arrays."""
    return method("from_numpy", lambda self, array, device: change(array))


def _given(change: Any) -> type[NumPy]:
    """The plugin that gives ``change(array)`` as NumPy's arrays."""
    return method("to_numpy", lambda self, array: change(array))


def _native(array: Any) -> Any:
    """The bytes of an array as if they were in this machine's order."""
    return numpy.array(array.view(array.dtype.newbyteorder("=")), order="C")


def _without_half(self: NumPy) -> Any:
    """float16 is float32 under another name."""
    return {**NumPy.dtypes(self), "float16": numpy.dtype("float32")}


def _of_dtype(name: str, change: Any) -> Any:
    return lambda array: change(array) if array.dtype.name == name else array


class _WrittenInPlace(NumPy):
    """A backend that says of its arrays that they cannot be written, and writes them."""

    writable = False

    def put(self, array: Any, index: Any, value: Any) -> Any:
        array[index] = value
        return array

    def kernels(self) -> Any:
        return {**super().kernels(), "fill": self._fill}

    def _fill(self, array: Any, value: Any) -> Any:
        array[...] = value
        return array


IN = ("host transfer", "dlpack", "asarray", "tensor")

FAULTS = (
    Fault(
        "from_numpy_shares_memory",
        IN,
        "a tensor made of an array follows what is written to it",
        _taken(lambda array: numpy.asarray(array, array.dtype.newbyteorder("="))),
    ),
    Fault("from_numpy_ignores_the_order_of_bytes", IN, "swapped bytes are not swapped back", _taken(_native)),
    Fault(
        "from_numpy_reads_in_the_order_of_memory",
        IN,
        "transposed arrays are read in the order of memory",
        _taken(lambda array: numpy.array(array.ravel("K").reshape(array.shape), array.dtype.newbyteorder("="))),
    ),
    Fault(
        "from_numpy_of_uint64",
        IN,
        "uint64 loses its last digits",
        _taken(
            lambda array: numpy.array(
                _of_dtype("uint64", lambda x: x.astype("float64").clip(0, 2.0**63).astype("uint64"))(array),
                array.dtype.newbyteorder("="),
            )
        ),
    ),
    Fault(
        "to_numpy_narrows_float64",
        ("host transfer", "saving"),
        "float64 is given as float32",
        _given(_of_dtype("float64", lambda x: x.astype("float32"))),
    ),
    Fault(
        "to_numpy_widens_int16",
        ("host transfer", "saving"),
        "int16 is given as int32",
        _given(_of_dtype("int16", lambda x: x.astype("int32"))),
    ),
    Fault(
        "to_numpy_of_bool",
        ("host transfer", "saving"),
        "booleans are given as uint8",
        _given(_of_dtype("bool", lambda x: x.view("uint8"))),
    ),
    Fault(
        "to_numpy_drops_axes",
        ("host transfer", "saving"),
        "0-d tensors are given with one axis",
        _given(lambda array: array.reshape(-1) if not array.ndim else array),
    ),
    Fault(
        "to_numpy_conjugates",
        ("host transfer", "saving"),
        "complex numbers are conjugated",
        _given(lambda array: array.conj() if array.dtype.kind == "c" else array),
    ),
    Fault(
        "arrays_handed_out_are_written",
        "host transfer",
        "what NumPy got of a backend without writes changes when the tensor is written",
        _WrittenInPlace,
    ),
    Fault(
        "dlpack_copies_what_comes_in",
        ("dlpack", "host transfer"),
        "the memory of other libraries' arrays is not shared",
        method("array_types", lambda self: (_NotByDLPack,)),
    ),
    Fault(
        "dlpack_copies_what_goes_out",
        "dlpack",
        "other libraries do not see what is written afterwards",
        _taken(lambda array: NumPy().from_numpy(array, None).view(_Copying)),
    ),
    Fault(
        "float16_is_float32",
        ("dtypes", "host transfer"),
        "float16 is float32 under another name",
        method("dtypes", _without_half),
    ),
    Fault(
        "ones_of_integers",
        "ones",
        "ones of integers are -1",
        kernel(
            "ones",
            lambda sound: (
                lambda shape, *, dtype, device: (
                    sound(shape, dtype=dtype, device=device) * (-1 if numpy.dtype(dtype).kind == "i" else 1)
                )
            ),
        ),
    ),
    Fault(
        "zeros_are_negative",
        "zeros",
        "zeros are -0",
        kernel(
            "zeros",
            lambda sound: (
                lambda shape, *, dtype, **p: (
                    numpy.negative(sound(shape, dtype=dtype))
                    if numpy.dtype(dtype).kind == "f"
                    else sound(shape, dtype=dtype)
                )
            ),
        ),
    ),
    Fault(
        "zeros_ignore_the_dtype",
        "zeros",
        "zeros of float32 are float64",
        kernel(
            "zeros",
            lambda sound: lambda shape, *, dtype, **p: sound(shape, dtype="float64" if dtype == "float32" else dtype),
        ),
    ),
    Fault(
        "eye_is_turned",
        "eye",
        "the diagonal is counted downwards",
        kernel("eye", lambda sound: lambda rows, columns, *, k, **p: sound(rows, columns, k=-k, **p)),
    ),
    Fault(
        "empty_drops_an_axis",
        "empty",
        "an empty tensor is flat",
        kernel("empty", lambda sound: lambda shape, **p: sound(shape, **p).reshape(-1)),
    ),
)
