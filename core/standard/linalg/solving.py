"""Linear equations, inverses, and the rank of matrices.

A matrix without the result that is asked for is a `LinAlgError` on every backend.
"""

from __future__ import annotations

from typing import Any

import numpy

from ....autograd.rules.matrices import adjoint_of, as_rows
from ...dispatch.operation import operation
from ...families.function import function, in_float32
from ...memory.structure import cast
from ...memory.tensor import Tensor
from ...memory.views import array_of, detach
from ...types.axes import as_float
from ...types.dtypes import real_dtype
from ...types.errors import DTypeError, ShapeError
from ..elementwise import greater
from ..linear_algebra import promoted
from ..manipulation import expand_dims
from ..statistical import max as greatest
from ..statistical import sum
from .checks import require_floating, require_matrices
from .decompositions import NOT_CONVERGED, singular_values

__all__ = ["inv", "matrix_rank", "pinv", "solve"]

_SINGULAR = "the matrix is singular"


@operation(extension="linalg", accepts="floating-point", failure=_SINGULAR)
def _inv(x: Any) -> Any:
    """The inverse of each matrix."""


@operation(extension="linalg", accepts="floating-point", broadcasts=True, failure=_SINGULAR)
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
def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """Solve the linear equations ``x1 X = x2`` for each matrix.

    Parameters
    ----------
    x1 : Tensor, shape (..., M, M)
    x2 : Tensor, shape (M,) or (..., M, K)
        A vector for all matrices, or matrices, whose other axes broadcast with those of `x1`.

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
    rows = x2.shape[-2:-1] if x2.ndim > 1 else x2.shape
    batches = zip(reversed(x1.shape[:-2]), reversed(x2.shape[:-2]), strict=False)
    if rows != x1.shape[-1:] or not all(n == m or 1 in (n, m) for n, m in batches):
        raise ShapeError(
            f"linalg.solve: shapes {x1.shape} and {x2.shape} don't fit: the second must be ({x1.shape[-1]},) or "
            f"(..., {x1.shape[-1]}, K), with axes before those that broadcast"
        )
    found: Tensor = in_float32(_solve, x1, x2) if x1._key.is_half else _solve(x1, x2)
    return found


@function(name="linalg.pinv", methods=("pinverse",), widens_half=True)
def pinv(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """The Moore-Penrose pseudoinverse of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    rtol : float or Tensor of shape (...), optional
        Singular values of at most this times the largest count as zero; ``max(M, N)`` times the dtype's eps by
        default.

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
    require_matrices("linalg.pinv", x, finite=True)
    tolerance = _tolerance("linalg.pinv", x, rtol)
    return _pinv(x, rtol=array_of(tolerance) if isinstance(tolerance, Tensor) else tolerance)


@function(name="linalg.matrix_rank", widens_half=True, keywords=("A",))
def matrix_rank(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """The rank of each matrix: the number of singular values that exceed a tolerance.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    rtol : float or Tensor of shape (...), optional
        Those of at most this times the largest are; ``max(M, N)`` times the dtype's eps by default.

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
    require_matrices("linalg.matrix_rank", x, finite=True)
    s = singular_values(x)
    if not s.shape[-1]:
        return sum(greater(s, s), axis=-1, dtype="int64")
    tolerance = _tolerance("linalg.matrix_rank", x, rtol)
    if isinstance(tolerance, Tensor):
        tolerance = detach(tolerance)
    rank: Tensor = sum(greater(s, greatest(s, axis=-1, keepdims=True) * tolerance), axis=-1, dtype="int64")
    return rank


def _tolerance(operation: str, x: Tensor, rtol: Any) -> Any:
    """The relative tolerance as a number, or as a tensor that broadcasts against the singular values."""
    if rtol is None:
        return max(x.shape[-2:]) * float(numpy.finfo(real_dtype(x.dtype).name).eps)
    if not isinstance(rtol, Tensor):
        return as_float(operation, "rtol", rtol)
    if rtol.dtype.kind != "f":
        raise DTypeError(f"{operation}: got rtol of {rtol.dtype}, wanted a real floating-point dtype")
    try:
        numpy.broadcast_shapes(rtol.shape, x.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"{operation}: rtol of shape {rtol.shape} does not broadcast with the axes {x.shape[:-2]} that come before "
            f"the matrices"
        ) from None
    return expand_dims(cast(rtol, real_dtype(x.dtype)), axis=-1)
