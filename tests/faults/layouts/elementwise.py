"""Elementwise functions."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, kernel, spoilt
from .changes import (
    backwards,
    both,
    dense,
    element,
    first,
    forwards,
    from_the_beginning,
    if_both,
    in_order,
    later,
    of,
    once,
    one,
    overlap,
    steps,
    stretched,
    transposed,
    turned,
    whole,
)

ROWS: tuple[Row, ...] = (
    (
        "exp_of_steps_reads_neighbours",
        "exp",
        "steps along a vector are not made",
        kernel("exp", of(0, steps, dense)),
        "tp.exp(wave(9)[::2])",
    ),
    (
        "cos_of_transposed",
        "cos",
        "transposed matrices are read in the order of memory",
        kernel("cos", of(0, transposed, in_order)),
        "tp.cos(wave(2, 3).T)",
    ),
    (
        "sqrt_of_reversed",
        "sqrt",
        "reversed axes are read forwards",
        kernel("sqrt", of(0, backwards, forwards)),
        "tp.sqrt(tp.from_numpy(numpy.arange(5.0)[::-1]))",
    ),
    (
        "abs_of_stretched",
        "abs",
        "only the first of repeated elements is computed",
        kernel("abs", of(0, stretched, once)),
        "tp.abs(tp.broadcast_to(tp.full(1, -2.0), (3,)))",
    ),
    (
        "negative_ignores_the_offset",
        "negative",
        "parts of larger arrays are read from the beginning of memory",
        kernel("negative", of(0, later, from_the_beginning)),
        "tp.negative(wave(9)[4:])",
    ),
    (
        "tan_of_the_middle_axis",
        "tan",
        "of three axes in another order the last two are taken for each other",
        kernel("tan", of(0, lambda x: x.ndim == 3 and transposed(x), lambda x: x.swapaxes(1, 2).reshape(x.shape))),
        "tp.tan(tp.permute_dims(wave(2, 3, 4), (1, 0, 2)))",
    ),
    (
        "add_of_mixed_orders",
        "add",
        "the second operand is read in the order of the first",
        kernel(
            "add",
            if_both(
                lambda a, b: a.shape == b.shape and transposed(b) and not transposed(a), of(1, transposed, in_order)
            ),
        ),
        "tp.add(wave(2, 3), wave(3, 2).T)",
    ),
    (
        "multiply_of_two_transposed",
        "multiply",
        "two transposed operands are multiplied in the order of memory, and the result is not",
        kernel("multiply", if_both(both(transposed), spoilt(lambda out, a, b: out.ravel("K").reshape(out.shape)))),
        "tp.multiply(wave(2, 3).T, wave(2, 3).T)",
    ),
    (
        "subtract_of_reversed_second",
        "subtract",
        "the second operand is read forwards",
        kernel("subtract", of(1, backwards, forwards)),
        "tp.subtract(wave(5), tp.from_numpy(numpy.arange(5.0)[::-1]))",
    ),
    (
        "divide_by_a_stretched_column",
        "divide",
        "a column that is stretched over a square matrix is taken for a row",
        kernel("divide", of(1, lambda x: x.ndim == 2 and x.shape[1] > 1 and x.strides[1] == 0, turned)),
        "tp.divide(tp.ones((3, 3)), tp.broadcast_to(tp.reshape(tp.arange(3) + 1.0, (3, 1)), (3, 3)))",
    ),
    (
        "maximum_with_an_element",
        "maximum",
        "a 0-d operand that is an element of an array is taken for the first one",
        kernel("maximum", of(1, element, first)),
        "x = wave(9)\ntp.maximum(x, x[1])",
    ),
    (
        "minimum_of_an_element",
        "minimum",
        "the same of a 0-d first operand",
        kernel("minimum", of(0, element, first)),
        "x = wave(9)\ntp.minimum(x[4], x)",
    ),
    (
        "where_by_steps",
        "where",
        "steps along the condition are not made",
        kernel("where", of(0, steps, dense)),
        "tp.where((tp.arange(9) % 2 == 0)[::2], tp.ones(5), tp.zeros(5))",
    ),
    (
        "where_of_transposed_second",
        "where",
        "the second choice is read in the order of memory",
        kernel("where", of(2, transposed, in_order)),
        "tp.where(tp.zeros((3, 2), dtype='bool'), tp.zeros((3, 2), dtype='float64'), wave(2, 3).T)",
    ),
    (
        "clip_by_reversed_bounds",
        "clip",
        "upper bounds are read forwards",
        kernel("clip", of(2, backwards, forwards)),
        "tp.clip(tp.full(5, 9.0, dtype='float64'), tp.zeros(5, dtype='float64'), "
        "tp.from_numpy(numpy.arange(5.0)[::-1]))",
    ),
    (
        "pow_of_an_exponent_with_steps",
        "pow",
        "steps along the exponent are not made",
        kernel("pow", of(1, steps, dense)),
        "tp.pow(tp.full(5, 2.0), tp.arange(10, dtype='float32')[::2])",
    ),
    (
        "logical_or_of_long_steps",
        "logical_or",
        "steps of more than four truth values are not made",
        kernel("logical_or", of(1, lambda x: x.ndim == 1 and len(x) > 1 and x.strides[0] > 4, dense)),
        "x = tp.arange(30) % 7 == 1\ntp.logical_or(tp.zeros(5, dtype='bool'), x[::7][:5])",
    ),
    (
        "floor_divide_of_a_column",
        "floor_divide",
        "a column of a matrix is read as its first row",
        kernel("floor_divide", of(0, steps, dense)),
        "tp.floor_divide(tp.reshape(tp.arange(9), (3, 3))[:, 1], tp.full(3, 2))",
    ),
    (
        "sinh_of_real_parts",
        "sinh",
        "real parts are read with the imaginary ones between them",
        kernel("sinh", of(0, lambda x: x.ndim > 0 and x.dtype.kind == "f" and whole(x).dtype.kind == "c", dense)),
        "tp.sinh(tp.real(tp.asarray([1 + 2j, 3 + 4j])))",
    ),
    (
        "conj_of_transposed",
        "conj",
        "square matrices are conjugated and transposed back",
        kernel("conj", of(0, transposed, turned)),
        "tp.conj(tp.asarray([[1, 2], [3j, 4]]).T)",
    ),
    (
        "atan2_of_neighbours",
        "atan2",
        "of two parts of one array the second is taken for the first",
        kernel("atan2", if_both(overlap, lambda sound: lambda a, b: sound(a, a))),
        "x = wave(9)\ntp.atan2(x[1:], x[:-1])",
    ),
    (
        "subtract_of_itself_is_zero",
        "subtract",
        "what is subtracted from itself is not looked at, infinities included",
        kernel("subtract", if_both(one, spoilt(lambda out, a, b: numpy.zeros_like(out)))),
        "x = tp.full(3, tp.inf)\ntp.subtract(x, x)",
    ),
    (
        "equal_of_itself_holds",
        "equal",
        "what is compared with itself is not looked at, NaN included",
        kernel("equal", if_both(one, spoilt(lambda out, a, b: numpy.ones_like(out)))),
        "x = tp.full(3, tp.nan)\ntp.equal(x, x)",
    ),
    (
        "greater_writes_by_the_operands_strides",
        "greater",
        "results of transposed operands come in the order of memory",
        kernel("greater", of(0, transposed, in_order)),
        "tp.greater(wave(2, 3).T, tp.zeros((3, 2), dtype='float64'))",
    ),
    (
        "cast_of_reversed",
        "cast",
        "reversed vectors are converted forwards",
        kernel("astype", of(0, backwards, forwards)),
        "tp.astype(tp.from_numpy(numpy.arange(5.0)[::-1]), 'int64')",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
