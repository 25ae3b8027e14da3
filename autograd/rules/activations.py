"""Gradients of softmax and its relatives."""

from __future__ import annotations

from typing import Any

from ..rule import no_gradient, rule
from .statistical import Axes, spread


def _logsumexp(ops: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Any:
    share = ops.exp(x - spread(ops, out, x_shape, axis, keepdims))
    return share * spread(ops, g, x_shape, axis, keepdims)


rule("log_softmax", x=lambda ops, g, out, axis: g - ops.exp(out) * ops.sum(g, axis=axis, keepdims=True))
rule("logsumexp", x=_logsumexp)
rule("softmax", x=lambda ops, g, out, axis: out * (g - ops.sum(g * out, axis=axis, keepdims=True)))

no_gradient("softmax_normalizer")
