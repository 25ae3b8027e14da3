"""`clip` (array API standard 2025.12, "Element-wise Functions")."""

from __future__ import annotations

from typing import Any

import numpy

from ...dispatch.operation import operation
from ...dispatch.registry import method
from ...families.function import function
from ...memory.coercion import python_number, require_range, same_device, scalar_tensor
from ...memory.structure import cast
from ...memory.tensor import Tensor
from ...memory.values import inspect
from ...memory.writes import write_in_place
from ...types.axes import as_float
from ...types.dtypes import KIND_ORDER, DType, promote, promote_scalar
from ...types.errors import DTypeError, explain, unsupported
from ..data_types import iinfo

__all__ = ["clip"]


@operation(accepts="real-valued", elementwise=True)
def _clip(x: Any, min: Any, max: Any) -> Any:
    """Clip elements to bounds of the same dtype."""


@function(methods=("clip", "clamp"))
def clip(x: Tensor, /, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Clip elements to lower and upper bounds.

    Parameters
    ----------
    x : Tensor
        Of a real-valued dtype.
    min, max : Tensor or Python scalar, optional
        The smallest and the largest value that the result may have; without one there is no such bound. They are
        converted to the dtype of `x`, unless they are floats and `x` is not: then `x` is converted, as in PyTorch. All
        three broadcast.
    out : Tensor, optional
        The tensor that the result is written into, as in PyTorch.

    Returns
    -------
    Tensor
        The dtype of `x`; the broadcast shape.

    Raises
    ------
    TypeError
        For another dtype.
    OverflowError
        If an integer dtype does not hold a bound that elements are beyond.
    ShapeError
        If the shapes cannot be broadcast together.
    DeviceError
        If the operands are on different devices.

    Notes
    -----
    NaN in `x` or in a bound gives NaN. Where `min` is greater than `max` the result is `max`, as in PyTorch. The
    gradient goes to the element itself where it is within the bounds or at one, else to the bound, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.clip(tp.tensor([-1, 2, 5]), 0, 3)
    tensor([0, 2, 3])
    """
    operands = _with_bounds(x, min, max)
    try:
        found: Tensor = _clip(*operands)
    except Exception as error:
        raise explain("clip", error, *operands) from None
    return found


@method("clip_", "clamp_")
def clip_(x: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Write `clip` of this tensor into it, and return it."""
    operands = _with_bounds(x, min, max)
    if operands[0] is not x:
        raise DTypeError(f"clip_: result type {operands[0].dtype} can't be cast to {x.dtype}; use clip")
    return write_in_place(_clip, "clip_", x, operands)


def _with_bounds(x: Any, min: Any, max: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The operands of `clip` in one dtype; a missing bound becomes one that limits no element."""
    min, max = python_number(min), python_number(max)
    bounds = [bound for bound in (min, max) if bound is not None]
    if not isinstance(x, Tensor) or not all(
        isinstance(bound, Tensor) or type(bound) in (int, float) for bound in bounds
    ):
        raise unsupported("clip", x, *bounds)
    dtype = x.dtype
    if not _clip.takes(dtype):
        raise DTypeError(f"clip: got {dtype}, wanted a real-valued dtype")
    if dtype.kind == "f" and type(min) in _PLAIN and type(max) in _PLAIN:
        low, high = -numpy.inf if min is None else min, numpy.inf if max is None else max
        return x, scalar_tensor(x._key, low, "clip"), scalar_tensor(x._key, high, "clip")
    for bound in bounds:
        own = bound.dtype if isinstance(bound, Tensor) else promote_scalar(dtype, bound)
        if KIND_ORDER[own.kind] > KIND_ORDER[dtype.kind]:
            dtype = promote(dtype, own)
    if not _clip.takes(dtype):
        raise DTypeError(f"clip: got a bound of {dtype}, wanted a real-valued dtype")
    x = cast(x, dtype)
    whole = dtype.kind in "iu"
    low, high = (iinfo(dtype).min, iinfo(dtype).max) if whole else (-numpy.inf, numpy.inf)
    # A bound outside the dtype's range limits no element.
    if min is None or (type(min) is int and min < low):
        min = low
    if max is None or (type(max) is int and max > high):
        max = high
    return x, _bound(x, min), _bound(x, max)


_PLAIN = (float, type(None))
"""The types of bounds that any floating-point dtype takes as they are."""


def _bound(x: Tensor, bound: Any) -> Tensor:
    if not isinstance(bound, Tensor):
        # An integer too large for a float is infinite.
        return scalar_tensor(x._key, as_float("clip", "a bound", bound) if x.dtype.kind == "f" else bound, "clip")
    _, bound = same_device("clip", x, bound)
    if x.dtype.kind in "iu" and bound.dtype is not x.dtype and bound.size:
        inspect(_require_bounds, bound, dtype=x.dtype)
    return cast(bound, x.dtype)


def _require_bounds(host: numpy.ndarray, dtype: DType) -> None:
    require_range("clip", dtype, int(host.min()))
    require_range("clip", dtype, int(host.max()))
