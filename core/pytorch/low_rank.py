"""Singular value decompositions of low rank, by random projections, as in PyTorch."""

from __future__ import annotations

import builtins
from typing import Any

from ..families.function import function
from ..memory.structure import broadcast_to
from ..memory.tensor import Tensor
from ..random.generator import randn
from ..standard.linalg import qr, svd
from ..standard.linalg.checks import require_matrices
from ..standard.linalg.parts import adjoint
from ..standard.linear_algebra import matmul
from ..standard.statistical import mean
from ..types.axes import as_integer
from ..types.errors import ArgumentError
from .decompositions import SVDResult

__all__ = ["pca_lowrank", "svd_lowrank"]

MOST_ITERATIONS = 1000
"""Power iterations, of which a few suffice."""


def _decompose(A: Tensor, q: int, niter: int) -> SVDResult:
    """Halko, Martinsson and Tropp, "Finding structure with randomness", 2011, algorithms 4.4 and 5.1."""
    rows, columns = A.shape[-2:]
    if rows < columns:
        u, s, v = _decompose(adjoint(A), q, niter)
        return SVDResult(v, s, u)
    basis = qr(matmul(A, randn(columns, q, dtype=A.dtype, device=A.device))).Q
    for _ in builtins.range(niter):
        basis = qr(matmul(adjoint(A), basis)).Q
        basis = qr(matmul(A, basis)).Q
    u, s, vh = svd(matmul(adjoint(basis), A), full_matrices=False)
    return SVDResult(matmul(basis, u), s, adjoint(vh))


def _checked(operation: str, A: Tensor, q: Any, niter: Any) -> tuple[int, int]:
    require_matrices(operation, A)
    q, niter = as_integer(operation, "q", q), as_integer(operation, "niter", niter)
    most = builtins.min(A.shape[-2:])
    if not (0 <= q <= most and 0 <= niter <= MOST_ITERATIONS):
        wanted = f"0 to {most}, and 0 to {MOST_ITERATIONS}"
        raise ArgumentError(f"{operation}: got q {q} and niter {niter}, wanted {wanted}")
    return q, niter


@function(accepts="floating-point", widens_half=True)
def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> SVDResult:
    """The greatest singular values of each matrix and their vectors, by a random projection.

    Parameters
    ----------
    A : Tensor, shape (..., M, N)
    q : int, default: 6
        How many, somewhat more than are wanted, as the last ones are not accurate.
    niter : int, default: 2
        The number of power iterations, which make the results more accurate.
    M : Tensor, optional
        A matrix that is subtracted before.

    Returns
    -------
    SVDResult
        ``U``, ``S`` and ``V``, of which ``U diag(S) V^H`` is close to ``A - M``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.svd_lowrank(tp.diag(tp.tensor([3.0, 2.0, 0.0])), q=2).S.round(decimals=3)
    tensor([3., 2.])
    """
    q, niter = _checked("svd_lowrank", A, 6 if q is None else q, 2 if niter is None else niter)
    return _decompose(A if M is None else A - broadcast_to(M, A.shape), q, niter)


@function(accepts="floating-point", widens_half=True)
def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> SVDResult:
    """The principal components of data, whose rows are samples and whose columns are features.

    Parameters
    ----------
    A : Tensor, shape (..., M, N)
    q : int, optional
        How many, by default ``min(6, M, N)``.
    center : bool, default: True
        Whether the mean of each column is subtracted before.
    niter : int, default: 2
        That of `svd_lowrank`.

    Returns
    -------
    SVDResult
        The columns of ``V`` are the directions, and ``S**2 / (M - 1)`` the variances along them.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.pca_lowrank(tp.tensor([[1.0, 1.0], [3.0, 3.0], [5.0, 5.0]]), q=1).S.round(decimals=3)
    tensor([4.])
    """
    least = builtins.min(6, *A.shape[-2:]) if q is None and A.ndim > 1 else q
    q, niter = _checked("pca_lowrank", A, least or 0, niter)
    return _decompose(A - mean(A, axis=-2, keepdims=True) if center else A, q, niter)
