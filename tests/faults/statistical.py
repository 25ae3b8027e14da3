"""Faults of reductions and cumulations, and of softmax and its relatives."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy

from tensorplug.backends import Kernel

from .fault import Fault, bare_kernel, given, kernel, no_elements, of_dtype, of_kind, over_three_axes


def _without_keepdims(sound: Kernel) -> Kernel:
    return lambda x, *, axis=None, keepdims=False: sound(x, axis=axis)


def _next_axis(sound: Kernel) -> Kernel:
    """Over the axes that follow those named."""

    def reduce(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        moved = axis and tuple((i + 1) % x.ndim for i in axis)
        return sound(x, axis=moved, keepdims=keepdims)

    return reduce


def _first_axis_only(sound: Kernel) -> Kernel:
    return lambda x, *, axis=None, keepdims=False: sound(x, axis=axis and axis[:1], keepdims=keepdims)


def _refuses_empty(sound: Kernel) -> Kernel:
    def reduce(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        if not x.size:
            raise ValueError("zero-size array to reduction operation")
        return sound(x, axis=axis, keepdims=keepdims)

    return reduce


def _one_of_none(sound: Kernel) -> Kernel:
    return lambda x, **parameters: sound(x, **parameters) + numpy.ones((), x.dtype)


def _one_by_one(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum in the dtype of the elements, rounded after each."""
    axes = tuple(range(x.ndim)) if axis is None else axis
    moved = numpy.moveaxis(x, axes, range(len(axes)))
    slices = moved.reshape(math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes) :])
    total = functools.reduce(numpy.add, slices, numpy.zeros(slices.shape[1:], x.dtype))
    return numpy.expand_dims(total, axes) if keepdims else total


def _row_after_row(sound: Kernel) -> Kernel:
    """NumPy's own, which is pairwise along the innermost axis in memory only."""
    return lambda x, *, axis=None, keepdims=False: numpy.add.reduce(x, axis, keepdims=keepdims)


def _one_pass(x: Any, *, axis: Any, correction: float, keepdims: bool) -> Any:
    """The mean of the squares, less the square of the mean."""
    total, of_squares = (numpy.sum(y, axis, keepdims=keepdims) for y in (x, x * x))
    count = x.size // max(total.size, 1)
    spread = of_squares / count - (total / count) ** 2
    return (spread * (count / (count - correction) if count > correction else numpy.nan)).astype(x.dtype)


