"""Calls of each operation for the suite, by chapter; elementwise functions and reductions get theirs by family."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from tensorplug.core import OPERATIONS

from ..engine.families import family_of
from . import elementwise, statistical
from .use import Operand, Use

__all__ = ["Operand", "Use", "chapter_of", "subjects", "uses_of"]

FAMILIES: dict[str, Callable[[str], tuple[Use, ...]]] = {
    "cumulation": statistical.cumulations,
    "elementwise": elementwise.uses,
    "reduction": statistical.reductions,
}
"""Functions that make the uses of an operation without an entry in a table, by its family."""


@functools.cache
def tables() -> dict[str, dict[str, tuple[Use, ...]]]:
    """The tables of uses, by chapter and name."""
    modules = {module.name: import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)}
    return {chapter: module.USES for chapter, module in modules.items() if hasattr(module, "USES")}


@functools.cache
def subjects() -> tuple[str, ...]:
    """Names that have uses: all declared operations, and public functions made of several operations."""
    written = [name for table in tables().values() for name in table]
    return tuple(dict.fromkeys([*OPERATIONS, *written]))


@functools.cache
def uses_of(name: str) -> tuple[Use, ...]:
    """The uses of an operation or function, the typical one first."""
    for table in tables().values():
        if name in table:
            return table[name]
    operation = OPERATIONS[name]
    if family_of(operation) in FAMILIES:
        return FAMILIES[family_of(operation)](name)
    operands = operation.operands
    return (Use.of(f'OPERATIONS["{name}"]({", ".join(operands)})', dict.fromkeys(operands, (2, 3))),)


def chapter_of(name: str) -> str:
    """The chapter of an operation or function."""
    if name in OPERATIONS:
        return OPERATIONS[name].chapter
    return next(chapter for chapter, table in tables().items() if name in table)
