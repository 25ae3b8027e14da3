"""Losses of single elements on NumPy arrays, in blocks that the processor's cache holds.

So of all passes over a block only the first reads memory and only the last writes it, and where just the sum of the
losses is wanted none does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from .contract import Kernel
from .numpy_quiet import quiet
from .numpy_threads import each

BLOCK = 1 << 19
"""How many bytes of each operand a block should have at most."""

asarray = numpy.asarray

Part = Callable[..., Any]
"""``part(out, *operands)`` writes what it computes of the operands' elements in one block; 0-d ones are given whole."""


def _flat(arrays: tuple[Any, ...]) -> tuple[Any, list[slice], Callable[[slice], list[Any]]]:
    """The array that has the shape of the result, the blocks, and what gives the arrays' elements in one."""
    largest = max(arrays, key=lambda array: len(array.shape))
    flat = [array if not array.shape and largest.shape else array.reshape(-1) for array in arrays]
    step = BLOCK // largest.dtype.itemsize
    blocks = [slice(start, start + step) for start in range(0, largest.size, step)]
    return largest, blocks, lambda block: [array[block] if array.shape else array for array in flat]


def in_blocks(part: Part, *arrays: Any) -> Any:
    """What a part computes of all elements of arrays of one dtype and shape."""
    largest, blocks, operands = _flat(arrays)
    result = numpy.empty(largest.shape, largest.dtype)
    out = result.reshape(-1)

    def work(group: Sequence[slice]) -> None:
        for block in group:
            part(out[block], *operands(block))

    each(work, blocks)
    return result


