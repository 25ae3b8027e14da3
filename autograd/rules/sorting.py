"""Gradients of sorting."""

from __future__ import annotations

from typing import Any

from ..rule import no_gradient, rule


def _put_back(ops: Any, g: Any, x: Any, axis: int) -> Any:
    """Each gradient where its element was: the order of the order is the permutation that undoes it."""
    order = ops.argsort(x, axis=axis)
    return ops.take_along_axis(g, ops.argsort(order, axis=axis), axis=axis)


rule("sort", x=_put_back)

no_gradient("argsort")
