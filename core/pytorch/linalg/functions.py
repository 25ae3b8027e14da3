"""Functions of matrices: the exponential, and products of Householder reflectors."""

from __future__ import annotations

import math
from typing import Any

import numpy

from ....autograd.rules.matrices import as_matrices, diagonal_of, embedded, linalg
from ...dispatch.operation import operation
from ...families.function import function
from ...memory.structure import clone
from ...memory.tensor import Tensor
from ...standard.creation import eye
from ...standard.linalg.checks import require_matrices
from ...standard.linalg.parts import adjoint
from ...standard.linear_algebra import matmul
from ...standard.manipulation import expand_dims, tril, triu
from ...types.errors import ShapeError
from .triangular import solve_triangle

__all__ = ["householder_product", "matrix_exp"]

PADE = [math.comb(13, k) * math.factorial(26 - k) // math.factorial(13) for k in range(14)]
"""Coefficients of the numerator of the Padé approximant of degree 13."""

LARGEST_NORM = 5.371920351148152
"""The 1-norm up to which the approximant is accurate in double precision (Higham, 2005)."""

MOST_SQUARINGS = 64
"""How often an unknown matrix is squared: enough for any in which double precision has a digit left."""


@operation(extension="linalg", accepts="floating-point")
def _matrix_exp(ops: Any, x: Any) -> Any:
    """The matrix exponential, by scaling, a Padé approximant, and squaring."""
    norm = ops.max(ops.sum(ops.abs(x), axis=-2), axis=-1)
    zero = ops.zeros_like(norm)
    wanted = ops.maximum(ops.ceil(ops.log2(norm / LARGEST_NORM)), zero)
    squarings = ops.where(ops.isfinite(wanted), wanted, zero)
    scaled = x * ops.cast(as_matrices(ops, ops.pow(ops.full_like(zero, 2.0), -squarings)), x.dtype)
    found = _approximant(ops, scaled)
    counts = ops.broadcast_to(as_matrices(ops, squarings), x.shape)
    for step in range(MOST_SQUARINGS):
        if ops.known(_are_done, False, squarings, step=step):
            break
        found = ops.where(ops.greater(counts, ops.full_like(counts, step)), ops.matmul(found, found), found)
    return found


def _are_done(squarings: numpy.ndarray, step: int) -> bool:
    return bool((squarings <= step).all())


def _approximant(ops: Any, x: Any) -> Any:
    square = ops.matmul(x, x)
    fourth = ops.matmul(square, square)
    sixth = ops.matmul(square, fourth)
    identity = embedded(ops, ops.ones_like(diagonal_of(ops, x)))

    def polynomial(first: int) -> Any:
        """The terms of every second power, divided by `x` for odd ones."""
        low = [float(b) for b in PADE[first::2]]
        high = ops.matmul(sixth, sixth * low[6] + fourth * low[5] + square * low[4])
        return high + sixth * low[3] + fourth * low[2] + square * low[1] + identity * low[0]

    odd, even = ops.matmul(x, polynomial(1)), polynomial(0)
    return linalg(ops, "solve")(even - odd, even + odd)


@function(name="linalg.matrix_exp", methods=("matrix_exp",), widens_half=True, keywords=("A",))
def matrix_exp(x: Tensor, /) -> Tensor:
    """The exponential of each matrix: the sum of its powers, divided by factorials.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    Tensor, shape (..., M, M)

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.matrix_exp(tp.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    require_matrices("linalg.matrix_exp", x, square=True)
    found: Tensor = _matrix_exp(x) if x.size else clone(x)
    return found


@function(name="linalg.householder_product", methods=("orgqr",), widens_half=True)
def householder_product(A: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first columns of the product of Householder reflectors ``I - tau[i] v v^H``, as in a QR decomposition.

    Parameters
    ----------
    A : Tensor, shape (..., M, N)
        The part below the diagonal of column i is that of `v`, after a one on the diagonal; the rest is not read.
    tau : Tensor, shape (..., K)
        K is at most N, and N at most M.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor, shape (..., M, N)

    Raises
    ------
    ShapeError
        If the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.householder_product(tp.tensor([[0.0], [1.0]]), tp.tensor([1.0]))
    tensor([[ 0.],
            [-1.]])
    """
    require_matrices("linalg.householder_product", A)
    count = tau.shape[-1] if tau.ndim else 0
    *batch, rows, columns = A.shape
    if tau.shape[:-1] != tuple(batch) or not tau.ndim or not count <= columns <= rows:
        raise ShapeError(
            f"linalg.householder_product: got shapes {A.shape} and {tau.shape}, wanted (..., M, N) and (..., K) with "
            f"M >= N >= K"
        )
    vectors = tril(A[..., :count], -1) + eye(rows, count, dtype=A.dtype, device=A.device)
    factors = expand_dims(tau, axis=-1)
    # The product of all is I - V T V^H with T = (I + D S)^-1 D, where S is the upper triangle of V^H V.
    products = triu(matmul(adjoint(vectors), vectors), 1)
    known = factors * adjoint(vectors)[..., :columns]
    rest = solve_triangle(factors * products, known, upper=True, unitriangular=True)
    return eye(rows, columns, dtype=A.dtype, device=A.device) - matmul(vectors, rest)
