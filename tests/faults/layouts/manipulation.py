"""Functions that move elements, and conversions."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, bare_kernel, kernel, method
from .changes import (
    backwards,
    dense,
    diagonal_of_dense,
    forwards,
    from_the_beginning,
    in_order,
    later,
    of,
    once,
    part,
    pitched,
    stretched,
    transposed,
    windows_of_dense,
)

ROWS: tuple[Row, ...] = (
    (
        "concat_of_a_transposed_second",
        "concat",
        "the second part is read in the order of memory",
        kernel("concat", part(1, transposed, in_order)),
        "tp.concat([wave(3, 2), wave(2, 3).T])",
    ),
    (
        "stack_of_stretched",
        "stack",
        "of repeated elements the first is copied",
        kernel("stack", part(1, stretched, once)),
        "tp.stack([tp.zeros(3), tp.broadcast_to(tp.ones(1), (3,))])",
    ),
    (
        "flip_of_flipped",
        "flip",
        "what is reversed already is left as it is",
        kernel("flip", of(0, backwards, forwards)),
        "tp.flip(tp.from_numpy(numpy.arange(5.0)[::-1]))",
    ),
    (
        "roll_of_pitched_rows",
        "roll",
        "rows are taken to follow each other",
        kernel("roll", of(0, pitched, dense)),
        "tp.roll(wave(4, 5)[:, :2], 1, axis=0)",
    ),
    (
        "reshape_of_reversed",
        "reshape",
        "reversed vectors get their new shape forwards",
        bare_kernel("reshape", of(0, backwards, forwards)),
        "tp.reshape(tp.from_numpy(numpy.arange(6.0)[::-1]), (2, 3))",
    ),
    (
        "tril_of_transposed",
        "tril",
        "of a transposed matrix the other triangle is kept",
        kernel("tril", lambda sound: lambda x, *, k=0: numpy.triu(x, -k) if transposed(x) else sound(x, k=k)),
        "tp.tril(wave(3, 3).T)",
    ),
    (
        "diagonal_of_a_part",
        ("diagonal", "linalg.diagonal"),
        "the rows of a part of a matrix are taken to follow each other",
        bare_kernel("diagonal", lambda sound: diagonal_of_dense),
        "tp.diagonal(wave(5, 5)[:3, :3])",
    ),
    (
        "unfold_of_steps",
        "unfold",
        "windows are of neighbouring elements",
        bare_kernel("unfold", windows_of_dense),
        "wave(12)[::2].unfold(0, 2, 1)",
    ),
    (
        "clone_of_a_part",
        "clone",
        "parts of larger arrays are copied from the beginning of memory",
        method(
            "copy", lambda self, array: numpy.array(from_the_beginning(array) if later(array) else array, order="C")
        ),
        "tp.clone(wave(9)[3:])",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
