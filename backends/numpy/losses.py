"""Losses of single elements on NumPy arrays, in blocks that the processor's cache holds.

So of all passes over a block only the first reads memory and only the last writes it, and where just the sum of the
losses is wanted none does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from ..common.quiet import quiet
from ..contract import Kernel
from .products import vecdot
from .threads import each

BLOCK = 1 << 20
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

    def work(shared: Iterator[slice]) -> None:
        for block in shared:
            part(out[block], *operands(block))

    each(work, blocks)
    return result


def sum_in_blocks(total: Callable[..., float], *arrays: Any, divisor: float = 1.0) -> Any:
    """The sum of what ``total(scratch, *operands)`` gives for each block, divided by a number; `scratch` is as long as
    the operands.
    """
    largest, blocks, operands = _flat(arrays)
    totals = [0.0] * len(blocks)

    def work(shared: Iterator[tuple[int, slice]]) -> None:
        # One for all blocks: memory that is new each time costs more than what is computed in it.
        scratch = numpy.empty(min(BLOCK // largest.dtype.itemsize, largest.size), largest.dtype)
        for place, block in shared:
            parts = operands(block)
            totals[place] = total(scratch[: len(parts[0])], *parts)

    each(work, list(enumerate(blocks)))
    return asarray(sum(totals) / divisor, largest.dtype)


def _with_slope(
    part: Part, total: Callable[..., float], input: Any, target: Any, summed: bool, divisor: float
) -> tuple[Any, Any]:
    """The losses or their sum, and the slopes by the input: ``part(losses, slopes, x, y)`` writes both in one block,
    ``total(scratch, slopes, x, y)`` returns the sum of the former. What belongs to a sum is divided by the divisor, the
    slopes by `total`.
    """
    slope = numpy.empty(input.shape, input.dtype)
    if summed:
        return sum_in_blocks(total, slope, input, target, divisor=divisor), slope
    return in_blocks(part, slope, input, target), slope


def _dot(x1: Any, x2: Any) -> float:
    return float(vecdot(x1, x2))


def _scale(slopes: Any, factor: float) -> None:
    if factor != 1.0:
        slopes *= factor


def gradient_from_slope(
    upstream: Any,
    slope: Any,
    input: Any,
    target: Any,
    *,
    options: tuple[Any, ...],
    divisor: float = 1.0,
    overwrite: bool = False,
) -> Any:
    if overwrite and not upstream.shape and upstream == 1.0:
        return slope
    # One pass over memory, which threads would not make shorter.
    return asarray(numpy.multiply(slope, upstream, out=slope if overwrite else None))


def pointwise(
    formula: Callable[..., Any], ops: Any, arrays: tuple[Any, ...], options: tuple[Any, ...], summed: bool
) -> Any:
    """See `Backend.pointwise`."""
    if summed:
        return sum_in_blocks(lambda _, *operands: float(numpy.add.reduce(formula(ops, *operands, *options))), *arrays)

    def part(out: Any, *operands: Any) -> None:
        out[...] = formula(ops, *operands, *options)

    return in_blocks(part, *arrays)


def mse_loss_with_slope(
    input: Any, target: Any, *, options: tuple[()], summed: bool, divisor: float = 1.0
) -> tuple[Any, Any]:
    def part(losses: Any, slopes: Any, x: Any, y: Any) -> None:
        numpy.subtract(x, y, slopes)
        numpy.multiply(slopes, slopes, losses)
        slopes += slopes

    def total(_: Any, slopes: Any, x: Any, y: Any) -> float:
        numpy.subtract(x, y, slopes)
        found = _dot(slopes, slopes)
        slopes *= 2.0 / divisor
        return found

    return _with_slope(part, total, input, target, summed, divisor)


def l1_loss_with_slope(
    input: Any, target: Any, *, options: tuple[()], summed: bool, divisor: float = 1.0
) -> tuple[Any, Any]:
    def part(losses: Any, slopes: Any, x: Any, y: Any) -> None:
        numpy.subtract(x, y, losses)
        numpy.sign(losses, slopes)
        numpy.abs(losses, losses)

    def total(difference: Any, slopes: Any, x: Any, y: Any) -> float:
        numpy.subtract(x, y, difference)
        numpy.sign(difference, slopes)
        found = _dot(difference, slopes)
        _scale(slopes, 1.0 / divisor)
        return found

    return _with_slope(part, total, input, target, summed, divisor)


def smooth_l1_loss(input: Any, target: Any, *, options: tuple[float], summed: bool) -> Any:
    return smooth_l1_loss_with_slope(input, target, options=options, summed=summed)[0]


def smooth_l1_loss_with_slope(
    input: Any, target: Any, *, options: tuple[float], summed: bool, divisor: float = 1.0
) -> tuple[Any, Any]:
    (beta,) = options
    if math.isinf(input.dtype.type(1.0 / beta)):
        # No number of this dtype is small enough for the curved part.
        return l1_loss_with_slope(input, target, options=(), summed=summed, divisor=divisor)
    return _clipped(input, target, beta, 1.0 / beta, summed, divisor)


def huber_loss(input: Any, target: Any, *, options: tuple[float], summed: bool) -> Any:
    return huber_loss_with_slope(input, target, options=options, summed=summed)[0]


def huber_loss_with_slope(
    input: Any, target: Any, *, options: tuple[float], summed: bool, divisor: float = 1.0
) -> tuple[Any, Any]:
    return _clipped(input, target, options[0], 1.0, summed, divisor)


def _clipped(input: Any, target: Any, bound: float, scale: float, summed: bool, divisor: float) -> tuple[Any, Any]:
    """With the difference d and what is left of it between the bounds, c: (d - c / 2) c, on both sides of a bound, and
    c as the slope.
    """

    def part(losses: Any, slopes: Any, x: Any, y: Any) -> None:
        numpy.subtract(x, y, losses)
        losses.clip(-bound, bound, slopes)
        losses -= slopes * 0.5
        slopes *= scale
        losses *= slopes

    def total(difference: Any, slopes: Any, x: Any, y: Any) -> float:
        numpy.subtract(x, y, difference)
        difference.clip(-bound, bound, slopes)
        found = _dot(slopes, difference) - 0.5 * _dot(slopes, slopes)
        _scale(slopes, scale / divisor)
        return found * scale

    return _with_slope(part, total, input, target, summed, divisor)


def binary_cross_entropy_with_logits(input: Any, target: Any, *, options: tuple[()], summed: bool) -> Any:
    return binary_cross_entropy_with_logits_with_slope(input, target, options=options, summed=summed)[0]


def binary_cross_entropy_with_logits_with_slope(
    input: Any, target: Any, *, options: tuple[()], summed: bool, divisor: float = 1.0
) -> tuple[Any, Any]:
    """With the likelier answer h, 0 or 1, and the probability q of the other: x (h - y) - log (1 - q)."""

    def part(losses: Any, slopes: Any, x: Any, y: Any) -> None:
        numpy.log1p(_odds(slopes, x), losses)
        _add_to_tail(losses, x, y)
        _slopes_of_logits(slopes, x, y, slopes + slopes.dtype.type(1.0))

    def total(scratch: Any, slopes: Any, x: Any, y: Any) -> float:
        numpy.add(_odds(slopes, x), slopes.dtype.type(1.0), scratch)
        doubt = _sum_of_logarithms(scratch)
        _slopes_of_logits(slopes, x, y, scratch)
        found = _dot(x, scratch)
        # Of probabilities near 1 so little is left that their rounding shows.
        if doubt < 0.01 * len(x):
            doubt = float(numpy.add.reduce(_softplus_tail(scratch, x)))
        _scale(slopes, 1.0 / divisor)
        found += doubt
        return found if math.isfinite(found) else float(numpy.add.reduce(_losses_of_logits(scratch, x, y)))

    return _with_slope(part, total, input, target, summed, divisor)


def _odds(out: Any, x: Any) -> Any:
    """Those of the less likely answer, exp(-|x|)."""
    # Powers of 2 would take less time for small numbers, and many times as long for those beyond 90.
    numpy.abs(x, out)
    numpy.negative(out, out)
    return numpy.exp(out, out)


_SIGNS: dict[int, tuple[Any, Any]] = {
    2: (numpy.dtype("uint16"), numpy.uint16(1 << 15)),
    4: (numpy.dtype("uint32"), numpy.uint32(1 << 31)),
    8: (numpy.dtype("uint64"), numpy.uint64(1 << 63)),
}
"""By the size of a number, an integer type as wide, and the integer that has the sign's bit alone."""


