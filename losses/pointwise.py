"""Losses of single elements: each is one operation, which adds its losses up where only their sum is wanted.

A loss is declared by its formula and by those of its slopes. A backend computes a formula in one go, compiled or in
parts that fit the processor's cache, or has a kernel for the operation. Slopes are computed in the backward pass from
the operands, so that nothing but these is kept; recorded, they are made of other operations, whose derivatives give
those of higher order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..core import Operation, Tensor, rule
from ..core.gradients import TensorLifter

Formula = Callable[..., Any]
"""``formula(ops, input, target, *options)`` on arrays or tensors of one shape and dtype."""

FLOATS = "real-valued floating-point"


def pointwise(name: str, value: Formula, **slopes: Formula) -> Operation:
    """Declare a loss of each element of an input and a target.

    Parameters
    ----------
    name
        Its function's.
    value
        The loss.
    **slopes
        Its derivatives by ``input`` and by ``target``; without the latter targets have no gradient.
    """
    constants = tuple(operand for operand in ("input", "target") if operand not in slopes)
    rule(name, operands=constants, **{operand: _gradient(name, operand, slope) for operand, slope in slopes.items()})

    def compute(ops: Any, *operands: Any, options: tuple[Any, ...], summed: bool) -> Any:
        return ops.pointwise(value, operands, options, summed)

    return Operation(name, family="loss", operands=("input", "target"), accepts=FLOATS, decomposition=compute)


def _gradient(loss: str, operand: str, slope: Formula) -> Callable[..., Any]:
    """The formula of an operand's gradient, and the operation that computes it on raw arrays."""
    name = f"{loss}_{operand}_gradient"

    def scaled(ops: Any, upstream: Any, input: Any, target: Any, *options: Any) -> Any:
        return slope(ops, input, target, *options) * upstream

    def compute(ops: Any, *operands: Any, options: tuple[Any, ...]) -> Any:
        return ops.pointwise(scaled, operands, options, False)

    def gradient(ops: Any, g: Any, input: Any, target: Any, options: tuple[Any, ...]) -> Any:
        return getattr(ops, name)(g, input, target, options=options)

    operation = Operation(
        name, family="composite", operands=("upstream", "input", "target"), accepts=FLOATS, decomposition=compute
    )
    operation.function = lambda *tensors, options: scaled(TensorLifter.ops, *tensors, *options)
    return gradient


def pointwise_loss(loss: Operation, input: Tensor, target: Tensor, reduction: str, *options: Any) -> Tensor:
    """A declared loss of tensors of one shape and dtype, under a reduction."""
    total: Tensor = loss(input, target, options=options, summed=reduction != "none")
    return total / float(math.prod(input.shape)) if reduction == "mean" else total
