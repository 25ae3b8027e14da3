"""LU decomposition with partial pivoting, and its use to solve linear equations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy

from ....autograd.rules.matrices import as_columns, is_complex
from ....backends import device_of
from ...dispatch.operation import operation
from ...families.function import function
from ...memory.structure import broadcast_to, cast
from ...memory.tensor import Tensor
from ...memory.views import array_of
from ...standard.creation import arange, eye, zeros
from ...standard.elementwise import equal
from ...standard.indexing import take_along_axis
from ...standard.linalg.checks import require_matrices
from ...standard.linalg.parts import adjoint as adjoint_of
from ...standard.linalg.parts import diagonal
from ...standard.linalg.solving import require_rows
from ...standard.linear_algebra import promoted
from ...standard.manipulation import broadcast_shapes, expand_dims, tril, triu
from ...standard.searching import argmax, where
from ...standard.sorting import argsort
from ...standard.utility import any as any_of
from ...types.dtypes import int32
from ...types.errors import DTypeError, LinAlgError, PositionError, ShapeError
from .triangular import solve_triangle, solve_triangular

__all__ = ["lu", "lu_factor", "lu_factor_ex", "lu_solve"]


class LUResult(NamedTuple):
    """The permutation matrix, the lower triangle with ones on its diagonal, and the upper triangle."""

    P: Tensor
    L: Tensor
    U: Tensor


class LUFactorResult(NamedTuple):
    """Both triangles in one matrix, and the pivots."""

    LU: Tensor
    pivots: Tensor


class LUFactorExResult(NamedTuple):
    """Both triangles in one matrix, the pivots, and 0 or the number of the first zero on the diagonal of U."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


@operation(
    extension="linalg",
    accepts="floating-point",
    outputs={"lu": "same", "pivots": "int32", "permutation": "int64"},
)
def _lu_factor(ops: Any, x: Any) -> Any:
    """LU decomposition: both triangles in one matrix, LAPACK's pivots, and the rows in the order of L U."""
    *batch, rows, columns = x.shape
    order = ops.broadcast_to(ops.cast(ops.arange(rows, device=device_of(x)), "int64"), (*batch, rows))
    finished, pivots = [], [ops.getitem(order, (..., slice(0)))]
    orders = []
    for k in range(min(rows, columns)):
        column = ops.getitem(x, (..., k))
        # LAPACK measures complex numbers so.
        size = ops.abs(ops.real(column)) + ops.abs(ops.imag(column)) if is_complex(x) else ops.abs(column)
        pivot = ops.cast(ops.argmax(size, axis=-1, keepdims=True), "int64")
        exchanged = _exchange(ops, ops.arange(rows - k, device=device_of(x)), 0, pivot)
        order = ops.take_along_axis(order, exchanged, axis=-1)
        x = ops.take_along_axis(x, ops.broadcast_to(as_columns(ops, exchanged), x.shape), axis=-2)
        top, rest = ops.getitem(x, (..., slice(1), slice(None))), ops.getitem(x, (..., slice(1, None), slice(None)))
        divisor = ops.getitem(top, (..., slice(k, k + 1)))
        divisor = ops.where(ops.equal(divisor, ops.zeros_like(divisor)), ops.ones_like(divisor), divisor)
        factors = ops.getitem(rest, (..., slice(k, k + 1))) / divisor
        later = (..., slice(k + 1, None))
        remainder = ops.getitem(rest, later) - factors * ops.getitem(top, later)
        x = ops.concat([ops.getitem(rest, (..., slice(k))), factors, remainder], axis=-1)
        finished.append(top)
        pivots.append(pivot + (k + 1))
        orders.append(ops.getitem(order, (..., slice(1))))
        order = ops.getitem(order, (..., slice(1, None)))
    found = ops.concat([*finished, x], axis=-2)
    return found, ops.cast(ops.concat(pivots, axis=-1), "int32"), ops.concat([*orders, order], axis=-1)


@operation(extension="linalg", accepts="integer", result="int64")
def _permutation(ops: Any, pivots: Any, *, size: int) -> Any:
    """The order of `size` rows after exchanges of row i and row ``pivots[i]``, counted from 1."""
    positions = ops.cast(ops.arange(size, device=device_of(pivots)), "int64")
    order = ops.broadcast_to(positions, (*pivots.shape[:-1], size))
    pivots = ops.cast(pivots, "int64") - 1
    for k in range(pivots.shape[-1]):
        pivot = ops.getitem(pivots, (..., slice(k, k + 1)))
        order = ops.take_along_axis(order, _exchange(ops, positions, k, pivot), axis=-1)
    return order


