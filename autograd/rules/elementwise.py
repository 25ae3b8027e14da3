"""Gradients of elementwise functions.

The engine's gradient of a complex number is the c for which a small step dz changes the loss by Re(c dz), the conjugate
of PyTorch's. So the VJP of a holomorphic function is its derivative times the gradient, without a conjugate; callers of
the engine conjugate gradients at its entry and exit.
"""

from __future__ import annotations

import math
from typing import Any

from ..protocol import is_tensor
from ..rule import no_gradient, rule
from .matrices import conj, is_complex


def _zero(ops: Any, g: Any) -> Any:
    return ops.zeros_like(g)


def _share(ops: Any, g: Any, own: Any, other: Any, loses: Any) -> Any:
    """Gradient of one operand of `maximum` or `minimum`: zero where it `loses`, half at ties, all elsewhere."""
    return ops.masked_fill(ops.where(ops.equal(own, other), g * 0.5, g), loses(own, other), 0.0)


def _first(ops: Any, precedes: Any, x1: Any, x2: Any) -> Any:
    """Where `fmax` or `fmin` is the first operand."""
    return ops.logical_or(precedes(x1, x2), ops.isnan(x2))


def _pow_x1(ops: Any, g: Any, x1: Any, x2: Any) -> Any:
    constant = ops.equal(x2, ops.zeros_like(x2))
    if not getattr(x2, "requires_grad", False):
        # An exponent of 0 there avoids 0 times infinity.
        return g * (x2 * ops.pow(x1, ops.masked_fill(x2 - 1.0, constant, 0.0)))
    # The derivative is 0 there, but its own derivative by x2 is 1 / x1, where that is finite.
    constant = ops.logical_and(constant, ops.logical_not(ops.isfinite(ops.reciprocal(x1))))
    slope = x2 * ops.pow(x1, ops.masked_fill(x2 - 1.0, constant, 0.0))
    return g * ops.masked_fill(slope, constant, 0.0)


def _pow_x2(ops: Any, g: Any, x1: Any, out: Any) -> Any:
    # Where the base is 0 the power is constant unless the exponent is negative, so its logarithm must not count.
    constant = ops.logical_and(ops.equal(x1, ops.zeros_like(x1)), ops.isfinite(out))
    return g * (out * ops.log(ops.masked_fill(x1, constant, 1.0)))


def _sign(ops: Any, g: Any, x: Any) -> Any:
    """Zero for real numbers; for complex ones the derivative of the phase."""
    if ops.abs(x).dtype == x.dtype:
        return ops.zeros_like(g)
    sign = ops.sign(x)
    along = (g * sign + ops.conj(g * sign)) * 0.5
    # Divided by the absolute value, and zero at zero.
    return (g - along * ops.conj(sign)) * (sign / ops.where(ops.equal(x, ops.zeros_like(x)), ops.ones_like(x), x))


def _copysign(ops: Any, g: Any, x1: Any, out: Any) -> Any:
    """The gradient times 1 or -1, and zero at zero."""
    zero = ops.equal(x1, ops.zeros_like(x1))
    return ops.masked_fill(g * (out / ops.where(zero, ops.ones_like(x1), x1)), zero, 0.0)


def _within(ops: Any, x: Any, min: Any, max: Any) -> Any:
    return ops.logical_and(ops.greater_equal(x, min), ops.less_equal(x, max))


def _below(ops: Any, x: Any, min: Any, max: Any) -> Any:
    """Where `clip` returns its lower bound, which it never does if that is above the upper one."""
    return ops.logical_and(ops.less(x, min), ops.less(min, max))


def _above(ops: Any, x: Any, min: Any, max: Any) -> Any:
    return ops.logical_or(ops.greater(x, max), ops.greater(min, max))


def _where(ops: Any, g: Any, condition: Any) -> Any:
    return ops.masked_fill(g, ops.logical_not(condition), 0.0)


