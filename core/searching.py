"""Searching functions (array API standard 2025.12, "Searching Functions")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .axes import normalize_axis
from .docs import reduction_doc
from .errors import ShapeError
from .operands import unsupported
from .operation import Operation
from .tensor import Tensor


def _arg_function(name: str, summary: str, example: str) -> Callable[..., Tensor]:
    operation = Operation(
        name, family="reduction", operands=("x",), accepts="real-valued", result="int64", methods=(name,)
    )

    def function(
        x: Tensor, /, dim: Any = None, keepdim: bool = False, *, axis: Any = None, keepdims: bool = False
    ) -> Tensor:
        if type(x) is not Tensor:
            raise unsupported(name, x)
        chosen = axis if dim is None else dim
        position = None if chosen is None else normalize_axis(name, chosen, x.ndim)
        if 0 in (x.shape if position is None else x.shape[position : position + 1]):
            raise ShapeError(f"{name}: got shape {x.shape}, wanted at least one element along the axis")
        return operation(x, axis=position, keepdims=keepdims or keepdim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = reduction_doc(operation, summary, "NaN counts as the extreme.", example, False)
    operation.function = function
    return function


argmax = _arg_function(
    "argmax",
    "The position of the first greatest element along an axis, or in the flattened tensor.",
    """
    >>> tp.argmax(tp.tensor([[1.0, 5.0], [4.0, 2.0]]), axis=1)
    tensor([1, 0])
    """,
)
argmin = _arg_function(
    "argmin",
    "The position of the first least element along an axis, or in the flattened tensor.",
    """
    >>> tp.argmin(tp.tensor([[1.0, 5.0], [4.0, 2.0]]), axis=1)
    tensor([0, 1])
    """,
)
