"""The incomplete gamma functions."""

from __future__ import annotations

import math
from typing import Any

from .approximations import call, polynomial, special_of_two
from .gamma_functions import GAMMALN, STIRLING_LEAST, stirling

__all__ = ["gammainc", "gammaincc"]

# Gauss-Legendre quadrature of 28 points (by mpmath).
_NODES = (
    (0.027539644942017136, 0.0550235065082376),
    (0.08228464106669038, 0.05435559612914707),
    (0.13603081381758905, 0.05302788296142321),
    (0.18812575804453935, 0.05105648378903038),
    (0.23793711247755914, 0.04846532899896496),
    (0.28486023590570086, 0.04528587219651642),
    (0.3283255470194325, 0.041556708614450606),
    (0.3678054390068159, 0.03732310711728439),
    (0.40282068545858957, 0.0326364619834998),
    (0.43294626128719754, 0.027553672837858374),
    (0.45781651319606603, 0.022136467379502114),
    (0.4771296403144691, 0.01645071389115219),
    (0.49065158268543635, 0.01056605629638563),
    (0.4982212487869772, 0.0045621412965472586),
)
"""Distances from the centre of an interval of length 1, on either side, and weights."""

_MOVE = 16.0
"""What is added to small `a`, and with it as many terms of the series of `gammainc`."""

_EXPONENTIAL = [1 / math.factorial(n) for n in range(7, 1, -1)]

_GREAT = 1e6

_CUT = 38.0
"""From here on ``exp(-x)`` does not count."""


def _power_over_gamma(ops: Any, a: Any, x: Any) -> Any:
    """``x**a * exp(-x) / gamma(a + 1)``."""
    low, near = ops.minimum(a, ops.full_like(a, STIRLING_LEAST)), ops.minimum(x, ops.full_like(x, 1e4))
    of_small = ops.pow(near, low) * ops.exp(-x - call(ops, "gammaln", low + 1.0))
    excess = (x - a) / a
    of_great = ops.exp(a * (ops.log1p(excess) - excess) - stirling(ops, a)) / ops.sqrt(a * (2.0 * math.pi))
    return ops.where(a < STIRLING_LEAST, of_small, of_great)


def _has_great(x: Any) -> bool:
    return bool((x > _GREAT).any())


def _integral(ops: Any, a: Any, x: Any, power: Any) -> Any:
    """`gammainc` where x is below `a`, which is at least `_MOVE`, and `gammaincc` elsewhere, where x is at least 1.

    That is ``a * power``, where ``power = x**a * exp(-x) / gamma(a + 1)``, times the integral of
    ``exp(a * u - x * (exp(u) - 1))`` over u from zero downwards, or upwards, as far as the integrand counts.
    """
    below = x < a
    gap, root, ratio = ops.abs(x - a), ops.sqrt(x), _CUT / x
    # Where the quadratic part of the exponent, or less than that, is the bound.
    lower = 2.0 * _CUT / (gap + ops.hypot(gap, root * math.sqrt(_CUT * 4.0 / 3.0)))
    lower = ops.where(lower < 1.0, lower, (x + _CUT) / a)
    upper = 2.0 * _CUT / (gap + ops.hypot(gap, root * math.sqrt(_CUT * 2.0)))
    upper = ops.minimum(upper, ops.log1p(ratio + ops.log1p(ratio + 1.0)))
    end, excess = ops.where(below, -lower, upper), a - x
    great = ops.known(_has_great, True, x)
    total = ops.zeros_like(end)
    for node, weight in _NODES:
        for place in (0.5 - node, 0.5 + node):
            u = end * place
            curve = ops.expm1(u) - u
            if great:
                # The terms cancel.
                curve = ops.where(x > _GREAT, u * u * polynomial(u, _EXPONENTIAL), curve)
            total = total + weight * ops.exp(excess * u - x * curve)
    return power * a * ops.abs(end) * total


def _upper_of_small(ops: Any, a: Any, x: Any) -> Any:
    """`gammaincc` for `a` and `x` below 1, by the series of `gammainc`."""
    term, total = -x, ops.zeros_like(x)
    for n in range(1, 21):
        total = total + term / (a + float(n))
        term = term * x / -(n + 1.0)
    exponent = a * ops.log(x) - a * ((a - 1.0) * polynomial(a * 2.0 - 1.0, GAMMALN))
    return -ops.expm1(exponent) - a * ops.exp(exponent) * total


def _lesser(ops: Any, a: Any, x: Any) -> Any:
    """`gammainc` where x is below `a`, `gammaincc` elsewhere."""
    moved = ops.logical_and(x < a, a < _MOVE)
    power = _power_over_gamma(ops, a, x)
    term = total = ops.ones_like(a)
    for n in range(1, int(_MOVE) + 1):
        total = total + term if n > 1 else total
        term = term * x / (a + float(n))
    first = ops.masked_fill(power * total, ops.logical_not(moved), 0.0)
    return first + _integral(ops, ops.where(moved, a + _MOVE, a), x, ops.where(moved, power * term, power))


def _with_limits(ops: Any, found: Any, a: Any, x: Any, low: float, high: float) -> Any:
    """The limits where an operand is zero or infinite, NaN where one is negative or both are."""
    first = ops.logical_or(x == 0.0, a == math.inf)
    last = ops.logical_or(a == 0.0, x == math.inf)
    found = ops.masked_fill(ops.masked_fill(found, first, low), last, high)
    wrong = ops.logical_or(ops.logical_and(first, last), ops.logical_or(a < 0.0, x < 0.0))
    return ops.masked_fill(found, ops.logical_or(wrong, ops.logical_or(a != a, x != x)), math.nan)


@special_of_two("igamma")
def gammainc(ops: Any, x1: Any, x2: Any) -> Any:
    r"""The regularized lower incomplete gamma function, :math:`\frac{1}{\Gamma(x_1)} \int_0^{x_2} t^{x_1-1} e^{-t} dt`.

    Notes
    -----
    It has a gradient by ``x2``; that by ``x1`` is not implemented, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.gammainc(tp.tensor([1.0, 4.0]), tp.tensor([1.0, 4.0]))
    tensor([0.6321, 0.5665])
    """
    lesser = _lesser(ops, x1, x2)
    upper = ops.where(ops.logical_and(x1 < 1.0, x2 <= 1.0), _upper_of_small(ops, x1, x2), lesser)
    return _with_limits(ops, ops.where(x2 < x1, lesser, 1.0 - upper), x1, x2, 0.0, 1.0)


@special_of_two("igammac")
def gammaincc(ops: Any, x1: Any, x2: Any) -> Any:
    """The regularized upper incomplete gamma function, one minus `gammainc`, accurate where that is near one.

    Notes
    -----
    It has a gradient by ``x2``; that by ``x1`` is not implemented, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.gammaincc(tp.tensor([1.0, 4.0]), tp.tensor([1.0, 4.0]))
    tensor([0.3679, 0.4335])
    """
    lesser = _lesser(ops, x1, x2)
    found = ops.where(x2 < x1, 1.0 - lesser, lesser)
    small = ops.logical_and(x1 < 1.0, x2 <= 1.0)
    return _with_limits(ops, ops.where(small, _upper_of_small(ops, x1, x2), found), x1, x2, 1.0, 0.0)
