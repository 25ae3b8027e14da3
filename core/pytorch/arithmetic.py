"""Elementwise functions that PyTorch adds to the standard's: remainders, interpolation, fused products, angles."""

from __future__ import annotations

import builtins
import functools
import math
from typing import Any, NamedTuple

from ..dispatch.registry import method
from ..families.elementwise import binary, unary
from ..families.function import function, widened
from ..memory.structure import cast, clone
from ..memory.tensor import Tensor
from ..memory.writes import cast_for_write, copy_
from ..standard.creation import zeros_like
from ..standard.data_types import finfo
from ..standard.elementwise import (
    abs,
    add,
    atan2,
    clip,
    complex,
    cos,
    divide,
    equal,
    floor,
    floor_divide,
    isfinite,
    isnan,
    less,
    log2,
    logical_and,
    multiply,
    not_equal,
    pow,
    relu,
    sign,
    sin,
    subtract,
    trunc,
)
from ..standard.elementwise.arithmetic import require_nonzero
from ..standard.manipulation import imag, real
from ..standard.searching import where
from ..types.dtypes import complex128, float64, int32
from ..types.errors import ArgumentError, DTypeError
from .selection import masked_fill

__all__ = [
    "addcdiv",
    "addcmul",
    "angle",
    "clamp_max",
    "clamp_min",
    "deg2rad",
    "div",
    "float_power",
    "fmax",
    "fmin",
    "fmod",
    "frac",
    "frexp",
    "heaviside",
    "isneginf",
    "isposinf",
    "isreal",
    "ldexp",
    "lerp",
    "nan_to_num",
    "polar",
    "rad2deg",
    "rsqrt",
    "rsub",
]


@binary("real-valued", guard=functools.partial(require_nonzero, "fmod"))
def fmod(ops: Any, x1: Any, x2: Any) -> Any:
    """The remainder of the quotient rounded towards zero, with the sign of the dividend, as C's ``fmod``.

    Notes
    -----
    `remainder` has the sign of the divisor.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fmod(tp.tensor([5.0, -5.0]), 3.0)
    tensor([ 2., -2.])
    """
    size1, size2 = ops.abs(x1), ops.abs(x2)
    rest = ops.remainder(size1, size2)
    rest = ops.where(x1 < 0, -rest, rest)
    # The smallest integer has no absolute value; the other way rounds numbers with fractions.
    other = ops.remainder(x1, x2)
    differs = ops.logical_and(ops.not_equal(other, 0 * other), ops.not_equal(other < 0, x1 < 0))
    other = ops.where(differs, other - x2, other)
    rest = ops.where(ops.logical_or(size1 < 0, size2 < 0), other, rest)
    # The sign of a zero is the dividend's.
    return ops.where(ops.equal(rest, 0 * rest), x1 * 0, rest)


@binary("real-valued")
def fmax(ops: Any, x1: Any, x2: Any) -> Any:
    """The greater of each pair of elements, the other one where one is NaN.

    Notes
    -----
    The gradient at ties goes to the first operand, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fmax(tp.tensor([1.0, tp.nan]), 0.5)
    tensor([1.0000, 0.5000])
    """
    return ops.where(ops.isnan(x1), x2, ops.where(ops.isnan(x2), x1, ops.maximum(x1, x2)))


@binary("real-valued")
def fmin(ops: Any, x1: Any, x2: Any) -> Any:
    """The smaller of each pair of elements, the other one where one is NaN.

    Notes
    -----
    The gradient at ties goes to the first operand, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fmin(tp.tensor([1.0, tp.nan]), 0.5)
    tensor([0.5000, 0.5000])
    """
    return ops.where(ops.isnan(x1), x2, ops.where(ops.isnan(x2), x1, ops.minimum(x1, x2)))


