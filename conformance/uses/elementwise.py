"""Uses of elementwise functions: the same shapes for all, with values from each function's domain."""

from __future__ import annotations

import numpy

from tensorplug.core import OPERATIONS
from tensorplug.core.types.dtypes import DTYPES

from .use import (
    ANY,
    Array,
    Operand,
    Use,
    Values,
    between,
    fixed,
    integers,
    mask,
)

SHAPES = ((2, 3), (), (0, 3), (2, 1, 3), (2, 3, 2, 2))
"""Shapes of the operand of a unary function."""

PAIRS = (
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((3,), (2, 1, 3)),
    ((2, 1, 3), (2, 1)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((), ()),
    ((0, 3), (1, 3)),
    ((2, 3, 2, 2), (3, 1, 2)),
    ((2, 3, 2, 2), (2, 3, 2, 2)),
)
"""Shapes of the operands of a binary function."""


def _of_kinds(**by_kind: Values) -> Values:
    """Values that differ by kind of dtype (NumPy's letters); `smooth` is for finite differences."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        return by_kind.get(DTYPES[dtype].kind, ANY).draw(rng, shape, dtype)

    return Values(draw, by_kind.get("smooth", ANY).smooth, simplest=1)


def _smooth(low: float, high: float, signs: bool = False) -> Values:
    return _of_kinds(smooth=between(low, high, signs))


# Smooth quotients, by these, of numbers from 1.1 to 1.12 are from 5.1 to 5.9, far from where they step.
DIVISORS = _of_kinds(
    i=between(1, 5, signs=True), u=between(1, 5), f=between(0.2, 5, signs=True), smooth=between(0.19, 0.215, signs=True)
)
_SHIFTS = integers(0, 7)

DOMAINS: dict[str, tuple[Values, ...]] = {
    "acos": (_smooth(0.1, 0.9, signs=True),),
    "acosh": (_smooth(1.2, 3.0),),
    "asin": (_smooth(0.1, 0.9, signs=True),),
    "atanh": (_smooth(0.1, 0.9, signs=True),),
    "bitwise_left_shift": (ANY, _SHIFTS),
    "bitwise_right_shift": (ANY, _SHIFTS),
    "ceil": (_smooth(1.1, 1.4, signs=True),),
    "floor": (_smooth(1.1, 1.4, signs=True),),
    "floor_divide": (_smooth(1.1, 1.12), DIVISORS),
    "fmod": (_smooth(1.1, 1.12), DIVISORS),
    "frac": (_smooth(1.1, 1.4, signs=True),),
    "log": (_smooth(0.3, 3.0),),
    "log10": (_smooth(0.3, 3.0),),
    "log1p": (_smooth(0.1, 0.7, signs=True),),
    "log2": (_smooth(0.3, 3.0),),
    "pow": (
        _of_kinds(i=integers(-3, 4), u=integers(0, 4), smooth=between(0.5, 2.0)),
        _of_kinds(i=integers(0, 4), u=integers(0, 4), smooth=between(0.5, 2.0, signs=True)),
    ),
    "reciprocal": (_smooth(0.5, 2.0, signs=True),),
    "remainder": (_smooth(1.1, 1.12), DIVISORS),
    "round": (_smooth(1.1, 1.4, signs=True),),
    "rsqrt": (_smooth(0.3, 3.0),),
    "special.betaln": (_smooth(0.3, 3.0), _smooth(0.3, 3.0)),
    "special.digamma": (_smooth(0.3, 3.0),),
    "special.entr": (_smooth(0.3, 3.0),),
    "special.erfinv": (_smooth(0.1, 0.9, signs=True),),
    "special.gammaln": (_smooth(0.3, 3.0),),
    "special.logit": (_smooth(0.1, 0.9),),
    "special.ndtri": (_smooth(0.1, 0.9),),
    "special.xlog1py": (_smooth(0.3, 3.0), _smooth(0.1, 0.7, signs=True)),
    "special.xlogy": (_smooth(0.3, 3.0), _smooth(0.3, 3.0)),
    "special.zeta": (_smooth(1.5, 4.0), _smooth(0.3, 3.0)),
    "sqrt": (_smooth(0.3, 3.0),),
    "tan": (_smooth(0.1, 1.2, signs=True),),
    "trunc": (_smooth(1.1, 1.4, signs=True),),
}
"""Domains of the operands; functions without an entry take any values."""


WITHOUT_GRADIENTS = ("special.gammainc", "special.gammaincc", "special.zeta")
"""Functions without a gradient by one of their operands."""


def uses(name: str) -> tuple[Use, ...]:
    """The uses of a unary or binary elementwise function."""
    operands = OPERATIONS[name].operands
    domains = DOMAINS.get(name, (ANY,) * len(operands))
    call = f"tp.{name}({', '.join(operands)})"
    shapes = PAIRS if len(operands) == 2 else tuple((shape,) for shape in SHAPES)
    found = tuple(
        Use.of(
            call,
            {operand: Operand(shape, values) for operand, shape, values in zip(operands, each, domains, strict=True)},
            elementwise=True,
            smooth=name not in WITHOUT_GRADIENTS,
        )
        for each in shapes
    )
    if name != "divide":
        return found
    # The reciprocal of the divisor is subnormal.
    great, divisor = fixed([1e38, -2e38, 3e38], "float32"), fixed(3e38, "float32")
    return (*found, Use(call, dtypes="f", smooth=False, x1=great, x2=divisor))


def _of_elements(code: str, dtypes: str = "biufc", **operands: Operand | tuple[int, ...]) -> Use:
    return Use.of(code, operands, dtypes=dtypes, elementwise=True)


USES: dict[str, tuple[Use, ...]] = {
    "special.digamma_derivative": tuple(
        _of_elements(f"tp.polygamma({n}, x)", x=Operand(shape, _smooth(0.3, 3.0)), dtypes="f")
        for n, shape in enumerate(SHAPES, 1)
    ),
    "clip": (
        _of_elements("tp.clip(x, tp.minimum(low, high), tp.maximum(low, high))", x=(2, 3), low=(2, 3), high=(2, 3)),
        _of_elements("tp.clip(x, low, high)", x=(2, 3), low=(2, 3), high=(2, 3)),
        _of_elements("tp.clip(x, low, low + 2)", x=(2, 3), low=(3,)),
        _of_elements("tp.clip(x, low, high)", x=(3,), low=(2, 1, 3), high=()),
        _of_elements("tp.clip(x, 1, 3)", x=(2, 3)),
        _of_elements("tp.clip(x, min=1)", x=()),
        _of_elements("tp.clip(x, max=1)", x=(2, 3, 2, 2)),
        _of_elements("tp.clip(x)", x=(2, 3)),
        _of_elements("tp.clip(x, low, high)", x=(0, 3), low=(3,), high=(1, 3)),
    ),
    "where": (
        _of_elements("tp.where(condition, x1, x2)", condition=mask((2, 3)), x1=(2, 3), x2=(2, 3)),
        _of_elements("tp.where(condition, x1, x2)", condition=mask((3,)), x1=(2, 3), x2=(2, 3)),
        _of_elements("tp.where(condition, x1, x2)", condition=mask((2, 1, 3)), x1=(3,), x2=(2, 1)),
        _of_elements("tp.where(condition, x1, x2)", condition=mask(()), x1=(2, 3), x2=()),
        _of_elements("tp.where(condition, x1, 1)", condition=mask((2, 3)), x1=(2, 3)),
        _of_elements("tp.where(condition, x1, x2)", condition=mask((0, 3)), x1=(3,), x2=()),
        _of_elements("tp.where(condition, x1, x2)", condition=mask((3, 1, 2)), x1=(2, 3, 2, 2), x2=(2, 3, 2, 2)),
    ),
    "direction": tuple(
        _of_elements("TENSOR_OPS.direction(x1, x2)", x1=Operand(one, between(0.2, 2.0)), x2=other, dtypes="f")
        for one, other in PAIRS
    ),
    "masked_fill": (
        _of_elements("x.masked_fill(mask, 1)", dtypes="iufc", x=(2, 3), mask=mask((2, 3))),
        _of_elements("x.masked_fill(mask, 0.1)", dtypes="fc", x=(2, 3), mask=mask((3,))),
        _of_elements("x.masked_fill(mask, 0)", dtypes="iufc", x=(), mask=mask(())),
        _of_elements("x.masked_fill(mask, 1)", dtypes="iufc", x=(2, 3, 2, 2), mask=mask((3, 1, 2))),
        _of_elements("x.masked_fill(mask, 1)", dtypes="iufc", x=(0, 3), mask=mask((3,))),
    ),
    "complex": tuple(_of_elements("tp.complex(x1, x2)", x1=one, x2=other, dtypes="f") for one, other in PAIRS),
}
