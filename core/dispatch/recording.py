"""Recording of operations on sequences of tensors, and of operations with several results.

For all others recording is generated code: see `tensorplug.autograd.generated.record`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from ...autograd.node import Node, next_order
from ...autograd.observers import forward_level, notify, observers
from ...autograd.rule import Rule
from ...autograd.saved import NOTHING
from .protocol import Operand


def sequence_recorder(rule: Rule) -> Callable[..., None]:
    """The function ``record(arrays, edges, out, **parameters)`` of an operation on a sequence of tensors."""

    def record(arrays: Any, edges: tuple[Any, ...], out: Any, **parameters: Any) -> None:
        if not out._key.is_differentiable:
            return
        parameters["shapes"] = tuple(array._array.shape for array in arrays)
        saved = rule.saved.pack({}, parameters)
        if observers:
            level = forward_level()
            if level is not None and level.take(rule, edges, saved, out):
                return
        node = Node()
        node.rule = rule
        node.key = out._key
        node.edges = edges
        node.order = next_order()
        node.saved = saved
        node.shapes = None
        out._node = node
        if observers:
            notify(node, out)

    return record


def outputs_recorder(rule: Rule, operands: tuple[str, ...]) -> Callable[..., None]:
    """The function ``record(tensors, edges, outs, **parameters)`` of an operation with several results."""

    def record(tensors: tuple[Any, ...], edges: tuple[Any, ...], outs: tuple[Any, ...], **parameters: Any) -> None:
        values = dict(zip((*operands, *rule.selections), (*tensors, *outs), strict=True))
        parameters |= {f"{operand}_shape": tensor.shape for operand, tensor in zip(operands, tensors, strict=True)}
        node = Node()
        node.rule = rule
        node.key = outs[0]._key
        node.edges = edges
        node.order = next_order()
        results = []
        for selection, out in zip(rule.selections.values(), outs, strict=True):
            selected = selection.select(node, out._key)
            if out._key.is_differentiable:
                out._node = selected
            results.append((out._key, weakref.ref(selected)))
        parameters["results"] = tuple(results)
        triples = {
            name: NOTHING if all(edges[i] is None for i in rule.serves[name]) else _triple(values[name])
            for name in rule.tensors
        }
        node.saved = rule.saved.pack(triples, parameters)
        node.shapes = None
        if observers:
            notify(node, outs)

    return record


def _triple(tensor: Operand) -> tuple[Any, Any, int]:
    storage = tensor._storage or tensor._make_storage()
    return tensor._array, storage, tensor._version
