"""Lowering of elementwise operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from .graph import Graph, Name, Value, computing, promoted

SAME = {
    "abs": "Abs", "acos": "Acos", "acosh": "Acosh", "add": "Add", "asin": "Asin", "asinh": "Asinh", "atan": "Atan",
    "atanh": "Atanh", "ceil": "Ceil", "conj": "Identity", "cos": "Cos", "cosh": "Cosh", "divide": "Div", "exp": "Exp",
    "floor": "Floor", "log": "Log", "logistic": "Sigmoid", "maximum": "Max", "minimum": "Min", "multiply": "Mul",
    "positive": "Identity", "reciprocal": "Reciprocal", "round": "Round",
    "sigmoid": "Sigmoid", "sign": "Sign", "sin": "Sin", "sinh": "Sinh", "special.erf": "Erf", "sqrt": "Sqrt",
    "subtract": "Sub", "tan": "Tan", "tanh": "Tanh",
}  # fmt: skip
"""ONNX's names of operations on operands of the result's dtype."""

OF_TRUTH = {"add": "Or", "multiply": "And", "maximum": "Or", "minimum": "And"}
"""What some of these are of truth values."""

ROUNDING = ("Ceil", "Floor", "Round")

COMPARISONS = {
    "equal": "Equal", "greater": "Greater", "greater_equal": "GreaterOrEqual", "less": "Less",
    "less_equal": "LessOrEqual",
}  # fmt: skip

LOGIC = {"logical_and": "And", "logical_not": "Not", "logical_or": "Or", "logical_xor": "Xor"}

BITS = {
    "bitwise_and": ("BitwiseAnd", "And"), "bitwise_invert": ("BitwiseNot", "Not"), "bitwise_or": ("BitwiseOr", "Or"),
    "bitwise_xor": ("BitwiseXor", "Xor"),
}  # fmt: skip
"""ONNX's names for integers and for truth values."""


def _same(name: str) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, *operands: Any) -> Name:
        op = OF_TRUTH.get(name, SAME[name]) if out.dtype == bool else SAME[name]
        if op in ROUNDING and out.dtype.kind in "iu":
            op = "Identity"
        return g.node(op, *(g.cast(one, out.dtype) for one in operands))

    return lowered


def _comparison(name: str) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
        dtype = promoted(x1, x2)
        if dtype.kind == "b" and name != "equal":
            dtype = numpy.dtype("int32")
        return g.node(COMPARISONS[name], g.cast(x1, dtype), g.cast(x2, dtype))

    return lowered


def _logic(name: str) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, *operands: Any) -> Name:
        return g.node(LOGIC[name], *(g.cast(one, bool) for one in operands))

    return lowered


def _bits(name: str) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, *operands: Any) -> Name:
        return g.node(BITS[name][out.dtype == bool], *(g.cast(one, out.dtype) for one in operands))

    return lowered


def _negative(g: Graph, out: Any, x: Any) -> Name:
    return g.Sub(g.cast(0, out.dtype), x) if out.dtype.kind == "u" else g.Neg(x)


