"""In-place methods and ``out=`` write the result of the function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy

import tensorplug
from tensorplug.core import MEMBERS, OPERATIONS

from ..engine.arrays import Array
from ..engine.bounds import OWN_DTYPE, bound_of
from ..engine.example import Example
from ..engine.families import family_of
from ..engine.programs import (
    Program,
    has_out,
    in_place,
    in_place_name,
    in_place_on_a_view,
    in_place_on_itself,
    in_place_on_overlapping,
    into_out,
)
from ..engine.reference import Expected, Reference
from ..engine.trial import Call, Property, Trial
from ..uses import Use, uses_of
from .values import require_results

Wanted = Callable[[Callable[..., Array], Example], Expected]
"""The expected result of a program, from ``function(*operands)``, the function on other operands."""


def has_in_place(name: str) -> bool:
    """Whether an elementwise operation has an in-place method."""
    operation = OPERATIONS.get(name)
    if operation is None or not operation.elementwise or in_place_name(name) not in MEMBERS:
        return False
    return {"x", "x1", "x2"}.issuperset(operation.operands)


def _function_call(name: str, use: Use) -> str:
    return f"tp.{name}({', '.join(use.operands)})"


def check_in_place(trial: Trial) -> None:
    """Check that the method writes the function's result, also through a view and with overlapping operands."""
    for make, wanted, code, pairs in FORMS:
        call = in_place_call(trial.name, code)
        prop = _as_the_function(trial, make(trial.name), wanted)
        uses = tuple(keeps_shape(trial.uses, pairs))
        for use in uses:
            for dtype in trial.dtypes(use):
                trial.hold(prop, use, dtype, among=uses, call=call)


METHOD = "{first}.{name}({rest})"


def in_place_call(name: str, code: str = METHOD) -> Call:
    """Source of a use in place, for failures."""

    def call(use: Use) -> str:
        first, *rest = use.operands
        return code.format(name=in_place_name(name), first=first, last=[first, *rest][-1], rest=", ".join(rest))

    return call


def takes_out(name: str) -> bool:
    """Whether an elementwise function takes ``out=``."""
    return name in OPERATIONS and family_of(OPERATIONS[name]) == "elementwise" and has_out(name)


def check_out(trial: Trial) -> None:
    """Check that ``out=`` is written and returned."""
    prop = _as_the_function(trial, into_out(trial.name), _written)
    plain = [use for use in uses_of(trial.name) if use.code == _function_call(trial.name, use)]
    for use in plain[: trial.level.uses]:
        for dtype in list(trial.dtypes(use))[:2]:
            trial.hold(prop, use, dtype, among=plain, call=_into_out_call)


def _into_out_call(use: Use) -> str:
    return f"{use.code[:-1]}, out=tp.zeros_like({use.code}))"


def keeps_shape(uses: Iterable[Use], pairs: bool = False) -> Iterator[Use]:
    """Uses whose result has the shape of the first operand; optionally those with two operands of one shape."""
    for use in uses:
        shapes = [operand.shape for operand in use.operands.values()]
        if numpy.broadcast_shapes(*shapes) == shapes[0] and (
            not pairs or (len(shapes) == 2 and shapes[0] == shapes[1])
        ):
            yield use


def _as_the_function(trial: Trial, program: Program, wanted: Wanted) -> Property:
    bound, own = bound_of(trial.name), trial.name in OWN_DTYPE

    def prop(example: Example) -> None:
        with tensorplug.no_grad():
            result = program(example.use, example.tensors())
        function = _function(trial.reference, example, own)
        require_results(result, wanted(function, example), bound, example)

    return prop


def written_in_place(trial: Trial) -> Property:
    """The property that the method writes the function's result."""
    return _as_the_function(trial, in_place(trial.name), _written)


def _function(reference: Reference, example: Example, own: bool) -> Callable[..., Array]:
    names = list(example.hosts)

    def function(*hosts: Array) -> Array:
        other = replace(example, hosts=dict(zip(names, hosts, strict=True)))
        found: Array = reference.expected(other, own_dtype=own)[0][1]
        return found

    return function


def _written(function: Callable[..., Array], example: Example) -> Expected:
    return [("[0]", function(*example.hosts.values())), ("[1]", True)]


def _in_a_row(function: Callable[..., Array], example: Example) -> Expected:
    first = next(iter(example.hosts.values()))
    return [("[0]", first), ("[1]", function(*example.hosts.values())), ("[2]", first)]


def _on_itself(function: Callable[..., Array], example: Example) -> Expected:
    _, second = example.hosts.values()
    return [("", function(second, second))]


def _overlapping(function: Callable[..., Array], example: Example) -> Expected:
    _, second = example.hosts.values()
    return [("[0]", second), ("[1]", function(second, second)), ("[2]", function(second, second))]


FORMS: tuple[tuple[Callable[[str], Program], Wanted, str, bool], ...] = (
    (in_place, _written, METHOD, False),
    (
        in_place_on_a_view,
        _in_a_row,
        "(lambda rows: (rows[1].{name}({rest}), rows)[1])(tp.stack([{first}, {first}, {first}]))",
        False,
    ),
    (in_place_on_itself, _on_itself, "(lambda x: x.{name}(x))({last}.clone())", True),
    (
        in_place_on_overlapping,
        _overlapping,
        "(lambda rows: (rows[1:].{name}(rows[:-1]), rows)[1])(tp.stack([{last}, {last}, {last}]))",
        True,
    ),
)
"""Programs, their expected results, their source, and whether they need two operands of one shape."""
