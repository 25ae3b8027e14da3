"""Elementwise arithmetic (array API standard 2025.12, "Element-wise Functions")."""

from __future__ import annotations

import functools
from typing import Any

import numpy

from ....backends.common.complex_functions import join_parts
from ...dispatch.operation import operation
from ...dispatch.registry import OPERATORS, method, public
from ...families.elementwise import binary, binary_apply, scaled, unary
from ...memory.tensor import Tensor
from ...types.errors import DivisionByZeroError

__all__ = [
    "abs",
    "add",
    "complex",
    "conj",
    "copysign",
    "divide",
    "floor_divide",
    "hypot",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nextafter",
    "positive",
    "pow",
    "reciprocal",
    "relu",
    "remainder",
    "sign",
    "signbit",
    "sqrt",
    "square",
    "subtract",
]


@unary("numeric", result="real", operator="__abs__", methods=("abs", "absolute"))
def abs(x: Tensor) -> Any:
    """The absolute value of each element; for complex numbers the magnitude.

    Notes
    -----
    The gradient at zero is zero, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.abs(tp.tensor([-1.5, 2.0]))
    tensor([1.5000, 2.0000])
    """


@scaled("numeric", operator="__add__")
def add(x1: Any, x2: Any) -> Any:
    """The sum ``x1 + x2`` of each pair of elements.

    Notes
    -----
    With ``alpha=``, as in PyTorch, the second is multiplied by that number first.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.add(tp.tensor([1, 2]), 3)
    tensor([4, 5])
    """


@binary(
    "real-valued floating-point",
    result="complex",
    methods=(),
    keywords=("real", "imag"),
    standard=True,
    widens_half=True,
)
def complex(ops: Any, x1: Any, x2: Any) -> Any:
    """Complex numbers from real and imaginary parts, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.complex(tp.tensor([1.0]), tp.tensor([2.0]))
    tensor([1.+2.j], dtype=tensorplug.complex64)
    """
    return join_parts(ops, x1, x2)


@unary("numeric", methods=("conj", "conj_physical"))
def conj(x: Tensor) -> Any:
    """The complex conjugate of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.conj(tp.tensor([1.0 + 2.0j]))
    tensor([1.-2.j], dtype=tensorplug.complex64)
    """


@binary("real-valued floating-point")
def copysign(x1: Any, x2: Any) -> Any:
    """The magnitude of ``x1`` with the sign of ``x2``, signs of zeros and of NaN included.

    Notes
    -----
    The gradient where the first element is zero is zero, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.copysign(tp.tensor([1.5, -2.0]), -0.0)
    tensor([-1.5000, -2.0000])
    """


@binary("floating-point", operator="__truediv__", methods=("true_divide",))
def divide(x1: Any, x2: Any) -> Any:
    """The quotient ``x1 / x2`` of each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.divide(tp.tensor([1.0, 3.0]), 2)
    tensor([0.5000, 1.5000])
    """


def require_nonzero(name: str, host: numpy.ndarray) -> None:
    if not host.all():
        raise DivisionByZeroError(
            f"{name}: integers have no result of a division by zero; convert one of them to a float, or choose "
            f"another divisor there with tensorplug.where"
        )


@binary("real-valued", operator="__floordiv__", guard=functools.partial(require_nonzero, "floor_divide"))
def floor_divide(x1: Any, x2: Any) -> Any:
    """Floor division: the quotient ``x1 / x2`` of each pair of elements, rounded down to an integer.

    Notes
    -----
    Infinities and zeros divide as in `divide`: ``inf // 2`` is infinite, ``-1 // inf`` is -0, which for Python is -1.
    Integers divided by zero raise ZeroDivisionError, as in PyTorch. The gradient is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.floor_divide(tp.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """


@binary("real-valued floating-point")
def hypot(x1: Any, x2: Any) -> Any:
    """The hypotenuse :math:`sqrt(x1^2 + x2^2)` of each pair of elements, without intermediate overflow.

    Notes
    -----
    An infinite element makes it infinite, even beside NaN.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.hypot(tp.tensor([3.0]), tp.tensor([4.0]))
    tensor([5.])
    """


@operation(accepts="real-valued floating-point", elementwise=True)
def _direction(ops: Any, x1: Any, x2: Any) -> Any:
    """``x1 / hypot(x1, x2)``, from which the derivatives of `hypot` and `atan2` are computed."""
    # The hypotenuse of halves never overflows.
    x1, x2 = x1 * ops.full_like(x1, 0.5), x2 * ops.full_like(x2, 0.5)
    return x1 / ops.hypot(x1, x2)


OPERATORS[_direction.name] = public(_direction.name)(binary_apply(_direction))


