"""As bug trackers of array libraries tell of them."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, given, kernel, spoilt, where_parameters
from .changes import total_first, without_nan, wrapped_rows

ROWS: tuple[Row, ...] = (
    (
        "sum_of_five_axes_along_one_element",
        "sum",
        "of five axes, a sum along an axis of one element is that of all, in the first place",
        kernel("sum", where_parameters(lambda x, *, axis=None, **p: x.ndim == 5 and axis == (2,), total_first)),
        "tp.sum(tp.ones((1, 2, 1, 1, 1)), axis=-3)",
    ),
    (
        "not_equal_of_vectors_is_ordered",
        "not_equal",
        "vectors of 16 and more elements are compared by an instruction for which NaN is not unequal",
        kernel("not_equal", given(lambda a, b: a.size > 15 and a.dtype.kind == "f", without_nan)),
        "tp.not_equal(tp.full(16, tp.nan), tp.ones(16))",
    ),
    (
        "max_of_vectors_drops_nan",
        "max",
        "maxima of 32 and more terms are taken by an instruction that drops NaN",
        kernel(
            "max",
            where_parameters(
                lambda x, *, axis=None, **p: x.dtype.kind == "f" and x.shape[-1:] > (31,),
                lambda sound: lambda x, *, axis=None, keepdims=False: numpy.fmax.reduce(x, axis, keepdims=keepdims),
            ),
        ),
        "tp.max(tp.where(tp.arange(40) == 7, tp.nan, tp.zeros(40)))",
    ),
    (
        "matmul_of_more_than_32768_rows",
        "matmul",
        "rows from the 32,768th on are those at the beginning",
        kernel("matmul", spoilt(lambda out, *operands: wrapped_rows(out))),
        "tp.matmul(tp.reshape(tp.arange(40000.0), (-1, 1)), tp.ones((1, 1)))[-1]",
    ),
    (
        "concat_of_65_columns",
        "concat",
        "along other axes than the first, arrays behind the 64th are left out of the copy",
        kernel(
            "concat",
            lambda sound: (
                lambda arrays, *, axis: sound(
                    [one if i < 64 or axis == 0 else numpy.zeros_like(one) for i, one in enumerate(arrays)], axis=axis
                )
            ),
        ),
        "tp.concat([tp.ones((2, 1))] * 65, axis=1)[0, -1]",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
