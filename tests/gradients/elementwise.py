"""Cases of the gradients of elementwise functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

import tensorplug as tp
from tensorplug.conformance.uses.elementwise import DOMAINS
from tensorplug.conformance.uses.use import ANY
from tensorplug.core import FUNCTIONS, OPERATIONS

from .case import Case, points, tensor

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

IN_EVERY_SHAPE = ("abs", "divide", "exp", "maximum", "multiply", "pow", "relu")
"""Broadcasting is the engine's work, alike for all functions, and JAX compiles each for each shape, so these stand for
all of them there.
"""


def elementwise(name: str, jax: Callable[..., Any] | None = None) -> list[Case]:
    """Cases of an elementwise function that both libraries call by one name, or that `jax` is.

    The domain is that of the conformance suite.
    """
    operands = OPERATIONS[name].operands
    domain = DOMAINS.get(name, (ANY,) * len(operands))
    shapes = BINARY_SHAPES if len(operands) == 2 else tuple((shape,) for shape in UNARY_SHAPES)
    same = jax or (lambda jnp, *xs: getattr(jnp, name)(*xs))
    function = FUNCTIONS[name]
    cases = []
    for position, each in enumerate(shapes):
        rng = numpy.random.default_rng(position)
        inputs = tuple(values.smooth(rng, shape, "float64") for values, shape in zip(domain, each, strict=True))
        cases.append(Case(function, inputs, same if position == 0 or name in IN_EVERY_SHAPE else None))
    return cases


def special(name: str) -> Callable[..., Any]:
    """JAX's special function of that name."""

    def function(jnp: Any, *xs: Any) -> Any:
        import jax.scipy.special

        short = name.removeprefix("special.")
        return getattr(jax.scipy.special if hasattr(jax.scipy.special, short) else jnp, short)(*xs)

    return function


SHAPES = numpy.asarray([0.5, 1.5, 3.0])
"""First operands of incomplete gamma functions, by which they have no gradient."""

ON_JAX: dict[str, Callable[..., Any]] = {
    "celu": lambda jnp, x: jnp.where(x > 0, x, jnp.expm1(x)),
    "frac": lambda jnp, x: x - jnp.trunc(x),
    "nextafter": lambda jnp, x1, x2: x1 + 0 * x2,
    "relu": lambda jnp, x: jnp.maximum(x, 0),
    "rsqrt": lambda jnp, x: 1 / jnp.sqrt(x),
    "sigmoid": lambda jnp, x: 1 / (1 + jnp.exp(-x)),
    **{name: special(name) for name in OPERATIONS if name.startswith("special.")},
}
"""What JAX calls otherwise."""

CASES: dict[str, list[Case]] = {
    name: elementwise(name, ON_JAX.get(name))
    for name, operation in OPERATIONS.items()
    if operation.elementwise and operation.rule is not None and {"x", "x1", "x2"}.issuperset(operation.operands)
    if (hasattr(tp, name) and name != "complex") or name in FUNCTIONS.keys() & ON_JAX
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

CASES["special.zeta"] = [
    Case(
        lambda x: tp.special.zeta(tensor(SHAPES) + 1.0, x),
        points((2, 3), signs=False),
        lambda jnp, x: special("zeta")(jnp, numpy.asarray(SHAPES) + 1.0, x),
    )
]
for name in ("special.gammainc", "special.gammaincc"):
    CASES[name] = [
        Case(
            lambda x, name=name: FUNCTIONS[name](tensor(SHAPES), x),
            points((2, 3), signs=False),
            lambda jnp, x, name=name: special(name)(jnp, SHAPES, x),
        )
    ]
CASES["special.digamma_derivative"] = [
    Case(
        functools.partial(tp.polygamma, n),
        points((2, 3)),
        lambda jnp, x, n=n: special("polygamma")(jnp, jnp.asarray(n), x),
    )
    for n in (1, 2)
]
