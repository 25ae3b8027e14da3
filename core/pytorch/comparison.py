"""`isclose`, `allclose`, `equal` and ``value in x``, as in PyTorch."""

from __future__ import annotations

from typing import Any

from ..dispatch.registry import method
from ..families.function import function
from ..memory.coercion import python_number
from ..memory.tensor import Tensor
from ..standard.creation import full
from ..standard.elementwise import (
    abs,
    equal,
    isfinite,
    isnan,
    less_equal,
    logical_and,
    logical_or,
)
from ..types.axes import as_float
from ..types.dtypes import SCALARS, float64, promote_scalar
from ..types.errors import DTypeError, unsupported

__all__ = ["allclose", "isclose"]


@function(methods=("isclose",))
def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    r"""Whether the elements of each pair are closely equal: :math:`|x_1 - x_2| \le atol + rtol \cdot |x_2|`.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar
        At least one of them a tensor. They broadcast, and are promoted to a common dtype.
    rtol, atol : float, default: 1e-5, 1e-8
        The tolerance relative to the second, and the absolute one. Infinities are close to themselves only.
    equal_nan : bool, default: False
        Whether NaN is close to NaN.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.isclose(tp.tensor([1.0, 2.0]), tp.tensor([1.000001, 2.1]))
    tensor([ True, False])
    """
    both = (x1, x2)
    if not any(isinstance(x, Tensor) for x in both) or not all(isinstance(x, (Tensor, *SCALARS)) for x in both):
        raise unsupported("isclose", x1, x2)
    same: Tensor = equal(x1, x2)
    x1, x2 = _as_tensor(x1, x2), _as_tensor(x2, x1)
    rtol, atol = as_float("isclose", "rtol", rtol), as_float("isclose", "atol", atol)
    if not (x1.dtype.is_differentiable or x2.dtype.is_differentiable) and not rtol and not atol:
        return same
    x1, x2 = x1.detach(), x2.detach()
    wide = "complex128" if "c" in (x1.dtype.kind, x2.dtype.kind) else "float64"
    whole = x1.dtype.kind in "biu" and x2.dtype.kind in "biu"
    x1, x2 = (x.to(wide) if whole or x.dtype.kind == "b" else x for x in (x1, x2))
    within = less_equal(abs(x1 - x2), abs(x2) * rtol + atol)
    found: Tensor = logical_or(same, logical_and(within, isfinite(x1 + x2 * 0)))
    if equal_nan:
        found = logical_or(found, logical_and(isnan(x1), isnan(x2)))
    return found


def _as_tensor(x: Any, beside: Tensor) -> Tensor:
    """Convert a number to a tensor precise enough to be compared with another."""
    if isinstance(x, Tensor):
        return x
    x, dtype = python_number(x), beside.dtype
    if not dtype.is_differentiable:
        dtype = float64
    return full((), x, dtype=promote_scalar(dtype, x), device=beside.device)


@function(methods=("allclose",))
def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close; the parameters are those of `isclose`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.allclose(tp.ones(2), tp.ones(2) + 1e-7)
    True
    """
    return bool(isclose(x1, x2, rtol, atol, equal_nan).all())


@method("equal")
def is_equal(x: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape and equal elements, as in PyTorch; the function `equal` compares each pair."""
    if not isinstance(other, Tensor):
        raise unsupported("equal", x, other)
    return x.shape == other.shape and bool(equal(x, other).all())


@method("__contains__")
def contains(x: Tensor, value: Any) -> bool:
    """Whether any element equals a value, or the corresponding element of a tensor: ``value in x``.

    Raises
    ------
    TypeError
        If it is no number or tensor.
    """
    if not isinstance(value, Tensor) and not isinstance(value, SCALARS):
        raise DTypeError(f"in: got {type(value).__name__}, wanted a number or a tensor")
    return bool(equal(x, value).any())
