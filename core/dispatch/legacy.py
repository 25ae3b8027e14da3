"""Old declarations, until each is one by a decorator."""

from __future__ import annotations

import sys
from typing import Any

from ...autograd.rule import RULES
from .operation import Operation


class Any_(tuple):
    def __contains__(self, item: object) -> bool:
        return True


class Legacy:
    methods: tuple[str, ...] = ()


def legacy(
    name: str,
    *,
    family: str,
    operands: tuple[str, ...],
    methods: tuple[str, ...] = (),
    operator: Any = None,
    in_place: bool = False,
    **options: Any,
) -> Operation:
    depth = 1
    while "families" in sys._getframe(depth).f_globals["__name__"]:
        depth += 1
    rule = RULES.get(name)
    parameters = tuple(p for p in (rule.parameters if rule else ()) if not p.endswith("_shape"))
    made = Operation(
        name,
        sys._getframe(depth).f_globals["__name__"],
        operands,
        parameters,
        elementwise=family == "elementwise",
        broadcasts=family == "matrix product",
        takes_scalars=family == "search",
        shares=family in ("view", "conversion"),
        **options,
    )
    made.family = family
    if made.decomposition is not None:
        made.decompose = made.decomposition  # type: ignore[method-assign]
    made.methods = methods
    made.operator = operator
    made.in_place = in_place
    made.function = made.__call__
    made.method = None
    made.apply = made.__call__
    return made


def _missing(self: Operation, name: str) -> Any:
    from .registry import FUNCTIONS

    if name == "function":
        return FUNCTIONS.get(self.name, self)
    if name == "apply":
        from .registry import OPERATORS

        return OPERATORS.get(self.name, self.__call__)
    if name == "family":
        return family(self)
    defaults = {"methods": (), "operator": None, "in_place": False, "method": None}
    if name in defaults:
        return defaults[name]
    raise AttributeError(name)


_NAMES = {
    **dict.fromkeys(("linalg.cross", "linalg.solve"), "matrix product"),
    **dict.fromkeys(("linalg.eigvals", "linalg.eigvalsh", "linalg.svdvals"), "composite"),
}


def family(operation: Operation) -> str:
    if operation.elementwise:
        return "elementwise"
    if "keepdims" in operation.parameters:
        return "reduction"
    if operation.shares:
        return "view"
    if operation.name in _NAMES:
        return _NAMES[operation.name]
    return {
        "statistical": "cumulation",
        "sorting": "sorting",
        "linalg": "linear algebra",
        "linear_algebra": "matrix product",
        "fft": "transform",
        "activations": "activation",
        "softmax": "activation",
        "manipulation": "manipulation",
        "searching": "search",
        "sets": "search",
        "losses": "loss",
        "structure": "indexing",
        "writes": "in place",
    }.get(operation.chapter, "composite")


Operation.__getattr__ = _missing  # type: ignore[attr-defined]