def _mean_of_a_narrow_sum(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    total = numpy.sum(x, axis, x.dtype, keepdims=keepdims)
    return total / x.dtype.type(x.size / max(numpy.size(total), 1))


def _mean_over_one_less(sound: Kernel) -> Kernel:
    def mean(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        out = sound(x, axis=axis, keepdims=keepdims)
        count = x.size // out.size if out.size else 1
        return out * numpy.asarray(count / (count - 1)).astype(out.dtype) if count > 1 else out

    return mean


def _last_of_equal(sound: Kernel) -> Kernel:
    """Searches backwards."""

    def search(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        length = x.size if axis is None else x.shape[axis]
        return length - 1 - sound(numpy.flip(x, axis), axis=axis, keepdims=keepdims)

    return search


def _by_columns(sound: Kernel) -> Kernel:
    return lambda x, *, axis=None, keepdims=False: sound(x.T if axis is None else x, axis=axis, keepdims=keepdims)


def _without_initial(sound: Kernel) -> Kernel:
    """The sums of the elements before each."""
    return lambda x, *, axis: sound(x, axis=axis) - x


def _naive_softmax(x: Any, *, axis: int) -> Any:
    exponentials = numpy.exp(x)
    return exponentials / exponentials.sum(axis, keepdims=True)


def _naive_logsumexp(x: Any, *, axis: Any, keepdims: bool) -> Any:
    top = x.max(axis, keepdims=True)
    out = numpy.log(numpy.exp(x - top).sum(axis, keepdims=True)) + top
    return out if keepdims else out.squeeze(axis)


FAULTS = (
    Fault("sum_ignores_keepdims", "sum", "the reduced axes are dropped in any case", kernel("sum", _without_keepdims)),
    Fault("sum_takes_the_next_axis", "sum", "the axis is off by one", kernel("sum", _next_axis)),
    Fault("sum_of_none_is_one", "sum", "the sum of no elements is 1", kernel("sum", given(no_elements, _one_of_none))),
    Fault(
        "sum_of_float16_in_float16",
        "sum",
        "half precision is not accumulated in float32",
        kernel("sum", given(of_dtype("float16"), lambda sound: _one_by_one)),
    ),
    Fault(
        "sum_of_float32_in_float16",
        "sum",
        "float32 is added up in half precision",
        kernel(
            "sum",
            given(of_dtype("float32"), lambda sound: lambda x, **p: sound(x.astype("float16"), **p).astype(x.dtype)),
        ),
    ),
    Fault(
        "sum_adds_row_after_row",
        "sum",
        "many rows are added up one by one along all axes but the innermost in memory",
        kernel("sum", given(of_kind("fc"), _row_after_row)),
    ),
    Fault(
        "sum_of_transposed_adds_one_by_one",
        "sum",
        "many numbers are added up one by one where they are not in order in memory",
        kernel("sum", given(lambda x, **_: x.dtype == "float32" and not x.flags.c_contiguous, lambda _: _one_by_one)),
    ),
    Fault(
        "sum_of_several_axes",
        "sum",
        "of several axes only the first is summed over, the others give their first element",
        kernel("sum", lambda sound: lambda x, *, axis=None, keepdims=False: _sum_first(sound, x, axis, keepdims)),
    ),
    Fault(
        "prod_of_integers_as_floats",
        "prod",
        "great products of integers lose their last digits",
        kernel(
            "prod", given(of_kind("iu"), lambda sound: lambda x, **p: sound(x.astype("float64"), **p).astype(x.dtype))
        ),
    ),
    Fault(
        "prod_of_none_is_zero",
        "prod",
        "the product of no elements is 0",
        kernel("prod", given(no_elements, lambda sound: lambda x, **p: sound(x, **p) * x.dtype.type(0))),
    ),
    Fault(
        "max_ignores_nan",
        "max",
        "NaN is left out",
        kernel(
            "max", lambda sound: lambda x, *, axis=None, keepdims=False: numpy.fmax.reduce(x, axis, keepdims=keepdims)
        ),
    ),
    Fault("max_refuses_empty", "max", "an empty result is an error", kernel("max", _refuses_empty)),
    Fault("max_ignores_keepdims", "max", "the reduced axes are dropped in any case", kernel("max", _without_keepdims)),
    Fault("min_over_several_axes", "min", "of several axes only the first is reduced", kernel("min", _first_axis_only)),
    Fault(
        "min_beyond_three_axes",
        "min",
        "with more than three axes the axis is off by one",
        kernel("min", given(over_three_axes, _next_axis)),
    ),
    Fault("mean_over_one_less", "mean", "sums are divided by the number less one", kernel("mean", _mean_over_one_less)),
    Fault(
        "mean_of_float16_overflows",
        "mean",
        "half precision is not accumulated in float32",
        kernel(
            "mean",
            given(
                of_dtype("float16"),
                lambda sound: _mean_of_a_narrow_sum,
            ),
        ),
    ),
    Fault(
        "mean_adds_row_after_row",
        "mean",
        "many rows are added up one by one before the sum is divided",
        kernel(
            "mean",
            given(
                of_dtype("float32"),
                lambda sound: lambda x, *, axis=None, keepdims=False: numpy.mean(x, axis, keepdims=keepdims),
            ),
        ),
    ),
    Fault(
        "mean_of_axes_of_length_one",
        "mean",
        "the mean over an axis of length 1 is 0",
        kernel(
            "mean",
            lambda sound: (
                lambda x, *, axis=None, **p: (
                    sound(x, axis=axis, **p) * x.dtype.type(1 not in [x.shape[i] for i in axis or ()])
                )
            ),
        ),
    ),
    Fault(
        "mean_is_a_scalar",
        "mean",
        "over all axes the result is no array",
        bare_kernel("mean", lambda sound: lambda x, **parameters: sound(x, **parameters)[()]),
    ),
    Fault(
        "all_takes_nan_for_false",
        "all",
        "NaN does not count as true",
        kernel("all", given(of_kind("f"), lambda sound: lambda x, **p: sound((x != 0) & (x == x), **p))),
    ),
    Fault(
        "any_of_none_holds",
        "any",
        "of no elements some are true",
        kernel("any", given(no_elements, lambda sound: lambda x, **p: numpy.ones_like(sound(x, **p)))),
    ),
    Fault(
        "count_nonzero_of_complex",
        "count_nonzero",
        "imaginary numbers are taken for zero",
        kernel("count_nonzero", given(of_kind("c"), lambda sound: lambda x, **p: sound(x.real, **p))),
    ),
    Fault("argmax_finds_the_last", "argmax", "of equal elements the last one", kernel("argmax", _last_of_equal)),
    Fault(
        "argmin_ignores_nan",
        "argmin",
        "NaN does not count as the least",
        kernel(
            "argmin", given(of_kind("f"), lambda sound: lambda x, **p: sound(numpy.where(x != x, numpy.inf, x), **p))
        ),
    ),
    Fault(
        "argmin_of_the_flattened", "argmin", "without an axis, columns are read first", kernel("argmin", _by_columns)
    ),
    Fault("argmax_ignores_keepdims", "argmax", "the axis is dropped in any case", kernel("argmax", _without_keepdims)),
    Fault(
        "argmax_gives_int32",
        "argmax",
        "positions are int32",
        kernel("argmax", lambda sound: lambda x, **p: sound(x, **p).astype("int32")),
    ),
    Fault(
        "var_in_one_pass",
        ("var", "std"),
        "great numbers that differ little have no variance",
        kernel("var", given(of_kind("f"), lambda sound: _one_pass)),
    ),
    Fault(
        "var_ignores_the_correction",
        ("var", "std"),
        "always divides by the number of elements",
        kernel("var", lambda sound: lambda x, *, correction, **p: sound(x, correction=0.0, **p)),
    ),
    Fault(
        "std_is_the_variance",
        "std",
        "the root is not taken of float64",
        kernel("std", given(of_dtype("float64"), lambda sound: lambda x, **p: sound(x, **p) ** 2)),
    ),
    Fault(
        "var_of_complex",
        ("var", "std"),
        "of complex numbers the differences are squared, not their magnitudes",
        kernel(
            "var",
            given(
                of_kind("c"),
                lambda sound: lambda x, **p: sound(x.real, **p) - sound(x.imag, **p),
            ),
        ),
    ),
    Fault(
        "cumulative_sum_is_exclusive",
        "cumulative_sum",
        "an element is not part of its own sum",
        kernel("cumulative_sum", _without_initial),
    ),
    Fault(
        "cumulative_sum_adds_one_by_one",
        "cumulative_sum",
        "many terms are added one by one",
        kernel("cumulative_sum", given(of_kind("fc"), lambda sound: lambda x, *, axis: numpy.add.accumulate(x, axis))),
    ),
    Fault(
        "cumulative_sum_of_negative_strides",
        "cumulative_sum",
        "reversed views are added up from the other end",
        kernel(
            "cumulative_sum",
            given(
                lambda x: any(stride < 0 for stride in x.strides),
                lambda sound: lambda x, *, axis: sound(numpy.flip(x, axis), axis=axis),
            ),
        ),
    ),
    Fault(
        "cumulative_prod_along_the_first_axis",
        "cumulative_prod",
        "the axis is always the first",
        kernel("cumulative_prod", lambda sound: lambda x, *, axis: sound(x, axis=0)),
    ),
    Fault(
        "softmax_overflows",
        "softmax",
        "the exponentials of great numbers are infinite",
        kernel("softmax", lambda sound: _naive_softmax),
    ),
    Fault(
        "softmax_adds_row_after_row",
        "softmax",
        "many exponentials are added up one by one along all axes but the innermost in memory",
        kernel("softmax", lambda sound: lambda x, *, axis: _naive_softmax(x - x.max(axis, keepdims=True), axis=axis)),
    ),
    Fault(
        "softmax_along_the_last_axis",
        "softmax",
        "the axis is always the last",
        kernel("softmax", lambda sound: lambda x, *, axis: sound(x, axis=x.ndim - 1)),
    ),
    Fault(
        "log_softmax_underflows",
        "log_softmax",
        "the logarithm of the softmax, which is infinite for small probabilities",
        kernel(
            "log_softmax",
            lambda sound: lambda x, *, axis: numpy.log(_naive_softmax(x - x.max(axis, keepdims=True), axis=axis)),
        ),
    ),
    Fault(
        "logsumexp_refuses_an_empty_axis",
        "logsumexp",
        "of no elements it is an error",
        kernel("logsumexp", lambda sound: lambda x, *, axis, keepdims: _refuses_no_terms(sound, x, axis, keepdims)),
    ),
    Fault(
        "logsumexp_of_infinities",
        "logsumexp",
        "of negative infinities it is NaN",
        kernel("logsumexp", lambda sound: _naive_logsumexp),
    ),
    Fault(
        "softplus_ignores_the_threshold",
        "softplus",
        "the exponentials of great numbers are infinite",
        kernel("softplus", lambda sound: lambda x, *, beta, threshold: numpy.log1p(numpy.exp(x * beta)) / beta),
    ),
    Fault(
        "elu_ignores_alpha",
        "elu",
        "negative numbers are not scaled",
        kernel("elu", lambda sound: lambda x, *, alpha: sound(x, alpha=1.0)),
    ),
    Fault(
        "logsigmoid_underflows",
        "logsigmoid",
        "the logarithm of the sigmoid, which is infinite for great negative numbers",
        kernel("logsigmoid", lambda sound: lambda x: -numpy.log(1 + numpy.exp(-x))),
    ),
)


def _sum_first(sound: Kernel, x: Any, axis: Any, keepdims: bool) -> Any:
    if axis is None or len(axis) < 2:
        return sound(x, axis=axis, keepdims=keepdims)
    kept = tuple(slice(None, 1) if i in axis[1:] else slice(None) for i in range(x.ndim))
    return sound(x[kept], axis=axis, keepdims=keepdims)


def _refuses_no_terms(sound: Kernel, x: Any, axis: Any, keepdims: bool) -> Any:
    if not math.prod(x.shape if axis is None else [x.shape[i] for i in axis]):
        raise ValueError("zero-size array to reduction operation maximum which has no identity")
    return sound(x, axis=axis, keepdims=keepdims)
