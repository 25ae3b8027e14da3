"""Functions of complex numbers."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    Row,
    given,
    kernel,
    of_dtype,
    replaced,
)
from .changes import joined, of_complex, textbook_quotient, textbook_root, three_products, where

ROWS: tuple[Row, ...] = (
    (
        "divide_of_great_complex",
        "divide",
        "the denominator of the textbook overflows and vanishes",
        kernel("divide", of_complex(replaced(textbook_quotient))),
        "tp.divide(tp.asarray([1e200 + 1e200j], dtype='complex128'), tp.asarray([1e200 + 1e200j], dtype='complex128'))",
    ),
    (
        "abs_of_great_complex",
        "abs",
        "squares overflow and vanish",
        kernel("abs", of_complex(replaced(lambda x: numpy.sqrt(x.real * x.real + x.imag * x.imag)))),
        "tp.abs(tp.asarray([3e200 + 4e200j], dtype='complex128'))",
    ),
    (
        "sqrt_of_complex_near_the_axis",
        "sqrt",
        "half the difference of magnitude and real part cancels",
        kernel("sqrt", of_complex(replaced(textbook_root))),
        "tp.sqrt(tp.asarray([1 + 1e-12j], dtype='complex128'))",
    ),
    (
        "reciprocal_of_small_complex",
        "reciprocal",
        "squares vanish",
        kernel("reciprocal", of_complex(replaced(lambda x: x.conj() / (x.real * x.real + x.imag * x.imag)))),
        "tp.reciprocal(tp.asarray([1e-200 + 0j], dtype='complex128'))",
    ),
    (
        "exp_of_complex_beyond_709",
        "exp",
        "the exponential of the real part overflows where the result does not",
        kernel(
            "exp",
            given(
                of_dtype("complex128"),
                where(
                    lambda x: (x.real > 709.5) & (x.imag != 0),
                    lambda x: joined(
                        numpy.exp(x.real + 1) * numpy.cos(x.imag), numpy.exp(x.real + 1) * numpy.sin(x.imag)
                    ),
                ),
            ),
        ),
        "tp.exp(tp.asarray([709.7 + 1.5j], dtype='complex128'))",
    ),
    (
        "log_of_complex_near_one",
        "log",
        "the square of a magnitude near 1 is rounded to 1",
        kernel(
            "log",
            of_complex(
                where(
                    lambda x: numpy.abs(numpy.abs(x) - 1) < 1e-4,
                    lambda x: joined(numpy.log(numpy.abs(x)) * 0, numpy.arctan2(x.imag, x.real)),
                )
            ),
        ),
        "tp.log(tp.asarray([1 + 1e-3j]))",
    ),
    (
        "tanh_of_great_complex",
        "tanh",
        "a quotient of exponentials overflows",
        kernel(
            "tanh",
            of_complex(
                where(lambda x: numpy.abs(x.real) > 30, lambda x: (numpy.exp(2 * x) - 1) / (numpy.exp(2 * x) + 1))
            ),
        ),
        "tp.tanh(tp.asarray([400 + 1j]))",
    ),
    (
        "multiply_of_complex_by_three_products",
        "multiply",
        "the sum of the parts, which three products in place of four need, overflows",
        kernel("multiply", of_complex(replaced(three_products))),
        "tp.multiply(tp.asarray([1.5e308 + 1.5e308j], dtype='complex128'), tp.asarray([0.1 + 0j], dtype='complex128'))",
    ),
    (
        "asin_of_great_complex",
        "asin",
        "one less the square overflows",
        kernel(
            "asin",
            of_complex(where(lambda x: numpy.abs(x) > 1e10, lambda x: -1j * numpy.log(1j * x + numpy.sqrt(1 - x * x)))),
        ),
        "tp.asin(tp.asarray([1e200 + 1j], dtype='complex128'))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
