"""Linear algebra and transforms."""

from __future__ import annotations

from ..fault import Fault, Row, kernel
from .changes import backwards, dense, forwards, if_both, in_order, of, once, pitched, steps, transposed, turned

ROWS: tuple[Row, ...] = (
    (
        "matmul_of_two_transposed",
        "matmul",
        "the factors of two transposed matrices are swapped, and not turned",
        kernel(
            "matmul",
            if_both(
                lambda a, b: (
                    a.ndim == b.ndim == 2 and len({*a.shape, *b.shape}) == 1 and transposed(a) and transposed(b)
                ),
                lambda sound: lambda a, b: sound(b.T, a.T),
            ),
        ),
        "tp.matmul(wave(3, 3).T, wave(3, 3).T)",
    ),
    (
        "matmul_of_a_block",
        "matmul",
        "the leading dimension of a block is the number of its columns",
        kernel("matmul", of(0, lambda x: x.ndim == 2 and pitched(x), dense)),
        "tp.matmul(wave(4, 5)[:2, :2], tp.eye(2, dtype='float64'))",
    ),
    (
        "matmul_by_reversed_rows",
        "matmul",
        "negative strides are taken for positive ones",
        kernel("matmul", of(1, backwards, forwards)),
        "tp.matmul(tp.eye(2, dtype='float64'), tp.from_numpy(numpy.arange(4.0).reshape(2, 2)[::-1]))",
    ),
    (
        "matmul_of_a_stretched_stack",
        "matmul",
        "of a matrix that is repeated only the first one is there",
        kernel("matmul", of(1, lambda x: x.ndim > 2 and x.strides[0] == 0 and len(x) > 1, once)),
        "tp.matmul(tp.ones((2, 2, 2)), tp.broadcast_to(tp.ones((2, 2)), (2, 2, 2)))",
    ),
    (
        "vecdot_of_a_column",
        "vecdot",
        "a column is read as a row",
        kernel("vecdot", of(1, steps, dense)),
        "tp.vecdot(tp.ones(3, dtype='float64'), wave(3, 3)[:, 0])",
    ),
    (
        "cholesky_of_transposed",
        "linalg.cholesky",
        "of transposed matrices the other triangle is read",
        kernel("linalg.cholesky", of(0, transposed, turned)),
        "tp.linalg.cholesky(tp.asarray([[4.0, 1.0], [9.0, 4.0]]).T)",
    ),
    (
        "solve_for_transposed",
        "linalg.solve",
        "right-hand sides are read in the order of memory",
        kernel("linalg.solve", of(1, transposed, in_order)),
        "tp.linalg.solve(tp.eye(3, dtype='float64'), wave(2, 3).T)",
    ),
    (
        "inv_of_every_other",
        "linalg.inv",
        "of a stack with steps neighbouring matrices are inverted",
        kernel("linalg.inv", of(0, lambda x: x.ndim == 3 and x.strides[0] > x.strides[1] * x.shape[1], dense)),
        "tp.linalg.inv((tp.eye(2, dtype='complex128') * tp.reshape(tp.arange(4) + 1.0, (4, 1, "
        "1)).to('complex128'))[::2])",
    ),
    (
        "qr_of_transposed",
        "linalg.qr",
        "square matrices are factored as they lie in memory",
        kernel("linalg.qr", of(0, transposed, turned)),
        "tp.linalg.qr(wave(3, 3).T)[1]",
    ),
    (
        "fft_of_steps",
        "fft.fft",
        "the plan knows no steps",
        kernel("fft.fft", of(0, steps, dense)),
        "tp.fft.fft(wave(8, dtype='complex128')[::2])",
    ),
    (
        "irfft_of_a_part",
        "fft.irfft",
        "the first of more frequencies are read one row after another",
        kernel("fft.irfft", of(0, pitched, dense)),
        "tp.fft.irfft(tp.fft.rfft(wave(2, 9))[:, :3])",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
