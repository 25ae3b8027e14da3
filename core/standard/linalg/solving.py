"""Linear equations, inverses, and the rank of matrices.

A matrix without the result that is asked for is a `LinAlgError` on every backend.
"""

from __future__ import annotations

from typing import Any

import numpy

from ....autograd.rules.matrices import adjoint_of, as_columns, as_rows
from ...dispatch.operation import operation, same_shape
from ...families.function import function, in_float32
from ...memory.structure import cast
from ...memory.tensor import Tensor
from ...memory.views import array_of, detach
from ...types.axes import as_float
from ...types.dtypes import real_dtype
from ...types.errors import DTypeError, ShapeError
from ..creation import full_like
from ..elementwise import abs, greater, logical_and, maximum
from ..linear_algebra import promoted
from ..manipulation import expand_dims, matrix_transpose, squeeze, tril
from ..searching import where
from ..statistical import max as greatest
from ..statistical import sum
from .checks import require_floating, require_matrices
from .decompositions import NOT_CONVERGED, eigvalsh, singular_values
from .parts import adjoint

__all__ = ["inv", "matrix_rank", "pinv", "solve"]

SINGULAR = "the matrix is singular"


@operation(extension="linalg", accepts="floating-point", failure=SINGULAR, shape=same_shape)
def _inv(x: Any) -> Any:
    """The inverse of each matrix."""


@operation(extension="linalg", accepts="floating-point", broadcasts=True, failure=SINGULAR)
def _solve(x1: Any, x2: Any) -> Any:
    """Solve the linear equations ``x1 X = x2`` for each matrix."""


@operation(extension="linalg", accepts="floating-point", failure=NOT_CONVERGED)
def _pinv(ops: Any, x: Any, *, rtol: Any) -> Any:
    """The pseudoinverse of each matrix, by its singular value decomposition."""
    u, s, vh = getattr(ops, "linalg.svd")(x, full_matrices=False)
    kept = _significant(ops, s, rtol)
    inverse = ops.where(kept, 1.0 / ops.where(kept, s, ops.ones_like(s)), ops.zeros_like(s))
    return ops.matmul(adjoint_of(ops, vh) * as_rows(ops, inverse), adjoint_of(ops, u))


def _significant(ops: Any, s: Any, rtol: Any) -> Any:
    """Whether each singular value exceeds the tolerance times the largest."""
    if not s.shape[-1]:
        return ops.greater(s, s)
    rtol = as_columns(ops, rtol) if hasattr(rtol, "shape") else rtol
    return ops.greater(s, ops.max(s, axis=-1, keepdims=True) * rtol)