@unary("real-valued floating-point")
def frac(ops: Any, x: Any) -> Any:
    """The fractional part of each element, with its sign.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.frac(tp.tensor([1.5, -1.25]))
    tensor([ 0.5000, -0.2500])
    """
    return x - ops.trunc(x)


@unary("floating-point")
def rsqrt(ops: Any, x: Any) -> Any:
    """The reciprocal of the square root of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.rsqrt(tp.tensor([4.0, 0.25]))
    tensor([0.5000, 2.0000])
    """
    return ops.reciprocal(ops.sqrt(x))


@unary("real-valued", result="bool")
def isposinf(ops: Any, x: Any) -> Any:
    """Whether each element is positive infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.isposinf(tp.tensor([tp.inf, -tp.inf]))
    tensor([ True, False])
    """
    return ops.logical_and(ops.isinf(x), x > 0)


@unary("real-valued", result="bool")
def isneginf(ops: Any, x: Any) -> Any:
    """Whether each element is negative infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.isneginf(tp.tensor([tp.inf, -tp.inf]))
    tensor([False,  True])
    """
    return ops.logical_and(ops.isinf(x), x < 0)


@function(methods=("isreal",))
def isreal(input: Tensor) -> Tensor:
    """Whether each element has no imaginary part; true for all elements of a real tensor.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.isreal(tp.tensor([1.0 + 0j, 1j]))
    tensor([ True, False])
    """
    part = imag(input) if input.dtype.kind == "c" else zeros_like(input)
    return equal(part, 0)


@function(methods=("clamp_min",), in_place_method=True)
def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Clip elements to a lower bound: `clip` without the upper one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.clamp_min(tp.tensor([-1.0, 2.0]), 0.0)
    tensor([0., 2.])
    """
    return clip(input, min=min)


@function(methods=("clamp_max",), in_place_method=True)
def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Clip elements to an upper bound: `clip` without the lower one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.clamp_max(tp.tensor([-1.0, 2.0]), 0.0)
    tensor([-1.,  0.])
    """
    return clip(input, max=max)


