"""Kernels of means, variances, standard deviations and vector norms of NumPy arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import FEW_ELEMENTS, LONG_DOT
from .products import ORDINARY, vecdot
from .sums import silent_sum

asarray = numpy.asarray

Axes = tuple[int, ...] | None

_EXTREMES = (numpy.minimum.reduce, numpy.maximum.reduce)


def _count(x: Any, axis: Axes) -> int:
    count: int = x.size if axis is None else math.prod([x.shape[i] for i in axis])
    return count


def _centered(x: Any, axis: Axes) -> Any:
    """The differences from the mean along axes."""
    # Of all elements it is a scalar, which is quicker than an array.
    total = silent_sum(x) if axis is None or len(axis) == x.ndim else silent_sum(x, axis, True)
    count = _count(x, axis) or math.nan
    if x.dtype.kind != "c":
        return x - total / count
    # Complex division would make both parts NaN where one is NaN or infinite.
    mean = numpy.empty(total.shape, x.dtype)
    mean.real, mean.imag = total.real / count, total.imag / count
    return x - mean


def _sum_of_squares(x: Any, axis: Axes, keepdims: bool) -> Any:
    if x.size <= FEW_ELEMENTS and (axis is None or len(axis) == x.ndim) and x.dtype.char in "fd":
        row = x.reshape(-1)
        total = row.dot(row)
        return asarray(total).reshape((1,) * x.ndim) if keepdims else total
    return silent_sum(x * x, axis, keepdims)


def _freedom(x: Any, axis: Axes, correction: float) -> float:
    """The degrees of freedom of a variance; NaN unless there are more elements than the correction."""
    freedom = _count(x, axis) - correction
    return freedom if freedom > 0 else math.nan


def _magnitudes(x: Any) -> Any:
    """Real numbers with the squares of these."""
    return numpy.abs(x) if x.dtype.kind == "c" else x


def var(x: Any, *, axis: Axes, correction: float, keepdims: bool) -> Any:
    total = _sum_of_squares(_magnitudes(_centered(x, axis)), axis, keepdims)
    return asarray(total / _freedom(x, axis, correction))


def std(x: Any, *, axis: Axes, correction: float, keepdims: bool) -> Any:
    """The standard deviation by the norm of deviations, whose squares do not over- or underflow."""
    return asarray(_norm(_centered(x, axis), axis, keepdims, 2.0) / math.sqrt(_freedom(x, axis, correction)))


def standardize(x: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    centered = _centered(x, axis)
    centered /= _deviation(centered, axis, eps)
    return centered


def standardize_gradient(g: Any, x: Any, out: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    count = _count(x, axis) or math.nan
    centered = _centered(x, axis)
    deviation = _deviation(centered, axis, eps)
    result = numpy.multiply(out, _sum_of_products(g, out, axis) / -count, centered)
    result += g
    result -= silent_sum(g, axis, True) / count
    result /= deviation
    return result


def _deviation(centered: Any, axis: tuple[int, ...], eps: float) -> Any:
    """The root of the mean of squares plus `eps`, with `keepdims`."""
    variance = _sum_of_products(centered, centered, axis)
    variance /= _count(centered, axis) or math.nan
    variance += eps
    return numpy.sqrt(variance, variance)


def _sum_of_products(x1: Any, x2: Any, axis: tuple[int, ...]) -> Any:
    """The sum of products along axes, with `keepdims`: along the last ones a dot product, unless it loses digits."""
    kept = x1.ndim - len(axis)
    is_dot = axis[0] == kept and x1.flags.c_contiguous and x2.flags.c_contiguous and _count(x1, axis) <= LONG_DOT
    if x1.size < FEW_ELEMENTS or not is_dot:
        return silent_sum(x1 * x2, axis, True)
    shape = (*x1.shape[:kept], -1)
    return vecdot(x1.reshape(shape), x2.reshape(shape)).reshape(*shape[:-1], *(1,) * len(axis))


def vector_norm(x: Any, *, axis: Axes | int, keepdims: bool, ord: float) -> Any:
    axis = (axis,) if isinstance(axis, int) else axis
    if ord == 0.0:
        return asarray(silent_sum((x != 0).astype(x.real.dtype), axis, keepdims))
    return asarray(_norm(x, axis, keepdims, ord))


def _norm(x: Any, axis: Axes, keepdims: bool, ord: float) -> Any:
    powers = _sum_of_powers(x, axis, keepdims, ord)
    if 0 in x.shape:
        return powers
    least, greatest = [reduce(powers, None) if powers.ndim else powers for reduce in _EXTREMES]
    if ORDINARY[0] < least and greatest < ORDINARY[1]:
        return _power(powers, 1.0 / ord)
    # In units of the largest, or the smallest.
    size = numpy.abs(x)
    extreme = _EXTREMES[ord > 0](size, axis, keepdims=True)
    unit = numpy.where(numpy.isfinite(extreme) & (extreme > 0), extreme, extreme.dtype.type(1))
    powers = _sum_of_powers(size / unit, axis, keepdims, ord)
    return _power(powers, 1.0 / ord) * unit.reshape(powers.shape)


def _sum_of_powers(x: Any, axis: Axes, keepdims: bool, ord: float) -> Any:
    if ord == 2.0:
        return _sum_of_squares(_magnitudes(x), axis, keepdims)
    return silent_sum(_power(numpy.abs(x), ord), axis, keepdims)


def _power(x: Any, exponent: float) -> Any:
    return numpy.sqrt(x) if exponent == 0.5 else numpy.power(x, x.dtype.type(exponent))


KERNELS = {
    "linalg.vector_norm": quiet(vector_norm),
    "standardize": quiet(standardize),
    "standardize_gradient": quiet(standardize_gradient),
    "std": quiet(std),
    "var": quiet(var),
}
"""By the name of the operation."""
