"""Distances and directions of vectors, as in PyTorch: `cdist`, `pdist`, `pairwise_distance`, `normalize` and so on."""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..autodiff.composing import compose, constant
from ..dispatch.operation import operation
from ..families.function import function
from ..memory.coercion import same_device
from ..memory.structure import cast, reshape
from ..memory.structure import index as read
from ..memory.tensor import Tensor
from ..standard.elementwise import clip
from ..standard.linalg import vector_norm
from ..standard.manipulation import broadcast_arrays, expand_dims
from ..types.axes import as_float, normalize_axis
from ..types.dtypes import get_default_dtype, promote
from ..types.errors import ArgumentError, DTypeError, ShapeError

__all__ = ["cdist", "cosine_similarity", "normalize", "pairwise_distance", "pdist"]


@function(keywords=("x1", "x2"))
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    r"""The distance of each vector from the one in its place, :math:`\| x_1 - x_2 + \epsilon \|_p`.

    Parameters
    ----------
    x1, x2 : Tensor, shape (..., D)
        Of a real-valued floating-point dtype; they are broadcast and promoted to a common one.
    p : float, default: 2.0
        The power of the norm.
    eps : float, default: 1e-6
        A number added to each difference, so that the norm is differentiable at equal vectors.
    keepdim : bool, default: False
        Whether the last axis is kept with length 1.

    Returns
    -------
    Tensor, shape (...)

    Raises
    ------
    TypeError
        For another dtype.
    ShapeError
        If the shapes cannot be broadcast together.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.pairwise_distance(tp.tensor([[3.0, 4.0], [1.0, 1.0]]), tp.zeros(2))
    tensor([5.0000, 1.4142])
    """
    x1, x2 = _floats("pairwise_distance", x1, x2)
    difference = x1 - x2 + as_float("pairwise_distance", "eps", eps)
    return vector_norm(difference, p, axis=-1 if difference.ndim else None, keepdims=keepdim)


@function(keywords=("x1", "x2"), widens_half=True)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    r"""The cosine of the angle between vectors along an axis.

    .. math:: \frac{x_1 \cdot x_2}{\max(\|x_1\|_2, \epsilon) \max(\|x_2\|_2, \epsilon)}

    Parameters
    ----------
    x1, x2 : Tensor
        Of a real-valued floating-point dtype; they are broadcast and promoted to a common one.
    dim : int, default: 1
        The axis of their common shape.
    eps : float, default: 1e-8
        The smallest divisor. The gradient ignores this bound, as in PyTorch.

    Returns
    -------
    Tensor
        Of the common shape without the axis.

    Raises
    ------
    IndexError
        If there is no such axis.
    TypeError
        For another dtype.
    ShapeError
        If the shapes cannot be broadcast together.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cosine_similarity(tp.tensor([[3.0, 4.0], [1.0, 1.0]]), tp.tensor([[1.0, 0.0], [2.0, 2.0]]))
    tensor([0.6000, 1.0000])
    """
    x1, x2 = broadcast_arrays(*_floats("cosine_similarity", x1, x2))
    if not x1.ndim:
        x1, x2 = reshape(x1, (1,)), reshape(x2, (1,))
    axis = normalize_axis("cosine_similarity", dim, x1.ndim)
    similarity: Tensor = compose(_cosines, x1, x2, axis=axis, eps=as_float("cosine_similarity", "eps", eps))
    return similarity


def _cosines(ops: Any, x1: Any, x2: Any, axis: int, eps: float) -> Any:
    return ops.sum(_normalized(ops, x1, axis, eps) * _normalized(ops, x2, axis, eps), axis=axis)


@function(keywords=("x1", "x2"))
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """The distances of all pairs of vectors, one of each tensor.

    Parameters
    ----------
    x1 : Tensor, shape (..., P, M)
        Of a real-valued floating-point dtype.
    x2 : Tensor, shape (..., R, M)
    p : float, default: 2.0
        The power of the norm.
    compute_mode : str, optional
        PyTorch's; it has no effect.

    Returns
    -------
    Tensor, shape (..., P, R)

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    ValueError
        If `p` is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cdist(tp.tensor([[3.0, 4.0], [0.0, 1.0]]), tp.zeros(1, 2))
    tensor([[5.],
            [1.]])
    """
    p = _power("cdist", p)
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(f"cdist: got shapes {x1.shape} and {x2.shape}, wanted (..., P, M) and (..., R, M)")
    x1, x2 = _floats("cdist", x1, x2)
    return vector_norm(expand_dims(x1, axis=-2) - expand_dims(x2, axis=-3), p, axis=-1)


