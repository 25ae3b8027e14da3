"""What threads share."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, kernel
from .changes import half_filled, in_work_area, shared_setting, twice

ROWS: tuple[Row, ...] = (
    (
        "rfft_plan_half_made",
        "fft.rfft",
        "a thread that finds a plan that another one makes uses it before it is ready",
        kernel("fft.rfft", half_filled(lambda x, *, axis, norm: (x.shape, x.dtype, axis, norm), twice)),
        "together(lambda i: tp.fft.rfft(wave(8)))",
    ),
    (
        "cos_table_half_filled",
        "cos",
        "a thread that finds a table that another one fills reads it too early",
        kernel("cos", half_filled(lambda x: x.dtype, twice)),
        "together(lambda i: tp.cos(wave(8)))",
    ),
    (
        "conversion_half_registered",
        "cast",
        "a thread that finds a conversion that another one sets up uses it too early",
        kernel("astype", half_filled(lambda x, dtype: (x.dtype, str(dtype)), lambda out: numpy.zeros_like(out))),
        "together(lambda i: tp.astype(tp.ones(3), 'int32'))",
    ),
    (
        "matmul_packs_in_one_work_area",
        "matmul",
        "threads pack their first factors in one piece of memory",
        kernel("matmul", in_work_area()),
        "together(lambda i: tp.matmul(tp.full((2, 2), float(i)), tp.eye(2)))",
    ),
    (
        "sort_in_one_work_area",
        "sort",
        "threads sort in one piece of memory",
        kernel("sort", in_work_area()),
        "together(lambda i: tp.sort(tp.arange(3) + i))",
    ),
    (
        "svd_in_one_work_area",
        "linalg.svd",
        "threads decompose in one piece of memory",
        kernel("linalg.svd", in_work_area()),
        "together(lambda i: tp.linalg.svd(tp.eye(2) * (i + 1.0))[1])",
    ),
    (
        "cumulative_prod_in_one_work_area",
        "cumulative_prod",
        "threads multiply up in one piece of memory",
        kernel("cumulative_prod", in_work_area()),
        "together(lambda i: tp.cumulative_prod(tp.full(3, i + 1.0, dtype='float64')))",
    ),
    (
        "mean_of_the_other_threads_axis",
        "mean",
        "the axis is put where all threads put theirs",
        kernel("mean", shared_setting("axis")),
        "together(lambda i: tp.mean(wave(3, 3), axis=i % 2))",
    ),
    (
        "softmax_along_the_other_threads_axis",
        "softmax",
        "the axis is put where all threads put theirs",
        kernel("softmax", shared_setting("axis")),
        "together(lambda i: tp.softmax(wave(3, 3), axis=i % 2))",
    ),
    (
        "vector_norm_of_the_other_threads_order",
        "linalg.vector_norm",
        "the order is put where all threads put theirs",
        kernel("linalg.vector_norm", shared_setting("ord")),
        "together(lambda i: tp.linalg.vector_norm(wave(3, 3), ord=i + 2))",
    ),
    (
        "searchsorted_on_the_other_threads_side",
        "searchsorted",
        "the side is put where all threads put theirs",
        kernel("searchsorted", shared_setting("side")),
        "together(lambda i: tp.searchsorted(tp.arange(3), tp.arange(3), side=('left', 'right')[i % 2]))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
