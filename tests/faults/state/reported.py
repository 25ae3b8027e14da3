"""As bug trackers of array libraries tell of them."""

from __future__ import annotations

from ..fault import Fault, Row, kernel, method
from .changes import (
    IN,
    by_key_of_text,
    remembered,
    set_to,
    shared_if_large,
    spoiling,
)

ROWS: tuple[Row, ...] = (
    (
        "from_numpy_shares_large_arrays",
        IN,
        "arrays of 64 elements and more are not copied",
        method("from_numpy", shared_if_large),
        "a = numpy.ones(100)\nx = tp.tensor(a)\na += 1\nx[0]",
    ),
    (
        "irfft_spoils_stacks_of_matrices",
        "fft.irfft",
        "frequencies of three and more axes are the transform's work area",
        kernel("fft.irfft", spoiling(0, lambda x, out: set_to(x, 0), lambda x: x.ndim > 2)),
        "x = tp.asarray(numpy.ones((2, 2, 3)) + 0j, copy=True)\ny = tp.fft.irfft(x)\nx",
    ),
    (
        "cosh_by_identity",
        "cosh",
        "results are remembered by an object's identity, which another one gets when it is gone",
        kernel("cosh", remembered(lambda x: (id(x), x.shape, x.dtype))),
        "[float(tp.cosh(tp.full(3, i / 10))[0]) for i in range(300)]",
    ),
    (
        "clip_by_equal_bounds",
        "clip",
        "results are remembered by the values, of which -0.0 and 0.0 are equal",
        kernel(
            "clip",
            remembered(
                lambda x, a, b: (tuple(x.ravel().tolist()), a.tolist().__repr__(), b.tobytes(), x.shape, x.dtype)
            ),
        ),
        "x = tp.clip(tp.asarray([0.0]), -1.0, 1.0)\ntp.signbit(tp.clip(tp.asarray([-0.0]), -1.0, 1.0))",
    ),
    (
        "logsumexp_by_a_key_of_text",
        "logsumexp",
        "what was compiled is found by the digits of shape and axes in a row",
        kernel("logsumexp", by_key_of_text),
        "x = tp.zeros((2, 2, 2), dtype='float64')\ny = tp.logsumexp(x, axis=0)\ntp.logsumexp(x, axis=0, keepdims=True)",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