@function(accepts="real-valued floating-point")
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances of all pairs of rows of a matrix, of the first row's first.

    Parameters
    ----------
    input : Tensor, shape (N, M)
        Of a real-valued floating-point dtype.
    p : float, default: 2.0
        The power of the norm.

    Returns
    -------
    Tensor, shape (N * (N - 1) / 2,)

    Raises
    ------
    ShapeError
        If the input has another number of axes.
    ValueError
        If `p` is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.pdist(tp.tensor([[3.0, 4.0], [0.0, 0.0], [0.0, 4.0]]))
    tensor([5., 3., 4.])
    """
    p = _power("pdist", p)
    if input.ndim != 2:
        raise ShapeError(f"pdist: got an input of shape {input.shape}, wanted (N, M)")
    if p == 2.0:
        found: Tensor = _pair_distances(input)
        return found
    first, second = numpy.triu_indices(input.shape[0], 1)
    return vector_norm(read(input, (first,)) - read(input, (second,)), p, axis=-1)


@operation(accepts="real-valued floating-point", widens_half=True)
def _pair_distances(ops: Any, x: Any) -> Any:
    """The Euclidean distances of all pairs of rows."""
    differences, _, _ = _pair_differences(ops, x)
    return getattr(ops, "linalg.vector_norm")(differences, axis=(1,), keepdims=False, ord=2.0)


@operation(accepts="real-valued floating-point", widens_half=True)
def _pair_distances_gradient(ops: Any, g: Any, x: Any, out: Any) -> Any:
    """The gradient of `pair_distances`, given its result `out`; zero for equal rows."""
    differences, first, second = _pair_differences(ops, x)
    unit = ops.reshape(ops.masked_fill(out, out <= 0.0, 1.0), (-1, 1))
    # The reciprocal of a distance may overflow.
    each = ops.divide(differences, unit) * ops.reshape(g, (-1, 1))
    return ops.scatter_zeros(each, x.shape, (first,)) - ops.scatter_zeros(each, x.shape, (second,))


def _pair_differences(ops: Any, x: Any) -> tuple[Any, Any, Any]:
    """The differences of all pairs of rows, and the indices of both."""
    first, second = numpy.triu_indices(x.shape[0], 1)
    return ops.index(x, (first,)) - ops.index(x, (second,)), first, second


@function(axis="several", widens_half=True)
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    r"""Vectors divided by their norms, :math:`x / \max(\|x\|_p, \epsilon)`.

    Parameters
    ----------
    input : Tensor
        Of a floating-point dtype; half-precision types are computed in float32.
    p : float, default: 2.0
        The power of the norm.
    dim : int or tuple of int, default: 1
        The axes of the vectors.
    eps : float, default: 1e-12
        The smallest divisor.
    out : Tensor, optional
        Where the result is written.

    Returns
    -------
    Tensor
        The dtype and shape of `input`.

    Raises
    ------
    IndexError
        If there is no such axis.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.normalize(tp.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([[0.6000, 0.8000],
            [0.0000, 0.0000]])
    """
    if input.dtype.kind not in "fc":
        raise DTypeError(f"normalize: got {input.dtype}, wanted a floating-point dtype")
    p, eps = as_float("normalize", "p", p), as_float("normalize", "eps", eps)
    unit = _unit(input.shape, dim, p)
    x = input * unit
    found: Tensor = x / clip(vector_norm(x, p, axis=dim, keepdims=True), eps * unit)
    return found


def _floats(operation: str, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    """Bring two tensors to one device and a common real-valued floating-point dtype."""
    x1, x2 = same_device(operation, x1, x2)
    dtype = promote(x1.dtype, x2.dtype)
    if dtype.kind == "c":
        raise DTypeError(f"{operation}: got {dtype}, wanted a real-valued floating-point dtype")
    dtype = dtype if dtype.kind == "f" else get_default_dtype()
    return cast(x1, dtype), cast(x2, dtype)


def _power(operation: str, p: Any) -> float:
    found = as_float(operation, "p", p)
    if not found >= 0.0:
        raise ArgumentError(f"{operation}: got p {found}, wanted 0 or more")
    return found


def _normalized(ops: Any, x: Any, axis: int, eps: float) -> Any:
    unit = _unit(x.shape, (axis,), 2.0)
    x = x * unit
    norm = getattr(ops, "linalg.vector_norm")(x, axis=axis, keepdims=True, ord=2.0)
    # The bound's part is a constant, so that the gradient ignores it.
    value = constant(norm)
    # XLA's own quotient multiplies by the reciprocal, which may be subnormal.
    return ops.divide(x, norm + (ops.maximum(value, ops.full_like(value, eps * unit)) - value))


def _unit(shape: tuple[int, ...], axes: tuple[int, ...] | None, p: float) -> float:
    """A power of two in which no norm of finite numbers overflows, and few numbers are subnormal."""
    count = math.prod(shape if axes is None else [shape[axis] for axis in axes])
    return 2.0 ** -min(math.ceil(math.log2(count) / p), 32) if p > 0.0 and count > 1 else 1.0
