"""Find the first operation of a program whose results differ on two backends."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any, NamedTuple

import numpy

from .lines import Fork, find_fork
from .locations import Location
from .measure import (
    Measure,
    default_tolerance,
    is_exact,
    measure,
)
from .program import Program
from .tracing import Call, Trace, tracing

WINDOW = 512
"""How many calls are aligned at once; the cost grows with the square."""

SHOWN = 8
"""An operand of at most so many elements is shown whole."""

UNDEFINED = ("empty", "empty_like")
"""Operations whose results are uninitialised."""

UP_TO_PHASE = ("linalg.eig", "linalg.eigh", "linalg.qr", "linalg.svd")
"""Operations whose results are unique up to signs or phases, so that their magnitudes are compared."""


class Bounds(NamedTuple):
    """The relative and the absolute tolerance; a difference within either counts as agreement.

    Attributes
    ----------
    relative : float or None
        Relative to the largest magnitude in the array; None for `default_tolerance` of the dtype.
    absolute : float
    """

    relative: float | None = None
    absolute: float = 0.0

    def tolerance(self, dtype: numpy.dtype) -> float:
        """The relative tolerance for a dtype: 0 for integers and booleans."""
        return default_tolerance(dtype) if self.relative is None or is_exact(dtype) else self.relative

    def allow(self, found: Measure, dtype: numpy.dtype) -> bool:
        """Whether a difference is within the tolerances."""
        if is_exact(dtype):
            return found.absolute == 0
        return found.relative <= self.tolerance(dtype) or found.absolute <= self.absolute


@dataclass(frozen=True)
class Operand:
    """An operand of the operation where two backends diverge, with the reference's values.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    value : str
        The element at the index of the largest difference; all elements if they are few.
    lowest, highest : float or None
        The smallest and largest real part, without NaN; None if there is none.
    difference : float
        The relative difference from the tested backend's operand.
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
        return f"{self.dtype} of shape {self.shape}{span}{value}; differs by {self.difference:.1e}"


@dataclass(frozen=True)
class Divergence:
    """The operation where a program diverges on two backends.

    Attributes
    ----------
    backend, reference : str
    operation : str
        Name of the operation. If `is_source`, the first one that returns a different result for the reference's
        operands; else the first one whose operands or results do not agree. Empty if there is none.
    is_source : bool
    inside : str
        If both backends decompose the operation, the first operation within it that differs.
    location : Location or None
        The line of the program that called the operation.
    parameters : str
        The arguments that are not arrays.
    operands : list of Operand
    index : tuple of int or None
        The index of the largest difference of the results.
    expected, actual : str
        The elements of the reference and of the tested backend at `index`.
    difference : Measure or None
        The difference of the results; None if shapes or dtypes differ, or an exception was raised.
    compared : int
        Number of operations before it that agree.
    reason : str
        Why the operation is not the source.
    later : str
        The first later operation that returns a different result for equal operands.
    fork : Fork or None
        Where the backends ran different lines of the program, unless an operation explains the divergence.
    """

    backend: str
    reference: str
    operation: str = ""
    is_source: bool = False
    inside: str = ""
    location: Location | None = None
    parameters: str = ""
    operands: list[Operand] = field(default_factory=list)
    index: tuple[int, ...] | None = None
    expected: str = ""
    actual: str = ""
    difference: Measure | None = None
    compared: int = 0
    reason: str = ""
    later: str = ""
    fork: Fork | None = None

    def lines(self) -> list[str]:
        """The lines of the text; the first one names the operation."""
        return [self._head(), *self._details()]

    def _head(self) -> str:
        head = f"{self.backend} diverges from {self.reference}"
        if self.fork is not None:
            return f"{head} after {self.fork.line}"
        if not self.operation:
            return f"{head}: {self.reason}"
        inside = f" (inside it, at {self.inside})" if self.inside else ""
        return f"{head} at {self.operation}{inside}, after {self.compared} operations that agree"

    def _details(self) -> list[str]:
        if self.fork is not None:
            return self._fork_details(self.fork)
        found = [] if self.location is None else [f"  line      {self.location}"]
        if self.parameters:
            found.append(f"  arguments {self.parameters}")
        found += [f"  operand   {operand}" for operand in self.operands]
        if self.expected or self.actual:
            at = "" if self.index is None else f" at {self.index}"
            found.append(f"  result    {self.reference}: {self.expected}, {self.backend}: {self.actual}{at}")
        if self.difference is not None:
            known = self.difference
            found.append(f"  differs   by {known.absolute:.3g}, relatively {known.relative:.3g}, {known.ulps:.3g} ulp")
        if self.operation and self.reason:
            found.append(f"  reason    {self.reason}")
        if self.later:
            found.append(f"  later     a different result for equal operands: {self.later}")
        return found

    def _fork_details(self, fork: Fork) -> list[str]:
        ran = ((self.reference, fork.reference), (self.backend, fork.tested))
        found = [f"  next      on {backend}: {line or 'the end of the program'}" for backend, line in ran]
        found.append(f"  reason    {FORKED}")
        if self.operation:
            where = "" if self.location is None else f" ({self.location})"
            found.append(f"  first     operation with different operands or results: {self.operation}{where}")
        return found


