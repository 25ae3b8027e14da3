"""Complex elementwise functions made of real ones, for libraries whose own are inexact.

They have the special values of the array API standard, and branch cuts that are continuous from the side that a signed
zero selects: values are computed in one quadrant or half-plane, and the signs are copied afterwards (Kahan, "Branch
cuts for complex elementary functions", 1987).

Every function takes a namespace and the real and imaginary parts, and returns both parts of the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Parts = tuple[Any, Any]

Function = Callable[[Any, Any, Any], Parts]


def join_parts(xp: Any, real: Any, imag: Any) -> Any:
    """Complex numbers from real and imaginary parts, exactly.

    ``real + imag * 1j`` loses infinities, NaN and the signs of zeros. A product with `1j` is exact for finite positive
    numbers; conjugation and negation set the signs.
    """
    a, b = abs(real), abs(imag)
    bounded = xp.isfinite(b)
    out = a + xp.where(bounded, b, xp.zeros_like(b)) * 1j
    infinite_or_nan = xp.where(xp.isnan(b), a + complex(0.0, math.nan), a + complex(0.0, math.inf))
    out = xp.where(bounded, out, infinite_or_nan)
    out = xp.where(xp.signbit(imag), xp.conj(out), out)
    return xp.where(xp.signbit(real), -xp.conj(out), out)


def _either(xp: Any, predicate: Callable[[Any], Any], a: Any, b: Any) -> Any:
    return xp.logical_or(predicate(a), predicate(b))


def _spread_nan(xp: Any, real: Any, imag: Any) -> Parts:
    """Both parts NaN where one is."""
    lost = _either(xp, xp.isnan, real, imag)
    return xp.where(lost, real + imag, real), xp.where(lost, real + imag, imag)


def _exponential(xp: Any, a: Any) -> Parts:
    """Two factors of ``exp(a)``, so that a product with a small number does not overflow too early."""
    large = a > math.log(float(xp.finfo(a.dtype).max)) - 1
    return xp.exp(xp.where(large, a / 2, a)), xp.exp(xp.where(large, a / 2, xp.zeros_like(a)))


def _from_polar(xp: Any, factors: Parts, b: Any) -> Parts:
    """The parts of the complex number with angle b, whose modulus is the product of the factors."""
    first, second = factors
    return first * xp.cos(b) * second, first * xp.sin(b) * second


def exp(xp: Any, a: Any, b: Any) -> Parts:
    """The exponential."""
    real, imag = _from_polar(xp, _exponential(xp, a), b)
    real, imag = xp.where(b == 0, xp.exp(a), real), xp.where(b == 0, b, imag)
    infinite_or_nan = xp.logical_not(xp.isfinite(b))
    zero, high = xp.logical_and(a == -math.inf, infinite_or_nan), xp.logical_and(a == math.inf, infinite_or_nan)
    real = xp.where(zero, xp.zeros_like(a), xp.where(high, a, real))
    return real, xp.where(zero, xp.copysign(xp.zeros_like(b), b), imag)


def expm1(xp: Any, a: Any, b: Any) -> Parts:
    """``exp(z) - 1``, without cancellation."""
    real, imag = exp(xp, a, b)
    half = xp.sin(b / 2)
    near = xp.expm1(a) * xp.cos(b) - 2 * half * half
    # Beyond 40 the 1 does not count, and exp(a) may overflow although its product with the cosine does not.
    inside = xp.logical_and(abs(a) < 40, b != 0)
    real = xp.where(inside, near, xp.where(b == 0, xp.expm1(a), real - 1))
    return xp.where(xp.logical_and(a == 0, b == 0), xp.zeros_like(a), real), imag


def _hyperbolic(xp: Any, a: Any, b: Any) -> tuple[Any, Any, Any, Any]:
    """``sinh(a) cos(b), cosh(a) sin(b), cosh(a) cos(b), sinh(a) sin(b)``."""
    sine, cosine = _sinh_cosh(xp, a)
    cos, sin = xp.cos(b), xp.sin(b)
    large = abs(a) > 40
    first, second = _exponential(xp, abs(a))
    high_cos, high_sin = (first * cos * 0.5) * second, (first * sin * 0.5) * second
    sign = xp.copysign(xp.ones_like(a), a)
    return (
        xp.where(large, sign * high_cos, sine * cos),
        xp.where(large, high_sin, cosine * sin),
        xp.where(large, high_cos, cosine * cos),
        xp.where(large, sign * high_sin, sine * sin),
    )


def _sinh_cosh(xp: Any, a: Any) -> Parts:
    """``sinh(a), cosh(a)`` for ``abs(a) <= 40``."""
    grown = xp.expm1(xp.where(abs(a) > 40, xp.zeros_like(a), abs(a)))
    sine = (grown + grown / (grown + 1)) / 2
    cosine = 1 + grown * grown / (2 * (grown + 1))
    return xp.copysign(sine, a), cosine


def sinh(xp: Any, a: Any, b: Any) -> Parts:
    """The hyperbolic sine."""
    real, imag, _, _ = _hyperbolic(xp, a, b)
    infinite_or_nan = xp.logical_not(xp.isfinite(b))
    # All libraries return the positive one where the sign of an infinity is unspecified.
    real = xp.where(infinite_or_nan, xp.where(a == 0, a, xp.where(xp.isinf(a), abs(a), real)), real)
    return real, xp.where(b == 0, b, imag)


def cosh(xp: Any, a: Any, b: Any) -> Parts:
    """The hyperbolic cosine."""
    _, _, real, imag = _hyperbolic(xp, a, b)
    zero = xp.copysign(xp.zeros_like(a), a) * xp.copysign(xp.ones_like(b), b)
    infinite_or_nan = xp.logical_not(xp.isfinite(b))
    real = xp.where(xp.logical_and(xp.isinf(a), infinite_or_nan), abs(a), real)
    return real, xp.where(xp.logical_or(xp.logical_and(a == 0, infinite_or_nan), b == 0), zero, imag)


def tanh(xp: Any, a: Any, b: Any) -> Parts:
    """The hyperbolic tangent."""
    tangent = xp.tan(b)
    # Beyond 22 the real part is 1, and the imaginary one the sine of the double angle over exp(2 |a|) / 4.
    large = abs(a) > 22
    sine, cosine = _sinh_cosh(xp, xp.where(large, xp.ones_like(a), a))
    beta = 1 + tangent * tangent
    below = 1 + beta * sine * sine
    real, imag = beta * cosine * sine / below, tangent / below
    # Near the poles of the tangent it is too large for its square; then both are divided by it.
    steep = abs(tangent) > 1e6
    real = xp.where(steep, cosine / sine, real)
    imag = xp.where(steep, 1 / (tangent * sine * sine), imag)
    high = 4 * xp.sin(b) * xp.cos(b) * xp.exp(-2 * xp.where(large, abs(a), xp.ones_like(a)))
    one, zero = xp.copysign(xp.ones_like(a), a), xp.copysign(xp.zeros_like(b), b)
    real, imag = _spread_nan(xp, xp.where(large, one, real), xp.where(large, high, imag))
    real = xp.where(b == 0, xp.tanh(a), xp.where(a == 0, a, xp.where(xp.isinf(a), one, real)))
    imag = xp.where(b == 0, b, xp.where(a == 0, tangent, xp.where(xp.isinf(a), zero, imag)))
    return real, imag


def log1p(xp: Any, a: Any, b: Any) -> Parts:
    """``log(1 + z)``, without cancellation."""
    bounded = xp.logical_and(abs(a) < 4, abs(b) < 4)
    x, y = xp.where(bounded, a, xp.zeros_like(a)), xp.where(bounded, b, xp.zeros_like(b))
    grown = x * (2 + x) + y * y
    near = xp.logical_and(bounded, grown > -0.28)
    real = xp.where(near, xp.log1p(xp.where(near, grown, xp.zeros_like(a))) / 2, _log_abs(xp, 1 + a, b))
    return real, xp.atan2(b, 1 + a)


def _log_abs(xp: Any, a: Any, b: Any) -> Any:
    """``log(hypot(a, b))``, also where the hypotenuse overflows."""
    high, low = xp.maximum(abs(a), abs(b)), xp.minimum(abs(a), abs(b))
    ratio = low / xp.where(high == 0, xp.ones_like(high), high)
    real = xp.log(high) + xp.log1p(ratio * ratio) / 2
    return xp.where(_either(xp, xp.isinf, a, b), xp.full_like(a, math.inf), real)


def asinh(base: Function) -> Function:
    """Inverse hyperbolic sine, from a library's that is right in the first quadrant."""

    def function(xp: Any, a: Any, b: Any) -> Parts:
        x, y = abs(a), abs(b)
        real, imag = _spread_nan(xp, *base(xp, x, y))
        infinite_or_nan = _either(xp, xp.isinf, a, b)
        real = xp.where(infinite_or_nan, xp.full_like(x, math.inf), real)
        imag = xp.where(infinite_or_nan, xp.atan2(y, x), xp.where(b == 0, y, imag))
        return xp.copysign(real, a), xp.copysign(imag, b)

    return function


