"""`compile`: four calls of a compiled function give what eager calls give, results and gradients."""

from __future__ import annotations

from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor
from tensorplug.core.types.errors import CompileError

from ..engine.arrays import Array, flatten, to_host
from ..engine.example import Example, Mismatch, evaluate
from ..engine.levels import PRECISE
from ..engine.reference import Unanswered
from ..engine.trial import Trial
from ..uses import Use
from .gradients import gradient_call, has_gradient, weighted

CALLS = 4
"""Number of calls, each with other operands; the first two are recorded."""

AGREEMENT = {"float64": 1e-9, "complex128": 1e-9}
"""Absolute and relative tolerance by dtype; a backend may compute a program in a different order."""

OTHER_AGREEMENT = 1e-2


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
            expected = [_hosts(_seeded(eager, one)) for one in given]
        except Exception as error:
            raise Unanswered(f"eager calls do not give tensors: {error}") from None
        try:
            # Compared after the last call: none may change what an earlier one gave.
            found = [_seeded(compiled, one) for one in given]
        except CompileError:
            # Functions whose result depends on values.
            return
        for one, other in zip(found, expected, strict=True):
            _require_equal(_hosts(one), other)

    trial.hold(prop, together, dtype, smooth=smooth, among=[together], draws=1)


def _seeded(function: Any, arguments: list[Tensor]) -> Any:
    tensorplug.manual_seed(0)
    return function(*arguments)


def _hosts(result: Any) -> list[Array]:
    """The arrays of a result's tensors."""
    found = []
    for _, leaf in flatten(result):
        if not isinstance(leaf, Tensor):
            raise TypeError(f"a {type(leaf).__name__} is no tensor")
        found.append(to_host(leaf.detach()))
    return found


def _require_equal(found: list[Array], expected: list[Array]) -> None:
    for one, other in zip(found, expected, strict=True):
        if one.shape != other.shape or one.dtype != other.dtype:
            raise Mismatch(
                f"compiled gives {one.dtype} of shape {one.shape}, eager gives {other.dtype} of shape {other.shape}"
            )
        if one.dtype.kind in "fc" or one.dtype.kind not in "biu":
            near = AGREEMENT.get(one.dtype.name, OTHER_AGREEMENT)
            same = numpy.allclose(one, other, rtol=near, atol=near, equal_nan=True)
        else:
            same = numpy.array_equal(one, other)
        if not same:
            raise Mismatch("a compiled call gives another result than an eager one", other.tolist(), one.tolist())
