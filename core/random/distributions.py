"""Random distributions, made from random 64-bit words.

Every function takes the operations of one backend (`ops`, with the signatures of the array API standard, on the
backend's own arrays; `cast` takes names of dtypes) and a one-dimensional uint64 array of words. It must run inside
the backend's `scope`. What a number is depends on nothing but the word, or the pair of words, at its place, so that
large results can be made in chunks. Uniforms, integers and permutations are the same bits on every backend; normals
differ by what the backends' logarithms and sines differ, at most 4 ulp.
"""

from __future__ import annotations

import math
from typing import Any

from ..types.dtypes import FINITE

Array = Any
Operations = Any

DIGITS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
"""The binary digits of the significand, by the name of the dtype."""

LIMITS = {
    "bool": (0, 1),
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{name: (-(2**digits), 2**digits) for name, digits in DIGITS.items()},
}
"""The smallest and the largest of the integers that a dtype holds without a gap."""


def uniform(ops: Operations, bits: Array, dtype_name: str) -> Array:
    """Numbers in [0, 1), one for each word: the multiples of ``2**-d``, where d are the digits of the dtype.

    Parameters
    ----------
    ops
        The operations of the backend.
    bits : array, shape (n,), dtype uint64
        Random words.
    dtype_name
        A floating-point dtype.

    Returns
    -------
    array, shape (n,)

    Examples
    --------
    >>> import numpy
    >>> import types
    >>> ops = types.SimpleNamespace(**vars(numpy), cast=lambda array, name: array.astype(name))
    >>> uniform(ops, numpy.asarray([0, 2**63, 2**64 - 1], dtype="uint64"), "float32").tolist()
    [0.0, 0.5, 0.9999999403953552]
    """
    digits = DIGITS[dtype_name]
    carrier = "float64" if dtype_name == "float64" else "float32"
    return _as(ops, ops.cast(bits >> (64 - digits), carrier) * 2.0**-digits, carrier, dtype_name)


def uniform_between(ops: Operations, bits: Array, low: float, high: float, dtype_name: str) -> Array:
    """Numbers in [low, high), one for each word: what `uniform` gives, scaled and moved.

    The bounds are rounded to the dtype first; where that makes them equal, all numbers are `low`. Half precision is
    drawn and scaled in float32. What rounding takes to `high` is the number of the dtype before it.

    Parameters
    ----------
    ops
        The operations of the backend.
    bits : array, shape (n,), dtype uint64
        Random words.
    low, high
        Of which the second is not less, and both are finite in the dtype, as is their difference.
    dtype_name
        A floating-point dtype.

    Returns
    -------
    array, shape (n,)

    Examples
    --------
    >>> import numpy
    >>> import types
    >>> ops = types.SimpleNamespace(**vars(numpy), cast=lambda array, name: array.astype(name))
    >>> uniform_between(ops, numpy.asarray([0, 2**63, 2**64 - 1], dtype="uint64"), 1.0, 2.0, "float16").tolist()
    [1.0, 1.5, 1.9990234375]
    """
    carrier = "float64" if dtype_name == "float64" else "float32"
    numbers = uniform(ops, bits, carrier) * (high - low) + low
    greatest = max(_before(high, dtype_name), _rounded(low, dtype_name))
    return _as(ops, ops.where(numbers > greatest, numbers * 0 + greatest, numbers), carrier, dtype_name)


def _spacing(value: float, dtype_name: str) -> float:
    """The distance between the numbers of a dtype that have the magnitude of a number."""
    least, _ = FINITE[dtype_name]
    return math.ldexp(1.0, math.frexp(max(abs(value), least))[1] - DIGITS[dtype_name])


def _rounded(value: float, dtype_name: str) -> float:
    return (
        value if dtype_name == "float64" else round(value / _spacing(value, dtype_name)) * _spacing(value, dtype_name)
    )


def _before(value: float, dtype_name: str) -> float:
    """The number of a dtype before that to which a number is rounded; before zero the least normal one, as not every
    library has those between.
    """
    rounded = _rounded(value, dtype_name)
    return rounded - _spacing(math.nextafter(rounded, -math.inf), dtype_name) if rounded else -FINITE[dtype_name][0]


def normal(ops: Operations, bits: Array, dtype_name: str) -> Array:
    """Standard normal numbers, by the Box-Muller transform in double precision, then rounded to the dtype.

    Words ``2k`` and ``2k + 1`` make numbers ``2k`` and ``2k + 1``. So there must be an even number of words, and
    chunks must begin at an even place; for an odd number of normals, make one more and leave it out. The absolute
    values reach 8.57.

    Parameters
    ----------
    ops
        The operations of the backend.
    bits : array, shape (n,), dtype uint64
        Random words, an even number of them.
    dtype_name
        A floating-point dtype.

    Returns
    -------
    array, shape (n,)

    Notes
    -----
    The angle is drawn in the first octant, and three more bits reflect the point into one of the eight. So the
    argument of sine and cosine is within [0, pi/4), where libraries agree to the last digits, and no result suffers
    from the rounding of an angle near a zero.

    Examples
    --------
    >>> import numpy
    >>> import types
    >>> ops = types.SimpleNamespace(**vars(numpy), cast=lambda array, name: array.astype(name))
    >>> normal(ops, numpy.asarray([0, 2**63, 2**63, 0], dtype="uint64"), "float64").round(3).tolist()
    [7.919, 3.28, 1.177, 0.0]
    """
    first, second = ops.unstack(ops.reshape(bits, (-1, 2)), axis=1)
    # in (0, 1], so that the logarithm is finite
    radius = ops.sqrt(ops.log(ops.cast((first >> 11) + 1, "float64") * 2.0**-53) * -2.0)
    angle = ops.cast(second >> 11, "float64") * (math.pi / 4 * 2.0**-53)
    cosine, sine = ops.cos(angle), ops.sin(angle)
    swap = (second & 1) == 1
    x = radius * ops.where(swap, sine, cosine) * (1.0 - ops.cast(second & 2, "float64"))
    y = radius * ops.where(swap, cosine, sine) * (1.0 - ops.cast((second >> 1) & 2, "float64"))
    return _as(ops, ops.reshape(ops.stack([x, y], axis=1), (-1,)), "float64", dtype_name)


