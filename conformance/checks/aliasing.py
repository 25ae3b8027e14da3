"""Who shares memory: a view with its base, and nothing else."""

from __future__ import annotations

import tensorplug
from tensorplug import Tensor
from tensorplug.core import OPERATIONS

from ..arrays import flatten, to_host
from ..bounds import OWN_DTYPE, bound_of
from ..example import Example, Mismatch, evaluate
from ..programs import or_raise, write_operands, write_results
from ..trial import Property, Trial
from ..uses import Use, uses_of
from .values import require_results, require_unchanged

MAY_SHARE = ("composite", "conversion", "view")
"""The families whose results may be views. The reference says which are: it has no memory to share by accident."""


def has_aliasing(name: str) -> bool:
    """Whether an operation's results are the user's: what only rules call may hand out what it was given."""
    return any(map(_is_public, uses_of(name)))


def _is_public(use: Use) -> bool:
    return not use.code.startswith("OPERATIONS")


def check_aliasing(trial: Trial) -> None:
    """A write to a view is read in its base and the other way round; other results are memory of their own."""
    operation = OPERATIONS.get(trial.name)
    may_share = operation is None or operation.family in MAY_SHARE
    prop = _as_on_the_reference(trial) if may_share else own_memory
    public = list(filter(_is_public, uses_of(trial.name)))
    for position, use in enumerate(public[: trial.level.uses]):
        # Of other dtypes a kernel may hand out what it was given.
        every = position == 0 and not may_share
        for dtype in list(trial.dtypes(use))[: None if every else 1]:
            trial.hold(prop, use, dtype)


def own_memory(example: Example) -> None:
    """The property that writing to results leaves operands as they were, and the other way round."""
    tensors = example.tensors()
    with tensorplug.no_grad():
        result = evaluate(example.use, tensors)
        leaves = [leaf for _, leaf in flatten(result) if isinstance(leaf, Tensor)]
        before = [to_host(leaf) for leaf in leaves]
        writable = {name: tensor.clone() for name, tensor in tensors.items()}
        again = [leaf for _, leaf in flatten(evaluate(example.use, writable)) if isinstance(leaf, Tensor)]
        for tensor in writable.values():
            tensor.fill_(1)
        for was, leaf in zip(before, again, strict=True):
            if (is_now := to_host(leaf)).tobytes() != was.tobytes():
                raise Mismatch("writing to an operand changed the result", was.tolist(), is_now.tolist())
        for leaf in leaves:
            leaf.fill_(1)
    require_unchanged(example, tensors)


WRITES = or_raise(write_results), or_raise(write_operands)
"""What can't be written to raises the same error everywhere."""


def _as_on_the_reference(trial: Trial) -> Property:
    bound, own = bound_of(trial.name), trial.name in OWN_DTYPE

    def prop(example: Example) -> None:
        for program in WRITES:
            with tensorplug.no_grad():
                result = program(example.use, example.tensors())
            require_results(result, trial.reference.expected(example, program, own_dtype=own), bound, example)

    return prop
