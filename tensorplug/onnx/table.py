"""What is lowered: operations and functions by name. All other operations are decomposed, or have no counterpart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import arrays, elementwise, indexing, networks
from .networks import FunctionNode

OPERATION_NODES: dict[str, Callable[..., Any]] = (
    elementwise.OPERATIONS | arrays.OPERATIONS | indexing.OPERATIONS | networks.OPERATIONS
)
"""``OPERATION_NODES[name](graph, out, *operands, **parameters)`` adds the nodes of an operation, whose result is `out`,
and returns the name of the output, or several.
"""

FUNCTION_NODES: dict[str, FunctionNode] = networks.FUNCTIONS
"""Functions of several operations that are one node in ONNX."""
