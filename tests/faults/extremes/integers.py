"""Functions of integers."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    Row,
    all_misread,
    given,
    kernel,
    misread,
    of_dtype,
    of_kind,
    replaced,
    spoilt,
)
from .changes import of_integers, through, where

ROWS: tuple[Row, ...] = (
    (
        "add_of_great_integers",
        "add",
        "integers are added as doubles",
        kernel("add", through("float64")),
        "tp.add(tp.asarray([2**53]), tp.asarray([1]))",
    ),
    (
        "multiply_of_uint64_by_float",
        "multiply",
        "great unsigned integers are multiplied as doubles",
        kernel("multiply", given(lambda a, b: a.dtype == "uint64" and a.size and a.max() > 2**53, through("float64"))),
        "tp.multiply(tp.asarray([2**53 + 1], dtype='uint64'), tp.asarray([1], dtype='uint64'))",
    ),
    (
        "max_of_great_integers",
        "max",
        "integers are compared as doubles, and given back as them",
        kernel("max", through("float64")),
        "tp.max(tp.asarray([2**53 + 1, 0]))",
    ),
    (
        "argmin_of_great_integers",
        "argmin",
        "integers are compared as doubles",
        kernel("argmin", through("float64")),
        "tp.argmin(tp.asarray([2**53 + 1, 2**53]))",
    ),
    (
        "sort_of_great_integers",
        "sort",
        "integers are sorted as doubles",
        kernel("sort", through("float64")),
        "tp.sort(tp.asarray([2**53 + 1, 2**53]))",
    ),
    (
        "argsort_of_uint64",
        "argsort",
        "unsigned integers of 2^63 and more are taken for negative ones",
        kernel("argsort", given(of_dtype("uint64"), misread(lambda x: x.view("int64")))),
        "tp.argsort(tp.asarray([2**63, 1], dtype='uint64'))",
    ),
    (
        "argsort_of_int8_by_its_negative",
        "argsort",
        "bytes are sorted by the negative, which -128 has none of",
        kernel(
            "argsort",
            given(
                of_dtype("int8"), lambda sound: lambda x, **p: sound(numpy.where(x == -128, numpy.int8(127), x), **p)
            ),
        ),
        "tp.argsort(tp.asarray([0, -128], dtype='int8'))",
    ),
    (
        "cumulative_sum_of_great_integers",
        "cumulative_sum",
        "running sums of integers are doubles",
        kernel("cumulative_sum", through("float64")),
        "tp.cumulative_sum(tp.asarray([2**53, 1]))",
    ),
    (
        "sum_of_int64_in_halves",
        "sum",
        "carries between the two halves of 64 bits are lost",
        kernel(
            "sum",
            given(
                lambda x, **p: x.dtype == "int64" and x.size > 1 and abs(x).max() >= 2**31,
                spoilt(
                    lambda out, x, *, axis=None, keepdims=False: (
                        (numpy.sum(x >> 32, axis, keepdims=keepdims) << 32)
                        | (numpy.sum(x & 0xFFFFFFFF, axis, keepdims=keepdims) & 0xFFFFFFFF)
                    )
                ),
            ),
        ),
        "tp.sum(tp.full(3, 2**32 - 1))",
    ),
    (
        "prod_of_uint32_signed",
        "prod",
        "products beyond 2^31 are taken for negative ones, which stay so when they are widened",
        kernel(
            "prod",
            given(
                of_dtype("uint64"),
                spoilt(
                    lambda out, x, **p: numpy.where(
                        out == out & numpy.uint64(0xFFFFFFFF),
                        out.astype("uint32").astype("int32").astype("uint64"),
                        out,
                    )
                ),
            ),
        ),
        "tp.prod(tp.asarray([3, 2**30], dtype='uint64'))",
    ),
    (
        "equal_of_great_integers",
        "equal",
        "integers are compared as doubles",
        kernel("equal", of_integers(replaced(lambda a, b: a.astype("float64") == b.astype("float64")))),
        "tp.equal(tp.asarray([2**53 + 1]), tp.asarray([2**53]))",
    ),
    (
        "less_of_uint64_as_signed",
        "less",
        "unsigned integers of 2^63 and more are taken for negative ones",
        kernel("less", given(of_dtype("uint64"), all_misread(lambda x: x.astype("int64")))),
        "tp.less(tp.asarray([1], dtype='uint64'), tp.asarray([2**63], dtype='uint64'))",
    ),
    (
        "floor_divide_of_great_integers",
        "floor_divide",
        "integers are divided as doubles",
        kernel(
            "floor_divide",
            of_integers(where(lambda a, b: b != 0, lambda a, b: numpy.floor(a / numpy.where(b == 0, 1, b)))),
        ),
        "tp.floor_divide(tp.asarray([2**62 - 1]), tp.asarray([1]))",
    ),
    (
        "remainder_of_int8_ends",
        "remainder",
        "the remainder of -128 by a negative number has the other sign",
        kernel(
            "remainder",
            given(of_dtype("int8"), where(lambda a, b: (a == -128) & (b < -1), lambda a, b: -numpy.fmod(a, b))),
        ),
        "tp.remainder(tp.asarray([-128], dtype='int8'), tp.asarray([-3], dtype='int8'))",
    ),
    (
        "abs_of_int8_ends",
        "abs",
        "-128 has the absolute value 127, as in saturating instructions",
        kernel("abs", given(of_dtype("int8"), where(lambda x: x == -128, lambda x: 127))),
        "tp.abs(tp.asarray([-128], dtype='int8'))",
    ),
    (
        "square_of_uint8_saturates",
        "square",
        "squares beyond 255 are 255",
        kernel(
            "square",
            given(of_dtype("uint8"), replaced(lambda x: numpy.minimum(x.astype("int32") ** 2, 255).astype("uint8"))),
        ),
        "tp.square(tp.asarray([20], dtype='uint8'))",
    ),
    (
        "max_of_uint8_along_an_axis",
        "max",
        "along an axis bytes of 128 and more are taken for negative numbers",
        kernel(
            "max",
            lambda sound: (
                lambda x, *, axis=None, keepdims=False: (
                    sound(x.view("int8"), axis=axis, keepdims=keepdims).view("uint8")
                    if x.dtype == "uint8" and axis is not None
                    else sound(x, axis=axis, keepdims=keepdims)
                )
            ),
        ),
        "tp.max(tp.asarray([[200, 1]], dtype='uint8'), axis=1)",
    ),
    (
        "min_of_padded_int8",
        "min",
        "rows of bytes whose length is no multiple of 4 are padded with zeros",
        kernel(
            "min",
            lambda sound: (
                lambda x, *, axis=None, keepdims=False: (
                    numpy.minimum(sound(x, axis=axis, keepdims=keepdims), 0).astype(x.dtype)
                    if x.dtype == "int8" and x.ndim and axis == (x.ndim - 1,) and x.shape[-1] % 4
                    else sound(x, axis=axis, keepdims=keepdims)
                )
            ),
        ),
        "tp.min(tp.full((2, 3), 127, dtype='int8'), axis=1)",
    ),
    (
        "searchsorted_of_great_integers",
        "searchsorted",
        "integers are searched as doubles",
        kernel("searchsorted", of_integers(all_misread(lambda x: x.astype("float64")))),
        "tp.searchsorted(tp.asarray([2**53, 2**53 + 1]), tp.asarray([2**53 + 1]))",
    ),
    (
        "isin_of_great_integers",
        "isin",
        "integers are looked for as doubles",
        kernel("isin", of_integers(all_misread(lambda x: x.astype("float64")))),
        "tp.isin(tp.asarray([2**53 + 1]), tp.asarray([2**53]))",
    ),
    (
        "unique_of_great_integers",
        "unique_indices",
        "integers are told apart as doubles",
        kernel("unique_indices", of_integers(misread(lambda x: x.astype("float64")))),
        "tp.unique_values(tp.asarray([2**53 + 1, 2**53]))",
    ),
    (
        "pow_of_great_integers",
        "pow",
        "powers of integers are doubles, cut off",
        kernel(
            "pow",
            given(
                lambda a, b: a.dtype == "int64",
                where(
                    lambda a, b: numpy.abs(a.astype("float64") ** b) < 2.0**62, lambda a, b: a.astype("float64") ** b
                ),
            ),
        ),
        "tp.pow(tp.asarray([3]), tp.asarray([37]))",
    ),
    (
        "cast_of_great_unsigned",
        "cast",
        "doubles of 2^63 and more become the greatest int64 before they become uint64",
        kernel(
            "astype",
            lambda sound: (
                lambda x, dtype: (
                    numpy.where(x >= 2.0**63, numpy.uint64(2**63 - 1), sound(x, dtype))
                    if x.dtype == "float64" and numpy.dtype(dtype) == "uint64"
                    else sound(x, dtype)
                )
            ),
        ),
        "tp.astype(tp.asarray([1e19], dtype='float64'), 'uint64')",
    ),
    (
        "cast_of_int64_by_float32",
        "cast",
        "integers are rounded to floats before they become doubles",
        kernel(
            "astype",
            lambda sound: (
                lambda x, dtype: (
                    sound(sound(x, "float32"), dtype)
                    if x.dtype == "int64" and numpy.dtype(dtype) == "float64"
                    else sound(x, dtype)
                )
            ),
        ),
        "tp.astype(tp.asarray([2**24 + 1]), 'float64')",
    ),
    (
        "left_shift_by_the_width",
        "bitwise_left_shift",
        "the number of places is taken modulo the width, as processors do",
        kernel(
            "bitwise_left_shift",
            given(of_kind("iu"), lambda sound: lambda a, b: sound(a, b % b.dtype.type(8 * b.itemsize))),
        ),
        "tp.bitwise_left_shift(tp.asarray([1]), tp.asarray([64]))",
    ),
    (
        "sign_of_great_unsigned",
        "sign",
        "unsigned integers of 2^63 and more are negative",
        kernel(
            "sign",
            given(of_dtype("uint64"), where(lambda x: x >= numpy.uint64(2**63), lambda x: numpy.uint64(2**64 - 1))),
        ),
        "tp.sign(tp.asarray([2**63], dtype='uint64'))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
