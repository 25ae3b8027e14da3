"""Elementwise trigonometric and hyperbolic functions (array API standard 2025.12, "Element-wise Functions")."""

from __future__ import annotations

from typing import Any

from ...families.elementwise import binary, unary
from ...memory.tensor import Tensor

__all__ = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "sin",
    "sinh",
    "tan",
    "tanh",
]


@unary("floating-point", methods=("acos", "arccos"))
def acos(x: Tensor) -> Any:
    """The principal inverse cosine of each element, in radians.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.acos(tp.tensor([1.0, 0.0]))
    tensor([0.0000, 1.5708])
    """


@unary("floating-point", methods=("acosh", "arccosh"))
def acosh(x: Tensor) -> Any:
    """The inverse hyperbolic cosine of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.acosh(tp.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """


@unary("floating-point", methods=("asin", "arcsin"))
def asin(x: Tensor) -> Any:
    """The principal inverse sine of each element, in radians.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.asin(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """


@unary("floating-point", methods=("asinh", "arcsinh"))
def asinh(x: Tensor) -> Any:
    """The inverse hyperbolic sine of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.asinh(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """


@unary("floating-point", methods=("atan", "arctan"))
def atan(x: Tensor) -> Any:
    """The principal inverse tangent of each element, in radians.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.atan(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """


@binary("real-valued floating-point", methods=("atan2", "arctan2"))
def atan2(x1: Any, x2: Any) -> Any:
    """The inverse tangent of ``x1 / x2`` in the right quadrant, in radians: the angle of the point ``(x2, x1)``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.atan2(tp.tensor([1.0]), tp.tensor([-1.0]))
    tensor([2.3562])
    """


@unary("floating-point", methods=("atanh", "arctanh"))
def atanh(x: Tensor) -> Any:
    """The inverse hyperbolic tangent of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.atanh(tp.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """


@unary("floating-point")
def cos(x: Tensor) -> Any:
    """The cosine of each element, in radians.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cos(tp.tensor([0.0, 3.0]))
    tensor([ 1.0000, -0.9900])
    """


@unary("floating-point")
def cosh(x: Tensor) -> Any:
    """The hyperbolic cosine of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cosh(tp.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """


@unary("floating-point")
def sin(x: Tensor) -> Any:
    """The sine of each element, in radians.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.sin(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """


@unary("floating-point")
def sinh(x: Tensor) -> Any:
    """The hyperbolic sine of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.sinh(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """


@unary("floating-point")
def tan(x: Tensor) -> Any:
    """The tangent of each element, in radians.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tan(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """


@unary("floating-point")
def tanh(x: Tensor) -> Any:
    """The hyperbolic tangent of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tanh(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
