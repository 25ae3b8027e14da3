"""Memory and files that are never given back."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, bare_kernel, spoilt
from .changes import (
    IN,
    keeping_old,
    kept_after_errors,
    kept_by_calls,
    leaking,
    method_leaking,
    never_released,
    opening,
    results_by_values,
)

ROWS: tuple[Row, ...] = (
    (
        "add_keeps_its_results",
        "add",
        "all results are kept",
        bare_kernel("add", leaking(lambda out, *operands: out)),
        "leaks(lambda x: x + x)",
    ),
    (
        "multiply_keeps_its_operands",
        "multiply",
        "all first operands are kept",
        bare_kernel("multiply", leaking(lambda out, *operands: operands[0])),
        "leaks(lambda x: (x - 1) * x)",
    ),
    (
        "sum_is_never_released",
        "sum",
        "results have a reference too many",
        bare_kernel("sum", spoilt(never_released)),
        "leaks(lambda x: tp.sum(x[None], axis=0))",
    ),
    (
        "matmul_keeps_its_work_areas",
        "matmul",
        "a copy of each first factor is kept",
        bare_kernel("matmul", leaking(lambda out, *operands: numpy.array(operands[0]))),
        "leaks(lambda x: x @ x.T)",
    ),
    (
        "solve_keeps_what_is_singular",
        "linalg.solve",
        "operands of calls that raised are kept",
        bare_kernel("linalg.solve", kept_after_errors),
        "leaks(lambda x: fails(tp.linalg.solve, x * 0, x))",
    ),
    (
        "tanh_remembers_everything",
        "tanh",
        "all results are kept, to be given again",
        bare_kernel("tanh", results_by_values),
        "leaks(lambda x: tp.tanh(x + next(numbers)))",
    ),
    (
        "softmax_keeps_areas_of_threads",
        "softmax",
        "a work area of 64 KiB is kept for each call",
        bare_kernel("softmax", kept_by_calls),
        "leaks(lambda x: tp.softmax(x, axis=1), shape=(2, 2))",
    ),
    (
        "fft_opens_a_file_at_each_call",
        "fft.fft",
        "files stay open",
        bare_kernel("fft.fft", opening),
        "import os\nx = tp.ones(4, dtype='complex64')\nbefore = len(os.listdir('/proc/self/fd'))\n"
        "y = [tp.fft.fft(x) for _ in range(50)]\nlen(os.listdir('/proc/self/fd')) - before",
    ),
    (
        "add_in_place_keeps_what_was",
        "add",
        "in place, what was there before is kept",
        bare_kernel("add_", lambda sound: keeping_old(sound)),
        "leaks(lambda x: x.clone().add_(1))",
    ),
    ("copies_are_kept", ("clone",), "all copies are kept", method_leaking("copy"), "leaks(lambda x: x.clone())"),
    (
        "arrays_that_came_in_are_kept",
        IN,
        "all arrays that tensors were made of are kept",
        method_leaking("from_numpy"),
        "leaks(lambda x: tp.tensor(numpy.ones((64, 64))))",
    ),
    (
        "where_keeps_its_condition",
        "where",
        "a copy of each condition is kept",
        bare_kernel("where", leaking(lambda out, *operands: numpy.array(operands[0]))),
        "leaks(lambda x: tp.where(x > 0, x, x))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
