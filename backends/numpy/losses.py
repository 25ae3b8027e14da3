"""Kernels of pointwise losses on NumPy arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import DOT_BLOCK, LOSS_BLOCK
from ..contract import Kernel
from .products import vecdot
from .sums import stable_sum
from .threads import parallel_for

asarray = numpy.asarray


def _map_blocks(function: Callable[..., Any], *arrays: Any) -> list[Any]:
    """Call a function for each block of 1-d arrays, threads sharing the blocks, and return its results.

    A block fits the cache, so that only the first of several passes over it reads memory. 0-d arrays are passed whole.
    """
    step = LOSS_BLOCK // arrays[0].itemsize
    size = max([array.size for array in arrays])
    if size <= step:
        return [function(*arrays)]
    blocks = [slice(start, start + step) for start in range(0, size, step)]
    results: list[Any] = [None] * len(blocks)

    def work(numbers: Iterator[int]) -> None:
        for i in numbers:
            results[i] = function(*[array[blocks[i]] if array.ndim else array for array in arrays])

    parallel_for(work, range(len(blocks)))
    return results


def pointwise(
    formula: Callable[..., Any], ops: Any, arrays: tuple[Any, ...], options: tuple[Any, ...], summed: bool
) -> Any:
    """Evaluate an elementwise formula in blocks: `Backend.pointwise`."""
    largest = max(arrays, key=lambda array: array.ndim)
    if largest.nbytes <= LOSS_BLOCK:
        losses = formula(ops, *arrays, *options)
        return asarray(stable_sum(losses) if summed else losses)
    flat = [array.reshape(-1) if array.ndim else array for array in arrays]
    if summed:
        sums = _map_blocks(lambda *operands: float(stable_sum(formula(ops, *operands, *options))), *flat)
        return asarray(sum(sums), largest.dtype)
    result = numpy.empty(largest.shape, largest.dtype)

    def write(out: Any, *operands: Any) -> None:
        out[...] = formula(ops, *operands, *options)

    _map_blocks(write, result.reshape(-1), *flat)
    return result


def _dot(x1: Any, x2: Any) -> float:
    """Dot product of 1-d arrays in blocks: BLAS adds the terms of one product one by one."""
    whole = x1.size - x1.size % DOT_BLOCK
    if not whole:
        return float(vecdot(x1, x2))
    parts = vecdot(x1[:whole].reshape(-1, DOT_BLOCK), x2[:whole].reshape(-1, DOT_BLOCK))
    return float(parts.sum(dtype=numpy.float64)) + float(vecdot(x1[whole:], x2[whole:]))


def _with_slope(function: Callable[..., float]) -> Kernel:
    """The ``with_slope`` kernel of a loss: the sum of the losses, and the derivative of each by its input.

    ``function(input, target, slopes, *options)`` takes 1-d arrays, returns the sum and writes the slopes.
    """

    @quiet
    def kernel(input: Any, target: Any, *, options: tuple[Any, ...]) -> tuple[Any, Any]:
        slopes = numpy.empty(input.shape, input.dtype)
        flat = (input.reshape(-1), target.reshape(-1), slopes.reshape(-1))
        sums = _map_blocks(lambda *arrays: function(*arrays, *options), *flat)
        return asarray(sum(sums), input.dtype), slopes

    return kernel


def _l1(x: Any, y: Any, slopes: Any) -> float:
    difference = x - y
    return _dot(difference, numpy.sign(difference, slopes))


def _mse(x: Any, y: Any, slopes: Any) -> float:
    numpy.subtract(x, y, slopes)
    loss = _dot(slopes, slopes)
    slopes *= 2.0
    return loss


def _huber(x: Any, y: Any, slopes: Any, bound: float, scale: float = 1.0) -> float:
    """Huber loss ``(d - c / 2) * c`` with slope ``c``, where d is the difference and c is d clipped to the bounds."""
    difference = x - y
    difference.clip(-bound, bound, slopes)
    loss = _dot(slopes, difference) - 0.5 * _dot(slopes, slopes)
    if scale != 1.0:
        slopes *= scale
    return loss * scale


def _cross_entropy(x: Any, y: Any, slopes: Any) -> float:
    """Binary cross-entropy with logits: ``x * (h - y) + log(1 + q)`` with slope ``h - y -+ q / (1 + q)``.

    h is the likelier class, 0 or 1, and ``q = exp(-abs(x))`` the odds of the other, so that nothing cancels.
    """
    likelier = (x > 0.0).astype(x.dtype)
    odds = numpy.abs(x)
    numpy.exp(numpy.negative(odds, odds), odds)
    surplus = likelier - y
    numpy.add(odds, 1.0, slopes)
    loss = _sum_of_logs(slopes)
    # Near 1 the factors are rounded too coarsely, and products of float16 overflow.
    if not 0.01 * x.size < loss < math.inf:
        loss = float(stable_sum(numpy.log1p(odds)))
    loss += _dot(x, surplus)
    odds /= slopes
    # `copysign(odds, x)` in a third of its time.
    likelier *= 2.0
    likelier -= 1.0
    odds *= likelier
    numpy.subtract(surplus, odds, slopes)
    # A logit of negative infinity gives NaN, as in PyTorch.
    return loss if math.isfinite(loss) or not numpy.isneginf(x).any() else math.nan


def _sum_of_logs(factors: Any) -> float:
    """Sum of the logarithms of numbers from 1 to 2, by products of 64 of them, in a third of the time."""
    whole = factors.size - factors.size % 64
    products = numpy.multiply.reduce(factors[:whole].reshape(64, -1), 0)
    return float(stable_sum(numpy.log(products))) + float(numpy.log(numpy.multiply.reduce(factors[whole:])))


def gradient_from_slope(upstream: Any, slope: Any, *operands: Any, options: Any, overwrite: bool = False) -> Any:
    """The gradient ``upstream * slope``, written to the slope's memory if `overwrite`."""
    return asarray(numpy.multiply(slope, upstream, out=slope if overwrite else None))


