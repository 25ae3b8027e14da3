"""The Hurwitz zeta function."""

from __future__ import annotations

import math
from typing import Any

from .approximations import BERNOULLI, special_of_two

__all__ = ["zeta"]

_TERMS = 10
"""How many terms are added up before the Euler-Maclaurin formula."""

_SERIES = [float(b / math.factorial(2 * k)) for k, b in enumerate(BERNOULLI, 1)]


@special_of_two()
def zeta(ops: Any, x1: Any, x2: Any) -> Any:
    r"""The Hurwitz zeta function, :math:`\sum_{k=0}^\infty (k + x_2)^{-x_1}`.

    Notes
    -----
    It is infinite where ``x1`` is 1 or ``x2`` zero or a negative integer, and NaN where ``x1`` is less than 1 or ``x2``
    another negative number. It has a gradient by ``x2``; that by ``x1`` is not implemented, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.zeta(tp.tensor([2.0, 4.0]), tp.tensor(1.0))
    tensor([1.6449, 1.0823])
    """
    first = ops.where(x2 > 0.0, x2, ops.ones_like(x2))
    terms = [ops.pow(first + float(k), -x1) for k in range(_TERMS)]
    last = first + float(_TERMS)
    inverse = 1.0 / last
    # Of great exponents the rest does not count.
    power = ops.where(x1 / 6.0 > last, ops.ones_like(last) * 2.0, x1)
    factor, coefficients = power * inverse, []
    for k, coefficient in enumerate(_SERIES, 1):
        coefficients.append(factor * coefficient)
        factor = factor * ((power + (2 * k - 1)) * inverse) * ((power + 2 * k) * inverse)
    rest = sum(reversed(coefficients), start=ops.zeros_like(power))
    rest = ops.pow(last, 1.0 - x1) * ((rest + 0.5) * inverse + 1.0 / (power - 1.0))
    found = sum(reversed(terms), start=rest)
    found = ops.masked_fill(found, x1 < 1.0, math.nan)
    found = ops.masked_fill(found, x1 == 1.0, math.inf)
    pole = ops.logical_and(x2 <= 0.0, ops.logical_and(x2 == ops.floor(x2), x1 >= 1.0))
    found = ops.masked_fill(found, ops.logical_and(x2 < 0.0, ops.logical_not(pole)), math.nan)
    found = ops.masked_fill(found, pole, math.inf)
    return ops.masked_fill(found, ops.logical_or(x1 != x1, x2 != x2), math.nan)
