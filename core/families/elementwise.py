"""Elementwise functions of one tensor and of two: what they have in common, written once.

A family turns a declaration into the function that users call. The functions are made once, when the operation is
declared; what can be decided then is not decided again at each call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy

from ...autograd.modes import is_grad_enabled
from ..dispatch.operation import Operation
from ..memory.coercion import is_number, pair
from ..memory.tensor import Tensor, new_tensor
from ..memory.views import refresh
from ..types.dtypes import SCALARS
from ..types.errors import explain, unsupported
from .docs import elementwise_doc, published
from .in_place import into


class Declared(Protocol):
    """The function of a declared operation."""

    operation: Operation

    def __call__(self, *operands: Any, **options: Any) -> Tensor: ...


def unary(
    name: str,
    accepts: str,
    summary: str,
    *,
    example: str,
    notes: str = "",
    result: str = "same",
    decomposition: Callable[..., Any] | None = None,
    operator: str | None = None,
    methods: tuple[str, ...] | None = None,
) -> Declared:
    """Declare an elementwise function of one tensor. The parameters are those of `Operation`, and its documentation."""
    operation = Operation(
        name,
        family="elementwise",
        operands=("x",),
        accepts=accepts,
        result=result,
        decomposition=decomposition,
        methods=(name,) if methods is None else methods,
        operator=operator,
        in_place=result == "same",
    )
    apply = _unary_apply(operation)

    def function(x: Tensor, /, *, out: Tensor | None = None) -> Tensor:
        if type(x) is not Tensor:
            raise unsupported(name, x)
        return apply(x) if out is None else into(name, out, apply(x))

    operation.apply = apply
    return published(operation, function, elementwise_doc(operation, summary, notes, example))


def binary(
    name: str,
    accepts: str,
    summary: str,
    *,
    example: str,
    notes: str = "",
    result: str = "same",
    decomposition: Callable[..., Any] | None = None,
    operator: str | None = None,
    methods: tuple[str, ...] | None = None,
    guard: Callable[..., None] | None = None,
    scaled: bool = False,
) -> Declared:
    """Declare an elementwise function of two tensors, which broadcast and are promoted to a common dtype.

    Parameters
    ----------
    scaled
        Whether it takes PyTorch's ``alpha=``, by which the second is multiplied.
    """
    operation = Operation(
        name,
        family="elementwise",
        operands=("x1", "x2"),
        accepts=accepts,
        result=result,
        decomposition=decomposition,
        methods=(name,) if methods is None else methods,
        operator=operator,
        in_place=result == "same",
        guard=guard,
    )
    apply = binary_apply(operation)

    def function(x1: Any, x2: Any, /, *, out: Tensor | None = None) -> Tensor:
        found = apply(x1, x2)
        if found is NotImplemented:
            raise unsupported(name, x1, x2)
        return found if out is None else into(name, out, found)

    def scaled_function(x1: Any, x2: Any, /, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
        return function(x1, x2 if is_number(alpha, 1) else scaled_by(name, x2, alpha), out=out)

    operation.apply = apply
    doc = elementwise_doc(operation, summary, notes, example)
    return published(operation, scaled_function if scaled else function, doc)


def scaled_by(operation: str, x: Any, alpha: Any) -> Any:
    """An operand times PyTorch's `alpha`."""
    if type(alpha) is not Tensor and not isinstance(alpha, (numpy.generic, *SCALARS)):
        raise TypeError(f"{operation}: alpha is a number, got {type(alpha).__name__}")
    return x * alpha


def _unary_apply(operation: Operation) -> Callable[[Tensor], Tensor]:
    name, differentiable = operation.name, operation.rule is not None

    def apply(x: Tensor) -> Tensor:
        storage = x._storage
        if storage is not None and storage.version != x._version:
            refresh(x)
        kernel, key = x._key.table[name]
        out = new_tensor()
        out._array = kernel(x._array)
        out._key = key
        out._storage = None
        edge = x._node
        if edge is None or not differentiable or not is_grad_enabled():
            out._node = None
        else:
            operation.record(x, edge, out)
        return out

    return apply


def binary_apply(
    operation: Operation, explain: Callable[[str, Exception, Tensor, Tensor], Exception] = explain
) -> Callable[[Any, Any], Any]:
    """The operation on two operands; NotImplemented where one is of no type that tensors work with.

    Parameters
    ----------
    explain
        ``explain(name, error, x1, x2)`` is raised in place of an error of the kernel's.
    """
    name, differentiable = operation.name, operation.rule is not None

    def apply(x1: Any, x2: Any) -> Any:
        if type(x1) is not Tensor or type(x2) is not Tensor or x1._key is not x2._key:
            operands = pair(operation, x1, x2)
            if operands is None:
                return NotImplemented
            x1, x2 = operands
        storage = x1._storage
        if storage is not None and storage.version != x1._version:
            refresh(x1)
        storage = x2._storage
        if storage is not None and storage.version != x2._version:
            refresh(x2)
        kernel, key = x1._key.table[name]
        out = new_tensor()
        try:
            out._array = kernel(x1._array, x2._array)
        except Exception as error:
            raise explain(name, error, x1, x2) from None
        out._key = key
        out._storage = None
        edge1, edge2 = x1._node, x2._node
        if (edge1 is None and edge2 is None) or not differentiable or not is_grad_enabled():
            out._node = None
        else:
            operation.record(x1, x2, edge1, edge2, out)
        return out

    return apply
