"""Linear algebra and transforms."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    Row,
    given,
    kernel,
    misread,
    of_dtype,
    replaced,
    spoilt,
)
from .changes import (
    by_cholesky,
    by_gram_matrix,
    of_floats,
    of_squares,
    positive_above,
    product_of_pivots,
    singular_below,
    without_pivots,
)

ROWS: tuple[Row, ...] = (
    (
        "svdvals_by_gram_matrix",
        ("linalg.svdvals", "linalg.svd"),
        "singular values are roots of eigenvalues, which lose half of the digits",
        kernel("linalg.svdvals", replaced(by_gram_matrix)),
        "tp.linalg.svdvals(tp.asarray([[1.0, 0.0], [0.0, 1e-9]], dtype='float64') + 1e-3)",
    ),
    (
        "solve_in_the_order_of_rows",
        "linalg.solve",
        "pivots are taken in the order in which they stand",
        kernel("linalg.solve", given(lambda a, b: a.ndim == 2, replaced(without_pivots))),
        "tp.linalg.solve(tp.asarray([[1e-20, 1.0], [1.0, 1.0]], dtype='float64'), tp.asarray([1.0, 2.0], "
        "dtype='float64'))",
    ),
    (
        "inv_of_badly_scaled",
        "linalg.inv",
        "matrices with a determinant below 1e-30 are taken for singular",
        kernel("linalg.inv", lambda sound: lambda x: singular_below(sound, x)),
        "tp.linalg.inv(tp.eye(4, dtype='complex128') * 1e-9)",
    ),
    (
        "det_of_badly_scaled",
        "linalg.det",
        "the product of the pivots overflows before it is small again",
        kernel("linalg.det", of_floats(given(lambda x: x.size > 0, replaced(product_of_pivots)))),
        "tp.linalg.det(tp.asarray(numpy.diag([1e200, 1e200, 1e-200, 1e-200])))",
    ),
    (
        "slogdet_by_the_determinant",
        "linalg.slogdet",
        "the logarithm of a determinant that overflows",
        kernel(
            "linalg.slogdet",
            given(
                lambda x: x.shape[-1] > 2,
                spoilt(lambda out, x: (out[0], numpy.log(numpy.abs(numpy.linalg.det(x))).astype(out[1].dtype))),
            ),
        ),
        "tp.linalg.slogdet(tp.eye(4, dtype='float64') * 1e100)[1]",
    ),
    (
        "qr_by_cholesky",
        "linalg.qr",
        "R is the factor of a matrix of products, which loses half of the digits",
        kernel("linalg.qr", by_cholesky),
        "tp.linalg.qr(tp.asarray([[1.0, 1.0], [0.0, 1e-9]], dtype='float64'))[1]",
    ),
    (
        "eigh_of_small_differences",
        ("linalg.eigh", "linalg.eigvalsh"),
        "elements beside the diagonal below 1e-6 are taken for zero",
        kernel("linalg.eigh", misread(lambda x: numpy.where(numpy.abs(x) < 1e-6, x.dtype.type(0), x))),
        "tp.linalg.eigh(tp.asarray([[0.0, 1e-7], [1e-7, 0.0]], dtype='float64'))[0]",
    ),
    (
        "cholesky_of_small_pivots",
        "linalg.cholesky",
        "a matrix with a pivot below 1e-8 is not taken for positive definite",
        kernel("linalg.cholesky", lambda sound: lambda x: positive_above(sound, x)),
        "tp.linalg.cholesky(tp.eye(2, dtype='float64') * 1e-10)",
    ),
    (
        "vector_norm_of_great_complex",
        "linalg.vector_norm",
        "squares of complex numbers overflow",
        kernel(
            "linalg.vector_norm",
            lambda sound: (
                lambda x, *, axis, keepdims, ord: (of_squares if ord == 2 and x.dtype.kind == "c" else sound)(
                    x, axis=axis, keepdims=keepdims, ord=ord
                )
            ),
        ),
        "tp.linalg.vector_norm(tp.asarray([1e200 + 1e200j], dtype='complex128'))",
    ),
    (
        "pinv_of_small_matrices",
        "linalg.pinv",
        "singular values below 1e-10 are taken for zero, whatever the greatest is",
        kernel(
            "linalg.pinv",
            lambda sound: (
                lambda x, *, rtol: (
                    sound(x, rtol=rtol)
                    if numpy.abs(x).max(initial=0) > 1e-10
                    else numpy.zeros_like(sound(x, rtol=rtol))
                )
            ),
        ),
        "tp.linalg.pinv(tp.eye(2, dtype='float64') * 1e-12)",
    ),
    (
        "vecdot_of_great_half_floats",
        "vecdot",
        "products of half floats overflow before they are added",
        kernel(
            "vecdot",
            given(
                of_dtype("float16"),
                spoilt(lambda out, a, b: numpy.where(numpy.isinf(a * b).any(-1), numpy.inf, out).astype(out.dtype)),
            ),
        ),
        "tp.vecdot(tp.asarray([300.0, 300.0], dtype='float16'), tp.asarray([300.0, -300.0], dtype='float16'))",
    ),
    (
        "matmul_skips_zeros",
        "matmul",
        "rows of zeros are not multiplied, NaN and infinities included",
        kernel(
            "matmul",
            of_floats(
                given(
                    lambda a, b: a.ndim == 2 and b.ndim == 2,
                    spoilt(lambda out, a, b: numpy.where((a == 0).all(1, keepdims=True), out.dtype.type(0), out)),
                )
            ),
        ),
        "tp.matmul(tp.zeros((1, 2)), tp.full((2, 1), tp.nan))",
    ),
    (
        "fft_of_infinities",
        "fft.fft",
        "NaN and infinities are taken for zero",
        kernel("fft.fft", misread(lambda x: numpy.nan_to_num(x, posinf=0, neginf=0))),
        "tp.fft.fft(tp.asarray([tp.nan + 0j, 1.0]))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
