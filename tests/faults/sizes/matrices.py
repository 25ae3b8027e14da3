"""Linear algebra and transforms."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    all_misread,
    given,
    kernel,
    misread,
    replaced,
    spoilt,
    where_parameters,
)
from .changes import (
    in_single,
    is_prime,
    large_matrix,
    last_block_as_is,
    of_terms,
    real_last,
    rows_from,
    terms_over,
    whole_blocks,
    without_pivots,
    zero_from,
)

FAULTS = (
    Fault(
        "matmul_of_inner_lengths_that_do_not_divide",
        "matmul",
        "of inner lengths greater than 32 what is behind the last 16 is not added",
        kernel(
            "matmul",
            given(
                lambda x1, x2: x1.ndim > 1 and x2.ndim > 1 and x1.shape[-1] > 32,
                lambda sound: (
                    lambda x1, x2: sound(x1[..., : x1.shape[-1] // 16 * 16], x2[..., : x1.shape[-1] // 16 * 16, :])
                ),
            ),
        ),
        "tp.matmul(tp.ones((2, 33)), tp.ones((33, 2)))",
    ),
    Fault(
        "matmul_of_edge_tiles",
        "matmul",
        "of more than 64 rows those behind the last tile are not computed",
        kernel("matmul", rows_from(64)),
        "tp.matmul(tp.ones((65, 2)), tp.ones((2, 2)))[-1]",
    ),
    Fault(
        "matmul_of_65536_matrices",
        "matmul",
        "of a stack, matrices from the 65,536th on are not computed",
        kernel(
            "matmul",
            given(
                lambda x1, x2: x1.ndim == 3 and len(x1) > 65535,
                lambda sound: lambda x1, x2: zero_from(lambda n: n // len(x1) * 65535)(sound)(x1, x2),
            ),
        ),
        "tp.matmul(tp.ones((65537, 1, 1)), tp.ones((65537, 1, 1)))[-1]",
    ),
    Fault(
        "vecdot_of_the_first_4096",
        "vecdot",
        "one block of 4,096 products is added up",
        kernel("vecdot", all_misread(lambda x: x[..., :4096])),
        "tp.vecdot(tp.ones(5000), tp.ones(5000))",
    ),
    Fault(
        "cholesky_of_two_blocks",
        "linalg.cholesky",
        "of matrices of more than 32 rows the second block is not updated",
        kernel("linalg.cholesky", given(large_matrix(32), spoilt(last_block_as_is))),
        "tp.linalg.cholesky(tp.eye(40, dtype='float64') * 40 + 1)[-1, -1]",
    ),
    Fault(
        "inv_of_large_without_pivots",
        "linalg.inv",
        "matrices of more than 8 rows are inverted without looking for pivots",
        kernel("linalg.inv", given(large_matrix(8), replaced(without_pivots))),
        "tp.linalg.inv(tp.flip(tp.eye(9, dtype='complex128'), axis=0))",
    ),
    Fault(
        "det_of_large_is_positive",
        "linalg.det",
        "of more than 8 rows the sign of the permutation is forgotten",
        kernel("linalg.det", given(large_matrix(8), spoilt(lambda out, x: numpy.abs(out).astype(out.dtype)))),
        "tp.linalg.det(-tp.eye(9))",
    ),
    Fault(
        "solve_of_nine_right_hand_sides",
        "linalg.solve",
        "of more than eight right-hand sides the others are left as they were",
        kernel(
            "linalg.solve",
            spoilt(
                lambda out, a, b: (
                    numpy.concatenate([out[..., :8], numpy.broadcast_to(b, out.shape)[..., 8:]], -1)
                    if b.ndim > 1
                    else out
                )
            ),
        ),
        "tp.linalg.solve(tp.eye(2) * 2, tp.ones((2, 9)))",
    ),
    Fault(
        "qr_of_tall",
        "linalg.qr",
        "of matrices with more than 64 rows the last column of R is zero",
        kernel(
            "linalg.qr",
            given(
                lambda x: x.shape[-2] > 64,
                spoilt(lambda out, x, **p: (out[0], out[1] * (numpy.arange(x.shape[-1]) < x.shape[-1] - 1))),
            ),
        ),
        "numpy.asarray(tp.linalg.qr(wave(65, 3))[1])[:, -1]",
    ),
    Fault(
        "svdvals_of_large_in_two_runs",
        ("linalg.svdvals", "linalg.svd"),
        "of matrices with more than 32 rows the singular values come in two runs",
        kernel(
            "linalg.svdvals", given(large_matrix(32), spoilt(lambda out, x: numpy.roll(out, out.shape[-1] // 2, -1)))
        ),
        "tp.linalg.svdvals(wave(33, 33))[0]",
    ),
    Fault(
        "eigh_of_large_stops_early",
        ("linalg.eigh", "linalg.eigvalsh"),
        "of matrices with more than 25 rows the sweeps stop at a thousandth",
        kernel(
            "linalg.eigh", given(large_matrix(25), spoilt(lambda out, x: (out[0] * out[0].dtype.type(1.001), out[1])))
        ),
        "tp.linalg.eigh(tp.eye(26))[0]",
    ),
    Fault(
        "fft_of_great_primes_in_single",
        "fft.fft",
        "lengths that are primes greater than 64 are transformed in single precision",
        kernel(
            "fft.fft",
            where_parameters(
                lambda x, *, axis, **p: x.shape[axis] > 64 and is_prime(x.shape[axis]), misread(in_single)
            ),
        ),
        "tp.fft.fft(tp.asarray(numpy.arange(1009) / 3 + 0j))[5]",
    ),
    Fault(
        "fftn_of_four_axes",
        "fft.fftn",
        "at most three axes are transformed",
        kernel("fft.fftn", lambda sound: lambda x, *, axes, norm: sound(x, axes=axes[-3:], norm=norm)),
        "tp.fft.fftn(tp.ones((2, 2, 2, 2), dtype='complex64'))",
    ),
    Fault(
        "ifft_divides_by_a_byte",
        "fft.ifft",
        "the length that is divided by is a byte",
        kernel(
            "fft.ifft",
            where_parameters(
                lambda x, *, axis, norm: norm == "backward" and x.shape[axis] > 256 and x.shape[axis] % 256,
                spoilt(lambda out, x, *, axis, norm: (out * (x.shape[axis] / (x.shape[axis] % 256))).astype(out.dtype)),
            ),
        ),
        "tp.fft.ifft(tp.ones(300, dtype='complex64'))[0]",
    ),
    Fault(
        "rfft_of_long_odd_lengths",
        "fft.rfft",
        "of odd lengths greater than 1,000 the last frequency is that of the even length before",
        kernel(
            "fft.rfft",
            where_parameters(
                lambda x, *, axis, **p: x.shape[axis] > 1000 and x.shape[axis] % 2,
                spoilt(lambda out, x, *, axis, **p: real_last(out, axis)),
            ),
        ),
        "tp.fft.rfft(wave(1001))[-1]",
    ),
    Fault(
        "vector_norm_of_one_block",
        "linalg.vector_norm",
        "of more than 1,024 elements those behind the last whole block are lost",
        kernel("linalg.vector_norm", where_parameters(terms_over(1024), of_terms(whole_blocks(1024)))),
        "tp.linalg.vector_norm(tp.ones(1500))",
    ),
)
