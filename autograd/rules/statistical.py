"""Gradients of reductions."""

from __future__ import annotations

import math
from typing import Any

from ..rule import no_gradient, rule
from .manipulation import inverse

Axes = tuple[int, ...] | None


def spread(ops: Any, g: Any, shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Any:
    """Broadcast the gradient of a reduction's result to the operand's shape."""
    return ops.broadcast_to(with_axes(ops, g, shape, axis, keepdims), shape)


def with_axes(ops: Any, g: Any, shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Any:
    """Insert the reduced axes, with length 1, into a reduction's result."""
    if keepdims or axis is None or not shape:
        return g
    return ops.reshape(g, tuple(1 if i in axis else n for i, n in enumerate(shape)))


def count(shape: tuple[int, ...], axis: Axes) -> int:
    """The number of elements along axes."""
    return math.prod(shape if axis is None else [shape[i] for i in axis])


def _extreme(ops: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Any:
    """Share the gradient of `max` or `min` evenly among ties, as PyTorch's ``amax``; NaN counts as extreme."""
    out = with_axes(ops, out, x_shape, axis, keepdims)
    chosen = ops.cast(ops.where(ops.isnan(out), ops.isnan(x), ops.equal(x, out)), x.dtype)
    share = chosen / ops.sum(chosen, axis=axis, keepdims=True)
    return share * with_axes(ops, g, x_shape, axis, keepdims)


def _at(axis: int, part: slice) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, part)


def behind(ops: Any, first: Any, x: Any, axis: int) -> Any:
    """Shift elements by one along an axis, with `first` of one element in front."""
    head = first(ops.getitem(x, _at(axis, slice(1))))
    return ops.concat([head, ops.getitem(x, _at(axis, slice(-1)))], axis=axis)


def _carried_back(ops: Any, g: Any, factors: Any, axis: int) -> Any:
    """The gradients of a recurrence's terms: each one's own, plus the next factor times that of the next term."""
    reversed_factors = behind(ops, ops.zeros_like, ops.flip(factors, axis=axis), axis)
    return ops.flip(ops.linear_recurrence(reversed_factors, ops.flip(g, axis=axis), axis=axis), axis=axis)


def _deviation(
    ops: Any, g: Any, x: Any, x_shape: tuple[int, ...], axis: Axes, correction: float, keepdims: bool
) -> Any:
    """Gradient of the variance: twice the deviation from the mean, over the degrees of freedom."""
    freedom = count(x_shape, axis) - correction
    share = spread(ops, g * (2.0 / freedom if freedom > 0 else math.nan), x_shape, axis, keepdims)
    deviation = x - ops.mean(x, axis=axis, keepdims=True)
    return share * (deviation if deviation.dtype == g.dtype else ops.conj(deviation))


def _std(
    ops: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axes, correction: float, keepdims: bool
) -> Any:
    """Gradient of the standard deviation; zero where that is zero, as in PyTorch."""
    # In units of the result, whose reciprocal may over- or underflow.
    unit = with_axes(ops, ops.masked_fill(out, out <= 0.0, 1.0), x_shape, axis, keepdims)
    return _deviation(ops, g * 0.5, ops.divide(x, unit), x_shape, axis, correction, keepdims)


def _logcumsumexp(ops: Any, g: Any, x: Any, out: Any, axis: int) -> Any:
    """Each gradient is carried back by the share that an element has in the later sums."""
    nothing = out == -math.inf
    known = ops.masked_fill(out, nothing, 0.0)
    factors = ops.masked_fill(ops.exp(behind(ops, lambda head: head, known, axis) - known), nothing, 0.0)
    return _carried_back(ops, g, factors, axis) * ops.exp(x - known)


def _prod(ops: Any, g: Any, x: Any, x_shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Any:
    """Gradient of `prod`: the product of the other elements."""
    axes = tuple(range(len(x_shape))) if axis is None else axis
    rest = tuple(i for i in range(len(x_shape)) if i not in axes)
    order, lengths = rest + axes, tuple(x_shape[i] for i in rest + axes)
    rows = ops.reshape(ops.permute_dims(x, order), (math.prod(lengths[: len(rest)]), count(x_shape, axes)))
    others = ops.reshape(ops.products_of_others(rows) * ops.reshape(g, (rows.shape[0], 1)), lengths)
    return ops.permute_dims(others, inverse(order))


rule(
    "cumulative_prod",
    x=lambda ops, g, x, out, axis: _carried_back(ops, g, x, axis) * behind(ops, ops.ones_like, out, axis),
)
rule(
    "cumulative_sum",
    x=lambda ops, g, axis: ops.flip(ops.cumulative_sum(ops.flip(g, axis=axis), axis=axis), axis=axis),
)
rule(
    "linear_recurrence",
    factors=lambda ops, g, factors, out, axis: (
        _carried_back(ops, g, factors, axis) * behind(ops, ops.zeros_like, out, axis)
    ),
    terms=lambda ops, g, factors, axis: _carried_back(ops, g, factors, axis),
)
rule("logcumsumexp", x=_logcumsumexp)
rule("max", x=_extreme)
rule(
    "mean",
    x=lambda ops, g, x_shape, axis, keepdims: spread(ops, g / float(count(x_shape, axis)), x_shape, axis, keepdims),
)
rule("min", x=_extreme)
rule("prod", x=_prod)
rule("std", x=_std)
rule("sum", x=lambda ops, g, x_shape, axis, keepdims: spread(ops, g, x_shape, axis, keepdims))

rule("var", x=_deviation)

no_gradient("all", "any", "cumulative_max")
