"""Kernels of softmax and cross-entropy on NumPy arrays.

Each works in blocks that fit the cache, so that only the first of its passes reads memory and only the last writes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import MANY_EXPONENTIALS, SOFTMAX_BLOCK, SUMMED_BY_PRODUCT
from .products import vecdot
from .sums import silent_sum

MAX_EXPONENT = 40.0
"""Where no row's maximum exceeds this, exponentials are taken without subtracting it first: none overflows, and none
that counts underflows. The pass that is saved is half of the time of a softmax of rows of 100."""

MIN_SUM = math.exp(-MAX_EXPONENT)


def _rows(x: Any, axis: int) -> Any:
    """Reshape to three axes: those before `axis`, `axis`, and those after it."""
    shape = x.shape
    return x.reshape(math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))


def _normalizer_rows(x: Any, axis: int) -> Any:
    """Reshape stacked shifts and sums to ``(2, before, 1, after)``."""
    shape = x.shape[1:]
    return x.reshape(2, math.prod(shape[:axis]), 1, math.prod(shape[axis + 1 :]))


def _blocks(x: Any) -> Iterator[slice]:
    count = x.shape[0]
    step = max(1, SOFTMAX_BLOCK // max(1, x.shape[1] * x.shape[2]))
    return (slice(start, start + step) for start in range(0, count, step))


def _max(x: Any, axis: int = 1) -> Any:
    """Maximum along an axis, which keeps length 1; -inf if the axis is empty."""
    if not x.shape[axis]:
        return numpy.full([1 if i == axis else n for i, n in enumerate(x.shape)], -math.inf, x.dtype)
    return numpy.maximum.reduce(x, axis=axis, keepdims=True)


def _sum(x: Any) -> Any:
    if x.shape[2] == 1 and x.shape[1] in SUMMED_BY_PRODUCT:
        return numpy.matmul(x[:, :, 0], numpy.ones(x.shape[1], x.dtype))[:, None, None]
    return silent_sum(x, 1, True)


def _exponentials(x: Any, shift: Any, out: Any) -> Any:
    """Write exponentials to `out` and return a factor: ``out * factor`` is ``exp(x - shift)``.

    The factor is 1 where the shift was subtracted first.
    """
    # NaN compares false, so that the shift is subtracted.
    if x.size >= MANY_EXPONENTIALS and numpy.abs(shift).max() <= MAX_EXPONENT:
        numpy.exp(x, out)
        return numpy.exp(-shift)
    numpy.exp(numpy.subtract(x, shift, out), out)
    return 1.0


def softmax(x: Any, *, axis: int) -> Any:
    if 0 < x.size < MANY_EXPONENTIALS:
        terms = x - numpy.maximum.reduce(x, axis, keepdims=True)
        numpy.exp(terms, terms)
        return numpy.divide(terms, silent_sum(terms, axis, True), terms)
    result = numpy.empty(x.shape, x.dtype)
    rows, out = _rows(x, axis), _rows(result, axis)
    for block in _blocks(rows):
        source, part = rows[block], out[block]
        # The maximum of a block takes a tenth of the time of the maxima of its rows.
        small = source.size >= MANY_EXPONENTIALS and source.max() <= MAX_EXPONENT
        sums = _sum(numpy.exp(source, part)) if small else None
        if sums is None or not sums.min() >= MIN_SUM:
            _exponentials(source, _max(source), part)
            sums = _sum(part)
        numpy.multiply(part, numpy.reciprocal(sums), part)
    return result


def softmax_gradient(g: Any, out: Any, *, axis: int) -> Any:
    """``out * (g - sum(g * out))``, the sum along the last axis a dot product: 1.3 times without."""
    along = vecdot(g, out)[..., None] if axis == out.ndim - 1 else silent_sum(g * out, axis, True)
    result = numpy.subtract(g, along)
    return numpy.multiply(result, out, result)


def log_softmax(x: Any, *, axis: int) -> Any:
    if 0 < x.size < MANY_EXPONENTIALS:
        shifted = x - numpy.maximum.reduce(x, axis, keepdims=True)
        return numpy.subtract(shifted, numpy.log(silent_sum(numpy.exp(shifted), axis, True)), shifted)
    result = numpy.empty(x.shape, x.dtype)
    rows, out = _rows(x, axis), _rows(result, axis)
    for block in _blocks(rows):
        source, part, shift = rows[block], out[block], _max(rows[block])
        factor = _exponentials(source, shift, part)
        sums = _sum(part) * factor
        numpy.subtract(numpy.subtract(source, shift, part), numpy.log(sums), part)
    return result


def softmax_normalizer(x: Any, *, axis: int) -> Any:
    result = numpy.empty((2, *x.shape[:axis], 1, *x.shape[axis + 1 :]), x.dtype)
    if 0 < x.size < MANY_EXPONENTIALS:
        shift, sums_of_exp = result
        numpy.maximum.reduce(x, axis, out=shift, keepdims=True)
        terms = numpy.subtract(x, shift)
        sums_of_exp[...] = silent_sum(numpy.exp(terms, terms), axis, True)
        return result
    rows, (shifts, sums_of_exp) = _rows(x, axis), _normalizer_rows(result, axis)
    scratch = None
    for block in _blocks(rows):
        source = rows[block]
        if scratch is None:
            scratch = numpy.empty(source.shape, x.dtype)
        part = scratch[: len(source)]
        shifts[block] = shift = _max(source)
        factor = _exponentials(source, shift, part)
        numpy.multiply(_sum(part), factor, sums_of_exp[block])
    return result


def _is_small(logits: Any, label_smoothing: float) -> bool:
    """Whether a cross-entropy is that of few rows, for which preparing blocks takes longer than computing."""
    return logits.ndim == 2 and 0 < logits.size < MANY_EXPONENTIALS and not label_smoothing


def _places(target: Any, logits: Any) -> Any:
    """The flat indices of the target classes."""
    return numpy.arange(0, logits.size, logits.shape[1]) + target


def cross_entropy(logits: Any, target: Any, normalizer: Any, *, label_smoothing: float) -> Any:
    if _is_small(logits, label_smoothing):
        shifts, sums = normalizer[:, :, 0]
        chosen = logits.take(_places(target, logits))
        return numpy.log(sums) - numpy.subtract(chosen, shifts, chosen)
    rows, classes, (shifts, sums_of_exp) = _rows(logits, 1), _class_rows(target), _normalizer_rows(normalizer, 1)
    log_sums = numpy.log(sums_of_exp)
    out = log_sums - (rows[_class_index(classes)] - shifts)
    if label_smoothing:
        for block in _blocks(rows):
            evenly = log_sums[block] - _sum(rows[block] - shifts[block]) / rows.shape[1]
            out[block] = (1.0 - label_smoothing) * out[block] + label_smoothing * evenly
    return out.reshape(target.shape)


def cross_entropy_gradient(upstream: Any, logits: Any, target: Any, normalizer: Any, *, label_smoothing: float) -> Any:
    if _is_small(logits, label_smoothing):
        shift, sums = normalizer
        result = numpy.subtract(logits, shift, order="C")
        numpy.exp(result, result)
        result *= upstream[:, None] / sums
        result.reshape(-1)[_places(target, result)] -= upstream
        return result
    result = numpy.empty(logits.shape, logits.dtype)
    rows, out = _rows(logits, 1), _rows(result, 1)
    classes, (shifts, sums_of_exp) = _class_rows(target), _normalizer_rows(normalizer, 1)
    upstream = upstream.reshape(classes.shape)
    scale = upstream / sums_of_exp
    for block in _blocks(rows):
        part = out[block]
        factor = _exponentials(rows[block], shifts[block], part)
        numpy.multiply(part, scale[block] * factor, part)
        if label_smoothing:
            numpy.subtract(part, upstream[block] * (label_smoothing / rows.shape[1]), part)
    out[_class_index(classes)] -= upstream if not label_smoothing else upstream * (1.0 - label_smoothing)
    return result


def _class_rows(target: Any) -> Any:
    """Reshape class indices to the three axes of the logits, with length 1 along the classes."""
    return target.reshape(len(target), 1, math.prod(target.shape[1:]))


def _class_index(classes: Any) -> tuple[Any, ...]:
    """The index that selects the target class of each row of logits."""
    return numpy.arange(classes.shape[0])[:, None, None], classes, numpy.arange(classes.shape[2])


KERNELS = {
    function.__name__: quiet(function)
    for function in (cross_entropy, cross_entropy_gradient, log_softmax, softmax, softmax_gradient, softmax_normalizer)
}
"""By the name of the operation."""
