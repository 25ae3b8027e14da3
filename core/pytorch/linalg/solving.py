"""Least squares, equations of tensors, and results with an error code in place of an exception."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy

from ...families.function import function
from ...memory.structure import reshape
from ...memory.tensor import Tensor
from ...memory.views import array_of, detach
from ...standard.creation import arange, empty, eye, full, zeros
from ...standard.data_types import finfo
from ...standard.elementwise import abs, greater, isfinite, less, sqrt, square
from ...standard.linalg import cholesky, eigvalsh, inv, matrix_rank, pinv, solve, svdvals
from ...standard.linalg.checks import require_matrices
from ...standard.linalg.parts import adjoint, diagonal
from ...standard.linalg.solving import is_vector, require_rows
from ...standard.linear_algebra import matmul, promoted
from ...standard.manipulation import expand_dims, moveaxis
from ...standard.searching import where
from ...standard.statistical import max as greatest
from ...standard.statistical import sum
from ...standard.utility import all
from ...types.axes import normalize_axes
from ...types.dtypes import int32, int64
from ...types.errors import LinAlgError, ShapeError
from .lu_decomposition import lu_factor_ex
from .triangular import solve_triangle

__all__ = ["cholesky_ex", "inv_ex", "lstsq", "solve_ex", "tensorinv", "tensorsolve"]

DRIVERS = (None, "gels", "gelsd", "gelss", "gelsy")
"""LAPACK's methods of least squares. Here they say which results are computed; the solution is that of `pinv`."""


class InverseResult(NamedTuple):
    """Inverses, and for each 0, or the number of the first zero on the diagonal of its LU decomposition."""

    inverse: Tensor
    info: Tensor


class SolveResult(NamedTuple):
    """Solutions, and for each 0, or the number of the first zero on the diagonal of the LU decomposition."""

    result: Tensor
    info: Tensor


class CholeskyResult(NamedTuple):
    """Cholesky factors, and for each 0, or the size of the first leading block that is not positive-definite."""

    L: Tensor
    info: Tensor


