"""Elementwise exponentials and logarithms (array API standard 2025.12, "Element-wise Functions")."""

from __future__ import annotations

from typing import Any

from ...families.elementwise import binary, unary
from ...memory.tensor import Tensor

__all__ = [
    "exp",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "sigmoid",
]


@unary("floating-point")
def exp(x: Tensor) -> Any:
    """The exponential :math:`e^x` of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.exp(tp.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """


@unary("floating-point")
def expm1(x: Tensor) -> Any:
    """The exponential minus one, :math:`e^x - 1`, of each element, accurate near zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.expm1(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """


@unary("floating-point")
def log(x: Tensor) -> Any:
    """The natural logarithm of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.log(tp.tensor([1.0, 2.0]))
    tensor([0.0000, 0.6931])
    """


@unary("floating-point")
def log1p(x: Tensor) -> Any:
    """The natural logarithm of one plus each element, accurate near zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.log1p(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """


@unary("floating-point")
def log2(x: Tensor) -> Any:
    """The logarithm to base 2 of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.log2(tp.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """


@unary("floating-point")
def log10(x: Tensor) -> Any:
    """The logarithm to base 10 of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.log10(tp.tensor([1.0, 20.0]))
    tensor([0.0000, 1.3010])
    """


@binary("real-valued floating-point")
def logaddexp(x1: Any, x2: Any) -> Any:
    """The logarithm of the sum of exponentials of each pair of elements, without intermediate overflow.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logaddexp(tp.tensor([0.0, 200.0]), tp.tensor([0.0, 0.0]))
    tensor([  0.6931, 200.0000])
    """


@unary("real-valued floating-point")
def sigmoid(ops: Any, x: Any) -> Any:
    """The logistic function :math:`1 / (1 + e^{-x})` of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.sigmoid(tp.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    return ops.reciprocal(ops.exp(-x) + 1.0)
