"""Diagonals, traces and adjoints of matrices."""

from __future__ import annotations

from typing import Any

from ...dispatch.registry import attribute
from ...families.function import function
from ...memory.tensor import Tensor
from ...types.errors import ShapeError
from ..elementwise import conj
from ..manipulation import diagonal as diagonal_of_axes
from ..manipulation import matrix_transpose
from ..statistical import sum

__all__ = ["diagonal", "trace"]


@attribute("mH")
@function(methods=("adjoint",))
def adjoint(x: Tensor) -> Tensor:
    """The conjugate transpose of matrices; the attribute `mH`, too.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tensor([[1.0 + 2.0j, 3.0]]).mH
    tensor([[1.-2.j],
            [3.-0.j]], dtype=tensorplug.complex64)
    """
    if len(x._array.shape) < 2:
        raise ShapeError(f"adjoint: got shape {x.shape}, wanted at least two axes")
    return matrix_transpose(conj(x) if x.dtype.kind == "c" else x)


@attribute("H")
def hermitian_attribute(x: Tensor) -> Tensor:
    """The conjugate transpose of one matrix, or the conjugate of a 0-d tensor: the attribute `H`, as in PyTorch.

    Raises
    ------
    ValueError
        If the tensor has one axis, or more than two; `mH` takes those.
    """
    if x.ndim not in (0, 2):
        raise ShapeError(f"H: got shape {x.shape}, wanted two axes; use mH, or conj for a vector")
    return adjoint(x) if x.ndim else conj(x)


@function(name="linalg.diagonal")
def diagonal(x: Tensor, /, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of each matrix, as the last axis of the result; a view.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
        Of any dtype.
    offset : int, default: 0
        Positive ones lie above the main diagonal.
    dim1, dim2 : int, default: -2, -1
        The axes of the matrices, PyTorch's parameters.

    Raises
    ------
    ShapeError
        If the tensor has fewer than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.diagonal(tp.ones(5, 2, 3)).shape
    (5, 2)
    """
    if x.ndim < 2:
        raise ShapeError(f"linalg.diagonal: got shape {x.shape}, wanted at least two axes")
    return diagonal_of_axes(x, offset, dim1, dim2)


@function(name="linalg.trace", methods=("trace",))
def trace(x: Tensor, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """The trace of each matrix: the sum of its diagonal.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
        Of a numeric dtype.
    offset : int, default: 0
        Positive ones lie above the main diagonal.
    dtype : dtype, optional
        The dtype to accumulate in; by default 64 bits for integers, and the own dtype for others.

    Returns
    -------
    Tensor, shape (...)

    Raises
    ------
    ShapeError
        If the tensor has fewer than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.trace(tp.tensor([[1, 2], [3, 4]]))
    tensor(5)
    """
    summed: Tensor = sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)
    return summed
