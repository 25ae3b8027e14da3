"""Gradients of indexing and of writes."""

from __future__ import annotations

from typing import Any

from ..engine import broadcast_back
from ..rule import no_gradient, rule


def _zero_view(ops: Any, g: Any, steps: Any) -> Any:
    """The gradient with zeros in the overwritten view."""
    return ops.put_view(g, ops.zeros_like(ops.take_view(g, steps)), steps)


def _written_gradient(ops: Any, g: Any, steps: Any) -> Any:
    """The gradient of the written value; negative for an imaginary part, as gradients are unconjugated."""
    written = ops.take_view(g, steps)
    return -written if any(name == "imag" for name, _ in steps) else written


def _rows(ops: Any, x: Any, indices: Any) -> Any:
    positions = ops.broadcast_to(ops.reshape(indices, (-1, 1)), (indices.shape[0], x.shape[1]))
    return ops.gather_flat(positions, x, axis=0, count=1)


rule("embed", x=lambda ops, g, index: ops.getitem(g, index))
rule("getitem", x=lambda ops, g, x_shape, index: ops.embed(g, x_shape, index))
rule(
    "gather_flat",
    operands=("positions",),
    x=lambda ops, g, positions, x_shape, axis, count: ops.scatter_flat(
        positions, g, shape=x_shape, axis=axis, count=count
    ),
)
rule("index", x=lambda ops, g, x_shape, index: ops.scatter_zeros(g, x_shape, index))
rule(
    "put",
    x=lambda ops, g, index: ops.put(g, ops.zeros_like(ops.index(g, index)), index),
    value=lambda ops, g, index, value_shape: broadcast_back(ops, ops.index(g, index), value_shape),
)
rule("put_view", x=_zero_view, value=_written_gradient)
rule(
    "scatter_flat",
    operands=("positions",),
    x=lambda ops, g, positions, axis, count: ops.gather_flat(positions, g, axis=axis, count=count),
)
rule("scatter_zeros", x=lambda ops, g, index: ops.index(g, index))
rule(
    "sums_of_rows",
    operands=("sources", "targets"),
    factors=lambda ops, g, sources, targets, x: ops.sum(
        _rows(ops, g, targets) * _rows(ops, x, sources), axis=(1,), keepdims=False
    ),
    x=lambda ops, g, sources, targets, factors, x_shape: ops.sums_of_rows(
        targets, sources, factors, g, count=x_shape[0]
    ),
)

no_gradient("reduce_along")
