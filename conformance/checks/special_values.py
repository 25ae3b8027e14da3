"""Special values: NaN, infinities, signed zeros, halves, the ends of a dtype's range, and each with each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy

from tensorplug.core import OPERATIONS
from tensorplug.core.types.dtypes import DTYPES

from ..engine.arrays import Array, rounded
from ..engine.bounds import (
    EPS,
    EXACT,
    HALVES,
    HUGE,
    MOVING,
    OWN_DTYPE,
    TINY,
    bound_of,
)
from ..engine.example import Example, draw
from ..engine.families import family_of
from ..engine.trial import Failed, Property, Trial
from ..uses import Use, chapter_of, uses_of
from .values import agreement

NAN, INF = numpy.nan, numpy.inf

FEW = (NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.0, -2.0, 2.5, -2.5, 3.0, -3.0)
PARTS = (NAN, INF, -INF, 0.0, -0.0, 1.0, -2.0)

ROWS = (
    (1.0, NAN, 2.0, 0.0),
    (NAN, NAN, INF, 1.0),
    (INF, 1.0, 2.0, INF),
    (-INF, -INF, 1.0, 2.0),
    (INF, -INF, 1.0, 2.0),
    (-0.0, -0.0, -0.0, -0.0),
    (2.0, 2.0, 1.0, 1.0),
    (1.0, 3.0, 3.0, 3.0),
    (-INF, -INF, -INF, -INF),
)
"""Rows for reductions and sorting: NaN anywhere, infinities of both signs, ties."""

OF_ROWS = ("reduction", "cumulation", "sorting", "activation")

FLOATS = ("float64", "complex128")

SPRINKLED = (NAN, INF, -INF, -0.0)

NONZERO_DIVISORS = ("floor_divide", "fmod", "remainder")
NO_NEGATIVE_POWERS = ("pow",)
READING_SIGNS = ("copysign", "signbit")

ZEROS_OF_ZEROS = tuple("acos acosh asinh atanh cosh exp expm1 sinh sqrt tanh".split())
"""Functions of which the standard fixes the signs of zeros in both parts where both parts of the operand are zeros, by
its special cases and the symmetries that it names."""


def has_special_values(name: str) -> bool:
    """Whether an operation is checked on special values."""
    if name not in OPERATIONS:
        return False
    operation = OPERATIONS[name]
    of_rows = family_of(operation) in OF_ROWS and len(operation.operands) == 1
    return uses_of(name)[0].elementwise or of_rows or _moves(name)


def _moves(name: str) -> bool:
    return family_of(OPERATIONS[name]) in MOVING and bound_of(name) == EXACT and name not in OWN_DTYPE


def check_special_values(trial: Trial) -> None:
    """Compare results of special values with the reference, signs of zeros included."""
    prop = agreement(trial)
    if _moves(trial.name):
        for use in trial.uses:
            for dtype in trial.dtypes(use, FLOATS):
                trial.hold_for(prop, _sprinkled(draw(use, dtype, "contiguous", trial.rng), trial.rng))
        return
    use = uses_of(trial.name)[0]
    for dtype in trial.dtypes(use):
        if dtype in HALVES and chapter_of(trial.name) == "losses":
            # Losses are computed in float32.
            continue
        if trial.name in ZEROS_OF_ZEROS and DTYPES[dtype].kind == "c":
            zeros: list[tuple[complex, ...]] = [
                (complex(real, imag),) for real, imag in itertools.product((0.0, -0.0), repeat=2)
            ]
            trial.hold_for(agreement(trial, signed_parts=True), _example(use, dtype, zeros))
        if use.elementwise:
            _hold_each(trial, prop, use, dtype)
            if dtype == "float64" and len(use.variables) == len(use.operands) == 2:
                _hold_scalars(trial, use, dtype)
        else:
            _hold_rows(trial, prop, use, dtype)


def _sprinkled(example: Example, rng: numpy.random.Generator) -> Example:
    """The same with special values in place of a third of the floating-point elements."""
    hosts = {}
    for name, host in example.hosts.items():
        special = rng.choice(SPRINKLED, host.shape).astype(host.dtype) if host.dtype.kind in "fc" else host
        hosts[name] = numpy.where(rng.random(host.shape) < 1 / 3, special, host)
    return replace(example, hosts=hosts)


def _hold_each(trial: Trial, prop: Property, use: Use, dtype: str) -> None:
    rows = list(_combinations(trial.name, _dtypes(use, dtype), trial.level.special))
    if not rows:
        return
    whole = _example(use, dtype, rows)
    try:
        trial.hold_for(prop, whole)
    except Failed:
        # Each for itself, to name the one.
        for row in rows:
            trial.hold_for(prop, _example(use, dtype, [row]))
        raise


def _hold_scalars(trial: Trial, use: Use, dtype: str) -> None:
    """Check one number with each of many, for which libraries have separate loops."""
    (first, second), numbers = use.operands, _numbers(dtype, False)
    for scalar in (NAN, INF, -0.0, 1.0):
        for one, many in ((first, second), (second, first)):
            hosts = {one: numpy.asarray(scalar, dtype), many: numpy.asarray(numbers, dtype)}
            example = Example(
                use, {first: dtype, second: dtype}, "contiguous", {key: hosts[key] for key in (first, second)}
            )
            trial.hold_for(agreement(trial), example)


def _example(use: Use, dtype: str, rows: list[tuple[complex, ...]]) -> Example:
    dtypes = _dtypes(use, dtype)
    columns = zip(dtypes.items(), zip(*rows, strict=True), strict=True)
    # Of great and small integers together NumPy would make floats.
    hosts = {
        name: numpy.asarray(column, own) if DTYPES[own].kind in "biu" else rounded(numpy.asarray(column), own)
        for (name, own), column in columns
    }
    return Example(use, dtypes, "contiguous", hosts)


def _dtypes(use: Use, dtype: str) -> dict[str, str]:
    """The dtypes of operands without a fixed one."""
    return {name: operand.dtype or dtype for name, operand in use.operands.items()}


def _combinations(name: str, dtypes: dict[str, str], many: bool) -> Iterator[tuple[complex, ...]]:
    each = [_numbers(dtype, many and len(dtypes) < 3) for dtype in dtypes.values()]
    if len(each) > 1 and bound_of(name) != EXACT:
        # The standard leaves products and quotients with infinite parts open.
        each = [[number for number in numbers if numpy.isfinite(number) or type(number) is float] for numbers in each]
    if chapter_of(name) == "losses":
        # What a loss is where infinities of both signs meet is left open (docs/special-values.md).
        each = [[number for number in numbers if not abs(number) > 100] for numbers in each]
    dtype = list(dtypes.values())[-1]
    for row in itertools.product(*each):
        if is_defined(name, dtype, row):
            yield row


def is_defined(name: str, dtype: str, row: tuple[complex, ...]) -> bool:
    """Whether the result is defined, so that all backends agree."""
    kind = DTYPES[dtype].kind
    if kind in "iu" and name in NONZERO_DIVISORS:
        return row[1] != 0
    if kind == "f" and name in NONZERO_DIVISORS and row[0] in _odd(dtype):
        # A quotient of so many digits is rounded before it is cut off.
        return False
    if name in READING_SIGNS and dtype == "bfloat16":
        # The conversion of NaN to it may change the sign.
        return not numpy.isnan(row[-1])
    if name in NO_NEGATIVE_POWERS:
        return kind == "f" or (kind in "iu" and 0 <= int(row[1].real) < 64)
    return True


def _numbers(dtype: str, many: bool) -> list[complex]:
    kind = DTYPES[dtype].kind
    if kind == "b":
        return [False, True]
    if kind in "iu":
        ends = numpy.iinfo(dtype)
        found: list[complex] = [0, 1, 2, 3, 7, ends.max - 1, ends.max]
        return [*found, -1, -2, -3, ends.min, ends.min + 1] if kind == "i" else found
    if kind == "c":
        return [complex(real, imag) for real, imag in itertools.product(PARTS, repeat=2)]
    few: list[complex] = list(FEW)
    if many:
        few += [1e-3, -1e-3, 10.0, HUGE[dtype], -HUGE[dtype], TINY[dtype] * 2, -TINY[dtype] * 2, 0.1, 7.0]
        few += _odd(dtype)
    return few


def _odd(dtype: str) -> list[complex]:
    """Odd numbers, and a half, that adding a half and cutting off does not round; they are no int32."""
    return [1 / EPS[dtype] - 1, 1 / EPS[dtype] + 1, 0.5 / EPS[dtype] + 0.5]


def _hold_rows(trial: Trial, prop: Property, use: Use, dtype: str) -> None:
    if DTYPES[dtype].kind != "f":
        return
    (name,) = list(use.operands)
    whole: Array = rounded(numpy.asarray(ROWS), dtype)
    try:
        trial.hold_for(prop, Example(use, {name: dtype}, "contiguous", {name: whole}))
    except Failed:
        for i in range(len(ROWS)):
            trial.hold_for(prop, Example(use, {name: dtype}, "contiguous", {name: whole[i : i + 1]}))
        raise
