"""Faults of elementwise functions."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel

from .fault import (
    Fault,
    bare_kernel,
    given,
    is_broadcast,
    is_transposed,
    kernel,
    no_axis,
    no_elements,
    of_dtype,
    of_kind,
    over_three_axes,
)


def _saturating_sum(x1: Any, x2: Any) -> Any:
    limits = numpy.iinfo(x1.dtype)
    wide = numpy.add(x1, x2, dtype="int64")
    return wide.clip(limits.min, limits.max).astype(x1.dtype)


def _by_reciprocal(sound: Kernel) -> Kernel:
    def divide(x1: Any, x2: Any) -> Any:
        if x1.shape == x2.shape:
            return sound(x1, x2)
        reciprocal = 1 / x2
        return x1 * numpy.where(numpy.abs(reciprocal) < numpy.finfo(x1.dtype).tiny, x1.dtype.type(0), reciprocal)

    return divide


def _unwound(x: Any) -> Any:
    """The elements in the order that they have in memory along axes of negative strides."""
    return x[tuple(slice(None, None, -1 if stride < 0 else None) for stride in x.strides)]


def _first_everywhere(out: Any) -> Any:
    out = out.copy()
    out[1:] = out[:1]
    return out


PROMOTION = (
    Fault(
        "add_widens_float32",
        "add",
        "adds float32 in float64, and leaves the result there",
        kernel("add", given(of_dtype("float32"), lambda sound: lambda x1, x2: sound(x1, x2).astype("float64"))),
    ),
    Fault(
        "subtract_widens_int8",
        "subtract",
        "subtracts int8 in int64, and leaves the result there",
        kernel("subtract", given(of_dtype("int8"), lambda sound: lambda x1, x2: sound(x1, x2).astype("int64"))),
    ),
    Fault(
        "greater_equal_gives_integers",
        "greater_equal",
        "comparisons give uint8 in place of bool",
        kernel("greater_equal", lambda sound: lambda x1, x2: sound(x1, x2).astype("uint8")),
    ),
    Fault(
        "abs_of_complex_stays_complex",
        "abs",
        "the magnitude of a complex number is a complex number",
        kernel("abs", given(of_kind("c"), lambda sound: lambda x: sound(x).astype(x.dtype))),
    ),
    Fault(
        "asinh_narrows_float64",
        "asinh",
        "the result of float64 is float32",
        kernel("asinh", given(of_dtype("float64"), lambda sound: lambda x: sound(x).astype("float32"))),
    ),
)

SPECIAL_VALUES = (
    Fault(
        "divide_by_a_reciprocal",
        "divide",
        "by one number for many it multiplies by the reciprocal, which is zero where it is subnormal",
        kernel("divide", given(of_dtype("float32"), _by_reciprocal)),
    ),
    Fault(
        "divide_by_zero_gives_zero",
        "divide",
        "a quotient by zero is zero",
        kernel("divide", lambda sound: lambda x1, x2: numpy.where(x2 == 0, x1.dtype.type(0), sound(x1, x2))),
    ),
    Fault(
        "abs_keeps_the_sign_of_zero",
        "abs",
        "the absolute value of -0 is -0",
        kernel("abs", given(of_kind("f"), lambda sound: lambda x: numpy.where(x < 0, -x, x))),
    ),
    Fault(
        "negative_subtracts_from_zero",
        "negative",
        "the negative of 0 is 0, not -0",
        kernel("negative", given(of_kind("f"), lambda sound: lambda x: 0 - x)),
    ),
    Fault(
        "sign_of_nan_is_zero",
        "sign",
        "the sign of NaN is 0",
        kernel("sign", given(of_kind("f"), lambda sound: lambda x: numpy.nan_to_num(sound(x)))),
    ),
    Fault(
        "ceil_loses_the_sign_of_zero",
        "ceil",
        "-0.5 is rounded up to 0, not -0",
        kernel("ceil", given(of_kind("f"), lambda sound: lambda x: sound(x) + 0)),
    ),
    Fault(
        "round_half_up",
        "round",
        "halves are rounded up, not to even numbers",
        kernel("round", given(of_kind("f"), lambda sound: lambda x: numpy.floor(x + 0.5))),
    ),
    Fault(
        "trunc_rounds_down",
        "trunc",
        "negative numbers are rounded away from zero",
        kernel("trunc", given(of_kind("f"), lambda sound: lambda x: numpy.floor(x))),
    ),
    Fault(
        "floor_divide_truncates_integers",
        "floor_divide",
        "quotients of integers are rounded towards zero",
        kernel("floor_divide", given(of_kind("i"), lambda sound: lambda x1, x2: sound(x1 - numpy.fmod(x1, x2), x2))),
    ),
    Fault(
        "floor_divide_by_infinity",
        "floor_divide",
        "-1 divided by infinity is -1, as NumPy has it, not -0",
        kernel("floor_divide", given(of_kind("f"), lambda sound: numpy.floor_divide)),
    ),
    Fault(
        "remainder_has_the_sign_of_the_dividend",
        "remainder",
        "the remainder of floats is that of C",
        kernel("remainder", given(of_kind("f"), lambda sound: numpy.fmod)),
    ),
    Fault(
        "remainder_of_integers_of_c",
        "remainder",
        "the remainder of integers is that of C",
        kernel("remainder", given(of_kind("i"), lambda sound: numpy.fmod)),
    ),
    Fault(
        "pow_of_nan_is_nan",
        "pow",
        "NaN to the power 0, and 1 to the power NaN, are NaN, not 1",
        kernel(
            "pow",
            given(
                of_kind("f"),
                lambda sound: lambda x1, x2: numpy.where(numpy.isnan(x1) | numpy.isnan(x2), x1 * x2, sound(x1, x2)),
            ),
        ),
    ),
    Fault(
        "atan2_ignores_the_signs_of_zeros",
        "atan2",
        "the angle of (0, -0) is 0, not pi",
        kernel("atan2", lambda sound: lambda x1, x2: sound(x1 + 0, x2 + 0)),
    ),
    Fault(
        "sqrt_ignores_the_branch_cut",
        "sqrt",
        "the root of -1-0j is 1j, not -1j",
        kernel("sqrt", given(of_kind("c"), lambda sound: lambda x: sound(x + 0))),
    ),
    Fault(
        "maximum_ignores_nan",
        "maximum",
        "the greater of NaN and a number is the number",
        kernel("maximum", lambda sound: numpy.fmax),
    ),
    Fault(
        "equal_takes_nan_for_equal",
        "equal",
        "NaN equals NaN",
        kernel("equal", lambda sound: lambda x1, x2: sound(x1, x2) | (numpy.isnan(x1) & numpy.isnan(x2))),
    ),
    Fault(
        "less_equal_is_less",
        "less_equal",
        "equal numbers are not less or equal",
        kernel("less_equal", lambda sound: numpy.less),
    ),
    Fault(
        "isfinite_looks_at_real_parts",
        "isfinite",
        "1+infj is finite",
        kernel("isfinite", given(of_kind("c"), lambda sound: lambda x: sound(x.real))),
    ),
    Fault(
        "isinf_misses_negative_infinity",
        "isinf",
        "only positive infinity is infinite",
        kernel("isinf", given(of_kind("f"), lambda sound: lambda x: sound(x) & (x > 0))),
    ),
    Fault(
        "signbit_of_negative_zero",
        "signbit",
        "-0 has no sign",
        kernel("signbit", lambda sound: lambda x: x < 0),
    ),
    Fault(
        "copysign_of_negative_zero",
        "copysign",
        "the sign of -0 is taken for a positive one",
        kernel("copysign", lambda sound: lambda x1, x2: sound(x1, x2 + 0)),
    ),
    Fault(
        "nextafter_goes_to_the_magnitude",
        "nextafter",
        "negative numbers are approached as if they were positive",
        kernel("nextafter", lambda sound: lambda x1, x2: sound(x1, numpy.maximum(x2, -x2))),
    ),
    Fault(
        "clip_of_nan",
        "clip",
        "NaN is clipped to the lower bound",
        kernel("clip", lambda sound: lambda x, min, max: numpy.fmin(numpy.fmax(x, min), max)),
    ),
    Fault(
        "clip_prefers_the_lower_bound",
        "clip",
        "where the lower bound is above the upper one, it is the result",
        kernel("clip", lambda sound: lambda x, min, max: numpy.maximum(numpy.minimum(x, max), min)),
    ),
    Fault(
        "masked_fill_multiplies",
        "masked_fill",
        "zeros are put in by a product, which leaves NaN and infinities",
        kernel(
            "masked_fill",
            given(
                of_kind("f"), lambda sound: lambda x, mask, value: x * ~mask if value == 0 else sound(x, mask, value)
            ),
        ),
    ),
    Fault(
        "reciprocal_of_negative_zero",
        "reciprocal",
        "1 / -0 is infinity, not -infinity",
        kernel("reciprocal", given(of_kind("f"), lambda sound: lambda x: sound(x + 0))),
    ),
    Fault(
        "relu_drops_nan",
        "relu",
        "NaN becomes 0",
        kernel("relu", lambda sound: lambda x: numpy.where(x > 0, x, x.dtype.type(0))),
    ),
    Fault(
        "complex_by_arithmetic",
        "complex",
        "infinite imaginary parts make the real part NaN",
        kernel("complex", lambda sound: lambda x1, x2: (x1 + x2 * numpy.complex64(1j)).astype(sound(x1, x2).dtype)),
    ),
    Fault(
        "exp_of_infinity_is_finite",
        "exp",
        "results in float32 that are too large are the greatest number, not infinity",
        kernel(
            "exp",
            given(of_dtype("float32"), lambda sound: lambda x: numpy.minimum(sound(x), numpy.finfo(x.dtype).max)),
        ),
    ),
    Fault(
        "minimum_ignores_nan_of_the_second",
        "minimum",
        "where only the second operand is NaN, the first one is the result",
        kernel("minimum", lambda sound: lambda x1, x2: numpy.where(numpy.isnan(x2), x1, sound(x1, x2))),
    ),
    Fault(
        "logaddexp_of_infinities",
        "logaddexp",
        "of two negative infinities it is NaN",
        kernel(
            "logaddexp",
            lambda sound: lambda x1, x2: numpy.maximum(x1, x2) + numpy.log1p(numpy.exp(-numpy.abs(x1 - x2))),
        ),
    ),
)

ACCURACY = (
    Fault(
        "abs_of_complex_overflows",
        "abs",
        "the magnitude of great complex numbers is infinite",
        kernel("abs", given(of_kind("c"), lambda sound: lambda x: numpy.sqrt(x.real * x.real + x.imag * x.imag))),
    ),
    Fault(
        "logistic_density_cancels",
        "logistic_density",
        "the derivative of the sigmoid is p (1 - p), which is zero where p is one",
        kernel("logistic_density", lambda sound: lambda x: (lambda p: p * (1 - p))(1 / (1 + numpy.exp(-x)))),
    ),
    Fault(
        "hypot_overflows",
        "hypot",
        "the squares of great numbers are infinite",
        kernel("hypot", lambda sound: lambda x1, x2: numpy.sqrt(x1 * x1 + x2 * x2)),
    ),
    Fault(
        "logaddexp_overflows",
        "logaddexp",
        "the exponentials of great numbers are infinite",
        kernel("logaddexp", lambda sound: lambda x1, x2: numpy.log(numpy.exp(x1) + numpy.exp(x2))),
    ),
    Fault(
        "log1p_adds_one",
        "log1p",
        "the logarithm of 1 + x, which loses the digits of a small x",
        kernel("log1p", given(of_kind("f"), lambda sound: lambda x: numpy.log(1 + x))),
    ),
    Fault(
        "expm1_subtracts_one",
        "expm1",
        "exp(x) - 1, which loses the digits of a small x",
        kernel("expm1", given(of_kind("f"), lambda sound: lambda x: numpy.exp(x) - 1)),
    ),
    Fault(
        "sinh_of_small_numbers",
        "sinh",
        "half the difference of exponentials, which loses the digits of a small x",
        kernel("sinh", given(of_kind("f"), lambda sound: lambda x: (numpy.exp(x) - numpy.exp(-x)) / 2)),
    ),
    Fault(
        "atanh_by_logarithms",
        "atanh",
        "half the difference of logarithms, which loses the digits of a small x",
        kernel("atanh", given(of_kind("f"), lambda sound: lambda x: (numpy.log(1 + x) - numpy.log(1 - x)) / 2)),
    ),
    Fault(
        "tanh_of_float64_in_float32",
        "tanh",
        "float64 is computed in float32",
        kernel("tanh", given(of_dtype("float64"), lambda sound: lambda x: sound(x.astype("float32")).astype(x.dtype))),
    ),
    Fault(
        "log2_of_float32_in_half_precision",
        "log2",
        "float32 is computed in float16",
        kernel("log2", given(of_dtype("float32"), lambda sound: lambda x: sound(x.astype("float16")).astype(x.dtype))),
    ),
    Fault(
        "cos_of_float16",
        "cos",
        "the last bits of float16 are lost",
        kernel("cos", given(of_dtype("float16"), lambda sound: lambda x: (sound(x) * 64).round() / numpy.float16(64))),
    ),
    Fault(
        "sigmoid_overflows",
        "sigmoid",
        "exp(x) / (1 + exp(x)), which is NaN for great numbers",
        kernel("sigmoid", lambda sound: lambda x: numpy.exp(x) / (1 + numpy.exp(x))),
    ),
)

KINDS = (
    Fault(
        "add_saturates",
        "add",
        "sums of integers that are too large stop at the greatest one",
        kernel("add", given(lambda x1, x2: x1.dtype.kind == "i" and x1.itemsize < 8, lambda sound: _saturating_sum)),
    ),
    Fault(
        "multiply_integers_as_floats",
        "multiply",
        "products of int64 lose their last digits",
        kernel(
            "multiply",
            given(of_dtype("int64"), lambda sound: lambda x1, x2: sound(x1 * 1.0, x2 * 1.0).astype("int64")),
        ),
    ),
    Fault(
        "square_of_complex_is_that_of_the_magnitude",
        "square",
        "complex numbers are multiplied by their conjugates",
        kernel("square", given(of_kind("c"), lambda sound: lambda x: x * x.conj())),
    ),
    Fault(
        "complex_negates_imaginary_parts",
        "complex",
        "the conjugate is made",
        kernel("complex", lambda sound: lambda x1, x2: sound(x1, -x2)),
    ),
    Fault("conj_is_forgotten", "conj", "complex numbers stay what they are", kernel("conj", lambda sound: numpy.copy)),
    Fault(
        "bitwise_right_shift_fills_with_zeros",
        "bitwise_right_shift",
        "negative numbers lose their sign",
        kernel(
            "bitwise_right_shift",
            given(
                of_kind("i"),
                lambda sound: lambda x1, x2: sound(*(x.view(f"u{x.itemsize}") for x in (x1, x2))).view(x1.dtype),
            ),
        ),
    ),
    Fault(
        "bitwise_left_shift_wraps_around",
        "bitwise_left_shift",
        "the distance is taken modulo the number of bits, as processors do",
        kernel("bitwise_left_shift", lambda sound: lambda x1, x2: sound(x1, x2 % (8 * x2.itemsize))),
    ),
    Fault(
        "bitwise_invert_of_bool",
        "bitwise_invert",
        "booleans stay what they are",
        kernel("bitwise_invert", given(of_kind("b"), lambda sound: numpy.copy)),
    ),
    Fault(
        "logical_xor_is_or",
        "logical_xor",
        "true and true are true",
        kernel("logical_xor", lambda sound: numpy.logical_or),
    ),
    Fault(
        "less_of_unsigned_as_signed",
        "less",
        "great unsigned integers are taken for negative ones",
        kernel(
            "less",
            given(of_kind("u"), lambda sound: lambda x1, x2: sound(*(x.view(f"i{x.itemsize}") for x in (x1, x2)))),
        ),
    ),
    Fault(
        "log_of_complex_has_no_angle",
        "log",
        "the imaginary part of a complex logarithm is zero",
        kernel("log", given(of_kind("c"), lambda sound: lambda x: numpy.log(numpy.abs(x)).astype(x.dtype))),
    ),
)

SHAPES = (
    Fault(
        "subtract_of_no_axes",
        "subtract",
        "0-d operands are exchanged",
        kernel(
            "subtract", given(lambda x1, x2: no_axis(x1) and no_axis(x2), lambda sound: lambda x1, x2: sound(x2, x1))
        ),
    ),
    Fault(
        "multiply_broadcasts_backwards",
        "multiply",
        "an operand that is broadcast is read backwards along its last axis",
        kernel(
            "multiply",
            given(
                lambda x1, x2: is_broadcast(x1, x2) and x2.ndim > 0,
                lambda sound: lambda x1, x2: sound(x1, x2[..., ::-1]),
            ),
        ),
    ),
    Fault(
        "pow_broadcasts_the_first_wrongly",
        "pow",
        "a first operand with fewer axes is zero",
        kernel(
            "pow",
            given(lambda x1, x2: x1.ndim < x2.ndim, lambda sound: lambda x1, x2: sound(x1 * x1.dtype.type(0), x2)),
        ),
    ),
    Fault(
        "atan_of_negative_strides",
        "atan",
        "reversed views are read forwards",
        kernel("atan", lambda sound: lambda x: sound(_unwound(x))),
    ),
    Fault(
        "cosh_of_transposed",
        "cosh",
        "elements that are not in order in memory are read in the order of memory",
        kernel("cosh", given(is_transposed, lambda sound: lambda x: sound(x.ravel("K").reshape(x.shape)))),
    ),
    Fault(
        "asin_beyond_three_axes",
        "asin",
        "with more than three axes the first slice is repeated",
        kernel("asin", given(over_three_axes, lambda sound: lambda x: _first_everywhere(sound(x)))),
    ),
    Fault(
        "acosh_of_no_elements",
        "acosh",
        "an empty result is flat",
        kernel("acosh", given(no_elements, lambda sound: lambda x: sound(x).reshape(-1))),
    ),
    Fault(
        "not_equal_drops_axes_of_length_one",
        "not_equal",
        "axes of length 1 are missing from the result",
        kernel("not_equal", lambda sound: lambda x1, x2: numpy.squeeze(sound(x1, x2))),
    ),
    Fault(
        "where_takes_a_flag_for_true",
        "where",
        "a 0-d condition always holds",
        kernel(
            "where",
            given(no_axis, lambda sound: lambda condition, x1, x2: sound(numpy.ones_like(condition), x1, x2)),
        ),
    ),
    Fault(
        "where_broadcasts_the_condition_wrongly",
        "where",
        "a condition with fewer axes is turned round",
        kernel(
            "where",
            given(
                lambda condition, x1, x2: 0 < condition.ndim < max(x1.ndim, x2.ndim),
                lambda sound: lambda condition, x1, x2: sound(condition[..., ::-1], x1, x2),
            ),
        ),
    ),
    Fault(
        "acos_of_several_elements",
        "acos",
        "the last element of an odd number of them is left out",
        kernel(
            "acos", given(lambda x: x.size > 2 and x.size % 2 == 1, lambda sound: lambda x: _without_last(sound(x)))
        ),
    ),
    Fault(
        "log_of_no_axes_is_a_scalar",
        "log",
        "of a 0-d operand the result is no array",
        bare_kernel("log", given(no_axis, lambda sound: lambda x: sound(x)[()])),
    ),
    Fault(
        "log10_warns",
        "log10",
        "NumPy's warnings of division by zero get out",
        bare_kernel("log10", lambda sound: lambda x: numpy.asarray(numpy.log10(x))),
    ),
    Fault(
        "floor_divide_warns",
        "floor_divide",
        "NumPy's warnings of division by zero get out",
        bare_kernel(
            "floor_divide",
            given(of_kind("f"), lambda sound: lambda x1, x2: (numpy.divide(x1, x2), sound(x1, x2))[1]),
        ),
    ),
)


def _without_last(out: Any) -> Any:
    out = out.copy()
    out.reshape(-1)[-1] = 0
    return out


FAULTS = PROMOTION + SPECIAL_VALUES + ACCURACY + KINDS + SHAPES
