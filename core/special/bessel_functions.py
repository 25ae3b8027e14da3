"""Modified Bessel functions of the first kind, of orders 0 and 1."""

from __future__ import annotations

import math
from typing import Any

from .approximations import polynomial, special

__all__ = ["i0", "i0e", "i1", "i1e"]

_LEAST = 8.0
"""From here on approximated by their growth."""

_NEAR_ZERO = [
    [0.25**k / (math.factorial(k) * math.factorial(k + order)) for k in reversed(range(26))] for order in (0, 1)
]
"""Power series in ``x**2`` of ``i0(x)``, and of ``2 * i1(x) / x``."""

# Chebyshev fits (by mpmath) in 16 / x - 1.
_GROWTH = (
    (
        1.0881994785468934e-10, 3.525321019700796e-11, -7.473844621887592e-10, -2.748111637276033e-10,
        2.3981927228949238e-09, 1.0924527246468664e-09, -4.8482509221176966e-09, -3.11851456121224e-09,
        6.789790403895736e-09, 7.323310735122893e-09, -5.162517880939013e-09, -1.331979859201994e-08,
        -6.805980075129678e-09, 7.532386417555123e-09, 2.155681110989874e-08, 3.932926571091252e-08,
        8.872154618944625e-08, 2.9735956581528157e-07, 1.4838475863096976e-06, 1.1143033802583682e-05,
        0.00013621607439187193, 0.0033605519836677235, 0.4021765094450081,
    ),
    (
        -1.13288885034257e-10, -3.2677656089803323e-11, 7.79067217908059e-10, 2.582169443152386e-10,
        -2.5062162405593894e-09, -1.0476127785270019e-09, 5.094016301574338e-09, 3.0717395650769477e-09,
        -7.222524178953976e-09, -7.432535335623792e-09, 5.722677527454156e-09, 1.3952625102162603e-08,
        6.795073490187386e-09, -8.407326839577817e-09, -2.3382691353601083e-08, -4.31323156237458e-08,
        -1.0001220638799958e-07, -3.483853071371078e-07, -1.8349101539664522e-06, -1.503854721127423e-05,
        -0.000219235763833829, -0.009749577193235609, 0.38939845902587233,
    ),
)  # fmt: skip
"""``sqrt(x) * i0e(x)`` and ``sqrt(x) * i1e(x)``."""


def _scaled(ops: Any, size: Any, order: int) -> Any:
    """``i0e`` or ``i1e`` of great numbers."""
    size = ops.maximum(size, ops.full_like(size, _LEAST))
    return polynomial(16.0 / size - 1.0, _GROWTH[order]) / ops.sqrt(size)


def _great(ops: Any, size: Any, order: int) -> Any:
    """``i0`` or ``i1`` of great numbers; the exponential may overflow before the product.

    Of infinity it is NaN, as in SciPy.
    """
    root = ops.exp(size * 0.5)
    return _scaled(ops, size, order) * root * root


@special("i0")
def i0(ops: Any, x: Any) -> Any:
    """The modified Bessel function of the first kind of order 0.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.i0(tp.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
    size = ops.abs(x)
    return ops.where(size < _LEAST, polynomial(x * x, _NEAR_ZERO[0]), _great(ops, size, 0))


@special()
def i0e(ops: Any, x: Any) -> Any:
    """The exponentially scaled modified Bessel function of order 0, ``exp(-abs(x)) * i0(x)``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.i0e(tp.tensor([0.0, 1.0]))
    tensor([1.0000, 0.4658])
    """
    size = ops.abs(x)
    return ops.where(size < _LEAST, polynomial(x * x, _NEAR_ZERO[0]) * ops.exp(-size), _scaled(ops, size, 0))


@special()
def i1(ops: Any, x: Any) -> Any:
    """The modified Bessel function of the first kind of order 1.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.i1(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.5652])
    """
    size = ops.abs(x)
    near = polynomial(x * x, _NEAR_ZERO[1]) * (x * 0.5)
    return ops.where(size < _LEAST, near, ops.copysign(_great(ops, size, 1), x))


@special()
def i1e(ops: Any, x: Any) -> Any:
    """The exponentially scaled modified Bessel function of order 1, ``exp(-abs(x)) * i1(x)``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.i1e(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.2079])
    """
    size = ops.abs(x)
    near = polynomial(x * x, _NEAR_ZERO[1]) * (x * 0.5) * ops.exp(-size)
    return ops.where(size < _LEAST, near, ops.copysign(_scaled(ops, size, 1), x))
