"""Kernels of distances on NumPy arrays, row by row, so that differences stay in the cache."""

from __future__ import annotations

import itertools
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import MANY_ELEMENTS, SUMMED_BY_PRODUCT
from ..contract import PartialKernel
from .products import ORDINARY


def _fits(*arrays: Any) -> bool:
    """Whether the rows, of the one array or the second one, are many and short enough for dot products."""
    count, length = arrays[len(arrays) // 2].shape
    return count * length >= MANY_ELEMENTS and length < SUMMED_BY_PRODUCT.stop


def _are_ordinary(squares: Any) -> bool:
    return bool(ORDINARY[0] < squares.min() and squares.max() < ORDINARY[1])


@quiet
def _pair_distances(x: Any) -> Any:
    """Left to the decomposition if a square is zero or may have under- or overflown."""
    count = len(x)
    squares, buffer = numpy.empty(count * (count - 1) // 2, x.dtype), numpy.empty_like(x)
    ends = itertools.accumulate(range(count - 1, 0, -1))
    for i, end in enumerate(ends):
        length = count - 1 - i
        differences = numpy.subtract(x[i + 1 :], x[i], buffer[:length])
        numpy.vecdot(differences, differences, squares[end - length : end])
    return numpy.sqrt(squares, squares) if squares.size and _are_ordinary(squares) else NotImplemented


@quiet
def _pair_distances_gradient(g: Any, x: Any, out: Any) -> Any:
    """Left to the decomposition where that of the distances is, or if a quotient is not finite."""
    quotients = g / out
    if not (out.size and _are_ordinary(out * out) and numpy.isfinite(quotients).all()):
        return NotImplemented
    shares, buffer, found = numpy.zeros((len(x), len(x)), x.dtype), numpy.empty_like(x), numpy.empty_like(x)
    shares[numpy.triu_indices(len(x), 1)] = quotients
    shares += shares.T
    for i, row in enumerate(x):
        numpy.matmul(shares[i], numpy.subtract(row, x, buffer), found[i])
    return found


KERNELS = {
    "pair_distances": PartialKernel(_pair_distances, _fits),
    "pair_distances_gradient": PartialKernel(_pair_distances_gradient, _fits),
}
"""By the name of the operation."""
