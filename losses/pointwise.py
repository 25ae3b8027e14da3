"""Pointwise losses: elementwise functions of input and target, each declared as one operation that may return the sum.

A loss is declared by its formula and by its slopes, the formulas of its derivatives by input and target. A backend
evaluates a formula compiled or in blocks that fit the cache, or has a kernel for the operation. Only the operands are
saved for the backward pass. With ``create_graph=True`` the slopes are made of other operations, which have derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from ..core import FUNCTIONS, OPERATIONS, Operation, Tensor, rule, tangent
from ..core.dispatch.operation import operation
from ..core.dispatch.registry import public
from ..core.memory.views import array_of

Formula = Callable[..., Any]
"""``formula(ops, input, target, *options)`` on arrays or tensors of one shape and dtype."""

FLOATS = "real-valued floating-point"

_KEEPS_SLOPE: dict[str, Literal["always", "recorded"]] = {}
"""When the sum of a loss comes from the kernel that computes the slope along with it, by the name of the loss."""


def pointwise(
    name: str,
    value: Formula,
    keeps_slope: Literal["always", "recorded"] | None = None,
    of_difference: bool = False,
    **slopes: Formula,
) -> Operation:
    """Declare a loss of each element of an input and a target.

    Parameters
    ----------
    name
        The name of the operation, that of the function of users.
    value
        The formula of the loss.
    keeps_slope
        Whether backends may have a kernel that computes the derivative by `input` along with the sum of the losses. It
        is saved for the backward pass, unless `target` wants a gradient that is another. "always" uses that kernel for
        each sum, "recorded" only where a gradient is wanted, because the sum alone is quicker.
    of_difference
        Whether it depends on ``input - target`` alone: the gradient by `target` is minus that by `input`.
    **slopes
        Formulas of the derivatives by ``input`` and by ``target``; a target without one has no gradient.
    """
    gradients: dict[str, Any] = {operand: _gradient(name, operand, slope) for operand, slope in slopes.items()}
    if of_difference:
        by_input = gradients["input"]
        _rule_of_difference(name, by_input)
        gradients["target"] = lambda ops, g, input, target, options: -by_input(ops, g, input, target, options)
    else:
        constants = tuple(operand for operand in ("input", "target") if operand not in slopes)
        rule(name, operands=constants, **gradients)
    tangent(name, **{operand: _tangent(gradient) for operand, gradient in gradients.items()})
    if keeps_slope is not None:
        _KEEPS_SLOPE[name] = keeps_slope
        _declare_with_slope(name, value, slopes["input"], of_difference)

    @operation(name=name, accepts=FLOATS)
    def loss(ops: Any, input: Any, target: Any, *, options: tuple[Any, ...], summed: bool) -> Any:
        return ops.pointwise(value, (input, target), options, summed)

    return loss


def _rule_of_difference(name: str, by_input: Callable[..., Any]) -> None:
    """Declare the gradient of a function of ``input - target``."""
    rule(name, shared=by_input, input=lambda shared: shared, target=lambda shared: -shared)


def _gradient(loss: str, operand: str, slope: Formula) -> Callable[..., Any]:
    """Declare the gradient of a loss by one operand as an operation; return its VJP."""
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
    """The JVP of a loss: elementwise the VJP of `gradient`, summed if the losses are."""

    def formula(ops: Any, t: Any, input: Any, target: Any, options: tuple[Any, ...], out_shape: Any) -> Any:
        return _sum_to_shape(ops, gradient(ops, t, input, target, options), out_shape)

    return formula


def _sum_to_shape(ops: Any, found: Any, shape: tuple[int, ...]) -> Any:
    return found if found.shape == shape else ops.sum(found)


def _declare_with_slope(loss: str, value: Formula, slope_of: Formula, of_difference: bool) -> None:
    """Declare two operations: the sum of the losses with the slope by the input, and the gradient from that slope.

    No tensor shares the slope's memory, so a backward pass that frees the graph may write the gradient there.
    """
    name, gradient_name = f"{loss}_with_slope", f"{loss}_gradient_from_slope"

    def gradient(ops: Any, g: Any, input: Any, target: Any, slope: Any, options: tuple[Any, ...], last: bool) -> Any:
        return getattr(ops, gradient_name)(g, slope, input, target, options=options, overwrite=last)

    def tangent_of_input(ops: Any, t: Any, input: Any, target: Any, slope: Any, options: Any) -> Any:
        return ops.sum(getattr(ops, gradient_name)(t, slope, input, target, options=options, overwrite=False))

    if of_difference:
        _rule_of_difference(name, gradient)
        tangent(
            name,
            input=tangent_of_input,
            target=lambda ops, t, input, target, slope, options: (
                -tangent_of_input(ops, t, input, target, slope, options)
            ),
        )
    else:
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
        # The slope is no tensor and has no history, so a recorded gradient computes it anew.
        if isinstance(upstream, Tensor):
            return slope_of(ops, input, target, *options) * upstream
        return ops.pointwise(scaled, (upstream, slope), (), False)

    @public(name)
    def loss_with_slope(input: Tensor, target: Tensor, options: tuple[Any, ...]) -> Tensor:
        kernel, key = input._key.table[name]
        found, slope = kernel(array_of(input), array_of(target), options=options)
        total: Tensor = with_slope.finish(found, key, (input, target), slope=slope, options=options)
        return total


def _has_slope_kernel(loss: str, input: Tensor, target: Tensor) -> bool:
    """Whether the sum of a loss is to come from a kernel that computes the slope with it."""
    when, name = _KEEPS_SLOPE.get(loss), f"{loss}_with_slope"
    if when is None or (target.requires_grad and 1 not in OPERATIONS[name].differentiable):
        return False
    if when == "recorded" and not (input.requires_grad or target.requires_grad):
        return False
    return input._key.library.find_own_kernel(name) is not None


def pointwise_loss(loss: Operation, input: Tensor, target: Tensor, reduction: str, *options: Any) -> Tensor:
    """Compute a pointwise loss of tensors of one shape and dtype, with a reduction."""
    summed = reduction != "none"
    if summed and _has_slope_kernel(loss.name, input, target):
        total = FUNCTIONS[f"{loss.name}_with_slope"](input, target, options)
    else:
        total = loss(input, target, options=options, summed=summed)
    return total if reduction != "mean" else total / float(math.prod(input.shape))
