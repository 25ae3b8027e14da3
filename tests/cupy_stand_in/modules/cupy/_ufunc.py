"""Elementwise functions of the stand-in: CuPy's tables of dtypes, and its statements compiled for the CPU."""

from __future__ import annotations

import ctypes
from typing import Any

import ml_dtypes
import numpy

from ._array import HOST, host_index, ndarray, unwrap
from ._tables import DESCRIPTION, LOOPS

HALVES = {"e": numpy.dtype(numpy.float16), "E": numpy.dtype(ml_dtypes.bfloat16)}
BY_NAME = {"i0": "i0", "sinc": "sinc"} | {f"special.{name}": name for name in "erfinv i0 i0e i1 i1e ndtri".split()}
"""Functions that CUDA has itself, by the name under which NumPy or SciPy has them."""


def _floor_divide(x1: Any, x2: Any) -> Any:
    return numpy.where(x2 == 0, x2, numpy.floor_divide(x1, x2))


INTEGERS = {
    "floor_divide": _floor_divide,
    "fmod": lambda x1, x2: numpy.where(x2 == 0, x2, numpy.fmod(x1, x2)),
    "remainder": lambda x1, x2: x1 - _floor_divide(x1, x2) * x2,
}
"""Division of integers, which is 0 by 0 as CuPy's."""

_WIDE = ("int32", "int64", "uint32", "uint64", "float32", "float64")
ATOMIC = {"add": ("float16", *_WIDE), "maximum": _WIDE, "minimum": _WIDE}
"""The dtypes in which `ufunc.at` works, by the function's name."""


def dtype_of(character: str) -> numpy.dtype:
    return HALVES.get(character) or numpy.dtype(character)


