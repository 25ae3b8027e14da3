"""Determinants of matrices."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ....autograd.rules.linalg import products_of_others, reliable_inverse, without_unknown
from ....autograd.rules.matrices import adjoint_of, as_matrices, as_rows
from ...dispatch.operation import operation
from ...families.function import function
from ...memory.tensor import Tensor
from .checks import require_matrices

__all__ = ["det", "slogdet"]


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


@operation(extension="linalg", accepts="floating-point")
def _det(x: Any) -> Any:
    """The determinant of each matrix."""


@operation(extension="linalg", accepts="floating-point", outputs={"sign": "same", "logabsdet": "real"})
def _slogdet(x: Any) -> Any:
    """The sign of the determinant of each matrix, and the logarithm of its absolute value."""


@operation(accepts="floating-point")
def _adjugate(ops: Any, x: Any) -> Any:
    """The adjugate of each matrix: the determinant times the inverse, or its limit for a singular matrix.

    With x = u s vh it is det(u) det(vh) times v c uh, c being the products of all singular values but one.
    """
    det = getattr(ops, "linalg.det")
    inverse = reliable_inverse(ops, x)
    if inverse is not None:
        return inverse * as_matrices(ops, det(x))
    x, unknown = without_unknown(ops, x)
    u, s, vh = getattr(ops, "linalg.svd")(x, full_matrices=False)
    phase = as_matrices(ops, det(u) * det(vh))
    others = as_rows(ops, products_of_others(ops, s, 1))
    found = ops.matmul(adjoint_of(ops, vh) * others, adjoint_of(ops, u)) * phase
    return ops.masked_fill(found, unknown, math.nan)


@function(name="linalg.det", methods=("det",), widens_half=True)
def det(x: Tensor, /) -> Tensor:
    """The determinant of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    Tensor, shape (...)

    Notes
    -----
    The gradient is the matrix of cofactors, for singular matrices of any rank too. So is the second right; higher ones
    are NaN where a matrix is singular.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.det(tp.tensor([[2.0, 0.0], [1.0, 3.0]]))
    tensor(6.)
    """
    require_matrices("linalg.det", x, square=True)
    found: Tensor = _det(x)
    return found


@function(name="linalg.slogdet", methods=("slogdet",), widens_half=True)
def slogdet(x: Tensor, /) -> SlogdetResult:
    """The sign of the determinant of each matrix, and the logarithm of its absolute value.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    SlogdetResult
        ``sign`` (0 for a singular matrix, of absolute value 1 for a complex one) and ``logabsdet`` (-inf for a
        singular matrix), both of shape (...).

    Raises
    ------
    LinAlgError
        If the gradient is asked for at a singular matrix.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.slogdet(tp.tensor([[0.0, 1.0], [1.0, 0.0]]))
    SlogdetResult(sign=tensor(-1.), logabsdet=tensor(0.))
    """
    require_matrices("linalg.slogdet", x, square=True)
    return SlogdetResult(*_slogdet(x))