def acos(base: Function) -> Function:
    """Inverse cosine, from a library's that is right in the upper half-plane."""

    def function(xp: Any, a: Any, b: Any) -> Parts:
        y = abs(b)
        real, imag = _spread_nan(xp, *base(xp, a, y))
        infinite_or_nan = _either(xp, xp.isinf, a, b)
        real = xp.where(infinite_or_nan, xp.atan2(y, a), real)
        real = xp.where(xp.logical_and(a == 0, xp.isnan(b)), xp.full_like(a, math.pi / 2), real)
        imag = xp.where(infinite_or_nan, xp.full_like(a, -math.inf), imag)
        return real, xp.copysign(imag, -xp.copysign(xp.ones_like(b), b))

    return function


def acosh(base: Function) -> Function:
    """Inverse hyperbolic cosine, from a library's inverse cosine."""
    inverse = acos(base)

    def function(xp: Any, a: Any, b: Any) -> Parts:
        real, imag = inverse(xp, a, b)
        return abs(imag), xp.copysign(real, b)

    return function


def sqrt(base: Function) -> Function:
    """Square root, from a library's that is right in the upper half-plane."""

    def function(xp: Any, a: Any, b: Any) -> Parts:
        y = abs(b)
        real, imag = base(xp, a, y)
        infinite, nothing = xp.full_like(a, math.inf), xp.zeros_like(a)
        left, right = a == -math.inf, a == math.inf
        real = xp.where(left, xp.where(xp.isnan(b), b, nothing), xp.where(right, a, real))
        imag = xp.where(left, infinite, xp.where(right, xp.where(xp.isnan(b), b, nothing), imag))
        real, imag = xp.where(y == math.inf, infinite, real), xp.where(y == math.inf, infinite, imag)
        return real, xp.copysign(imag, b)

    return function


