"""Compare a result with the expected one, and describe the difference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy

from tensorplug import Tensor
from tensorplug.core.memory.views import array_of

from .arrays import (
    HOST_DTYPES,
    Array,
    rounded,
    source,
    to_host,
)
from .bounds import HUGE, Bound
from .example import Mismatch


def require_agreement(
    actual: Any, expected: Any, bound: Bound, magnitude: float | Array, path: str = "", same_dtype: bool = False
) -> None:
    """Raise `Mismatch` unless a leaf of a result agrees with the expected one.

    Parameters
    ----------
    actual
        A tensor or another value.
    expected
        The reference's array or another value.
    bound, magnitude
        The allowed distance: see `Bound.distance`.
    path
        The path of the leaf in the result.
    same_dtype
        Whether the reference was computed in the example's dtypes, so that the dtypes must be equal.
    """
    where = f"{path}: " if path else ""
    if not isinstance(expected, numpy.ndarray):
        if type(actual) is not type(expected) or actual != expected:
            raise Mismatch(f"{where}another value", repr(expected), repr(actual))
        return
    if not isinstance(actual, Tensor):
        raise Mismatch(f"{where}got {type(actual).__name__}, wanted a tensor", source(expected), repr(actual))
    found = require_sound(actual, where)
    if found.shape != expected.shape:
        raise Mismatch(f"{where}shape {found.shape}, wanted {expected.shape}", source(expected), source(found))
    dtype = actual.dtype.name
    if expected.dtype.kind != found.dtype.kind:
        raise Mismatch(f"{where}dtype {dtype}, wanted a {expected.dtype.name} or narrower", expected.dtype.name, dtype)
    if same_dtype and expected.dtype != found.dtype:
        raise Mismatch(f"{where}dtype {dtype}, wanted {expected.dtype.name}", expected.dtype.name, dtype)
    wrong = differing(found, expected, dtype, bound, magnitude)
    if wrong.any():
        raise Mismatch(f"{where}{_described(found, expected, wrong)}", source(rounded(expected, dtype)), source(found))


def require_sound(tensor: Tensor, where: str = "") -> Array:
    """A tensor's values on the host; raise `Mismatch` unless its array has the tensor's dtype, shape and device."""
    library, dtype, array = tensor._key.library, tensor.dtype.name, array_of(tensor)
    if not isinstance(array, library.array_types):
        raise Mismatch(f"{where}the backend gave no array of its own", library.array_types, type(array))
    found = to_host(tensor)
    raw = library.backend.dtype_name(array)
    if raw != dtype:
        raise Mismatch(f"{where}the backend's array is {raw}, wanted {dtype}", dtype, raw)
    if found.dtype.name != HOST_DTYPES.get(dtype, dtype):
        raise Mismatch(f"{where}the array on the host is {found.dtype.name}, wanted {dtype}", dtype, found.dtype.name)
    if found.shape != tensor.shape:
        raise Mismatch(f"{where}shape {found.shape} on the host, and {tensor.shape} on the device")
    device = library.backend.device_name(array)
    if device != tensor.device.local_name:
        raise Mismatch(f"{where}the array is on {device}, wanted {tensor.device}", str(tensor.device), device)
    return found


def differing(found: Array, expected: Array, dtype: str, bound: Bound, magnitude: float | Array = 0.0) -> Array:
    """A mask of the elements that differ from the expected ones."""
    if found.dtype.kind not in "fc":
        return numpy.asarray(found != expected.astype(found.dtype))
    if found.dtype.kind == "c":
        # Beside NaN, the sign of a zero is undefined (docs/special-values.md).
        parts = replace(bound, signed_zeros=bound.signed_zeros and not numpy.isnan(expected).any())
        real = _differs(found.real, expected.real, dtype, parts, magnitude)
        by_parts = real | _differs(found.imag, expected.imag, dtype, parts, magnitude)
        finite = numpy.isfinite(found) & numpy.isfinite(expected)
        whole = _differs(numpy.where(finite, found, 0), numpy.where(finite, expected, 0), dtype, bound, magnitude)
        if bound.signed_parts:
            whole |= _other_zeros(found.real, expected.real) | _other_zeros(found.imag, expected.imag)
        return numpy.where(finite, whole, by_parts)
    return _differs(found, expected, dtype, bound, magnitude)


def _other_zeros(found: Array, expected: Array) -> Array:
    """A mask of the zeros with the wrong sign."""
    return (found == 0) & (expected == 0) & (numpy.signbit(found) != numpy.signbit(expected))


def _differs(found: Array, expected: Array, dtype: str, bound: Bound, magnitude: float | Array) -> Array:
    allowed = bound.distance(expected, dtype, magnitude)
    with numpy.errstate(all="ignore"):
        near = numpy.abs(found - expected) <= allowed
        # Numbers out of the dtype's range are infinite; those at its end may be.
        overflowing = numpy.abs(expected) + allowed > HUGE[dtype]
        narrow = rounded(expected, dtype)
        same = near | (found == narrow) | (numpy.isnan(found) & numpy.isnan(expected))
        same |= overflowing & numpy.isinf(found) & (numpy.sign(found) == numpy.sign(expected))
        # An unexpected infinity is not within any bound.
        same &= ~(numpy.isinf(found) & numpy.isfinite(expected) & ~overflowing)
    if bound.signed_zeros and found.dtype.kind == "f":
        same &= ~_other_zeros(found, expected)
    return numpy.asarray(~same)


def _described(found: Array, expected: Array, wrong: Array) -> str:
    count = int(numpy.count_nonzero(wrong))
    place = tuple(int(i) for i in numpy.argwhere(wrong)[0])
    at = f" at {list(place)}" if place else ""
    more = f" ({count} of {wrong.size} elements differ)" if wrong.size > 1 else ""
    return f"{found[place]!s}{at}, wanted {expected[place]!s}{more}"
