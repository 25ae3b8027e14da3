"""Elementwise functions (array API standard 2025.12, "Element-wise Functions"), and those that PyTorch adds."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from ...backends.common.complex_functions import joined
from ..dispatch.keys import OPERATIONS
from ..dispatch.operation import Operation
from ..families.elementwise import (
    Declared,
    binary,
    binary_apply,
    scaled_by,
    unary,
)
from ..families.in_place import (
    binary_in_place,
    in_place,
    into,
)
from ..memory.coercion import (
    is_number,
    python_number,
    require_range,
    same_device,
    scalar_tensor,
)
from ..memory.structure import cast
from ..memory.tensor import Tensor
from ..memory.values import inspect
from ..memory.writes import write_in_place
from ..types.axes import as_float, as_integer
from ..types.dtypes import (
    KIND_ORDER,
    DType,
    float32,
    promote,
    promote_scalar,
)
from ..types.errors import DivisionByZeroError, DTypeError, explain, unsupported
from .data_types import iinfo
from .searching import where

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "ceil",
    "clip",
    "complex",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "hypot",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "pow",
    "reciprocal",
    "relu",
    "remainder",
    "round",
    "sigmoid",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "trunc",
]

abs: Declared = unary(
    "abs",
    "numeric",
    "The absolute value of each element; of a complex one its magnitude.",
    result="real",
    operator="__abs__",
    notes="The gradient at zero is zero, as in PyTorch.",
    example="""
    >>> tp.abs(tp.tensor([-1.5, 2.0]))
    tensor([1.5000, 2.0000])
    """,
)
add = binary(
    "add",
    "numeric",
    "The sum ``x1 + x2`` of each pair of elements.",
    operator="__add__",
    scaled=True,
    notes="With ``alpha=``, as in PyTorch, the second is multiplied by that number first.",
    example="""
    >>> tp.add(tp.tensor([1, 2]), 3)
    tensor([4, 5])
    """,
)
acos = unary(
    "acos",
    "floating-point",
    "The principal inverse cosine of each element, in radians.",
    example="""
    >>> tp.acos(tp.tensor([1.0, 0.0]))
    tensor([0.0000, 1.5708])
    """,
)
acosh = unary(
    "acosh",
    "floating-point",
    "The inverse hyperbolic cosine of each element.",
    example="""
    >>> tp.acosh(tp.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """,
)
asin = unary(
    "asin",
    "floating-point",
    "The principal inverse sine of each element, in radians.",
    example="""
    >>> tp.asin(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """,
)
asinh = unary(
    "asinh",
    "floating-point",
    "The inverse hyperbolic sine of each element.",
    example="""
    >>> tp.asinh(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """,
)
atan = unary(
    "atan",
    "floating-point",
    "The principal inverse tangent of each element, in radians.",
    example="""
    >>> tp.atan(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """,
)
atan2 = binary(
    "atan2",
    "real-valued floating-point",
    "The angle of the point ``(x2, x1)`` from the positive first axis, in radians.",
    example="""
    >>> tp.atan2(tp.tensor([1.0]), tp.tensor([-1.0]))
    tensor([2.3562])
    """,
)
atanh = unary(
    "atanh",
    "floating-point",
    "The inverse hyperbolic tangent of each element.",
    example="""
    >>> tp.atanh(tp.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """,
)
bitwise_and = binary(
    "bitwise_and",
    "integer or boolean",
    "The bitwise AND of each pair of elements.",
    operator="__and__",
    example="""
    >>> tp.bitwise_and(tp.tensor([6]), 3)
    tensor([2])
    """,
)
bitwise_left_shift = binary(
    "bitwise_left_shift",
    "integer",
    "The bits of the first element of each pair, moved up by the second.",
    operator="__lshift__",
    notes="What is moved out is lost: by the number of bits or more, or by a negative number, the result is 0.",
    example="""
    >>> tp.bitwise_left_shift(tp.tensor([1, 3]), 2)
    tensor([ 4, 12])
    """,
)
bitwise_or = binary(
    "bitwise_or",
    "integer or boolean",
    "The bitwise OR of each pair of elements.",
    operator="__or__",
    example="""
    >>> tp.bitwise_or(tp.tensor([6]), 3)
    tensor([7])
    """,
)
bitwise_right_shift = binary(
    "bitwise_right_shift",
    "integer",
    "The bits of the first element of each pair, moved down by the second: floor division by a power of two.",
    operator="__rshift__",
    notes="By the number of bits or more, or by a negative number, the result is 0, or -1 of a negative element.",
    example="""
    >>> tp.bitwise_right_shift(tp.tensor([12, -1]), 2)
    tensor([ 3, -1])
    """,
)
bitwise_xor = binary(
    "bitwise_xor",
    "integer or boolean",
    "The bitwise exclusive OR of each pair of elements.",
    operator="__xor__",
    example="""
    >>> tp.bitwise_xor(tp.tensor([6]), 3)
    tensor([5])
    """,
)
bitwise_invert = unary(
    "bitwise_invert",
    "integer or boolean",
    "Each element with all its bits inverted.",
    operator="__invert__",
    methods=("bitwise_not", "bitwise_invert"),
    example="""
    >>> tp.bitwise_invert(tp.tensor([True, False]))
    tensor([False,  True])
    """,
)
ceil = unary(
    "ceil",
    "real-valued",
    "The least integer that is not less than each element.",
    notes="The gradient is zero.",
    example="""
    >>> tp.ceil(tp.tensor([1.2, -1.2]))
    tensor([ 2., -1.])
    """,
)
complex = binary(
    "complex",
    "real-valued floating-point",
    "The complex numbers of real and imaginary parts, as in PyTorch.",
    result="complex",
    methods=(),
    decomposition=joined,
    example="""
    >>> tp.complex(tp.tensor([1.0]), tp.tensor([2.0]))
    tensor([1.+2.j], dtype=tensorplug.complex64)
    """,
)
conj = unary(
    "conj",
    "numeric",
    "The complex conjugate of each element.",
    example="""
    >>> tp.conj(tp.tensor([1.0 + 2.0j]))
    tensor([1.-2.j], dtype=tensorplug.complex64)
    """,
)
copysign = binary(
    "copysign",
    "real-valued floating-point",
    "The magnitude of the first element of each pair with the sign of the second, signs of zeros and of NaN included.",
    notes="The gradient where the first element is zero is zero, as in PyTorch.",
    example="""
    >>> tp.copysign(tp.tensor([1.5, -2.0]), -0.0)
    tensor([-1.5000, -2.0000])
    """,
)
cos = unary(
    "cos",
    "floating-point",
    "The cosine of each element, which is in radians.",
    example="""
    >>> tp.cos(tp.tensor([0.0, 3.0]))
    tensor([ 1.0000, -0.9900])
    """,
)
cosh = unary(
    "cosh",
    "floating-point",
    "The hyperbolic cosine of each element.",
    example="""
    >>> tp.cosh(tp.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """,
)
divide = binary(
    "divide",
    "floating-point",
    "The quotient ``x1 / x2`` of each pair of elements.",
    operator="__truediv__",
    methods=("divide", "div", "true_divide"),
    example="""
    >>> tp.divide(tp.tensor([1.0, 3.0]), 2)
    tensor([0.5000, 1.5000])
    """,
)
equal = binary(
    "equal",
    "all",
    "Whether the elements of each pair are equal.",
    result="bool",
    operator="__eq__",
    methods=("eq",),
    example="""
    >>> tp.equal(tp.tensor([1, 2]), 2)
    tensor([False,  True])
    """,
)
exp = unary(
    "exp",
    "floating-point",
    "The exponential :math:`e^x` of each element.",
    example="""
    >>> tp.exp(tp.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """,
)
expm1 = unary(
    "expm1",
    "floating-point",
    "The exponential less one, :math:`e^x - 1`, of each element, exact near zero.",
    example="""
    >>> tp.expm1(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """,
)
floor = unary(
    "floor",
    "real-valued",
    "The greatest integer that is not greater than each element.",
    notes="The gradient is zero.",
    example="""
    >>> tp.floor(tp.tensor([1.2, -1.2]))
    tensor([ 1., -2.])
    """,
)


def _require_nonzero(name: str, host: numpy.ndarray) -> None:
    if not host.all():
        raise DivisionByZeroError(
            f"{name}: integers have no result of a division by zero; convert one of them to a float, or choose "
            f"another divisor there with tensorplug.where"
        )


floor_divide = binary(
    "floor_divide",
    "real-valued",
    "The quotient of each pair of elements, rounded down to an integer.",
    operator="__floordiv__",
    guard=functools.partial(_require_nonzero, "floor_divide"),
    notes="""
    Infinities and zeros divide as in `divide`: ``inf // 2`` is infinite, ``-1 // inf`` is -0, which for Python is -1.
    Integers divided by zero raise ZeroDivisionError, as in PyTorch. The gradient is zero.
    """,
    example="""
    >>> tp.floor_divide(tp.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """,
)
greater = binary(
    "greater",
    "real-valued",
    "Whether ``x1 > x2`` in each pair of elements.",
    result="bool",
    operator="__gt__",
    methods=("greater", "gt"),
    example="""
    >>> tp.greater(tp.tensor([1, 2]), 1)
    tensor([False,  True])
    """,
)
greater_equal = binary(
    "greater_equal",
    "real-valued",
    "Whether ``x1 >= x2`` in each pair of elements.",
    result="bool",
    operator="__ge__",
    methods=("greater_equal", "ge"),
    example="""
    >>> tp.greater_equal(tp.tensor([0, 1]), 1)
    tensor([False,  True])
    """,
)
hypot = binary(
    "hypot",
    "real-valued floating-point",
    "The length :math:`sqrt(x1^2 + x2^2)` of the vector of each pair of elements, without overflow on the way.",
    notes="An infinite element makes it infinite, even beside NaN.",
    example="""
    >>> tp.hypot(tp.tensor([3.0]), tp.tensor([4.0]))
    tensor([5.])
    """,
)


def _direction_of(ops: Any, x1: Any, x2: Any) -> Any:
    # Of halves, whose length never overflows.
    x1, x2 = x1 * ops.full_like(x1, 0.5), x2 * ops.full_like(x2, 0.5)
    return x1 / ops.hypot(x1, x2)


# The first element of each pair over the length of both: what recorded derivatives of `hypot` and `atan2` are made of.
_direction = Operation(
    "direction",
    family="elementwise",
    operands=("x1", "x2"),
    accepts="real-valued floating-point",
    decomposition=_direction_of,
)
_direction.function = _direction.apply = binary_apply(_direction)
isfinite = unary(
    "isfinite",
    "numeric",
    "Whether each element is neither infinite nor NaN.",
    result="bool",
    example="""
    >>> tp.isfinite(tp.tensor([1.0, tp.inf]))
    tensor([ True, False])
    """,
)
isinf = unary(
    "isinf",
    "numeric",
    "Whether each element is infinite.",
    result="bool",
    example="""
    >>> tp.isinf(tp.tensor([1.0, tp.inf]))
    tensor([False,  True])
    """,
)
isnan = unary(
    "isnan",
    "numeric",
    "Whether each element is NaN.",
    result="bool",
    example="""
    >>> tp.isnan(tp.tensor([1.0, tp.nan]))
    tensor([False,  True])
    """,
)
less = binary(
    "less",
    "real-valued",
    "Whether ``x1 < x2`` in each pair of elements.",
    result="bool",
    operator="__lt__",
    methods=("less", "lt"),
    example="""
    >>> tp.less(tp.tensor([1, 2]), 2)
    tensor([ True, False])
    """,
)
less_equal = binary(
    "less_equal",
    "real-valued",
    "Whether ``x1 <= x2`` in each pair of elements.",
    result="bool",
    operator="__le__",
    methods=("less_equal", "le"),
    example="""
    >>> tp.less_equal(tp.tensor([1, 2]), 1)
    tensor([ True, False])
    """,
)
log = unary(
    "log",
    "floating-point",
    "The natural logarithm of each element.",
    example="""
    >>> tp.log(tp.tensor([1.0, 2.0]))
    tensor([0.0000, 0.6931])
    """,
)
log1p = unary(
    "log1p",
    "floating-point",
    "The natural logarithm of one more than each element, exact near zero.",
    example="""
    >>> tp.log1p(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """,
)
log2 = unary(
    "log2",
    "floating-point",
    "The logarithm to base 2 of each element.",
    example="""
    >>> tp.log2(tp.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """,
)
log10 = unary(
    "log10",
    "floating-point",
    "The logarithm to base 10 of each element.",
    example="""
    >>> tp.log10(tp.tensor([1.0, 20.0]))
    tensor([0.0000, 1.3010])
    """,
)
logaddexp = binary(
    "logaddexp",
    "real-valued floating-point",
    "The logarithm of the sum of the exponentials of each pair of elements, without overflow on the way.",
    example="""
    >>> tp.logaddexp(tp.tensor([0.0, 200.0]), tp.tensor([0.0, 0.0]))
    tensor([  0.6931, 200.0000])
    """,
)
logical_and = binary(
    "logical_and",
    "boolean",
    "The logical AND of each pair of elements.",
    example="""
    >>> tp.logical_and(tp.tensor([True, True]), tp.tensor([True, False]))
    tensor([ True, False])
    """,
)
logical_not = unary(
    "logical_not",
    "boolean",
    "The logical NOT of each element.",
    example="""
    >>> tp.logical_not(tp.tensor([True, False]))
    tensor([False,  True])
    """,
)
logical_or = binary(
    "logical_or",
    "boolean",
    "The logical OR of each pair of elements.",
    example="""
    >>> tp.logical_or(tp.tensor([True, False]), tp.tensor([False, False]))
    tensor([ True, False])
    """,
)
logical_xor = binary(
    "logical_xor",
    "boolean",
    "The logical exclusive OR of each pair of elements.",
    example="""
    >>> tp.logical_xor(tp.tensor([True, False]), tp.tensor([True, True]))
    tensor([False,  True])
    """,
)
maximum: Declared = binary(
    "maximum",
    "real-valued",
    "The greater element of each pair; NaN where either is.",
    notes="Where both are equal each gets half of the gradient, as in PyTorch.",
    example="""
    >>> tp.maximum(tp.tensor([1.0, 5.0]), 3.0)
    tensor([3., 5.])
    """,
)
minimum: Declared = binary(
    "minimum",
    "real-valued",
    "The lesser element of each pair; NaN where either is.",
    notes="Where both are equal each gets half of the gradient, as in PyTorch.",
    example="""
    >>> tp.minimum(tp.tensor([1.0, 5.0]), 3.0)
    tensor([1., 3.])
    """,
)
multiply = binary(
    "multiply",
    "numeric",
    "The product ``x1 * x2`` of each pair of elements.",
    operator="__mul__",
    methods=("multiply", "mul"),
    example="""
    >>> tp.multiply(tp.tensor([1, 2]), 3)
    tensor([3, 6])
    """,
)
negative = unary(
    "negative",
    "numeric",
    "Each element with its sign inverted.",
    operator="__neg__",
    methods=("negative", "neg"),
    example="""
    >>> tp.negative(tp.tensor([1, -2]))
    tensor([-1,  2])
    """,
)
nextafter = binary(
    "nextafter",
    "real-valued floating-point",
    "The next number that the dtype holds after the first element of each pair, towards the second.",
    notes="The gradient is that of the first element, as in PyTorch.",
    example="""
    >>> tp.nextafter(tp.tensor([1.0]), tp.tensor([2.0])) - 1 == tp.finfo(tp.float32).eps
    tensor([True])
    """,
)
not_equal = binary(
    "not_equal",
    "all",
    "Whether the elements of each pair differ.",
    result="bool",
    operator="__ne__",
    methods=("not_equal", "ne"),
    example="""
    >>> tp.not_equal(tp.tensor([1, 2]), 2)
    tensor([ True, False])
    """,
)


def _require_no_negative(host: numpy.ndarray) -> None:
    if (host < 0).any():
        raise ValueError("pow: integers to negative integer powers are not integers; convert one of them to a float")


pow = binary(
    "pow",
    "numeric",
    "The first element of each pair raised to the power of the second.",
    operator="__pow__",
    guard=_require_no_negative,
    example="""
    >>> tp.pow(tp.tensor([2.0, 3.0]), 2)
    tensor([4., 9.])
    """,
)
positive = unary(
    "positive",
    "numeric",
    "Each element as it is, in a tensor of its own.",
    operator="__pos__",
    example="""
    >>> tp.positive(tp.tensor([1, -2]))
    tensor([ 1, -2])
    """,
)
reciprocal = unary(
    "reciprocal",
    "floating-point",
    "One divided by each element.",
    example="""
    >>> tp.reciprocal(tp.tensor([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """,
)
relu = unary(
    "relu",
    "real-valued",
    "Each element where it is positive, else zero: :math:`max(x, 0)`; NaN stays NaN.",
    decomposition=lambda ops, x: ops.maximum(x, ops.zeros_like(x)),
    notes="The gradient at zero is zero, as in PyTorch.",
    example="""
    >>> tp.relu(tp.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """,
)
remainder = binary(
    "remainder",
    "real-valued",
    "What is left of the first element of each pair, divided by the second and rounded down; it has the second's sign.",
    operator="__mod__",
    guard=functools.partial(_require_nonzero, "remainder"),
    notes="""
    As Python's ``%``: ``-1 % inf`` is inf, and ``x % 0.0`` is NaN. Integers divided by zero raise ZeroDivisionError, as
    in PyTorch. The gradient is that of ``x1 - x2 * floor(x1 / x2)`` between its steps.
    """,
    example="""
    >>> tp.remainder(tp.tensor([7, -7]), 4)
    tensor([3, 1])
    """,
)
_round = unary(
    "round",
    "numeric",
    "Each element rounded to the nearest integer, halves to the even one.",
    notes="The gradient is zero.",
    example="""
    >>> tp.round(tp.tensor([0.5, 1.5, 2.4]))
    tensor([0., 2., 2.])
    """,
)
sigmoid = unary(
    "sigmoid",
    "real-valued floating-point",
    "The logistic function :math:`1 / (1 + e^{-x})` of each element.",
    decomposition=lambda ops, x: ops.reciprocal(ops.exp(-x) + 1.0),
    example="""
    >>> tp.sigmoid(tp.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """,
)
sign = unary(
    "sign",
    "numeric",
    "-1, 0 or 1, as each element is negative, zero or positive; NaN stays NaN.",
    notes="The gradient is zero.",
    example="""
    >>> tp.sign(tp.tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """,
)
signbit = unary(
    "signbit",
    "real-valued floating-point",
    "Whether the sign bit of each element is set, as it is in negative numbers and -0.",
    result="bool",
    example="""
    >>> tp.signbit(tp.tensor([1.0, -0.0]))
    tensor([False,  True])
    """,
)
sin = unary(
    "sin",
    "floating-point",
    "The sine of each element, which is in radians.",
    example="""
    >>> tp.sin(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """,
)
sinh = unary(
    "sinh",
    "floating-point",
    "The hyperbolic sine of each element.",
    example="""
    >>> tp.sinh(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """,
)
sqrt = unary(
    "sqrt",
    "floating-point",
    "The principal square root of each element.",
    example="""
    >>> tp.sqrt(tp.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """,
)
square = unary(
    "square",
    "numeric",
    "The product of each element with itself.",
    example="""
    >>> tp.square(tp.tensor([2, -3]))
    tensor([4, 9])
    """,
)
subtract = binary(
    "subtract",
    "numeric",
    "The difference ``x1 - x2`` of each pair of elements.",
    operator="__sub__",
    methods=("subtract", "sub"),
    scaled=True,
    notes="With ``alpha=``, as in PyTorch, the second is multiplied by that number first.",
    example="""
    >>> tp.subtract(tp.tensor([1, 2]), 3)
    tensor([-2, -1])
    """,
)
tan = unary(
    "tan",
    "floating-point",
    "The tangent of each element, which is in radians.",
    example="""
    >>> tp.tan(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """,
)
tanh = unary(
    "tanh",
    "floating-point",
    "The hyperbolic tangent of each element.",
    example="""
    >>> tp.tanh(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """,
)
trunc = unary(
    "trunc",
    "real-valued",
    "Each element rounded towards zero.",
    notes="The gradient is zero.",
    example="""
    >>> tp.trunc(tp.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
    """,
)

_clip = Operation("clip", family="elementwise", operands=("x", "min", "max"), accepts="real-valued")


def clip(x: Tensor, /, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Each element, or the bound that it is beyond.

    Parameters
    ----------
    x : Tensor
        Of a real-valued dtype.
    min, max : Tensor or Python scalar, optional
        The least and the greatest value that the result may have; without one there is no such bound. They are
        converted to the dtype of `x`, unless they are floats and `x` is not: then `x` is converted, as in PyTorch. All
        three broadcast.
    out : Tensor, optional
        Where the result is written, as in PyTorch.

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
    return found if out is None else into("clip", out, found)


def clip_(x: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Write `clip` of this tensor into it, and return it."""
    operands = _with_bounds(x, min, max)
    if operands[0] is not x:
        raise DTypeError(f"clip_: result type {operands[0].dtype} can't be cast to {x.dtype}; use clip")
    return write_in_place(_clip, "clip_", x, operands)


def _with_bounds(x: Any, min: Any, max: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The operands of `clip` in one dtype, an absent bound being one that no element is beyond."""
    min, max = python_number(min), python_number(max)
    bounds = [bound for bound in (min, max) if bound is not None]
    if type(x) is not Tensor or any(type(bound) not in (Tensor, int, float) for bound in bounds):
        raise unsupported("clip", x, *bounds)
    dtype = x.dtype
    if not _clip.takes(dtype):
        raise DTypeError(f"clip: got {dtype}, wanted a real-valued dtype")
    if dtype.kind == "f" and type(min) is float and max is None:
        return x, scalar_tensor(x._key, min, "clip"), scalar_tensor(x._key, numpy.inf, "clip")
    for bound in bounds:
        own = bound.dtype if type(bound) is Tensor else promote_scalar(dtype, bound)
        if KIND_ORDER[own.kind] > KIND_ORDER[dtype.kind]:
            dtype = promote(dtype, own)
    if not _clip.takes(dtype):
        raise DTypeError(f"clip: got a bound of {dtype}, wanted a real-valued dtype")
    x = cast(x, dtype)
    whole = dtype.kind in "iu"
    low, high = (iinfo(dtype).min, iinfo(dtype).max) if whole else (-numpy.inf, numpy.inf)
    # A bound that no element can be beyond is none.
    if min is None or (type(min) is int and min < low):
        min = low
    if max is None or (type(max) is int and max > high):
        max = high
    return x, _bound(x, min), _bound(x, max)


def _bound(x: Tensor, bound: Any) -> Tensor:
    if type(bound) is not Tensor:
        # An integer beyond all floats is infinite.
        return scalar_tensor(x._key, as_float("clip", "a bound", bound) if x.dtype.kind == "f" else bound, "clip")
    _, bound = same_device("clip", x, bound)
    if x.dtype.kind in "iu" and bound.dtype is not x.dtype and bound.size:
        inspect(_require_bounds, bound, dtype=x.dtype)
    return cast(bound, x.dtype)


def _require_bounds(host: numpy.ndarray, dtype: DType) -> None:
    require_range("clip", dtype, int(host.min()))
    require_range("clip", dtype, int(host.max()))


_clip.function = clip

METHODS: dict[str, Any] = {"clip": clip, "clamp": clip, "clip_": clip_, "clamp_": clip_}
"""Functions that are methods of Tensor under the same names."""


def _scaled_in_place(name: str) -> Callable[..., Any]:
    write = binary_in_place(OPERATIONS[name])

    @functools.wraps(write)
    def method(x: Tensor, other: Any, /, *, alpha: Any = 1) -> Any:
        return write(x, other if is_number(alpha, 1) else scaled_by(f"{name}_", other, alpha))

    return method


_EXACT_BELOW = {4: 2.0**24, 8: 2.0**53}
"""Floating-point numbers of so many bytes are all integers from there on."""


def round(x: Tensor, /, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Each element rounded to a number of decimals, halves to the even one.

    Parameters
    ----------
    x : Tensor
        Of a numeric dtype; complex numbers are rounded to integers only.
    decimals : int, default: 0
        A negative one rounds to tens, hundreds and so on.
    out : Tensor, optional
        Where the result is written.

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
    if type(x) is not Tensor:
        raise unsupported("round", x)
    places = as_integer("round", "decimals", decimals)
    found = _round(x)
    if places and x.dtype.kind == "c":
        raise DTypeError(f"round: got {x.dtype} and decimals={places}, wanted a real-valued dtype; round its parts")
    if places and x.dtype.kind in "iu":
        found = found if places > 0 else _round_integers(x, 10**-places)
    elif places:
        found = cast(_round_floats(cast(x, float32) if x.dtype.itemsize == 2 else x, places), x.dtype)
    return found if out is None else into("round", out, found)


def _round_integers(x: Tensor, unit: int) -> Tensor:
    if unit > iinfo(x.dtype).max:
        return x * 0
    whole = floor_divide(x, unit)
    rest = x - whole * unit
    tie = bitwise_and(rest == unit - rest, remainder(whole, 2) == 1)
    found: Tensor = (whole + cast(bitwise_or(rest > unit - rest, tie), x.dtype)) * unit
    return found


def _round_floats(x: Tensor, places: int) -> Tensor:
    # The values alone, so that the gradient is zero.
    limit, unchanged = 38 if x.dtype.itemsize == 4 else 308, x.detach()
    if places < -limit:
        return where(isfinite(x), _round(x * 0.0), unchanged)
    factor = 10.0 ** min(max(places, -places), limit)
    if places < 0:
        return _round(x / factor) * factor
    scaled = x * factor
    return where(abs(scaled) < _EXACT_BELOW[x.dtype.itemsize], _round(scaled) / factor, unchanged)


_round.operation.function = round


def round_method(x: Tensor, ndigits: int | None = None) -> Tensor:
    """What Python's ``round`` gives, as a tensor."""
    found: Tensor = round(x, decimals=ndigits or 0)
    return found


METHODS |= {"round_": in_place(round), "__round__": round_method}


def quotient_and_remainder(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """What ``divmod`` of two operands gives."""
    return x1 // x2, x1 % x2


def reflected_quotient_and_remainder(self: Tensor, other: Any) -> tuple[Tensor, Tensor]:
    """What ``divmod`` of two operands gives, called on the second."""
    return quotient_and_remainder(other, self)


METHODS |= {"__divmod__": quotient_and_remainder, "__rdivmod__": reflected_quotient_and_remainder}

METHODS |= {f"{name}_": _scaled_in_place(name) for name in ("add", "subtract")}
METHODS["sub_"] = METHODS["subtract_"]
