"""`Use`: a call of an operation as a Python expression, with its operands and the values to draw for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

Array = numpy.ndarray
Draw = Callable[[numpy.random.Generator, tuple[int, ...], str], Array]
"""Draws values of a shape for the named dtype; arrays of a wider dtype are rounded to it afterwards."""


@dataclass(frozen=True)
class Values:
    """A distribution of values for an operand.

    Attributes
    ----------
    draw : callable
        ``draw(rng, shape, dtype)`` draws an array.
    smooth : callable
        Draws different elements away from kinks and poles, for finite differences.
    simplest : number or None
        The value that shrinking puts in the place of elements while the example still fails; None if elements depend
        on each other.
    any_shape : bool
        Whether arrays of other shapes than the operand's can be drawn.
    ends : tuple of int or None
        The range of integers, second end excluded; for indices the second end is the length of the axis.
    """

    draw: Draw
    smooth: Draw
    simplest: float | None = 0
    any_shape: bool = True
    ends: tuple[int, int] | None = None


@dataclass(frozen=True)
class Operand:
    """An operand of a use.

    Attributes
    ----------
    shape : tuple of int
    values : Values
    dtype : str or None
        A fixed dtype; None for the dtype that the check chooses.
    """

    shape: tuple[int, ...]
    values: Values
    dtype: str | None = None


class Use:
    """A call of an operation, with its operands.

    Parameters
    ----------
    code
        A Python expression of ``tp``, the operands' names, ``OPERATIONS`` and ``TENSOR_OPS``. Its value is a tensor, or
        a tuple or list of tensors, with unique elements: if an operation's results are unique up to signs or phases,
        the expression combines them so that these cancel.
    dtypes
        The kinds of dtypes it is called with, as NumPy's letters out of ``"biufc"``; by default all that the operation
        accepts.
    smooth
        Whether to check the gradient, if the operation has one.
    elementwise
        Whether the function is elementwise, so that the reference may compute several shapes in one array.
    every_dtype
        Whether to try every dtype even at the quick level.
    rounded_once
        Whether half precision is computed in float32 and the result rounded once.
    terms
        Number of terms of long sums: the error bound grows with its logarithm.
    operands
        An `Operand`, or the shape of an operand with any values, by name.

    Examples
    --------
    >>> from tensorplug.conformance.uses.use import Use
    >>> Use("tp.roll(x, 1, axis=0)", x=(2, 3)).operands["x"].shape
    (2, 3)
    """

    def __init__(
        self,
        code: str,
        /,
        *,
        dtypes: str = "biufc",
        smooth: bool = True,
        elementwise: bool = False,
        every_dtype: bool = False,
        rounded_once: bool = False,
        terms: int = 1,
        **operands: Operand | tuple[int, ...],
    ) -> None:
        self.code = code
        self.dtypes = dtypes
        self.smooth = smooth
        self.elementwise = elementwise
        self.every_dtype = every_dtype
        self.rounded_once = rounded_once
        self.terms = terms
        self.operands = {
            name: operand if isinstance(operand, Operand) else Operand(operand, ANY)
            for name, operand in operands.items()
        }
        self.evaluate = compile(code, f"<{code}>", "eval")

    @property
    def is_public(self) -> bool:
        """Whether the expression calls public functions only."""
        return "OPERATIONS" not in self.code and "TENSOR_OPS" not in self.code

    @classmethod
    def of(
        cls,
        code: str,
        operands: Mapping[str, Any],
        **options: Any,
    ) -> Use:
        """Make a use from operands in a dict, with the options of `Use`."""
        return cls(code, **options, **operands)

    @property
    def size(self) -> tuple[int, int]:
        """Total number of elements, then of axes: orders uses from the simplest."""
        shapes = [operand.shape for operand in self.operands.values()]
        return sum(map(math.prod, shapes)), sum(map(len, shapes))

    @property
    def variables(self) -> list[str]:
        """The operands to differentiate by: those without a fixed dtype."""
        return [name for name, operand in self.operands.items() if operand.dtype is None]

    @property
    def has_layouts(self) -> bool:
        """Whether an operand has several memory layouts."""
        return any(math.prod(operand.shape) > max(operand.shape, default=1) for operand in self.operands.values())

    @property
    def is_empty(self) -> bool:
        """Whether an operand has no elements."""
        return any(0 in operand.shape for operand in self.operands.values())

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {operand.shape}" for name, operand in self.operands.items())
        return f"{self.code} with {shapes}" if shapes else self.code


def is_wide(dtype: str) -> bool:
    """Whether a dtype is single or double precision, real or complex."""
    return dtype in ("float32", "float64", "complex64", "complex128")


GREAT = 1 / 8
"""Fraction of large integers, whose sums wrap around, and which floats do not represent exactly."""


def draw_any(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Small integers with ties, and fractions of many magnitudes; some integers are large."""
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.startswith(("int", "uint")):
        low = -5 if dtype.startswith("int") else 0
        great = numpy.iinfo(dtype).max // 3
        return numpy.where(
            rng.random(shape) < GREAT, rng.integers(great, 2 * great, shape, dtype), rng.integers(low, 10, shape, dtype)
        )
    if dtype.startswith("complex"):
        half = "float32" if dtype == "complex64" else "float64"
        return draw_any(rng, shape, half) + 1j * draw_any(rng, shape, half)
    whole = rng.integers(-2, 3, shape).astype(float)
    fraction = rng.uniform(-4, 4, shape)
    tiny = rng.choice([-1.0, 1.0], shape) * 10.0 ** rng.uniform(-6 if is_wide(dtype) else -2, 1, shape)
    return numpy.choose(rng.integers(0, 4, shape), [whole, fraction, fraction, tiny])


