"""Functions of a namespace of which the standard leaves something open, with Tensorplug's answer.

They are the kernels of backends that have none of their own, so that a namespace that keeps to the standard will do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..contract import Array, Kernel
from . import complex_functions, elementwise


def clip(xp: Any, x: Array, min: Array, max: Array) -> Array:
    """The standard leaves it open where `min` is greater than `max`."""
    return xp.minimum(xp.maximum(x, min), max)


def by_parts(name: str, xp: Any, x: Array) -> Array:
    """A function of complex numbers by their parts: libraries lose digits and special values."""
    if not xp.isdtype(x.dtype, "complex floating"):
        return getattr(xp, name)(x)
    function: complex_functions.Function = getattr(complex_functions, name)
    return complex_functions.joined(xp, *function(xp, xp.real(x), xp.imag(x)))


def reciprocal(xp: Any, x: Array) -> Array:
    """NumPy's own of a complex zero is NaN, which one divided by it is not."""
    return xp.divide(xp.ones_like(x), x)


def division(name: str, xp: Any, x1: Array, x2: Array) -> Array:
    """`floor_divide` or `remainder`, whose zeros and infinities libraries differ in."""
    out = getattr(xp, name)(x1, x2)
    if not xp.isdtype(x1.dtype, "real floating"):
        return out
    mend: Kernel = getattr(elementwise, name)
    return mend(xp, x1, x2, out)


def mean(xp: Any, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The mean of nothing is NaN, of which libraries warn."""
    if x.size == 0:
        return xp.sum(x, axis=axis, keepdims=keepdims) / 0
    return xp.mean(x, axis=axis, keepdims=keepdims)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "bitwise_left_shift": elementwise.left_shift,
    "bitwise_right_shift": elementwise.right_shift,
    "clip": clip,
    "floor_divide": functools.partial(division, "floor_divide"),
    "mean": mean,
    **{name: functools.partial(by_parts, name) for name in ("expm1", "log1p", "sign", "tan", "tanh")},
    "reciprocal": reciprocal,
    "remainder": functools.partial(division, "remainder"),
}
"""Each takes the namespace, and then what the function of that name takes."""
