"""`vmap`: results and gradients of a batch are the stacked ones of single calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy

from tensorplug.core.types.errors import VmapError

from ..engine.arrays import Array
from ..engine.example import Example, evaluate
from ..engine.levels import PRECISE
from ..engine.reference import Unanswered
from ..engine.trial import Trial
from ..uses import Use, uses_of
from .gradients import gradient_call, has_gradient, weighted
from .transformed import hosts_of, require_equal

EXAMPLES = 3
"""Number of examples in a batch."""

Names = tuple[str, ...]


def has_batches(name: str) -> bool:
    """Whether a subject has a use with operands."""
    return any(use.operands for use in uses_of(name))


def check_vmap(trial: Trial) -> None:
    """Check a batch of calls, of gradients, and the gradient of a batch, with all operands mapped or one of them."""
    for use in trial.uses:
        if not use.operands:
            continue
        for dtype in (list(trial.dtypes(use, PRECISE)) or list(trial.dtypes(use)))[:1]:
            for mapped in _mapped(use):
                _hold(trial, use, use.code, dtype, mapped, smooth=False)
                if use.smooth and use.variables and dtype in PRECISE and has_gradient(trial.name):
                    _hold(trial, use, gradient_call(use), dtype, mapped, smooth=True)
                    _hold_gradient(trial, use, dtype, mapped)


def _mapped(use: Use) -> Iterator[Names]:
    """Sets of mapped operands: all, the first, the last."""
    names = tuple(use.operands)
    yield names
    if len(names) > 1:
        yield names[:1]
        yield names[-1:]


def _hold(trial: Trial, use: Use, code: str, dtype: str, mapped: Names, smooth: bool) -> None:
    """Check a use in a batch."""
    names = tuple(use.operands)
    dims, stacks = _batched(names, mapped)
    _try(trial, use, code, f"tp.vmap(lambda {', '.join(names)}: {code}, ({dims},))({stacks})", dtype, mapped, smooth)


def _hold_gradient(trial: Trial, use: Use, dtype: str, mapped: Names) -> None:
    """Check the gradient of the sum of a batch."""
    names = tuple(use.operands)
    dims, stacks = _batched(names, mapped)
    argnums = tuple(map(names.index, use.variables))
    listed = ", ".join(names)
    batch = f"tp.vmap(lambda {listed}: weighted({use.code}), ({dims},))({listed}).sum()"
    code = f"tp.func.grad(lambda {listed}: {batch}, argnums={argnums})({stacks})"

    def wanted(singles: list[list[Array]]) -> list[Array]:
        return [
            one if name in mapped else one.sum(axis=0, dtype=one.dtype)
            for name, one in zip(use.variables, _stacked(singles), strict=True)
        ]

    _try(trial, use, gradient_call(use), code, dtype, mapped, True, wanted)


def _batched(names: Names, mapped: Names) -> tuple[str, str]:
    """Source of `in_dims`, and of the arguments; mapped ones are stacks."""
    dims = ", ".join("0" if name in mapped else "None" for name in names)
    stacks = {name: ", ".join(f"{name}_{i}" for i in range(EXAMPLES)) for name in mapped}
    return dims, ", ".join(f"tp.stack([{stacks[name]}])" if name in mapped else f"{name}_0" for name in names)


def _stacked(singles: list[list[Array]]) -> list[Array]:
    return [numpy.stack(one) for one in zip(*singles, strict=True)]


def _try(
    trial: Trial,
    use: Use,
    single: str,
    batch: str,
    dtype: str,
    mapped: Names,
    smooth: bool,
    wanted: Callable[[list[list[Array]]], list[Array]] = _stacked,
) -> None:
    """Compare an expression of a batch with the stacked results of its examples."""
    operands = {
        f"{name}_{i}": operand
        for name, operand in use.operands.items()
        for i in range(EXAMPLES if name in mapped else 1)
    }
    alone = Use.of(single, use.operands)
    together = Use.of(batch, operands)

    def prop(example: Example) -> None:
        tensors = example.tensors()
        examples = [
            {name: tensors[f"{name}_{i if name in mapped else 0}"] for name in use.operands} for i in range(EXAMPLES)
        ]
        try:
            singles = [hosts_of(evaluate(alone, one | {"weighted": weighted})) for one in examples]
        except Exception as error:
            raise Unanswered(f"single calls do not give tensors: {error}") from None
        try:
            expected = wanted(singles)
        except ValueError as error:
            raise Unanswered(f"single calls do not give one shape: {error}") from None
        try:
            found = hosts_of(evaluate(together, tensors | {"weighted": weighted}))
        except VmapError:
            # Functions whose result depends on values.
            return
        require_equal(found, expected, "vmap", "single calls")

    trial.hold(prop, together, dtype, smooth=smooth, among=[together], draws=1)
