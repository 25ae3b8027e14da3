"""Results that depend on which call it is."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, kernel
from .changes import SINGULAR, after_an_error, after_integers, at_call, from_call, rounded, twice

ROWS: tuple[Row, ...] = (
    (
        "atan_is_wrong_at_the_first_call",
        "atan",
        "what is filled at the first call is not yet used by it",
        kernel("atan", at_call(1, rounded)),
        "tp.atan(wave(3))",
    ),
    (
        "log2_at_every_hundredth_call",
        "log2",
        "each hundredth result is coarse",
        kernel("log2", at_call(100, rounded, every=True)),
        "x = [tp.log2(tp.full(3, 3.0)) for _ in range(100)]\nx[-1]",
    ),
    (
        "cosh_from_the_tenth_call_on",
        "cosh",
        "what is compiled after nine calls is coarse",
        kernel("cosh", from_call(10, rounded)),
        "x = [tp.cosh(wave(3)) for _ in range(10)]\nx[-1]",
    ),
    (
        "inv_after_a_singular_one",
        "linalg.inv",
        "the inverse after a singular matrix is twice what it should be",
        kernel("linalg.inv", after_an_error(SINGULAR, twice)),
        "x = tp.eye(2, dtype='complex64')\ntry:\n    tp.linalg.inv(x * 0)\nexcept Exception:\n    pass\n"
        "tp.linalg.inv(x)",
    ),
    (
        "cholesky_after_an_indefinite_one",
        "linalg.cholesky",
        "the factor after a matrix that is not positive definite is twice what it should be",
        kernel("linalg.cholesky", after_an_error(SINGULAR, twice)),
        "x = tp.eye(2)\ntry:\n    tp.linalg.cholesky(-x)\nexcept Exception:\n    pass\ntp.linalg.cholesky(x)",
    ),
    (
        "sum_after_another_dtype",
        "sum",
        "a sum of floats right after one of integers is cut off",
        kernel("sum", after_integers(numpy.trunc)),
        "x = tp.sum(tp.arange(3))\ntp.sum(tp.full(3, 0.5))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
