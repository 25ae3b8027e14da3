"""In-place forms and writes."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, bare_kernel
from .changes import (
    dense,
    filled_span,
    if_both,
    in_order,
    into_dense,
    once,
    one_by_one,
    pitched,
    steps,
    stretched,
    transposed,
    written,
)

ROWS: tuple[Row, ...] = (
    (
        "add_in_place_of_transposed",
        "add",
        "the result goes to the elements in the order of memory",
        bare_kernel("add_", into_dense(numpy.add, transposed)),
        "x = wave(2, 3)\nx.T.add_(tp.reshape(tp.arange(6, dtype='float64'), (3, 2)))\nx",
    ),
    (
        "multiply_in_place_by_its_reverse",
        "multiply",
        "elements are read after they were written",
        bare_kernel(
            "multiply_", if_both(lambda a, b: b.ndim > 0 and numpy.shares_memory(a, b), one_by_one(numpy.multiply))
        ),
        "x = tp.asarray(numpy.arange(1.0, 6), copy=True)\nx.mul_(tp.from_numpy(x.numpy()[::-1]))\nx",
    ),
    (
        "subtract_in_place_of_its_first_row",
        "subtract",
        "the row that is subtracted is zero after it was subtracted from itself",
        bare_kernel(
            "subtract_",
            if_both(lambda a, b: a.ndim > b.ndim and numpy.shares_memory(a, b), one_by_one(numpy.subtract)),
        ),
        "x = wave(3, 3)\nx -= x[0]\nx",
    ),
    (
        "divide_in_place_of_steps",
        "divide",
        "the result goes to neighbouring elements",
        bare_kernel("divide_", into_dense(numpy.divide, steps)),
        "x = tp.ones(9)\ny = x[::2]\ny /= 2\nx",
    ),
    (
        "exp_in_place_of_rows",
        "exp",
        "the result goes behind the rows of a part of a matrix",
        bare_kernel("exp_", into_dense(numpy.exp, pitched)),
        "x = tp.zeros((3, 4))\nx[:, :2].exp_()\nx",
    ),
    (
        "fill_of_steps",
        "fill",
        "what lies between the elements is filled, too",
        bare_kernel("fill_", lambda sound: filled_span),
        "x = tp.zeros(9)\nx[::2].fill_(1)\nx",
    ),
    (
        "write_of_stretched",
        ("put", "copy"),
        "of repeated values the first is written, and then zeros",
        written(lambda array, index, value: once(value) if stretched(value) else value),
        "x = tp.zeros(3)\nx[...] = tp.broadcast_to(tp.ones(1), (3,))\nx",
    ),
    (
        "write_of_transposed",
        ("put", "copy"),
        "values are read in the order of memory",
        written(lambda array, index, value: in_order(value) if transposed(value) else value),
        "x = tp.zeros((3, 2), dtype='float64')\nx[...] = wave(2, 3).T\nx",
    ),
    (
        "write_of_steps",
        ("put", "copy"),
        "steps along the values are not made",
        written(lambda array, index, value: dense(value) if steps(value) else value),
        "x = tp.zeros(3)\nx[...] = tp.arange(6, dtype='float32')[::2]\nx",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