def _exchange(ops: Any, positions: Any, first: int, second: Any) -> Any:
    """The positions with two of them exchanged, for each example."""
    positions = ops.cast(positions, "int64") + ops.zeros_like(second)
    one = ops.full_like(positions, first)
    exchanged = ops.where(ops.equal(positions, second), one, positions)
    return ops.where(ops.equal(positions, one), second + ops.zeros_like(positions), exchanged)


@function(name="linalg.lu_factor_ex", widens_half=True)
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> LUFactorExResult:
    """LU decomposition of each matrix in compact form; a zero on the diagonal of U is reported.

    Parameters
    ----------
    A : Tensor, shape (..., M, N)
    pivot : bool, default: True
        Always with partial pivoting; False is an error, as in PyTorch on the CPU.
    check_errors : bool, default: False
        Whether a zero on the diagonal of U is an error.

    Returns
    -------
    LUFactorExResult
        ``LU`` of shape (..., M, N): U, and below its diagonal L without its ones. ``pivots`` of shape
        (..., min(M, N)) and dtype int32: row i was exchanged with row ``pivots[i]``, counted from 1. ``info`` of shape
        (...) and dtype int32: 0, or the number of the first zero on the diagonal of U.

    Examples
    --------
    >>> import tensorplug as tp
    >>> found = tp.linalg.lu_factor_ex(tp.tensor([[0.0, 1.0], [2.0, 4.0]]))
    >>> found.LU.tolist(), found.pivots.tolist(), found.info.item()
    ([[2.0, 4.0], [0.0, 1.0]], [2, 2], 0)
    """
    found, pivots, _, info = _decomposed("linalg.lu_factor_ex", A, pivot)
    if check_errors:
        _require_regular(info)
    return LUFactorExResult(found, pivots, info)


@function(name="linalg.lu_factor", widens_half=True)
def lu_factor(A: Tensor, *, pivot: bool = True) -> LUFactorResult:
    """LU decomposition of each matrix in compact form, for `lu_solve`.

    Parameters and results are those of `lu_factor_ex`.

    Raises
    ------
    LinAlgError
        If there is a zero on the diagonal of U.

    Examples
    --------
    >>> import tensorplug as tp
    >>> factors = tp.linalg.lu_factor(tp.tensor([[0.0, 1.0], [2.0, 4.0]]))
    >>> tp.linalg.lu_solve(*factors, tp.tensor([[1.0], [6.0]]))
    tensor([[1.],
            [1.]])
    """
    found, pivots, _, info = _decomposed("linalg.lu_factor", A, pivot)
    _require_regular(info)
    return LUFactorResult(found, pivots)


@function(name="linalg.lu", widens_half=True)
def lu(A: Tensor, *, pivot: bool = True) -> LUResult:
    """LU decomposition with partial pivoting of each matrix: ``A = P L U``.

    Parameters
    ----------
    A : Tensor, shape (..., M, N)
    pivot : bool, default: True
        False is an error, as in PyTorch on the CPU.

    Returns
    -------
    LUResult
        The permutation matrix ``P`` of shape (..., M, M); ``L`` of shape (..., M, K), lower triangular with ones on
        its diagonal; ``U`` of shape (..., K, N), upper triangular. K is ``min(M, N)``.

    Notes
    -----
    The gradient wants the first K rows of ``L U``, and K columns, to be independent.

    Examples
    --------
    >>> import tensorplug as tp
    >>> P, L, U = tp.linalg.lu(tp.tensor([[0.0, 1.0], [2.0, 4.0]]))
    >>> U
    tensor([[2., 4.],
            [0., 1.]])
    """
    found, _, order, _ = _decomposed("linalg.lu", A, pivot)
    return LUResult(permutation_matrix(order, found), *triangles(found))