@function(name="linalg.inv", methods=("inverse",), widens_half=True)
def inv(x: Tensor, /) -> Tensor:
    """The inverse of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    Tensor, shape (..., M, M)

    Raises
    ------
    LinAlgError
        If a matrix is singular.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.inv(tp.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    require_matrices("linalg.inv", x, square=True)
    found: Tensor = _inv(x)
    return found


@function(name="linalg.solve", keywords=("A", "B"))
def solve(x1: Tensor, x2: Tensor, /, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """Solve the linear equations ``x1 X = x2`` for each matrix.

    Parameters
    ----------
    x1 : Tensor, shape (..., M, M)
    x2 : Tensor, shape (M,) or (..., M, K)
        A vector for all matrices, or matrices, whose other axes broadcast with those of `x1`. What fits neither may be
        a batch of vectors of shape ``x1.shape[:-1]``, as in PyTorch.
    left : bool, default: True
        Whether to solve ``x1 X = x2``, or ``X x1 = x2`` for matrices, as in PyTorch.
    out : Tensor, optional
        The tensor that the result is written into, as in PyTorch.

    Returns
    -------
    Tensor, shape (..., M) or (..., M, K)

    Raises
    ------
    LinAlgError
        If a matrix is singular.
    ShapeError
        If the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.solve(tp.tensor([[2.0, 0.0], [0.0, 4.0]]), tp.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    require_floating("linalg.solve", x1)
    require_floating("linalg.solve", x2)
    require_matrices("linalg.solve", x1, square=True)
    x1, x2 = promoted(_solve, x1, x2)
    if not left:
        return matrix_transpose(solve(matrix_transpose(x1), matrix_transpose(x2)))
    if x2.ndim > 1 and is_vector(x1, x2):
        return solve(x1, expand_dims(x2, axis=-1))[..., 0]
    require_rows("linalg.solve", x1, x2)
    found: Tensor = in_float32(_solve, x1, x2) if x1._key.is_half else _solve(x1, x2)
    return found


def is_vector(x1: Tensor, x2: Tensor, pytorch: bool = False) -> bool:
    """Whether a right-hand side is a vector, or a batch of vectors of shape ``x1.shape[:-1]``.

    What may be matrices for the standard is not a batch of vectors, but for PyTorch it is.
    """
    return x2.ndim == 1 or (x2.shape == x1.shape[:-1] and (pytorch or not _fits(x1, x2)))


def _fits(x1: Tensor, x2: Tensor) -> bool:
    """Whether a right-hand side has the rows of matrices, and axes before them that broadcast with theirs."""
    rows = x2.shape[-2:-1] if x2.ndim > 1 else x2.shape
    batches = zip(reversed(x1.shape[:-2]), reversed(x2.shape[:-2]), strict=False)
    return rows == x1.shape[-2:-1] and all(n == m or 1 in (n, m) for n, m in batches)


def require_rows(operation: str, x1: Tensor, x2: Tensor) -> None:
    """Raise ShapeError unless a right-hand side has the rows of matrices, and axes before them that broadcast."""
    if not _fits(x1, x2):
        raise ShapeError(
            f"{operation}: shapes {x1.shape} and {x2.shape} don't fit: the second must be ({x1.shape[-2]},) or "
            f"(..., {x1.shape[-2]}, K), with axes before those that broadcast"
        )


@function(name="linalg.pinv", methods=("pinverse",), widens_half=True)
def pinv(x: Tensor, /, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The Moore-Penrose pseudoinverse of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    rcond, atol, rtol : float or Tensor of shape (...), optional
        Singular values of at most `atol`, or `rtol` times the largest, count as zero. `rcond` is another name of
        `rtol`. By default `rtol` is ``max(M, N)`` times the dtype's eps, and 0 beside a positive `atol`. The standard
        has `rtol` alone.
    hermitian : bool, default: False
        Whether the matrices are Hermitian, of which the lower triangle is read.

    Returns
    -------
    Tensor, shape (..., N, M)

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Notes
    -----
    The gradient is that at constant rank (Golub and Pereyra, 1973).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.pinv(tp.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    require_matrices("linalg.pinv", x, square=hermitian, finite=True)
    if hermitian:
        x = tril(x) + adjoint(tril(x, -1))
    relative, absolute = _tolerances("linalg.pinv", x, rcond if rtol is None else rtol, atol)
    if atol is not None and 0 not in x.shape[-2:]:
        largest = greatest(singular_values(detach(x)), axis=-1, keepdims=True)
        relative = maximum(absolute / largest, relative)
    return _pinv(x, rtol=array_of(squeeze(relative, axis=-1)) if isinstance(relative, Tensor) else relative)


@function(name="linalg.matrix_rank", widens_half=True, keywords=("A",))
def matrix_rank(
    x: Tensor, /, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    """The rank of each matrix: the number of singular values that exceed a tolerance.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    tol, atol, rtol : float or Tensor of shape (...), optional
        Values of at most `atol`, or `rtol` times the largest, don't count. `tol` is another name of `atol`. By default
        `rtol` is ``max(M, N)`` times the dtype's eps, and 0 beside a positive `atol`. The standard has `rtol` alone.
    hermitian : bool, default: False
        Whether the matrices are Hermitian, of which the lower triangle is read.

    Returns
    -------
    Tensor, shape (...), dtype int64

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.matrix_rank(tp.tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    require_matrices("linalg.matrix_rank", x, square=hermitian, finite=True)
    x = detach(x)
    s = abs(eigvalsh(x)) if hermitian else singular_values(x)
    if not s.shape[-1]:
        return sum(greater(s, s), axis=-1, dtype="int64")
    relative, absolute = _tolerances("linalg.matrix_rank", x, rtol, tol if atol is None else atol)
    exceeds = greater(s, greatest(s, axis=-1, keepdims=True) * relative)
    rank: Tensor = sum(logical_and(exceeds, greater(s, absolute)), axis=-1, dtype="int64")
    return rank


def _tolerances(operation: str, x: Tensor, rtol: Any, atol: Any) -> tuple[Any, Any]:
    """The relative and the absolute tolerance, as numbers or as tensors that broadcast against the singular values."""
    absolute = 0.0 if atol is None else _tolerance(operation, "atol", x, atol)
    if rtol is not None:
        return _tolerance(operation, "rtol", x, rtol), absolute
    relative = max(x.shape[-2:]) * float(numpy.finfo(real_dtype(x.dtype).name).eps)
    if isinstance(absolute, Tensor):
        return where(greater(absolute, 0), 0.0, full_like(absolute, relative)), absolute
    return 0.0 if absolute > 0 else relative, absolute


def _tolerance(operation: str, name: str, x: Tensor, value: Any) -> Any:
    if not isinstance(value, Tensor):
        return as_float(operation, name, value)
    if value.dtype.kind != "f":
        raise DTypeError(f"{operation}: got {name} of {value.dtype}, wanted a real floating-point dtype")
    try:
        numpy.broadcast_shapes(value.shape, x.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"{operation}: {name} of shape {value.shape} does not broadcast with the axes {x.shape[:-2]} that come "
            f"before the matrices"
        ) from None
    return expand_dims(cast(detach(value), real_dtype(x.dtype)), axis=-1)
