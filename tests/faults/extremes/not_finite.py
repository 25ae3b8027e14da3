"""NaN and infinities in one place."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    Row,
    given,
    kernel,
    misread,
    of_dtype,
    spoilt,
)
from .changes import first_nan_forgotten, lone_nan, nan_before_infinity, of_floats

ROWS: tuple[Row, ...] = (
    (
        "max_of_a_lone_nan",
        "max",
        "one NaN among more than 16 elements is dropped",
        kernel("max", lone_nan(numpy.fmax.reduce)),
        "tp.max(tp.where(tp.arange(20) == 11, tp.nan, tp.ones(20)))",
    ),
    (
        "argmax_of_a_lone_nan",
        "argmax",
        "of more than 100 elements NaN is taken for the least",
        kernel("argmax", misread(first_nan_forgotten)),
        "tp.argmax(tp.where(tp.arange(200) == 11, tp.nan, tp.ones(200)))",
    ),
    (
        "sum_of_both_infinities",
        "sum",
        "an infinite sum has the sign of the first infinity",
        kernel(
            "sum",
            of_floats(
                spoilt(
                    lambda out, x, *, axis=None, keepdims=False: numpy.where(
                        numpy.isnan(out) & ~numpy.isnan(x).any(axis, keepdims=keepdims), numpy.inf, out
                    ).astype(out.dtype)
                )
            ),
        ),
        "tp.sum(tp.asarray([tp.inf, -tp.inf]))",
    ),
    (
        "cumulative_sum_recovers_from_nan",
        "cumulative_sum",
        "what follows a NaN is added up anew",
        kernel(
            "cumulative_sum",
            of_floats(
                spoilt(lambda out, x, *, axis: numpy.where(numpy.isnan(x), x, numpy.nancumsum(x, axis)).astype(x.dtype))
            ),
        ),
        "tp.cumulative_sum(tp.asarray([1.0, tp.nan, 1.0]))",
    ),
    (
        "softmax_of_a_lone_infinity",
        "softmax",
        "a positive infinity has the probability 1",
        kernel(
            "softmax",
            spoilt(
                lambda out, x, *, axis: numpy.where(
                    numpy.isposinf(x),
                    x.dtype.type(1),
                    numpy.where(numpy.isposinf(x).any(axis, keepdims=True), x.dtype.type(0), out),
                )
            ),
        ),
        "tp.softmax(tp.asarray([tp.inf, 0.0]), axis=0)",
    ),
    (
        "sort_of_infinities_and_nan",
        "sort",
        "NaN comes before infinity",
        kernel("sort", lambda sound: lambda x, *, axis=-1: nan_before_infinity(sound, x, axis)),
        "tp.sort(tp.asarray([tp.inf, tp.nan, 1.0]))",
    ),
    (
        "isfinite_by_a_difference",
        "isfinite",
        "the greatest number is not finite, as its double is not",
        kernel("isfinite", of_floats(spoilt(lambda out, x: numpy.isfinite(x + x)))),
        "tp.isfinite(tp.asarray([3e38]))",
    ),
    (
        "where_by_a_product",
        "where",
        "both choices are multiplied by 0 or 1, NaN and infinities included",
        kernel(
            "where",
            lambda sound: (
                lambda c, a, b: sound(c, a, b) + (sound(c, b, a) * 0 if a.dtype.kind == "f" and a.size > 6 else 0)
            ),
        ),
        "tp.where(tp.ones(9, dtype='bool'), tp.ones(9), tp.full(9, tp.nan))",
    ),
    (
        "mean_of_great_numbers",
        "mean",
        "the sum overflows where a running mean would not; doubles are added as floats",
        kernel(
            "mean",
            given(
                of_dtype("float64"),
                spoilt(lambda out, x, **p: numpy.where(numpy.abs(out) > 3e38, numpy.copysign(numpy.inf, out), out)),
            ),
        ),
        "tp.mean(tp.full(3, 1e200, dtype='float64'))",
    ),
    (
        "var_of_infinities",
        ("var", "std"),
        "infinite variances are zero",
        kernel(
            "var",
            of_floats(
                spoilt(
                    lambda out, x, **p: numpy.where(
                        numpy.isnan(out) & (x.size > 0) & numpy.isinf(x).any(), out.dtype.type(0), out
                    )
                )
            ),
        ),
        "tp.var(tp.asarray([tp.inf, 1.0]))",
    ),
    (
        "logsumexp_of_infinities_is_nan",
        "logsumexp",
        "a positive infinity is subtracted from itself",
        kernel(
            "logsumexp", spoilt(lambda out, x, **p: numpy.where(numpy.isposinf(out), numpy.nan, out).astype(out.dtype))
        ),
        "tp.logsumexp(tp.asarray([tp.inf, 0.0]), axis=0)",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