@function(methods=("divide", "div"))
def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """The quotient of each pair of elements, rounded if asked.

    Parameters
    ----------
    input, other : Tensor or number
        At least one a tensor; they broadcast.
    rounding_mode : {None, "trunc", "floor"}
        Towards zero, or down; the result is then of the operands' dtype, integers too.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    ValueError
        For another mode.
    ZeroDivisionError
        If an integer is divided by zero with a rounding mode.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.div(tp.tensor([-7, 7]), 2, rounding_mode="trunc")
    tensor([-3,  3])
    """
    if rounding_mode is None:
        return divide(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode != "trunc":
        raise ArgumentError(f"div: got rounding_mode {rounding_mode!r}, wanted None, 'trunc' or 'floor'")
    whole = all(x.dtype.kind in "iub" if isinstance(x, Tensor) else isinstance(x, int) for x in (input, other))
    # The difference is a multiple of the divisor.
    return floor_divide(subtract(input, fmod(input, other)), other) if whole else trunc(divide(input, other))


@method("div_", "divide_")
def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Write the quotient into this tensor, rounded if asked, and return it."""
    if rounding_mode is None:
        return self.true_divide_(other)
    return copy_(self, cast_for_write("div_", div(self, other, rounding_mode=rounding_mode), self))


@function(methods=("lerp",), in_place_method=True)
def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """Linear interpolation, ``input + weight * (end - input)``, exact at both ends.

    Parameters
    ----------
    input, end : Tensor
        Of a floating-point dtype; they broadcast.
    weight : number or Tensor
    out : Tensor, optional
        The tensor that the result is written into.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.lerp(tp.tensor([0.0, 1.0]), tp.tensor([2.0, 3.0]), 0.25)
    tensor([0.5000, 1.5000])
    """
    difference = subtract(end, input)
    if isinstance(weight, Tensor):
        near = less(abs(weight), 0.5)
        return where(near, input + difference * weight, end - difference * (1 - weight))
    return input + difference * weight if builtins.abs(weight) < 0.5 else end - difference * (1 - weight)


@function(methods=("addcmul",), in_place_method=True)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """The sum ``input + value * tensor1 * tensor2``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.addcmul(tp.tensor([1.0]), tp.tensor([2.0]), tp.tensor([3.0]), value=0.5)
    tensor([4.])
    """
    return add(input, multiply(tensor1, tensor2), alpha=value)


@function(methods=("addcdiv",), in_place_method=True)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """The sum ``input + value * tensor1 / tensor2``.

    Raises
    ------
    TypeError
        If both are integers, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.addcdiv(tp.tensor([1.0]), tp.tensor([3.0]), tp.tensor([2.0]), value=2)
    tensor([4.])
    """
    if {tensor1.dtype.kind, tensor2.dtype.kind} <= {"b", "i", "u"}:
        raise DTypeError(
            f"addcdiv: got {tensor1.dtype} and {tensor2.dtype}, wanted a floating-point dtype; convert one"
        )
    return add(input, tensor1 / tensor2, alpha=value)


@function(methods=("rsub",))
def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """The difference ``other - alpha * input``: `subtract` with its operands swapped.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.rsub(tp.tensor([1.0, 2.0]), 3)
    tensor([2., 1.])
    """
    return subtract(other, input, alpha=alpha)


@function(methods=("float_power",))
def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """Powers in double precision: both operands are converted to float64, or to complex128 if one is complex.

    Parameters
    ----------
    input, exponent : Tensor or number
        At least one a tensor; they broadcast.
    out : Tensor, optional
        The tensor that the result is written into.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.float_power(tp.tensor([2, 3]), -1)
    tensor([0.5000, 0.3333], dtype=tensorplug.float64)
    """
    kinds = [
        x.dtype.kind if isinstance(x, Tensor) else "c" * isinstance(x, builtins.complex) for x in (input, exponent)
    ]
    dtype = complex128 if "c" in kinds else float64
    return pow(*(cast(x, dtype) if isinstance(x, Tensor) else x for x in (input, exponent)))


@function(methods=("ldexp",), in_place_method=True)
def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product ``input * 2**other``.

    Parameters
    ----------
    input, other : Tensor
        They broadcast; integers are computed in the default floating-point dtype.
    out : Tensor, optional
        The tensor that the result is written into.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ldexp(tp.tensor([1.0]), tp.tensor([1, 3]))
    tensor([2., 8.])
    """
    return multiply(input, pow(2.0, other))


class Frexp(NamedTuple):
    """Mantissas and exponents, which `frexp` returns."""

    mantissa: Tensor
    exponent: Tensor


@function(methods=("frexp",))
def frexp(input: Tensor) -> Frexp:
    """Split into mantissas of magnitude 0.5 to 1 and powers of two, ``mantissa * 2**exponent``.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.

    Returns
    -------
    mantissa, exponent
        A named tuple, of the dtype of `input` and of int32. Zeros, infinities and NaN have exponent 0.

    Raises
    ------
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.frexp(tp.tensor([3.0])).exponent
    tensor([2], dtype=tensorplug.int32)
    """
    if input.dtype.kind != "f":
        raise DTypeError(f"frexp: got {input.dtype}, wanted a real-valued floating-point dtype")
    # In double precision the numbers of every dtype but float64 are normal.
    x = cast(input.detach(), float64)
    tiny = abs(x) < 1e-290
    x = where(tiny, x * 2.0**64, x)
    ordinary = logical_and(isfinite(x), not_equal(x, 0))
    power = floor(log2(where(ordinary, abs(x), 1.0))) + 1
    mantissa = abs(x) * pow(2.0, -power)
    # The logarithm may be rounded across a power of two.
    power = power + cast(mantissa >= 1, float64) - cast(mantissa < 0.5, float64)
    power = where(ordinary, where(tiny, power - 64, power), 0.0)
    half = floor(power / 2)
    mantissa = input * cast(pow(2.0, -half), input.dtype) * cast(pow(2.0, half - power), input.dtype)
    return Frexp(mantissa, cast(power, int32))


@function(methods=("heaviside",), in_place_method=True)
def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Heaviside step function: 0 for negative elements, 1 for positive ones, and `values` where they are zero.

    Parameters
    ----------
    input, values : Tensor
        Of the same dtype; they broadcast.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    TypeError
        If the dtypes differ, or are complex.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.heaviside(tp.tensor([-1.5, 0.0, 2.0]), tp.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    if input.dtype is not values.dtype or input.dtype.kind == "c":
        raise DTypeError(f"heaviside: got {input.dtype} and {values.dtype}, wanted twice the same real-valued dtype")
    step = where(isnan(input), input, cast(input > 0, input.dtype)) if input.dtype.kind == "f" else input > 0
    return where(equal(input, 0), values, cast(step, input.dtype))


@function(methods=("nan_to_num",), in_place_method=True)
def nan_to_num(
    input: Tensor, nan: Any = None, posinf: Any = None, neginf: Any = None, *, out: Tensor | None = None
) -> Tensor:
    """Replace NaN and infinities by numbers.

    Parameters
    ----------
    input : Tensor
    nan : number, default: 0
    posinf, neginf : number, optional
        By default the largest and the smallest finite number of the dtype.
    out : Tensor, optional
        The tensor that the result is written into.

    Notes
    -----
    The gradient is zero where an element is replaced.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nan_to_num(tp.tensor([tp.nan, 1.0, -tp.inf]), neginf=-9.0)
    tensor([ 0.,  1., -9.])
    """
    if input.dtype.kind == "c":
        return complex(*(nan_to_num(part(input), nan, posinf, neginf) for part in (real, imag)))
    if input.dtype.kind != "f":
        return clone(input)
    limits = finfo(input.dtype)
    if posinf is None and neginf is None:
        finite = clip(input, limits.min, limits.max)
    else:
        finite = masked_fill(input, equal(input, math.inf), limits.max if posinf is None else posinf)
        finite = masked_fill(finite, equal(input, -math.inf), limits.min if neginf is None else neginf)
    return masked_fill(finite, isnan(input), 0.0 if nan is None else nan)


@function(methods=("angle",), widens_half=True)
def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of each complex number in radians, from -π to π; of a real one 0, or π if it is negative.

    Parameters
    ----------
    input : Tensor
        Integers are computed in the default floating-point dtype.
    out : Tensor, optional
        The tensor that the result is written into.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.angle(tp.tensor([1j, -1.0]))
    tensor([1.5708, 3.1416])
    """
    if input.dtype.kind == "c":
        return atan2(imag(input), real(input))
    x = input if input.dtype.kind == "f" else input * 1.0
    return relu(-sign(x)) * math.pi


@function(methods=("deg2rad",), in_place_method=True)
def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Convert degrees to radians.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.deg2rad(tp.tensor([180.0]))
    tensor([3.1416])
    """
    return multiply(input, math.pi / 180)


@function(methods=("rad2deg",), in_place_method=True)
def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Convert radians to degrees.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.rad2deg(tp.tensor([tp.pi]))
    tensor([180.])
    """
    return multiply(input, 180 / math.pi)


@function()
def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers from their absolute values and angles in radians.

    Parameters
    ----------
    abs, angle : Tensor
        Of a real-valued floating-point dtype; they broadcast.
    out : Tensor, optional
        The tensor that the result is written into.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.polar(tp.tensor([2.0]), tp.tensor([0.0]))
    tensor([2.+0.j], dtype=tensorplug.complex64)
    """
    abs, angle = widened(abs), widened(angle)
    return complex(abs * cos(angle), abs * sin(angle))