def integers(ops: Operations, bits: Array, low: int, high: int, dtype_name: str) -> Array:
    """Integers in [low, high), one for each word: the word modulo ``high - low``, plus `low`.

    The probability of each differs from ``1 / (high - low)`` by less than ``2**-64``; where ``high - low`` is a power
    of two, by nothing.

    Parameters
    ----------
    ops
        The operations of the backend.
    bits : array, shape (n,), dtype uint64
        Random words.
    low, high
        The first integer, and the first beyond the last. Their distance is at most ``2**64``.
    dtype_name
        A dtype that holds all these integers.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        If there is no integer in the range, or some do not fit into the dtype.

    Examples
    --------
    >>> import numpy
    >>> import types
    >>> ops = types.SimpleNamespace(**vars(numpy), cast=lambda array, name: array.astype(name))
    >>> integers(ops, numpy.asarray([0, 1, 2, 3, 2**64 - 1], dtype="uint64"), -1, 2, "int64").tolist()
    [-1, 0, 1, -1, -1]
    """
    least, greatest = LIMITS[dtype_name]
    if low >= high:
        raise ValueError(f"random integers need low < high, but low is {low} and high is {high}")
    if low < least or high - 1 > greatest:
        raise ValueError(
            f"{dtype_name} holds the integers from {least} to {greatest}, not all from {low} to {high - 1}"
        )
    distance = high - low
    words = bits if distance == 2**64 else bits % _scalar(bits, distance)
    if low >= 0 and high > 2**63:
        values = words + _scalar(words, low)
    elif distance <= 2**63:
        values = ops.cast(words, "int64") + low
    else:
        values = _signed(ops, words + _scalar(words, low % 2**64))
    return ops.cast(values, dtype_name)


def permutation(ops: Operations, bits: Array) -> Array:
    """The numbers 0 to n - 1 in random order: the stable order in which the words would be sorted.

    Parameters
    ----------
    ops
        The operations of the backend.
    bits : array, shape (n,), dtype uint64
        Random words.

    Returns
    -------
    array, shape (n,), dtype int64

    Examples
    --------
    >>> import numpy
    >>> import types
    >>> ops = types.SimpleNamespace(**vars(numpy), cast=lambda array, name: array.astype(name))
    >>> permutation(ops, numpy.asarray([30, 10, 20, 10], dtype="uint64")).tolist()
    [1, 3, 2, 0]
    """
    return ops.cast(ops.argsort(bits, stable=True), "int64")


def dropout_factors(ops: Operations, bits: Array, p: float, dtype_name: str) -> Array:
    """``1 / (1 - p)``, or with probability `p` zero, for each word: zero where `uniform` in float32 is less than `p`.

    Parameters
    ----------
    ops
        The operations of the backend.
    bits : array, shape (n,), dtype uint64
        Random words.
    p
        From 0 on, and less than 1.
    dtype_name
        A floating-point dtype.

    Returns
    -------
    array, shape (n,)

    Examples
    --------
    >>> import numpy
    >>> import types
    >>> ops = types.SimpleNamespace(**vars(numpy), cast=lambda array, name: array.astype(name))
    >>> dropout_factors(ops, numpy.asarray([0, 2**63, 2**64 - 1], dtype="uint64"), 0.5, "float32").tolist()
    [0.0, 2.0, 2.0]
    """
    return ops.cast(uniform(ops, bits, "float32") >= p, dtype_name) * (1.0 / (1.0 - p))


def _as(ops: Operations, numbers: Array, carrier: str, dtype_name: str) -> Array:
    """Numbers of the dtype that carried them, in the one that is wanted."""
    return numbers if carrier == dtype_name else ops.cast(numbers, dtype_name)


def _scalar(words: Array, value: int) -> Any:
    """A non-negative number below 2**64 that can enter arithmetic with words: an array where JAX takes no int."""
    return value if value < 2**63 else (((words & 0) | (value >> 32)) << 32) | (value & 0xFFFFFFFF)


def _signed(ops: Operations, words: Array) -> Array:
    """Words read as two's complement, without a cast that the standard leaves undefined."""
    upper = ops.cast(words >> 32, "int64")
    return (upper - ((upper >> 31) << 32)) * 2**32 + ops.cast(words & 0xFFFFFFFF, "int64")
