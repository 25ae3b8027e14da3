"""Special functions of float32 by SciPy, which computes them in double precision; `erf` of large arrays in passes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from ..common.quiet import quiet, quietly
from ..common.sizes import FEW_ELEMENTS, FEW_SERIES, FEW_SPECIAL, RUN_BLOCK
from ..common.special import called
from ..contract import Kernel, PartialKernel
from .steps import Form, Forms

# Minimax fit (by mpmath) for 0 <= x <= 4. Beyond it the polynomial grows on, so that the hyperbolic tangent stays 1.
_ERF = (
    5.42092015720641e-09, 2.759138695296315e-08, -4.79472919323598e-06, 8.459703531116247e-05,
    -0.0006148390239104629, -0.00019528759003151208, 0.1027698665857315, 1.128379225730896,
)  # fmt: skip
"""``atanh(erf(x)) / x`` in ``x**2``."""


def _erf_passes(x: Any, out: Any = None) -> Any:
    """``tanh(x * polynomial(x**2))``, within 4 ulp."""
    square = x * x
    found = square * _ERF[0]
    for coefficient in _ERF[1:-1]:
        found += coefficient
        found *= square
    found += _ERF[-1]
    found *= x
    return numpy.tanh(found, out)


def _is_large(x: Any) -> bool:
    return x.dtype.char == "f" and math.prod(x.shape) > FEW_SPECIAL


def array_of(function: Callable[..., Any], *arrays: Any) -> Any:
    """What a ufunc returns, without warnings, as an array."""
    return numpy.asarray(quietly(function, *arrays))


def _scipy(name: str) -> Kernel:
    return called("scipy.special", name, array_of)


_small_erf, _scipy_erfinv, _scipy_digamma, _scipy_zeta = map(_scipy, ("erf", "erfinv", "digamma", "zeta"))


def _erf(x: Any) -> Any:
    return _large_erf(x) if _is_large(x) else _small_erf(x)


@quiet
def _large_erf(x: Any) -> Any:
    result = numpy.empty(x.shape, x.dtype)
    flat, out = x.reshape(-1), result.reshape(-1)
    for start in range(0, x.size, RUN_BLOCK):
        block = slice(start, start + RUN_BLOCK)
        _erf_passes(flat[block], out[block])
    return result


@quiet
def _erfinv(x: Any) -> Any:
    # Each number out of the domain takes SciPy as long as 500 others; the sign of -0.0 is lost.
    within = numpy.where(numpy.abs(x) > 1.0, x.dtype.type(math.nan), x)
    return numpy.asarray(numpy.copysign(_scipy_erfinv(within), x))


def _digamma(x: Any) -> Any:
    # Reflection takes SciPy 30 times as long.
    return NotImplemented if x.size > FEW_SERIES and (x < 0.0).any() else _scipy_digamma(x)


_GREATEST_ORDER = 140
"""Of `digamma_derivative`: its factorial times any number of float64 is zero in float32."""

_LEAST = -100.0
"""SciPy's `zeta` takes a step for each unit that a number is below zero."""


@quiet
def _digamma_derivative(x: Any, *, n: int) -> Any:
    if n > _GREATEST_ORDER or not (x > _LEAST).all():
        return NotImplemented
    found = _scipy_zeta(n + 1.0, x.astype(numpy.float64))
    return numpy.asarray(found * (math.factorial(n) * (-1.0) ** (n + 1)), x.dtype)


_GREATEST_EXPONENT = 1e6
"""Of `zeta`: the powers of greater numbers overflow, also where SciPy does not expect it."""


@quiet
def _zeta(x1: Any, x2: Any) -> Any:
    if not (x1 < _GREATEST_EXPONENT).all():
        return NotImplemented
    undefined = ~(x2 > 0.0)
    undefined &= x2 != numpy.floor(x2)
    found = _scipy_zeta(x1, numpy.where(undefined, x2.dtype.type(1), x2))
    numpy.copyto(found, math.nan, where=undefined)
    return found


def suits_bessel(x: Any) -> bool:
    """Whether SciPy's loop of a Bessel function is used: it takes five times as long as passes over large arrays."""
    return x.dtype.char != "f" or math.prod(x.shape) <= FEW_SPECIAL


def _of_float32(most: float, kernel: Kernel) -> PartialKernel:
    """The kernel for float32 arrays of at most so many elements."""

    def fits(x: Any, other: Any = None) -> bool:
        return x.dtype.char == "f" and math.prod(x.shape) <= most >= math.prod(getattr(other, "shape", ()))

    return PartialKernel(kernel, fits)


KERNELS: dict[str, Any] = {
    "erf": _erf,
    "erfinv": _erfinv,
    "digamma": _of_float32(math.inf, _digamma),
    "digamma_derivative": _of_float32(FEW_SERIES, _digamma_derivative),
    "zeta": _of_float32(FEW_SERIES, _zeta),
    **{
        name: _of_float32(math.inf, _scipy(name))
        for name in ("erfc", "erfcx", "gammainc", "gammaincc", "log_ndtr", "ndtr")
    },
    **{name: _of_float32(FEW_ELEMENTS, _scipy(name)) for name in ("entr", "logit", "xlog1py", "xlogy")},
}
"""By the name of the operation, without ``special.``; they need SciPy."""

FORMS: Forms = {_erf: (Form(_erf_passes, is_elementwise=True, fits=_is_large),)}
"""By kernel."""
