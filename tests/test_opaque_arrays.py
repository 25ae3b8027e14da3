"""No formula of a gradient or a tangent looks at a value: each is run on arrays that refuse to be Python values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd.outputs import Gradients
from tensorplug.autograd.rule import Rule
from tensorplug.func import jvp

from .gradients.case import Case
from .test_gradients import ALL, NAMES, arguments, first, second

TRANSFERS = {"to_device"}
"""Their formulas hand arrays to a backend, not to one of its kernels."""

CONVERSIONS = (
    "__array__",
    "__bool__",
    "__complex__",
    "__float__",
    "__index__",
    "__int__",
    "__iter__",
    "item",
    "tolist",
)

OPERATORS = (
    *("add", "matmul", "mul", "pow", "sub", "truediv", "radd", "rmul", "rsub", "rtruediv", "neg"),
    *("eq", "ge", "gt", "le", "lt", "ne"),
)


class Opaque:
    """An array of which shape and dtype are known, and that operators and kernels take."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.shape, self.dtype = array.shape, array.dtype


def refuse(*arguments: Any) -> Any:
    raise AssertionError("a formula converts an array to a Python value")


def opaque(value: Any) -> Any:
    """A value with its arrays, and those within it, made opaque."""
    if isinstance(value, numpy.ndarray | numpy.generic):
        return Opaque(value)
    if type(value) is Gradients:
        return Gradients(**{name: opaque(one) for name, one in value._found.items()})
    return type(value)(map(opaque, value)) if type(value) in (tuple, list) else value


def raw(value: Any) -> Any:
    if type(value) is Opaque:
        return value.array
    return type(value)(map(raw, value)) if type(value) in (tuple, list) else value


def on_opaque(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel, or an operator, as one of opaque arrays."""
    return lambda *args, **kwargs: opaque(function(*map(raw, args), **{name: raw(one) for name, one in kwargs.items()}))


for name in OPERATORS:
    setattr(Opaque, f"__{name}__", on_opaque(lambda x, *others, name=name: getattr(x, f"__{name}__")(*others)))
for name in CONVERSIONS:
    setattr(Opaque, name, refuse)


class OpaqueOps:
    def __init__(self, ops: Any) -> None:
        self._ops = ops

    def __getattr__(self, name: str) -> Any:
        return on_opaque(getattr(self._ops, name))


@pytest.fixture
def formulas_on_opaque_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    vjp_of, jvp_of = (Rule.__dict__[name].__get__ for name in ("vjp", "jvp"))

    def opaque_vjp(rule: Rule) -> Any:
        return lambda node, g, ops, saved: raw(vjp_of(rule)(node, opaque(g), OpaqueOps(ops), opaque(saved)))

    def opaque_jvp(rule: Rule) -> Any:
        jvp = jvp_of(rule)
        if jvp is None:
            return None
        return lambda t, ops, *others: raw(jvp(opaque(t), OpaqueOps(ops), *map(opaque, others)))

    monkeypatch.setattr(Rule, "vjp", property(opaque_vjp))
    monkeypatch.setattr(Rule, "jvp", property(opaque_jvp))


@pytest.mark.parametrize("case", [case for case in ALL if NAMES[id(case.values[0])] not in TRANSFERS])
def test_no_formula_converts_an_array(
    case: Case, formulas_on_opaque_arrays: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On raw arrays in both modes, and on tensors for the second derivatives."""
    with tp.backend("numpy"):
        arrays = arguments(case)
        xs = tuple(map(tp.tensor, case.inputs))
        jvp(case.function, xs, xs)
        first(case, arrays)
        for name in ("__bool__", "__float__", "__index__", "__int__", "item"):
            monkeypatch.setattr(tp.Tensor, name, refuse)
        second(case, arrays)


def test_the_arrays_are_opaque() -> None:
    x = opaque(numpy.ones(3))
    for convert in (bool, float, int, complex, list, range, numpy.asarray):
        with pytest.raises(AssertionError, match="a formula converts"):
            convert(x)
    assert raw(x + 1.0 > 2.0 * x).tolist() == [False] * 3