def _pow(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    dtype = computing(out.dtype)
    found = g.Pow(g.cast(x1, dtype), g.cast(x2, dtype))
    return found if dtype == out.dtype else g.converted(found, out.dtype)


def _relu(g: Graph, out: Any, x: Any) -> Name:
    return g.Relu(x) if out.dtype.kind == "f" else g.Max(x, g.cast(0, out.dtype))


def _not_equal(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    return g.Not(_comparison("equal")(g, out, x1, x2))


def _square(g: Graph, out: Any, x: Any) -> Name:
    return g.Mul(x, x)


def _trunc(g: Graph, out: Any, x: Any) -> Name:
    if out.dtype.kind in "iu":
        return g.Identity(x)
    return g.Where(g.Less(x, g.cast(0, x.dtype)), g.Ceil(x), g.Floor(x))


def _isnan(g: Graph, out: Any, x: Any) -> Name:
    return g.IsNaN(x) if x.dtype.kind == "f" else g.filled(False, bool, x.shape)


def _isinf(g: Graph, out: Any, x: Any) -> Name:
    return g.IsInf(x) if x.dtype.kind == "f" else g.filled(False, bool, x.shape)


def _isfinite(g: Graph, out: Any, x: Any) -> Name:
    return g.Not(g.Or(_isnan(g, out, x), _isinf(g, out, x)))


def _scaled_log(base: float) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, x: Any) -> Name:
        return g.Mul(g.Log(x), g.cast(1.0 / math.log(base), out.dtype))

    return lowered


def _expm1(g: Graph, out: Any, x: Any) -> Name:
    """By the hyperbolic tangent of the half near zero, where exp(x) - 1 loses digits."""
    dtype = out.dtype
    one = g.cast(1, dtype)
    half = g.Tanh(g.Mul(x, g.cast(0.5, dtype)))
    near = g.Div(g.Mul(half, g.cast(2, dtype)), g.Sub(one, half))
    return g.Where(g.Less(g.Abs(x), one), near, g.Sub(g.Exp(x), one))


def log1p(g: Graph, x: Any, dtype: Any) -> Name:
    """log(1 + x), corrected for the rounding of the sum (Kahan)."""
    one = g.cast(1, dtype)
    total = g.Add(x, one)
    # Of infinity, the quotient would be NaN.
    exact = g.Or(g.Equal(total, one), g.IsInf(total))
    found = g.Log(total)
    corrected = g.Div(g.Mul(found, x), g.Where(exact, one, g.Sub(total, one)))
    return g.Where(exact, g.Where(g.Equal(total, one), x, found), corrected)


def _log1p(g: Graph, out: Any, x: Any) -> Name:
    return log1p(g, x, out.dtype)


def _logaddexp(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    a, b = g.cast(x1, out.dtype), g.cast(x2, out.dtype)
    apart = log1p(g, g.Exp(g.Neg(g.Abs(g.Sub(a, b)))), out.dtype)
    return g.Add(g.Max(a, b), g.Where(g.Equal(a, b), g.cast(math.log(2.0), out.dtype), apart))


def _hypot(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    a, b = g.Abs(g.cast(x1, out.dtype)), g.Abs(g.cast(x2, out.dtype))
    one, longer = g.cast(1, out.dtype), g.Max(a, b)
    special = g.Or(g.IsInf(longer), g.Equal(longer, g.cast(0, out.dtype)))
    share = g.Div(g.Min(a, b), g.Where(special, one, longer))
    return g.Where(special, longer, g.Mul(longer, g.Sqrt(g.Add(g.Mul(share, share), one))))


def signbit(g: Graph, x: Any, dtype: Any) -> Name:
    """Whether elements are negative, negative zeros too."""
    zero = g.cast(0, dtype)
    if numpy.dtype(dtype).kind != "f":
        return g.Less(x, zero)
    return g.Or(g.Less(x, zero), g.And(g.Equal(x, zero), g.Less(g.Reciprocal(x), zero)))


def _signbit(g: Graph, out: Any, x: Any) -> Name:
    return signbit(g, x, x.dtype)


def _copysign(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    size, signs = g.cast(x1, out.dtype), g.cast(x2, out.dtype)
    return g.Where(g.Xor(signbit(g, size, out.dtype), signbit(g, signs, out.dtype)), g.Neg(size), size)


def _atan2(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    y, x = g.cast(x1, out.dtype), g.cast(x2, out.dtype)
    zero, pi = g.cast(0, out.dtype), g.cast(math.pi, out.dtype)
    is_behind = signbit(g, x, out.dtype)
    angle = g.Where(g.Equal(y, zero), g.Where(is_behind, g.Neg(y), y), g.Atan(g.Div(y, x)))
    turn = g.Where(signbit(g, y, out.dtype), g.Neg(pi), pi)
    return g.Add(angle, g.Where(is_behind, turn, zero))


def _fmod(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    return g.Mod(g.cast(x1, out.dtype), g.cast(x2, out.dtype), fmod=1)


def _remainder(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    x, y = g.cast(x1, out.dtype), g.cast(x2, out.dtype)
    return g.Mod(x, y) if out.dtype.kind in "iu" else _float_remainder(g, x, y, out.dtype)


def _float_remainder(g: Graph, x: Name, y: Name, dtype: Any) -> Name:
    zero = g.cast(0, dtype)
    rest = g.Mod(x, y, fmod=1)
    is_other = g.And(g.Xor(g.Less(rest, zero), g.Less(y, zero)), g.Not(g.Equal(rest, zero)))
    return g.Where(is_other, g.Add(rest, y), rest)


def _floor_divide(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
    x, y = g.cast(x1, out.dtype), g.cast(x2, out.dtype)
    if out.dtype.kind in "iu":
        # Div rounds towards zero.
        return g.Div(g.Sub(x, g.Mod(x, y)), y)
    whole = g.Round(g.Div(g.Sub(x, _float_remainder(g, x, y, out.dtype)), y))
    return g.Where(g.Equal(y, g.cast(0, out.dtype)), g.Div(x, y), whole)


def _shift(is_left: bool) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, x1: Any, x2: Any) -> Name:
        # BitShift takes unsigned integers only.
        power = _pow(g, out, 2, x2)
        if is_left:
            return g.Mul(g.cast(x1, out.dtype), power)
        return _floor_divide(g, out, x1, Value(power, (), out.dtype))

    return lowered


def _where(g: Graph, out: Any, condition: Any, x1: Any, x2: Any) -> Name:
    chosen, a, b = g.cast(condition, bool), g.cast(x1, out.dtype), g.cast(x2, out.dtype)
    # Runtimes have Where of few dtypes.
    return g.Or(g.And(chosen, a), g.And(g.Not(chosen), b)) if out.dtype == bool else g.Where(chosen, a, b)


def _masked_fill(g: Graph, out: Any, x: Any, mask: Any, value: Any) -> Name:
    return _where(g, out, mask, value, x)


def _clip(g: Graph, out: Any, x: Any, min: Any, max: Any) -> Name:
    low, high = (g.cast(one, out.dtype) for one in (min, max))
    if all(not isinstance(one, Value) or not one.shape for one in (min, max)):
        return g.Clip(g.cast(x, out.dtype), low, high)
    return g.Min(g.Max(g.cast(x, out.dtype), low), high)


def _cast(g: Graph, out: Any, x: Any, dtype: Any) -> Name:
    return g.cast(x, out.dtype)


def _elu(g: Graph, out: Any, x: Any, alpha: float) -> Name:
    return g.Elu(x, alpha=float(alpha))


def _leaky_relu(g: Graph, out: Any, x: Any, negative_slope: float) -> Name:
    return g.LeakyRelu(x, alpha=float(negative_slope))


def _softplus(g: Graph, out: Any, x: Any, beta: float, threshold: float) -> Name:
    if beta == 1 and threshold == 20 and out.dtype != numpy.float64:
        # Beyond the threshold it rounds to x.
        return g.Softplus(x)
    scaled = g.Mul(x, g.cast(beta, out.dtype))
    found = g.Div(g.Softplus(scaled), g.cast(beta, out.dtype))
    return g.Where(g.Greater(scaled, g.cast(threshold, out.dtype)), x, found)


OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: _same(name) for name in SAME},
    **{name: _comparison(name) for name in COMPARISONS},
    **{name: _logic(name) for name in LOGIC},
    **{name: _bits(name) for name in BITS},
    "atan2": _atan2,
    "bitwise_left_shift": _shift(is_left=True),
    "bitwise_right_shift": _shift(is_left=False),
    "cast": _cast,
    "clip": _clip,
    "copysign": _copysign,
    "elu": _elu,
    "expm1": _expm1,
    "floor_divide": _floor_divide,
    "fmod": _fmod,
    "hypot": _hypot,
    "isfinite": _isfinite,
    "isinf": _isinf,
    "isnan": _isnan,
    "leaky_relu": _leaky_relu,
    "log10": _scaled_log(10.0),
    "log1p": _log1p,
    "log2": _scaled_log(2.0),
    "logaddexp": _logaddexp,
    "masked_fill": _masked_fill,
    "negative": _negative,
    "not_equal": _not_equal,
    "pow": _pow,
    "relu": _relu,
    "remainder": _remainder,
    "signbit": _signbit,
    "softplus": _softplus,
    "square": _square,
    "trunc": _trunc,
    "where": _where,
}
