"""Signs and sizes of numbers in gradients and tangents."""

from __future__ import annotations

import math
from typing import Any

from .matrices import is_complex


def signs(ops: Any, x: Any, size: Any) -> Any:
    """What the numbers are to others of their size: one or minus one. None where some are none of both, as at zero.

    By a division, which takes less time than to look at each.
    """
    found = x / size
    return found if math.prod(found.shape) and ops.known(bool, False, ops.max(found) <= 1.0) else None


def by_size(ops: Any, sign: Any, x: Any) -> Any:
    """One by the absolute value of numbers of which the sign is known; zero where they are."""
    return sign / ops.where(ops.equal(x, ops.zeros_like(x)), ops.ones_like(x), x)


def abs_tangent(ops: Any, t: Any, x: Any, found: Any) -> Any:
    """How absolute values change, `found` being they, or None."""
    if not is_complex(x):
        same = None if found is None else signs(ops, x, found)
        return t * (ops.sign(x) if same is None else same)
    size = ops.abs(x) if found is None else found
    if found is None or not math.prod(size.shape) or not ops.known(bool, False, ops.min(size) > 0.0):
        size = ops.masked_fill(size, ops.equal(size, ops.zeros_like(size)), 1.0)
    return ops.real(t) * (ops.real(x) / size) + ops.imag(t) * (ops.imag(x) / size)
