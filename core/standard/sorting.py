"""Sorting functions (array API standard 2025.12, "Sorting Functions").

Sorting is always stable. In either order NaN sorts last, and zeros of both signs are equal.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..dispatch.operation import operation, same_shape
from ..dispatch.registry import method
from ..families.function import function
from ..memory.structure import cast
from ..memory.tensor import Tensor
from ..types.axes import normalize_axis
from ..types.dtypes import bool_, uint8
from .elementwise import bitwise_invert, negative
from .positions import elements_at

__all__ = ["argsort", "msort", "sort"]


@operation(accepts="real-valued", shape=same_shape)
def _sort(x: Any, *, axis: int) -> Any:
    """Sort in ascending order along an axis."""


@operation(accepts="real-valued", result="int64", shape=same_shape)
def _argsort(x: Any, *, axis: int) -> Any:
    """The indices that sort in ascending order along an axis."""


class Sorted(NamedTuple):
    """Sorted values and their indices, which PyTorch's `sort` returns."""

    values: Tensor
    indices: Tensor


def _reversed(x: Tensor) -> Tensor:
    """Keys of the reverse order: complements of integers, negatives of floats; NaN stays NaN."""
    found: Tensor = negative(x) if x.dtype.kind in "fc" else bitwise_invert(x)
    return found


def _keys(x: Tensor) -> Tensor:
    return cast(x, uint8) if x.dtype is bool_ else x


@function(dialects=True)
def sort(
    x: Tensor,
    /,
    dim: int | None = None,
    descending: bool = False,
    stable: bool = True,
    *,
    axis: int = -1,
    out: Any = None,
) -> Any:
    """Sort the elements along an axis.

    Parameters
    ----------
    x : Tensor
        Of a real-valued dtype or bool, at least 1-d.
    dim
        PyTorch's spelling of `axis`.
    descending : bool, default: False
        Whether the largest comes first. NaN comes last all the same.
    stable : bool, default: True
        Equal elements keep their order in any case.
    axis : int, default: -1
    out : (Tensor, Tensor), optional
        Where, with `dim`, values and positions are written, as in PyTorch.

    Returns
    -------
    Tensor or (values, indices)
        The dtype and shape of `x`. With `dim`, and as a method, as in PyTorch a named tuple with the elements'
        positions in `x`.

    Raises
    ------
    IndexError
        If the axis is out of range.
    TypeError
        For complex numbers, which have no order.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.sort(tp.tensor([2.0, tp.nan, 3.0]), descending=True)
    tensor([3., 2., nan])
    >>> tp.tensor([2, 1, 3]).sort().indices
    tensor([1, 0, 2])
    """
    if dim is not None:
        return sort_method(x, dim, descending)
    position = normalize_axis("sort", axis, x.ndim)
    keys = _keys(x)
    found = _reversed(_sort(_reversed(keys), axis=position)) if descending else _sort(keys, axis=position)
    return cast(found, x.dtype)


@function(name="sort", public=False, methods=("sort",), axis="one")
def sort_method(x: Tensor, /, dim: int = -1, descending: bool = False, stable: bool = False) -> Sorted:
    """Sort the elements along an axis, and return values and indices, as in PyTorch."""
    if x.dtype.kind == "c":
        _sort(x, axis=dim)
    indices = argsort(x, axis=dim, descending=descending)
    return Sorted(elements_at(x, indices, dim), indices)


@function(methods=("msort",))
def msort(input: Tensor) -> Tensor:
    """Sort the elements along the first axis: `sort` with ``axis=0``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.msort(tp.tensor([3, 1, 2]))
    tensor([1, 2, 3])
    """
    return sort(input, axis=0)


@function(axis="one")
def argsort(
    x: Tensor, /, dim: int | None = None, descending: bool = False, stable: bool = True, *, axis: int = -1
) -> Tensor:
    """The indices that sort the elements along an axis.

    Parameters
    ----------
    x : Tensor
        Of a real-valued dtype or bool, at least 1-d.
    dim
        PyTorch's spelling of `axis`.
    descending : bool, default: False
        Whether the largest comes first. NaN comes last all the same.
    stable : bool, default: True
        Equal elements keep their order in any case.
    axis : int, default: -1

    Returns
    -------
    Tensor, dtype int64
        The shape of `x`.

    Raises
    ------
    IndexError
        If the axis is out of range.
    TypeError
        For complex numbers, which have no order.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.argsort(tp.tensor([3, 1, 1, 2]), descending=True)
    tensor([0, 3, 1, 2])
    """
    keys = _keys(x)
    found: Tensor = _argsort(_reversed(keys) if descending else keys, axis=axis)
    return found


@method("argsort")
def argsort_method(x: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort the elements along an axis, as in PyTorch."""
    found: Tensor = argsort(x, dim, descending)
    return found


def positions_of_greatest(x: Tensor, count: int, axis: int) -> Tensor:
    """Indices of the `count` largest elements along an axis, NaN first; ties keep their order."""
    found: Tensor = _positions_of_greatest(_keys(x), count=count, axis=axis)
    return found


@operation(accepts="real-valued", result="int64")
def _positions_of_greatest(ops: Any, x: Any, *, count: int, axis: int) -> Any:
    """Indices of the largest elements: the last ones of an argsort."""
    before = (slice(None),) * axis
    # Reversed twice, so that NaN is first and ties keep their order.
    flipped = ops.getitem(x, (*before, slice(None, None, -1), ...))
    order = ops.getitem(ops.argsort(flipped, axis=axis), (*before, slice(None, None, -1), ...))
    return x.shape[axis] - 1 - ops.getitem(order, (*before, slice(count), ...))
