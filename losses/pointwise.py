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

from ..core import OPERATIONS, Operation, Tensor, is_grad_enabled, rule
from ..core.gradients import TensorLifter

Formula = Callable[..., Any]
"""``formula(ops, input, target, *options)`` on arrays or tensors of one shape and dtype."""

FLOATS = "real-valued floating-point"


def pointwise(name: str, value: Formula, keeps_slope: bool = False, **slopes: Formula) -> Operation:
    """Declare a loss of each element of an input and a target.

    Parameters
    ----------
    name
        Its function's.
    value
        The loss.
    keeps_slope
        Whether the slope is cheap beside the loss, so that it is computed along with it and kept, unless a gradient of
        the target is wanted too.
    **slopes
        Its derivatives by ``input`` and by ``target``; without the latter targets have no gradient.
    """
    constants = tuple(operand for operand in ("input", "target") if operand not in slopes)
    gradients: dict[str, Any] = {operand: _gradient(name, operand, slope) for operand, slope in slopes.items()}
    rule(name, operands=constants, **gradients)
    if keeps_slope:
        _declare_with_slope(name, value, slopes["input"])

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


def _declare_with_slope(loss: str, value: Formula, slope_of: Formula) -> None:
    """The operation that gives the slope by the input too, from which the gradient takes a product."""
    name = f"{loss}_gradient_from_slope"

    def compute(ops: Any, *operands: Any, options: tuple[Any, ...], summed: bool) -> Any:
        return ops.pointwise(value, operands, options, summed), ops.pointwise(slope_of, operands, options, False)

    def gradient(ops: Any, g: Any, input: Any, target: Any, slope: Any, options: tuple[Any, ...]) -> Any:
        return getattr(ops, name)(g.loss, slope, input, target, options=options)

    def scaled(ops: Any, upstream: Any, slope: Any) -> Any:
        return slope * upstream

    def scale(ops: Any, upstream: Any, slope: Any, input: Any, target: Any, options: tuple[Any, ...]) -> Any:
        return ops.pointwise(scaled, (upstream, slope), (), False)

    def recorded(upstream: Tensor, slope: Tensor, input: Tensor, target: Tensor, options: tuple[Any, ...]) -> Any:
        return slope_of(TensorLifter.ops, input, target, *options) * upstream

    rule(f"{loss}_with_slope", operands=("target",), outputs=("loss", "slope"), input=gradient)
    Operation(
        f"{loss}_with_slope",
        family="loss",
        operands=("input", "target"),
        accepts=FLOATS,
        outputs={"loss": "same", "slope": "same"},
        decomposition=compute,
    )
    operands = ("upstream", "slope", "input", "target")
    operation = Operation(name, family="composite", operands=operands, accepts=FLOATS, decomposition=scale)
    operation.function = recorded


def pointwise_loss(loss: Operation, input: Tensor, target: Tensor, reduction: str, *options: Any) -> Tensor:
    """A declared loss of tensors of one shape and dtype, under a reduction."""
    parameters = {"options": options, "summed": reduction != "none"}
    with_slope = OPERATIONS.get(f"{loss.name}_with_slope")
    if with_slope is not None and is_grad_enabled() and input.requires_grad and not target.requires_grad:
        total, _ = with_slope(input, target, **parameters)
    else:
        total = loss(input, target, **parameters)
    return total / float(math.prod(input.shape)) if reduction == "mean" else total