def log(base: Function, unit: float = 1.0) -> Function:
    """Logarithm divided by `unit`, with the modulus from a library's logarithm."""

    def function(xp: Any, a: Any, b: Any) -> Parts:
        real, _ = base(xp, a, b)
        size = xp.hypot(a, b)
        # Inexact in libraries whose log1p is inexact below -0.29.
        real = xp.where(xp.logical_and(size > 0.7, size < 0.9), _log_abs(xp, a, b), real)
        real = xp.where(_either(xp, xp.isinf, a, b), xp.full_like(a, math.inf), real)
        return real / unit, xp.atan2(b, a) / unit

    return function


def atanh(xp: Any, a: Any, b: Any) -> Parts:
    """The inverse hyperbolic tangent."""
    x, y = abs(a), abs(b)
    far = 1 / xp.finfo(a.dtype).eps
    large = xp.logical_or(x > far, y > far)
    one = xp.ones_like(x)
    u, v = xp.where(large, one, x), xp.where(large, one, y)
    pole = xp.logical_and(u == 1, v < float(xp.finfo(a.dtype).eps))
    real = xp.where(
        pole,
        (math.log(2) - xp.log(v)) / 2,
        xp.log1p(4 * u / xp.where(pole, one, (1 - u) * (1 - u) + v * v)) / 4,
    )
    imag = xp.atan2(2 * v, (1 - u) * (1 + u) - v * v) / 2
    most, least = xp.maximum(x, y), xp.minimum(x, y)
    ratio = least / most
    real = xp.where(large, (x / most) / (1 + ratio * ratio) / most, real)
    imag = xp.where(large, xp.full_like(y, math.pi / 2), imag)
    real, imag = _spread_nan(xp, real, imag + y * 0)
    infinite_or_nan = _either(xp, xp.isinf, a, b)
    nowhere = xp.logical_and(xp.isinf(a), xp.isnan(b))
    real = xp.where(xp.logical_or(infinite_or_nan, xp.logical_and(a == 0, xp.isnan(b))), xp.zeros_like(x), real)
    imag = xp.where(infinite_or_nan, xp.where(nowhere, b, xp.full_like(y, math.pi / 2)), imag)
    return xp.copysign(real, a), xp.copysign(imag, b)


