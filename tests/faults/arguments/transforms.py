"""Fourier transforms."""

from __future__ import annotations

import math

import numpy

from ..fault import (
    Fault,
    Row,
    kernel,
    spoilt,
)
from .changes import has, if_, middle, scaled_fft

ROWS: tuple[Row, ...] = (
    (
        "fft_orthonormal_is_divided_by_the_length",
        "fft.fft",
        "with the norm ortho it is divided by the length",
        scaled_fft("fft.fft", "ortho", -0.5),
        "tp.fft.fft(wave(4, dtype='complex128'), norm='ortho')",
    ),
    (
        "ifft_forward_is_divided",
        "fft.ifft",
        "with the norm forward it is divided by the length, too",
        scaled_fft("fft.ifft", "forward", -1.0),
        "tp.fft.ifft(wave(4, dtype='complex128'), norm='forward')",
    ),
    (
        "rfft_forward_is_not_divided",
        "fft.rfft",
        "with the norm forward it is not divided",
        scaled_fft("fft.rfft", "forward", 1.0),
        "tp.fft.rfft(wave(4), norm='forward')",
    ),
    (
        "irfft_orthonormal_by_the_number_of_frequencies",
        "fft.irfft",
        "with the norm ortho it is divided by the root of the number of frequencies",
        kernel(
            "fft.irfft",
            if_(
                has(norm="ortho"),
                spoilt(lambda out, x, *, n, axis, norm: (out * math.sqrt(n / x.shape[axis])).astype(out.dtype)),
            ),
        ),
        "tp.fft.irfft(wave(4, dtype='complex128'), norm='ortho')",
    ),
    (
        "fftn_orthonormal_of_two_axes",
        "fft.fftn",
        "with the norm ortho it is divided by the root of the last length alone",
        kernel(
            "fft.fftn",
            if_(
                lambda x, *, axes, norm: norm == "ortho" and len(axes) > 1,
                spoilt(
                    lambda out, x, *, axes, norm: (out * math.sqrt(math.prod(x.shape[i] for i in axes[:-1]))).astype(
                        out.dtype
                    )
                ),
            ),
        ),
        "tp.fft.fftn(wave(2, 3, dtype='complex128'), norm='ortho')",
    ),
    (
        "fft_along_the_middle",
        "fft.fft",
        "along a middle axis it is the transform back",
        kernel(
            "fft.fft", if_(middle, lambda sound: lambda x, *, axis, norm: sound(x.conj(), axis=axis, norm=norm).conj())
        ),
        "tp.fft.fft(wave(2, 3, 4, dtype='complex128'), axis=1)",
    ),
    (
        "irfft_along_the_first",
        "fft.irfft",
        "along the first of several axes odd lengths are even",
        kernel(
            "fft.irfft",
            if_(
                lambda x, *, n, axis, norm: axis % x.ndim == 0 and x.ndim > 1 and n % 2,
                spoilt(lambda out, x, *, n, axis, norm: numpy.fft.irfft(x, n - 1, axis, norm).astype(out.dtype)),
            ),
        ),
        "tp.fft.irfft(wave(3, 2, dtype='complex128'), n=5, axis=0).shape",
    ),
    (
        "ifftn_of_some_axes",
        "fft.ifftn",
        "where not all axes are named the last ones are taken",
        kernel(
            "fft.ifftn",
            if_(
                lambda x, *, axes, norm: len(axes) < x.ndim,
                lambda sound: (
                    lambda x, *, axes, norm: sound(x, axes=tuple(range(x.ndim - len(axes), x.ndim)), norm=norm)
                ),
            ),
        ),
        "tp.fft.ifftn(wave(2, 3, 4, dtype='complex128'), axes=(0, 1))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
