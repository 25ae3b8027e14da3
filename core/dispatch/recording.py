"""The function that records one operation: it makes the node, and saves what the gradient rule asked for."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from ...autograd.node import Node, next_order
from ...autograd.rule import Rule
from ...autograd.watching import anybody, taker, watch


def compile_record(rule: Rule, operands: tuple[str, ...], broadcasts: bool) -> Callable[..., None]:
    """Write out ``record(*operands, *edges, out, **parameters)``, which gives the tensor `out` its node.

    A result of integers or booleans gets none, however it came about. Written out rather than interpreted, recording an
    addition costs a quarter of a microsecond.

    Parameters
    ----------
    rule
        The operation's gradient rule.
    operands
        The names of all its operands, differentiable or not.
    broadcasts
        Whether the operands may be broadcast, so that their shapes must be kept where they differ from the result's.
    """
    edges = [f"{operand}_edge" for operand in rule.operands]
    shapes = {f"{operand}_shape": f"{operand}._array.shape" for operand in operands}
    parameters = [name for name in rule.parameters if name not in shapes]
    signature = [*operands, *edges, "out", *parameters]
    values = [f"{tensor}._array" for tensor in rule.tensors] + [shapes.get(name, name) for name in rule.parameters]
    given = ", ".join(["level", *edges, *values, "out"])
    body = [
        "kind = out._kind",
        "if not kind.is_differentiable:",
        "    out._node = None",
        "    return",
        "if anybody:",
        "    level = taker()",
        f"    if level is not None and rule.take({given}): return",
        "node = Node()",
        "node.rule = rule",
        "node.kind = kind",
        f"node.edges = ({', '.join(edges)},)",
        "node.order = next_order()",
    ]
    for tensor in rule.tensors:
        body += _save(tensor, rule)
    saved = [f"{tensor}_array, {tensor}_storage, {tensor}_version" for tensor in rule.tensors]
    saved += [shapes.get(name, name) for name in rule.parameters]
    body.append(f"node.saved = ({', '.join(saved)},)" if saved else "node.saved = ()")
    body += _keep_shapes(rule, operands) if broadcasts else ["node.shapes = None"]
    body += ["out._node = node", "if anybody: watch(node, out)"]
    source = f"def record({', '.join(signature)}):\n    " + "\n    ".join(body)
    scope: dict[str, Any] = {
        "Node": Node,
        "anybody": anybody,
        "next_order": next_order,
        "rule": rule,
        "taker": taker,
        "watch": watch,
    }
    exec(compile(source, f"<record {rule.name}>", "exec"), scope)
    record: Callable[..., None] = scope["record"]
    return record


def compile_record_sequence(rule: Rule) -> Callable[..., None]:
    """The same for an operation on a sequence of tensors: ``record(arrays, edges, out, **parameters)``."""
    names = ("shapes", *(name for name in rule.parameters if name != "shapes"))

    def record(arrays: Any, edges: tuple[Any, ...], out: Any, **parameters: Any) -> None:
        if not out._kind.is_differentiable:
            return
        parameters["shapes"] = tuple(array._array.shape for array in arrays)
        saved = tuple(parameters[name] for name in names if name in rule.parameters)
        if anybody:
            level = taker()
            if level is not None and rule.take(level, edges, *saved, out):
                return
        node = Node()
        node.rule = rule
        node.kind = out._kind
        node.edges = edges
        node.order = next_order()
        node.saved = saved
        node.shapes = None
        out._node = node
        if anybody:
            watch(node, out)

    return record


def compile_record_outputs(rule: Rule, operands: tuple[str, ...]) -> Callable[..., None]:
    """The same for an operation with several results: ``record(tensors, edges, outs, **parameters)``."""

    def record(tensors: tuple[Any, ...], edges: tuple[Any, ...], outs: tuple[Any, ...], **parameters: Any) -> None:
        values = dict(zip((*operands, *rule.selections), (*tensors, *outs), strict=True))
        parameters |= {f"{operand}_shape": tensor.shape for operand, tensor in zip(operands, tensors, strict=True)}
        node = Node()
        node.rule = rule
        node.kind = outs[0]._kind
        node.edges = edges
        node.order = next_order()
        results = []
        for selection, out in zip(rule.selections.values(), outs, strict=True):
            selected = selection.select(node, out._kind)
            if out._kind.is_differentiable:
                out._node = selected
            results.append((out._kind, weakref.ref(selected)))
        parameters["results"] = tuple(results)
        saved: list[Any] = []
        for name in rule.tensors:
            tensor = values[name]
            if any(edges[i] is not None for i in rule.serves[name]):
                storage = tensor._storage or tensor._make_storage()
                saved += (tensor._array, storage, tensor._version)
            else:
                saved += (None, None, 0)
        node.saved = (*saved, *(parameters[name] for name in rule.parameters))
        node.shapes = None
        if anybody:
            watch(node, outs)

    return record


def _save(tensor: str, rule: Rule) -> list[str]:
    """Lines that put an operand, or the result, into three variables, if some edge that wants a gradient needs it."""
    save = [
        f"{tensor}_storage = {tensor}._storage or {tensor}._make_storage()",
        f"{tensor}_array = {tensor}._array",
        f"{tensor}_version = {tensor}._version",
    ]
    served = rule.serves[tensor]
    if len(served) == len(rule.operands):
        return save
    wanted = " or ".join(f"{rule.operands[i]}_edge is not None" for i in served)
    skip = f"{tensor}_array = {tensor}_storage = None; {tensor}_version = 0"
    return [f"if {wanted}:", *(f"    {line}" for line in save), "else:", f"    {skip}"]


def _keep_shapes(rule: Rule, operands: tuple[str, ...]) -> list[str]:
    """Lines that keep the operands' shapes where one that wants a gradient was broadcast.

    Beside an operand that is 0-d and wants none, such as a Python scalar, none is.
    """
    lines = [f"{name}_shape = {name}._array.shape" for name in operands]
    same = [" == ".join(f"{name}_shape" for name in operands)]
    if len(operands) == 2:
        same += [f"({name}_edge is None and not {name}_shape)" for name in rule.operands]
    shapes = ", ".join(f"{name}_shape" for name in rule.operands)
    return [*lines, f"node.shapes = None if {' or '.join(same)} else ({shapes},)"]
