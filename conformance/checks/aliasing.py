"""Aliasing: views share memory with their bases, and other results share memory with nothing."""

from __future__ import annotations

import tensorplug
from tensorplug import Tensor
from tensorplug.core import OPERATIONS

from ..engine.arrays import flatten, to_host
from ..engine.bounds import OWN_DTYPE, bound_of
from ..engine.example import Example, Mismatch, evaluate
from ..engine.families import family_of
from ..engine.programs import (
    Program,
    filled,
    or_raise,
    write_operands,
    write_results,
)
from ..engine.trial import Call, Property, Trial
from ..uses import Use, uses_of
from .values import require_results, require_unchanged

MAY_SHARE = ("composite", "conversion", "view")
"""Families whose results may be views; the reference tells which ones are."""


def has_aliasing(name: str) -> bool:
    """Whether users get an operation's results; operations that only rules call may return their operands."""
    return any(map(_is_public, uses_of(name)))


def _is_public(use: Use) -> bool:
    return use.is_public


def check_aliasing(trial: Trial) -> None:
    """Writes to a view change its base and vice versa; other results have their own memory."""
    operation = OPERATIONS.get(trial.name)
    may_share = operation is None or family_of(operation) in MAY_SHARE
    props = [(_as_on_the_reference(trial, program), call) for program, call in WRITES] if may_share else OWN
    public = list(filter(_is_public, uses_of(trial.name)))
    for position, use in enumerate(public[: trial.level.uses]):
        # Of other dtypes a kernel may hand out what it was given.
        every = position == 0 and not may_share
        for dtype in list(trial.dtypes(use))[: None if every else 1]:
            for prop, call in props:
                trial.hold(prop, use, dtype, call=call)


def keeps_operands(example: Example) -> None:
    """The property that writing to results leaves operands as they were."""
    tensors = example.tensors()
    with tensorplug.no_grad():
        filled(evaluate(example.use, tensors))
    require_unchanged(example, tensors)


def keeps_results(example: Example) -> None:
    """The property that writing to operands leaves results as they were."""
    tensors = example.tensors()
    with tensorplug.no_grad():
        leaves = [leaf for _, leaf in flatten(evaluate(example.use, tensors)) if isinstance(leaf, Tensor)]
        before = [to_host(leaf) for leaf in leaves]
        filled(list(tensors.values()))
        for was, leaf in zip(before, leaves, strict=True):
            if (is_now := to_host(leaf)).tobytes() != was.tobytes():
                raise Mismatch("writing to an operand changed the result", was.tolist(), is_now.tolist())


def _write_results_call(use: Use) -> str:
    return f"(filled({use.code}), [{', '.join(use.operands)}])[1]"


def _write_operands_call(use: Use) -> str:
    return f"({use.code}, filled([{', '.join(use.operands)}]))[0]"


OWN: tuple[tuple[Property, Call], ...] = (
    (keeps_results, _write_operands_call),
    (keeps_operands, _write_results_call),
)

WRITES: tuple[tuple[Program, Call], ...] = (
    (or_raise(write_results), _write_results_call),
    (or_raise(write_operands), _write_operands_call),
)
"""Programs that write; a tensor that cannot be written raises the same error on every backend."""


def _as_on_the_reference(trial: Trial, program: Program) -> Property:
    bound, own = bound_of(trial.name), trial.name in OWN_DTYPE

    def prop(example: Example) -> None:
        with tensorplug.no_grad():
            result = program(example.use, example.tensors())
        require_results(result, trial.reference.expected(example, program, own_dtype=own), bound, example)

    return prop
