"""Decompositions of matrices.

A matrix without the result that is asked for is a `LinAlgError` on every backend.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy

from ....autograd.modes import is_grad_enabled
from ...dispatch.operation import operation, same_shape
from ...dispatch.registry import method
from ...families.function import function
from ...memory.tensor import Tensor
from ...memory.views import array_of
from ...types.errors import LinAlgError
from .checks import require_matrices
from .parts import adjoint

__all__ = ["cholesky", "eig", "eigh", "eigvals", "eigvalsh", "qr", "svd", "svdvals"]

NOT_CONVERGED = "the algorithm did not converge"
_INDEFINITE = "the matrix is not positive-definite"


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as the columns of a matrix."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    """The orthonormal and the upper triangular factor."""

    Q: Tensor
    R: Tensor


class SVDResult(NamedTuple):
    """The left singular vectors, the singular values, and the adjoint of the right singular vectors."""

    U: Tensor
    S: Tensor
    Vh: Tensor


@operation(extension="linalg", accepts="floating-point", failure=_INDEFINITE, shape=same_shape)
def _cholesky(x: Any) -> Any:
    """The Cholesky factor of each positive-definite matrix."""


@operation(
    extension="linalg",
    accepts="floating-point",
    outputs={"eigenvalues": "complex", "eigenvectors": "complex"},
    failure=NOT_CONVERGED,
)
def _eig(x: Any) -> Any:
    """The eigenvalues and eigenvectors of each matrix."""


@operation(
    extension="linalg",
    accepts="floating-point",
    outputs={"eigenvalues": "real", "eigenvectors": "same"},
    failure=NOT_CONVERGED,
)
def _eigh(x: Any) -> Any:
    """The eigenvalues and eigenvectors of each Hermitian matrix."""


@operation(extension="linalg", accepts="floating-point", result="complex", failure=NOT_CONVERGED)
def _eigvals(x: Any) -> Any:
    """The eigenvalues of each matrix."""


@operation(extension="linalg", accepts="floating-point", result="real", failure=NOT_CONVERGED)
def _eigvalsh(x: Any) -> Any:
    """The eigenvalues of each Hermitian matrix."""


@operation(extension="linalg", accepts="floating-point", outputs={"q": "same", "r": "same"})
def _qr(x: Any, *, mode: str) -> Any:
    """The orthonormal and the upper triangular factor of each matrix."""


@operation(
    extension="linalg",
    accepts="floating-point",
    outputs={"u": "same", "s": "real", "vh": "same"},
    failure=NOT_CONVERGED,
)
def _svd(x: Any, *, full_matrices: bool) -> Any:
    """The singular value decomposition of each matrix."""


@operation(name="svdvals", extension="linalg", accepts="floating-point", result="real", failure=NOT_CONVERGED)
def singular_values(x: Any) -> Any:
    """The singular values of each matrix."""


def _recorded(x: Tensor) -> bool:
    """Whether to compute the whole decomposition, which is differentiable, for the values."""
    return x._node is not None and is_grad_enabled()


@function(name="linalg.cholesky", widens_half=True)
def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """Cholesky decomposition of each matrix: ``x = L L^H`` with L lower triangular, of positive diagonal.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)
        Hermitian positive-definite matrices; only the lower triangle is read.
    upper : bool, default: False
        Whether the upper triangle is read, and U with ``x = U^H U`` returned.

    Returns
    -------
    Tensor, shape (..., M, M)

    Raises
    ------
    LinAlgError
        If a matrix is not positive-definite.

    Notes
    -----
    The gradient is the Hermitian one, as in PyTorch (Murray, "Differentiation of the Cholesky decomposition", 2016).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.cholesky(tp.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    require_matrices("linalg.cholesky", x, square=True)
    found: Tensor = _cholesky(adjoint(x) if upper else x)
    ops = x._key.library.ops
    ops.inspect(_require_definite, ops.any(ops.isnan(array_of(found))))
    return adjoint(found) if upper else found


def _require_definite(has_nan: numpy.ndarray) -> None:
    """Raise if the factor has NaN, which not every LAPACK reports."""
    if has_nan.any():
        raise LinAlgError(f"linalg.cholesky: {_INDEFINITE}")


@method("cholesky")
def cholesky_method(x: Tensor, upper: bool = False) -> Tensor:
    """The Cholesky factor of each matrix, as in PyTorch."""
    return cholesky(x, upper=upper)


@function(name="linalg.eig", widens_half=True, keywords=("A",))
def eig(x: Tensor, /) -> EigResult:
    """Eigenvalues and eigenvectors of each matrix, complex, in no defined order.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    EigResult
        ``eigenvalues`` of shape (..., M), ``eigenvectors`` of shape (..., M, M), whose columns have norm 1 and are
        determined up to a phase.

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Notes
    -----
    The gradient (Boeddeker et al., "On the computation of complex-valued gradients", 2017) is one of losses that do not
    depend on the phases; an error if one does. That of eigenvectors is not finite where two eigenvalues are equal.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.eig(tp.tensor([[0.0, 2.0], [2.0, 0.0]])).eigenvalues
    tensor([ 2.+0.j, -2.+0.j], dtype=tensorplug.complex64)
    """
    require_matrices("linalg.eig", x, square=True, finite=True)
    return EigResult(*_eig(x))


@function(name="linalg.eigh", widens_half=True, keywords=("A",))
def eigh(x: Tensor, /, UPLO: str = "L") -> EigResult:
    """Eigenvalues, ascending, and orthonormal eigenvectors of each Hermitian matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)
    UPLO : {"L", "U"}, default: "L"
        Whether the lower or the upper triangle is read, PyTorch's parameter.

    Returns
    -------
    EigResult
        ``eigenvalues`` of shape (..., M), real; ``eigenvectors`` of shape (..., M, M), whose columns are determined
        up to a sign or phase.

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Notes
    -----
    The gradient, which is Hermitian (Giles, "Collected matrix derivative results for forward and reverse mode
    algorithmic differentiation", 2008), is one of losses that do not depend on the phases; an error if one does. That
    of eigenvectors is not finite where two eigenvalues are equal, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.eigh(tp.tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    tensor([1., 3.])
    """
    require_matrices("linalg.eigh", x, square=True, finite=True)
    return EigResult(*_eigh(_with_lower("linalg.eigh", x, UPLO)))


def _with_lower(operation: str, x: Tensor, triangle: str) -> Tensor:
    """Hermitian matrices, of which one triangle is given, with this as the lower one."""
    if triangle not in ("L", "U", "l", "u"):
        raise ValueError(f"{operation}: got UPLO {triangle!r}, wanted 'L' or 'U'")
    return adjoint(x) if triangle in ("U", "u") else x


@function(name="linalg.eigvals", widens_half=True, keywords=("A",))
def eigvals(x: Tensor, /) -> Tensor:
    """The eigenvalues of each matrix, complex, in no defined order.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    Tensor, shape (..., M)

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.eigvals(tp.tensor([[0.0, 2.0], [2.0, 0.0]]))
    tensor([ 2.+0.j, -2.+0.j], dtype=tensorplug.complex64)
    """
    require_matrices("linalg.eigvals", x, square=True, finite=True)
    values: Tensor = _eig(x)[0] if _recorded(x) else _eigvals(x)
    return values


@function(name="linalg.eigvalsh", widens_half=True, keywords=("A",))
def eigvalsh(x: Tensor, /, UPLO: str = "L") -> Tensor:
    """The eigenvalues of each Hermitian matrix, real and ascending.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)
    UPLO : {"L", "U"}, default: "L"
        Whether the lower or the upper triangle is read, PyTorch's parameter.

    Returns
    -------
    Tensor, shape (..., M)

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.eigvalsh(tp.tensor([[2.0, 1.0], [1.0, 2.0]]))
    tensor([1., 3.])
    """
    require_matrices("linalg.eigvalsh", x, square=True, finite=True)
    x = _with_lower("linalg.eigvalsh", x, UPLO)
    values: Tensor = _eigh(x)[0] if _recorded(x) else _eigvalsh(x)
    return values


@function(name="linalg.qr", widens_half=True, keywords=("A",))
def qr(x: Tensor, /, mode: str = "reduced") -> QRResult:
    """QR decomposition of each matrix: ``x = Q R`` with orthonormal columns of Q and upper triangular R.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    mode : {"reduced", "complete"}, default: "reduced"
        Whether Q has K = min(M, N) columns, or M.

    Returns
    -------
    QRResult
        ``Q`` of shape (..., M, K) and ``R`` of shape (..., K, N), or (..., M, M) and (..., M, N). The diagonal of R is
        real, and determined up to signs.

    Raises
    ------
    ValueError
        For another mode.

    Notes
    -----
    The gradient (Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2012) wants the first
    K columns to be independent, and does not exist of ``"complete"`` factors of a matrix with more rows than columns.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.abs(tp.linalg.qr(tp.tensor([[3.0], [4.0]])).R)
    tensor([[5.]])
    """
    require_matrices("linalg.qr", x)
    if mode not in ("reduced", "complete"):
        raise ValueError(f"linalg.qr: got mode {mode!r}, wanted 'reduced' or 'complete'")
    return QRResult(*_qr(x, mode=mode))


@function(name="linalg.svd", widens_half=True, keywords=("A",))
def svd(x: Tensor, /, full_matrices: bool = True) -> SVDResult:
    """The singular value decomposition of each matrix: ``x = U diag(S) Vh``.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    full_matrices : bool, default: True
        Whether U and Vh are square, or have K = min(M, N) columns and rows.

    Returns
    -------
    SVDResult
        ``U`` of shape (..., M, M) or (..., M, K) with orthonormal columns, ``S`` of shape (..., K), real and
        descending, ``Vh`` of shape (..., N, N) or (..., K, N) with orthonormal rows. Pairs of singular vectors are
        determined up to a sign or phase.

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Notes
    -----
    The gradient (Townsend, "Differentiating the singular value decomposition", 2016; Wan and Zhang, 2019, for complex
    numbers) is one of losses that do not depend on the phases, nor on the columns of U and rows of Vh beyond K; an
    error if one does. That of singular vectors is not finite where two singular values are equal, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.svd(tp.tensor([[0.0, 3.0], [2.0, 0.0]])).S
    tensor([3., 2.])
    """
    require_matrices("linalg.svd", x, finite=True)
    return SVDResult(*_svd(x, full_matrices=bool(full_matrices)))


@function(name="linalg.svdvals", widens_half=True, keywords=("A",))
def svdvals(x: Tensor, /) -> Tensor:
    """The singular values of each matrix, descending.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)

    Returns
    -------
    Tensor, shape (..., min(M, N))
        Real.

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.svdvals(tp.tensor([[0.0, 3.0], [2.0, 0.0]]))
    tensor([3., 2.])
    """
    require_matrices("linalg.svdvals", x, finite=True)
    values: Tensor = _svd(x, full_matrices=False)[1] if _recorded(x) else singular_values(x)
    return values
