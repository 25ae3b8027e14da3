"""State: a result depends on operands alone, and later calls do not change it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor
from tensorplug.core.dispatch.keys import library_for

from ..engine.arrays import Array, contiguous, flatten, rounded, to_host
from ..engine.bounds import OWN_DTYPE, bound_of
from ..engine.example import Example, Mismatch, draw, evaluate
from ..engine.reference import Expected, Unanswered, eager_reference
from ..engine.trial import Property, Trial
from ..uses import Use, chapter_of
from ..uses.use import ANY
from .errors import wrong_calls
from .parameters import variants
from .surroundings import anew
from .values import require_results

CALLS = 3
"""Number of operands of one shape and dtype with which a use is called in turn."""

ROUNDS = 3
"""So often: memory that is handed out again may be one of several pieces that take turns."""


VARIANTS = 6
"""So many other values of its parameters a line has at most; a quarter where each is compiled."""


def check_state(trial: Trial) -> None:
    """Results are kept, and neither operands that are written, other dtypes or parameters, nor errors bring up those
    of before.
    """
    for use in trial.uses[: trial.level.typical]:
        if dtypes := list(trial.dtypes(use)):
            trial.hold_for(_survives_writes, draw(use, dtypes[0], "contiguous", trial.rng))
    for use in trial.filled[: trial.level.typical]:
        dtype, *others = trial.dtypes(use)
        first, *rest = (draw(use, dtype, "contiguous", trial.rng) for _ in range(CALLS))
        if use.elementwise and chapter_of(trial.name) == "elementwise":
            # What tells special values gives the same for all others.
            rest[-1] = _marked(rest[-1])
        trial.hold_for(_keeps_results(trial, rest), first)
        trial.hold_for(_follows_writes(trial, rest[0]), first)
        # One is in the domain of what takes any number.
        if use.variables and all(operand.values is ANY or operand.dtype for operand in use.operands.values()):
            trial.hold_for(_tells_apart(trial, [_ones(first, other) for other in others]), _ones(first, dtype))
        if trial.level.special:
            trial.hold_for(_tells_parameters_apart(trial), first)
            for wrong, _ in wrong_calls(trial.name):
                for own in [own for own in (dtype, "float64", "int64") if own in trial.dtypes(wrong, [own])][:1]:
                    trial.hold_for(_recovers(trial, draw(wrong, own, "contiguous", trial.rng)), first)
    for first_use, *like in _of_like_operands(trial, trial.filled):
        example = draw(first_use, next(trial.dtypes(first_use)), "contiguous", trial.rng)
        trial.hold_for(_tells_apart(trial, [replace(example, use=use) for use in like]), example)


MARKS = (numpy.nan, numpy.inf, -numpy.inf)


def _marked(example: Example) -> Example:
    """An example with a special value in place of each third floating-point number."""
    hosts = {name: numpy.array(host) for name, host in example.hosts.items()}
    for host in hosts.values():
        if host.dtype.kind in "fc":
            third = host.reshape(-1)[::3]
            third[...] = numpy.resize(MARKS, third.size)
    return replace(example, hosts=hosts)


def _ones(example: Example, dtype: str) -> Example:
    """An example in another dtype with equal numbers."""
    dtypes = {name: operand.dtype or dtype for name, operand in example.use.operands.items()}
    free = example.use.variables
    ones = {name: rounded(numpy.ones(host.shape), dtypes[name]) for name, host in example.hosts.items() if name in free}
    hosts = example.hosts | ones
    return replace(example, dtypes=dtypes, hosts=hosts)


def _of_like_operands(trial: Trial, uses: Sequence[Use]) -> Iterator[list[Use]]:
    """Uses with equal operands in one dtype and different parameters."""
    groups: dict[Any, list[Use]] = {}
    for use in uses:
        groups.setdefault((next(trial.dtypes(use)), tuple(use.operands.items())), []).append(use)
    return (group for group in groups.values() if len(group) > 1)


def _requirement(trial: Trial, after: str) -> Any:
    """What raises `Mismatch` unless a result is the reference's."""
    bound, own = bound_of(trial.name), trial.name in OWN_DTYPE

    def require(result: object, example: Example) -> None:
        try:
            require_results(result, trial.reference.expected(example, own_dtype=own), bound, example)
        except Mismatch as error:
            raise Mismatch(f"{after}: {error.message}", error.expected, error.actual) from None

    return require


def _tensors_of(result: object) -> list[Tensor]:
    return [leaf for _, leaf in flatten(result) if isinstance(leaf, Tensor)]


