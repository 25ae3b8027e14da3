"""The largest absolute, relative and ulp (units in the last place) difference between two arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy

from tensorplug.core.standard.data_types import finfo
from tensorplug.core.types.dtypes import as_dtype


@dataclass(frozen=True)
class Measure:
    """The largest difference between two arrays of one shape and dtype.

    The difference is 0 between two NaNs, two infinities of one sign, and 0 and -0. It is infinite between NaN or an
    infinity and anything else.

    Attributes
    ----------
    absolute : float
        The largest magnitude of the difference of two elements.
    relative : float
        `absolute`, divided by the largest finite magnitude in the expected array.
    ulps : float
        The largest difference in ulp: the number of representable numbers from one element to the other; for complex
        numbers the larger of both parts, for integers and booleans the largest difference.
    index : tuple of int or None
        The index of the elements with the `absolute` difference; None if nothing differs.
    expected, actual : number or None
        The elements at `index`.
    signed_zeros : int
        Number of zeros whose signs differ.
    """

    absolute: float
    relative: float
    ulps: float
    index: tuple[int, ...] | None = None
    expected: Any = None
    actual: Any = None
    signed_zeros: int = 0


def default_tolerance(dtype: numpy.dtype) -> float:
    """The default relative tolerance: eps to the power of 3/4, or 0 for integers and booleans.

    A quarter of the digits may be lost to rounding: 54 ulp in float32, some 8,000 ulp in float64. The rounding errors
    of n operations grow with the square root of n if they are independent, and with n at worst.
    """
    return 0.0 if is_exact(dtype) else float(finfo(as_dtype(dtype)).eps ** 0.75)


def is_exact(dtype: numpy.dtype) -> bool:
    """Whether a dtype is an integer or boolean one, whose values must be equal."""
    return as_dtype(dtype).kind in "biu"


def measure(actual: numpy.ndarray, expected: numpy.ndarray) -> Measure:
    """The largest difference between two arrays of one shape and dtype."""
    differences = absolute_differences(actual, expected)
    if not differences.size:
        return Measure(0.0, 0.0, 0.0)
    position = int(numpy.argmax(differences))
    absolute = float(differences.flat[position])
    zeros = _signed_zeros(actual, expected)
    if absolute == 0:
        return Measure(0.0, 0.0, 0.0, signed_zeros=zeros)
    magnitude = largest_magnitude(expected)
    relative = absolute / magnitude if magnitude else numpy.inf
    index = tuple(int(i) for i in numpy.unravel_index(position, expected.shape))
    steps = float(ulps(actual, expected).max())
    return Measure(absolute, relative, steps, index, expected[index].item(), actual[index].item(), zeros)


def largest_magnitude(array: numpy.ndarray) -> float:
    """The largest finite magnitude in an array; 0 if there is none."""
    with numpy.errstate(all="ignore"):
        magnitudes = numpy.abs(_widened(array)).astype(numpy.float64)
    finite = magnitudes[numpy.isfinite(magnitudes)]
    return float(finite.max()) if finite.size else 0.0


def absolute_differences(actual: numpy.ndarray, expected: numpy.ndarray) -> numpy.ndarray:
    """The elementwise magnitude of the difference of two arrays, in float64."""
    if as_dtype(expected.dtype).kind in "biu":
        return _unsigned_differences(_integer_order(actual), _integer_order(expected))
    one, other = _widened(actual), _widened(expected)
    if one.dtype.kind == "c":
        parts = [absolute_differences(a, b) for a, b in ((one.real, other.real), (one.imag, other.imag))]
        return numpy.hypot(*parts)
    with numpy.errstate(all="ignore"):
        found = numpy.abs(one - other)
    same = (one == other) | (numpy.isnan(one) & numpy.isnan(other))
    return numpy.where(same, 0.0, numpy.where(numpy.isnan(found), numpy.inf, found))


def ulps(actual: numpy.ndarray, expected: numpy.ndarray) -> numpy.ndarray:
    """The elementwise difference of two arrays in ulp, in float64."""
    kind = as_dtype(expected.dtype).kind
    if kind in "biu":
        return absolute_differences(actual, expected)
    if kind == "c":
        return numpy.maximum(ulps(actual.real, expected.real), ulps(actual.imag, expected.imag))
    found = _unsigned_differences(_float_order(actual), _float_order(expected))
    one, other = _widened(actual), _widened(expected)
    same = (one == other) | (numpy.isnan(one) & numpy.isnan(other))
    between_finite = numpy.isfinite(one) & numpy.isfinite(other)
    return numpy.where(same, 0.0, numpy.where(between_finite, found, numpy.inf))


def _widened(array: numpy.ndarray) -> numpy.ndarray:
    """Convert to float64 or complex128, which hold every value of a narrower dtype."""
    kind = as_dtype(array.dtype).kind
    return array.astype(numpy.complex128 if kind == "c" else numpy.float64)


def _integer_order(array: numpy.ndarray) -> numpy.ndarray:
    """Map integers and booleans to uint64, keeping their order."""
    if as_dtype(array.dtype).kind != "i":
        return array.astype(numpy.uint64)
    return array.astype(numpy.int64).view(numpy.uint64) ^ numpy.uint64(1 << 63)


def _float_order(array: numpy.ndarray) -> numpy.ndarray:
    """Map floating-point numbers to consecutive uint64 numbers, keeping their order."""
    bits = 8 * array.dtype.itemsize
    raw = numpy.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").astype(numpy.uint64).reshape(array.shape)
    half = numpy.uint64(1 << (bits - 1))
    magnitude = raw & (half - numpy.uint64(1))
    return numpy.where(raw & half, half - magnitude, half + magnitude)


def _unsigned_differences(one: numpy.ndarray, other: numpy.ndarray) -> numpy.ndarray:
    with numpy.errstate(over="ignore"):
        return numpy.where(one > other, one - other, other - one).astype(numpy.float64)


def _signed_zeros(actual: numpy.ndarray, expected: numpy.ndarray) -> int:
    kind = as_dtype(expected.dtype).kind
    if kind in "biu":
        return 0
    if kind == "c":
        return _signed_zeros(actual.real, expected.real) + _signed_zeros(actual.imag, expected.imag)
    one, other = _widened(actual), _widened(expected)
    zeros = (one == 0) & (other == 0)
    return int(numpy.count_nonzero(zeros & (numpy.signbit(one) != numpy.signbit(other))))