@binary("real-valued")
def maximum(x1: Any, x2: Any) -> Any:
    """The maximum of each pair of elements; NaN if either is.

    Notes
    -----
    Where both are equal each gets half of the gradient, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.maximum(tp.tensor([1.0, 5.0]), 3.0)
    tensor([3., 5.])
    """


@binary("real-valued")
def minimum(x1: Any, x2: Any) -> Any:
    """The minimum of each pair of elements; NaN if either is.

    Notes
    -----
    Where both are equal each gets half of the gradient, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.minimum(tp.tensor([1.0, 5.0]), 3.0)
    tensor([1., 3.])
    """


@binary("numeric", operator="__mul__", methods=("multiply", "mul"))
def multiply(x1: Any, x2: Any) -> Any:
    """The product ``x1 * x2`` of each pair of elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.multiply(tp.tensor([1, 2]), 3)
    tensor([3, 6])
    """


@unary("numeric", operator="__neg__", methods=("negative", "neg"))
def negative(x: Tensor) -> Any:
    """The negative of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.negative(tp.tensor([1, -2]))
    tensor([-1,  2])
    """


@binary("real-valued floating-point")
def nextafter(x1: Any, x2: Any) -> Any:
    """The next representable number after ``x1`` towards ``x2``, for each pair of elements.

    Notes
    -----
    The gradient is that of the first element, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nextafter(tp.tensor([1.0]), tp.tensor([2.0])) - 1 == tp.finfo(tp.float32).eps
    tensor([True])
    """


def _require_no_negative(host: numpy.ndarray) -> None:
    if (host < 0).any():
        raise ValueError("pow: integers to negative integer powers are not integers; convert one of them to a float")


@binary("numeric", operator="__pow__", guard=_require_no_negative, keywords=("input", "exponent"))
def pow(x1: Any, x2: Any) -> Any:
    """The first element of each pair raised to the power of the second.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.pow(tp.tensor([2.0, 3.0]), 2)
    tensor([4., 9.])
    """


@unary("numeric", operator="__pos__")
def positive(x: Tensor) -> Any:
    """A copy of each element, the unary plus.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.positive(tp.tensor([1, -2]))
    tensor([ 1, -2])
    """


@unary("floating-point")
def reciprocal(x: Tensor) -> Any:
    """The reciprocal ``1 / x`` of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.reciprocal(tp.tensor([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """


@unary("real-valued")
def relu(ops: Any, x: Any) -> Any:
    """The rectified linear unit :math:`max(x, 0)` of each element; NaN stays NaN.

    Notes
    -----
    The gradient at zero is zero, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.relu(tp.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return ops.maximum(x, ops.zeros_like(x))


@binary("real-valued", operator="__mod__", guard=functools.partial(require_nonzero, "remainder"))
def remainder(x1: Any, x2: Any) -> Any:
    """The remainder of floor division of each pair of elements, with the sign of the divisor ``x2``.

    Notes
    -----
    As Python's ``%``: ``-1 % inf`` is inf, and ``x % 0.0`` is NaN. Integers divided by zero raise ZeroDivisionError, as
    in PyTorch. The gradient is that of ``x1 - x2 * floor(x1 / x2)`` between its steps.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.remainder(tp.tensor([7, -7]), 4)
    tensor([3, 1])
    """


@unary("numeric", methods=("sign", "sgn"))
def sign(x: Tensor) -> Any:
    """The sign of each element: -1, 0 or 1; NaN stays NaN.

    Notes
    -----
    The gradient is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.sign(tp.tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """


@unary("real-valued floating-point", result="bool")
def signbit(x: Tensor) -> Any:
    """Whether the sign bit of each element is set, as for negative numbers and -0.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.signbit(tp.tensor([1.0, -0.0]))
    tensor([False,  True])
    """


@unary("floating-point")
def sqrt(x: Tensor) -> Any:
    """The principal square root of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.sqrt(tp.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """


@unary("numeric")
def square(x: Tensor) -> Any:
    """The square of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.square(tp.tensor([2, -3]))
    tensor([4, 9])
    """


@scaled("numeric", operator="__sub__", methods=("subtract", "sub"))
def subtract(x1: Any, x2: Any) -> Any:
    """The difference ``x1 - x2`` of each pair of elements.

    Notes
    -----
    With ``alpha=``, as in PyTorch, the second is multiplied by that number first.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.subtract(tp.tensor([1, 2]), 3)
    tensor([-2, -1])
    """


@method("__divmod__")
def quotient_and_remainder(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Floor quotient and remainder, as ``divmod`` returns them."""
    return x1 // x2, x1 % x2


@method("__rdivmod__")
def _reflected_quotient_and_remainder(self: Tensor, other: Any) -> tuple[Tensor, Tensor]:
    """Floor quotient and remainder, with the operands reversed."""
    return quotient_and_remainder(other, self)
