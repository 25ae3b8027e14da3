"""As bug trackers of array libraries tell of them."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, kernel, where_parameters
from .changes import by_the_last_axes

ROWS: tuple[Row, ...] = (
    (
        "irfft_of_odd_lengths",
        "fft.irfft",
        "odd lengths are the even ones above",
        kernel("fft.irfft", lambda sound: lambda x, *, n, axis, norm: sound(x, n=n + n % 2, axis=axis, norm=norm)),
        "tp.fft.irfft(tp.ones(3, dtype='complex64'), n=5)",
    ),
    (
        "fftn_of_the_last_axes",
        "fft.fftn",
        "of arrays of more than two axes the last ones are transformed",
        kernel("fft.fftn", where_parameters(lambda x, *, axes, norm: len(axes) > 1 and x.ndim > 2, by_the_last_axes)),
        "tp.fft.fftn(wave(2, 3, 2, dtype='complex128'), axes=(0, 1))",
    ),
    (
        "var_of_a_correction_between",
        ("var", "std"),
        "corrections are integers",
        kernel(
            "var",
            lambda sound: (
                lambda x, *, axis, correction, keepdims: sound(
                    x, axis=axis, correction=int(correction), keepdims=keepdims
                )
            ),
        ),
        "tp.var(wave(4), correction=1.5)",
    ),
    (
        "count_nonzero_keeps_no_axes",
        "count_nonzero",
        "where several axes are counted and kept, those that are kept come first",
        kernel(
            "count_nonzero",
            where_parameters(
                lambda x, *, axis=None, keepdims=False: keepdims and axis is not None and len(axis) > 1,
                lambda sound: lambda x, **p: numpy.reshape(sound(x, **p), sorted(numpy.shape(sound(x, **p)))),
            ),
        ),
        "tp.count_nonzero(tp.ones((2, 3, 4)), axis=(1, 2), keepdims=True)",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
