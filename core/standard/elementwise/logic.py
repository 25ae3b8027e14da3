"""Elementwise comparisons, predicates, logical and bitwise functions (array API standard 2025.12)."""

from __future__ import annotations

from typing import Any

from ...families.elementwise import binary, unary
from ...memory.tensor import Tensor

__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "equal",
    "greater",
    "greater_equal",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
]


@binary("integer or boolean", operator="__and__")
def bitwise_and(x1: Any, x2: Any) -> Any:
    """The bitwise AND of each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bitwise_and(tp.tensor([6]), 3)
    tensor([2])
    """


@binary("integer", operator="__lshift__")
def bitwise_left_shift(x1: Any, x2: Any) -> Any:
    """The bits of ``x1`` shifted left by ``x2``, for each pair of elements.

    Notes
    -----
    Bits shifted out are lost: for a shift by the number of bits or more, or a negative one, the result is 0.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bitwise_left_shift(tp.tensor([1, 3]), 2)
    tensor([ 4, 12])
    """


@binary("integer or boolean", operator="__or__")
def bitwise_or(x1: Any, x2: Any) -> Any:
    """The bitwise OR of each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bitwise_or(tp.tensor([6]), 3)
    tensor([7])
    """


@binary("integer", operator="__rshift__")
def bitwise_right_shift(x1: Any, x2: Any) -> Any:
    """The bits of ``x1`` shifted right by ``x2``, for each pair of elements: floor division by a power of two.

    Notes
    -----
    By the number of bits or more, or by a negative number, the result is 0, or -1 of a negative element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bitwise_right_shift(tp.tensor([12, -1]), 2)
    tensor([ 3, -1])
    """


@binary("integer or boolean", operator="__xor__")
def bitwise_xor(x1: Any, x2: Any) -> Any:
    """The bitwise exclusive OR of each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bitwise_xor(tp.tensor([6]), 3)
    tensor([5])
    """


@unary("integer or boolean", operator="__invert__", methods=("bitwise_not", "bitwise_invert"))
def bitwise_invert(x: Tensor) -> Any:
    """The bitwise NOT of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bitwise_invert(tp.tensor([True, False]))
    tensor([False,  True])
    """


@binary("all", result="bool", operator="__eq__", methods=("eq",), compares=True)
def equal(x1: Any, x2: Any) -> Any:
    """Whether the elements of each pair are equal.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.equal(tp.tensor([1, 2]), 2)
    tensor([False,  True])
    """


@binary("real-valued", result="bool", operator="__gt__", methods=("greater", "gt"), compares=True)
def greater(x1: Any, x2: Any) -> Any:
    """Whether ``x1 > x2`` in each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.greater(tp.tensor([1, 2]), 1)
    tensor([False,  True])
    """


@binary("real-valued", result="bool", operator="__ge__", methods=("greater_equal", "ge"), compares=True)
def greater_equal(x1: Any, x2: Any) -> Any:
    """Whether ``x1 >= x2`` in each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.greater_equal(tp.tensor([0, 1]), 1)
    tensor([False,  True])
    """


@unary("numeric", result="bool")
def isfinite(x: Tensor) -> Any:
    """Whether each element is finite: neither infinite nor NaN.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.isfinite(tp.tensor([1.0, tp.inf]))
    tensor([ True, False])
    """


@unary("numeric", result="bool")
def isinf(x: Tensor) -> Any:
    """Whether each element is infinite.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.isinf(tp.tensor([1.0, tp.inf]))
    tensor([False,  True])
    """


@unary("numeric", result="bool")
def isnan(x: Tensor) -> Any:
    """Whether each element is NaN.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.isnan(tp.tensor([1.0, tp.nan]))
    tensor([False,  True])
    """


@binary("real-valued", result="bool", operator="__lt__", methods=("less", "lt"), compares=True)
def less(x1: Any, x2: Any) -> Any:
    """Whether ``x1 < x2`` in each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.less(tp.tensor([1, 2]), 2)
    tensor([ True, False])
    """


@binary("real-valued", result="bool", operator="__le__", methods=("less_equal", "le"), compares=True)
def less_equal(x1: Any, x2: Any) -> Any:
    """Whether ``x1 <= x2`` in each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.less_equal(tp.tensor([1, 2]), 1)
    tensor([ True, False])
    """


@binary("boolean", methods=())
def logical_and(x1: Any, x2: Any) -> Any:
    """The logical AND of each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logical_and(tp.tensor([True, True]), tp.tensor([True, False]))
    tensor([ True, False])
    """


@unary("boolean", methods=())
def logical_not(x: Tensor) -> Any:
    """The logical NOT of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logical_not(tp.tensor([True, False]))
    tensor([False,  True])
    """


@binary("boolean", methods=())
def logical_or(x1: Any, x2: Any) -> Any:
    """The logical OR of each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logical_or(tp.tensor([True, False]), tp.tensor([False, False]))
    tensor([ True, False])
    """


@binary("boolean", methods=())
def logical_xor(x1: Any, x2: Any) -> Any:
    """The logical exclusive OR of each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logical_xor(tp.tensor([True, False]), tp.tensor([True, True]))
    tensor([False,  True])
    """


@binary("all", result="bool", operator="__ne__", methods=("not_equal", "ne"), compares=True)
def not_equal(x1: Any, x2: Any) -> Any:
    """Whether the elements of each pair differ.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.not_equal(tp.tensor([1, 2]), 2)
    tensor([ True, False])
    """
