"""Products of NumPy arrays: matrix products and dot products by BLAS, and products of elements along axes.

Operands that BLAS cannot read are copied, because NumPy's own loop adds the terms one by one.
"""

from __future__ import annotations

from typing import Any

import numpy

from ..common.quiet import quiet, quietly, run, run_anyway
from ..common.sizes import FEW_ROWS, MANY_FACTORS

ndarray, asarray = numpy.ndarray, numpy.asarray

_reduce: Any = numpy.multiply.reduce

ORDINARY = (1e-30, 1e38)
"""The range of sums of powers, and of products, in which none has under- or overflown in single precision."""


def matmul(x1: Any, x2: Any, out: Any = None) -> Any:
    if x1.itemsize == 2 and out is not None:
        out[...] = matmul(x1, x2)
        return out
    if x1.itemsize == 2:
        # NumPy returns float32 for bfloat16.
        wide = (x1, x2) if x1.dtype.kind in "iu" else (x1.astype(numpy.float32), x2.astype(numpy.float32))
        return run_anyway(asarray(run_anyway(numpy.matmul, *wide)).astype, x1.dtype)
    if x1.size > FEW_ROWS and x1.dtype.kind in "fc" and x1.shape[-1] > FEW_ROWS:
        x1, x2 = _for_blas(x1), _for_blas(x2)
    try:
        out = run(numpy.matmul, x1, x2, out)
    except RuntimeError:
        out = run_anyway(numpy.matmul, x1, x2, out)
    return out if type(out) is ndarray else asarray(out)


def is_dot(x1: Any, x2: Any) -> bool:
    """Whether `numpy.dot`, which takes less time to call, is the product of matrices of these shapes and dtypes."""
    return len(x1.shape) == len(x2.shape) == 2 and x1.dtype.char in "fd"


def vecdot(x1: Any, x2: Any) -> Any:
    if x1.itemsize == 2 and x1.dtype.kind not in "iu":
        wide = vecdot(x1.astype(numpy.float32), x2.astype(numpy.float32))
        return run_anyway(wide.astype, x1.dtype)
    if x1.size > FEW_ROWS and x1.dtype.kind in "fc" and x1.shape[-1] > FEW_ROWS:
        x1, x2 = (x if _is_whole_stride(x.strides[-1], x) else numpy.ascontiguousarray(x) for x in (x1, x2))
    return asarray(quietly(numpy.vecdot, x1, x2))


def product(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The product along axes; along the last one of a large array by halves, as NumPy multiplies number by number."""
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        return run_anyway(product(x.astype(numpy.float32), axis=axis, keepdims=keepdims).astype, x.dtype)
    if x.size >= MANY_FACTORS and x.dtype.kind in "fc" and axis in (-1, x.ndim - 1, (x.ndim - 1,)):
        x = run_anyway(_halved, x)
    try:
        out = run(_reduce, x, axis, None, None, keepdims)
    except RuntimeError:
        out = run_anyway(_reduce, x, axis, None, None, keepdims)
    return out if type(out) is ndarray else asarray(out)


def _halved(x: Any) -> Any:
    """Factors along the last axis, multiplied by others until they are few."""
    while (length := x.shape[-1]) > 32:
        half = length // 2
        found = numpy.multiply(x[..., :half], x[..., half : 2 * half])
        if length % 2:
            found[..., 0] *= x[..., -1]
        x = found
    return x


@quiet
def products_of_others(x: Any) -> Any:
    """The product of the other elements of each row: a quotient, unless numbers are zero or extreme."""
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        return products_of_others(x.astype(numpy.float32)).astype(x.dtype)
    if x.dtype.kind in "fc" and x.size:
        found = product(x, axis=1, keepdims=True)
        sizes = numpy.abs(found)
        if ORDINARY[0] < sizes.min() and sizes.max() < ORDINARY[1]:
            return found / x
    before, after = numpy.ones_like(x), numpy.ones_like(x)
    numpy.multiply.accumulate(x[:, :-1], 1, None, before[:, 1:])
    numpy.multiply.accumulate(x[:, :0:-1], 1, None, after[:, -2::-1])
    before *= after
    return before


def _for_blas(x: Any) -> Any:
    """The array, copied unless its strides suit BLAS; strided vectors are copied too, as BLAS adds them one by one."""
    if x.ndim == 0 or x.flags.forc:
        return x
    (rows, columns), (outer, inner), size = (1, *x.shape)[-2:], (0, *x.strides)[-2:], x.itemsize
    if rows == 1 or columns == 1:
        readable = False
    elif inner == size:
        readable = outer >= columns * size and _is_whole_stride(outer, x)
    else:
        readable = outer == size and inner >= rows * size and _is_whole_stride(inner, x)
    return x if readable else numpy.ascontiguousarray(x)


def _is_whole_stride(stride: int, x: Any) -> bool:
    return stride > 0 and stride % x.itemsize == 0
