"""What a use of an operation is: a line of Python, the operands in it, and the values that they are drawn from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

Array = numpy.ndarray
Draw = Callable[[numpy.random.Generator, tuple[int, ...], str], Array]
"""Makes values of a shape for a dtype of that name; arrays of a wider dtype are rounded to it afterwards."""


@dataclass(frozen=True)
class Values:
    """A set of arrays that an operand may be.

    Attributes
    ----------
    draw : callable
        ``draw(rng, shape, dtype)`` makes one.
    smooth : callable
        The same away from kinks and poles, for finite differences; all elements differ.
    simplest : number or None
        What an element is replaced by to make an example smaller, as long as it still fails; None where elements
        depend on each other.
    any_shape : bool
        Whether they may have another shape than their operand's.
    ends : tuple of int or None
        Of integers the range, the second end excluded: where they are positions, it is the length of an axis.
    """

    draw: Draw
    smooth: Draw
    simplest: float | None = 0
    any_shape: bool = True
    ends: tuple[int, int] | None = None


@dataclass(frozen=True)
class Operand:
    """One operand.

    Attributes
    ----------
    shape : tuple of int
    values : Values
    dtype : str or None
        The one that it always has; None for the dtype that the check chooses.
    """

    shape: tuple[int, ...]
    values: Values
    dtype: str | None = None


class Use:
    """One way to use an operation.

    Parameters
    ----------
    code
        A Python expression that uses ``tp``, the operands by their names, ``OPERATIONS`` and ``TENSOR_OPS``. Its value
        is a tensor, or a tuple or list of tensors, in which every element is determined: where signs or phases are
        free, the expression puts together what they cancel in.
    dtypes
        The kinds of dtypes for which it has an answer, as NumPy's letters out of ``"biufc"``; by default all that the
        operation accepts.
    smooth
        Whether its gradient is checked, where the operation has one.
    elementwise
        Whether each element of the result depends on those in its place alone, so that a reference may compute them in
        one array whatever their shapes.
    telling
        Whether it shows what differs from dtype to dtype, so that it is tried in every one.
    rounded_once
        Whether half precision is computed in float32, and each element of the result rounded once.
    terms
        How many terms its sums have, if many: the bound grows as the logarithm of their number.
    operands
        By name, an `Operand` or the shape of one with any values.

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
        telling: bool = False,
        rounded_once: bool = False,
        terms: int = 1,
        **operands: Operand | tuple[int, ...],
    ) -> None:
        self.code = code
        self.dtypes = dtypes
        self.smooth = smooth
        self.elementwise = elementwise
        self.telling = telling
        self.rounded_once = rounded_once
        self.terms = terms
        self.operands = {
            name: operand if isinstance(operand, Operand) else Operand(operand, ANY)
            for name, operand in operands.items()
        }
        self.evaluate = compile(code, f"<{code}>", "eval")

    @property
    def is_public(self) -> bool:
        """Whether it calls functions of users alone, none that only gradient rules call."""
        return "OPERATIONS" not in self.code and "TENSOR_OPS" not in self.code

    @classmethod
    def of(
        cls,
        code: str,
        operands: Mapping[str, Operand | tuple[int, ...]],
        *,
        dtypes: str = "biufc",
        smooth: bool = True,
        elementwise: bool = False,
        telling: bool = False,
        rounded_once: bool = False,
        terms: int = 1,
    ) -> Use:
        """The same with the operands in a dict."""
        return cls(
            code,
            dtypes=dtypes,
            smooth=smooth,
            elementwise=elementwise,
            telling=telling,
            rounded_once=rounded_once,
            terms=terms,
            **operands,
        )

    @property
    def size(self) -> tuple[int, int]:
        """Orders uses from the simplest: by elements, then by axes."""
        shapes = [operand.shape for operand in self.operands.values()]
        return sum(map(math.prod, shapes)), sum(map(len, shapes))

    @property
    def variables(self) -> list[str]:
        """The operands that its gradient is by: those of no dtype of their own."""
        return [name for name, operand in self.operands.items() if operand.dtype is None]

    @property
    def has_layouts(self) -> bool:
        """Whether an operand may lie in memory in several ways."""
        return any(math.prod(operand.shape) > max(operand.shape, default=1) for operand in self.operands.values())

    @property
    def is_empty(self) -> bool:
        """Whether an operand has no elements."""
        return any(0 in operand.shape for operand in self.operands.values())

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {operand.shape}" for name, operand in self.operands.items())
        return f"{self.code} with {shapes}" if shapes else self.code


def is_wide(dtype: str) -> bool:
    """Whether a floating-point dtype holds small steps and great numbers."""
    return dtype in ("float32", "float64", "complex64", "complex128")


GREAT = 1 / 8
"""How many of the integers are near the end of their range, where sums wrap around and floats hold no units."""


def draw_any(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Small integers, with ties among them, and fractions of all magnitudes that the dtype holds well."""
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
    """Magnitudes from `low` to `high`, each in a part of the range of its own."""
    count = math.prod(shape)
    # Not in the middle of their steps, since differences of several operands would be equal then.
    values = low + (rng.permutation(count) + rng.uniform(0.1, 0.9, count)) * (high - low) / max(count, 1)
    if signs:
        values *= rng.choice([-1.0, 1.0], count)
    return values.reshape(shape)


def draw_smooth(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Elements of magnitude 0.2 to 2, all different."""
    values = draw_apart(rng, shape)
    return values + 1j * draw_apart(rng, shape) if dtype.startswith("complex") else values


ANY = Values(draw_any, draw_smooth)


def between(low: float, high: float, signs: bool = False) -> Values:
    """Magnitudes between two positive bounds."""

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
    """Always the same values."""
    found = numpy.asarray(array)

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        return found

    return Operand(found.shape, Values(draw, draw, simplest=None, any_shape=False), dtype)


def matrix(shape: tuple[int, ...], spread: float = 4.0) -> Operand:
    """Matrices whose singular values lie between 1 and `spread`, all different, so that they are well conditioned."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        *batch, rows, columns = shape
        rank = min(rows, columns)
        left, right = (orthogonal(rng, (*batch, n, n), dtype) for n in (rows, columns))
        values = numpy.linspace(1, spread, rank) if rank else numpy.zeros(0)
        return (left[..., :, :rank] * values) @ right[..., :rank, :]

    return Operand(shape, Values(draw, draw, simplest=None))


def hermitian(shape: tuple[int, ...], positive: bool = True) -> Operand:
    """Hermitian matrices with eigenvalues from 1 to 4, all different; with both signs unless `positive`."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        values = numpy.linspace(1, 4, shape[-1]) if shape[-1] else numpy.zeros(0)
        if not positive:
            values[::2] *= -1
        vectors = orthogonal(rng, shape, dtype)
        found = (vectors * values) @ numpy.conj(numpy.swapaxes(vectors, -1, -2))
        return (found + numpy.conj(numpy.swapaxes(found, -1, -2))) / 2

    return Operand(shape, Values(draw, draw, simplest=None))


def orthogonal(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Random orthogonal matrices, or unitary ones for a complex dtype."""
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    if 0 in shape:
        return values
    found: Array = numpy.linalg.qr(values)[0]
    return found
