"""Division and shifts with the standard's special values, made of functions that all libraries agree in.

Each takes a namespace and arrays of one real dtype.
"""

from __future__ import annotations

from typing import Any


def floor_divide(xp: Any, x1: Any, x2: Any, quotient: Any) -> Any:
    """Floor division of floats: the library's `quotient`, corrected for zeros, infinities and signs of zero."""
    ordinary = xp.logical_and(xp.logical_and(xp.isfinite(x1), xp.isfinite(x2)), x2 != 0)
    exact = x1 / x2
    signed = xp.where(quotient == 0, xp.copysign(xp.zeros_like(exact), exact), quotient)
    return xp.where(ordinary, signed, exact)


def remainder(xp: Any, x1: Any, x2: Any, rest: Any) -> Any:
    """Remainder of floats with the sign of the divisor: the library's `rest`, corrected for zeros and infinities."""
    rest = xp.where(rest == 0, xp.copysign(xp.zeros_like(rest), x2), rest)
    same = xp.signbit(x1) == xp.signbit(x2)
    towards = xp.where(x1 == 0, xp.copysign(xp.zeros_like(rest), x2), xp.where(same, x1, x2))
    return xp.where(xp.logical_and(xp.isfinite(x1), xp.isinf(x2)), towards, rest)


def left_shift(xp: Any, x1: Any, x2: Any) -> Any:
    """Left shift, which is 0 for a distance that is negative or at least the width of the dtype."""
    held = _in_width(xp, x2)
    return xp.where(held, xp.bitwise_left_shift(x1, xp.where(held, x2, xp.zeros_like(x2))), xp.zeros_like(x1))


def right_shift(xp: Any, x1: Any, x2: Any) -> Any:
    """Right shift; for a distance that is negative or at least the width, 0 or, for negative numbers, -1."""
    held = _in_width(xp, x2)
    shifted = xp.bitwise_right_shift(x1, xp.where(held, x2, xp.full_like(x2, xp.iinfo(x2.dtype).bits - 1)))
    return shifted if xp.isdtype(x1.dtype, "signed integer") else xp.where(held, shifted, xp.zeros_like(x1))


def _in_width(xp: Any, distance: Any) -> Any:
    return xp.logical_and(distance >= 0, distance < xp.iinfo(distance.dtype).bits)
