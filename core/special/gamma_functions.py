"""The logarithms of the gamma and the beta function, and the derivatives of the former."""

from __future__ import annotations

import math
from typing import Any

from ..dispatch.operation import operation
from ..dispatch.registry import method
from ..families.function import function
from ..memory.tensor import Tensor
from ..memory.writes import cast_for_write, copy_
from ..types.axes import as_integer
from .approximations import BERNOULLI, ELEMENTWISE, call, from_integer, polynomial, special, special_of_two

__all__ = ["betaln", "digamma", "gammaln", "multigammaln", "polygamma"]

STIRLING_LEAST = 8.0
"""From here on Stirling's series converge."""

_STIRLING = [float(b / (2 * k * (2 * k - 1))) for k, b in enumerate(BERNOULLI[:10], 1)][::-1]
_DIGAMMA_SERIES = [float(b / (2 * k)) for k, b in enumerate(BERNOULLI[:11], 1)][::-1]

# Chebyshev fits (by mpmath) in 2 * x - 3, from 1 to 2.
GAMMALN = (
    -3.44138388395326e-11, 1.0811060848639768e-10, -1.6832632347974095e-10, 5.338892309612246e-10,
    -2.0645205106753336e-09, 6.5744295616983814e-09, -2.0587178010528767e-08, 6.613648184278213e-08,
    -2.138781508158277e-07, 6.948877197562772e-07, -2.274243403133106e-06, 7.511379855481206e-06,
    -2.5094329288815257e-05, 8.510090557578434e-05, -0.00029455070147065866, 0.0010498186643114226,
    -0.003913560937627712, 0.01572785026864542, -0.07297994795715304, 0.4831289505409809,
)  # fmt: skip
"""``gammaln(x) / ((x - 1) * (x - 2))``."""

_ZETA_SERIES = [float(b / math.factorial(2 * k)) for k, b in enumerate(BERNOULLI, 1)]

_ROOT = (1.4616321325302124, 1.2438149938918909e-08)
"""The positive root of `digamma`, as a float32 and the rest."""
_DIGAMMA = (
    -8.25512972008104e-11, 2.4765474440031764e-10, -2.889363639216111e-10, 8.668257373761658e-10,
    -3.6788868183645545e-09, 1.10370884388543e-08, -3.166618072027162e-08, 9.500926192924096e-08,
    -2.8628755280038686e-07, 8.591324222417666e-07, -2.578107848270217e-06, 7.741156881253708e-06,
    -2.325823828431376e-05, 6.995020484160625e-05, -0.00021074841215733007, 0.000636888028319074,
    -0.0019350666647832667, 0.005936795278433826, -0.018550615381738605, 0.06013562106019355,
    -0.21181371064073026, 0.951055876031833,
)  # fmt: skip
"""``digamma(x) / (x - root)``."""


def stirling(ops: Any, x: Any) -> Any:
    """What Stirling's formula leaves of `gammaln`."""
    inverse = 1.0 / ops.maximum(x, ops.full_like(x, STIRLING_LEAST))
    return polynomial(inverse * inverse, _STIRLING) * inverse


def _reduced(ops: Any, x: Any) -> Any:
    """Numbers from 1 to `STIRLING_LEAST`, moved by integers into the interval from 1 to 2."""
    return x - ops.floor(x) + 1.0


def _positive_gammaln(ops: Any, x: Any) -> Any:
    near_zero = x < 1.0
    within = ops.minimum(ops.where(near_zero, x + 1.0, x), ops.full_like(x, STIRLING_LEAST))
    reduced = _reduced(ops, within)
    product = ops.where(near_zero, x, ops.ones_like(x))
    factors = ops.ones_like(x)
    for k in range(1, int(STIRLING_LEAST) - 1):
        factors = ops.where(within >= k + 1.0, factors * (within - float(k)), factors)
    near = (reduced - 1.0) * ((reduced - 2.0) * polynomial(reduced * 2.0 - 3.0, GAMMALN))
    great = (x - 0.5) * (ops.log(x) - 1.0) + (stirling(ops, x) + (math.log(2 * math.pi) - 1.0) * 0.5)
    near = near + ops.log(factors) - ops.log(product)
    return ops.where(x < STIRLING_LEAST, near, ops.masked_fill(great, x == math.inf, math.inf))