class ufunc:
    """An elementwise function with CuPy's table of dtypes."""

    def __init__(self, name: str) -> None:
        described = DESCRIPTION["ufuncs"][name]
        self._loops = described["loops"]
        self.name = f"cupy_{name}"
        self.__name__ = name.rpartition(".")[2]
        self._key = name
        self.nin, self.nout = described["nin"], described["nout"]
        self.nargs = self.nin + self.nout
        self.types = [f"{loop['in']}->{loop['out']}" for loop in self._loops]

    def __repr__(self) -> str:
        return f"<ufunc '{self.name}'>"

    def __call__(self, *operands: Any, out: Any = None, dtype: Any = None, casting: str = "same_kind") -> Any:
        if not self.nin <= len(operands) <= self.nargs:
            raise TypeError(f"{self.name}: got {len(operands)} operands, wanted {self.nin}")
        outs = operands[self.nin :] or (out if isinstance(out, tuple) else () if out is None else (out,))
        inputs = [_checked(operand) for operand in operands[: self.nin]]
        given = _dtypes(inputs)
        loop = self._loop(given, dtype)
        typed = [numpy.asarray(value, kind) for value, kind in zip(inputs, given, strict=True)]
        shape = numpy.broadcast_shapes(*(array.shape for array in typed))
        arrays = [numpy.broadcast_to(array, shape) for array in typed]
        results = self._run(loop, arrays)
        if not outs:
            wrapped = tuple(ndarray(result) for result in results)
            return wrapped[0] if self.nout == 1 else wrapped
        for target, result in zip(outs, results, strict=True):
            self._write(target, result, casting)
        return outs[0] if self.nout == 1 else outs

    def _loop(self, given: list[numpy.dtype], dtype: Any) -> dict[str, Any]:
        for loop in self._loops:
            if dtype is not None:
                if dtype_of(loop["out"][0]) == numpy.dtype(dtype):
                    return loop
            elif all(numpy.can_cast(kind, dtype_of(wanted)) for kind, wanted in zip(given, loop["in"], strict=True)):
                return loop
        raise TypeError(f"Wrong type ({given}) of arguments for {self.name}")

    def _run(self, loop: dict[str, Any], arrays: Any) -> list[numpy.ndarray]:
        wanted = [dtype_of(character) for character in loop["out"]]
        computed = loop
        if set(loop["in"] + loop["out"]) & HALVES.keys():
            computed = self._in_float(loop)
        with numpy.errstate(all="ignore"):
            casted = [
                numpy.ascontiguousarray(array, dtype_of(character)).reshape(array.shape)
                for array, character in zip(arrays, computed["in"], strict=True)
            ]
            results = self._compute(computed, casted, arrays[0].shape)
            return [result.astype(kind, copy=False) for result, kind in zip(results, wanted, strict=True)]

    def _in_float(self, loop: dict[str, Any]) -> dict[str, Any]:
        """The loop of float that half types are computed by."""
        widened = [loop[side].replace("e", "f").replace("E", "f") for side in ("in", "out")]
        return next(one for one in self._loops if [one["in"], one["out"]] == widened)

    def _compute(self, loop: dict[str, Any], arrays: list[numpy.ndarray], shape: Any) -> list[numpy.ndarray]:
        if loop["symbol"] is None:
            return [numpy.asarray(self._library()(*arrays), dtype_of(loop["out"][0])).reshape(shape)]
        results = [numpy.empty(shape, dtype_of(character)) for character in loop["out"]]
        pointers = [ctypes.c_void_p(array.__array_interface__["data"][0]) for array in (*arrays, *results)]
        # As an attribute, which is kept: an item makes a cycle of objects at each look.
        getattr(LOOPS, loop["symbol"])(ctypes.c_long(results[0].size), *pointers)
        return results

    def _library(self) -> Any:
        """What computes where CUDA has a function itself, or the CPU an instruction that traps."""
        if self._key in INTEGERS:
            return INTEGERS[self._key]
        if self._key not in BY_NAME:
            raise RuntimeError(f"CUDA's compiler refuses the statement of {self.name} for these dtypes")
        if not self._key.startswith("special."):
            return getattr(numpy, BY_NAME[self._key])
        import scipy.special

        return getattr(scipy.special, BY_NAME[self._key])

    def _write(self, target: ndarray, result: numpy.ndarray, casting: str) -> None:
        if not numpy.can_cast(result.dtype, target.dtype, casting):  # type: ignore[arg-type]
            raise TypeError(f"output (typecode {result.dtype.char!r}) could not be coerced to {target.dtype.char!r}")
        if target.shape != numpy.broadcast_shapes(target.shape, result.shape):
            raise ValueError(f"non-broadcastable output operand with shape {target.shape}, wanted {result.shape}")
        with numpy.errstate(all="ignore"):
            unwrap(target)[...] = result

    def at(self, array: ndarray, index: Any, value: Any) -> None:
        """`array` with `value` added at positions that may repeat, in a dtype that CUDA has atomic functions for."""
        if self.__name__ not in ATOMIC:
            raise NotImplementedError(f"{self.name}.at")
        if array.dtype.name not in ATOMIC[self.__name__]:
            raise TypeError(f"{self.name}.at only supports {', '.join(ATOMIC[self.__name__])} as data type")
        with numpy.errstate(all="ignore"):
            added = numpy.asarray(unwrap(value)).astype(array.dtype)
            getattr(numpy, self.__name__).at(unwrap(array), host_index(array.shape, index), added)


def _checked(operand: Any) -> Any:
    if not isinstance(operand, (ndarray, *HOST)):
        raise TypeError(f"Unsupported type {type(operand)}")
    return unwrap(operand)


def _dtypes(operands: list[Any]) -> list[numpy.dtype]:
    """The dtypes of operands, in which Python's numbers follow the arrays."""
    typed = [operand.dtype for operand in operands if isinstance(operand, numpy.ndarray | numpy.generic)]
    return [
        operand.dtype
        if isinstance(operand, numpy.ndarray | numpy.generic)
        else numpy.result_type(*typed, operand)
        if typed
        else numpy.asarray(operand).dtype
        for operand in operands
    ]
