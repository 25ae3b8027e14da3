"""`compile`: four calls of a compiled function give what eager calls give, results and gradients."""

from __future__ import annotations

from typing import Any

import tensorplug
from tensorplug import Tensor
from tensorplug.core.types.errors import CompileError

from ..engine.example import Example, evaluate
from ..engine.levels import PRECISE
from ..engine.reference import Unanswered
from ..engine.trial import Trial
from ..uses import Use
from .gradients import gradient_call, has_gradient, weighted
from .transformed import hosts_of, require_equal

CALLS = 4
"""Number of calls, each with other operands; the first two are recorded."""


def check_compile(trial: Trial) -> None:
    """Check results and gradients of the uses that the level tries most."""
    count = len(trial.uses) if trial.level.product else trial.level.typical
    for use in [use for use in trial.uses if use.operands][:count]:
        for dtype in (list(trial.dtypes(use, PRECISE)) or list(trial.dtypes(use)))[:1]:
            _hold(trial, use, use.code, dtype, smooth=False)
            if use.smooth and use.variables and dtype in PRECISE and has_gradient(trial.name):
                _hold(trial, use, gradient_call(use), dtype, smooth=True)


def _hold(trial: Trial, use: Use, code: str, dtype: str, smooth: bool) -> None:
    names = list(use.operands)
    operands = {f"{name}_{i}": operand for name, operand in use.operands.items() for i in range(CALLS)}
    function = Use.of(f"lambda {', '.join(names)}: {code}", {})
    calls = "; ".join(f"f({', '.join(f'{name}_{i}' for name in names)})" for i in range(CALLS))
    together = Use.of(f"tp.compile({function.code}), '{calls}'", operands)

    def prop(example: Example) -> None:
        tensors = example.tensors()
        given = [[tensors[f"{name}_{i}"] for name in names] for i in range(CALLS)]
        eager = evaluate(function, {"weighted": weighted})
        compiled = tensorplug.compile(eager)
        try:
            expected = [hosts_of(_seeded(eager, one)) for one in given]
        except Exception as error:
            raise Unanswered(f"eager calls do not give tensors: {error}") from None
        try:
            # Compared after the last call: none may change what an earlier one gave.
            found = [_seeded(compiled, one) for one in given]
        except CompileError:
            # Functions whose result depends on values.
            return
        for one, other in zip(found, expected, strict=True):
            require_equal(hosts_of(one), other, "a compiled call", "an eager one")

    trial.hold(prop, together, dtype, smooth=smooth, among=[together], draws=1)


def _seeded(function: Any, arguments: list[Tensor]) -> Any:
    tensorplug.manual_seed(0)
    return function(*arguments)