def sum_in_blocks(total: Callable[..., float], *arrays: Any) -> Any:
    """The sum of what ``total(scratch, *operands)`` gives for each block; `scratch` is as long as the operands."""
    largest, blocks, operands = _flat(arrays)

    def work(group: Sequence[slice]) -> float:
        # One for all blocks: memory that is new each time costs more than what is computed in it.
        scratch = numpy.empty(BLOCK // largest.dtype.itemsize, largest.dtype)
        found = 0.0
        for block in group:
            parts = operands(block)
            found += total(scratch[: len(parts[0])], *parts)
        return found

    return asarray(sum(each(work, blocks)), largest.dtype)


def pointwise(
    formula: Callable[..., Any], ops: Any, arrays: tuple[Any, ...], options: tuple[Any, ...], summed: bool
) -> Any:
    """See `Backend.pointwise`."""
    if summed:
        return sum_in_blocks(lambda _, *operands: float(numpy.add.reduce(formula(ops, *operands, *options))), *arrays)

    def part(out: Any, *operands: Any) -> None:
        out[...] = formula(ops, *operands, *options)

    return in_blocks(part, *arrays)


def smooth_l1_loss(input: Any, target: Any, *, options: tuple[float], summed: bool) -> Any:
    return smooth_l1_loss_with_slope(input, target, options=options, summed=summed)[0]


def smooth_l1_loss_with_slope(input: Any, target: Any, *, options: tuple[float], summed: bool) -> tuple[Any, Any]:
    (beta,) = options
    return _clipped(input, target, beta, 1.0 / beta, summed)


def huber_loss(input: Any, target: Any, *, options: tuple[float], summed: bool) -> Any:
    return huber_loss_with_slope(input, target, options=options, summed=summed)[0]


def huber_loss_with_slope(input: Any, target: Any, *, options: tuple[float], summed: bool) -> tuple[Any, Any]:
    return _clipped(input, target, options[0], 1.0, summed)


def gradient_from_slope(upstream: Any, slope: Any, input: Any, target: Any, *, options: tuple[float]) -> Any:
    return asarray(numpy.multiply(slope, upstream))


def _clipped(input: Any, target: Any, bound: float, scale: float, summed: bool) -> tuple[Any, Any]:
    """With the difference d and what is left of it between the bounds, c: (d - c / 2) c, on both sides of a bound, and
    c as the slope.
    """
    difference = numpy.subtract(input, target)
    slope = asarray(difference.clip(-bound, bound))
    if summed:
        flat, kept = difference.reshape(-1), slope.reshape(-1)
        losses = asarray((kept @ flat - 0.5 * (kept @ kept)) * scale, input.dtype)
    else:
        losses = asarray((difference - slope * 0.5) * (slope * scale))
    return losses, slope if scale == 1.0 else asarray(numpy.multiply(slope, scale, slope))


def binary_cross_entropy_with_logits(input: Any, target: Any, *, options: tuple[()], summed: bool) -> Any:
    """The greater of x and 0, less x y, and the logarithm of 1 + exp(-|x|)."""

    def total(scratch: Any, x: Any, y: Any) -> float:
        numpy.abs(x, scratch)
        positive = 0.5 * (float(numpy.add.reduce(x)) + float(numpy.add.reduce(scratch)))
        numpy.negative(scratch, scratch)
        numpy.exp(scratch, scratch)
        numpy.log1p(scratch, scratch)
        found = float(numpy.add.reduce(scratch)) + positive - float(x @ y)
        return found if math.isfinite(found) else float(numpy.add.reduce(part(scratch, x, y)))

    def part(out: Any, x: Any, y: Any) -> Any:
        numpy.abs(x, out)
        numpy.negative(out, out)
        numpy.exp(out, out)
        numpy.log1p(out, out)
        out += x.clip(0.0, math.inf)
        out -= x * y
        # Of infinite logits PyTorch's formula leaves something else.
        infinite = numpy.isinf(x)
        if infinite.any():
            x, y = x[infinite], y[infinite]
            out[infinite] = (1.0 - y) * x + numpy.maximum(-x, 0.0)
        return out

    if not summed:
        return in_blocks(part, input, target)
    return sum_in_blocks(total, input, target)


def binary_cross_entropy_with_logits_input_gradient(
    upstream: Any, input: Any, target: Any, *, options: tuple[()]
) -> Any:
    def part(out: Any, g: Any, x: Any, y: Any) -> None:
        numpy.negative(x, out)
        numpy.exp(out, out)
        out += 1.0
        numpy.reciprocal(out, out)
        out -= y
        out *= g

    return in_blocks(part, upstream, input, target)


def kl_div(input: Any, target: Any, *, options: tuple[bool], summed: bool) -> Any:
    (log_target,) = options
    # Added to a probability, it changes none but zero, whose logarithm is then finite and times zero is zero.
    least = numpy.nextafter(target.dtype.type(0.0), target.dtype.type(1.0))

    def difference(out: Any, x: Any, y: Any) -> Any:
        if log_target:
            return numpy.subtract(y, x, out)
        numpy.add(y, least, out)
        numpy.log(out, out)
        out -= x
        return out

    def total(scratch: Any, x: Any, y: Any) -> float:
        return float((numpy.exp(y) if log_target else y) @ difference(scratch, x, y))

    def part(out: Any, x: Any, y: Any) -> None:
        difference(out, x, y)
        out *= numpy.exp(y) if log_target else y

    return sum_in_blocks(total, input, target) if summed else in_blocks(part, input, target)


def kl_div_input_gradient(upstream: Any, input: Any, target: Any, *, options: tuple[bool]) -> Any:
    def part(out: Any, g: Any, y: Any) -> None:
        numpy.multiply(numpy.exp(y) if options[0] else y, g, out)

    return in_blocks(part, numpy.negative(upstream), target)


_FUNCTIONS: dict[str, Kernel] = {
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "binary_cross_entropy_with_logits_input_gradient": binary_cross_entropy_with_logits_input_gradient,
    "huber_loss": huber_loss,
    "huber_loss_gradient_from_slope": gradient_from_slope,
    "huber_loss_with_slope": huber_loss_with_slope,
    "kl_div": kl_div,
    "kl_div_input_gradient": kl_div_input_gradient,
    "smooth_l1_loss": smooth_l1_loss,
    "smooth_l1_loss_gradient_from_slope": gradient_from_slope,
    "smooth_l1_loss_with_slope": smooth_l1_loss_with_slope,
}

KERNELS: dict[str, Kernel] = {name: quiet(function) for name, function in _FUNCTIONS.items()}
"""By the name of the operation."""
