"""`@reduction`: declare a reduction along axes, in the standard's spelling and in PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from ...autograd.modes import is_grad_enabled
from ..dispatch.operation import Operation, operation
from ..dispatch.registry import method, public
from ..memory.structure import cast
from ..memory.tensor import Tensor, new_tensor
from ..memory.views import refresh
from ..types.axes import as_flag, normalize_axes, normalize_axis
from ..types.dtypes import DType, as_dtype, bool_, int64
from ..types.errors import ShapeError, unsupported
from .docs import document, reduction_doc
from .function import as_vector
from .in_place import write_out


class MaxMin(NamedTuple):
    """Extreme values along an axis and their indices, which PyTorch's ``max(dim)`` and ``min(dim)`` return."""

    values: Tensor
    indices: Tensor


WithIndices = Callable[[Tensor, int, bool], tuple[Tensor, Tensor]]
"""``with_indices(x, axis, keepdims)`` gives the extreme values along an axis and their indices."""


class Reduction(Protocol):
    """A reduction, as users call it."""

    def __call__(
        self,
        input: Tensor,
        dim: Any = None,
        keepdim: bool = False,
        *,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        out: Any = None,
    ) -> Any: ...


def reduction(
    accepts: str,
    *,
    accumulates: bool = False,
    with_indices: WithIndices | None = None,
    elementwise: Callable[..., Tensor] | None = None,
    **options: Any,
) -> Callable[[Callable[..., Any]], Reduction]:
    """Declare a reduction by a function with parameters `axis` and `keepdims`, whose body is at most a decomposition.

    Parameters
    ----------
    accepts, **options
        Those of `tensorplug.core.dispatch.operation.Operation`.
    accumulates
        Whether integers and booleans are accumulated in 64 bits, and `dtype` asks for another dtype.
    with_indices
        Computes results along one axis and their indices, for PyTorch's ``max(dim)``.
    elementwise
        The function of two tensors that PyTorch's ``max(x, y)`` calls.
    """

    def declare(definition: Callable[..., Any]) -> Reduction:
        op = operation(accepts=accepts, **options)(definition)
        doc = reduction_doc(op, definition.__doc__ or "", accumulates)
        function = _reduction(op, accumulates, with_indices, elementwise, pytorch=False)
        document(function, definition, op.name, doc)
        public(op.name, *(() if accumulates else (op.name,)))(function)
        if accumulates:
            of_tensor = _reduction(op, accumulates, with_indices, elementwise, pytorch=True)
            document(of_tensor, definition, op.name, doc)
            method(op.name)(of_tensor)
        return function

    return declare


def _reduction(
    operation: Operation,
    accumulates: bool,
    with_indices: WithIndices | None,
    elementwise: Callable[..., Tensor] | None,
    pytorch: bool,
) -> Reduction:
    """The function of a reduction; with `pytorch`, integers are accumulated in int64 in either spelling."""
    name, differentiable = operation.name, operation.rule is not None

    def function(
        input: Tensor,
        dim: Any = None,
        keepdim: bool = False,
        *,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        out: Any = None,
    ) -> Any:
        x = input
        if not isinstance(x, Tensor):
            raise unsupported(name, x)
        if dim is not None and isinstance(dim, Tensor) and elementwise is not None:
            return elementwise(x, dim, out=out)
        if dtype is not None:
            asked = as_dtype(dtype)
            x = cast(x, asked)
            if accumulates and is_narrow(asked):
                found = cast(function(x, dim, keepdim, axis=axis, keepdims=keepdims), asked)
                return found if out is None else write_out(name, found, out)
        elif accumulates and x._key.dtype.kind in "biu":
            x = cast(x, int64 if pytorch or dim is not None else accumulation_dtype(x.dtype))
        chosen = axis if dim is None else dim
        if chosen is not None:
            axis = normalize_axes(name, chosen, x.ndim, dim is not None)
            if axis == () and dim is not None and operation.result != "bool":
                # In PyTorch's spelling no axes are all of them, except for all and any.
                axis = None
        if with_indices is not None:
            _require_elements(name, x.shape, axis)
            if dim is not None:
                if not x._array.shape:
                    return as_vector(function, x, dim, keepdim, out=out)
                extremes = MaxMin(*with_indices(x, normalize_axis(name, dim, x.ndim), keepdim))
                return extremes if out is None else write_out(name, extremes, out)
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
        return result if out is None else write_out(name, result, out)

    return function


def _require_elements(name: str, shape: tuple[int, ...], axes: tuple[int, ...] | None) -> None:
    if 0 in shape and 0 in (shape if axes is None else [shape[axis] for axis in axes]):
        raise ShapeError(f"{name}: got shape {shape}, wanted at least one element along the axis")


def accumulation_dtype(dtype: DType) -> DType:
    """The default dtype of a sum or product: 64 bits for integers and booleans; other dtypes keep theirs."""
    if dtype.kind == "u":
        return as_dtype("uint64")
    return int64 if dtype is bool_ or dtype.kind == "i" else dtype


def is_narrow(dtype: DType) -> bool:
    """Whether a dtype is boolean or an integer of fewer than 64 bits.

    Libraries accumulate these in 64 bits; cast back, the result wraps around as one of few bits does.
    """
    return dtype.kind in "biu" and dtype.itemsize < 8