def angle_rate(ops: Any, x1: Any, x2: Any) -> Any:
    """``x1 / (x1**2 + x2**2)`` without squares, which over- and underflow; zero at the origin, as in PyTorch."""
    length = ops.hypot(x1, x2)
    zero = length <= 0.0
    length = ops.masked_fill(length, zero, 1.0)
    if is_tensor(length):
        return ops.masked_fill(ops.direction(x1, x2), zero, 0.0) / length
    return x1 / length / length


def _hypot(ops: Any, g: Any, x1: Any, x2: Any, out: Any) -> Any:
    """The gradient times ``x1 / out``; if recorded, by `direction`, whose derivative has no cancellation."""
    return g * (ops.direction(x1, x2) if is_tensor(out) else x1 / out)


def _root_of_square_and_one(ops: Any, x: Any) -> Any:
    """``sqrt(x**2 + 1)`` without overflow."""
    if is_complex(x):
        return ops.sqrt(1.0 + x * 1j) * ops.sqrt(1.0 - x * 1j)
    if is_tensor(x):
        return ops.hypot(x, ops.ones_like(x))
    return ops.minimum(ops.sqrt(x * x + 1.0), ops.abs(x) + 1.0)


def _one_less_square(ops: Any, x: Any) -> Any:
    """``1 - x**2`` as a product, which does not cancel near one, with the derivatives of the square."""
    found = (1.0 - x) * (1.0 + x)
    if not is_tensor(x):
        return found
    square = ops.square(x)
    return found.detach() + (square.detach() - square)


def _root_of_one_less_square(ops: Any, x: Any) -> Any:
    return ops.sqrt(1.0 - x) * ops.sqrt(1.0 + x) if is_complex(x) else ops.sqrt(_one_less_square(ops, x))