FORKED = (
    "the backends ran different lines after this one: it depends on a value that differs, if only by rounding, or on "
    "the backend"
)

AMPLIFIED = (
    "it returns equal results for equal operands, but amplifies the rounding errors of its operands, which exceed the "
    "tolerance here for the first time"
)

UNEXPLAINED = (
    "its operands differ already. They come from an operation that is not recorded, such as an assignment or a sum of "
    "gradients"
)


def record(
    program: Program,
    backend: str,
    inside: int | None = None,
    replay: Mapping[int, list[numpy.ndarray]] | None = None,
) -> Trace:
    """Run a program on a backend and record its calls, up to the exception if it raises one: see `tracing`."""
    with tracing(inside, replay) as trace, contextlib.suppress(Exception):
        program.call(backend)
    return trace


def find_divergence(program: Program, backend: str, reference: str, expected: Trace, bounds: Bounds) -> Divergence:
    """Find the operation where a program diverges on two backends.

    The program is run on the tested backend twice: to align its calls with the reference's, and then to repeat each
    call with the reference's operands. This tells an operation with a wrong result from one that amplifies the
    difference of its operands.

    Parameters
    ----------
    expected : Trace
        The result of `record` on the reference.
    """
    replay = {j: expected.calls[i].inputs for i, j in _aligned_calls(expected, record(program, backend))}
    actual = record(program, backend, replay=replay)
    pairs = [(expected.calls[i], actual.calls[j]) for i, j in _aligned_calls(expected, actual)]
    pairs = [pair for pair in pairs if pair[0].name not in UNDEFINED]
    judged = [_judge(one, other, bounds) for one, other in pairs]
    agreeing = next((i for i, judgement in enumerate(judged) if judgement is not Judgement.AGREES), len(judged))
    source = judged.index(Judgement.SOURCE) if Judgement.SOURCE in judged else None
    if agreeing == len(judged):
        ended = "; the traces reached their memory limit there" if expected.full or actual.full else ""
        reason = f"no single operation differs, among the {agreeing} that were compared{ended}"
        fork = find_fork(program, backend, reference)
        return Divergence(backend, reference, compared=agreeing, reason=reason, fork=fork)
    if source is None or judged[agreeing] is Judgement.AMPLIFIES:
        reason = AMPLIFIED if judged[agreeing] is Judgement.AMPLIFIES else UNEXPLAINED
        later = "" if source is None else pairs[source][0].title_and_location
        found = _divergence(backend, reference, *pairs[agreeing], agreeing, bounds)
        fork = find_fork(program, backend, reference) if reason is UNEXPLAINED else None
        return replace(found, reason=reason, later=later, fork=fork)
    inside = _inside(program, backend, reference, pairs[source], bounds)
    return replace(_divergence(backend, reference, *pairs[source], agreeing, bounds), is_source=True, inside=inside)


def _aligned_calls(one: Trace, other: Trace) -> list[tuple[int, int]]:
    """Pairs of positions of corresponding calls in two traces."""
    return list(align([call.key for call in one.calls], [call.key for call in other.calls]))


class Judgement(Enum):
    """How two calls of one operation compare.

    Attributes
    ----------
    AGREES
        Operands and results agree.
    SOURCE
        Results differ for equal operands.
    AMPLIFIES
        Operands agree within the tolerance, results do not.
    DIFFERS
        Operands differ.
    """

    AGREES = auto()
    SOURCE = auto()
    AMPLIFIES = auto()
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
        else Judgement.AMPLIFIES
    )


def align(one: Sequence[Any], other: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Pairs of positions of equal items in two sequences, in order, by `difflib` in windows."""
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
    """The first operation that differs within an operation that both backends decompose."""
    if min(call.number for call in pair) < 0:
        return ""
    one, other = (record(program, name, call.number) for name, call in zip((reference, backend), pair, strict=True))
    pairs = ((one.calls[i], other.calls[j]) for i, j in _aligned_calls(one, other))
    return next((call.name for call, tested in pairs if _judge(call, tested, bounds) is Judgement.SOURCE), "")


def _divergence(backend: str, reference: str, one: Call, other: Call, agreeing: int, bounds: Bounds) -> Divergence:
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
    return Divergence(
        backend,
        reference,
        one.title,
        location=one.location,
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