_GREATEST_ORDER = 10_000
"""Of `polygamma` and `mvlgamma`, which take a step for each."""


@special("lgamma")
def gammaln(ops: Any, x: Any) -> Any:
    """The logarithm of the absolute value of the gamma function.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.gammaln(tp.tensor([0.5, 1.0, 10.0, 0.0]))
    tensor([ 0.5724,  0.0000, 12.8018,     inf])
    """
    size = ops.abs(x)
    found = _positive_gammaln(ops, size)
    # Reflected, with the sine of a reduced angle.
    sine = ops.abs(ops.sin(from_integer(ops, x) * math.pi))
    reflected = ops.masked_fill(math.log(math.pi) - ops.log(sine) - ops.log(size) - found, sine == 0.0, math.inf)
    found = ops.masked_fill(ops.where(x < 0.0, reflected, found), x == 0.0, math.inf)
    return ops.masked_fill(found, x == -math.inf, -math.inf)


def _cotangent(ops: Any, x: Any) -> Any:
    """The cotangent of pi times numbers from -1/2 to 1/2, at the ends of which it is exactly zero."""
    size = ops.abs(x)
    is_great = size > 0.25
    tangent = ops.tan(ops.where(is_great, 0.5 - size, x) * math.pi)
    return ops.where(is_great, ops.copysign(tangent, x), 1.0 / tangent)


@special("digamma")
def digamma(ops: Any, x: Any) -> Any:
    """The derivative of `gammaln`.

    Notes
    -----
    NaN of negative integers, and infinite of zero, by its sign.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.digamma(tp.tensor([0.5, 1.0, 10.0]))
    tensor([-1.9635, -0.5772,  2.2518])
    """
    negative = x < 0.0
    positive = ops.where(negative, 1.0 - x, x)
    near_zero = positive < 1.0
    within = ops.minimum(ops.where(near_zero, positive + 1.0, positive), ops.full_like(x, STIRLING_LEAST))
    reduced = _reduced(ops, within)
    near = (reduced - _ROOT[0] - _ROOT[1]) * polynomial(reduced * 2.0 - 3.0, _DIGAMMA)
    for k in range(1, int(STIRLING_LEAST) - 1):
        near = ops.where(within >= k + 1.0, near + 1.0 / (within - float(k)), near)
    near = ops.where(near_zero, near - 1.0 / positive, near)
    inverse = 1.0 / ops.maximum(positive, ops.full_like(x, STIRLING_LEAST))
    square = inverse * inverse
    great = ops.log(positive) - (inverse * 0.5 + square * polynomial(square, _DIGAMMA_SERIES))
    found = ops.where(positive < STIRLING_LEAST, near, great)
    offset = from_integer(ops, x)
    reflected = found - _cotangent(ops, offset) * math.pi
    return ops.where(negative, ops.masked_fill(reflected, offset == 0.0, math.nan), found)


_TERMS = 10
"""How many terms of the zeta function are added up before the Euler-Maclaurin formula."""


def _power(ops: Any, x: Any, n: int) -> Any:
    return math.prod([x] * n) if n <= 4 else ops.pow(x, ops.full_like(x, float(n)))


def _zeta(ops: Any, s: int, q: Any) -> Any:
    """The Hurwitz zeta function of an integer above 1 and positive numbers."""
    terms = [_power(ops, 1.0 / (q + float(k)), s) for k in range(_TERMS)]
    inverse = 1.0 / (q + float(_TERMS))
    factor, coefficients = float(s), []
    for k, coefficient in enumerate(_ZETA_SERIES, 1):
        coefficients.append(coefficient * factor)
        factor *= (s + 2 * k - 1) * (s + 2 * k)
    rest = (polynomial(inverse * inverse, coefficients[::-1]) * inverse + 0.5) * inverse + 1.0 / (s - 1)
    return sum(reversed(terms), start=_power(ops, inverse, s - 1) * rest)


def _cotangent_derivative(n: int) -> list[float]:
    """The n-th derivative of the cotangent as a polynomial in it."""
    coefficients = [0.0, 1.0]
    for _ in range(n):
        slope = [k * one for k, one in enumerate(coefficients)][1:]
        coefficients = [-a - b for a, b in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope], strict=True)]
    return coefficients[::-1]


