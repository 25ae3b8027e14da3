"""Default kernels for functions whose special values the standard leaves open.

A backend without kernels of its own uses them, so that any namespace that follows the standard is enough.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from . import complex_functions, elementwise
from .devices import device_of


def clip(xp: Any, x: Any, min: Any, max: Any) -> Any:
    """``minimum(maximum(x, min), max)``, which defines the result where `min` is greater than `max`."""
    return xp.minimum(xp.maximum(x, min), max)


def apply_to_parts(name: str, xp: Any, x: Any) -> Any:
    """A function of `complex_functions` on complex arrays, and the library's own on real ones."""
    if not xp.isdtype(x.dtype, "complex floating"):
        return getattr(xp, name)(x)
    function: complex_functions.Function = getattr(complex_functions, name)
    # Where the library has it: in PyTorch, adding an infinite imaginary part makes the real one NaN.
    join: Callable[..., Any] = getattr(xp, "complex", None) or functools.partial(complex_functions.join_parts, xp)
    return join(*function(xp, xp.real(x), xp.imag(x)))


def reciprocal(xp: Any, x: Any) -> Any:
    """``1 / x``: NumPy's reciprocal of a complex 0 is NaN."""
    return xp.divide(xp.ones_like(x), x)


def division(name: str, xp: Any, x1: Any, x2: Any) -> Any:
    """`floor_divide` or `remainder`, with zeros and infinities corrected for floats."""
    out = getattr(xp, name)(x1, x2)
    if not xp.isdtype(x1.dtype, "real floating"):
        return out
    mend: Callable[..., Any] = getattr(elementwise, name)
    return mend(xp, x1, x2, out)


def transform(name: str, xp: Any, x: Any, **parameters: Any) -> Any:
    """A Fourier transform, also of no elements, which MKL refuses: a part of that of zeros."""
    if 0 not in x.shape:
        return getattr(xp.fft, name)(x, **parameters)
    zeros = xp.zeros([max(length, 1) for length in x.shape], dtype=x.dtype, device=device_of(x))
    nothing = tuple(slice(0 if length == 0 else None) for length in x.shape)
    return getattr(xp.fft, name)(zeros, **parameters)[nothing]


def count_nonzero(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Count of nonzero elements, each by itself for no axes, which libraries take for all axes."""
    if axis == ():
        return xp.astype(x if x.dtype == xp.bool else x != 0, xp.int64)
    return xp.count_nonzero(x, axis=axis, keepdims=keepdims)


def cumulative(name: str, xp: Any, x: Any, *, axis: int) -> Any:
    """A cumulative sum or product in the operand's own dtype, in place of a wider integer one."""
    return getattr(xp, name)(x, axis=axis, dtype=x.dtype)


def mean(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean, which is NaN for no elements, without a warning."""
    if x.size == 0:
        return xp.sum(x, axis=axis, keepdims=keepdims) / 0
    return xp.mean(x, axis=axis, keepdims=keepdims)


def searchsorted(xp: Any, x1: Any, x2: Any, *, side: str = "left") -> Any:
    """Indices of insertion with NaN after all numbers, whose order the standard leaves open."""
    if not x2.shape:
        # Not every library takes a single value.
        return xp.reshape(searchsorted(xp, x1, xp.reshape(x2, (1,)), side=side), ())
    if not xp.isdtype(x1.dtype, "real floating"):
        return xp.searchsorted(x1, x2, side=side)
    is_number = x1 == x1
    numbers = xp.sum(xp.astype(is_number, xp.int64))
    # Infinities in place of NaN keep the order.
    found = xp.searchsorted(xp.where(is_number, x1, xp.full_like(x1, xp.inf)), x2, side=side)
    found = xp.minimum(found, xp.astype(numbers, found.dtype))
    last = numbers if side == "left" else xp.full_like(numbers, x1.shape[0])
    return xp.where(x2 == x2, found, xp.astype(last, found.dtype))


TRANSFORMS = ("fft", "fftn", "ifft", "ifftn", "irfft", "rfft")

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "bitwise_left_shift": elementwise.left_shift,
    "bitwise_right_shift": elementwise.right_shift,
    "clip": clip,
    "count_nonzero": count_nonzero,
    **{f"fft.{name}": functools.partial(transform, name) for name in TRANSFORMS},
    **{name: functools.partial(cumulative, name) for name in ("cumulative_prod", "cumulative_sum")},
    "floor_divide": functools.partial(division, "floor_divide"),
    "mean": mean,
    **{name: functools.partial(apply_to_parts, name) for name in ("expm1", "log1p", "sign", "tan", "tanh")},
    "reciprocal": reciprocal,
    "remainder": functools.partial(division, "remainder"),
    "searchsorted": searchsorted,
}
"""Functions by name; each takes the namespace before the arguments of the function."""
