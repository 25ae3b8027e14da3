"""Reductions: functions that take axes away, in the standard's spelling and in PyTorch's."""

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
from .docs import documented, reduction_doc
from .function import as_vector
from .in_place import into, into_all


class MaxMin(NamedTuple):
    """Extreme values along an axis and where they are, as PyTorch's ``max(dim)`` and ``min(dim)`` return them."""

    values: Tensor
    indices: Tensor


Located = Callable[[Tensor, int, bool], tuple[Tensor, Tensor]]
"""``located(x, axis, keepdims)`` gives values along an axis and where they are."""


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
    located: Located | None = None,
    elementwise: Callable[..., Tensor] | None = None,
    **options: Any,
) -> Callable[[Callable[..., Any]], Reduction]:
    """Declare a reduction by a function without a body, with parameters `axis` and `keepdims`.

    Parameters
    ----------
    accepts, **options
        Those of `tensorplug.core.dispatch.operation.Operation`.
    accumulates
        Whether integers and booleans are widened to int64 or uint64 first, and a dtype can be asked for.
    located
        What finds the results along one axis and where they stand, for PyTorch's pairs of values and indices.
    elementwise
        The function of two tensors that PyTorch's ``max(x, y)`` calls.
    """

    def declare(definition: Callable[..., Any]) -> Reduction:
        made = operation(accepts=accepts, **options)(definition)
        doc = reduction_doc(made, definition.__doc__ or "", accumulates)
        function = _reduction(made, accumulates, located, elementwise, pytorch=False)
        documented(function, definition, made.name, doc)
        public(made.name, *(() if accumulates else (made.name,)))(function)
        if accumulates:
            of_tensor = _reduction(made, accumulates, located, elementwise, pytorch=True)
            documented(of_tensor, definition, made.name, doc)
            method(made.name)(of_tensor)
        return function

    return declare


def _reduction(
    operation: Operation,
    accumulates: bool,
    located: Located | None,
    elementwise: Callable[..., Tensor] | None,
    pytorch: bool,
) -> Reduction:
    """The function of a reduction; `pytorch` for the one that accumulates as PyTorch does, however it is called."""
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
