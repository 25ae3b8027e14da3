"""How tangents go through one operation: functions written out for each rule, as its formulas leave little to do.

Unpacked by a generic loop, an operation on a small tensor would cost more than its arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

from .node import Node, next_order

if TYPE_CHECKING:
    from .rule import Rule


@final
class Pushed(Node):
    """What stands for an operation where nothing but its tangent is wanted, by the `level` that asks for it."""

    __slots__ = ("level", "tangent")

    edges = ()
    shapes = None
    # There is nothing to free.
    saved = property(lambda self: (), lambda self, value: None)


def compile_push(rule: Rule) -> Callable[..., Any]:
    """Write out ``push(tangents, ops, values, out_shape, out_dtype, found)``: see `Rule.push`."""
    names = [*rule.tensors, *rule.parameters]
    lines = ["def push(tangents, ops, values, out_shape, out_dtype, found):"]
    if names:
        lines.append(f"    ({', '.join(names)},) = values")
    if not rule.variadic:
        lines.append(f"    {''.join(f'{t}, ' for t in _tangents(rule))}= tangents")
    lines += [f"    {line}" for line in _pushed(rule)]
    return _compiled(lines, "push", f"<tangent of {rule.name}>", _formulas(rule))


def compile_take(rule: Rule) -> Callable[..., bool]:
    """Write out ``take(level, *edges, *values, result)``: see `Rule.take`."""
    edges = ["edges"] if rule.variadic else [f"{operand}_edge" for operand in rule.operands]
    lines = [f"def take({', '.join(['level', *edges, *rule.tensors, *rule.parameters, 'result'])}):"]
    if rule.variadic:
        lines += [
            "    tangents = level.tangents(edges)",
            "    if tangents is None: return False",
        ]
    else:
        tangents = _tangents(rule)
        for t, edge in zip(tangents, edges, strict=True):
            known = f"{edge}.tangent if {edge}.level is level else level.get({edge})"
            lines.append(f"    {t} = None if {edge} is None else {known}")
        missing = " or ".join(f"{t} is None" for t in tangents)
        lines += [
            f"    if {missing}:",
            f"        if level.tangents(({', '.join(edges)},)) is None: return False",
        ]
    lines += [
        "    kind = result._kind",
        "    library = kind.library",
        "    with library.scope(kind.native_device):",
        "        ops = library.ops",
    ]
    used = {name for formula in _formulas(rule).values() for name in parameter_names(formula)}
    if "out_dtype" in used:
        lines.append("        out_dtype = kind.dtype.name")
    if "out_shape" in used:
        lines.append("        out_shape = result._array.shape")
    if "found" in used:
        lines.append("        found = result._array")
    lines += [f"        {line}" for line in _pushed(rule, "tangent = ")]
    if len(edges) > 1:
        # With those of all operands it has the result's shape.
        lines += [
            f"        if ({missing}) and tangent.shape != result._array.shape:",
            "            tangent = ops.broadcast_to(tangent, result._array.shape)",
        ]
    lines += [
        "    node = Pushed()",
        "    node.rule = released",
        "    node.kind = kind",
        "    node.order = next_order()",
        "    node.level = level",
        "    node.tangent = tangent",
        "    result._node = node",
        "    return True",
    ]
    scope = _formulas(rule) | {"Pushed": Pushed, "next_order": next_order, "released": rule.released}
    return _compiled(lines, "take", f"<take {rule.name}>", scope)


def parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """What a formula needs."""
    code = function.__code__
    return tuple(code.co_varnames[: code.co_argcount])


def _tangents(rule: Rule) -> list[str]:
    """The variables that hold the tangents of the operands."""
    return [f"t{i}" for i in range(len(rule.operands))]


def _formulas(rule: Rule) -> dict[str, Any]:
    assert rule.tangents is not None
    return {f"formula{i}": formula for i, formula in enumerate(rule.tangents.values())}


def _pushed(rule: Rule, before: str = "return ") -> list[str]:
    """Lines that find the tangent of the result from those of the operands, and return it, or keep it."""
    assert rule.tangents is not None
    each = _tangents(rule)
    given = ["tangents"] if rule.variadic else [f"({', '.join(each)},)"] if "together" in rule.tangents else each
    calls = [
        f"{name}({', '.join(given[i] if needed in ('g', 't') else needed for needed in parameter_names(formula))})"
        for i, (name, formula) in enumerate(_formulas(rule).items())
    ]
    if len(calls) == 1:
        return [f"{before}{calls[0]}"]
    # As one expression, in which NumPy adds in place.
    lines = [f"if {' and '.join(f'{t} is not None' for t in each)}:", f"    {before}{' + '.join(calls)}", "else:"]
    lines.append("    total = None")
    for t, call in zip(each, calls, strict=True):
        lines.append(f"    if {t} is not None: total = {call} if total is None else total + {call}")
    return [*lines, f"    {before}total"]


def _compiled(lines: list[str], name: str, file: str, scope: dict[str, Any]) -> Callable[..., Any]:
    exec(compile("\n".join(lines), file, "exec"), scope)
    function: Callable[..., Any] = scope[name]
    return function
