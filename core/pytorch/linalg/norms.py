"""PyTorch's norm of vectors and matrices, and the condition number."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ...families.function import function
from ...memory.structure import cast
from ...memory.tensor import Tensor
from ...standard.creation import zeros
from ...standard.elementwise import greater
from ...standard.linalg import matrix_norm, svdvals, vector_norm
from ...standard.linalg.checks import require_matrices
from ...standard.searching import where
from ...types.axes import describe
from ...types.dtypes import as_dtype, real_dtype
from ...types.errors import ShapeError
from .solving import inv_ex

__all__ = ["cond", "norm"]


@function(name="linalg.norm")
def norm(
    A: Tensor,
    ord: Any = None,
    dim: Any = None,
    keepdim: bool = False,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
) -> Tensor:
    """A vector or matrix norm: `vector_norm` along one axis, `matrix_norm` along two.

    Parameters
    ----------
    A : Tensor
        Of a floating-point dtype.
    ord : int, float, "fro" or "nuc", optional
        The order, as for `vector_norm` and `matrix_norm`; by default the vector norm of order 2, whatever the axes.
    dim : int or tuple of int, optional
        One axis for a vector norm, two for a matrix norm; by default all. With `ord` but without `dim` the tensor must
        have one or two axes.
    keepdim : bool, default: False
        Whether reduced axes stay, with length 1.
    out : Tensor, optional
        The tensor that the result is written into.
    dtype : dtype, optional
        A dtype to convert to first.

    Returns
    -------
    Tensor
        Real; the shape without the axes.

    Raises
    ------
    ShapeError
        If the number of axes doesn't fit.
    ValueError
        For another order.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[3.0, 0.0], [4.0, 0.0]])
    >>> tp.linalg.norm(x), tp.linalg.norm(x, 1), tp.linalg.norm(x, 1, dim=1)
    (tensor(5.), tensor(7.), tensor([3., 4.]))
    """
    x = A if dtype is None else cast(A, as_dtype(dtype))
    if ord is None:
        return vector_norm(x, 2, dim, keepdim)
    if dim is None and x.ndim not in (1, 2):
        raise ShapeError(f"linalg.norm: got shape {x.shape}, wanted one or two axes, or dim")
    axes = range(x.ndim) if dim is None else dim
    count = len(tuple(axes)) if isinstance(axes, Iterable) else 1
    if count == 1 and not isinstance(ord, str):
        return vector_norm(x, ord, dim, keepdim)
    if count != 2:
        raise ShapeError(f"linalg.norm: got dim {describe(dim)} for ord {ord!r}, wanted two axes")
    return matrix_norm(x, ord, tuple(axes), keepdim)


@function(name="linalg.cond", widens_half=True)
def cond(A: Tensor, p: Any = None, *, out: Tensor | None = None) -> Tensor:
    """The condition number of each matrix: its norm times that of its inverse; infinite for a singular matrix.

    Parameters
    ----------
    A : Tensor, shape (..., M, N)
    p : {None, 2, -2, "fro", "nuc", 1, -1, inf, -inf}, optional
        The order of the norm, 2 by default; for another than 2 and -2 the matrices must be square.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor, shape (...)
        Real.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.cond(tp.tensor([[1.0, 0.0], [0.0, 4.0]]))
    tensor(4.)
    """
    order = 2 if p is None else p
    require_matrices("linalg.cond", A, square=order not in (2, -2))
    if 0 in A.shape[-2:]:
        return zeros(A.shape[:-2], dtype=real_dtype(A.dtype), device=A.device)
    if order in (2, -2):
        values = svdvals(A)
        first, last = values[..., 0], values[..., -1]
        return first / last if order == 2 else last / first
    inverse, info = inv_ex(A)
    found = matrix_norm(A, order) * matrix_norm(inverse, order)
    return where(greater(info, 0), math.inf, found)
