"""Cases of the gradients of elementwise functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

import tensorplug as tp
from tensorplug.core import OPERATIONS

from .case import Case, points

UNARY_SHAPES = ((2, 3), (), (0, 2))
BINARY_SHAPES = (
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((), ()),
    ((0, 3), (1, 3)),
    ((1,), (2, 0)),
)

DOMAINS: dict[str, tuple[float, float, bool]] = {
    "acos": (0.1, 0.9, True),
    "acosh": (1.2, 3.0, False),
    "asin": (0.1, 0.9, True),
    "atanh": (0.1, 0.9, True),
    "ceil": (1.1, 1.4, True),
    "floor": (1.1, 1.4, True),
    "floor_divide": (0.15, 0.25, True),
    "log": (0.3, 3.0, False),
    "log10": (0.3, 3.0, False),
    "log1p": (0.1, 0.7, True),
    "log2": (0.3, 3.0, False),
    "pow": (0.5, 2.0, False),
    "reciprocal": (0.5, 2.0, True),
    "remainder": (0.15, 0.25, True),
    "round": (1.1, 1.4, True),
    "sqrt": (0.3, 3.0, False),
    "tan": (0.1, 1.2, True),
    "trunc": (1.1, 1.4, True),
}
"""Least and greatest magnitude, and whether both signs, where it is not 0.2 to 2 with both."""


IN_EVERY_SHAPE = ("abs", "divide", "exp", "maximum", "multiply", "pow", "relu")
"""Broadcasting is the engine's work, alike for all functions, and JAX compiles each for each shape, so these stand for
all of them there.
"""


def elementwise(name: str, jax: Callable[..., Any] | None = None) -> list[Case]:
    """Cases of an elementwise function that both libraries call by one name, or that `jax` is."""
    low, high, signs = DOMAINS.get(name, (0.2, 2.0, True))
    binary = len(OPERATIONS[name].operands) == 2
    shapes = BINARY_SHAPES if binary else tuple((shape,) for shape in UNARY_SHAPES)
    same = jax or (lambda jnp, *xs: getattr(jnp, name)(*xs))
    function = getattr(tp, name)
    return [
        Case(
            function,
            points(*each, low=low, high=high, signs=signs),
            same if position == 0 or name in IN_EVERY_SHAPE else None,
        )
        for position, each in enumerate(shapes)
    ]


CASES: dict[str, list[Case]] = {
    **{
        name: elementwise(name)
        for name in (
            "abs acos acosh add asin asinh atan atan2 atanh ceil conj copysign cos cosh divide exp expm1 floor "
            "floor_divide hypot log log10 log1p log2 logaddexp maximum minimum multiply negative positive pow "
            "reciprocal remainder round sign sin sinh sqrt square subtract tan tanh trunc"
        ).split()
    },
    "relu": elementwise("relu", lambda jnp, x: jnp.maximum(x, 0)),
    "sigmoid": elementwise("sigmoid", lambda jnp, x: 1 / (1 + jnp.exp(-x))),
}


def clipped(*shapes: tuple[int, ...], jax: bool = True) -> Case:
    """A case of `clip` in which some elements are below, some within and some above the bounds."""
    x, *bounds = points(*shapes, low=0.2, high=2.0)
    low, high = (numpy.asarray(bound * 0.3 - 0.5 + position) for position, bound in enumerate(bounds))
    return Case(tp.clip, (x, low, high), (lambda jnp, *xs: jnp.clip(*xs)) if jax else None)


CASES["clip"] = [
    clipped((2, 3), (2, 3), (2, 3)),
    clipped((2, 3), (3,), (2, 1)),
    clipped((3,), (2, 1), (), jax=False),
    clipped((), (), (2,), jax=False),
    clipped((0, 2), (2,), (2,), jax=False),
    Case(lambda x: tp.clip(x, -0.5), points((2, 3)), lambda jnp, x: jnp.maximum(x, -0.5)),
    Case(lambda x: tp.clip(x, max=0.5), points((4,)), lambda jnp, x: jnp.minimum(x, 0.5)),
    Case(lambda x: tp.clip(x), points((4,)), None),
]
CASES["nextafter"] = [Case(tp.nextafter, points((2, 3), (3,)), lambda jnp, x1, x2: x1 + 0 * x2)]