def _slopes_of_logits(out: Any, x: Any, y: Any, scratch: Any) -> None:
    """The sigmoid less the label: both are taken from the likelier answer first, which leaves h - y in `scratch`.

    `out` comes with the odds, and `scratch` with one more.
    """
    numpy.divide(out, scratch, out)
    # By the bits, in a third of the time that copysign takes.
    bits, sign = _SIGNS[x.itemsize]
    signs = numpy.bitwise_and(x.view(bits), sign, scratch.view(bits))
    numpy.bitwise_or(out.view(bits), signs, out.view(bits))
    likely = signs == 0
    numpy.subtract(likely if x.itemsize > 2 else likely.astype(y.dtype), y, scratch)
    numpy.subtract(scratch, out, out)


def _sum_of_logarithms(factors: Any) -> float:
    """Of factors from 1 to 2, of 64 at a time: a product takes a third of a logarithm's time."""
    rows = len(factors) // 64
    products = numpy.multiply.reduce(factors[: 64 * rows].reshape(64, rows), 0)
    rest = numpy.multiply.reduce(factors[64 * rows :])
    return float(numpy.add.reduce(numpy.log(products))) + float(numpy.log(rest))


def _softplus_tail(out: Any, x: Any) -> Any:
    """The logarithm of 1 + exp(-|x|), which is what a softplus has beyond the greater of x and 0."""
    return numpy.log1p(_odds(out, x), out)


