"""Cross products and matrix powers."""

from __future__ import annotations

import operator
from typing import Any

from ...dispatch.operation import operation
from ...families.function import function
from ...memory.structure import clone
from ...memory.tensor import Tensor
from ...types.axes import as_integer
from ...types.dtypes import bool_
from ...types.errors import ShapeError
from ..creation import eye, ones_like
from ..linear_algebra import matmul, promoted, vectors_last
from ..manipulation import permute_dims
from ..searching import where
from .checks import require_matrices
from .solving import inv

__all__ = ["cross", "matrix_power"]


@operation(extension="linalg", accepts="numeric", broadcasts=True, standard=True)
def _cross(ops: Any, x1: Any, x2: Any) -> Any:
    """The cross products of vectors along the last axis."""
    a, b, c = (ops.getitem(x1, (..., i)) for i in range(3))
    d, e, f = (ops.getitem(x2, (..., i)) for i in range(3))
    return ops.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=-1)


@function(name="linalg.cross")
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """The cross products of vectors of three elements along an axis; the other axes broadcast.

    Parameters
    ----------
    x1, x2 : Tensor
        Of a numeric dtype; the two are promoted to a common one.
    axis : int, default: -1
        The axis of length 3, counted from the end. `dim` is PyTorch's name.

    Returns
    -------
    Tensor
        Of the broadcast shape.

    Raises
    ------
    IndexError
        If an operand has no such axis.
    ShapeError
        If its length is not 3 in both, or the others don't broadcast.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.cross(tp.tensor([1, 0, 0]), tp.tensor([0, 1, 0]))
    tensor([0, 0, 1])
    """
    x1, x2 = promoted(_cross, x1, x2)
    last1, last2 = vectors_last("linalg.cross", x1, x2, axis)
    if last1.shape[-1] != 3:
        raise ShapeError(f"linalg.cross: got shapes {x1.shape} and {x2.shape}, wanted length 3 along axis {axis}")
    products = _cross(last1, last2)
    order = list(range(products.ndim - 1))
    order.insert(operator.index(axis) % products.ndim, products.ndim - 1)
    return permute_dims(products, order)


@function(name="linalg.matrix_power", methods=("matrix_power",), widens_half=True)
def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """The `n`-th power of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)
    n : int
        0 gives the identity; a negative one the power of the inverse.

    Returns
    -------
    Tensor, shape (..., M, M)

    Raises
    ------
    LinAlgError
        If `n` is negative and a matrix is singular.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.matrix_power(tp.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    require_matrices("linalg.matrix_power", x, square=True)
    exponent = as_integer("linalg.matrix_power", "n", n)
    if exponent == 0:
        identity = eye(x.shape[-1], dtype=x.dtype, device=x.device)
        # Recorded, with a gradient of zero, as in PyTorch.
        return where(ones_like(x, dtype=bool_), identity, x)
    square = inv(x) if exponent < 0 else x
    exponent = -exponent if exponent < 0 else exponent
    power: Tensor | None = None
    while True:
        if exponent % 2:
            power = square if power is None else matmul(power, square)
        exponent //= 2
        if not exponent:
            break
        square = matmul(square, square)
    assert power is not None
    return clone(x) if power is x else power