def draw_apart(
    rng: numpy.random.Generator, shape: tuple[int, ...], low: float = 0.2, high: float = 2.0, signs: bool = True
) -> Array:
    """Magnitudes from `low` to `high`, each in its own part of the range, so that all differ."""
    count = math.prod(shape)
    # Not in the middle of the parts, or differences of several operands would be equal.
    values = low + (rng.permutation(count) + rng.uniform(0.1, 0.9, count)) * (high - low) / max(count, 1)
    if signs:
        values *= rng.choice([-1.0, 1.0], count)
    return values.reshape(shape)


def draw_smooth(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Different elements of magnitude 0.2 to 2."""
    values = draw_apart(rng, shape)
    return values + 1j * draw_apart(rng, shape) if dtype.startswith("complex") else values


ANY = Values(draw_any, draw_smooth)


def between(low: float, high: float, signs: bool = False) -> Values:
    """Values with magnitudes between two positive bounds, of both signs if `signs`."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        if dtype.startswith("complex"):
            return draw_apart(rng, shape, low, high, signs) + 1j * draw_apart(rng, shape, low, high, signs)
        if dtype.startswith(("int", "uint", "bool")):
            values = rng.integers(math.ceil(low), max(math.floor(high), math.ceil(low)) + 1, shape)
            return values * rng.choice([-1, 1], shape) if signs and dtype.startswith("int") else values
        return draw_apart(rng, shape, low, high, signs)

    return Values(draw, draw, simplest=low if low != math.floor(low) else math.ceil(low))


def integers(low: int, high: int) -> Values:
    """Integers from `low` to `high`, `high` excluded: positions, classes, counts."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        return rng.integers(low, high, shape)

    return Values(draw, draw, simplest=low, ends=(low, high))


def indices(shape: tuple[int, ...], low: int, high: int) -> Operand:
    """An int64 operand with elements from `low` to `high`, `high` excluded."""
    return Operand(shape, integers(low, high), "int64")


def mask(shape: tuple[int, ...]) -> Operand:
    """A bool operand."""
    return Operand(shape, ANY, "bool")


def fixed(array: Any, dtype: str | None = None) -> Operand:
    """An operand with constant values."""
    found = numpy.asarray(array)

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        return found

    return Operand(found.shape, Values(draw, draw, simplest=None, any_shape=False), dtype)


def matrix(shape: tuple[int, ...], spread: float = 4.0) -> Operand:
    """Well-conditioned matrices: their singular values are different and between 1 and `spread`."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        *batch, rows, columns = shape
        rank = min(rows, columns)
        left, right = (orthogonal(rng, (*batch, n, n), dtype) for n in (rows, columns))
        return (left[..., :, :rank] * _spectra(batch, rank, spread)) @ right[..., :rank, :]

    return Operand(shape, Values(draw, draw, simplest=None))


def hermitian(shape: tuple[int, ...], positive: bool = True) -> Operand:
    """Hermitian matrices with different eigenvalues of magnitude 1 to 4, of both signs unless `positive`."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        values = _spectra(shape[:-2], shape[-1])
        if not positive:
            values[..., ::2] *= -1
        vectors = orthogonal(rng, shape, dtype)
        found = (vectors * values) @ numpy.conj(numpy.swapaxes(vectors, -1, -2))
        return (found + numpy.conj(numpy.swapaxes(found, -1, -2))) / 2

    return Operand(shape, Values(draw, draw, simplest=None))


def _spectra(stack: Sequence[int], count: int, spread: float = 4.0) -> Array:
    """For each matrix of a stack a row of different numbers between 1 and `spread`, in no two matrices the same ones,
    and none of them round: a rank counts those above a tolerance such as 1.
    """
    scales = numpy.linspace(1, 1.1, math.prod(stack)).reshape(*stack, 1, 1)
    return scales * numpy.linspace(1.07, 0.88 * spread, count)


def orthogonal(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Random orthogonal matrices, or unitary ones for a complex dtype."""
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    if 0 in shape:
        return values
    found: Array = numpy.linalg.qr(values)[0]
    return found
