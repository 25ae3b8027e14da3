"""Conversion of floats to integers, for which libraries and processors have different answers where none is exact.

Fractions are cut off. Integers of 8 and 16 bits are the low bits of those of 32. An int32 or int64 that can't hold the
number, or NaN, is the least one; a uint32 or uint64 wraps negative numbers that the signed one holds, and is 0 for
those that are too large, else the bits of that least one. It is what PyTorch does on x86, where that does not depend on
the place of the element.
"""

from __future__ import annotations

from typing import Any

import numpy

from .quiet import Quiet, quietly


def to_integers(xp: Any, x: Any, name: str, astype: Any) -> Any:
    """Real floats in the integer dtype of that name, out of conversions of numbers that the dtype holds.

    Parameters
    ----------
    astype
        ``astype(x, name)`` is the library's own conversion.
    """
    bits = max(numpy.dtype(name).itemsize * 8, 32)
    half = 2.0 ** (bits - 1)
    if x.dtype.itemsize == 2:
        x = astype(x, "float32")
    if name in ("uint32", "uint64"):
        high = x >= half
        low = astype(_within(xp, xp.where(high, x - half, x), half), f"int{bits}")
        return xp.where(
            high, xp.bitwise_xor(astype(low, name), xp.full_like(low, 2 ** (bits - 1), dtype=name)), astype(low, name)
        )
    return astype(astype(_within(xp, x, half), f"int{bits}"), name)


def _within(xp: Any, x: Any, half: float) -> Any:
    """The numbers that a signed integer holds, and the least one for all others."""
    return xp.where(xp.logical_and(x >= -half, x < half), x, xp.full_like(x, -half))


def convert(x: numpy.ndarray, dtype: Any) -> numpy.ndarray:
    """A NumPy array in another dtype, as every backend converts it."""
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
