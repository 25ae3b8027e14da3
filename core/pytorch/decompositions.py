"""PyTorch's older forms of linear algebra, with other names, arguments and results than those of ``linalg``."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..families.function import function
from ..memory.structure import broadcast_to, clone
from ..memory.tensor import Tensor
from ..standard import linalg as standard
from ..standard.creation import empty, eye, zeros
from ..standard.elementwise import equal, log
from ..standard.linalg.checks import require_matrices
from ..standard.linalg.decompositions import QRResult
from ..standard.linalg.parts import adjoint
from ..standard.manipulation import matrix_transpose
from ..standard.searching import where
from . import linalg
from .linalg.lu_decomposition import LUResult, order_of, permutation_matrix, triangles

__all__ = [
    "cholesky_inverse",
    "cholesky_solve",
    "logdet",
    "lu",
    "lu_solve",
    "lu_unpack",
    "qr",
    "svd",
    "triangular_solve",
]


class SVDResult(NamedTuple):
    """The left singular vectors, the singular values, and the right singular vectors as columns."""

    U: Tensor
    S: Tensor
    V: Tensor


class TriangularSolveResult(NamedTuple):
    """The solutions, and the triangular matrices."""

    solution: Tensor
    cloned_coefficient: Tensor


@function(methods=("svd",), widens_half=True)
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> SVDResult:
    """The singular value decomposition of each matrix: ``input = U diag(S) V^H``.

    Parameters
    ----------
    input : Tensor, shape (..., M, N)
    some : bool, default: True
        Whether U and V have K = min(M, N) columns, or are square.
    compute_uv : bool, default: True
        Whether U and V are computed; if not, they are zeros.

    Returns
    -------
    SVDResult
        `linalg.svd` returns ``Vh``, the adjoint of V, in its place.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.svd(tp.tensor([[0.0, 3.0], [2.0, 0.0]])).S
    tensor([3., 2.])
    """
    if compute_uv:
        u, s, vh = standard.svd(input, full_matrices=not some)
        return SVDResult(u, s, adjoint(vh))
    s = standard.svdvals(input)
    u, v = (zeros((*s.shape[:-1], n, n), dtype=input.dtype, device=input.device) for n in input.shape[-2:])
    return SVDResult(u, s, v)


@function(methods=("qr",), widens_half=True)
def qr(input: Tensor, some: bool = True) -> QRResult:
    """QR decomposition of each matrix: `linalg.qr`, with mode "reduced" if `some`, else "complete".

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.abs(tp.qr(tp.tensor([[3.0], [4.0]])).R)
    tensor([[5.]])
    """
    return standard.qr(input, mode="reduced" if some else "complete")


@function(methods=("logdet",), widens_half=True)
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant of each matrix: NaN for a negative one, -inf for a singular matrix.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logdet(tp.eye(2))
    tensor(0.)
    """
    sign, logabsdet = standard.slogdet(input)
    if input.dtype.kind == "c":
        return log(sign) + logabsdet
    return where(equal(sign, -1), math.nan, logabsdet)


@function(methods=("cholesky_solve",), widens_half=True)
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Solve the linear equations ``A X = B`` with the Cholesky factor of each matrix.

    Parameters
    ----------
    B : Tensor, shape (..., M, K)
    L : Tensor, shape (..., M, M)
        The factor: ``A = L L^H``. The other axes broadcast with those of `B`.
    upper : bool, default: False
        Whether the factor is the upper one, ``A = L^H L``.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor, shape (..., M, K)

    Raises
    ------
    ShapeError
        If the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cholesky_solve(tp.tensor([[4.0]]), tp.tensor([[2.0]]))
    tensor([[1.]])
    """
    half = linalg.solve_triangular(adjoint(L) if upper else L, B, upper=False)
    return linalg.solve_triangular(L if upper else adjoint(L), half, upper=True)


@function(methods=("cholesky_inverse",), widens_half=True)
def cholesky_inverse(L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of each positive-definite matrix, given its Cholesky factor as for `cholesky_solve`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cholesky_inverse(tp.tensor([[2.0]]))
    tensor([[0.2500]])
    """
    require_matrices("cholesky_inverse", L, square=True)
    return cholesky_solve(eye(L.shape[-1], dtype=L.dtype, device=L.device), L, upper)


@function(methods=("triangular_solve",), widens_half=True)
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolveResult:
    """Solve the linear equations ``A X = b`` for each triangular matrix A, or its transpose.

    Returns
    -------
    TriangularSolveResult
        ``solution`` as of `linalg.solve_triangular`, and ``cloned_coefficient``, a copy of `A`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.triangular_solve(tp.tensor([[2.0]]), tp.tensor([[4.0]])).solution
    tensor([[0.5000]])
    """
    triangle, is_upper = (matrix_transpose(A), not upper) if transpose else (A, upper)
    solution = linalg.solve_triangular(triangle, b, upper=is_upper, unitriangular=unitriangular)
    return TriangularSolveResult(solution, clone(broadcast_to(A, (*solution.shape[:-2], *A.shape[-2:]))))


@function(methods=("lu",))
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """LU decomposition of each matrix in compact form: `linalg.lu_factor`, or `linalg.lu_factor_ex` if `get_infos`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.lu(tp.tensor([[2.0]])).pivots
    tensor([1], dtype=tensorplug.int32)
    """
    return linalg.lu_factor_ex(A, pivot=pivot) if get_infos else linalg.lu_factor(A, pivot=pivot)


@function(methods=("lu_solve",))
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Solve linear equations with the LU decomposition of each matrix: `linalg.lu_solve`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.lu_solve(tp.tensor([[4.0]]), *tp.linalg.lu_factor(tp.tensor([[2.0]])))
    tensor([[2.]])
    """
    return linalg.lu_solve(LU_data, LU_pivots, b)


@function(widens_half=True)
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> LUResult:
    """The matrices P, L and U of a compact LU decomposition.

    Parameters
    ----------
    LU_data : Tensor, shape (..., M, N)
    LU_pivots : Tensor, shape (..., min(M, N)), dtype int32
        Both as `linalg.lu_factor` returns them.
    unpack_data : bool, default: True
        Whether L and U are wanted; if not, they have shape (0,).
    unpack_pivots : bool, default: True
        Whether P is wanted; if not, it has shape (0,).

    Returns
    -------
    LUResult
        As of `linalg.lu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.lu_unpack(*tp.linalg.lu_factor(tp.tensor([[0.0, 1.0], [2.0, 4.0]]))).P
    tensor([[0., 1.],
            [1., 0.]])
    """
    order = order_of("lu_unpack", LU_data, LU_pivots)
    nothing = empty((0,), dtype=LU_data.dtype, device=LU_data.device)
    lower, upper = triangles(LU_data) if unpack_data else (nothing, nothing)
    return LUResult(permutation_matrix(order, LU_data) if unpack_pivots else nothing, lower, upper)
