"""The error function and its relatives: complements, inverse, the normal distribution."""

from __future__ import annotations

import math
from typing import Any

from .approximations import call, exp_of_square, polynomial, special

__all__ = ["erf", "erfc", "erfcx", "erfinv", "log_ndtr", "ndtr", "ndtri"]

_ROOT = math.sqrt(0.5)

_NEAR_ZERO = [2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in reversed(range(19))]
"""Taylor series of ``erf(x) / x`` in ``x**2``."""

# Chebyshev fit (by mpmath) in 1 - 8 / (x + 4), after Shepherd and Laframboise, Math. Comp. 36 (1981).
_SCALED = (
    9.655408225482863e-10, 1.5712153638319064e-09, -1.2544825403855518e-08, -1.6357383982124768e-08,
    1.0683442926744586e-07, 7.111912428010423e-08, -8.218020654813044e-07, 2.980596055322769e-07,
    5.707239573693257e-06, -1.1225140354449658e-05, -2.439811794207995e-05, 0.0001506231178516207,
    -0.00019925700412184815, -0.0007577737141838885, 0.005031970032548695, -0.01619773397992426,
    0.0371675155318432, -0.06633036582050367, 0.09373283499865172, -0.10103906603585294,
    0.0680970542546862, 0.015379652102610162, -0.1396211168405625, 1.2329951186255526,
)  # fmt: skip
"""``(1 + 2 * x) * exp(x**2) * erfc(x)``."""

# Wichura, Algorithm AS 241, Applied Statistics 37 (1988), as in Python's `statistics`.
_CENTRAL = (
    (2.50908092873012267e3, 3.34305755835881281e4, 6.72657709270087009e4, 4.59219539315498715e4,
     1.37316937655094611e4, 1.97159095030655144e3, 1.33141667891784377e2, 3.38713287279636661e0),
    (5.22649527885285456e3, 2.87290857357219427e4, 3.93078958000927106e4, 2.12137943015865959e4,
     5.39419602142475111e3, 6.87187007492057908e2, 4.23133307016009113e1, 1.0),
)  # fmt: skip
_NEARER = (
    (7.74545014278341407e-4, 2.27238449892691846e-2, 2.41780725177450612e-1, 1.27045825245236838e0,
     3.64784832476320461e0, 5.76949722146069141e0, 4.63033784615654530e0, 1.42343711074968358e0),
    (1.05075007164441684e-9, 5.47593808499534495e-4, 1.51986665636164572e-2, 1.48103976427480075e-1,
     6.89767334985100005e-1, 1.67638483018380385e0, 2.05319162663775882e0, 1.0),
)  # fmt: skip
_FURTHER = (
    (2.01033439929228813e-7, 2.71155556874348758e-5, 1.24266094738807844e-3, 2.65321895265761230e-2,
     2.96560571828504891e-1, 1.78482653991729133e0, 5.46378491116411437e0, 6.65790464350110378e0),
    (2.04426310338993979e-15, 1.42151175831644589e-7, 1.84631831751005468e-5, 7.86869131145613259e-4,
     1.48753612908506149e-2, 1.36929880922735805e-1, 5.99832206555887938e-1, 1.0),
)  # fmt: skip


def _scaled(ops: Any, x: Any) -> Any:
    """``exp(x**2) * erfc(x)`` of positive numbers."""
    return polynomial(1.0 - 8.0 / (x + 4.0), _SCALED) / (x * 2.0 + 1.0)


def _quantile(ops: Any, offset: Any, tail: Any) -> Any:
    """The quantile of the normal distribution, by the distances of the probability from 1/2, and from 0 or 1."""

    def ratio(x: Any, numerator: Any, denominator: Any) -> Any:
        return polynomial(x, numerator) / polynomial(x, denominator)

    central = offset * ratio(0.180625 - offset * offset, *_CENTRAL)
    root = ops.sqrt(-ops.log(tail))
    outside = ops.where(root > 5.0, ratio(root - 5.0, *_FURTHER), ratio(root - 1.6, *_NEARER))
    outside = ops.masked_fill(outside, tail == 0.0, math.inf)
    return ops.where(ops.abs(offset) <= 0.425, central, ops.copysign(outside, offset))


@special("erf")
def erf(ops: Any, x: Any) -> Any:
    r"""The error function :math:`\frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt` of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.erf(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    size = ops.abs(x)
    outside = 1.0 - exp_of_square(ops, x, -1.0) * _scaled(ops, size)
    return ops.where(size < 1.0, x * polynomial(x * x, _NEAR_ZERO), ops.copysign(outside, x))


@special("erfc")
def erfc(ops: Any, x: Any) -> Any:
    """The complementary error function, one minus `erf`, accurate where that is near one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.erfc(tp.tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])
    """
    return ops.where(x < 0.5, 1.0 - call(ops, "erf", x), exp_of_square(ops, x, -1.0) * _scaled(ops, ops.abs(x)))


@special()
def erfcx(ops: Any, x: Any) -> Any:
    """The scaled complementary error function :math:`e^{x^2} erfc(x)` of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.erfcx(tp.tensor([0.0, 100.0]))
    tensor([1.0000, 0.0056])
    """
    near = exp_of_square(ops, x, 1.0) * call(ops, "erfc", x)
    return ops.where(x < 0.5, near, _scaled(ops, ops.abs(x)))


@special("erfinv")
def erfinv(ops: Any, x: Any) -> Any:
    """The inverse of `erf`, of each element from -1 to 1.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.erfinv(tp.tensor([0.0, 0.5, -1.0]))
    tensor([0.0000, 0.4769,   -inf])
    """
    return _quantile(ops, x * 0.5, (1.0 - ops.abs(x)) * 0.5) * _ROOT


@special()
def ndtr(ops: Any, x: Any) -> Any:
    """The distribution function of the standard normal distribution.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.ndtr(tp.tensor([-2.0, 0.0]))
    tensor([0.0228, 0.5000])
    """
    size = ops.abs(x)
    below = exp_of_square(ops, x, -0.5) * call(ops, "erfcx", size * _ROOT) * 0.5
    central = call(ops, "erf", x * _ROOT) * 0.5 + 0.5
    return ops.where(size < 0.7, central, ops.where(x < 0.0, below, 1.0 - below))


@special()
def ndtri(ops: Any, x: Any) -> Any:
    """The quantile of the standard normal distribution, the inverse of `ndtr`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.ndtri(tp.tensor([0.025, 0.5, 1.0]))
    tensor([-1.9600,  0.0000,     inf])
    """
    return _quantile(ops, x - 0.5, ops.minimum(x, 1.0 - x))


@special()
def log_ndtr(ops: Any, x: Any) -> Any:
    """The logarithm of `ndtr`, also where that is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.log_ndtr(tp.tensor([-50.0, 0.0]))
    tensor([-1.2548e+03, -6.9315e-01])
    """
    below = ops.log(call(ops, "erfcx", ops.abs(x) * _ROOT) * 0.5) - x * 0.5 * x
    return ops.where(x < 0.0, below, ops.log1p(-call(ops, "ndtr", -x)))
