"""Losses of single elements: each is one operation, which adds its losses up where only their sum is wanted.

A loss is declared by its formula and by those of its slopes. A backend computes a formula in one go, compiled or in
parts that fit the processor's cache, or has a kernel for the operation. Slopes are computed in the backward pass from
the operands, so that nothing but these is kept; recorded, they are made of other operations, whose derivatives give
those of higher order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from ..core import FUNCTIONS, Operation, Tensor, rule, tangent
from ..core.dispatch.operation import operation
from ..core.dispatch.registry import public
from ..core.memory.views import array_of

Formula = Callable[..., Any]
"""``formula(ops, input, target, *options)`` on arrays or tensors of one shape and dtype."""

FLOATS = "real-valued floating-point"


_KEEPS_SLOPE: dict[str, Literal["always", "recorded"]] = {}
"""When the sum of a loss comes from the kernel that computes the slope along with it, by the name of the loss."""


def pointwise(
    name: str, value: Formula, keeps_slope: Literal["always", "recorded"] | None = None, **slopes: Formula
) -> Operation:
    """Declare a loss of each element of an input and a target.

    Parameters
    ----------
    name
        Its function's.
    value
        The loss.
    keeps_slope
        Whether backends may have a kernel that computes the derivative by `input` along with the sum of the losses. It
        is saved for the backward pass, unless `target` wants a gradient too. "always" uses that kernel for each sum,
        "recorded" only where `input` wants a gradient, because the sum alone is quicker.
    **slopes
        Its derivatives by ``input`` and by ``target``; without the latter targets have no gradient.
    """
    constants = tuple(operand for operand in ("input", "target") if operand not in slopes)
    gradients: dict[str, Any] = {operand: _gradient(name, operand, slope) for operand, slope in slopes.items()}
    rule(name, operands=constants, **gradients)
    tangent(name, **{operand: _tangent(gradient) for operand, gradient in gradients.items()})
    if keeps_slope is not None:
        _KEEPS_SLOPE[name] = keeps_slope
        _declare_with_slope(name, value, slopes["input"])

    @operation(name=name, accepts=FLOATS)
    def loss(ops: Any, input: Any, target: Any, *, options: tuple[Any, ...], summed: bool) -> Any:
        return ops.pointwise(value, (input, target), options, summed)

    return loss


def _gradient(loss: str, operand: str, slope: Formula) -> Callable[..., Any]:
    """The formula of an operand's gradient, which one operation computes."""
    name = f"{loss}_{operand}_gradient"

    def scaled(ops: Any, upstream: Any, input: Any, target: Any, *options: Any) -> Any:
        return slope(ops, input, target, *options) * upstream

    @operation(name=name, accepts=FLOATS)
    def compute(ops: Any, upstream: Any, input: Any, target: Any, *, options: tuple[Any, ...]) -> Any:
        return ops.pointwise(scaled, (upstream, input, target), options, False)

    def gradient(ops: Any, g: Any, input: Any, target: Any, options: tuple[Any, ...]) -> Any:
        return getattr(ops, name)(g, input, target, options=options)

    return gradient


def _tangent(gradient: Callable[..., Any]) -> Callable[..., Any]:
    """The formula of a tangent: for each element the gradient's, added up where the losses are."""

    def formula(ops: Any, t: Any, input: Any, target: Any, options: tuple[Any, ...], out_shape: Any) -> Any:
        return _reduced(ops, gradient(ops, t, input, target, options), out_shape)

    return formula


def _reduced(ops: Any, found: Any, shape: tuple[int, ...]) -> Any:
    return found if found.shape == shape else ops.sum(found)


def _declare_with_slope(loss: str, value: Formula, slope_of: Formula) -> None:
    """The operation that computes the sum of the losses and the slope by the input, and the one that takes the gradient
    from it.

    No tensor has the slope's memory, so a backward pass that frees the graph may write the gradient there.
    """
    name, gradient_name = f"{loss}_with_slope", f"{loss}_gradient_from_slope"

    def gradient(ops: Any, g: Any, input: Any, target: Any, slope: Any, options: tuple[Any, ...], last: bool) -> Any:
        return getattr(ops, gradient_name)(g, slope, input, target, options=options, overwrite=last)

    def tangent_of_input(ops: Any, t: Any, input: Any, target: Any, slope: Any, options: Any) -> Any:
        return ops.sum(getattr(ops, gradient_name)(t, slope, input, target, options=options, overwrite=False))

    rule(name, operands=("target",), input=gradient)
    tangent(name, input=tangent_of_input)

    @operation(name=name, accepts=FLOATS)
    def with_slope(
        ops: Any, input: Any, target: Any, *, options: tuple[Any, ...], slope: Any = None
    ) -> tuple[Any, Any]:
        operands = (input, target)
        return ops.pointwise(value, operands, options, True), ops.pointwise(slope_of, operands, options, False)

    def scaled(ops: Any, upstream: Any, slope: Any) -> Any:
        return slope * upstream

    @operation(name=gradient_name, accepts=FLOATS)
    def from_slope(
        ops: Any,
        upstream: Any,
        slope: Any,
        input: Any,
        target: Any,
        *,
        options: tuple[Any, ...],
        overwrite: bool = False,
    ) -> Any:
        # The slope has no history: where one is wanted it is computed anew.
        if type(upstream) is Tensor:
            return slope_of(ops, input, target, *options) * upstream
        return ops.pointwise(scaled, (upstream, slope), (), False)

    @public(name)
    def loss_with_slope(input: Tensor, target: Tensor, options: tuple[Any, ...]) -> Tensor:
        kernel, key = input._key.table[name]
        found, slope = kernel(array_of(input), array_of(target), options=options)
        total: Tensor = with_slope.finish(found, key, (input, target), slope=slope, options=options)
        return total


def pointwise_loss(loss: Operation, input: Tensor, target: Tensor, reduction: str, *options: Any) -> Tensor:
    """A declared loss of tensors of one shape and dtype, under a reduction."""
    summed = reduction != "none"
    if summed and not target.requires_grad and (when := _KEEPS_SLOPE.get(loss.name)) is not None:
        with_slope = f"{loss.name}_with_slope"
        if (when == "always" or input.requires_grad) and input._key.library.find_own_kernel(with_slope) is not None:
            total = FUNCTIONS[with_slope](input, target, options)
            return total if reduction != "mean" else total / float(math.prod(input.shape))
    total = loss(input, target, options=options, summed=summed)
    return total if reduction != "mean" else total / float(math.prod(input.shape))
