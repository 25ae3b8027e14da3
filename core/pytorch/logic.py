"""PyTorch's logical methods, which take numbers too: what is not zero is true. The functions are the standard's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dispatch.registry import method
from ..memory.tensor import Tensor
from ..standard import elementwise
from ..types.dtypes import SCALARS, bool_


def _truth(x: Any) -> Any:
    """Whether each element, or a number, is not zero."""
    if isinstance(x, SCALARS):
        return bool(x)
    return elementwise.not_equal(x, 0) if isinstance(x, Tensor) and x.dtype is not bool_ else x


def _declare(function: Callable[..., Tensor]) -> None:
    """Declare the method of a logical function."""

    def logical(self: Tensor, *other: Any) -> Tensor:
        return function(_truth(self), *map(_truth, other))

    logical.__name__, logical.__doc__ = function.__name__, f"`{function.__name__}` of what is not zero."
    method(function.__name__)(logical)


for _function in (elementwise.logical_and, elementwise.logical_not, elementwise.logical_or, elementwise.logical_xor):
    _declare(_function)
