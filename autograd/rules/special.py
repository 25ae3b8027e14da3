"""Gradients of special functions."""

from __future__ import annotations

import math
from typing import Any

from ..rule import RULES, rule, self_adjoint


def call(ops: Any, name: str, *arrays: Any, **parameters: Any) -> Any:
    """Call a special function."""
    return getattr(ops, f"special.{name}")(*arrays, **parameters)


def _over_x(ops: Any, value: Any, x: Any, limit: float) -> Any:
    """``value / x``, and at zero its limit."""
    zero = ops.equal(x, ops.zeros_like(x))
    return ops.masked_fill(value / ops.masked_fill(x, zero, 1.0), zero, limit)


def _i0e(ops: Any, g: Any, x: Any, out: Any) -> Any:
    return g * (call(ops, "i1e", x) - ops.sign(x) * out)


def _i1(ops: Any, g: Any, x: Any, out: Any) -> Any:
    return g * (call(ops, "i0", x) - _over_x(ops, out, x, 0.5))


def _i1e(ops: Any, g: Any, x: Any, out: Any) -> Any:
    return g * (call(ops, "i0e", x) - ops.sign(x) * out - _over_x(ops, out, x, 0.5))


_SINC = [(-1) ** k * 2 * k * math.pi ** (2 * k) / math.factorial(2 * k + 1) for k in range(1, 13)]
"""Taylor series of the derivative of `sinc`, divided by x, in ``x**2``."""


def _sinc(ops: Any, g: Any, x: Any, out: Any) -> Any:
    near = ops.abs(x) < 0.5
    square = x * x
    series = square * _SINC[-1] + _SINC[-2]
    for one in _SINC[-3::-1]:
        series = series * square + one
    away = ops.masked_fill(x, near, 1.0)
    return g * ops.where(near, series * x, (ops.cos(away * math.pi) - out) / away)


def _xlogy_x1(ops: Any, g: Any, x1: Any, x2: Any) -> Any:
    """Zero where a product with zero was taken for zero."""
    dropped = ops.logical_and(ops.equal(x1, ops.zeros_like(x1)), x2 <= 0.0)
    return g * ops.masked_fill(ops.log(ops.masked_fill(x2, dropped, 1.0)), dropped, 0.0)


def _xlog1py_x1(ops: Any, g: Any, x1: Any, x2: Any) -> Any:
    dropped = ops.logical_and(ops.equal(x1, ops.zeros_like(x1)), x2 <= -1.0)
    return g * ops.masked_fill(ops.log1p(ops.masked_fill(x2, dropped, 0.0)), dropped, 0.0)


def _betaln(ops: Any, g: Any, own: Any, other: Any) -> Any:
    return g * (call(ops, "digamma", own) - call(ops, "digamma", own + other))


def _gammainc_x2(ops: Any, g: Any, x1: Any, x2: Any) -> Any:
    return g * ops.exp((x1 - 1.0) * ops.log(x2) - x2 - call(ops, "gammaln", x1))


def _by_first(g: Any) -> Any:
    raise NotImplementedError(
        "gammainc, gammaincc, zeta: the derivative by the first operand is not implemented; use detach() if it is a "
        "constant"
    )


_PI = math.sqrt(math.pi)

rule(
    "special.betaln",
    x1=lambda ops, g, x1, x2: _betaln(ops, g, x1, x2),
    x2=lambda ops, g, x1, x2: _betaln(ops, g, x2, x1),
)
rule("special.digamma", x=lambda ops, g, x: g * call(ops, "digamma_derivative", x, n=1))
rule("special.digamma_derivative", x=lambda ops, g, x, n: g * call(ops, "digamma_derivative", x, n=n + 1))
rule("special.entr", x=lambda ops, g, x: -g * (ops.log(x) + 1.0))
rule("special.erf", x=lambda ops, g, x: g * (ops.exp(-(x * x)) * (2 / _PI)))
rule("special.erfc", x=lambda ops, g, x: -g * (ops.exp(-(x * x)) * (2 / _PI)))
rule("special.erfcx", x=lambda g, x, out: g * (x * out * 2.0 - 2 / _PI))
rule("special.erfinv", x=lambda ops, g, out: g * (ops.exp(out * out) * (_PI / 2)))
rule("special.exp2", x=lambda g, out: g * (out * math.log(2)))
rule("special.gammainc", x1=_by_first, x2=_gammainc_x2)
rule("special.gammaincc", x1=_by_first, x2=lambda ops, g, x1, x2: -_gammainc_x2(ops, g, x1, x2))
rule("special.gammaln", x=lambda ops, g, x: g * call(ops, "digamma", x))
rule("special.i0", x=lambda ops, g, x: g * call(ops, "i1", x))
rule("special.i0e", x=_i0e)
rule("special.i1", x=_i1)
rule("special.i1e", x=_i1e)
rule("special.log_ndtr", x=lambda ops, g, x: g * (math.sqrt(2 / math.pi) / call(ops, "erfcx", x * -math.sqrt(0.5))))
rule(
    "special.logaddexp2",
    x1=lambda ops, g, x1, x2: g * ops.logistic((x1 - x2) * math.log(2)),
    x2=lambda ops, g, x1, x2: g * ops.logistic((x2 - x1) * math.log(2)),
)
rule("special.logit", x=lambda g, x: g / (x * (1.0 - x)))
rule("special.ndtr", x=lambda ops, g, x: g * (ops.exp(x * x * -0.5) * math.sqrt(0.5 / math.pi)))
rule("special.ndtri", x=lambda ops, g, out: g * (ops.exp(out * out * 0.5) * math.sqrt(2 * math.pi)))
rule("special.sinc", x=_sinc)
rule("special.xlog1py", x1=_xlog1py_x1, x2=lambda g, x1, x2: g * (x1 / (x2 + 1.0)))
rule("special.xlogy", x1=_xlogy_x1, x2=lambda g, x1, x2: g * (x1 / x2))
rule("special.zeta", x1=_by_first, x2=lambda ops, g, x1, x2: -g * (x1 * call(ops, "zeta", x1 + 1.0, x2)))

self_adjoint(*(name for name in RULES if name.startswith("special.")))
