"""Lines that differ from a use's in one parameter."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from ..uses import Use
from .arguments import UNDETERMINED, call_of, candidates, given, spelled
from .sizes import BY_INDEX, grows

OF_KIND = ("dtype", "device")
"""Parameters of which other values make another kind of result."""

ATTEMPTS = 12
"""Of so many values one is tried that the parameter takes."""


def variants(use: Use, name: str, takes: Callable[[Use], bool]) -> Iterator[Use]:
    """A function's use with one of its parameters changed or added, each parameter in turn, to values that it takes."""
    if name in UNDETERMINED or "dropout" in name or not (use.is_public or grows(use)):
        return
    changes = [iter(codes) for codes in (*_of_defaults(use, name), *_of_constants(use, name))]
    while changes:
        for codes in list(changes):
            others = (Use.of(code, use.operands, dtypes=use.dtypes, rounded_once=use.rounded_once) for code in codes)
            found = next(filter(takes, islice(others, ATTEMPTS)), None)
            if found is None:
                changes.remove(codes)
            else:
                yield found


def _of_constants(use: Use, name: str) -> Iterator[list[str]]:
    """For each number, flag and name among a function's arguments the lines with others."""
    for place, constant in enumerate(_given(ast.parse(use.code, mode="eval"), name)):
        codes = []
        for value in _others(constant.value):
            tree = ast.parse(use.code, mode="eval")
            list(_given(tree, name))[place].value = value
            codes.append(ast.unparse(tree))
        yield codes


def _given(tree: ast.AST, name: str) -> Iterator[ast.Constant]:
    """The constants in a function's arguments, or in an index; what a line makes of the result is no parameter."""
    if name in BY_INDEX:
        yield from _constants((tree,))
    for node in ast.walk(tree) if name not in BY_INDEX else ():
        if isinstance(node, ast.Call) and _is_called(node.func, name):
            yield from _constants((*node.args, *node.keywords))
            return


def _is_called(function: ast.expr, name: str) -> bool:
    if isinstance(function, ast.Attribute) and function.attr in (name, f"{name}_"):
        return True
    return ast.unparse(function) in (*spelled(name), f"OPERATIONS['{name}']")


def _of_defaults(use: Use, name: str) -> Iterator[list[str]]:
    """For each parameter that a line leaves out the lines with values of it."""
    found = call_of(use, name)
    if found is None:
        return
    (call, signature), code = found, ast.unparse(ast.parse(use.code))
    ndim = len(next((operand.shape for operand in use.operands.values()), ()))
    named = {str(word.arg) for word in call.keywords}
    given_ones = signature.bind(*call.args, **dict.fromkeys(named)).arguments
    for parameter, texts in candidates(signature, ndim).items():
        if parameter not in given_ones:
            begin = ast.unparse(call)[:-1]
            yield [code.replace(f"{begin})", f"{begin}, {parameter}={text})") for text in texts]


def _constants(nodes: Iterable[ast.AST]) -> Iterator[ast.Constant]:
    """The constants in parts of a line that may be parameters."""
    for node in nodes:
        if isinstance(node, ast.Constant):
            yield node
        elif not (isinstance(node, ast.keyword) and node.arg in OF_KIND):
            # What an entry of a table is called is no parameter.
            inner = node.slice if isinstance(node, ast.Subscript) and _is_table(node) else None
            yield from (found for found in _constants(ast.iter_child_nodes(node)) if found is not inner)


def _is_table(node: ast.Subscript) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "OPERATIONS"


def _others(value: object) -> Iterator[bool | int | float | str]:
    """Other values of a parameter."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1) if value else (1, -1)
    elif isinstance(value, float):
        yield from (2 * value, value / 2) if value else (0.5, -0.0)
    elif isinstance(value, str):
        alike = [texts for texts in given().values() if repr(value) in texts]
        yield from dict.fromkeys(
            other for texts in alike for text in texts if isinstance(other := _literal(text), str) and other != value
        )


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except ValueError:
        return None
