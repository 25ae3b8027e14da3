"""The families of operations: what all elementwise functions, or all reductions, have in common, written once.

A family turns a declaration into the function that users call. The functions are made once, when the operation is
declared; what can be decided then is not decided again at each call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy

from ...autograd.modes import is_grad_enabled
from ..dispatch.operation import Operation
from ..memory.coercion import is_number, pair
from ..memory.structure import cast
from ..memory.tensor import Tensor, new_tensor
from ..memory.views import refresh
from ..types.axes import as_flag, normalize_axes, normalize_axis
from ..types.dtypes import (
    SCALARS,
    DType,
    as_dtype,
    bool_,
    int64,
)
from ..types.errors import ShapeError, explain, unsupported
from .docs import elementwise_doc, reduction_doc
from .in_place import into, into_all
from .scalars import as_vector


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
    return _finish(operation, function, elementwise_doc(operation, summary, notes, example))


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
    return _finish(operation, scaled_function if scaled else function, doc)


def scaled_by(operation: str, x: Any, alpha: Any) -> Any:
    """An operand times PyTorch's `alpha`."""
    if type(alpha) is not Tensor and not isinstance(alpha, (numpy.generic, *SCALARS)):
        raise TypeError(f"{operation}: alpha is a number, got {type(alpha).__name__}")
    return x * alpha


def _finish(operation: Operation, function: Any, doc: str) -> Any:
    # Functions are pickled by the name of their module.
    function.__module__ = operation.module
    function.__name__ = operation.name.rpartition(".")[2]
    function.__qualname__ = function.__name__
    function.__doc__ = doc
    function.operation = operation
    operation.function = function
    return function


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


class MaxMin(NamedTuple):
    """Extreme values along an axis and where they are, as PyTorch's ``max(dim)`` and ``min(dim)`` return them."""

    values: Tensor
    indices: Tensor


Located = Callable[[Tensor, int, bool], tuple[Tensor, Tensor]]
"""``located(x, axis, keepdims)`` gives values along an axis and where they are."""


def reduction(
    name: str,
    accepts: str,
    summary: str,
    *,
    example: str,
    notes: str = "",
    result: str = "same",
    accumulates: bool = False,
    located: Located | None = None,
    elementwise: Callable[..., Tensor] | None = None,
    decomposition: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """Declare a reduction.

    Parameters
    ----------
    accumulates
        Whether integers and booleans are widened to int64 or uint64 first, and a dtype can be asked for.
    located
        What finds the results along one axis and where they stand, for PyTorch's pairs of values and indices.
    elementwise
        The function of two tensors that PyTorch's ``max(x, y)`` calls.
    """
    operation = Operation(
        name,
        family="reduction",
        operands=("x",),
        accepts=accepts,
        result=result,
        decomposition=decomposition,
        methods=(name,),
    )

    doc = reduction_doc(operation, summary, notes, example, accumulates)
    if accumulates:
        operation.method = _finish(
            operation, _reduction(operation, accumulates, located, elementwise, pytorch=True), doc
        )
    return _finish(operation, _reduction(operation, accumulates, located, elementwise, pytorch=False), doc)


def _reduction(
    operation: Operation,
    accumulates: bool,
    located: Located | None,
    elementwise: Callable[..., Tensor] | None,
    pytorch: bool,
) -> Callable[..., Any]:
    """The function of a reduction; `pytorch` for the one that accumulates as PyTorch does, however it is called."""
    name, differentiable = operation.name, operation.rule is not None

    def function(
        x: Tensor,
        /,
        dim: Any = None,
        keepdim: bool = False,
        *,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        out: Tensor | None = None,
    ) -> Any:
        if type(x) is not Tensor:
            raise unsupported(name, x)
        if type(dim) is Tensor and elementwise is not None:
            return elementwise(x, dim, out=out)
        if dtype is not None:
            asked = as_dtype(dtype)
            x = cast(x, asked)
            if accumulates and is_narrow(asked):
                found = cast(function(x, dim, keepdim, axis=axis, keepdims=keepdims), asked)
                return found if out is None else into(name, out, found)
        elif accumulates and x._key.dtype.kind in "biu":
            x = cast(x, int64 if pytorch or dim is not None else accumulation_dtype(x.dtype))
        chosen = axis if dim is None else dim
        if chosen is not None:
            axis = normalize_axes(name, chosen, x.ndim, dim is not None)
            if axis == () and dim is not None and operation.result != "bool":
                # No axis named in PyTorch's spelling are all of them, but for all and any.
                axis = None
        if located is not None:
            _require_elements(name, x.shape, axis)
            if dim is not None:
                if not x._array.shape:
                    return as_vector(function, x, dim, keepdim, out=out)
                extremes = MaxMin(*located(x, normalize_axis(name, dim, x.ndim), keepdim))
                return extremes if out is None else MaxMin(*into_all(name, out, extremes))
        if keepdims is not False or keepdim is not False:
            keepdims = as_flag(name, "keepdims", keepdims or keepdim)
        storage = x._storage
        if storage is not None and storage.version != x._version:
            refresh(x)
        kernel, key = x._key.table[name]
        result = new_tensor()
        result._array = kernel(x._array, axis=axis, keepdims=keepdims)
        result._key = key
        result._node = None
        result._storage = None
        edge = x._node
        if edge is not None and differentiable and is_grad_enabled():
            operation.record(x, edge, result, axis=axis, keepdims=keepdims)
        return result if out is None else into(name, out, result)

    return function


def _require_elements(name: str, shape: tuple[int, ...], axes: tuple[int, ...] | None) -> None:
    if 0 in shape and 0 in (shape if axes is None else [shape[axis] for axis in axes]):
        raise ShapeError(f"{name}: got shape {shape}, wanted at least one element along the axis")


def accumulation_dtype(dtype: DType) -> DType:
    """The dtype in which a sum is made where none is given: integers in 64 bits (the standard's "default integer").

    PyTorch's sums of unsigned integers are signed.
    """
    if dtype.kind == "u":
        return as_dtype("uint64")
    return int64 if dtype is bool_ or dtype.kind == "i" else dtype


def is_narrow(dtype: DType) -> bool:
    """Whether these are booleans or integers of fewer than 64 bits. Libraries widen them to accumulate; what wraps
    around in few bits is what more bits give, cut off.
    """
    return dtype.kind in "biu" and dtype.itemsize < 8
