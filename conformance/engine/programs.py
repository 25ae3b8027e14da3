"""Programs made of a use: writes to its results and operands, in-place methods, ``out=``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import tensorplug
from tensorplug import Tensor
from tensorplug.core import FUNCTIONS
from tensorplug.core.types.errors import UnsupportedDTypeError, UnsupportedError

from ..uses import Use
from .arrays import flatten
from .example import evaluate

Tensors = dict[str, Tensor]

Program = Callable[[Use, Tensors], Any]
"""Takes a use and its operands and returns tensors, or lists and tuples of them, to compare."""


def filled(result: Any) -> Any:
    """Fill the tensors of a result with ones."""
    for _, leaf in flatten(result):
        if isinstance(leaf, Tensor):
            leaf.fill_(1)
    return result


def write_results(use: Use, tensors: Tensors) -> Any:
    """Write to all results and return the operands, which change if a result is a view."""
    filled(evaluate(use, tensors))
    return list(tensors.values())


def write_operands(use: Use, tensors: Tensors) -> Any:
    """Write to all operands and return the results."""
    result = evaluate(use, tensors)
    filled(list(tensors.values()))
    return result


IN_PLACE = {"divide": "true_divide_"}
"""In-place methods of another name than their function's."""


def in_place_name(name: str) -> str:
    """The name of an operation's in-place method."""
    return IN_PLACE.get(name, f"{name}_")


def in_place(name: str) -> Program:
    """Call the in-place method of an operation on its first operand."""

    def program(use: Use, tensors: Tensors) -> Any:
        first, *rest = tensors.values()
        returned = getattr(first, in_place_name(name))(*rest)
        return [first, returned is first]

    return program


def in_place_on_a_view(name: str) -> Program:
    """Call the in-place method on one of three rows, and return all rows."""

    def program(use: Use, tensors: Tensors) -> Any:
        first, *rest = tensors.values()
        rows = tensorplug.stack([first, first, first])
        getattr(rows[1], in_place_name(name))(*rest)
        return [rows[0], rows[1], rows[2]]

    return program


def in_place_on_itself(name: str) -> Program:
    """Call the in-place method with one tensor as both operands."""

    def program(use: Use, tensors: Tensors) -> Any:
        _, second = tensors.values()
        whole = second.clone()
        getattr(whole, in_place_name(name))(whole)
        return whole

    return program


def in_place_on_overlapping(name: str) -> Program:
    """Call the in-place method on rows 1 and 2 with the overlapping rows 0 and 1."""

    def program(use: Use, tensors: Tensors) -> Any:
        _, second = tensors.values()
        rows = tensorplug.stack([second, second, second])
        getattr(rows[1:], in_place_name(name))(rows[:-1])
        return [rows[0], rows[1], rows[2]]

    return program


def or_raise(program: Program) -> Program:
    """Make a program return the type of its exception, except for unsupported examples."""

    def tried(use: Use, tensors: Tensors) -> Any:
        try:
            return program(use, tensors)
        except (UnsupportedError, UnsupportedDTypeError):
            raise
        except Exception as error:
            return type(error).__name__

    return tried


def has_out(name: str) -> bool:
    """Whether an operation takes ``out=``."""
    return name in FUNCTIONS and "out" in inspect.signature(FUNCTIONS[name]).parameters


def into_out(name: str) -> Program:
    """Call the function with ``out=``, a tensor of the result's shape and dtype."""

    def program(use: Use, tensors: Tensors) -> Any:
        out = tensorplug.zeros_like(evaluate(use, tensors))
        returned = FUNCTIONS[name](*tensors.values(), out=out)
        return [out, returned is out]

    return program
