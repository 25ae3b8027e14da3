"""Linear algebra (array API standard 2025.12, "Linear Algebra Functions"), and PyTorch's products."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy

from ..dispatch.operation import Operation, operation
from ..dispatch.registry import OPERATORS, method
from ..families.elementwise import binary_apply
from ..families.function import function
from ..memory.coercion import equals_scalar, pair, same_device
from ..memory.structure import cast, reshape
from ..memory.tensor import Tensor
from ..memory.views import make_view
from ..types.axes import as_integer, broadcasts, normalize_axes
from ..types.dtypes import promote
from ..types.errors import AxesError, DTypeError, ShapeError, unsupported
from .manipulation import expand_dims, matrix_transpose, permute_dims

__all__ = ["addmm", "bmm", "dot", "linear", "matmul", "mm", "mv", "outer", "tensordot", "vecdot"]


def _product_shape(operands: Sequence[Any], parameters: Mapping[str, Any]) -> tuple[int, ...]:
    first, second = (tuple(x.shape) for x in operands)
    columns = second[-1:] if len(second) > 1 else ()
    return (*numpy.broadcast_shapes(first[:-2], second[:-2]), *first[-2:-1], *columns)


@operation(accepts="numeric", broadcasts=True, shape=_product_shape)
def _matmul(x1: Any, x2: Any) -> Any:
    """The matrix product."""


@operation(accepts="numeric", broadcasts=True)
def _vecdot(x1: Any, x2: Any) -> Any:
    """The dot products of vectors along the last axis, the first of each pair conjugated."""


def _explain(operation: str, error: Exception, x1: Tensor, x2: Tensor) -> Exception:
    """The exception to raise for an error of the kernel: a ShapeError if the shapes do not fit, else the error."""
    shape1, shape2 = x1.shape, x2.shape
    if not shape1 or not shape2:
        return ShapeError(f"{operation}: got shapes {shape1} and {shape2}, wanted at least one axis each; use *")
    batches1, batches2 = shape1[:-2], shape2[:-2]
    fits = all(n == m or 1 in (n, m) for n, m in zip(reversed(batches1), reversed(batches2), strict=False))
    return error if shape1[-1] == _inner(shape2) and fits else _misfit(operation, shape1, shape2)


def _inner(shape: tuple[int, ...]) -> int:
    """The length of the second operand's contracted axis."""
    return shape[0] if len(shape) == 1 else shape[-2]


def _misfit(operation: str, shape1: tuple[int, ...], shape2: tuple[int, ...]) -> ShapeError:
    return ShapeError(
        f"{operation}: shapes {shape1} and {shape2} cannot be multiplied: the last axis of the first, "
        f"{shape1[-1]}, must be as long as the last but one of the second, {_inner(shape2)}, and the axes before them "
        f"must broadcast"
    )


_apply = OPERATORS["matmul"] = method("__matmul__")(binary_apply(_matmul, _explain))


@method("__rmatmul__")
def _reflected(self: Tensor, other: Any) -> Any:
    return _apply(other, self)


