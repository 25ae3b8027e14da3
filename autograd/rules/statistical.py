"""Gradients of reductions."""

from __future__ import annotations

import math
from typing import Any

from ..rule import no_gradient, rule

Axes = tuple[int, ...] | None


def spread(ops: Any, g: Any, shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Any:
    """The gradient of a reduction's result, once for each element that went into it."""
    return ops.broadcast_to(_with_axes(ops, g, shape, axis, keepdims), shape)


def _with_axes(ops: Any, g: Any, shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Any:
    """A reduction's result with the reduced axes at length 1."""
    if keepdims or axis is None or not shape:
        return g
    return ops.reshape(g, tuple(1 if i in axis else n for i, n in enumerate(shape)))


def _count(shape: tuple[int, ...], axis: Axes) -> int:
    return math.prod(shape if axis is None else [shape[i] for i in axis])


def _extreme(ops: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Any:
    """Shared evenly among the elements that are the extreme one, as in PyTorch's ``amax``; NaN counts as extreme."""
    out = _with_axes(ops, out, x_shape, axis, keepdims)
    chosen = ops.cast(ops.where(ops.isnan(out), ops.isnan(x), ops.equal(x, out)), x.dtype)
    share = chosen / ops.sum(chosen, axis=axis, keepdims=True)
    return share * _with_axes(ops, g, x_shape, axis, keepdims)


rule("max", x=_extreme)
rule(
    "mean",
    x=lambda ops, g, x_shape, axis, keepdims: spread(ops, g / float(_count(x_shape, axis)), x_shape, axis, keepdims),
)
rule("min", x=_extreme)
rule("sum", x=lambda ops, g, x_shape, axis, keepdims: spread(ops, g, x_shape, axis, keepdims))

no_gradient("all", "any")