def _keeps_results(trial: Trial, others: Sequence[Example]) -> Property:
    """The property that results stay as they are during calls with other values, and are the same for the same ones."""
    require = _requirement(trial, "called with other values before")

    def prop(example: Example) -> None:
        every = [example, *others]
        # Each round begins with another one, since pieces may be as many as these are.
        order = [(i + turn) % len(every) for turn in range(ROUNDS) for i in range(len(every))]
        kept: list[tuple[list[Tensor], list[Array]]] = []
        with tensorplug.no_grad():
            for place in order:
                result = evaluate(every[place].use, every[place].tensors())
                if len(kept) < len(every):
                    require(result, every[place])
                leaves = _tensors_of(result)
                kept.append((leaves, [to_host(leaf) for leaf in leaves]))
        for place, (leaves, hosts) in zip(order, kept, strict=True):
            for leaf, host, first in zip(leaves, hosts, kept[place][1], strict=True):
                if (found := to_host(leaf)).tobytes() != host.tobytes():
                    raise Mismatch("a later call changed the result", host.tolist(), found.tolist())
                if host.tobytes() != first.tobytes():
                    raise Mismatch("called again it gives something else", first.tolist(), host.tolist())

    return prop


def _follows_writes(trial: Trial, other: Example) -> Property:
    """The property that a call sees writes to its operands since the previous call."""
    require = _requirement(trial, "called again after its operands were written")

    def prop(example: Example) -> None:
        tensors = example.tensors()
        with tensorplug.no_grad():
            evaluate(example.use, tensors)
            for name, tensor in tensors.items():
                tensor.copy_(contiguous(other.hosts[name], other.dtypes[name]))
            require(evaluate(other.use, tensors), other)

    return prop


def _tells_apart(trial: Trial, others: Sequence[Example]) -> Property:
    """The property that examples of equal numbers have separate results."""
    require = _requirement(trial, "called with equal operands in another dtype or with other parameters before")

    def prop(example: Example) -> None:
        tensors = example.tensors()
        with tensorplug.no_grad():
            for one in (example, *others, example):
                same = one.dtypes == example.dtypes
                require(evaluate(one.use, tensors if same else one.tensors()), one)

    return prop


def _bytes_of(use: Use, tensors: dict[str, Tensor]) -> list[bytes]:
    return [to_host(leaf).tobytes() for leaf in _tensors_of(evaluate(use, tensors))]


def _survives_writes(example: Example) -> None:
    """The property that a call gives the same after its results were written."""
    with tensorplug.no_grad():
        first = _bytes_of(example.use, example.tensors())
        for value in (0, 1):
            for leaf in _tensors_of(evaluate(example.use, example.tensors())):
                # What is stretched can't be written.
                with contextlib.suppress(Exception):
                    leaf.fill_(value)
            if _bytes_of(example.use, example.tensors()) != first:
                raise Mismatch("called again after its result was written it gives something else")


def _tells_parameters_apart(trial: Trial) -> Property:
    """The property that a line with other parameters gives for the same operands what it gives at the first call: of a
    backend that is made anew, or, where that would be compiled anew, what it gives on the reference.
    """
    library, bound, own = library_for(trial.backend), bound_of(trial.name), trial.name in OWN_DTYPE

    def alone(example: Example, use: Use) -> list[bytes]:
        with anew(library):
            return _bytes_of(use, example.tensors())

    def as_alone(example: Example) -> None:
        answers = _answered(lambda use: alone(example, use), example.use, trial.name, VARIANTS)
        with anew(library):
            for use, wanted in [*answers, *answers]:
                if (found := _bytes_of(use, example.tensors())) != wanted:
                    message = f"{use.code} gives something else after the same with other parameters"
                    raise Mismatch(message, wanted, found)

    def as_on_the_reference(example: Example) -> None:
        reference = eager_reference(trial.backend)

        def answer(use: Use) -> Expected:
            return reference.expected(replace(example, use=use), own_dtype=own)

        for use, wanted in _answered(answer, example.use, trial.name, VARIANTS // 4):
            require_results(evaluate(use, example.tensors()), wanted, bound, replace(example, use=use))

    def prop(example: Example) -> None:
        with tensorplug.no_grad():
            (as_on_the_reference if library.compiles else as_alone)(example)

    return prop


def _answered(answer: Callable[[Use], Any], use: Use, name: str, most: int) -> list[tuple[Use, Any]]:
    """What a line, and the same with other parameters, are answered by; `Unanswered` where there are no others."""
    found = [(use, answer(use))]

    def takes(other: Use) -> bool:
        with contextlib.suppress(Exception):
            found.append((other, answer(other)))
            return True
        return False

    if not list(islice(variants(use, name, takes), most)):
        raise Unanswered("its parameters have no other values")
    return found


def _recovers(trial: Trial, wrong: Example) -> Property:
    """The property that a call gives what it should after another one has raised."""
    require = _requirement(trial, f"called after {wrong.use.code} had raised")

    def prop(example: Example) -> None:
        with tensorplug.no_grad():
            with contextlib.suppress(Exception):
                wrong.evaluate(wrong.tensors())
            require(evaluate(example.use, example.tensors()), example)

    return prop