class LstsqResult(NamedTuple):
    """Least-squares solutions, squared residuals, ranks and singular values."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


@function(name="linalg.solve_ex")
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> SolveResult:
    """Solve the linear equations ``A X = B``; singular matrices are reported and not an error.

    Parameters
    ----------
    A : Tensor, shape (..., M, M)
    B : Tensor, shape (M,), (..., M) or (..., M, K)
        As for `solve` with PyTorch's rule: a batch of vectors if its shape is that of `A` without the last axis.
    left : bool, default: True
        Whether to solve ``A X = B``, or ``X A = B``.
    check_errors : bool, default: False
        Whether a singular matrix is an error.

    Returns
    -------
    SolveResult
        ``result``, without meaning for a singular matrix, and ``info`` of dtype int32 and shape (...).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.solve_ex(tp.zeros(2, 2), tp.ones(2)).info
    tensor(1, dtype=tensorplug.int32)
    """
    if is_vector(A, B, pytorch=True) and B.ndim > 1:
        found, info = solve_ex(A, expand_dims(B, axis=-1), left=left, check_errors=check_errors)
        return SolveResult(found[..., 0], info)
    try:
        return SolveResult(solve(A, B, left=left), _no_errors(A))
    except LinAlgError:
        if check_errors:
            raise
    A, info = _regular(A)
    return SolveResult(solve(A, B, left=left), info)


@function(name="linalg.inv_ex")
def inv_ex(A: Tensor, *, check_errors: bool = False) -> InverseResult:
    """The inverse of each matrix; singular ones are reported and not an error.

    Returns
    -------
    InverseResult
        ``inverse``, without meaning for a singular matrix, and ``info`` of dtype int32 and shape (...).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.inv_ex(tp.zeros(2, 2)).info
    tensor(1, dtype=tensorplug.int32)
    """
    try:
        return InverseResult(inv(A), _no_errors(A))
    except LinAlgError:
        if check_errors:
            raise
    A, info = _regular(A)
    return InverseResult(inv(A), info)


def _no_errors(x: Tensor) -> Tensor:
    return zeros(x.shape[:-2], dtype=int32, device=x.device)


def _regular(x: Tensor) -> tuple[Tensor, Tensor]:
    """Singular matrices replaced by the identity, and the number of the first zero pivot of each matrix, or 0."""
    info = lu_factor_ex(detach(x)).info
    identity = eye(x.shape[-1], dtype=x.dtype, device=x.device)
    return where(expand_dims(greater(info, 0), axis=(-2, -1)), identity, x), info


@function(name="linalg.cholesky_ex")
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> CholeskyResult:
    """Cholesky decomposition of each matrix; those that are not positive-definite are reported and not an error.

    Parameters
    ----------
    A : Tensor, shape (..., M, M)
    upper : bool, default: False
        As for `cholesky`.
    check_errors : bool, default: False
        Whether a matrix that is not positive-definite is an error.

    Returns
    -------
    CholeskyResult
        ``L``, without meaning where there is none, and ``info`` of dtype int32 and shape (...).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.cholesky_ex(tp.tensor([[1.0, 0.0], [0.0, -1.0]])).info
    tensor(2, dtype=tensorplug.int32)
    """
    try:
        return CholeskyResult(cholesky(A, upper=upper), _no_errors(A))
    except LinAlgError:
        if check_errors:
            raise
    info = _order_of_indefinite_block(adjoint(detach(A)) if upper else detach(A))
    identity = eye(A.shape[-1], dtype=A.dtype, device=A.device)
    definite = where(expand_dims(greater(info, 0), axis=(-2, -1)), identity, A)
    return CholeskyResult(cholesky(definite, upper=upper), info)


def _positive(x: Tensor) -> Tensor:
    """The elements, and ones in place of zeros."""
    return where(greater(x, 0), x, 1.0)


def _order_of_indefinite_block(x: Tensor) -> Tensor:
    """The size of the first leading block that is not positive-definite, or 0, by bisection with eigenvalues."""
    size = x.shape[-1]
    identity = eye(size, dtype=x.dtype, device=x.device)
    x = where(all(isfinite(x), axis=(-2, -1), keepdims=True), x, -identity)
    # Scaled to a diagonal of ones, which keeps small pivots apart from rounding errors of large ones.
    root = _positive(sqrt(abs(diagonal(x))))
    x = x / (expand_dims(root, axis=-1) * expand_dims(root, axis=-2))
    positions = arange(size, device=x.device)

    def is_definite(order: Tensor) -> Tensor:
        inside = less(positions, expand_dims(order, axis=-1))
        inside = expand_dims(inside, axis=-1) & expand_dims(inside, axis=-2)
        scale = _positive(greatest(abs(where(inside, x, 0.0)), axis=(-2, -1), keepdims=True))
        block = where(inside, x, identity * scale)
        return greater(eigvalsh(block)[..., 0], scale[..., 0, 0] * (size * finfo(x.dtype).eps))

    low, high = _no_errors(x), full(x.shape[:-2], size, dtype=int32, device=x.device)
    whole = is_definite(high)
    for _ in range(size.bit_length()):
        middle = (low + high) // 2
        definite = is_definite(middle)
        low, high = where(definite, middle, low), where(definite, high, middle)
    return where(whole, 0, high)


@function(name="linalg.lstsq", widens_half=True)
def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None) -> LstsqResult:
    """The least-squares solutions of ``A X = B``, those of least norm, by the pseudoinverse.

    Parameters
    ----------
    A : Tensor, shape (..., M, N)
    B : Tensor, shape (..., M, K), (M,) or (..., M)
        A batch of vectors if its shape is that of `A` without the last axis.
    rcond : float or Tensor, optional
        Singular values of at most this times the largest count as zero; ``max(M, N)`` times the dtype's eps by default.
    driver : {None, "gels", "gelsy", "gelsd", "gelss"}
        Which results there are, as in PyTorch; the solutions are the same.

    Returns
    -------
    LstsqResult
        ``solution`` of shape (..., N, K) or (..., N); ``residuals``, the sums of squared residuals of shape (..., K),
        for "gels", "gelsd" and "gelss", if ``M > N`` and all matrices have rank N; ``rank`` of shape (...), but for
        "gels"; ``singular_values`` for "gelsd" and "gelss". What there is not has shape (0,).

    Raises
    ------
    ValueError
        For another driver.
    ShapeError
        If the shapes don't fit.
    LinAlgError
        If a matrix contains NaN or infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.lstsq(tp.tensor([[1.0], [1.0]]), tp.tensor([[1.0], [3.0]])).solution.round(decimals=4)
    tensor([[2.]])
    """
    require_matrices("linalg.lstsq", A)
    if driver not in DRIVERS:
        raise ValueError(f"linalg.lstsq: got driver {driver!r}, wanted one of {', '.join(map(repr, DRIVERS))}")
    A, B = promoted(solve_triangle, A, B, "linalg.lstsq")
    vectors = is_vector(A, B, pytorch=True)
    columns = expand_dims(B, axis=-1) if vectors else B
    require_rows("linalg.lstsq", A, columns)
    solution = matmul(pinv(A, rtol=rcond), columns)
    # Recorded, as in PyTorch.
    nothing = reshape(abs(solution), (solution.size,))[:0]
    values = svdvals(detach(A)) if driver in ("gelsd", "gelss") else detach(nothing)
    rank = empty((0,), dtype=int64, device=A.device) if driver == "gels" else matrix_rank(detach(A), rtol=rcond)
    residuals = nothing
    if A.shape[-2] > A.shape[-1] and driver not in (None, "gelsy") and _is_full(rank, A.shape[-1]):
        residuals = sum(square(abs(matmul(A, solution) - columns)), axis=-2)
    return LstsqResult(solution[..., 0] if vectors else solution, residuals, rank, values)


def _is_full(rank: Tensor, count: int) -> bool:
    """Whether all matrices have the rank `count`, as far as that is known."""
    return bool(rank._key.library.ops.known(_are_all, False, array_of(rank), count=count))


def _are_all(ranks: numpy.ndarray, count: int) -> bool:
    return bool((ranks == count).all())


@function(name="linalg.tensorinv")
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse for `tensordot`: that of the matrix whose rows are the first `ind` axes.

    Parameters
    ----------
    A : Tensor
        The product of the first `ind` lengths must be that of the others.
    ind : int, default: 2

    Returns
    -------
    Tensor, shape ``A.shape[ind:] + A.shape[:ind]``

    Raises
    ------
    ShapeError
        If `ind` is not positive, or the lengths don't fit.
    LinAlgError
        If the matrix is singular.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.tensorinv(tp.eye(6).reshape(2, 3, 6), ind=2).shape
    (6, 2, 3)
    """
    rows, columns = A.shape[:ind], A.shape[ind:]
    if ind < 1 or math.prod(rows) != math.prod(columns):
        raise ShapeError(f"linalg.tensorinv: got shape {A.shape} and ind={ind}, wanted as many rows as columns")
    return reshape(inv(reshape(A, (math.prod(rows), math.prod(columns)))), columns + rows)


@function(name="linalg.tensorsolve")
def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """Solve ``tensordot(A, X, X.ndim) = B``.

    Parameters
    ----------
    A : Tensor
        Of shape ``B.shape + X.shape``, the two with equally many elements.
    B : Tensor
    dims : sequence of int, optional
        Axes of `A` that are moved to the end first.

    Returns
    -------
    Tensor
        X.

    Raises
    ------
    ShapeError
        If the shapes don't fit.
    LinAlgError
        If the matrix is singular.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.tensorsolve(tp.eye(6).reshape(2, 3, 6), tp.ones(2, 3)).shape
    (6,)
    """
    if dims is not None:
        axes = normalize_axes("linalg.tensorsolve", dims, A.ndim) or ()
        A = moveaxis(A, axes, tuple(range(-len(axes), 0)))
    shape = A.shape[B.ndim :]
    if math.prod(shape) != B.size or A.size != B.size**2:
        raise ShapeError(f"linalg.tensorsolve: shapes {A.shape} and {B.shape} don't fit: wanted B.shape + X.shape")
    return reshape(solve(reshape(A, (B.size, B.size)), reshape(B, (B.size,))), shape)
