"""Elementwise functions."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    bare_kernel,
    given,
    kernel,
    more_than,
    replaced,
    spoilt,
)
from .changes import coarse_tail, false_tail, in_whole_vectors, of_kind, with_last, wrapped_columns, zero_from

FAULTS = (
    Fault(
        "exp_of_what_remains_of_a_vector",
        "exp",
        "elements that remain behind the last whole vector of 16 have the precision of half floats",
        kernel("exp", given(of_kind("f", 16), spoilt(lambda out, x: coarse_tail(out, 16)))),
        "tp.exp(wave(33))",
    ),
    Fault(
        "add_of_one_grid",
        "add",
        "elements beyond the 65,535th are not added, as the grid has no more blocks",
        kernel("add", zero_from(lambda size: 65535)),
        "tp.add(tp.ones(65537), tp.ones(65537))[-1]",
    ),
    Fault(
        "multiply_of_broadcast_beyond_2_to_the_17th",
        "multiply",
        "the second operand's index wraps around where it is broadcast to more than 2^17 elements",
        kernel("multiply", spoilt(lambda out, a, b: wrapped_columns(out, a, b))),
        "tp.multiply(tp.ones((2, 70000)), tp.arange(70000, dtype='float32'))[1, -1]",
    ),
    Fault(
        "sqrt_of_chunks_that_do_not_divide",
        "sqrt",
        "more than 1,000 elements are shared by four threads, and what does not divide is left out",
        kernel("sqrt", given(more_than(1000), zero_from(lambda size: size // 4 * 4))),
        "tp.sqrt(tp.ones(1003))[-1]",
    ),
    Fault(
        "tanh_of_vectors_by_a_fraction",
        "tanh",
        "from a whole vector of 8 on a fraction of low degree is used",
        kernel("tanh", given(of_kind("f", 7), replaced(lambda x: x * (27 + x * x) / (27 + 9 * x * x)))),
        "tp.tanh(tp.full(9, 0.9))",
    ),
    Fault(
        "sin_of_many_doubles_in_single",
        "sin",
        "more than 64 doubles are computed as floats",
        kernel("sin", given(of_kind("f", 64), spoilt(lambda out, x: out.astype("float32").astype(x.dtype)))),
        "tp.sin(tp.full(65, 0.7, dtype='float64'))",
    ),
    Fault(
        "where_of_odd_sizes",
        "where",
        "of an odd number of elements greater than 255 the last one is taken from the first operand",
        kernel("where", spoilt(lambda out, c, a, b: with_last(out, a) if out.size > 255 and out.size % 2 else out)),
        "tp.where(tp.arange(257) < 3, tp.zeros(257), tp.ones(257))",
    ),
    Fault(
        "logical_and_of_packed_bits",
        "logical_and",
        "more than 64 truth values are packed by eights, and the bits of the last byte are not written",
        kernel("logical_and", given(more_than(64), spoilt(lambda out, a, b: false_tail(out, 8)))),
        "tp.logical_and(tp.ones(67, dtype='bool'), tp.ones(67, dtype='bool'))",
    ),
    Fault(
        "maximum_of_vectors_ignores_nan",
        "maximum",
        "vectors of 32 and more elements are compared by an instruction that drops NaN",
        kernel("maximum", given(of_kind("f", 31), replaced(lambda a, b: numpy.fmax(a, b)))),
        "tp.maximum(tp.full(40, tp.nan), tp.ones(40))",
    ),
    Fault(
        "floor_divide_of_vectors_truncates",
        "floor_divide",
        "more than 16 integers are divided towards zero",
        kernel("floor_divide", given(of_kind("i", 16), spoilt(lambda out, a, b: out + ((out < 0) & (out * b != a))))),
        "tp.floor_divide(tp.full(17, -7), tp.full(17, 2))",
    ),
    Fault(
        "right_shift_of_vectors_is_logical",
        "bitwise_right_shift",
        "more than 32 negative integers are shifted as unsigned ones",
        kernel(
            "bitwise_right_shift",
            given(
                of_kind("i", 32),
                replaced(
                    lambda a, b: (
                        (a.view(f"u{a.itemsize}") >> numpy.minimum(b, 8 * a.itemsize - 1).view(f"u{a.itemsize}")).view(
                            a.dtype
                        )
                        if a.ndim and b.ndim
                        else a >> b
                    )
                ),
            ),
        ),
        "tp.bitwise_right_shift(tp.full(40, -8), tp.full(40, 1))",
    ),
    Fault(
        "isnan_of_many_by_fast_math",
        "isnan",
        "the compiler turned the loop over more than 255 elements into False",
        kernel("isnan", given(more_than(255), spoilt(lambda out, x: numpy.zeros_like(out)))),
        "tp.isnan(tp.full(256, tp.nan))",
    ),
    Fault(
        "log1p_of_many_is_log_of_the_sum",
        "log1p",
        "more than 33 elements have 1 added before the logarithm is taken",
        kernel("log1p", given(of_kind("f", 33), replaced(lambda x: numpy.log(1 + x)))),
        "tp.log1p(tp.full(64, 1e-10, dtype='float64'))",
    ),
    Fault(
        "pow_of_many_by_logarithms",
        "pow",
        "more than 1,024 powers are exponentials of logarithms, which negative numbers lack",
        kernel("pow", given(of_kind("f", 1024), replaced(lambda a, b: numpy.exp(b * numpy.log(a))))),
        "tp.pow(tp.full(1025, -2.0), tp.full(1025, 3.0))",
    ),
    Fault(
        "sign_of_many_nan",
        "sign",
        "among more than 4,096 elements NaN has the sign 0",
        kernel("sign", given(of_kind("f", 4096), spoilt(lambda out, x: numpy.nan_to_num(out)))),
        "tp.sign(tp.full(5000, tp.nan))",
    ),
    Fault(
        "clip_of_many_by_the_first_bound",
        "clip",
        "more than 1,000 elements are all held against the first lower bound",
        kernel(
            "clip",
            given(
                more_than(1000),
                lambda sound: (
                    lambda x, low, high: sound(x, numpy.broadcast_to(low.reshape(-1)[:1][0], low.shape), high)
                ),
            ),
        ),
        "tp.clip(tp.zeros(1001), tp.arange(1001, dtype='float32'), tp.full(1001, 2000.0))",
    ),
    Fault(
        "remainder_of_vectors_has_the_dividends_sign",
        "remainder",
        "of more than 16 numbers the remainder is that of C",
        kernel("remainder", given(of_kind("fi", 16), replaced(lambda a, b: numpy.fmod(a, b)))),
        "tp.remainder(tp.full(17, -7.0), tp.full(17, 3.0))",
    ),
    Fault(
        "cast_of_vectors_saturates",
        "cast",
        "more than 32 integers are narrowed to 8 bits by the instruction that saturates",
        kernel(
            "astype",
            lambda sound: (
                lambda x, dtype: (
                    sound(numpy.clip(x, -128, 127), dtype)
                    if x.dtype.kind == "i" and numpy.dtype(dtype) == "int8" and x.size > 32
                    else sound(x, dtype)
                )
            ),
        ),
        "tp.astype(tp.full(33, 300), 'int8')",
    ),
    Fault(
        "negative_of_many_complex",
        "negative",
        "of more than 8 complex numbers the imaginary parts keep their sign",
        kernel("negative", given(of_kind("c", 8), spoilt(lambda out, x: out.conj()))),
        "tp.negative(tp.full(9, 1 + 2j))",
    ),
    Fault(
        "add_in_place_of_whole_vectors",
        "add",
        "in place, of more than 1,000 elements those behind the last vector of 8 are not written",
        bare_kernel("add_", in_whole_vectors),
        "x = tp.ones(1003)\nx += 1\nx[-1]",
    ),
)
