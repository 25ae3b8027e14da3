"""Promotion: operands of two dtypes are converted to the common one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor
from tensorplug.core import FUNCTIONS, OPERATIONS
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.dispatch.operation import RESULTS
from tensorplug.core.types.dtypes import ACCEPTED, DTYPES, KIND_ORDER

from ..engine.arrays import rounded, to_host
from ..engine.bounds import EXACT
from ..engine.comparing import require_agreement, require_sound
from ..engine.example import (
    Example,
    Mismatch,
    draw,
    evaluate,
)
from ..engine.families import family_of
from ..engine.trial import Call, Property, Trial
from ..uses import Use, uses_of
from .special_values import NONZERO_DIVISORS

SCALARS = {"b": True, "i": 2, "u": 2, "f": 1.5, "c": 1.5 + 0.5j}
"""A Python scalar of each kind."""


def has_promotion(name: str) -> bool:
    """Whether operands of several dtypes are promoted."""
    operation = OPERATIONS.get(name)
    return operation is not None and family_of(operation) == "elementwise" and operation.operands == ("x1", "x2")


def check_promotion(trial: Trial) -> None:
    """Check that operands of two dtypes, and Python scalars, give the result of converted operands."""
    use = uses_of(trial.name)[0]
    library = library_for(trial.backend)
    taken = [*trial.level.dtypes, *trial.dtypes(use)]
    names = [name for name in dict.fromkeys(taken) if name in library.dtypes]
    for first in names:
        for second in names:
            common = _common(trial.name, first, second)
            if first != second and common is not None and not _divides_bools(trial.name, first, second):
                example = _mixed(trial, use, first, second, common)
                trial.hold_for(_converted(trial.name, common), example, _converted_call(common))
    for dtype in names:
        for kind in SCALARS:
            if _common(trial.name, dtype, None, SCALARS[kind]) is not None:
                example = _mixed(trial, use, dtype, dtype, dtype)
                trial.hold_for(_with_scalar(trial.name, SCALARS[kind]), example, _with_scalar_call(SCALARS[kind]))


def _converted_call(common: str) -> Call:
    """Source of the use with operands of two dtypes, and with both converted."""

    def call(use: Use) -> str:
        names = ", ".join(use.operands)
        converted = ", ".join(f'{name}.to("{common}")' for name in use.operands)
        return f"[{use.code}, (lambda {names}: {use.code})({converted})]"

    return call


def _with_scalar_call(scalar: object) -> Call:
    """Source of the use with the scalar in place of either operand."""

    def call(use: Use) -> str:
        return f"[{', '.join(f'(lambda {name}: {use.code})({scalar})' for name in use.operands)}]"

    return call


def _divides_bools(name: str, *dtypes: str) -> bool:
    """Whether a divisor may be False, since operands have values that both dtypes represent."""
    return name in NONZERO_DIVISORS and "bool" in dtypes


def _common(name: str, first: str, second: str | None, scalar: object = None) -> str | None:
    """The dtype that two operands are converted to; None if the operation refuses it or it is lossy."""
    operation = OPERATIONS[name]
    other = DTYPES[second] if second is not None else scalar
    try:
        common = tensorplug.result_type(DTYPES[first], other)
    except TypeError:
        return None
    return common.name if common in ACCEPTED[operation.accepts] else None


def _mixed(trial: Trial, use: Use, first: str, second: str, common: str) -> Example:
    """Values in the operation's domain that both dtypes represent."""
    narrow = min(first, second, key=lambda name: (KIND_ORDER[DTYPES[name].kind], DTYPES[name].itemsize))
    drawn = draw(use, narrow, "contiguous", trial.rng)
    dtypes = dict(zip(use.operands, (first, second), strict=True))
    with numpy.errstate(all="ignore"):
        hosts = {name: rounded(host, dtypes[name]) for name, host in drawn.hosts.items()}
    return replace(drawn, dtypes=dtypes, hosts=hosts)


def _converted(name: str, common: str) -> Property:
    def prop(example: Example) -> None:
        tensors = example.tensors()
        wanted = evaluate(example.use, {key: tensor.to(DTYPES[common]) for key, tensor in tensors.items()})
        _require_same(evaluate(example.use, tensors), wanted, name, common)

    return prop


def _with_scalar(name: str, scalar: object) -> Property:
    def prop(example: Example) -> None:
        first, second = example.tensors().values()
        function = FUNCTIONS[name]
        for operands in ((first, scalar), (scalar, second)):
            tensor = next(operand for operand in operands if isinstance(operand, Tensor))
            common = tensorplug.result_type(tensor.dtype, scalar)
            converted = [tensorplug.asarray(operand).to(common) for operand in operands]
            found, wanted = (_result_or_error(function, given) for given in (operands, converted))
            if isinstance(wanted, Tensor):
                _require_same(found, wanted, name, common.name)
            elif found != wanted:
                raise Mismatch("a Python scalar and a tensor of it differ", wanted, found)

    return prop


def _result_or_error(function: Callable[..., Any], operands: Iterable[object]) -> Any:
    try:
        return function(*operands)
    except (ArithmeticError, ValueError) as error:
        return type(error).__name__


def _require_same(found: Tensor, wanted: Tensor, name: str, common: str) -> None:
    dtype = RESULTS[OPERATIONS[name].result](OPERATIONS[name].computing_dtype(DTYPES[common]))
    require_sound(found)
    if found.dtype is not dtype:
        raise Mismatch(f"dtype {found.dtype}, wanted {dtype}", dtype, found.dtype)
    require_agreement(found, to_host(wanted), EXACT, 0.0)
