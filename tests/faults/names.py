"""Faults that show in another operation first, or in many: what those are made of has to be named."""

from __future__ import annotations

from typing import Any

import numpy

from .fault import Fault, bare_kernel, given, kernel, method, misread, spoilt


def square(x: Any, *rest: Any, **parameters: Any) -> bool:
    """Whether it is a square matrix of more than one row."""
    return bool(x.ndim == 2 and x.shape[0] == x.shape[1] > 1)


def _double(x: Any) -> bool:
    return x.dtype.name in ("float64", "complex128")


def _first_column(out: Any, x: Any, shape: Any) -> Any:
    """A vector that is stretched to a square matrix is a column."""
    return numpy.lib.stride_tricks.as_strided(out, out.shape, out.strides[::-1]) if x.ndim == 1 and square(out) else out


def _off_the_diagonal(out: Any, *operands: Any, **parameters: Any) -> Any:
    return out + numpy.eye(len(out), k=1).astype(out.dtype) * out.dtype.type(1e-3)


def _rounded(out: Any, *operands: Any, **parameters: Any) -> Any:
    return (out * out.dtype.type(1.0001)).astype(out.dtype)


def _last_column_of_first(out: Any, x1: Any, x2: Any) -> Any:
    out[..., -1] = x1[..., -1]
    return out


