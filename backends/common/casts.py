"""Casts of floats to integers that are equal on every library and processor, also for NaN and out-of-range numbers.

Fractions are truncated. NaN and numbers out of range become the least int32 or int64. uint32 and uint64 wrap negative
numbers that the signed type holds; they are 0 for numbers that are too large, and the bits of the least signed integer
for NaN and those too small. Integers of 8 and 16 bits are the low bits of the int32. This is what PyTorch does on x86.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy

from .quiet import Quiet, quietly


@functools.cache
def dtype_name(dtype: numpy.dtype) -> str:
    """The name of a dtype, which NumPy puts together anew at each request."""
    return str(dtype.name)


def to_integers(xp: Any, x: Any, name: str, astype: Any) -> Any:
    """Cast real floats to the integer dtype of that name.

    Parameters
    ----------
    astype
        ``astype(x, name)`` is the library's own cast, which is given numbers in range only.
    """
    bits = max(numpy.dtype(name).itemsize * 8, 32)
    half = 2.0 ** (bits - 1)
    if x.dtype.itemsize == 2:
        x = astype(x, "float32")
    if name in ("uint32", "uint64"):
        high = x >= half
        low = astype(_clamp_to_range(xp, xp.where(high, x - half, x), half), f"int{bits}")
        return xp.where(
            high, xp.bitwise_xor(astype(low, name), xp.full_like(low, 2 ** (bits - 1), dtype=name)), astype(low, name)
        )
    return astype(astype(_clamp_to_range(xp, x, half), f"int{bits}"), name)


def _clamp_to_range(xp: Any, x: Any, half: float) -> Any:
    """`x` where ``-half <= x < half``, else ``-half``."""
    return xp.where(xp.logical_and(x >= -half, x < half), x, xp.full_like(x, -half))


def convert(x: numpy.ndarray, dtype: Any) -> numpy.ndarray:
    """Cast a NumPy array to another dtype, with the results that every backend gives."""
    target = numpy.dtype(dtype)
    if x.dtype.kind == "c" and target.kind not in "cb":
        x = x.real
    if target.kind not in "iu" or x.dtype.kind in "iub" or not x.size:
        return quietly(x.astype, target)
    with Quiet():
        least, greatest = x.min(), x.max()
        signed = f"int{max(8 * target.itemsize, 32)}"
        half = 2.0 ** (8 * numpy.dtype(signed).itemsize - 1)
        if least >= -half and greatest < half:
            return x.astype(signed).astype(target, copy=False)
        return numpy.asarray(to_integers(numpy, x, target.name, lambda array, name: array.astype(name)))
