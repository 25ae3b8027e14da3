"""Real functions that NumPy computes one number after the other, in ten to forty times as long, by passes over all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import FEW_ELEMENTS
from ..contract import Kernel

asarray = numpy.asarray


def _many(x1: Any, x2: Any) -> bool:
    """Whether there are many numbers, of single or double precision."""
    return (x1.size > FEW_ELEMENTS or x2.size > FEW_ELEMENTS) and x1.dtype.char in "fd" and x1.size > 0 and x2.size > 0


def _of_many(passes: Kernel, kernel: Kernel) -> Kernel:
    """The passes, or the kernel for few numbers."""
    passes = quiet(passes)
    return lambda x1, x2: passes(x1, x2) if _many(x1, x2) else kernel(x1, x2)


def pow(kernel: Kernel) -> Kernel:
    """Of negative numbers by the powers of their sizes; small ones by multiplying."""

    @quiet
    def pow(x1: Any, x2: Any) -> Any:
        multiplied = None if x2.ndim or x1.dtype.char not in "fd" else _MULTIPLIED.get(float(x2))
        if multiplied is not None:
            return asarray(multiplied(x1))
        if not _many(x1, x2):
            return kernel(x1, x2)
        below = x1 < 0.0
        if not below.any():
            return kernel(x1, x2)
        out = kernel(numpy.abs(x1), x2)
        whole = numpy.trunc(x2) == x2
        half = x2 * x2.dtype.type(0.5)
        out[below & numpy.isfinite(x1) & ~whole] = numpy.nan
        return numpy.copysign(out, x1, out=out, where=whole & (numpy.trunc(half) != half))

    return pow


def _power_of_a_half(x: Any) -> Any:
    """The square root, but for negative zero and infinity, of which such powers are positive."""
    out = asarray(numpy.sqrt(x + x.dtype.type(0)))
    out[x == -numpy.inf] = numpy.inf
    return out


_MULTIPLIED: dict[float, Callable[[Any], Any]] = {
    0.5: _power_of_a_half,
    1.0: numpy.array,
    2.0: numpy.square,
    3.0: lambda x: x * x * x,
}


def hypot(kernel: Kernel) -> Kernel:
    """The absolute values of complex numbers, for which NumPy has instructions on several at once."""

    def hypot(x1: Any, x2: Any) -> Any:
        points = numpy.empty(numpy.broadcast_shapes(x1.shape, x2.shape), numpy.result_type(x1, numpy.complex64))
        points.real, points.imag = x1, x2
        return numpy.abs(points)

    return _of_many(hypot, kernel)


def logaddexp(kernel: Kernel) -> Kernel:
    """The greater one, and what the other adds to it."""

    def logaddexp(x1: Any, x2: Any) -> Any:
        greater = numpy.maximum(x1, x2)
        added = numpy.minimum(x1, x2)
        added -= greater
        numpy.log1p(numpy.exp(added, added), added)
        added += greater
        infinite = numpy.isinf(greater)
        # Of two infinities the difference is NaN.
        numpy.copyto(added, greater, where=infinite)
        return added

    return _of_many(logaddexp, kernel)


def _floors(x1: Any, x2: Any) -> Any:
    """Floors of quotients of single precision in double precision; None if one is too large to be exact.

    A product of a whole number below 2**24 and a number in single precision is exact. No such quotient is rounded up to
    a whole number, as it differs from one by a unit in its last place or more.
    """
    if x1.dtype.char != "f":
        return None
    quotient = x1 / x2.astype(numpy.float64)
    return numpy.floor(quotient, quotient) if numpy.max(numpy.abs(quotient)) < 1 << 24 else None


def floor_divide(kernel: Kernel) -> Kernel:
    """In double precision: see `_floors`."""

    def floor_divide(x1: Any, x2: Any) -> Any:
        floors = _floors(x1, x2)
        return kernel(x1, x2) if floors is None else floors.astype(x1.dtype)

    return _of_many(floor_divide, kernel)


def remainder(kernel: Kernel) -> Kernel:
    """In double precision: see `_floors`."""

    def remainder(x1: Any, x2: Any) -> Any:
        floors = _floors(x1, x2)
        if floors is None or not numpy.isfinite(x2).all():
            return kernel(x1, x2)
        floors *= x2
        out = (x1 - floors).astype(x1.dtype)
        return numpy.copysign(out, x2, out)

    return _of_many(remainder, kernel)