def _losses_of_logits(out: Any, x: Any, y: Any) -> Any:
    """The greater of x and 0, less x y, and the softplus's tail."""
    return _add_to_tail(_softplus_tail(out, x), x, y)


def _add_to_tail(out: Any, x: Any, y: Any) -> Any:
    # Of likely answers these two cancel.
    out += x.clip(0.0, math.inf) - x * y
    # Of infinite logits PyTorch's formula leaves something else.
    infinite = numpy.isinf(x)
    if infinite.any():
        x, y = x[infinite], y[infinite]
        out[infinite] = (1.0 - y) * x + numpy.maximum(-x, 0.0)
    return out


def binary_cross_entropy_with_logits_input_gradient(
    upstream: Any, input: Any, target: Any, *, options: tuple[()]
) -> Any:
    def part(out: Any, g: Any, x: Any, y: Any) -> None:
        _slopes_of_logits(out, x, y, _odds(out, x) + out.dtype.type(1.0))
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
        return _dot(numpy.exp(y) if log_target else y, difference(scratch, x, y))

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
    "binary_cross_entropy_with_logits_gradient_from_slope": gradient_from_slope,
    "binary_cross_entropy_with_logits_input_gradient": binary_cross_entropy_with_logits_input_gradient,
    "binary_cross_entropy_with_logits_with_slope": binary_cross_entropy_with_logits_with_slope,
    "huber_loss": huber_loss,
    "huber_loss_gradient_from_slope": gradient_from_slope,
    "huber_loss_with_slope": huber_loss_with_slope,
    "kl_div": kl_div,
    "kl_div_input_gradient": kl_div_input_gradient,
    "l1_loss_gradient_from_slope": gradient_from_slope,
    "l1_loss_with_slope": l1_loss_with_slope,
    "mse_loss_gradient_from_slope": gradient_from_slope,
    "mse_loss_with_slope": mse_loss_with_slope,
    "smooth_l1_loss": smooth_l1_loss,
    "smooth_l1_loss_gradient_from_slope": gradient_from_slope,
    "smooth_l1_loss_with_slope": smooth_l1_loss_with_slope,
}

KERNELS: dict[str, Kernel] = {name: quiet(function) for name, function in _FUNCTIONS.items()}
"""By the name of the operation."""
