"""Random distributions, computed from random 64-bit words.

Every function takes the operations of a backend (`ops`, with the signatures of the array API standard, on the backend's
own arrays; `cast` takes names of dtypes) and a one-dimensional uint64 array of words, and runs inside the backend's
`scope`. A number depends only on the word, or the pair of words, at its position, so that large results can be computed
in chunks. Uniforms, integers and permutations have the same bits on every backend; normals differ by at most 4 ulp, as
logarithms and sines do.
"""

from __future__ import annotations

import math
from typing import Any

from ..types.dtypes import FINITE

Array = Any
Operations = Any

DIGITS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
"""The number of significand bits, by the name of the dtype."""

LIMITS = {
    "bool": (0, 1),
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{name: (-(2**digits), 2**digits) for name, digits in DIGITS.items()},
}
"""The range of the consecutive integers that a dtype represents, by its name."""


def uniform(ops: Operations, bits: Array, dtype_name: str) -> Array:
    """Uniform numbers in [0, 1), one for each word: multiples of ``2**-d`` for a dtype of d significand bits.

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
    """Uniform numbers in [low, high), one for each word: the results of `uniform`, scaled and shifted.

    The bounds are rounded to the dtype first; if that makes them equal, all numbers are `low`. Half precision is drawn
    and scaled in float32. A number that would round to `high` is the previous number of the dtype.

    Parameters
    ----------
    ops
        The operations of the backend.
    bits : array, shape (n,), dtype uint64
        Random words.
    low, high
        Bounds with ``low <= high`` that are finite in the dtype, as is their difference.
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
    """The spacing of a dtype's numbers at the magnitude of a value."""
    least, _ = FINITE[dtype_name]
    return math.ldexp(1.0, math.frexp(max(abs(value), least))[1] - DIGITS[dtype_name])


def _rounded(value: float, dtype_name: str) -> float:
    return (
        value if dtype_name == "float64" else round(value / _spacing(value, dtype_name)) * _spacing(value, dtype_name)
    )


def _before(value: float, dtype_name: str) -> float:
    """Round a value to a dtype and return the number before it; before zero a normal one, not every library has
    subnormals.
    """
    rounded = _rounded(value, dtype_name)
    return rounded - _spacing(math.nextafter(rounded, -math.inf), dtype_name) if rounded else -FINITE[dtype_name][0]


def normal(ops: Operations, bits: Array, dtype_name: str) -> Array:
    """Standard normal numbers, by the Box-Muller transform in double precision, then rounded to the dtype.

    Words ``2k`` and ``2k + 1`` give numbers ``2k`` and ``2k + 1``. So there must be an even number of words, and chunks
    must begin at an even position; for an odd number of normals, draw one more. The largest absolute value is 8.57.

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
    The angle is drawn in the first octant, and three more bits reflect the point into one of the eight. So the argument
    of sine and cosine is in [0, pi/4), where libraries agree to the last digits and no zero amplifies rounding.

    Examples
    --------
    >>> import numpy
    >>> import types
    >>> ops = types.SimpleNamespace(**vars(numpy), cast=lambda array, name: array.astype(name))
    >>> normal(ops, numpy.asarray([0, 2**63, 2**63, 0], dtype="uint64"), "float64").round(3).tolist()
    [7.919, 3.28, 1.177, 0.0]
    """
    first, second = bits[0::2], bits[1::2]
    # in (0, 1], so that the logarithm is finite
    radius = ops.sqrt(ops.log(ops.cast((first >> 11) + 1, "float64") * 2.0**-53) * -2.0)
    angle = ops.cast(second >> 11, "float64") * (math.pi / 4 * 2.0**-53)
    cosine, sine = ops.cos(angle), ops.sin(angle)
    swap = (second & 1) == 1
    x = radius * ops.where(swap, sine, cosine) * (1.0 - ops.cast(second & 2, "float64"))
    y = radius * ops.where(swap, cosine, sine) * (1.0 - ops.cast((second >> 1) & 2, "float64"))
    return _as(ops, ops.reshape(ops.stack([x, y], axis=1), (-1,)), "float64", dtype_name)


def integers(ops: Operations, bits: Array, low: int, high: int, dtype_name: str) -> Array:
    """Uniform integers in [low, high), one for each word: the word modulo ``high - low``, plus `low`.

    The probability of each differs from ``1 / (high - low)`` by less than ``2**-64``; for a power of two it is exact.

    Parameters
    ----------
    ops
        The operations of the backend.
    bits : array, shape (n,), dtype uint64
        Random words.
    low, high
        The smallest integer, and the largest plus one. Their difference is at most ``2**64``.
    dtype_name
        A dtype that represents all these integers.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        If the range is empty, or the dtype does not represent all of it.

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
    """The integers 0 to n - 1 in random order: the stable argsort of the words.

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
    """Dropout factors, one for each word: zero with probability `p`, else ``1 / (1 - p)``.

    Parameters
    ----------
    ops
        The operations of the backend.
    bits : array, shape (n,), dtype uint64
        Random words.
    p
        The probability, ``0 <= p < 1``, that `uniform` in float32 is below it.
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
    """Cast numbers to the dtype, unless they were computed in it."""
    return numbers if carrier == dtype_name else ops.cast(numbers, dtype_name)


def _scalar(words: Array, value: int) -> Any:
    """A number in [0, 2**64) for arithmetic with words: an array where JAX accepts no int."""
    return value if value < 2**63 else (((words & 0) | (value >> 32)) << 32) | (value & 0xFFFFFFFF)


def _signed(ops: Operations, words: Array) -> Array:
    """Reinterpret words as two's complement, as the standard leaves the cast undefined."""
    upper = ops.cast(words >> 32, "int64")
    return (upper - ((upper >> 31) << 32)) * 2**32 + ops.cast(words & 0xFFFFFFFF, "int64")
