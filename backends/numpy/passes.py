"""Real elementwise functions as several vectorised passes, where NumPy's own loop is 10 to 40 times slower."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import FEW_ELEMENTS, MANY_ELEMENTS
from ..contract import Kernel
from .ufuncs import copysign

asarray = numpy.asarray


def _is_large(x1: Any, x2: Any, few: int = FEW_ELEMENTS) -> bool:
    """Whether the arrays are large, and of float32 or float64."""
    return (x1.size > few or x2.size > few) and x1.dtype.char in "fd" and x1.size > 0 and x2.size > 0


def _for_large_arrays(passes: Kernel, kernel: Kernel, few: int = FEW_ELEMENTS) -> Kernel:
    """Use `passes` for large arrays and `kernel` for small ones."""
    passes = quiet(passes)
    return lambda x1, x2: passes(x1, x2) if _is_large(x1, x2, few) else kernel(x1, x2)


def pow(kernel: Kernel) -> Kernel:
    """Power: ``abs(x1) ** x2`` with the sign put on for negative bases; exponents 0.5, 1, 2 and 3 by multiplication."""

    @quiet
    def pow(x1: Any, x2: Any) -> Any:
        multiplied = None if x2.ndim or x1.dtype.char not in "fd" else _POWERS.get(float(x2))
        if multiplied is not None:
            return asarray(multiplied(x1))
        if not _is_large(x1, x2):
            return kernel(x1, x2)
        below = x1 < 0.0
        if not below.any():
            return kernel(x1, x2)
        out = kernel(numpy.abs(x1), x2)
        whole = numpy.trunc(x2) == x2
        half = x2 * x2.dtype.type(0.5)
        out[below & numpy.isfinite(x1) & ~whole] = numpy.nan
        return numpy.copysign(out, x1, out=out, where=whole & (numpy.trunc(half) != half))

    return pow


def _pow_half(x: Any) -> Any:
    """``x ** 0.5``: the square root, except that -0.0 gives 0.0 and -inf gives inf."""
    out = asarray(numpy.sqrt(x + x.dtype.type(0)))
    out[x == -numpy.inf] = numpy.inf
    return out


_POWERS: dict[float, Callable[[Any], Any]] = {
    0.5: _pow_half,
    1.0: numpy.array,
    2.0: numpy.square,
    3.0: lambda x: x * x * x,
}


_HUGE = {"f": 2.0**100, "d": 2.0**600}
"""Twice times the least number it is more than 1."""


@quiet
def sign(x: Any) -> Any:
    """Each element times a huge number, between -1 and 1."""
    found = x * _HUGE[x.dtype.char]
    found *= _HUGE[x.dtype.char]
    numpy.clip(found, -1.0, 1.0, found)
    # Makes -0.0 0.0.
    found += 0.0
    return found


def hypot(kernel: Kernel) -> Kernel:
    """Hypotenuse as the absolute value of complex numbers, which NumPy computes with SIMD."""

    def hypot(x1: Any, x2: Any) -> Any:
        points = numpy.empty(numpy.broadcast_shapes(x1.shape, x2.shape), numpy.result_type(x1, numpy.complex64))
        points.real, points.imag = x1, x2
        return numpy.abs(points)

    return _for_large_arrays(hypot, kernel)


def logaddexp(kernel: Kernel) -> Kernel:
    """``max(x1, x2) + log1p(exp(min(x1, x2) - max(x1, x2)))``."""

    def logaddexp(x1: Any, x2: Any) -> Any:
        greater = numpy.maximum(x1, x2)
        added = numpy.minimum(x1, x2)
        added -= greater
        numpy.log1p(numpy.exp(added, added), added)
        added += greater
        infinite = numpy.isinf(greater)
        # The difference of two infinities is NaN.
        numpy.copyto(added, greater, where=infinite)
        return added

    return _for_large_arrays(logaddexp, kernel)


def _quotients(x1: Any, x2: Any, rounded: Callable[..., Any] = numpy.floor) -> Any:
    """``rounded(x1 / x2)`` of float32 numbers in float64; None if a quotient is too large to be exact.

    The product of an integer below 2**24 and a float32 number is exact in float64. No quotient is rounded up to an
    integer, because it differs from one by at least a unit in the last place.
    """
    if x1.dtype.char != "f":
        return None
    quotient = x1 / x2.astype(numpy.float64)
    return rounded(quotient, quotient) if numpy.max(numpy.abs(quotient)) < 1 << 24 else None


def floor_divide(kernel: Kernel) -> Kernel:
    """Floor division of float32 in float64: see `_quotients`."""

    def floor_divide(x1: Any, x2: Any) -> Any:
        floors = _quotients(x1, x2)
        return kernel(x1, x2) if floors is None else floors.astype(x1.dtype)

    return _for_large_arrays(floor_divide, kernel)


def _rest(kernel: Kernel, rounded: Callable[..., Any], signed_as: int, few: int = FEW_ELEMENTS) -> Kernel:
    """``x1 - rounded(x1 / x2) * x2`` of float32 in float64, with the sign of an operand: see `_quotients`."""

    def rest(*operands: Any) -> Any:
        x1, x2 = operands
        found = _quotients(x1, x2, rounded)
        if found is None or not numpy.isfinite(x2).all():
            return kernel(x1, x2)
        found *= x2
        numpy.subtract(x1, found, found)
        return copysign(found.astype(x1.dtype), operands[signed_as])

    return _for_large_arrays(rest, kernel, few)


def remainder(kernel: Kernel) -> Kernel:
    """Remainder of a quotient that is rounded down."""
    return _rest(kernel, numpy.floor, 1)


def fmod(kernel: Kernel) -> Kernel:
    """Remainder of a quotient that is rounded towards zero; NumPy's loop is slow where quotients are great."""
    return _rest(kernel, numpy.trunc, 0, MANY_ELEMENTS)
