"""As bug trackers of array libraries tell of them."""

from __future__ import annotations

from ..fault import Fault, Row, bare_kernel, kernel, where_parameters
from .changes import backwards, dense, first_row_only, forwards, from_its_own_memory, of, rows_swapped, transposed

ROWS: tuple[Row, ...] = (
    (
        "prod_of_long_columns_of_reversed",
        "prod",
        "columns of more than 31 elements between two other axes are read forwards where the first axis is reversed",
        kernel(
            "prod",
            where_parameters(
                lambda x, *, axis=None, **p: x.ndim == 3 and axis == (1,) and x.shape[1] > 31 and x.strides[0] < 0,
                lambda sound: lambda x, **p: sound(forwards(x), **p),
            ),
        ),
        "tp.prod(tp.reshape(tp.arange(1.0, 129.0) / 64, (2, 32, 2)).flip(0)[:].clone()[::-1], axis=1)",
    ),
    (
        "sort_of_rows_in_reverse",
        "sort",
        "where the rows of a matrix are reversed, only the first one is sorted, and the others are zero",
        kernel("sort", first_row_only),
        "tp.sort(tp.from_numpy(numpy.arange(6.0).reshape(2, 3)[::-1]))",
    ),
    (
        "matmul_by_a_column_of_a_matrix",
        "matmul",
        "a matrix of one column has no steps between its rows",
        kernel("matmul", of(1, lambda x: x.ndim == 2 and x.shape[1] == 1 and x.strides[0] > x.itemsize, dense)),
        "tp.matmul(tp.eye(3, dtype='float64'), wave(4, 4)[:3, 3:])",
    ),
    (
        "matmul_of_stacks_of_turned_axes",
        "matmul",
        "the first two axes of a stack are read as they lie in memory",
        kernel("matmul", rows_swapped),
        "tp.matmul(tp.permute_dims(wave(3, 3, 2), (1, 0, 2)), tp.ones((3, 2, 2), dtype='float64'))",
    ),
    (
        "divide_in_place_by_transposed",
        "divide",
        "in place, where both lie transposed, the second operand is read in another order",
        bare_kernel("divide_", from_its_own_memory),
        "x = wave(2, 3).T\nx /= (wave(2, 3) + 2).T\nx",
    ),
    (
        "maximum_of_reversed_with_transposed",
        "maximum",
        "where one operand is reversed and the other one transposed, the steps of the first are those of the second",
        kernel(
            "maximum",
            lambda sound: (
                lambda a, b: (
                    sound(forwards(a), b) if a.shape == b.shape and backwards(a) and transposed(b) else sound(a, b)
                )
            ),
        ),
        "tp.maximum(tp.from_numpy(numpy.arange(6.0).reshape(3, 2)[::-1]), wave(2, 3).T)",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