NAMES: tuple[tuple[str, Any, str, type, str], ...] = (
    (
        "add_of_square_doubles",
        "add",
        "sums of square matrices of doubles are off beside the diagonal, and so is all that they are used for",
        kernel("add", given(lambda a, b: square(a) and a.shape == b.shape and _double(a), spoilt(_off_the_diagonal))),
        "tp.eye(2, dtype='float64') + tp.eye(2, dtype='float64')",
    ),
    (
        "multiply_of_a_number_and_a_square",
        "multiply",
        "the product of one number and a square matrix is off",
        kernel(
            "multiply",
            given(
                lambda a, b: a.ndim + b.ndim == 2 and (square(a) or square(b)) and a.dtype.kind in "fc",
                spoilt(_rounded),
            ),
        ),
        "tp.eye(2) * tp.asarray(2.0)",
    ),
    (
        "subtract_of_a_column",
        "subtract",
        "where the second operand has one column, it is off",
        kernel(
            "subtract",
            given(
                lambda a, b: b.ndim > 1 and b.shape[-1] == 1 < a.shape[-1:][0] and a.dtype.kind in "fc",
                spoilt(_rounded),
            ),
        ),
        "tp.ones((2, 3)) - tp.full((2, 1), 3.0)",
    ),
    (
        "divide_of_doubles_by_one_number",
        "divide",
        "the quotient of doubles by one number is off",
        kernel("divide", given(lambda a, b: a.ndim > 0 == b.ndim and _double(a), spoilt(_rounded))),
        "tp.ones(3, dtype='float64') / tp.asarray(3.0, dtype='float64')",
    ),
    (
        "matmul_of_square_doubles",
        "matmul",
        "products of square matrices of doubles are off beside the diagonal",
        kernel("matmul", given(lambda a, b: square(a) and square(b) and _double(a), spoilt(_off_the_diagonal))),
        "tp.eye(2, dtype='float64') @ tp.eye(2, dtype='float64')",
    ),
    (
        "exp_of_negative_numbers",
        "exp",
        "below -1 exponentials are off",
        kernel(
            "exp",
            given(
                lambda x: x.dtype.kind == "f",
                spoilt(lambda out, x: numpy.where(x < -1, out * out.dtype.type(1.01), out)),
            ),
        ),
        "tp.exp(tp.full(3, -2.0))",
    ),
    (
        "log_of_small_numbers",
        "log",
        "below 1e-3 logarithms are off",
        kernel(
            "log",
            given(
                lambda x: x.dtype.kind == "f",
                spoilt(lambda out, x: numpy.where((x > 0) & (x < 1e-3), out * out.dtype.type(1.01), out)),
            ),
        ),
        "tp.log(tp.full(3, 1e-4))",
    ),
    (
        "max_along_the_last_axis_kept",
        "max",
        "the maxima of rows, kept, are those of all",
        kernel(
            "max",
            lambda sound: (
                lambda x, *, axis=None, keepdims=False: (
                    numpy.full_like(sound(x, axis=axis, keepdims=True), x.max())
                    if keepdims and x.size and axis in ((x.ndim - 1,), x.ndim - 1, -1, (-1,)) and x.dtype.kind in "f"
                    else sound(x, axis=axis, keepdims=keepdims)
                )
            ),
        ),
        "tp.max(wave(2, 3), axis=1, keepdims=True)",
    ),
    (
        "sum_of_the_first_of_two_axes",
        "sum",
        "sums over the rows of a matrix are off",
        kernel(
            "sum",
            lambda sound: (
                lambda x, *, axis=None, keepdims=False: (
                    _rounded(sound(x, axis=axis, keepdims=keepdims))
                    if x.ndim == 2 and axis in ((0,), 0) and x.dtype.kind in "fc"
                    else sound(x, axis=axis, keepdims=keepdims)
                )
            ),
        ),
        "tp.sum(wave(2, 3), axis=0)",
    ),
    (
        "broadcast_to_of_a_row_to_a_square",
        "broadcast_to",
        "a vector that is stretched to a square matrix is a column",
        bare_kernel("broadcast_to", spoilt(_first_column)),
        "tp.broadcast_to(wave(2), (2, 2))",
    ),
    (
        "permute_dims_of_square_doubles",
        "permute_dims",
        "square matrices of doubles are not transposed",
        bare_kernel(
            "permute_dims",
            given(lambda x, axes: square(x) and _double(x), lambda sound: lambda x, axes: sound(x, (0, 1))),
        ),
        "tp.permute_dims(wave(2, 2), (1, 0))",
    ),
    (
        "reshape_of_squares_turns_them",
        "reshape",
        "square matrices are flattened by columns",
        bare_kernel("reshape", given(lambda x, shape: square(x) and len(shape) == 1, misread(lambda x: x.T))),
        "tp.reshape(wave(2, 2), (4,))",
    ),
    (
        "cast_of_truth_values_to_doubles",
        "cast",
        "true is -1 as a double",
        kernel(
            "astype",
            lambda sound: (
                lambda x, dtype: (
                    -sound(x, dtype) if x.dtype == bool and numpy.dtype(dtype).kind == "f" else sound(x, dtype)
                )
            ),
        ),
        "tp.astype(tp.ones(2, dtype='bool'), 'float64')",
    ),
    (
        "where_of_one_number",
        "where",
        "where one choice is a single number, the other one's first element is taken throughout",
        kernel(
            "where",
            lambda sound: (
                lambda c, a, b: sound(c, a.reshape(-1)[0] if not b.ndim and a.ndim and a.size and c.ndim else a, b)
            ),
        ),
        "tp.where(tp.ones(3, dtype='bool'), wave(3), tp.asarray(0.0, dtype='float64'))",
    ),
    (
        "equal_of_a_column_and_a_row",
        "equal",
        "where columns are compared with rows the last column is false",
        kernel(
            "equal",
            given(
                lambda a, b: a.ndim > 1 and a.shape[-1] == 1 and b.shape[-1:] > (1,),
                spoilt(lambda out, a, b: out & (numpy.arange(out.shape[-1]) < out.shape[-1] - 1)),
            ),
        ),
        "tp.equal(tp.reshape(tp.arange(3), (3, 1)), tp.arange(3))",
    ),
    (
        "conj_of_matrices",
        "conj",
        "complex matrices of doubles are not conjugated",
        kernel("conj", given(lambda x: x.ndim > 1 and x.dtype == "complex128", spoilt(lambda out, x: numpy.array(x)))),
        "tp.conj(tp.asarray([[1 + 2j]], dtype='complex128'))",
    ),
    (
        "copy_of_square_doubles",
        ("clone",),
        "copies of square matrices of doubles are transposed",
        method(
            "copy", lambda self, array: numpy.array(array.T if square(array) and _double(array) else array, order="C")
        ),
        "tp.clone(wave(2, 2))",
    ),
    (
        "minimum_of_nan_and_a_number",
        "minimum",
        "NaN is dropped where the other operand is one number",
        kernel(
            "minimum",
            given(lambda a, b: a.ndim != b.ndim and a.dtype.kind == "f", lambda sound: lambda a, b: numpy.fmin(a, b)),
        ),
        "tp.minimum(tp.full(2, tp.nan), tp.asarray(1.0))",
    ),
    (
        "matmul_of_a_square_and_a_column",
        "matmul",
        "the product of a square matrix of doubles and one column is off, as many decompositions check by it",
        kernel(
            "matmul",
            given(lambda a, b: square(a) and b.ndim == 2 and b.shape[1] == 1 and _double(a), spoilt(_rounded)),
        ),
        "tp.eye(2, dtype='float64') @ tp.ones((2, 1), dtype='float64')",
    ),
    (
        "divide_by_one_number",
        "divide",
        "what is divided by one number with two axes or more is multiplied by its rounded reciprocal",
        kernel("divide", given(lambda a, b: a.ndim > 1 and not b.ndim and _double(a), spoilt(_rounded))),
        "wave(2, 2) / tp.asarray(3.0, dtype='float64')",
    ),
    (
        "maximum_of_a_row_and_one_number",
        "maximum",
        "of a matrix and one number the last column is not compared",
        kernel("maximum", given(lambda a, b: a.ndim > 1 and not b.ndim, spoilt(_last_column_of_first))),
        "tp.maximum(-tp.ones((2, 2)), tp.asarray(0.0))",
    ),
)

FAULTS = tuple(Fault(*row) for row in NAMES)
