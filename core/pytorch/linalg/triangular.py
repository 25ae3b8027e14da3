"""Triangular systems of linear equations."""

from __future__ import annotations

from typing import Any

import numpy

from ....autograd.rules.matrices import diagonal_of, embedded, linalg
from ...dispatch.operation import operation
from ...families.function import function
from ...memory.tensor import Tensor
from ...memory.views import array_of
from ...standard.linalg.checks import require_matrices
from ...standard.linalg.solving import SINGULAR, require_rows
from ...standard.linear_algebra import promoted
from ...standard.manipulation import matrix_transpose
from ...types.errors import LinAlgError

__all__ = ["solve_triangular"]

DIRECT = 32
"""The size up to which a triangular system is solved at once, and not by halves."""


@operation(name="solve_triangular", extension="linalg", accepts="floating-point", broadcasts=True, failure=SINGULAR)
def solve_triangle(ops: Any, x1: Any, x2: Any, *, upper: bool, unitriangular: bool) -> Any:
    """Solve triangular systems by halves."""
    if x1.shape[-1] <= DIRECT:
        return _solve_directly(ops, x1, x2, upper, unitriangular)
    half = x1.shape[-1] // 2
    halves = slice(None, half), slice(half, None)
    second, first = halves if upper else halves[::-1]

    def part(rows: slice, columns: slice, known: Any) -> Any:
        return linalg(ops, "solve_triangular")(
            ops.getitem(x1, (..., rows, columns)), known, upper=upper, unitriangular=unitriangular
        )

    found = part(first, first, ops.getitem(x2, (..., first, slice(None))))
    product = ops.matmul(ops.getitem(x1, (..., second, first)), found)
    rest = part(second, second, ops.getitem(x2, (..., second, slice(None))) - product)
    return ops.concat([rest, found] if upper else [found, rest], axis=-2)


def _solve_directly(ops: Any, x1: Any, x2: Any, upper: bool, unitriangular: bool) -> Any:
    """Solve triangular systems by `solve`, which exchanges no rows of upper triangles."""
    if not upper:
        x1, x2 = ops.flip(x1, axis=(-2, -1)), ops.flip(x2, axis=(-2,))
    triangle = ops.triu(x1, k=int(unitriangular))
    if unitriangular:
        triangle = triangle + embedded(ops, ops.ones_like(diagonal_of(ops, x1)))
    found = linalg(ops, "solve")(triangle, x2)
    return found if upper else ops.flip(found, axis=(-2,))


@function(name="linalg.solve_triangular", widens_half=True)
def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False, out: Tensor | None = None
) -> Tensor:
    """Solve the linear equations ``A X = B`` for each triangular matrix A.

    Parameters
    ----------
    A : Tensor, shape (..., M, M)
        Only the triangle is read.
    B : Tensor, shape (..., M, K), or (..., K, M) unless `left`
        The other axes broadcast with those of `A`.
    upper : bool
        Whether the upper triangle is read.
    left : bool, default: True
        Whether to solve ``A X = B``, or ``X A = B``.
    unitriangular : bool, default: False
        Whether the diagonal counts as ones, and is not read.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        Of the shape of `B`, broadcast.

    Raises
    ------
    LinAlgError
        If a matrix is singular.
    ShapeError
        If the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> A = tp.tensor([[2.0, 0.0], [1.0, 4.0]])
    >>> tp.linalg.solve_triangular(A, tp.tensor([[2.0], [9.0]]), upper=False)
    tensor([[1.],
            [2.]])
    """
    require_matrices("linalg.solve_triangular", A, square=True)
    require_matrices("linalg.solve_triangular", B)
    A, B = promoted(solve_triangle, A, B)
    if not left:
        A, B, upper = matrix_transpose(A), matrix_transpose(B), not upper
    require_rows("linalg.solve_triangular", A, B)
    if not unitriangular:
        ops, array = A._key.library.ops, array_of(A)
        diagonal = diagonal_of(ops, array)
        ops.inspect(_require_regular, ops.all(ops.not_equal(diagonal, ops.zeros_like(diagonal))))
    found: Tensor = solve_triangle(A, B, upper=bool(upper), unitriangular=bool(unitriangular))
    return found if left else matrix_transpose(found)


def _require_regular(is_regular: numpy.ndarray) -> None:
    if not is_regular.all():
        raise LinAlgError(f"linalg.solve_triangular: {SINGULAR}")
