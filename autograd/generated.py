"""All generated code: for each rule the functions that record the operation and compute its VJP and JVP.

A generic loop over operands would cost more than the arithmetic of a small tensor. Each function is compiled at its
first use, and its lines are entered in `linecache`, so that tracebacks and debuggers show them.
"""

from __future__ import annotations

import functools
import linecache
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, Protocol, TypeVar, cast

from .node import Node, next_order
from .observers import forward_level, notify, observers
from .saved import SavedFormat

F = TypeVar("F", bound=Callable[..., Any])


class Rule(Protocol):
    """The protocol of `tensorplug.autograd.rule.Rule`."""

    name: str
    operands: tuple[str, ...]
    saved: SavedFormat
    serves: dict[str, tuple[int, ...]]
    gradients: dict[str, Callable[..., Any]]
    shared: Callable[..., Any] | None
    variadic: bool

    @property
    def tangents(self) -> dict[str, Callable[..., Any]] | None: ...


def parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a formula's parameters."""
    code = function.__code__
    return tuple(code.co_varnames[: code.co_argcount])


def record(rule: Rule, operands: tuple[str, ...], broadcasts: bool) -> Callable[..., None]:
    """Generate ``record(*operands, *edges, out, **parameters)``, which gives the tensor `out` its node.

    Results of integers and booleans get none.

    Parameters
    ----------
    rule
        The operation's gradient rule.
    operands
        The names of all its operands, differentiable or not.
    broadcasts
        Whether operands are broadcast, so that their shapes are saved where they differ.
    """
    edges = [f"{operand}_edge" for operand in rule.operands]
    shapes = {f"{operand}_shape": f"{operand}._array.shape" for operand in operands}
    parameters = [name for name in rule.saved.parameters if name not in shapes]
    arrays = [f"{name}._array" for name in rule.saved.tensors]
    values = "".join(f"{value}, " for value in (*arrays, *(shapes.get(name, name) for name in rule.saved.parameters)))
    lines = [
        f"def record({', '.join([*operands, *edges, 'out', *parameters])}):",
        "    key = out._key",
        "    if not key.is_differentiable:",
        "        out._node = None",
        "        return",
        "    if observers:",
        "        level = forward_level()",
        f"        if level is not None and level.take(rule, ({', '.join(edges)},), ({values}), out): return",
        "    node = Node()",
        "    node.rule = rule",
        "    node.key = key",
        f"    node.edges = ({', '.join(edges)},)",
        "    node.order = next_order()",
        *(f"    {line}" for name in rule.saved.tensors for line in _save_lines(name, rule)),
        f"    node.saved = ({''.join(f'{name}, ' for name in rule.saved.names('{}_array', shapes))})",
        *(f"    {line}" for line in (_shapes(rule, operands) if broadcasts else ["node.shapes = None"])),
        "    out._node = node",
        "    if observers: notify(node, out)",
    ]
    scope = {
        "Node": Node,
        "observers": observers,
        "next_order": next_order,
        "rule": rule,
        "forward_level": forward_level,
        "notify": notify,
    }
    return write_function(lines, f"record {rule.name}", scope)


def _save_lines(name: str, rule: Rule) -> list[str]:
    """Lines that set the three variables saved of a tensor, if the gradient of a recorded operand needs it."""
    keep = [
        f"{name}_storage = {name}._storage or {name}._make_storage()",
        f"{name}_array = {name}._array",
        f"{name}_version = {name}._version",
    ]
    served = rule.serves[name]
    if len(served) == len(rule.operands):
        return keep
    wanted = " or ".join(f"{rule.operands[i]}_edge is not None" for i in served)
    nothing = f"    {name}_array = {name}_storage = None; {name}_version = 0"
    return [f"if {wanted}:", *(f"    {line}" for line in keep), "else:", nothing]


def _shapes(rule: Rule, operands: tuple[str, ...]) -> list[str]:
    """Lines that save the operands' shapes if one that needs a gradient was broadcast.

    A 0-d operand that needs none, such as a Python scalar, broadcasts no other.
    """
    lines = [f"{name}_shape = {name}._array.shape" for name in operands]
    same = [" == ".join(f"{name}_shape" for name in operands)]
    if len(operands) == 2:
        same += [f"({name}_edge is None and not {name}_shape)" for name in rule.operands]
    shapes = ", ".join(f"{name}_shape" for name in rule.operands)
    return [*lines, f"node.shapes = None if {' or '.join(same)} else ({shapes},)"]


