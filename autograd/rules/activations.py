"""Gradients of softmax, logsumexp and other activations."""

from __future__ import annotations

from typing import Any

from ..protocol import is_tensor
from ..rule import no_gradient, rule
from .statistical import Axes, spread


def _logsumexp(ops: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Any:
    share = ops.exp(x - spread(ops, out, x_shape, axis, keepdims))
    return share * spread(ops, g, x_shape, axis, keepdims)


def _elu(ops: Any, g: Any, x: Any, alpha: float) -> Any:
    # Large elements are replaced by zero, as their exponential would be infinite, and its gradient NaN.
    return ops.where(x > 0.0, g, g * (ops.exp(ops.masked_fill(x, x > 0.0, 0.0)) * alpha))


def _silu(ops: Any, g: Any, x: Any) -> Any:
    share = ops.logistic(x)
    if is_tensor(x):
        # The derivative of one less the share would cancel.
        return g * (share + x * ops.logistic_density(x))
    return g * (share * (x * (1.0 - share) + 1.0))


def _celu(ops: Any, g: Any, x: Any, alpha: float) -> Any:
    return ops.where(x > 0.0, g, g * ops.exp(ops.masked_fill(x, x > 0.0, 0.0) / alpha))


def _hardswish(ops: Any, g: Any, x: Any) -> Any:
    return g * ops.masked_fill(ops.masked_fill(x / 3.0 + 0.5, x <= -3.0, 0.0), x >= 3.0, 1.0)


def _mish(ops: Any, g: Any, x: Any) -> Any:
    found = ops.tanh(ops.softplus(x, beta=1.0, threshold=20.0))
    return g * (found + x * ((1.0 - found * found) * ops.logistic(x)))


rule("celu", x=_celu)
rule("elu", x=_elu)
rule("hardsigmoid", x=lambda ops, g, x: ops.masked_fill(g / 6.0, ops.abs(x) >= 3.0, 0.0))
rule("hardswish", x=_hardswish)
rule("hardtanh", x=lambda ops, g, x, low, high: ops.masked_fill(g, ops.logical_or(x <= low, x >= high), 0.0))
rule("leaky_relu", x=lambda ops, g, x, negative_slope: ops.where(x > 0.0, g, g * negative_slope))
rule("log_softmax", x=lambda ops, g, out, axis: g - ops.exp(out) * ops.sum(g, axis=axis, keepdims=True))
# From the operand, unlike `sigmoid`, whose result near one has too few digits of its derivative.
rule("logistic", x=lambda ops, g, x: g * ops.logistic_density(x))
rule("logistic_density", x=lambda ops, g, x, out: -g * (out * ops.tanh(x * 0.5)))
rule("logsigmoid", x=lambda ops, g, x: g * ops.logistic(-x))
rule("logsumexp", x=_logsumexp)
rule("mish", x=_mish)
rule("silu", x=_silu)
rule("softplus", x=lambda ops, g, x, beta, threshold: ops.where(x * beta > threshold, g, g * ops.logistic(x * beta)))
rule("softshrink", x=lambda ops, g, x, lambd: ops.masked_fill(g, ops.abs(x) <= lambd, 0.0))
rule("softmax", x=lambda ops, g, out, axis: ops.softmax_gradient(g, out, axis=axis))

no_gradient("softmax_normalizer")