@function(methods=("matmul",))
def matmul(x1: Any, x2: Any, /, *, out: Tensor | None = None) -> Tensor:
    """The matrix product, over the last two axes; the axes before them broadcast.

    Parameters
    ----------
    x1 : Tensor, shape (..., N, K) or (K,)
    x2 : Tensor, shape (..., K, M) or (K,)
        Of a numeric dtype; the two are promoted to a common one.
    out : Tensor, optional
        The tensor that the result is written into, as in PyTorch.

    Returns
    -------
    Tensor, shape (..., N, M)
        Without the axis that a one-dimensional operand lacks.

    Raises
    ------
    ShapeError
        If an operand is 0-d or the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.matmul(tp.tensor([[1.0, 2.0], [3.0, 4.0]]), tp.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    found: Tensor = _apply(x1, x2)
    if found is NotImplemented:
        raise unsupported("matmul", x1, x2)
    return found


def promoted(made: Operation, x1: Any, x2: Any, name: str = "") -> tuple[Tensor, Tensor]:
    """Bring two operands of an operation, or of a function named otherwise, to one device and dtype.

    Raises
    ------
    TypeError
        If one is no tensor, or the operation does not take the dtype.
    DeviceError
        If they are on different devices.
    """
    name = name or made.name
    if type(x1) is type(x2) is Tensor:
        if x1._key is x2._key and made.takes(x1._key.dtype):
            return x1, x2
        x1, x2 = same_device(name, x1, x2)
    operands = pair(made, x1, x2)
    if operands is None:
        raise unsupported(name, x1, x2)
    dtype = operands[0].dtype
    if not made.takes(dtype):
        raise DTypeError(f"{name}: got {dtype}, wanted a {made.accepts} dtype")
    return operands


def vectors_last(operation: str, x1: Tensor, x2: Tensor, axis: Any) -> tuple[Tensor, Tensor]:
    """Move the axis of the vectors to the end of both operands.

    Raises
    ------
    IndexError
        If an operand has no such axis.
    ShapeError
        If it is not equally long in both, or the other axes don't broadcast.
    """
    if type(axis) is int and axis == -1 and x1._array.shape == x2._array.shape != ():
        return x1, x2
    # Counted from the end of each: the operands may have different numbers of axes.
    number = as_integer(operation, "an axis", axis)
    common = max(x1.ndim, x2.ndim)
    from_end = number - common if number >= 0 else number
    low = -min(x1.ndim, x2.ndim)
    if not low <= from_end < 0:
        raise IndexError(
            f"{operation}: axis {number} is out of range for shapes {x1.shape} and {x2.shape}; allowed are {low} to -1"
        )
    if x1.shape[from_end] != x2.shape[from_end]:
        raise ShapeError(
            f"{operation}: shapes {x1.shape} and {x2.shape} must be equally long along axis {number}, which is not "
            f"broadcast"
        )
    pairs = zip(reversed(x1.shape), reversed(x2.shape), strict=False)
    if not all(n == m or 1 in (n, m) for n, m in pairs):
        raise ShapeError(f"{operation}: shapes {x1.shape} and {x2.shape} cannot be broadcast together")
    return _axis_last(x1, from_end), _axis_last(x2, from_end)


def _axis_last(x: Tensor, axis: int) -> Tensor:
    if axis == -1:
        return x
    order = list(range(x.ndim))
    order.append(order.pop(axis))
    return permute_dims(x, order)


@function(keywords=("x", "y"))
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """The dot products of vectors along an axis, the first of each pair conjugated; the other axes broadcast.

    Parameters
    ----------
    x1, x2 : Tensor
        Of a numeric dtype; the two are promoted to a common one.
    axis : int, default: -1
        The axis with the vectors, counted from the end, where both have the same length. `dim` is PyTorch's name.

    Returns
    -------
    Tensor
        Of the broadcast shape without the axis.

    Raises
    ------
    IndexError
        If an operand has no such axis.
    ShapeError
        If the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.vecdot(tp.tensor([[1.0, 2.0], [3.0, 4.0]]), tp.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    x1, x2 = promoted(_vecdot, x1, x2)
    found: Tensor = _vecdot(*vectors_last("vecdot", x1, x2, axis))
    return found


@function(methods=("outer", "ger"), keywords=("input", "vec2"))
def outer(x1: Tensor, x2: Tensor, /, *, out: Tensor | None = None) -> Tensor:
    """The outer product of two vectors.

    Parameters
    ----------
    x1 : Tensor, shape (N,)
    x2 : Tensor, shape (M,)
        Of a numeric dtype; the two are promoted to a common one.
    out : Tensor, optional
        The tensor that the result is written into, as in PyTorch.

    Returns
    -------
    Tensor, shape (N, M)

    Raises
    ------
    ShapeError
        If an operand is not one-dimensional.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.outer(tp.tensor([1, 2]), tp.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    require_ndim("outer", (x1, x2), (1, 1))
    x1, x2 = promoted(_matmul, x1, x2, "outer")
    return expand_dims(x1, axis=1) * x2


@function(keywords=("a", "b"))
def tensordot(x1: Any, x2: Any, /, dims: Any = None, *, axes: Any = 2) -> Tensor:
    """Tensor contraction: the sum of products over pairs of axes.

    Parameters
    ----------
    x1, x2 : Tensor
        Of a numeric dtype; the two are promoted to a common one.
    axes : int or pair of sequences of int, default: 2
        The axes of `x1` and those of `x2`, or how many of the last of `x1` go with the first of `x2`. `dims` is
        PyTorch's name.

    Returns
    -------
    Tensor
        Its axes are those left of `x1`, then those left of `x2`.

    Raises
    ------
    IndexError
        If an operand has no such axis.
    ShapeError
        If two axes of a pair have different lengths.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tensordot(tp.ones(2, 3), tp.ones(3, 4), axes=1).shape
    (2, 4)
    """
    x1, x2 = promoted(_matmul, x1, x2, "tensordot")
    axes1, axes2 = _contracted(x1, x2, axes if dims is None else dims)
    rows, columns, shape = _contraction(x1._array.shape, x2._array.shape, axes1, axes2)
    return arranged(matmul(arranged(x1, *rows), arranged(x2, *columns)), None, shape)


Arrangement = tuple[tuple[int, ...] | None, tuple[int, ...]]
"""An order of axes, None as they are, and the shape that they are reshaped to."""


@functools.lru_cache(maxsize=1024)
def _contraction(
    shape1: tuple[int, ...], shape2: tuple[int, ...], axes1: tuple[int, ...], axes2: tuple[int, ...]
) -> tuple[Arrangement, Arrangement, tuple[int, ...]]:
    """How operands become two matrices, and the shape of the result."""
    lengths1, lengths2 = [shape1[i] for i in axes1], [shape2[i] for i in axes2]
    if lengths1 != lengths2:
        raise ShapeError(
            f"tensordot: shapes {shape1} and {shape2} cannot be contracted over axes {axes1} and {axes2}, of "
            f"lengths {lengths1} and {lengths2}, which must be equal"
        )
    rest1, rest2 = (
        [i for i in range(len(shape)) if i not in axes] for shape, axes in ((shape1, axes1), (shape2, axes2))
    )
    left, right = tuple(shape1[i] for i in rest1), tuple(shape2[i] for i in rest2)
    inner = math.prod(lengths1)
    rows = (*rest1, *axes1), (math.prod(left), inner)
    return rows, ((*axes2, *rest2), (inner, math.prod(right))), (*left, *right)


def arranged(x: Tensor, order: tuple[int, ...] | None, shape: tuple[int, ...]) -> Tensor:
    """A tensor with permuted axes, then reshaped; itself where nothing changes."""
    if order is not None and order != tuple(range(len(order))):
        x = make_view(x, "permute_dims", order)
    return x if x._array.shape == shape else reshape(x, shape)


def _contracted(x1: Tensor, x2: Tensor, axes: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of each operand to contract."""
    if not isinstance(axes, Iterable) or getattr(axes, "ndim", None) == 0:
        count = as_integer("tensordot", "axes", axes)
        if not 0 <= count <= min(x1.ndim, x2.ndim):
            raise ShapeError(f"tensordot: got {count} axes, wanted 0 to {min(x1.ndim, x2.ndim)}, which both have")
        return tuple(range(x1.ndim - count, x1.ndim)), tuple(range(count))
    given = tuple(axes)
    if len(given) != 2:
        raise AxesError(f"tensordot: got axes for {len(given)} operands, wanted two sequences of them, or a number")
    first, second = given
    axes1 = normalize_axes("tensordot", first, x1.ndim) or ()
    axes2 = normalize_axes("tensordot", second, x2.ndim) or ()
    if len(axes1) != len(axes2):
        raise ShapeError(f"tensordot: got {len(axes1)} axes for the first and {len(axes2)} for the second operand")
    return axes1, axes2


def require_ndim(operation: str, tensors: tuple[Tensor, ...], wanted: tuple[int, ...]) -> None:
    """Raise unless operands have given numbers of axes, as PyTorch's special products do."""
    if tuple([len(tensor._array.shape) for tensor in tensors]) != wanted:
        shapes = " and ".join(str(tensor.shape) for tensor in tensors)
        axes = " and ".join(f"{n}-d" for n in dict.fromkeys(wanted))
        raise ShapeError(f"{operation}: got shapes {shapes}, wanted {axes} tensors; use matmul for any others")


def _product(operation: str, x1: Tensor, x2: Tensor, ndims: tuple[int, int]) -> Tensor:
    """The matrix product of operands with given numbers of axes."""
    require_ndim(operation, (x1, x2), ndims)
    if x1._array.shape[-1] != _inner(x2._array.shape):
        raise _misfit(operation, x1.shape, x2.shape)
    found: Tensor = _apply(x1, x2)
    return found


@function(methods=("mm",), keywords=("input", "mat2"))
def mm(x1: Tensor, x2: Tensor, /, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices, as in PyTorch: `matmul` of two-dimensional tensors only.

    Raises
    ------
    ShapeError
        If an operand is not two-dimensional, or the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.mm(tp.tensor([[1, 2]]), tp.tensor([[3], [4]]))
    tensor([[11]])
    """
    return _product("mm", x1, x2, (2, 2))


@function(methods=("mv",), keywords=("input", "vec"))
def mv(x1: Tensor, x2: Tensor, /, *, out: Tensor | None = None) -> Tensor:
    """The product of a matrix and a vector, as in PyTorch.

    Raises
    ------
    ShapeError
        If the operands are not two- and one-dimensional, or the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.mv(tp.tensor([[1, 2]]), tp.tensor([3, 4]))
    tensor([11])
    """
    return _product("mv", x1, x2, (2, 1))


@function(methods=("bmm",), keywords=("input", "mat2"))
def bmm(x1: Tensor, x2: Tensor, /, *, out: Tensor | None = None) -> Tensor:
    """Batched matrix product of 3-d tensors, as in PyTorch.

    Raises
    ------
    ShapeError
        If an operand is not three-dimensional, or the shapes don't fit; nothing is broadcast.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bmm(tp.ones(5, 2, 3), tp.ones(5, 3, 4)).shape
    (5, 2, 4)
    """
    require_ndim("bmm", (x1, x2), (3, 3))
    if x1._array.shape[0] != x2._array.shape[0]:
        raise ShapeError(f"bmm: got shapes {x1.shape} and {x2.shape}, wanted as many matrices in both; use matmul")
    return _product("bmm", x1, x2, (3, 3))


@function(methods=("dot",), keywords=("input", "tensor"))
def dot(x1: Tensor, x2: Tensor, /, *, out: Tensor | None = None) -> Tensor:
    """The dot product of two vectors, as in PyTorch, without conjugation.

    Raises
    ------
    ShapeError
        If an operand is not one-dimensional, or they have different lengths.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.dot(tp.tensor([1, 2]), tp.tensor([3, 4]))
    tensor(11)
    """
    return _product("dot", x1, x2, (1, 1))


@function()
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A linear layer, ``input @ weight.T + bias``, as in PyTorch.

    Parameters
    ----------
    input : Tensor, shape (..., K)
    weight : Tensor, shape (N, K) or (K,)
    bias : Tensor, shape (N,) or (), optional
        Of numeric dtypes, which are promoted to a common one.

    Returns
    -------
    Tensor, shape (..., N)
        Without the axis that a one-dimensional weight lacks.

    Raises
    ------
    ShapeError
        If the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> weight, bias = tp.tensor([[1.0, 2.0], [3.0, 4.0]]), tp.tensor([0.5, 0.0])
    >>> tp.linear(tp.tensor([1.0, 1.0]), weight, bias)
    tensor([3.5000, 7.0000])
    """
    if weight.ndim not in (1, 2) or input.shape[-1:] != weight.shape[-1:]:
        raise ShapeError(
            f"linear: got an input of shape {input.shape} and a weight of shape {weight.shape}, wanted (..., K) and "
            f"(N, K) or (K,)"
        )
    wanted = weight.shape[:-1]
    if bias is not None and bias.shape not in ((), wanted):
        found = f"a bias of shape {bias.shape} for a weight of shape {weight.shape}"
        raise ShapeError(f"linear: got {found}, wanted a bias of shape {wanted}")
    out = matmul(input, weight if weight.ndim == 1 else matrix_transpose(weight))
    return out if bias is None else out + bias


@function(methods=("addmm",), in_place_method=True)
def addmm(x: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """Matrix product plus a tensor, ``beta * x + alpha * (mat1 @ mat2)``, as in PyTorch.

    Parameters
    ----------
    x : Tensor
        It is broadcast to the shape of the product.
    mat1 : Tensor, shape (N, K)
    mat2 : Tensor, shape (K, M)
    beta, alpha : number, default: 1
        With a `beta` of 0 nothing of `x` counts, NaN and infinities neither.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor, shape (N, M)

    Raises
    ------
    ShapeError
        If the matrices are not two-dimensional, or the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.addmm(tp.tensor([1, 2]), tp.tensor([[1, 2]]), tp.tensor([[3, 4], [5, 6]]))
    tensor([[14, 18]])
    """
    return plus_product("addmm", x, _product("addmm", mat1, mat2, (2, 2)), beta, alpha)


def plus_product(operation: str, x: Tensor, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    """``beta * x + alpha * product``, where `x` broadcasts to the product's shape, and is ignored if `beta` is 0."""
    if not broadcasts(x.shape, product.shape):
        raise ShapeError(f"{operation}: shape {x.shape} cannot be broadcast to that of the product, {product.shape}")
    if not equals_scalar(alpha, 1):
        product = product * alpha
    if equals_scalar(beta, 0):
        return cast(product, promote(x.dtype, product.dtype))
    return product + (x if equals_scalar(beta, 1) else x * beta)
