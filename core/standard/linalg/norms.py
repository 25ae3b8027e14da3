"""Vector and matrix norms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy

from ...dispatch.operation import operation
from ...families.function import function
from ...memory.structure import cast
from ...memory.tensor import Tensor
from ...types.axes import as_float, describe, normalize_axes
from ...types.dtypes import as_dtype
from ...types.errors import AxesError, ShapeError
from ..elementwise import abs
from ..manipulation import expand_dims, permute_dims
from ..statistical import max as greatest
from ..statistical import min as least
from ..statistical import sum
from .checks import require_floating, require_matrices
from .decompositions import svdvals

__all__ = ["matrix_norm", "vector_norm"]

_ORDINARY = (1e-30, 1e38)
"""The range of sums of powers in which none has under- or overflown in single precision."""


@operation(extension="linalg", accepts="floating-point", result="real")
def _vector_norm(ops: Any, x: Any, *, axis: Any, keepdims: bool, ord: float) -> Any:
    """The vector norm ``sum(abs(x)**ord)**(1 / ord)``, without overflow."""
    size = ops.abs(x)
    if ord == 0:
        return ops.sum(ops.cast(ops.not_equal(size, ops.zeros_like(size)), size.dtype), axis=axis, keepdims=keepdims)
    powers = ops.sum(_power(ops, size, ord), axis=axis, keepdims=keepdims)
    if 0 in size.shape:
        return powers
    ends = (ops.min(powers), ops.max(powers)) if powers.shape else (powers, powers)
    if ops.known(_are_ordinary, False, *ends):
        return _power(ops, powers, 1 / ord)
    # In units of the largest, or the smallest.
    extreme = (ops.max if ord > 0 else ops.min)(size, axis=axis, keepdims=True)
    usable = ops.logical_and(ops.isfinite(extreme), ops.greater(extreme, ops.zeros_like(extreme)))
    unit = ops.where(usable, extreme, ops.ones_like(extreme))
    powers = ops.sum(_power(ops, size / unit, ord), axis=axis, keepdims=keepdims)
    return _power(ops, powers, 1 / ord) * ops.reshape(unit, powers.shape)


def _power(ops: Any, x: Any, exponent: float) -> Any:
    if exponent in (2.0, 0.5):
        return x * x if exponent == 2.0 else ops.sqrt(x)
    return ops.pow(x, ops.full_like(x, exponent))


def _are_ordinary(least: numpy.ndarray, greatest: numpy.ndarray) -> bool:
    low, high = _ORDINARY
    return low < float(least) and float(greatest) < high


@function(name="linalg.vector_norm", axis="several", widens_half=True, keywords=("x",))
def vector_norm(
    x: Tensor,
    /,
    ord: Any = 2,
    dim: Any = None,
    keepdim: bool = False,
    *,
    axis: Any = None,
    keepdims: bool = False,
) -> Tensor:
    """The vector norm ``sum(abs(x)**ord)**(1 / ord)`` along axes.

    Parameters
    ----------
    x : Tensor
        Of a floating-point dtype.
    ord : int or float, default: 2
        With inf the largest absolute value, with -inf the smallest, 0 the number of elements that are not zero.
    dim, keepdim
        PyTorch's spelling of `axis` and `keepdims`.
    axis : int or tuple of int, optional
        The axes of the vectors; all by default.
    keepdims : bool, default: False
        Whether reduced axes stay, with length 1.

    Returns
    -------
    Tensor
        Real; the shape without the axes.

    Raises
    ------
    IndexError
        If an axis is out of range.
    ShapeError
        For a negative or infinite `ord` of no elements.

    Notes
    -----
    The gradient at zero is zero, and that of the largest value shared among equal ones, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.vector_norm(tp.tensor([[3.0, 4.0], [0.0, 2.0]]), axis=1)
    tensor([5., 2.])
    """
    require_floating("linalg.vector_norm", x)
    ord = as_float("linalg.vector_norm", "ord", ord)
    if (ord < 0 or ord == math.inf) and 0 in (x.shape if axis is None else [x.shape[i] for i in axis]):
        raise ShapeError(f"linalg.vector_norm: got shape {x.shape}, wanted at least one element for ord {ord}")
    if ord in _SIMPLE_NORMS:
        return _SIMPLE_NORMS[ord](x, axis, keepdims)
    found: Tensor = _vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    return found


_SIMPLE_NORMS: dict[float, Callable[[Tensor, Any, bool], Tensor]] = {
    1: lambda x, axis, keepdims: sum(abs(x), axis=axis, keepdims=keepdims),
    math.inf: lambda x, axis, keepdims: greatest(abs(x), axis=axis, keepdims=keepdims),
    -math.inf: lambda x, axis, keepdims: least(abs(x), axis=axis, keepdims=keepdims),
}


_Ord = float | Literal["fro", "nuc"] | None


@function(name="linalg.matrix_norm", widens_half=True, keywords=("A",))
def matrix_norm(
    x: Tensor, /, ord: _Ord = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, keepdims: bool = False
) -> Tensor:
    """The norm of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    ord : {"fro", "nuc", 1, -1, 2, -2, inf, -inf}, default: "fro"
        The root of the sum of squares; the sum of the singular values; the largest (negative: smallest) sum of absolute
        values in a column (1) or row (inf); the largest (smallest) singular value (2).
    dim, keepdim
        The axes of the matrices, and PyTorch's spelling of `keepdims`.
    keepdims : bool, default: False
        Whether the last two axes are kept with length 1.

    Returns
    -------
    Tensor, shape (...)
        Real.

    Raises
    ------
    ValueError
        For another `ord`, or the smallest of no elements. The largest of none is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[3.0, 0.0], [4.0, 0.0]])
    >>> tp.linalg.matrix_norm(x), tp.linalg.matrix_norm(x, ord=1)
    (tensor(5.), tensor(7.))
    """
    require_matrices("linalg.matrix_norm", x)
    chosen = "fro" if ord is None else ord
    if not isinstance(chosen, str | int | float) or chosen not in _MATRIX_NORMS:
        orders = ", ".join(map(repr, _MATRIX_NORMS))
        raise ValueError(f"linalg.matrix_norm: got ord {describe(ord)}, wanted one of {orders}")
    norm = _MATRIX_NORMS[chosen]
    axes = normalize_axes("linalg.matrix_norm", dim, x.ndim) or ()
    if len(axes) != 2:
        raise AxesError(f"linalg.matrix_norm: got dim {describe(dim)}, wanted two axes")
    rest = [i for i in range(x.ndim) if i not in axes]
    found = norm(permute_dims(x, (*rest, *axes)))
    return expand_dims(found, axis=sorted(axes)) if keepdims else found


def _sums(x: Tensor, axis: int) -> Tensor:
    summed: Tensor = sum(abs(x), axis=axis)
    return summed


def _greatest(x: Tensor) -> Tensor:
    """The maximum along the last axis; zero for no elements, as in PyTorch."""
    result: Tensor = greatest(x, axis=-1) if x.shape[-1] else sum(x, axis=-1)
    return result


def _least(x: Tensor) -> Tensor:
    if not x.shape[-1]:
        raise ShapeError("linalg.matrix_norm: a norm that is the least of some numbers wants at least one")
    result: Tensor = least(x, axis=-1)
    return result


_MATRIX_NORMS: dict[Any, Callable[[Tensor], Tensor]] = {
    "fro": lambda x: vector_norm(x, axis=(-2, -1)),
    "nuc": lambda x: sum(svdvals(x), axis=-1),
    1: lambda x: _greatest(_sums(x, -2)),
    -1: lambda x: _least(_sums(x, -2)),
    2: lambda x: _greatest(svdvals(x)),
    -2: lambda x: _least(svdvals(x)),
    math.inf: lambda x: _greatest(_sums(x, -1)),
    -math.inf: lambda x: _least(_sums(x, -1)),
}


@function(methods=("norm",))
def norm(
    x: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Tensor | None = None, dtype: Any = None
) -> Tensor:
    """A vector norm, by default over all axes, or with ``"nuc"`` a matrix norm, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.norm(tp.tensor([[3.0, 4.0], [0.0, 2.0]]), dim=1)
    tensor([5., 2.])
    """
    x = x if dtype is None else cast(x, as_dtype(dtype))
    if p == "nuc":
        return matrix_norm(x, "nuc", (-2, -1) if dim is None else dim, keepdim)
    return vector_norm(x, 2 if p in ("fro", None) else p, dim, keepdim)
