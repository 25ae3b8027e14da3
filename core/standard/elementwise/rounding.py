"""Elementwise rounding to integers or decimals (array API standard 2025.12, "Element-wise Functions")."""

from __future__ import annotations

from typing import Any

from ...dispatch.operation import operation
from ...dispatch.registry import method
from ...families.elementwise import unary
from ...families.function import function
from ...memory.structure import cast
from ...memory.tensor import Tensor
from ...types.axes import as_integer
from ...types.errors import DTypeError
from ..data_types import iinfo
from ..searching import where
from .arithmetic import abs, floor_divide, remainder
from .logic import bitwise_and, bitwise_or, isfinite

__all__ = [
    "ceil",
    "floor",
    "round",
    "trunc",
]


@unary("real-valued")
def ceil(x: Tensor) -> Any:
    """The ceiling of each element: the smallest integer that is not less.

    Notes
    -----
    The gradient is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ceil(tp.tensor([1.2, -1.2]))
    tensor([ 2., -1.])
    """


@unary("real-valued")
def floor(x: Tensor) -> Any:
    """The floor of each element: the largest integer that is not greater.

    Notes
    -----
    The gradient is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.floor(tp.tensor([1.2, -1.2]))
    tensor([ 1., -2.])
    """


@operation(accepts="numeric", elementwise=True)
def _round(x: Any) -> Any:
    """Round each element to the nearest integer, halves to even."""


_EXACT_BELOW = {4: 2.0**24, 8: 2.0**53}


"""The number from which on all floating-point numbers are integers, by itemsize."""


@function(methods=("round",), in_place_method=True, widens_half=True)
def round(x: Tensor, /, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Round each element to a number of decimals, halves to even.

    Parameters
    ----------
    x : Tensor
        Of a numeric dtype; complex numbers are rounded to integers only.
    decimals : int, default: 0
        A negative one rounds to tens, hundreds and so on.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        The dtype and shape of `x`.

    Raises
    ------
    TypeError
        If `decimals` is no integer, or for another dtype.

    Notes
    -----
    The gradient is zero. As in PyTorch and NumPy an element is multiplied by a power of ten, rounded and divided again;
    where the product would be beyond what has fractions it stays as it is. Half-precision types are computed in
    float32.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.round(tp.tensor([0.5, 1.5, 2.4]))
    tensor([0., 2., 2.])
    >>> tp.round(tp.tensor([12.348, 250.0]), decimals=2)
    tensor([ 12.3500, 250.0000])
    """
    places = as_integer("round", "decimals", decimals)
    found = _round(x)
    if places and x.dtype.kind == "c":
        raise DTypeError(f"round: got {x.dtype} and decimals={places}, wanted a real-valued dtype; round its parts")
    if places and x.dtype.kind in "iu":
        found = found if places > 0 else _round_integers(x, 10**-places)
    elif places:
        found = _round_floats(x, places)
    return found


def _round_integers(x: Tensor, unit: int) -> Tensor:
    if unit > iinfo(x.dtype).max:
        return x * 0
    whole = floor_divide(x, unit)
    rest = x - whole * unit
    tie = bitwise_and(rest == unit - rest, remainder(whole, 2) == 1)
    found: Tensor = (whole + cast(bitwise_or(rest > unit - rest, tie), x.dtype)) * unit
    return found


def _round_floats(x: Tensor, places: int) -> Tensor:
    # Detached, so that the gradient is zero.
    limit, unchanged = 38 if x.dtype.itemsize == 4 else 308, x.detach()
    if places < -limit:
        return where(isfinite(x), _round(x * 0.0), unchanged)
    factor = 10.0 ** min(max(places, -places), limit)
    if places < 0:
        return _round(x / factor) * factor
    scaled = x * factor
    return where(abs(scaled) < _EXACT_BELOW[x.dtype.itemsize], _round(scaled) / factor, unchanged)


@method("__round__")
def round_method(x: Tensor, ndigits: int | None = None) -> Tensor:
    """The protocol of Python's ``round``; the result is a tensor."""
    found: Tensor = round(x, decimals=ndigits or 0)
    return found


@unary("real-valued", methods=("trunc", "fix"))
def trunc(x: Tensor) -> Any:
    """Round each element towards zero.

    Notes
    -----
    The gradient is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.trunc(tp.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
    """
