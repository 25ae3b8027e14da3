"""Gradients of linear algebra that PyTorch adds to the standard's: triangular systems, LU, the matrix exponential."""

from __future__ import annotations

from typing import Any

from ..rule import no_gradient, rule
from .matrices import as_columns, linalg


def _transposed_system(ops: Any, g: Any, x1: Any, upper: bool, unitriangular: bool) -> Any:
    solve = linalg(ops, "solve_triangular")
    return solve(ops.matrix_transpose(x1), g, upper=not upper, unitriangular=unitriangular)


def _triangle(ops: Any, g: Any, x1: Any, out: Any, upper: bool, unitriangular: bool) -> Any:
    found = -ops.matmul(_transposed_system(ops, g, x1, upper, unitriangular), ops.matrix_transpose(out))
    return ops.triu(found, k=int(unitriangular)) if upper else ops.tril(found, k=-int(unitriangular))


def _lu_factor(ops: Any, g: Any, lu: Any, permutation: Any) -> Any:
    """Gradient of LU decomposition, of both triangles at once.

    With B = L U the rows of x in order, L^-1 dB U^-1 is the strictly lower part of L^-1 dL plus the upper part of
    dU U^-1. Rows below the square, and columns right of it, come from B by a triangular system.
    """
    solve, transpose = linalg(ops, "solve_triangular"), ops.matrix_transpose
    count = min(lu.shape[-2:])
    first, rest, every = slice(count), slice(count, None), slice(None)
    square = ops.getitem(lu, (..., first, first))
    lower = ops.tril(square, k=-1) + ops.diagonal_embed(
        ops.ones_like(ops.diagonal(square, 0)), shape=square.shape, offset=0
    )
    gradient = ops.getitem(g.lu, (..., first, first))
    g_lower, g_upper = ops.tril(gradient, k=-1), ops.triu(gradient)
    below = right = None
    if lu.shape[-2] > count:
        turned = transpose(ops.getitem(g.lu, (..., rest, every)))
        below = transpose(solve(square, turned, upper=True, unitriangular=False))
        g_upper = g_upper - ops.triu(ops.matmul(transpose(ops.getitem(lu, (..., rest, every))), below))
    if lu.shape[-1] > count:
        right = solve(transpose(square), ops.getitem(g.lu, (..., every, rest)), upper=True, unitriangular=True)
        g_lower = g_lower - ops.tril(ops.matmul(right, transpose(ops.getitem(lu, (..., every, rest)))), k=-1)
    inner = ops.tril(ops.matmul(transpose(lower), g_lower), k=-1)
    inner = inner + ops.triu(ops.matmul(g_upper, transpose(ops.triu(square))))
    inner = transpose(solve(square, transpose(inner), upper=True, unitriangular=False))
    found = solve(transpose(square), inner, upper=True, unitriangular=True)
    if below is not None:
        found = ops.concat([found, below], axis=-2)
    if right is not None:
        found = ops.concat([found, right], axis=-1)
    back = ops.broadcast_to(as_columns(ops, ops.argsort(permutation, axis=-1)), found.shape)
    return ops.take_along_axis(found, back, axis=-2)


def _matrix_exp(ops: Any, g: Any, x: Any) -> Any:
    """Gradient of the matrix exponential: a block of that of a block matrix, by Najfeld and Havel (1995)."""
    size = x.shape[-1]
    turned = ops.matrix_transpose(x)
    blocks = [ops.concat([turned, g], axis=-1), ops.concat([ops.zeros_like(x), turned], axis=-1)]
    found = linalg(ops, "matrix_exp")(ops.concat(blocks, axis=-2))
    return ops.getitem(found, (..., slice(size), slice(size, None)))


rule("linalg.lu_factor", outputs=("lu", "pivots", "permutation"), x=_lu_factor)
rule("linalg.matrix_exp", x=_matrix_exp)
rule("linalg.solve_triangular", x1=_triangle, x2=_transposed_system)
no_gradient("linalg.permutation")
