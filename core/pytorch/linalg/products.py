"""Products of several matrices, and matrices of powers."""

from __future__ import annotations

import functools
from typing import Any

from ...families.function import function
from ...memory.structure import broadcast_to, reshape
from ...memory.tensor import Tensor
from ...standard.linear_algebra import arranged, matmul
from ...standard.manipulation import expand_dims
from ...standard.statistical import cumulative_prod
from ...types.axes import as_integer
from ...types.errors import ArgumentError, ShapeError, unsupported

__all__ = ["multi_dot", "vander"]


@function(name="linalg.multi_dot")
def multi_dot(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """The product of two or more matrices, in the order that takes the fewest multiplications.

    Parameters
    ----------
    tensors : sequence of Tensor
        Two-dimensional; the first may be a vector, which counts as a row, and the last, which counts as a column.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        A matrix; without the axis that a vector lacks.

    Raises
    ------
    ArgumentError
        For fewer than two tensors.
    ShapeError
        If the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.multi_dot([tp.ones(2, 3), tp.ones(3, 4), tp.ones(4)])
    tensor([12., 12.])
    """
    given = list(tensors)
    if any(not isinstance(x, Tensor) for x in given):
        raise unsupported("linalg.multi_dot", *given)
    if len(given) < 2:
        raise ArgumentError(f"linalg.multi_dot: got {len(given)} tensors, wanted at least 2")
    shapes = [x.shape for x in given]
    matrices = list(given)
    if given[0].ndim == 1:
        matrices[0] = expand_dims(given[0], axis=0)
    if given[-1].ndim == 1:
        matrices[-1] = expand_dims(given[-1], axis=1)
    lengths = [*(x.shape[0] for x in matrices if x.ndim == 2), *matrices[-1].shape[1:]]
    if any(x.ndim != 2 for x in matrices) or any(x.shape[1] != n for x, n in zip(matrices, lengths[1:], strict=True)):
        raise ShapeError(f"linalg.multi_dot: shapes {', '.join(map(str, shapes))} don't fit a chain of matrix products")
    product = _multiply(matrices, _splits(tuple(lengths)), 0, len(matrices) - 1)
    return arranged(product, None, shapes[0][:-1] + shapes[-1][1:])


@functools.lru_cache(maxsize=1024)
def _splits(lengths: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Where to split the product of matrices `i` to `j`, which has shape ``(lengths[i], lengths[j + 1])``."""
    count = len(lengths) - 1
    cost = {(i, i): 0 for i in range(count)}
    split = {}
    for span in range(1, count):
        for i in range(count - span):
            j = i + span
            costs = [cost[i, k] + cost[k + 1, j] + lengths[i] * lengths[k + 1] * lengths[j + 1] for k in range(i, j)]
            split[i, j] = i + costs.index(min(costs))
            cost[i, j] = min(costs)
    return split


def _multiply(matrices: list[Tensor], split: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    """The product of matrices `i` to `j`."""
    if i == j:
        return matrices[i]
    k = split[i, j]
    return matmul(_multiply(matrices, split, i, k), _multiply(matrices, split, k + 1, j))


@function(name="linalg.vander")
def vander(x: Tensor, N: int | None = None) -> Tensor:
    """Vandermonde matrices: the powers 0 to ``N - 1`` of each element along a last axis.

    Parameters
    ----------
    x : Tensor, shape (..., M)
        Of a numeric dtype; a 0-d tensor counts as a vector.
    N : int, optional
        The number of powers; M by default.

    Returns
    -------
    Tensor, shape (..., M, N)

    Raises
    ------
    ArgumentError
        If `N` is less than 2.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.vander(tp.tensor([2, 3]), N=3)
    tensor([[1, 2, 4],
            [1, 3, 9]])
    """
    x = x if x.ndim else reshape(x, (1,))
    count = x.shape[-1] if N is None else as_integer("linalg.vander", "N", N)
    if N is not None and count < 2:
        raise ArgumentError(f"linalg.vander: got N={count}, wanted at least 2")
    factors = broadcast_to(expand_dims(x, axis=-1), (*x.shape, max(count - 1, 0)))
    return cumulative_prod(factors, axis=-1, include_initial=True)[..., :count]
