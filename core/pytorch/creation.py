"""Creation functions that PyTorch adds: numbers spaced on a log scale, indices of triangles."""

from __future__ import annotations

from typing import Any

import numpy

from ..dispatch.registry import public
from ..families.function import function
from ..memory.structure import clone, convert
from ..memory.tensor import Tensor
from ..standard.creation import full, linspace
from ..standard.creation.data import from_host
from ..standard.creation.filled import with_gradient
from ..standard.elementwise import pow
from ..types.axes import as_integer, require_size
from ..types.dtypes import as_dtype, float64, get_default_dtype, int64
from ..types.errors import ArgumentError

__all__ = ["fill", "logspace", "scalar_tensor", "tril_indices", "triu_indices"]


@public("logspace")
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Powers of a base with evenly spaced exponents, from ``base**start`` to ``base**end``.

    Parameters
    ----------
    start, end : number or Tensor
        The first and the last exponent.
    steps : int
    base : float, default: 10
    dtype : dtype, optional
        By default the default float.
    device : device, optional
    requires_grad : bool, default: False

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    exponents = linspace(start, end, steps, dtype=float64, device=device)
    found = pow(base, exponents)
    return with_gradient(convert(found, dtype or get_default_dtype()), requires_grad)


@public("scalar_tensor")
def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of a number, by default of the default floating-point dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.scalar_tensor(3)
    tensor(3.)
    """
    return full((), s, dtype=dtype or get_default_dtype(), device=device, requires_grad=requires_grad)


@function(public=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor of the shape and dtype of another one, filled with a value.

    Parameters
    ----------
    input : Tensor
    value : number or 0-d Tensor
        The gradient of a tensor is the sum of that of the result.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fill(tp.zeros(2), 3)
    tensor([3., 3.])
    """
    return clone(input).fill_(value)


@public("tril_indices")
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = "int64", device: Any = None) -> Tensor:
    """The indices of the lower triangle of a matrix, in row-major order.

    Parameters
    ----------
    row, col : int
        The shape of the matrix.
    offset : int, default: 0
        The last diagonal that belongs to it; positive ones lie above the main diagonal.
    dtype : dtype, default: int64
    device : device, optional

    Returns
    -------
    Tensor, shape (2, N)

    Raises
    ------
    ValueError
        If a length is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triangle("tril_indices", numpy.less_equal, row, col, offset, dtype, device)


@public("triu_indices")
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = "int64", device: Any = None) -> Tensor:
    """The indices of the upper triangle of a matrix, in row-major order; the parameters are those of `tril_indices`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _triangle("triu_indices", numpy.greater_equal, row, col, offset, dtype, device)


def _triangle(operation: str, compare: Any, row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    rows, columns, offset = (
        as_integer(operation, name, value) for name, value in (("row", row), ("col", col), ("offset", offset))
    )
    if min(rows, columns) < 0:
        raise ArgumentError(f"{operation}: got {rows} rows and {columns} columns, wanted no negative number")
    require_size(operation, (rows, columns))
    # The least and the greatest offset that count are those of the corners.
    bound = min(max(offset, -rows), columns)
    found = numpy.nonzero(compare(numpy.arange(columns), numpy.arange(bound, rows + bound)[:, None]))
    return from_host(numpy.array(found), int64, as_dtype(dtype), device)