def _decomposed(name: str, x: Tensor, pivot: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Both triangles, pivots, the order of the rows, and the number of the first zero on the diagonal."""
    require_matrices(name, x)
    if not pivot:
        raise NotImplementedError(f"{name}: LU without pivoting is not implemented; use pivot=True")
    found, pivots, order = _lu_factor(x)
    zero = equal(diagonal(found), 0)
    if not zero.shape[-1]:
        return found, pivots, order, zeros(x.shape[:-2], dtype=int32, device=x.device)
    first = cast(argmax(cast(zero, int32), axis=-1), int32) + 1
    return found, pivots, order, where(any_of(zero, axis=-1), first, 0)


def _require_regular(info: Tensor) -> None:
    info._key.library.ops.inspect(_raise_of_zero, array_of(info))


def _raise_of_zero(info: numpy.ndarray) -> None:
    if info.any():
        raise LinAlgError(f"linalg.lu_factor: element {info.max()} on the diagonal of U is zero; see lu_factor_ex")


def triangles(x: Tensor) -> tuple[Tensor, Tensor]:
    """The lower triangle, with ones on its diagonal, and the upper triangle of the compact form."""
    rows, columns = x.shape[-2:]
    count = min(rows, columns)
    ones = eye(rows, count, dtype=x.dtype, device=x.device)
    return tril(x[..., :count], -1) + ones, triu(x[..., :count, :])


def permutation_matrix(order: Tensor, like: Tensor) -> Tensor:
    """Matrices of zeros and ones, in the dtype of a tensor, whose columns have a one in the rows of an order."""
    rows = arange(order.shape[-1], device=order.device)
    return cast(equal(expand_dims(rows, axis=-1), expand_dims(order, axis=-2)), like.dtype)


def order_of(name: str, compact: Tensor, pivots: Tensor) -> Tensor:
    """The order of the rows that pivots of a compact form describe.

    Raises
    ------
    TypeError
        If the pivots are not int32.
    ShapeError
        If the shapes don't fit.
    IndexError
        If a pivot is out of range.
    """
    require_matrices(name, compact)
    rows, columns = compact.shape[-2:]
    if pivots.dtype is not int32:
        raise DTypeError(f"{name}: got pivots of {pivots.dtype}, wanted int32")
    if pivots.shape != (*compact.shape[:-2], min(rows, columns)):
        raise ShapeError(f"{name}: got factors of shape {compact.shape} and pivots of shape {pivots.shape}")
    pivots._key.library.ops.inspect(_require_in_range, array_of(pivots), operation=name, size=rows)
    order: Tensor = _permutation(pivots, size=rows)
    return order


def _require_in_range(pivots: numpy.ndarray, operation: str, size: int) -> None:
    if ((pivots < 1) | (pivots > size)).any():
        raise PositionError(f"{operation}: pivots must be from 1 to {size}")


@function(name="linalg.lu_solve", widens_half=True)
def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False, out: Tensor | None = None
) -> Tensor:
    """Solve the linear equations ``A X = B`` with the LU decomposition of each matrix.

    Parameters
    ----------
    LU : Tensor, shape (..., M, M)
    pivots : Tensor, shape (..., M), dtype int32
        Both as `lu_factor` returns them.
    B : Tensor, shape (..., M, K), or (..., K, M) unless `left`
        The other axes broadcast with those of `LU`.
    left : bool, default: True
        Whether to solve ``A X = B``, or ``X A = B``.
    adjoint : bool, default: False
        Whether the adjoint of A takes its place.
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
    >>> factors = tp.linalg.lu_factor(tp.tensor([[0.0, 1.0], [2.0, 4.0]]))
    >>> tp.linalg.lu_solve(*factors, tp.tensor([[1.0], [6.0]]))
    tensor([[1.],
            [1.]])
    """
    require_matrices("linalg.lu_solve", LU, square=True)
    require_matrices("linalg.lu_solve", B)
    LU, B = promoted(solve_triangle, LU, B, "linalg.lu_solve")
    order = order_of("linalg.lu_solve", LU, pivots)
    if not left:
        return adjoint_of(_solved(LU, order, adjoint_of(B), not adjoint))
    return _solved(LU, order, B, adjoint)


def _solved(compact: Tensor, order: Tensor, x: Tensor, adjoint: bool) -> Tensor:
    require_rows("linalg.lu_solve", compact, x)
    if adjoint:
        x = solve_triangular(adjoint_of(compact), x, upper=False)
        x = solve_triangular(adjoint_of(compact), x, upper=True, unitriangular=True)
        return _in_order(x, argsort(order, axis=-1))
    x = solve_triangular(compact, _in_order(x, order), upper=False, unitriangular=True)
    return solve_triangular(compact, x, upper=True)


def _in_order(x: Tensor, order: Tensor) -> Tensor:
    """Rows in an order."""
    shape = (*broadcast_shapes(x.shape[:-2], order.shape[:-1]), *x.shape[-2:])
    return take_along_axis(broadcast_to(x, shape), broadcast_to(expand_dims(order, axis=-1), shape), axis=-2)