def sign(xp: Any, a: Any, b: Any) -> Parts:
    """``z / abs(z)``, and 0 for 0."""
    high = xp.maximum(abs(a), abs(b))
    # Scaled by powers of two: XLA merges two divisions into one, by a product that may overflow.
    most = int(math.log2(float(xp.finfo(a.dtype).max))) // 2
    one = xp.ones_like(high)
    scale = xp.where(high > 2.0**most, one * 2.0**-most, xp.where(high < 2.0**-most, one * 2.0**most, one))
    x, y = a * scale, b * scale
    none = high == 0
    length = xp.where(none, one, xp.hypot(x, y))
    infinite_or_nan = xp.logical_and(xp.logical_not(_either(xp, xp.isnan, a, b)), xp.isinf(high))
    real, imag = _spread_nan(xp, x / length, y / length)
    # A finite part over infinity is 0; infinity over infinity is NaN.
    real = xp.where(infinite_or_nan, xp.where(xp.isfinite(a), a * 0, a - a), real)
    imag = xp.where(infinite_or_nan, xp.where(xp.isfinite(b), b * 0, b - b), imag)
    return xp.where(none, xp.zeros_like(a), real), xp.where(none, xp.zeros_like(b), imag)


def divide(xp: Any, a: Any, b: Any, c: Any, d: Any) -> Parts:
    """Quotient (Smith, "Algorithm 116: Complex division", 1962); both parts are divided by a zero divisor."""
    swapped = abs(c) < abs(d)
    high, low = xp.where(swapped, d, c), xp.where(swapped, c, d)
    nothing = xp.logical_and(c == 0, d == 0)
    ratio = low / xp.where(nothing, xp.ones_like(high), high)
    divisor = high + low * ratio
    real = xp.where(swapped, a * ratio + b, a + b * ratio) / divisor
    imag = xp.where(swapped, b * ratio - a, b - a * ratio) / divisor
    return xp.where(nothing, a / abs(c), real), xp.where(nothing, b / abs(c), imag)


def pow(base: Callable[..., Parts]) -> Callable[..., Parts]:
    """Power, from a library's for finite bases other than zero; ``exp(x2 * log(x1))`` for others.

    The exponent 0 gives 1 for every base.
    """

    def function(xp: Any, a: Any, b: Any, c: Any, d: Any) -> Parts:
        real, imag = base(xp, a, b, c, d)
        size = xp.where(_either(xp, xp.isinf, a, b), xp.full_like(a, math.inf), xp.log(xp.hypot(a, b)))
        angle = xp.atan2(b, a)
        odd_real, odd_imag = exp(xp, c * size - d * angle, d * size + c * angle)
        finite = xp.isfinite(a) & xp.isfinite(b) & xp.isfinite(c) & xp.isfinite(d)
        odd = xp.logical_or(xp.logical_not(finite), xp.logical_and(a == 0, b == 0))
        real, imag = xp.where(odd, odd_real, real), xp.where(odd, odd_imag, imag)
        one = xp.logical_and(c == 0, d == 0)
        return xp.where(one, xp.ones_like(a), real), xp.where(one, xp.zeros_like(b), imag)

    return function


def rotated(function: Function) -> Function:
    """``-1j * function(1j * z)``: the circular function of a hyperbolic one."""

    def turned(xp: Any, a: Any, b: Any) -> Parts:
        real, imag = function(xp, -b, a)
        return imag, -real

    return turned


def cos(xp: Any, a: Any, b: Any) -> Parts:
    """The cosine."""
    return cosh(xp, -b, a)


def sin(xp: Any, a: Any, b: Any) -> Parts:
    """The sine."""
    imag, real = sinh(xp, b, a)
    return real, imag


tan, atan = rotated(tanh), rotated(atanh)
