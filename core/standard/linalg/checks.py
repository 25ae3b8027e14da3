"""Checks of operands of the linear algebra extension."""

from __future__ import annotations

import numpy

from ...memory.tensor import Tensor
from ...memory.views import array_of
from ...types.errors import DTypeError, LinAlgError, ShapeError


def require_floating(operation: str, x: Tensor) -> None:
    """Raise for integers and booleans."""
    if x._key.dtype.kind not in "fc":
        raise DTypeError(f"{operation}: got {x.dtype}, wanted a floating-point dtype; convert with x.astype('float64')")


def require_matrices(operation: str, x: Tensor, square: bool = False, finite: bool = False) -> None:
    """Raise unless the operand has matrices of a floating-point dtype.

    Parameters
    ----------
    square
        Whether the matrices must be square.
    finite
        Whether NaN and infinities are refused: LAPACK's iterations crash, stop or go on with them as versions differ.
    """
    require_floating(operation, x)
    if x.ndim < 2:
        raise ShapeError(f"{operation}: got shape {x.shape}, wanted at least two axes")
    if square and x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{operation}: got shape {x.shape}, wanted square matrices: last two axes of one length")
    if finite:
        ops = x._key.library.ops
        ops.inspect(_require_true, ops.all(ops.isfinite(array_of(x))), operation=operation)


def _require_true(is_finite: numpy.ndarray, operation: str) -> None:
    if not is_finite.all():
        raise LinAlgError(f"{operation}: a matrix contains NaN or infinity")
