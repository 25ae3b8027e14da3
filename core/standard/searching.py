"""Searching functions (array API standard 2025.12, "Searching Functions")."""

from __future__ import annotations

from typing import Any

from ..dispatch.levels import together
from ..dispatch.operation import Operation, operation
from ..dispatch.registry import method
from ..families.function import function
from ..families.reductions import reduction
from ..memory.coercion import python_number, same_device, scalar_tensor
from ..memory.structure import cast, reshape
from ..memory.tensor import Tensor, wrap
from ..memory.views import array_of
from ..types.dtypes import SCALARS, bool_, promote, promote_scalar
from ..types.errors import ShapeError, explain, unsupported
from .manipulation import stack

__all__ = ["argmax", "argmin", "count_nonzero", "nonzero", "where"]


@operation(accepts="real-valued", result="int64")
def _argmax(x: Any, *, axis: int | None, keepdims: bool) -> Any:
    """The index of the first maximum."""


@operation(accepts="real-valued", result="int64")
def _argmin(x: Any, *, axis: int | None, keepdims: bool) -> Any:
    """The index of the first minimum."""


def _extreme_at(made: Operation, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    if 0 in (x.shape if axis is None else x.shape[axis : axis + 1]):
        raise ShapeError(f"{made.name}: got shape {x.shape}, wanted at least one element along the axis")
    found: Tensor = made(x, axis=axis, keepdims=keepdims)
    return found


@function(methods=("argmax",), axis="one")
def argmax(
    x: Tensor,
    /,
    dim: Any = None,
    keepdim: bool = False,
    *,
    axis: Any = None,
    keepdims: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The index of the first maximum along an axis, or in the flattened tensor.

    Parameters
    ----------
    x : Tensor
        Of a real-valued dtype.
    dim, keepdim
        PyTorch's spelling of `axis` and `keepdims`.
    axis : int, optional
        By default the tensor is flattened.
    keepdims : bool, default: False
        Whether the axis is kept with length 1.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor, dtype int64
        The shape without the axis. NaN counts as the largest.

    Raises
    ------
    IndexError
        If the axis is out of range.
    ShapeError
        If there is no element along it.
    TypeError
        For complex numbers and booleans.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.argmax(tp.tensor([[1.0, 5.0], [4.0, 2.0]]), axis=1)
    tensor([1, 0])
    """
    return _extreme_at(_argmax, x, axis, keepdims)


@function(methods=("argmin",), axis="one")
def argmin(
    x: Tensor,
    /,
    dim: Any = None,
    keepdim: bool = False,
    *,
    axis: Any = None,
    keepdims: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The index of the first minimum along an axis, or in the flattened tensor.

    Parameters
    ----------
    x : Tensor
        Of a real-valued dtype.
    dim, keepdim
        PyTorch's spelling of `axis` and `keepdims`.
    axis : int, optional
        By default the tensor is flattened.
    keepdims : bool, default: False
        Whether the axis is kept with length 1.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor, dtype int64
        The shape without the axis. NaN counts as the smallest.

    Raises
    ------
    IndexError
        If the axis is out of range.
    ShapeError
        If there is no element along it.
    TypeError
        For complex numbers and booleans.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.argmin(tp.tensor([[1.0, 5.0], [4.0, 2.0]]), axis=1)
    tensor([0, 1])
    """
    return _extreme_at(_argmin, x, axis, keepdims)


@reduction("all", result="int64")
def count_nonzero(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """The number of nonzero or true elements along axes.

    Notes
    -----
    NaN is not zero, and complex numbers are not of which either part is not.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.count_nonzero(tp.tensor([[1, 0], [2, 3]]), axis=1)
    tensor([1, 2])
    """


@operation(result="int64")
def _nonzero(x: Any) -> Any:
    """The indices of nonzero elements, an array for each axis."""


@function()
def nonzero(x: Tensor, /, *, as_tuple: bool | None = None) -> Any:
    """The indices of nonzero or true elements, in row-major order.

    Parameters
    ----------
    x : Tensor
        Of any dtype, at least 1-d. NaN is not zero, and complex numbers are not of which either part is not.
    as_tuple : bool, optional
        PyTorch's: whether to return a tuple; by default True, and False for the method.

    Returns
    -------
    tuple of Tensor, dtype int64
        The positions along each axis. With `as_tuple` False, one tensor with a row for each element.

    Raises
    ------
    ShapeError
        If `x` is 0-d and `as_tuple` is not given.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nonzero(tp.tensor([[1, 0], [2, 3]]))
    (tensor([0, 1, 1]), tensor([0, 0, 1]))
    >>> tp.tensor([0, 5, 6]).nonzero()
    tensor([[1],
            [2]])
    """
    if as_tuple is None and not x.ndim:
        raise ShapeError("nonzero: got a 0-d tensor, wanted at least one axis; use x.reshape(1)")
    kernel, key = x._key.table["nonzero"]
    positions = tuple(wrap(array, key) for array in kernel(array_of(x if x.ndim else reshape(x, (1,)))))
    if as_tuple is False:
        return stack(positions, axis=1) if x.ndim else reshape(positions[0], (-1, 1))[:, :0]
    return positions


@method("nonzero")
def _nonzero_method(x: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of nonzero elements, in rows, or as a tuple with a tensor for each axis."""
    return nonzero(x, as_tuple=as_tuple)


@operation(elementwise=True)
def _where(condition: Any, x1: Any, x2: Any) -> Any:
    """Select from `x1` where the condition is true, else from `x2`, of one dtype."""


@function()
def where(condition: Tensor, x1: Any = None, x2: Any = None, /, *, out: Tensor | None = None) -> Any:
    """Select elements of `x1` where the condition is true, else of `x2`.

    Parameters
    ----------
    condition : Tensor
        Of dtype bool.
    x1, x2 : Tensor or Python scalar
        They are promoted to a common dtype, and all three broadcast.
    out : Tensor, optional
        The tensor that the result is written into, as in PyTorch.

    Returns
    -------
    Tensor
        The promoted dtype; the broadcast shape. Of the condition alone, as in PyTorch, the positions along each axis
        where it holds: see `nonzero`.

    Raises
    ------
    TypeError
        If the condition is not of dtype bool.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, -2.0])
    >>> tp.where(x > 0, x, 0.0)
    tensor([1., 0.])
    """
    if x1 is None and x2 is None:
        return nonzero(condition, as_tuple=True)
    x1, x2 = python_number(x1), python_number(x2)
    for x in (x1, x2):
        if not isinstance(x, Tensor) and not isinstance(x, SCALARS):
            raise unsupported("where", condition, x1, x2)
    if condition._key.dtype is not bool_:
        raise TypeError(f"where: the condition must be of dtype bool, got {condition.dtype}")
    if not isinstance(x1, Tensor) and not isinstance(x2, Tensor):
        x1 = _scalar_branch(condition, x1, x2)
    x1, x2 = _branches(x1, x2)
    x1, x2 = same_device("where", x1, x2)
    if condition._key.device is not x1._key.device:
        condition, x1, x2 = together(condition, x1, x2)
        condition, x1 = same_device("where", condition, x1)
    try:
        return _where(condition, x1, x2)
    except Exception as error:
        raise explain("where", error, condition, x1, x2) from None


def _scalar_branch(condition: Tensor, x1: Any, x2: Any) -> Tensor:
    """The first of two scalars as a tensor of their common dtype."""
    dtypes = [promote_scalar(bool_, x) for x in (x1, x2)]
    return scalar_tensor(condition._key.with_dtype(promote(*dtypes)), x1, "where")


def _branches(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """The two branches in their common dtype; one of them may be a Python scalar."""
    if not isinstance(x1, Tensor):
        x2, x1 = _branches(x2, x1)
        return x1, x2
    if not isinstance(x2, Tensor):
        x1 = cast(x1, promote_scalar(x1.dtype, x2))
        return x1, scalar_tensor(x1._key, x2, "where")
    dtype = promote(x1.dtype, x2.dtype)
    return cast(x1, dtype), cast(x2, dtype)


@method("where")
def where_method(x: Tensor, condition: Tensor, other: Any) -> Tensor:
    """Select elements where a condition is true, others elsewhere, as in PyTorch."""
    return where(condition, x, other)
