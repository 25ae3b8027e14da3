"""Gradients of sorting."""

from __future__ import annotations

from typing import Any

from ..rule import no_gradient, rule


def _unsort(ops: Any, g: Any, x: Any, axis: int) -> Any:
    """Apply the inverse permutation to the gradient: the argsort of the argsort."""
    order = ops.argsort(x, axis=axis)
    return ops.take_along_axis(g, ops.argsort(order, axis=axis), axis=axis)


rule("sort", x=_unsort)

no_gradient("argsort", "positions_of_greatest")
