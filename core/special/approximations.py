"""How special functions are declared, and what their approximations are made of.

Approximations work on raw arrays of float32 or float64, with the functions of a backend, `ops`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from ..families.elementwise import Binary, Definition, Unary, binary, unary

ELEMENTWISE: dict[str, Any] = {
    "accepts": "real-valued floating-point",
    "extension": "special",
    "widens_half": True,
    "compiled": True,
}


def special(*methods: str) -> Callable[[Definition], Unary]:
    """Declare a special function of one tensor, and the methods of that name."""
    return unary(methods=methods, **ELEMENTWISE)


def special_of_two(*methods: str) -> Callable[[Definition], Binary]:
    """Declare a special function of two tensors, and the methods of that name."""
    return binary(methods=methods, **ELEMENTWISE)


def call(ops: Any, name: str, *arrays: Any) -> Any:
    """Call another special function."""
    return getattr(ops, f"special.{name}")(*arrays)


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Evaluate a polynomial by Horner's rule; the coefficient of the highest power comes first."""
    first, second, *others = coefficients
    found = x * first
    # In place on libraries whose arrays can be written, in half of the time.
    found += second
    for one in others:
        found *= x
        found += one
    return found


def exp_of_square(ops: Any, x: Any, factor: float) -> Any:
    """``exp(factor * x**2)``, with the square split into one that is exact and a small rest."""
    x = ops.minimum(ops.abs(x), ops.full_like(x, 64.0))
    head = ops.trunc(x * 256.0) / 256.0
    # Of two exponentials XLA makes the exponential of a sum.
    return ops.exp(head * head * factor) * (ops.expm1((x - head) * (x + head) * factor) + 1.0)


def from_integer(ops: Any, x: Any) -> Any:
    """The distance to the nearest integer, with its sign: exact, as in ``sin(pi * x)`` the argument must be."""
    return x - ops.round(x)


def _bernoulli(count: int) -> list[Fraction]:
    """The Bernoulli numbers of even index, from the second."""
    found = [Fraction(1)]
    for n in range(1, 2 * count + 1):
        found.append(-sum((math.comb(n + 1, k) * found[k] for k in range(n)), Fraction(0)) / (n + 1))
    return found[2::2]


BERNOULLI = _bernoulli(12)