_WITH_SLOPE: dict[str, Callable[..., float]] = {
    "binary_cross_entropy_with_logits": _cross_entropy,
    "huber_loss": _huber,
    "l1_loss": _l1,
    "mse_loss": _mse,
    "smooth_l1_loss": lambda x, y, slopes, beta: _huber(x, y, slopes, beta, 1.0 / beta),
}


def kl_div(input: Any, target: Any, *, options: tuple[bool], summed: bool) -> Any:
    """Kullback-Leibler divergence, in a third less time than its formula takes."""
    least = numpy.nextafter(target.dtype.type(0), target.dtype.type(1))

    def factors(x: Any, y: Any) -> tuple[Any, Any]:
        if options[0]:
            return numpy.exp(y), y - x
        # Added to a probability, the least number changes none but zero, whose logarithm is finite then.
        logs = numpy.log(y + least)
        logs -= x
        return y, logs

    if not summed:
        return pointwise(lambda ops, x, y: numpy.multiply(*factors(x, y)), None, (input, target), (), False)
    sums = _map_blocks(lambda x, y: _dot(*factors(x, y)), input.reshape(-1), target.reshape(-1))
    return asarray(sum(sums), input.dtype)


def kl_div_input_gradient(upstream: Any, input: Any, target: Any, *, options: tuple[bool]) -> Any:
    """``-target * upstream`` in one pass, in two thirds of the time."""
    factors = (numpy.exp(target) if options[0] else target, numpy.negative(upstream))
    return pointwise(lambda ops, y, g: numpy.multiply(y, g), None, factors, (), False)


KERNELS: dict[str, Kernel] = {
    "kl_div": quiet(kl_div),
    "kl_div_input_gradient": quiet(kl_div_input_gradient),
    **{f"{name}_with_slope": _with_slope(function) for name, function in _WITH_SLOPE.items()},
    **{f"{name}_gradient_from_slope": quiet(gradient_from_slope) for name in _WITH_SLOPE},
}
"""By the name of the operation."""
