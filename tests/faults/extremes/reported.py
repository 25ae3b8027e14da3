"""As bug trackers of array libraries tell of them."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, given, kernel, of_kind, replaced, spoilt

ROWS: tuple[Row, ...] = (
    (
        "sign_of_infinite_complex",
        "sign",
        "a complex infinity is divided by its modulus part by part",
        kernel("sign", given(of_kind("c"), spoilt(lambda out, x: numpy.where(numpy.isinf(x), out.real, out)))),
        "tp.sign(tp.asarray([complex(0.0, float('inf'))]))",
    ),
    (
        "logaddexp_of_equal_infinities",
        "logaddexp",
        "the difference of two infinities is taken",
        kernel("logaddexp", given(of_kind("f"), replaced(lambda a, b: b + numpy.log1p(numpy.exp(a - b))))),
        "tp.logaddexp(tp.full(2, tp.inf), tp.full(2, tp.inf))",
    ),
    (
        "remainder_by_infinity",
        "remainder",
        "a quotient of zero times infinity is subtracted",
        kernel(
            "remainder",
            given(
                of_kind("f"), spoilt(lambda out, a, b: numpy.where(numpy.isinf(b), numpy.nan, out).astype(out.dtype))
            ),
        ),
        "tp.remainder(tp.ones(2), tp.full(2, tp.inf))",
    ),
    (
        "sum_of_uint32_in_float",
        "sum",
        "sums of 32-bit integers are doubles, and wrap beyond 2^53",
        kernel(
            "sum",
            given(
                lambda x, *rest: x.dtype.name == "uint64",
                lambda sound: lambda x, **p: numpy.asarray(sound(x.astype("float64"), **p)).astype("uint64"),
            ),
        ),
        "tp.sum(tp.asarray([2**53 + 1, 0], dtype='uint64'))",
    ),
    (
        "searchsorted_of_nan_at_the_beginning",
        "searchsorted",
        "NaN is searched in front of all numbers",
        kernel("searchsorted", lambda sound: lambda x1, x2, **p: numpy.where(x2 != x2, 0, sound(x1, x2, **p))),
        "tp.searchsorted(tp.arange(3.0), tp.full(1, tp.nan))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
