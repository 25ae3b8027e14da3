"""The first operation at which a program parts on two backends."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any, NamedTuple

import numpy

from .measure import (
    Measure,
    default_tolerance,
    is_exact,
    measure,
)
from .places import Place
from .program import Program
from .tracing import Call, Trace, tracing

WINDOW = 512
"""How many calls are aligned at once; a longer window would cost its square."""

SHOWN = 8
"""Up to how many elements an operand is shown whole."""

UNDEFINED = ("empty", "empty_like")
"""Operations whose results have no values yet."""

UP_TO_PHASE = ("linalg.eig", "linalg.eigh", "linalg.qr", "linalg.svd")
"""Operations whose results are determined up to signs or phases, and are compared by their magnitudes."""


class Bounds(NamedTuple):
    """What counts as agreement: a difference of so much of the largest magnitude, or of so much at all.

    Attributes
    ----------
    relative : float or None
        None for `default_tolerance` of the dtype.
    absolute : float
    """

    relative: float | None = None
    absolute: float = 0.0

    def tolerance(self, dtype: numpy.dtype) -> float:
        """The relative one for a dtype; integers and booleans have none."""
        return default_tolerance(dtype) if self.relative is None or is_exact(dtype) else self.relative

    def allow(self, found: Measure, dtype: numpy.dtype) -> bool:
        """Whether a difference is within them."""
        if is_exact(dtype):
            return found.absolute == 0
        return found.relative <= self.tolerance(dtype) or found.absolute <= self.absolute


@dataclass(frozen=True)
class Operand:
    """An operand of the operation at which two backends part, as the reference had it.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    value : str
        Its element at the place of the largest difference, or all of it if it is small.
    lowest, highest : float or None
        Its range, NaN and imaginary parts left out; None where there is none.
    difference : float
        How far it is from the tested backend's already, relatively.
    """

    shape: tuple[int, ...]
    dtype: str
    value: str
    lowest: float | None
    highest: float | None
    difference: float

    def __str__(self) -> str:
        span = "" if self.lowest is None else f", from {self.lowest:.6g} to {self.highest:.6g}"
        value = f", {self.value}" if self.value else ""
        return f"{self.dtype} of shape {self.shape}{span}{value}; apart by {self.difference:.1e}"


@dataclass(frozen=True)
class Parting:
    """Where a program parts on two backends.

    Attributes
    ----------
    backend, reference : str
    operation : str
        If `is_source`, the first that gives another result for the reference's operands; else the first whose results,
        or whose operands already, do not agree; empty where there is none.
    is_source : bool
    inside : str
        The first operation within that one at which they part, where both backends put it together out of others.
    place : Place or None
        The line of the program that called it.
    parameters : str
        Its other arguments.
    operands : list of Operand
    index : tuple of int or None
        Where its results differ most.
    expected, actual : str
        What the reference, and the tested backend, had there.
    difference : Measure or None
        Of the results; None where shapes or dtypes differ, or an exception was raised.
    compared : int
        How many operations agree before it.
    reason : str
        Why the operation is not the source.
    later : str
        The first operation after it that gives another result for the same operands.
    """

    backend: str
    reference: str
    operation: str = ""
    is_source: bool = False
    inside: str = ""
    place: Place | None = None
    parameters: str = ""
    operands: list[Operand] = field(default_factory=list)
    index: tuple[int, ...] | None = None
    expected: str = ""
    actual: str = ""
    difference: Measure | None = None
    compared: int = 0
    reason: str = ""
    later: str = ""

    def lines(self) -> list[str]:
        """The same as text, the operation in the first line."""
        return [self._head(), *self._details()]

    def _head(self) -> str:
        head = f"{self.backend} parts from {self.reference}"
        if not self.operation:
            return f"{head}: {self.reason}"
        inside = f" (inside it, at {self.inside})" if self.inside else ""
        return f"{head} at {self.operation}{inside}, after {self.compared} operations that agree"

    def _details(self) -> list[str]:
        found = [] if self.place is None else [f"  line      {self.place}"]
        if self.parameters:
            found.append(f"  arguments {self.parameters}")
        found += [f"  operand   {operand}" for operand in self.operands]
        if self.expected or self.actual:
            at = "" if self.index is None else f" at {self.index}"
            found.append(f"  result    {self.reference}: {self.expected}, {self.backend}: {self.actual}{at}")
        if self.difference is not None:
            known = self.difference
            found.append(f"  apart by  {known.absolute:.3g}, relatively {known.relative:.3g}, {known.ulps:.3g} ulp")
        if self.operation and self.reason:
            found.append(f"  reason    {self.reason}")
        if self.later:
            found.append(f"  later     another result for the same operands: {self.later}")
        return found


GROWN = (
    "it gives the same for the same operands, but makes more of the differences that rounding left in them; these "
    "exceed the tolerance here for the first time"
)

BEHIND = (
    "its operands differ already. They come from what is not compared by itself, such as an assignment or a sum of "
    "gradients"
)


def record(
    program: Program,
    backend: str,
    inside: int | None = None,
    replay: Mapping[int, list[numpy.ndarray]] | None = None,
) -> Trace:
    """The calls of a program on a backend, up to the exception if it raises one: see `tracing`."""
    with tracing(inside, replay) as trace, contextlib.suppress(Exception):
        program.call(backend)
    return trace


def find_parting(program: Program, backend: str, reference: str, expected: Trace, bounds: Bounds) -> Parting:
    """Where a program parts on two backends.

    The program is run on the tested backend twice: to find out which calls belong together, and then with each of them
    done once more on the reference's operands. So an operation that is at fault is told from one that makes more of
    the difference of its operands.

    Parameters
    ----------
    expected : Trace
        What `record` gave for the reference.
    """
    places = _places(expected, record(program, backend))
    replay = {j: expected.calls[i].inputs for i, j in places}
    actual = record(program, backend, replay=replay)
    pairs = [(expected.calls[i], actual.calls[j]) for i, j in _places(expected, actual)]
    pairs = [pair for pair in pairs if pair[0].name not in UNDEFINED]
    judged = [_judge(one, other, bounds) for one, other in pairs]
    agreeing = next((i for i, judgement in enumerate(judged) if judgement is not Judgement.AGREES), len(judged))
    source = judged.index(Judgement.SOURCE) if Judgement.SOURCE in judged else None
    if agreeing == len(judged):
        ended = "; the traces reached their limit of memory there" if expected.full or actual.full else ""
        reason = f"no single operation does, among the {agreeing} that were compared{ended}"
        return Parting(backend, reference, compared=agreeing, reason=reason)
    if source is None or judged[agreeing] is Judgement.GROWS:
        reason = GROWN if judged[agreeing] is Judgement.GROWS else BEHIND
        later = "" if source is None else pairs[source][0].titled_place
        return replace(_parting(backend, reference, *pairs[agreeing], agreeing, bounds), reason=reason, later=later)
    inside = _inside(program, backend, reference, pairs[source], bounds)
    return replace(_parting(backend, reference, *pairs[source], agreeing, bounds), is_source=True, inside=inside)


def _places(one: Trace, other: Trace) -> list[tuple[int, int]]:
    return list(align([call.key for call in one.calls], [call.key for call in other.calls]))


class Judgement(Enum):
    """What two calls of one operation say.

    Attributes
    ----------
    AGREES
        Operands and results agree.
    SOURCE
        The results do not, for the same operands.
    GROWS
        They do not, for operands that agree but are not the same.
    DIFFERS
        The operands do not agree.
    """

    AGREES = auto()
    SOURCE = auto()
    GROWS = auto()
    DIFFERS = auto()


def _judge(one: Call, other: Call, bounds: Bounds) -> Judgement:
    same_operands = _agree(one.inputs, other.inputs, bounds)
    if other.failure or one.failure:
        repeats = other.replayed == [] or (other.replayed is None and same_operands)
        if bool(other.failure) != bool(one.failure) and (repeats or one.failure):
            return Judgement.SOURCE
        return Judgement.AGREES if same_operands else Judgement.DIFFERS
    tested = other.results if other.replayed is None else other.replayed
    if not _agree(_comparable(one, one.results), _comparable(one, tested), bounds):
        return Judgement.SOURCE if same_operands or other.replayed is not None else Judgement.DIFFERS
    if not same_operands:
        return Judgement.DIFFERS
    return (
        Judgement.AGREES
        if _agree(_comparable(one, one.results), _comparable(one, other.results), bounds)
        else Judgement.GROWS
    )


def align(one: Sequence[Any], other: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """The positions of what belongs together in two sequences, in order; either may have some that the other lacks."""
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            yield i, j
            i, j = i + 1, j + 1
            continue
        window = difflib.SequenceMatcher(None, one[i : i + WINDOW], other[j : j + WINDOW], autojunk=False)
        block = next((found for found in window.get_matching_blocks() if found.size), None)
        if block is None:
            i, j = i + WINDOW, j + WINDOW
        else:
            i, j = i + block.a, j + block.b


def _agree(expected: Sequence[numpy.ndarray], actual: Sequence[numpy.ndarray], bounds: Bounds) -> bool:
    if len(expected) != len(actual):
        return False
    for one, other in zip(expected, actual, strict=True):
        if one.shape != other.shape or one.dtype != other.dtype or not bounds.allow(measure(other, one), one.dtype):
            return False
    return True


def _comparable(call: Call, results: Sequence[numpy.ndarray]) -> list[numpy.ndarray]:
    if call.name not in UP_TO_PHASE:
        return list(results)
    return [numpy.abs(result).astype(result.dtype) for result in results]


def _inside(program: Program, backend: str, reference: str, pair: tuple[Call, Call], bounds: Bounds) -> str:
    """The first operation at which they part within a kernel that is put together of others on both."""
    if min(call.number for call in pair) < 0:
        return ""
    one, other = (record(program, name, call.number) for name, call in zip((reference, backend), pair, strict=True))
    pairs = ((one.calls[i], other.calls[j]) for i, j in _places(one, other))
    return next((call.name for call, tested in pairs if _judge(call, tested, bounds) is Judgement.SOURCE), "")


def _parting(backend: str, reference: str, one: Call, other: Call, agreeing: int, bounds: Bounds) -> Parting:
    tested = other.results if other.replayed is None or other.failure else other.replayed
    if _agree(_comparable(one, one.results), _comparable(one, tested), bounds):
        tested = other.results
    found, expected, actual = None, _outcome(one, one.results), _outcome(other, tested)
    for ours, theirs in zip(_comparable(one, one.results), _comparable(one, tested), strict=False):
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            break
        found = measure(theirs, ours)
        expected, actual = _element(found.expected), _element(found.actual)
        if not bounds.allow(found, ours.dtype):
            break
    index = None if found is None else found.index
    return Parting(
        backend,
        reference,
        one.title,
        place=one.place,
        parameters=one.parameters,
        operands=[_operand(*pair, index, one.results) for pair in zip(one.inputs, other.inputs, strict=True)],
        index=index,
        expected=expected,
        actual=actual,
        difference=found,
        compared=agreeing,
    )


def _outcome(call: Call, results: Sequence[numpy.ndarray]) -> str:
    if call.failure:
        return call.failure
    return ", ".join(f"{result.dtype.name} of shape {result.shape}" for result in results) or "nothing"


def _element(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float | complex) else str(value)


def _operand(
    array: numpy.ndarray, other: numpy.ndarray, index: tuple[int, ...] | None, results: Sequence[numpy.ndarray]
) -> Operand:
    lowest, highest = _range(array)
    difference = measure(other, array).relative
    return Operand(array.shape, array.dtype.name, _value(array, index, results), lowest, highest, difference)


def _range(array: numpy.ndarray) -> tuple[float | None, float | None]:
    real = (array.real if array.dtype.kind == "c" else array).astype(numpy.float64)
    known = real[~numpy.isnan(real)]
    return (float(known.min()), float(known.max())) if known.size else (None, None)


def _value(array: numpy.ndarray, index: tuple[int, ...] | None, results: Sequence[numpy.ndarray]) -> str:
    shape = results[0].shape if results else ()
    if array.size <= SHOWN:
        return " ".join(numpy.array2string(array, separator=", ").split())
    if index is None or len(index) != len(shape):
        return ""
    try:
        seen = numpy.broadcast_to(array, shape)
    except ValueError:
        return ""
    return f"{_element(seen[index].item())} there"
