"""State: a result depends on operands alone, and later calls do not change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor

from ..engine.arrays import Array, contiguous, flatten, rounded, to_host
from ..engine.bounds import OWN_DTYPE, bound_of
from ..engine.example import Example, Mismatch, draw, evaluate
from ..engine.trial import Property, Trial
from ..uses import Use
from ..uses.use import ANY
from .values import require_results

CALLS = 3
"""Number of operands of one shape and dtype with which a use is called in turn."""

ROUNDS = 3
"""So often: memory that is handed out again may be one of several pieces that take turns."""


def check_state(trial: Trial) -> None:
    """Results are kept, and neither operands that are written nor other dtypes or parameters get those of before."""
    for use in trial.filled[: trial.level.typical]:
        dtype, *others = trial.dtypes(use)
        first, *rest = (draw(use, dtype, "contiguous", trial.rng) for _ in range(CALLS))
        trial.hold_for(_keeps_results(trial, rest), first)
        trial.hold_for(_follows_writes(trial, rest[0]), first)
        # One is in the domain of what takes any number.
        if use.variables and all(operand.values is ANY or operand.dtype for operand in use.operands.values()):
            trial.hold_for(_tells_apart(trial, [_ones(first, other) for other in others]), _ones(first, dtype))
    for first_use, *like in _of_like_operands(trial, trial.filled):
        example = draw(first_use, next(trial.dtypes(first_use)), "contiguous", trial.rng)
        trial.hold_for(_tells_apart(trial, [replace(example, use=use) for use in like]), example)


def _ones(example: Example, dtype: str) -> Example:
    """An example in another dtype with equal numbers."""
    dtypes = {name: operand.dtype or dtype for name, operand in example.use.operands.items()}
    hosts = {name: rounded(numpy.ones(host.shape), dtypes[name]) for name, host in example.hosts.items()}
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
