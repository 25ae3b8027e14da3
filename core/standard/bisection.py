"""`searchsorted` (array API standard 2025.12, "Searching Functions"), in rows too, as in PyTorch."""

from __future__ import annotations

from typing import Any

from ..dispatch.operation import operation
from ..families.function import function
from ..memory.coercion import pair
from ..memory.structure import cast
from ..memory.tensor import Tensor
from ..types.dtypes import int32, int64
from ..types.errors import ShapeError, unsupported
from .creation import zeros_like
from .elementwise import equal, less, logical_and, logical_not, logical_or, minimum, not_equal
from .indexing import getitem, take_along_axis
from .searching import where

__all__ = ["searchsorted"]


@operation(accepts="real-valued", result="int64", takes_scalars=True, compares=True)
def _searchsorted(x1: Any, x2: Any, *, side: str) -> Any:
    """The indices at which elements would be inserted into a sorted vector."""


@function(keywords=("sorted_sequence", "values"))
def searchsorted(
    x1: Tensor,
    x2: Any,
    /,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The indices at which elements would be inserted into a sorted tensor to keep it sorted.

    Parameters
    ----------
    x1 : Tensor, shape (..., N)
        Of a real-valued dtype, each row in ascending order, NaN last.
    x2 : Tensor or Python scalar
        What is searched for, of shape (..., M) if `x1` has several rows, as many; the two are promoted to a common
        dtype.
    out_int32 : bool, default: False
        Whether the result is of dtype int32.
    side : {"left", "right"}, default: "left"
        Whether an element goes before or after those that are equal to it, as zeros of both signs are, and NaN.
    sorter : Tensor, optional
        Positions, of the shape of `x1`, that put its rows in ascending order, where they are not.
    right : bool, default: False
        PyTorch's spelling of ``side="right"``.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor, dtype int64
        The shape of `x2`; 0-d for a scalar.

    Raises
    ------
    IndexError
        If a position in `sorter` is out of range, or not of an integer dtype.
    ShapeError
        If `x1` has several rows and `x2` not as many, or `sorter` is not of its shape.
    TypeError
        For complex numbers and booleans.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.searchsorted(tp.tensor([1.0, 2.0, 2.0, 3.0]), tp.tensor([2.0, 5.0]))
    tensor([1, 4])
    >>> tp.searchsorted(tp.tensor([1.0, 2.0, 2.0, 3.0]), 2, side="right")
    tensor(3)
    """
    chosen = side or ("right" if right else "left")
    if chosen not in ("left", "right"):
        raise ValueError(f"searchsorted: got side {side!r}, wanted 'left' or 'right'")
    operands = pair(_searchsorted, x1, x2)
    if operands is None:
        raise unsupported("searchsorted", x1, x2)
    first, second = operands
    if not first.ndim or (first.ndim > 1 and second.shape[:-1] != first.shape[:-1]):
        raise ShapeError(
            f"searchsorted: got x1 of shape {first.shape} and x2 of shape {second.shape}, wanted (N,), or rows in both"
        )
    if sorter is not None:
        first = _in_order(first, sorter)
    found: Tensor = (
        _searchsorted(first, second, side=chosen) if first.ndim == 1 else _search_rows(first, second, chosen)
    )
    return cast(found, int32) if out_int32 else found


def _search_rows(rows: Tensor, values: Tensor, side: str) -> Tensor:
    """`searchsorted` in each row, by bisection."""
    length = rows.shape[-1]
    low = zeros_like(values, dtype=int64)
    high = low + length
    for _ in range(length.bit_length()):
        middle = (low + high) // 2
        found = take_along_axis(rows, minimum(middle, length - 1), axis=-1)
        # NaN is greater than any number.
        above, below = (_is_less(*one) for one in ((values, found), (found, values)))
        goes_right = below if side == "left" else logical_not(above)
        goes_right = logical_and(goes_right, less(low, high))
        low, high = where(goes_right, middle + 1, low), where(goes_right, high, middle)
    return low


def _is_less(x1: Tensor, x2: Tensor) -> Tensor:
    return logical_or(less(x1, x2), logical_and(equal(x1, x1), not_equal(x2, x2)))


def _in_order(x: Tensor, sorter: Any) -> Tensor:
    if not isinstance(sorter, Tensor):
        raise unsupported("searchsorted", sorter)
    if sorter.shape != x.shape:
        raise ShapeError(f"searchsorted: got a sorter of shape {sorter.shape}, wanted {x.shape}, that of x1")
    if sorter.dtype.kind not in "iu":
        raise IndexError(f"searchsorted: got a sorter of {sorter.dtype}, wanted an integer dtype")
    return getitem(x, sorter) if x.ndim == 1 else take_along_axis(x, cast(sorter, int64), axis=-1)
