"""PyTorch's products of vectors, matrices and batches that the standard lacks."""

from __future__ import annotations

import functools
from typing import Any

from ..families.function import function
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..standard.elementwise import multiply
from ..standard.linalg import cross as cross_along_axis
from ..standard.linear_algebra import bmm, mv, outer, plus_product, require_ndim, tensordot, vecdot
from ..standard.statistical import sum
from ..types.errors import ShapeError
from .linalg.products import multi_dot

__all__ = ["addbmm", "addmv", "addr", "baddbmm", "chain_matmul", "cross", "inner", "kron", "vdot"]


@function(methods=("addmv",), in_place_method=True)
def addmv(x: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """Matrix-vector product plus a vector, ``beta * x + alpha * (mat @ vec)``.

    The parameters are those of `addmm`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.addmv(tp.tensor([1, 2]), tp.tensor([[1, 2], [3, 4]]), tp.tensor([1, 1]))
    tensor([4, 9])
    """
    return plus_product("addmv", x, mv(mat, vec), beta, alpha)


@function(methods=("addr",), in_place_method=True)
def addr(x: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """Outer product plus a matrix, ``beta * x + alpha * outer(vec1, vec2)``.

    The parameters are those of `addmm`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.addr(tp.ones(2, 2, dtype="int64"), tp.tensor([1, 2]), tp.tensor([3, 4]))
    tensor([[4, 5],
            [7, 9]])
    """
    return plus_product("addr", x, outer(vec1, vec2), beta, alpha)


@function(methods=("baddbmm",), in_place_method=True)
def baddbmm(
    x: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Batched matrix product plus a batch of matrices, ``beta * x + alpha * bmm(batch1, batch2)``.

    The parameters are those of `addmm`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.baddbmm(tp.tensor(1.0), tp.ones(2, 1, 3), tp.ones(2, 3, 1)).tolist()
    [[[4.0]], [[4.0]]]
    """
    return plus_product("baddbmm", x, bmm(batch1, batch2), beta, alpha)


@function(methods=("addbmm",), in_place_method=True)
def addbmm(
    x: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Sum of a batch of matrix products plus a matrix, ``beta * x + alpha * bmm(batch1, batch2).sum(0)``.

    The parameters are those of `addmm`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.addbmm(tp.tensor(1.0), tp.ones(2, 1, 3), tp.ones(2, 3, 1))
    tensor([[7.]])
    """
    product = bmm(batch1, batch2)
    return plus_product("addbmm", x, sum(product, axis=0, dtype=product.dtype), beta, alpha)


@function(methods=("inner",))
def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sum of products over the last axis of both operands; the product, if one is 0-d.

    Parameters
    ----------
    input : Tensor, shape (..., K)
    other : Tensor, shape (..., K)
        Of a numeric dtype; the two are promoted to a common one.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        Its axes are those of `input`, then those of `other`, without the last ones.

    Raises
    ------
    ShapeError
        If the last axes have different lengths.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.inner(tp.tensor([[1, 2], [3, 4]]), tp.tensor([1, 10]))
    tensor([21, 43])
    """
    return tensordot(input, other, axes=((-1,), (-1,))) if input.ndim and other.ndim else multiply(input, other)


@function(methods=("vdot",))
def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The dot product of two vectors, the first conjugated: `vecdot` of one pair.

    Raises
    ------
    ShapeError
        If an operand is not one-dimensional, or they have different lengths.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.vdot(tp.tensor([1j, 2.0]), tp.tensor([1j, 1.0]))
    tensor(3.+0.j, dtype=tensorplug.complex64)
    """
    require_ndim("vdot", (input, other), (1, 1))
    return vecdot(input, other)


@function(methods=("kron",))
def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product: each element of `input` times all of `other`, laid out as blocks.

    Parameters
    ----------
    input, other : Tensor
        The one with fewer axes gets axes of length 1 in front.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        The length of each axis is the product of the operands'.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.kron(tp.tensor([[1, 2]]), tp.ones(2, 2, dtype="int64"))
    tensor([[1, 1, 2, 2],
            [1, 1, 2, 2]])
    """
    blocks, elements, shape = _kron_shapes(input._array.shape, other._array.shape)
    return reshape(multiply(reshape(input, blocks), reshape(other, elements)), shape)


@functools.lru_cache(maxsize=1024)
def _kron_shapes(shape1: tuple[int, ...], shape2: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The shapes in which operands are multiplied, with an axis of length 1 for each of the other, and the result's."""
    ndim = max(len(shape1), len(shape2))
    pairs = list(zip((1,) * (ndim - len(shape1)) + shape1, (1,) * (ndim - len(shape2)) + shape2, strict=True))
    return (
        tuple(length for n, _ in pairs for length in (n, 1)),
        tuple(length for _, m in pairs for length in (1, m)),
        tuple(n * m for n, m in pairs),
    )


@function(methods=("cross",))
def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """The cross products of vectors along an axis: `linalg.cross`, by default along the first axis of length 3.

    Raises
    ------
    ShapeError
        If no axis has length 3, or that of `dim` has not.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cross(tp.tensor([1, 0, 0]), tp.tensor([0, 1, 0]))
    tensor([0, 0, 1])
    """
    if dim is None:
        if 3 not in input.shape:
            raise ShapeError(f"cross: got shape {input.shape}, wanted an axis of length 3")
        dim = input.shape.index(3)
    return cross_along_axis(input, other, axis=dim)


@function()
def chain_matmul(*matrices: Any, out: Tensor | None = None) -> Tensor:
    """The product of several matrices: `linalg.multi_dot` of two-dimensional tensors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.chain_matmul(tp.ones(2, 3), tp.ones(3, 4), tp.ones(4, 1))
    tensor([[12.],
            [12.]])
    """
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)
