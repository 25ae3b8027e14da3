"""Functions of real numbers."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    Row,
    given,
    kernel,
    misread,
    of_dtype,
    replaced,
)
from .changes import by_a_short_pi, of_floats, where

ROWS: tuple[Row, ...] = (
    (
        "sin_by_a_short_pi",
        "sin",
        "angles are reduced by 2 pi in single precision",
        kernel("sin", of_floats(misread(by_a_short_pi))),
        "tp.sin(tp.asarray([1e6], dtype='float64'))",
    ),
    (
        "cos_of_float32_angles_beyond_105615",
        "cos",
        "beyond what two constants reduce, floats have the cosine 1",
        kernel("cos", given(of_dtype("float32"), where(lambda x: numpy.abs(x) > 105615, lambda x: 1))),
        "tp.cos(tp.asarray([2e5]))",
    ),
    (
        "tan_of_great_doubles",
        "tan",
        "angles of 2^30 and more are reduced in one step",
        kernel(
            "tan",
            given(
                of_dtype("float64"),
                where(lambda x: numpy.abs(x) >= 2.0**30, lambda x: numpy.tan(x - numpy.round(x / numpy.pi) * numpy.pi)),
            ),
        ),
        "tp.tan(tp.asarray([1e15], dtype='float64'))",
    ),
    (
        "exp_is_clamped_at_88",
        "exp",
        "floats above 88 are taken for 88",
        kernel("exp", given(of_dtype("float32"), misread(lambda x: numpy.where(x > 88, x.dtype.type(88), x)))),
        "tp.exp(tp.asarray([88.5, 100.0]))",
    ),
    (
        "log2_of_powers_by_log",
        "log2",
        "the logarithm by 2 is a quotient, which is off for powers of 2",
        kernel(
            "log2", of_floats(where(lambda x: numpy.abs(x) > 2.0**28, lambda x: numpy.log(x) / numpy.float32(0.693147)))
        ),
        "tp.log2(tp.asarray([2.0**29], dtype='float64'))",
    ),
    (
        "expm1_of_small_numbers",
        "expm1",
        "below 1e-5 it is a difference",
        kernel("expm1", of_floats(where(lambda x: numpy.abs(x) < 1e-5, lambda x: numpy.exp(x) - 1))),
        "tp.expm1(tp.asarray([1e-9], dtype='float64'))",
    ),
    (
        "tanh_of_great_numbers",
        "tanh",
        "it is a quotient of exponentials, which overflow",
        kernel(
            "tanh",
            of_floats(where(lambda x: numpy.abs(x) > 20, lambda x: (numpy.exp(2 * x) - 1) / (numpy.exp(2 * x) + 1))),
        ),
        "tp.tanh(tp.asarray([400.0]))",
    ),
    (
        "sinh_of_numbers_near_zero",
        "sinh",
        "half the difference of two exponentials cancels",
        kernel("sinh", of_floats(where(lambda x: numpy.abs(x) < 1e-3, lambda x: (numpy.exp(x) - numpy.exp(-x)) / 2))),
        "tp.sinh(tp.asarray([1e-9], dtype='float64'))",
    ),
    (
        "cosh_overflows_early",
        "cosh",
        "half the sum of two exponentials is infinite before the result is",
        kernel("cosh", of_floats(replaced(lambda x: (numpy.exp(x) + numpy.exp(-x)) / 2))),
        "tp.cosh(tp.asarray([89.0]))",
    ),
    (
        "asinh_of_great_negative_numbers",
        "asinh",
        "the logarithm of a difference that cancels",
        kernel("asinh", of_floats(where(lambda x: x < -100, lambda x: numpy.log(x + numpy.sqrt(x * x + 1))))),
        "tp.asinh(tp.asarray([-1e9], dtype='float64'))",
    ),
    (
        "acosh_of_great_numbers",
        "acosh",
        "squares overflow",
        kernel("acosh", of_floats(where(lambda x: x > 100, lambda x: numpy.log(x + numpy.sqrt(x * x - 1))))),
        "tp.acosh(tp.asarray([1e200], dtype='float64'))",
    ),
    (
        "atanh_of_small_numbers",
        "atanh",
        "half the logarithm of a quotient near 1",
        kernel("atanh", of_floats(where(lambda x: numpy.abs(x) < 1e-3, lambda x: numpy.log((1 + x) / (1 - x)) / 2))),
        "tp.atanh(tp.asarray([1e-9], dtype='float64'))",
    ),
    (
        "hypot_of_great_numbers",
        "hypot",
        "squares overflow",
        kernel("hypot", of_floats(where(lambda a, b: numpy.abs(a) > 1e4, lambda a, b: numpy.sqrt(a * a + b * b)))),
        "tp.hypot(tp.asarray([3e20]), tp.asarray([4e20]))",
    ),
    (
        "sigmoid_of_great_negative_numbers",
        "sigmoid",
        "the exponential that it is a quotient of overflows in its numerator and its denominator",
        kernel("sigmoid", replaced(lambda x: numpy.exp(x) / (1 + numpy.exp(x)))),
        "tp.sigmoid(tp.asarray([100.0]))",
    ),
    (
        "logaddexp_of_negative_infinities",
        "logaddexp",
        "two negative infinities are NaN",
        kernel(
            "logaddexp", of_floats(where(lambda a, b: numpy.isneginf(a) & numpy.isneginf(b), lambda a, b: numpy.nan))
        ),
        "tp.logaddexp(tp.asarray([-tp.inf]), tp.asarray([-tp.inf]))",
    ),
    (
        "pow_of_great_odd_exponents",
        "pow",
        "exponents beyond 2^31 are even",
        kernel(
            "pow",
            of_floats(
                where(
                    lambda a, b: (a < 0) & (numpy.abs(b) > 2.0**31) & (numpy.abs(b) < 2.0**52) & (b % 2 == 1),
                    lambda a, b: numpy.power(-a, b),
                )
            ),
        ),
        "tp.pow(tp.asarray([-1.0], dtype='float64'), tp.asarray([2.0**33 + 1], dtype='float64'))",
    ),
    (
        "round_of_great_numbers",
        "round",
        "a half is added and cut off, which is off for odd numbers of the last bit",
        kernel(
            "round",
            of_floats(
                where(
                    lambda x: numpy.abs(x) >= (2.0**22 if x.dtype == "float32" else 2.0**51),
                    lambda x: numpy.floor(x + x.dtype.type(0.5)),
                )
            ),
        ),
        "tp.round(tp.asarray([2.0**23 + 1]))",
    ),
    (
        "floor_by_int32",
        "floor",
        "numbers beyond 2^31 are cut off by way of int32",
        kernel(
            "floor",
            of_floats(where(lambda x: numpy.abs(x) >= 2.0**31, lambda x: numpy.copysign(numpy.float32(2.0**31), x))),
        ),
        "tp.floor(tp.asarray([1e10], dtype='float64'))",
    ),
    (
        "trunc_by_int64",
        "trunc",
        "numbers beyond 2^63 are cut off by way of int64",
        kernel("trunc", of_floats(where(lambda x: numpy.abs(x) >= 2.0**62, lambda x: -(2.0**63)))),
        "tp.trunc(tp.asarray([1e20], dtype='float64'))",
    ),
    (
        "remainder_of_great_quotients",
        "remainder",
        "the quotient times the divisor is subtracted, which loses all digits",
        kernel(
            "remainder",
            of_floats(
                where(
                    lambda a, b: numpy.isfinite(a) & numpy.isfinite(b) & (b != 0) & (numpy.abs(a) > 1e6 * numpy.abs(b)),
                    lambda a, b: a - numpy.floor(a / b) * b,
                )
            ),
        ),
        "tp.remainder(tp.asarray([1e18], dtype='float64'), tp.asarray([3.0], dtype='float64'))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
