"""How far an array is from the one that was expected: absolutely, relatively, and in units in the last place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy

from tensorplug.core.standard.data_types import finfo
from tensorplug.core.types.dtypes import as_dtype


@dataclass(frozen=True)
class Measure:
    """The largest difference between two arrays of one shape and dtype.

    NaN is no different from NaN, an infinity from one of its sign, and 0 from -0. Everything else is infinitely far
    from NaN and from an infinity.

    Attributes
    ----------
    absolute : float
        The largest difference of two elements; of complex numbers, the magnitude of it.
    relative : float
        `absolute`, divided by the largest finite magnitude in the expected array.
    ulps : float
        The largest number of steps from one representable number to the next between two elements; of complex numbers
        in either part. Of integers and booleans, the largest difference.
    index : tuple of int or None
        Where `absolute` is; None where nothing differs.
    expected, actual : number or None
        The elements there.
    signed_zeros : int
        How many zeros have the other sign.
    """

    absolute: float
    relative: float
    ulps: float
    index: tuple[int, ...] | None = None
    expected: Any = None
    actual: Any = None
    signed_zeros: int = 0


def default_tolerance(dtype: numpy.dtype) -> float:
    """eps to the power of 3/4: a quarter of the digits may be lost to rounding; 0 for integers and booleans.

    Rounding errors of n operations grow with the square root of n where they are independent, with n at worst. This
    leaves room for 54 ulp in float32 and some 8,000 in float64, and is less than any wrong formula gives.
    """
    return 0.0 if is_exact(dtype) else float(finfo(as_dtype(dtype)).eps ** 0.75)


def is_exact(dtype: numpy.dtype) -> bool:
    """Whether these are integers or booleans."""
    return as_dtype(dtype).kind in "biu"


def measure(actual: numpy.ndarray, expected: numpy.ndarray) -> Measure:
    """The largest difference between two arrays of one shape and dtype."""
    differences = absolute_differences(actual, expected)
    if not differences.size:
        return Measure(0.0, 0.0, 0.0)
    place = int(numpy.argmax(differences))
    absolute = float(differences.flat[place])
    zeros = _signed_zeros(actual, expected)
    if absolute == 0:
        return Measure(0.0, 0.0, 0.0, signed_zeros=zeros)
    magnitude = largest_magnitude(expected)
    relative = absolute / magnitude if magnitude else numpy.inf
    index = tuple(int(i) for i in numpy.unravel_index(place, expected.shape))
    steps = float(ulps(actual, expected).max())
    return Measure(absolute, relative, steps, index, expected[index].item(), actual[index].item(), zeros)


def largest_magnitude(array: numpy.ndarray) -> float:
    """The largest finite magnitude; 0 where there is none."""
    with numpy.errstate(all="ignore"):
        magnitudes = numpy.abs(_wide(array)).astype(numpy.float64)
    finite = magnitudes[numpy.isfinite(magnitudes)]
    return float(finite.max()) if finite.size else 0.0


def absolute_differences(actual: numpy.ndarray, expected: numpy.ndarray) -> numpy.ndarray:
    """The magnitude of the difference of each two elements, in float64."""
    if as_dtype(expected.dtype).kind in "biu":
        return _distances(_counted(actual), _counted(expected))
    one, other = _wide(actual), _wide(expected)
    if one.dtype.kind == "c":
        parts = [absolute_differences(a, b) for a, b in ((one.real, other.real), (one.imag, other.imag))]
        return numpy.hypot(*parts)
    with numpy.errstate(all="ignore"):
        found = numpy.abs(one - other)
    same = (one == other) | (numpy.isnan(one) & numpy.isnan(other))
    return numpy.where(same, 0.0, numpy.where(numpy.isnan(found), numpy.inf, found))


def ulps(actual: numpy.ndarray, expected: numpy.ndarray) -> numpy.ndarray:
    """The number of steps from one representable number to the next between each two elements, in float64."""
    kind = as_dtype(expected.dtype).kind
    if kind in "biu":
        return absolute_differences(actual, expected)
    if kind == "c":
        return numpy.maximum(ulps(actual.real, expected.real), ulps(actual.imag, expected.imag))
    found = _distances(_ordered(actual), _ordered(expected))
    one, other = _wide(actual), _wide(expected)
    same = (one == other) | (numpy.isnan(one) & numpy.isnan(other))
    between_finite = numpy.isfinite(one) & numpy.isfinite(other)
    return numpy.where(same, 0.0, numpy.where(between_finite, found, numpy.inf))


def _wide(array: numpy.ndarray) -> numpy.ndarray:
    """In a dtype that NumPy computes with and that holds every value."""
    kind = as_dtype(array.dtype).kind
    return array.astype(numpy.complex128 if kind == "c" else numpy.float64)


def _counted(array: numpy.ndarray) -> numpy.ndarray:
    """Integers and booleans as unsigned numbers of the same order."""
    if as_dtype(array.dtype).kind != "i":
        return array.astype(numpy.uint64)
    return array.astype(numpy.int64).view(numpy.uint64) ^ numpy.uint64(1 << 63)


def _ordered(array: numpy.ndarray) -> numpy.ndarray:
    """Floating-point numbers as unsigned numbers of the same order, each next to its neighbours."""
    bits = 8 * array.dtype.itemsize
    raw = numpy.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").astype(numpy.uint64).reshape(array.shape)
    half = numpy.uint64(1 << (bits - 1))
    magnitude = raw & (half - numpy.uint64(1))
    return numpy.where(raw & half, half - magnitude, half + magnitude)


def _distances(one: numpy.ndarray, other: numpy.ndarray) -> numpy.ndarray:
    with numpy.errstate(over="ignore"):
        return numpy.where(one > other, one - other, other - one).astype(numpy.float64)


def _signed_zeros(actual: numpy.ndarray, expected: numpy.ndarray) -> int:
    kind = as_dtype(expected.dtype).kind
    if kind in "biu":
        return 0
    if kind == "c":
        return _signed_zeros(actual.real, expected.real) + _signed_zeros(actual.imag, expected.imag)
    one, other = _wide(actual), _wide(expected)
    zeros = (one == 0) & (other == 0)
    return int(numpy.count_nonzero(zeros & (numpy.signbit(one) != numpy.signbit(other))))