@operation(elementwise=True, **ELEMENTWISE)
def _digamma_derivative(ops: Any, x: Any, *, n: int) -> Any:
    """The n-th derivative of `digamma`, for n from 1."""
    negative = x < 0.0
    sign = -1.0 if n % 2 == 0 else 1.0
    factorial = float(math.factorial(n)) if n <= 170 else math.inf
    found = _zeta(ops, n + 1, ops.where(negative, 1.0 - x, x)) * (sign * factorial)
    cotangent = _cotangent(ops, from_integer(ops, x))
    reflected = polynomial(cotangent, _cotangent_derivative(n)) * math.pi ** (n + 1) + found * sign
    pole = ops.logical_and(x <= 0.0, x == ops.floor(x))
    return ops.masked_fill(ops.where(negative, -reflected, found), pole, sign * math.inf)


@function(name="special.polygamma")
def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of `digamma`.

    Parameters
    ----------
    n : int
        The order, which is not negative; for 0 the result is `digamma`.
    input : Tensor
        Of a real-valued floating-point dtype.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    ValueError
        If the order is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.polygamma(1, tp.tensor([1.0, 2.0]))
    tensor([1.6449, 0.6449])
    """
    n = as_integer("polygamma", "n", n)
    if n < 0:
        raise ValueError(f"polygamma: got the order {n}, wanted one that is not negative")
    if n > _GREATEST_ORDER:
        raise ValueError(f"polygamma: got the order {n}, wanted at most {_GREATEST_ORDER}")
    found: Tensor = digamma(input) if n == 0 else _digamma_derivative(input, n=n)
    return found


@method("polygamma")
def _polygamma(self: Tensor, n: int) -> Tensor:
    """`polygamma` of this tensor."""
    return polygamma(n, self)


@method("polygamma_")
def _polygamma_(self: Tensor, n: int) -> Tensor:
    """Write `polygamma` of this tensor into it, and return it."""
    return copy_(self, cast_for_write("polygamma_", polygamma(n, self), self))


@function(name="special.multigammaln", methods=("mvlgamma",), in_place_method=True)
def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    r"""The logarithm of the multivariate gamma function of dimension `p`.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype; elements are greater than ``(p - 1) / 2``.
    p : int
        The dimension, at least 1.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    ValueError
        If the dimension is not positive.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.mvlgamma(tp.tensor([2.0, 3.0]), 2)
    tensor([0.4516, 1.5502])
    """
    p = as_integer("mvlgamma", "p", p)
    if p < 1:
        raise ValueError(f"mvlgamma: got the dimension {p}, wanted one that is positive")
    if p > _GREATEST_ORDER:
        raise ValueError(f"mvlgamma: got the dimension {p}, wanted at most {_GREATEST_ORDER}")
    return sum((gammaln(input - 0.5 * k) for k in range(1, p)), start=gammaln(input)) + (
        p * (p - 1) / 4 * math.log(math.pi)
    )


multigammaln = mvlgamma


@special_of_two()
def betaln(ops: Any, x1: Any, x2: Any) -> Any:
    """The logarithm of the beta function of each pair of elements; NaN if one is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.betaln(tp.tensor([1.0, 0.5]), tp.tensor([1.0, 0.5]))
    tensor([0.0000, 1.1447])
    """
    # DiDonato and Morris, Algorithm 708, ACM Trans. Math. Softw. 18 (1992).
    low, high = ops.minimum(x1, x2), ops.maximum(x1, x2)
    total = low + high
    gammas = [call(ops, "gammaln", x) for x in (low, high, total)]
    share = ops.log1p(-low / total)
    rest = stirling(ops, high) - stirling(ops, total) + (high - 0.5) * share
    of_one = gammas[0] + rest + low - low * ops.log(total)
    of_both = (low - 0.5) * ops.log(low / total) - 0.5 * ops.log(total) + rest + stirling(ops, low)
    of_both = of_both + 0.5 * math.log(2 * math.pi)
    great = ops.where(low < STIRLING_LEAST, of_one, of_both)
    found = ops.where(high >= STIRLING_LEAST, great, gammas[0] + gammas[1] - gammas[2])
    found = ops.masked_fill(found, high - low == math.inf, -math.inf)
    found = ops.masked_fill(found, ops.logical_and(low == 0.0, high >= 0.0), math.inf)
    return ops.masked_fill(found, low < 0.0, math.nan)