rule("abs", x=lambda ops, g, x: g * conj(ops, ops.sign(x)))
rule("acos", x=lambda ops, g, x: -g / _root_of_one_less_square(ops, x))
rule("acosh", x=lambda ops, g, x: g / (ops.sqrt(x - 1.0) * ops.sqrt(x + 1.0)))
rule("add", x1=lambda g: g, x2=lambda g: g)
rule("asin", x=lambda ops, g, x: g / _root_of_one_less_square(ops, x))
rule("asinh", x=lambda ops, g, x: g / _root_of_square_and_one(ops, x))
rule("atan", x=lambda g, x: g / (1.0 + x * 1j) / (1.0 - x * 1j) if is_complex(x) else g / (x * x + 1.0))
rule(
    "atan2",
    x1=lambda ops, g, x1, x2: g * angle_rate(ops, x2, x1),
    x2=lambda ops, g, x1, x2: -g * angle_rate(ops, x1, x2),
)
rule(
    "atanh",
    x=lambda ops, g, x: g / (1.0 - x) / (1.0 + x) if is_complex(x) else g / _one_less_square(ops, x),
)
rule("ceil", x=_zero)
rule(
    "clip",
    x=lambda ops, g, x, min, max: _where(ops, g, _within(ops, x, min, max)),
    min=lambda ops, g, x, min, max: _where(ops, g, _below(ops, x, min, max)),
    max=lambda ops, g, x, min, max: _where(ops, g, _above(ops, x, min, max)),
)
rule("complex", x1=lambda ops, g: ops.real(g), x2=lambda ops, g: -ops.imag(g))
rule("conj", x=lambda ops, g: ops.conj(g))
rule("copy", x=_zero, value=lambda g: g)
rule("copysign", x1=_copysign, x2=_zero)
rule("cos", x=lambda ops, g, x: -g * ops.sin(x))
rule("cosh", x=lambda ops, g, x: g * ops.sinh(x))
rule(
    "direction",
    x1=lambda ops, g, x1, x2: g * (ops.square(ops.direction(x2, x1)) / ops.hypot(x1, x2)),
    x2=lambda ops, g, x1, x2, out: -g * (out * ops.direction(x2, x1) / ops.hypot(x1, x2)),
)
# Of the operands, so that the result may be written.
rule("divide", x1=lambda g, x2: g / x2, x2=lambda g, x1, x2: -g * (x1 / x2 / x2))
rule("exp", x=lambda g, out: g * out)
rule("expm1", x=lambda g, out: g * (out + 1.0))
rule("fill", x=_zero)
rule("floor", x=_zero)
rule("floor_divide", x1=_zero, x2=_zero)
rule(
    "fmax",
    x1=lambda ops, g, x1, x2: ops.masked_fill(g, ops.logical_not(_first(ops, ops.greater_equal, x1, x2)), 0.0),
    x2=lambda ops, g, x1, x2: ops.masked_fill(g, _first(ops, ops.greater_equal, x1, x2), 0.0),
)
rule(
    "fmin",
    x1=lambda ops, g, x1, x2: ops.masked_fill(g, ops.logical_not(_first(ops, ops.less_equal, x1, x2)), 0.0),
    x2=lambda ops, g, x1, x2: ops.masked_fill(g, _first(ops, ops.less_equal, x1, x2), 0.0),
)
rule("fmod", x1=lambda g: g, x2=lambda ops, g, x1, x2: -g * ops.trunc(x1 / x2))
rule("frac", x=lambda g: g)
rule("hypot", x1=_hypot, x2=lambda ops, g, x1, x2, out: _hypot(ops, g, x2, x1, out))
rule("log", x=lambda g, x: g / x)
rule("log10", x=lambda g, x: g / (x * math.log(10)))
rule("log1p", x=lambda g, x: g / (x + 1.0))
rule("log2", x=lambda g, x: g / (x * math.log(2)))
rule(
    "logaddexp",
    x1=lambda ops, g, x1, x2: g * ops.logistic(x1 - x2),
    x2=lambda ops, g, x1, x2: g * ops.logistic(x2 - x1),
)
rule("masked_fill", operands=("mask",), x=lambda ops, g, mask: ops.masked_fill(g, mask, 0.0))
rule(
    "maximum",
    x1=lambda ops, g, x1, x2: _share(ops, g, x1, x2, ops.less),
    x2=lambda ops, g, x1, x2: _share(ops, g, x2, x1, ops.less),
)
rule(
    "minimum",
    x1=lambda ops, g, x1, x2: _share(ops, g, x1, x2, ops.greater),
    x2=lambda ops, g, x1, x2: _share(ops, g, x2, x1, ops.greater),
)
rule("multiply", x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1)
rule("negative", x=lambda g: -g)
rule("nextafter", x1=lambda g: g, x2=_zero)
rule("positive", x=lambda g: g)
rule("pow", x1=_pow_x1, x2=_pow_x2)
rule("reciprocal", x=lambda g, out: -g * (out * out))
rule("relu", x=lambda ops, g, out: ops.masked_fill(g, out <= 0.0, 0.0))
rule("remainder", x1=lambda g: g, x2=lambda ops, g, x1, x2: -g * ops.floor_divide(x1, x2))
rule("round", x=_zero)
rule("rsqrt", x=lambda g, out: g * (out * out * out * -0.5))
rule("sigmoid", x=lambda g, out: g * (out * (1.0 - out)))
rule("sign", x=_sign)
rule("sin", x=lambda ops, g, x: g * ops.cos(x))
rule("sinh", x=lambda ops, g, x: g * ops.cosh(x))
rule("sqrt", x=lambda g, out: g * 0.5 / out)
rule("square", x=lambda g, x: g * (x * 2.0))
rule("subtract", x1=lambda g: g, x2=lambda g: -g)
rule("tan", x=lambda g, out: g * (out * out + 1.0))
rule("tanh", x=lambda g, out: g - g * (out * out))
rule("trunc", x=_zero)
rule(
    "where",
    operands=("condition",),
    x1=lambda ops, g, condition: ops.masked_fill(g, ops.logical_not(condition), 0.0),
    x2=lambda ops, g, condition: ops.masked_fill(g, condition, 0.0),
)

no_gradient(
    *("bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor"),
    *(
        "equal",
        "greater",
        "greater_equal",
        "isfinite",
        "isinf",
        "isnan",
        "isneginf",
        "isposinf",
        "less",
        "less_equal",
        "logical_and",
    ),
    *("logical_not", "logical_or", "logical_xor", "not_equal", "signbit"),
)