def vjp(rule: Rule, changed: Callable[..., Exception]) -> Callable[..., Any]:
    """Generate ``vjp(node, g, ops, saved)``, which returns the gradients of the operands.

    Parameters
    ----------
    rule
    changed
        ``changed(node, name, shape, version, saved_version)`` is the error for a saved tensor that was written since.
    """
    needs = [parameter_names(gradient) for gradient in rule.gradients.values()]
    lines = ["def vjp(node, g, ops, saved):", *_unpacked(rule.saved.names(), "saved")]
    for name in rule.saved.tensors:
        lines.append(f"    if {name}_storage is not None and {name}_storage.version != {name}_version:")
        lines.append(f"        raise changed(node, {name!r}, {name}.shape, {name}_storage.version, {name}_version)")
    in_common = () if rule.shared is None else parameter_names(rule.shared)
    if any("last" in names for names in (*needs, in_common)):
        lines.append("    last = node.saved is None")
    scope = _formulas(rule.gradients) | {"changed": changed}
    if rule.shared is not None:
        scope["formula"] = rule.shared
        lines.append(f"    shared = formula({', '.join(in_common)})")
    calls = [f"formula{i}({', '.join(names)})" for i, names in enumerate(needs)]
    if rule.variadic:
        lines.append(f"    return {calls[0]}")
    elif len(calls) == 1:
        lines.append(f"    return ({calls[0]},)")
    else:
        edges = [f"edge{i}" for i in range(len(calls))]
        wanted = [f"None if {edge} is None else {call}" for edge, call in zip(edges, calls, strict=True)]
        lines.append(f"    {', '.join(edges)} = node.edges")
        lines.append(f"    return {', '.join(wanted)}")
    return write_function(lines, f"vjp {rule.name}", scope)


def jvp(rule: Rule) -> Callable[..., Any]:
    """Generate ``jvp(tangents, ops, values, found, out_dtype)``: see `tensorplug.autograd.rule.Rule`."""
    assert rule.tangents is not None
    each = ["tangents"] if rule.variadic else [f"t{i}" for i in range(len(rule.operands))]
    needs = [parameter_names(formula) for formula in rule.tangents.values()]
    lines = ["def jvp(tangents, ops, values, found, out_dtype):"]
    lines += _unpacked([*rule.saved.tensors, *rule.saved.parameters], "values")
    if any("out_shape" in names for names in needs):
        lines.append("    out_shape = found.shape")
    calls = [
        f"formula{i}({', '.join(t if name in ('g', 't') else name for name in names)})"
        for i, (t, names) in enumerate(zip(each, needs, strict=True))
    ]
    if not rule.variadic:
        lines += _unpacked(each, "tangents")
    if len(calls) > 1:
        # In one expression NumPy adds in place.
        lines += [f"    if {' and '.join(f'{t} is not None' for t in each)}: return {' + '.join(calls)}"]
        lines += ["    total = None"]
        for t, call in zip(each, calls, strict=True):
            lines.append(f"    if {t} is not None: total = {call} if total is None else total + {call}")
        lines.append("    return total if total.shape == found.shape else ops.broadcast_to(total, found.shape)")
    else:
        lines.append(f"    return {calls[0]}")
    return write_function(lines, f"jvp {rule.name}", _formulas(rule.tangents))


def formula(name: str, parameters: Iterable[str], expression: str, **scope: Any) -> Callable[..., Any]:
    """Generate a formula from an expression."""
    lines = [f"def formula({', '.join(parameters)}):", f"    return {expression}"]
    return write_function(lines, f"formula {name}", scope)


def _unpacked(names: list[str], value: str) -> list[str]:
    return [f"    ({', '.join(names)},) = {value}"] if names else []


def _formulas(formulas: dict[str, Callable[..., Any]]) -> dict[str, Any]:
    return {f"formula{i}": formula for i, formula in enumerate(formulas.values())}


def write_function(lines: list[str], title: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """Compile the function that source lines define, and enter them in `linecache` for tracebacks.

    Parameters
    ----------
    lines
        The first is its ``def``.
    title
        The file name that a traceback shows.
    scope
        The globals of the function.
    """
    source, file = "\n".join(lines) + "\n", f"<{title}>"
    scope["__name__"] = __name__
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    exec(compile(source, file, "exec"), scope)
    function: Callable[..., Any] = scope[lines[0].removeprefix("def ").partition("(")[0]]
    return function


def write_later(body: F, write: Callable[[dict[str, Any]], Any]) -> F:
    """A wrapper of a function whose code is generated at its first call, as generating hundreds at import takes long.

    Parameters
    ----------
    body
        The wrapped function, which has the name, the docstring and the signature.
    write
        ``write(scope)`` generates the wrapper in a scope.
    """
    scope: dict[str, Any] = {"__name__": __name__}
    wrapper = FunctionType(_first_call.__code__, scope)

    def written() -> Any:
        made = write(scope)
        # The code comes last: another thread that sees it finds the defaults.
        wrapper.__defaults__, wrapper.__kwdefaults__ = made.__defaults__, made.__kwdefaults__
        wrapper.__code__ = made.__code__
        return wrapper

    scope["_written"] = written
    return cast(F, functools.update_wrapper(wrapper, body))


def _first_call(*arguments: Any, **keywords: Any) -> Any:
    return _written()(*arguments, **keywords)  # type: ignore[name-defined]  # noqa: F821
