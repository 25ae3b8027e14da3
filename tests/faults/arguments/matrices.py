"""Linear algebra and transforms."""

from __future__ import annotations

import math

import numpy

from ..fault import (
    Fault,
    Row,
    kernel,
    spoilt,
)
from .changes import complete, if_, map_, norm, set_, several, shapes, stacked

ROWS: tuple[Row, ...] = (
    (
        "matmul_of_a_vector_and_a_stack",
        "matmul",
        "of a vector and a stack the first product is repeated",
        kernel("matmul", if_(shapes(1, -3), spoilt(lambda out, a, b: numpy.broadcast_to(out[:1], out.shape).copy()))),
        "tp.matmul(tp.ones(2, dtype='float64'), wave(3, 2, 2))",
    ),
    (
        "matmul_of_a_stack_and_a_vector",
        "matmul",
        "a vector that as many matrices as it is long are multiplied by is a stack of numbers",
        kernel(
            "matmul",
            if_(
                shapes(-3, 1), lambda sound: lambda a, b: sound(a.mT, b) if a.shape[-1] == a.shape[-2] else sound(a, b)
            ),
        ),
        "tp.matmul(wave(3, 2, 2), wave(2))",
    ),
    (
        "matmul_of_a_row_vector",
        "matmul",
        "a vector times a square matrix is the matrix times the vector",
        kernel(
            "matmul",
            if_(shapes(1, 2), lambda sound: lambda a, b: sound(a, b.T) if b.shape[0] == b.shape[1] else sound(a, b)),
        ),
        "tp.matmul(wave(2), wave(2, 2))",
    ),
    (
        "matmul_of_stacks_that_broadcast",
        "matmul",
        "stacks that broadcast against each other are paired one by one",
        kernel(
            "matmul",
            if_(
                lambda a, b: a.ndim == b.ndim == 4 and a.shape[0] == 1 < b.shape[0] and a.shape[1] > 1 == b.shape[1],
                spoilt(lambda out, a, b: out.swapaxes(0, 1).reshape(out.shape)),
            ),
        ),
        "tp.matmul(wave(1, 3, 2, 2), wave(2, 1, 2, 2))",
    ),
    (
        "matmul_of_no_inner_length",
        "matmul",
        "products over no elements are 1",
        kernel(
            "matmul", if_(lambda a, b: a.ndim > 1 and a.shape[-1] == 0, spoilt(lambda out, a, b: numpy.ones_like(out)))
        ),
        "tp.matmul(tp.zeros((2, 0)), tp.zeros((0, 2)))",
    ),
    (
        "vecdot_of_broadcast_stacks",
        "vecdot",
        "vectors of a stack are all multiplied by the first where they broadcast",
        kernel(
            "vecdot",
            if_(
                lambda a, b: a.ndim < b.ndim,
                spoilt(lambda out, a, b: numpy.broadcast_to(out[..., :1], out.shape).copy() if out.ndim else out),
            ),
        ),
        "tp.vecdot(wave(3), wave(2, 3))",
    ),
    (
        "solve_of_a_stack_and_one_vector",
        "linalg.solve",
        "one vector for a stack of matrices is a stack of numbers",
        kernel(
            "linalg.solve",
            if_(
                lambda a, b: a.ndim > 2 and b.ndim == 1,
                spoilt(lambda out, a, b: numpy.broadcast_to(out[:1], out.shape).copy()),
            ),
        ),
        "tp.linalg.solve(tp.stack([tp.eye(2), tp.eye(2) * 2]), tp.ones(2))",
    ),
    (
        "solve_of_one_matrix_and_a_stack",
        "linalg.solve",
        "one matrix for a stack of right-hand sides solves the first",
        kernel(
            "linalg.solve",
            if_(
                lambda a, b: a.ndim == 2 < b.ndim,
                spoilt(lambda out, a, b: numpy.broadcast_to(out[:1], out.shape).copy()),
            ),
        ),
        "tp.linalg.solve(tp.eye(2, dtype='float64'), wave(2, 2, 2))",
    ),
    (
        "qr_complete_of_tall",
        "linalg.qr",
        "the additional columns of Q are zero",
        kernel(
            "linalg.qr",
            if_(lambda x, **p: p.get("mode") == "complete" and x.shape[-2] > x.shape[-1], spoilt(complete)),
        ),
        "tp.linalg.qr(wave(3, 2), mode='complete')[0]",
    ),
    (
        "qr_complete_of_stacks",
        "linalg.qr",
        "of stacks complete factors are reduced",
        kernel("linalg.qr", if_(lambda x, **p: x.ndim > 2, set_(mode="reduced"))),
        "tp.linalg.qr(wave(2, 3, 2), mode='complete')[0].shape",
    ),
    (
        "svd_full_of_wide",
        "linalg.svd",
        "of wide matrices the full factors are reduced",
        kernel("linalg.svd", if_(lambda x, **p: x.shape[-1] > x.shape[-2], set_(full_matrices=False))),
        "tp.linalg.svd(wave(2, 3))[2].shape",
    ),
    (
        "pinv_of_tall_stacks",
        "linalg.pinv",
        "of stacks all matrices have the first one's tolerance of their greatest singular values",
        kernel(
            "linalg.pinv",
            if_(
                lambda x, **p: x.ndim > 2,
                spoilt(lambda out, x, **p: numpy.broadcast_to(out[:1], out.shape).copy() if len(out) else out),
            ),
        ),
        "tp.linalg.pinv(wave(2, 3, 2))",
    ),
    (
        "vector_norm_of_small_order",
        "linalg.vector_norm",
        "orders between 0 and 1 are 1",
        kernel("linalg.vector_norm", map_(ord=lambda ord: 1.0 if 0 < ord < 1 else ord)),
        "tp.linalg.vector_norm(wave(3), ord=0.5)",
    ),
    (
        "vector_norm_of_complex_of_order_three",
        "linalg.vector_norm",
        "of orders beside 2 the imaginary parts are left out",
        kernel(
            "linalg.vector_norm",
            lambda sound: (
                lambda x, *, ord, **p: sound(
                    x if ord in (0, 2) or x.dtype.kind != "c" else (x.real + 0j).astype(x.dtype), ord=ord, **p
                )
            ),
        ),
        "tp.linalg.vector_norm(tp.asarray([3 + 4j]), ord=3)",
    ),
    (
        "vector_norm_of_order_zero",
        "linalg.vector_norm",
        "of order 0 it is the number of elements",
        norm(lambda ord: ord == 0, lambda x, axis, keep: numpy.ones(x.shape).sum(axis, keepdims=keep)),
        "tp.linalg.vector_norm(tp.asarray([3.0, 0.0]), ord=0)",
    ),
    (
        "vector_norm_of_fractional_order",
        "linalg.vector_norm",
        "orders are cut off to integers",
        kernel("linalg.vector_norm", map_(ord=lambda ord: ord if math.isinf(ord) or abs(ord) < 1 else float(int(ord)))),
        "tp.linalg.vector_norm(wave(3), ord=2.5)",
    ),
    (
        "vector_norm_of_negative_order",
        "linalg.vector_norm",
        "negative orders are positive ones",
        kernel("linalg.vector_norm", map_(ord=lambda ord: ord if math.isinf(ord) else abs(ord))),
        "tp.linalg.vector_norm(tp.asarray([3.0, 1.0]), ord=-1)",
    ),
    (
        "vector_norm_of_order_three_over_two_axes",
        "linalg.vector_norm",
        "of other orders than 2 the second of several axes is added up",
        kernel(
            "linalg.vector_norm",
            if_(
                lambda x, *, axis, keepdims, ord: ord not in (0, 2) and several(x, axis=axis),
                spoilt(
                    lambda out, x, *, axis, keepdims, ord: (
                        (numpy.abs(x) ** ord)
                        .sum(axis[0], keepdims=True)
                        .__pow__(1 / ord)
                        .sum(axis, keepdims=keepdims)
                        .astype(out.dtype)
                    )
                ),
            ),
        ),
        "tp.linalg.vector_norm(wave(2, 3, 4), axis=(0, 1), ord=3)",
    ),
    (
        "det_of_no_rows",
        "linalg.det",
        "the determinant of a matrix without rows is 0",
        kernel("linalg.det", if_(lambda x: x.shape[-1] == 0, spoilt(lambda out, x: numpy.zeros_like(out)))),
        "tp.linalg.det(tp.zeros((0, 0)))",
    ),
    (
        "cross_of_broadcast",
        "linalg.cross",
        "where one operand is broadcast the product has the other sign",
        kernel("linalg.cross", if_(lambda a, b: a.ndim != b.ndim, spoilt(lambda out, a, b: -out))),
        "tp.linalg.cross(wave(2, 3), wave(3))",
    ),
    (
        "eigvalsh_of_stacks",
        "linalg.eigvalsh",
        "of stacks the first matrix's are repeated",
        kernel(
            "linalg.eigvalsh",
            if_(stacked, spoilt(lambda out, x: numpy.broadcast_to(out[:1], out.shape).copy() if len(out) else out)),
        ),
        "tp.linalg.eigvalsh(tp.stack([tp.eye(2), tp.eye(2) * 2]))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
