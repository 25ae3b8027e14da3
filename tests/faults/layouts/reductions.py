"""Reductions, cumulations and softmax."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, kernel
from .changes import (
    backwards,
    dense,
    forwards,
    from_the_beginning,
    later,
    of,
    once,
    pitched,
    steps,
    stretched,
    transposed,
    turned,
)

ROWS: tuple[Row, ...] = (
    (
        "sum_of_rows_with_a_pitch",
        "sum",
        "parts of the rows of a matrix are read one after another",
        kernel("sum", of(0, pitched, dense)),
        "tp.sum(wave(4, 5)[:, :2], axis=1)",
    ),
    (
        "argmax_of_reversed",
        "argmax",
        "positions are counted in the order of memory",
        kernel("argmax", of(0, backwards, forwards)),
        "tp.argmax(tp.from_numpy(numpy.arange(5.0)[::-1]))",
    ),
    (
        "mean_of_stretched",
        "mean",
        "repeated elements are added once and divided by their number",
        kernel("mean", of(0, stretched, once)),
        "tp.mean(tp.broadcast_to(tp.ones(1), (4,)))",
    ),
    (
        "prod_of_square_transposed",
        "prod",
        "the axis is the one in that place in memory",
        kernel("prod", of(0, transposed, turned)),
        "tp.prod(wave(3, 3).T, axis=0)",
    ),
    (
        "any_of_a_column",
        "any",
        "a column is read as a row",
        kernel("any", of(0, steps, dense)),
        "tp.any((tp.reshape(tp.arange(9), (3, 3)) == 3)[:, 0])",
    ),
    (
        "min_of_three_axes_in_another_order",
        "min",
        "the first two of three axes are taken for each other",
        kernel("min", of(0, lambda x: x.ndim == 3 and transposed(x), lambda x: x.swapaxes(0, 1).reshape(x.shape))),
        "tp.min(tp.permute_dims(wave(2, 3, 4), (2, 0, 1)), axis=2)",
    ),
    (
        "count_nonzero_of_steps",
        "count_nonzero",
        "eight truth values are read at once, whatever lies between them",
        kernel("count_nonzero", of(0, lambda x: steps(x) and x.dtype == bool, dense)),
        "tp.count_nonzero((tp.arange(16) % 2 == 0)[::2])",
    ),
    (
        "cumulative_sum_of_pitched_rows",
        "cumulative_sum",
        "parts of rows are read one after another",
        kernel("cumulative_sum", of(0, pitched, dense)),
        "tp.cumulative_sum(wave(4, 5)[:, 1:3], axis=1)",
    ),
    (
        "cumulative_prod_of_stretched",
        "cumulative_prod",
        "what is repeated is multiplied once",
        kernel("cumulative_prod", of(0, stretched, lambda x: numpy.where(once(x) == 0, x.dtype.type(1), x))),
        "tp.cumulative_prod(tp.broadcast_to(tp.full(1, 2.0), (4,)))",
    ),
    (
        "softmax_of_rows_in_another_order",
        "softmax",
        "rows of transposed arrays are taken for columns where there are as many",
        kernel("softmax", of(0, transposed, turned)),
        "tp.softmax(wave(3, 3).T, axis=1)",
    ),
    (
        "logsumexp_of_a_part",
        "logsumexp",
        "parts of larger arrays are read from the beginning of memory",
        kernel("logsumexp", of(0, later, from_the_beginning)),
        "tp.logsumexp(wave(9)[4:], axis=0)",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
