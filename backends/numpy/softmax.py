"""Softmax and what is fused with it, on NumPy arrays.

Each works through its operand in blocks that the processor's cache holds, so that of all its passes only the first
reads memory and only the last writes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import MANY_EXPONENTIALS, SOFTMAX_BLOCK, SUMMED_BY_PRODUCT
from .products import vecdot
from .sums import total

SMALL = 40.0
"""Where no greatest element exceeds this, exponentials are taken without subtracting it first, which saves a pass: none
overflows and none that counts vanishes. A softmax of rows of a hundred takes twice as long without that."""

LEAST = math.exp(-SMALL)


def _rows(x: Any, axis: int) -> Any:
    """The array with three axes, the given one in the middle."""
    shape = x.shape
    return x.reshape(math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))


def _normalizers(x: Any, axis: int) -> Any:
    """The same of shifts and sums, which are stacked."""
    shape = x.shape[1:]
    return x.reshape(2, math.prod(shape[:axis]), 1, math.prod(shape[axis + 1 :]))


def _blocks(x: Any) -> Iterator[slice]:
    count = x.shape[0]
    step = max(1, SOFTMAX_BLOCK // max(1, x.shape[1] * x.shape[2]))
    return (slice(start, start + step) for start in range(0, count, step))


def _top(x: Any, axis: int = 1) -> Any:
    """The greatest elements along an axis; of none, negative infinity."""
    if not x.shape[axis]:
        return numpy.full([1 if i == axis else n for i, n in enumerate(x.shape)], -math.inf, x.dtype)
    return numpy.maximum.reduce(x, axis=axis, keepdims=True)


def _sum(x: Any) -> Any:
    if x.shape[2] == 1 and x.shape[1] in SUMMED_BY_PRODUCT:
        return numpy.matmul(x[:, :, 0], numpy.ones(x.shape[1], x.dtype))[:, None, None]
    return total(x, 1, None, True)


def _exponentials(x: Any, top: Any, out: Any) -> Any:
    """Exponentials of the elements into `out`, up to the factors that are returned: multiplied by these, they are those
    of the differences from the greatest elements. Where those differences were taken anyway, the factor is 1.
    """
    # NaN compares false, and must not keep the greatest elements of other rows from being subtracted.
    if x.size >= MANY_EXPONENTIALS and numpy.abs(top).max() <= SMALL:
        numpy.exp(x, out)
        return numpy.exp(-top)
    numpy.exp(numpy.subtract(x, top, out), out)
    return 1.0


def softmax(x: Any, *, axis: int) -> Any:
    result = numpy.empty(x.shape, x.dtype)
    rows, out = _rows(x, axis), _rows(result, axis)
    for block in _blocks(rows):
        source, part = rows[block], out[block]
        # The greatest element of all takes a tenth of the time of those of short rows.
        small = source.size >= MANY_EXPONENTIALS and source.max() <= SMALL
        sums = _sum(numpy.exp(source, part)) if small else None
        if sums is None or not sums.min() >= LEAST:
            _exponentials(source, _top(source), part)
            sums = _sum(part)
        numpy.multiply(part, numpy.reciprocal(sums), part)
    return result


def softmax_gradient(g: Any, out: Any, *, axis: int) -> Any:
    """``out * (g - sum(g * out))``, the sum along the last axis a dot product: 1.3 times without."""
    along = vecdot(g, out)[..., None] if axis == out.ndim - 1 else total(g * out, axis, None, True)
    result = numpy.subtract(g, along)
    return numpy.multiply(result, out, result)


def log_softmax(x: Any, *, axis: int) -> Any:
    result = numpy.empty(x.shape, x.dtype)
    rows, out = _rows(x, axis), _rows(result, axis)
    for block in _blocks(rows):
        source, part, top = rows[block], out[block], _top(rows[block])
        factor = _exponentials(source, top, part)
        sums = _sum(part) * factor
        numpy.subtract(numpy.subtract(source, top, part), numpy.log(sums), part)
    return result


def softmax_normalizer(x: Any, *, axis: int) -> Any:
    result = numpy.empty((2, *x.shape[:axis], 1, *x.shape[axis + 1 :]), x.dtype)
    if 0 < x.size < MANY_EXPONENTIALS:
        result[0] = top = _top(x, axis)
        result[1] = total(numpy.exp(x - top), axis, None, True)
        return result
    rows, (tops, totals) = _rows(x, axis), _normalizers(result, axis)
    scratch = None
    for block in _blocks(rows):
        source = rows[block]
        if scratch is None:
            scratch = numpy.empty(source.shape, x.dtype)
        part = scratch[: len(source)]
        tops[block] = top = _top(source)
        factor = _exponentials(source, top, part)
        numpy.multiply(_sum(part), factor, totals[block])
    return result


def cross_entropy(logits: Any, target: Any, normalizer: Any, *, label_smoothing: float) -> Any:
    rows, classes, (tops, totals) = _rows(logits, 1), _classes(target), _normalizers(normalizer, 1)
    log_totals = numpy.log(totals)
    out = log_totals - (rows[_places(classes)] - tops)
    if label_smoothing:
        for block in _blocks(rows):
            evenly = log_totals[block] - _sum(rows[block] - tops[block]) / rows.shape[1]
            out[block] = (1.0 - label_smoothing) * out[block] + label_smoothing * evenly
    return out.reshape(target.shape)


def cross_entropy_gradient(upstream: Any, logits: Any, target: Any, normalizer: Any, *, label_smoothing: float) -> Any:
    if logits.ndim == 2 and logits.size < MANY_EXPONENTIALS and not label_smoothing:
        top, sums = normalizer
        result = numpy.exp(logits - top)
        result *= upstream[:, None] / sums
        result[numpy.arange(len(target)), target] -= upstream
        return result
    result = numpy.empty(logits.shape, logits.dtype)
    rows, out = _rows(logits, 1), _rows(result, 1)
    classes, (tops, totals) = _classes(target), _normalizers(normalizer, 1)
    upstream = upstream.reshape(classes.shape)
    scale = upstream / totals
    for block in _blocks(rows):
        part = out[block]
        factor = _exponentials(rows[block], tops[block], part)
        numpy.multiply(part, scale[block] * factor, part)
        if label_smoothing:
            numpy.subtract(part, upstream[block] * (label_smoothing / rows.shape[1]), part)
    out[_places(classes)] -= upstream if not label_smoothing else upstream * (1.0 - label_smoothing)
    return result


def _classes(target: Any) -> Any:
    """The target with the three axes that rows have, the second one of length 1."""
    return target.reshape(len(target), 1, math.prod(target.shape[1:]))


def _places(classes: Any) -> tuple[Any, ...]:
    """The index that picks each row's class."""
    return numpy.arange(classes.shape[0])[:, None, None], classes, numpy.arange(classes.shape[2])


KERNELS = {
    function.__name__: quiet(function)
    for function in (cross_entropy, cross_entropy_gradient, log_softmax, softmax, softmax_gradient, softmax_normalizer)
}
"""By the name of the operation."""
