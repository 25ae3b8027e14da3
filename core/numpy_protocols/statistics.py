"""NumPy's statistics, and those that ignore NaN."""

from __future__ import annotations

import math
from typing import Any

from ..memory.structure import broadcast_to, cast, clone, reshape
from ..memory.tensor import Tensor
from ..standard import (
    data_types,
    elementwise,
    indexing,
    linalg,
    linear_algebra,
    manipulation,
    searching,
    sorting,
    statistical,
    utility,
)
from ..types.axes import normalize_axis
from ..types.errors import ShapeError
from .arrays import atleast, concatenate
from .composed import composed
from .operands import Function, cast_operand, flattened, tensor_pair


@composed("numpy.array_equal")
def _array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    x1, x2 = tensor_pair(a1, a2)
    if x1.shape != x2.shape:
        return False
    same = elementwise.equal(x1, x2)
    if equal_nan:
        same = elementwise.logical_or(same, elementwise.logical_and(x1 != x1, x2 != x2))
    return bool(utility.all(same))


@composed("numpy.average")
def _average(a: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Tensor:
    if weights is None:
        return statistical.mean(a, axis=axis, keepdims=keepdims)
    a, weights = tensor_pair(a, weights)
    if isinstance(axis, int) and weights.ndim == 1:
        shape = [1] * a.ndim
        shape[normalize_axis("numpy.average", axis, a.ndim)] = -1
        weights = weights.reshape(shape)
    elif a.shape != weights.shape:
        raise ShapeError(
            f"numpy.average: got weights of shape {weights.shape}, wanted {a.shape}, or one axis and axis= an integer"
        )
    total = statistical.sum(a * weights, axis=axis, keepdims=keepdims)
    return total / statistical.sum(broadcast_to(weights, a.shape), axis=axis, keepdims=keepdims)


@composed("numpy.corrcoef")
def _corrcoef(x: Tensor, y: Any = None, rowvar: bool = True) -> Tensor:
    rows = atleast(2, x) if rowvar or x.ndim < 2 else x.mT
    if y is not None:
        y = tensor_pair(x, y)[1]
        rows = concatenate([rows, atleast(2, y) if rowvar or y.ndim < 2 else y.mT])
    centred = rows - rows.mean(-1, keepdim=True)
    unit = centred / linalg.vector_norm(centred, axis=-1, keepdims=True)
    found = linear_algebra.matmul(unit, unit.conj().mT)
    return found[0, 0] if found.shape == (1, 1) else found


def _cumulative(function: Function, fill: Any = None) -> Function:
    """A cumulative function that flattens the tensor if no axis is given, with `fill` in place of NaN."""

    def cumulation(a: Tensor, axis: Any = None, dtype: Any = None) -> Tensor:
        x = flattened(a) if axis is None else a
        if fill is not None:
            x = searching.where(elementwise.isnan(x), fill, x)
        found: Tensor = function(x, axis=0 if axis is None else axis, dtype=dtype)
        return found

    return cumulation


@composed("numpy.diff")
def _diff(a: Tensor, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    shape = list(a.shape)
    shape[normalize_axis("numpy.diff", axis, a.ndim)] = 1
    ends = [None if one is None else tensor_pair(a, one)[1] for one in (prepend, append)]
    first, last = (broadcast_to(x, tuple(shape)) if x is not None and not x.ndim else x for x in ends)
    return utility.diff(a, n, prepend=first, append=last, axis=axis)


def _median(ignores_nan: bool) -> Function:
    def median(a: Tensor, axis: Any = None, keepdims: bool = False, overwrite_input: bool = False) -> Tensor:
        axes = range(a.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
        axes = [normalize_axis("numpy.median", one, a.ndim) for one in axes]
        rest = [i for i in range(a.ndim) if i not in axes]
        flat = manipulation.permute_dims(a, (*rest, *axes))
        rows = sorting.sort(reshape(flat, (*(a.shape[i] for i in rest), math.prod(a.shape[i] for i in axes))))
        length = rows.shape[-1]
        count = statistical.sum(elementwise.isnan(rows).logical_not(), axis=-1, keepdims=True)
        # NaN is sorted last.
        below, above = (
            indexing.take_along_axis(rows, elementwise.clip(position, 0, length - 1), axis=-1)
            for position in ((count - 1) // 2, count // 2)
        )
        found = (below + above) / 2
        if not ignores_nan:
            found = searching.where(count < length, math.nan, found)
        return reshape(found, tuple(1 if i in axes else a.shape[i] for i in (range(a.ndim) if keepdims else rest)))

    return median


def _ignoring_nan(function: Function, fill: float) -> Function:
    """A reduction with `fill` in place of NaN; with an infinite `fill`, NaN where all elements are NaN."""

    def reduction(a: Tensor, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
        options: dict[str, Any] = {"axis": axis, "keepdims": keepdims} | ({} if dtype is None else {"dtype": dtype})
        if a.dtype.kind not in "fc":
            whole: Tensor = function(a, **options)
            return whole
        nan = elementwise.isnan(a)
        found: Tensor = function(searching.where(nan, fill, a), **options)
        if math.isinf(fill) and found.dtype.kind != "i":
            found = searching.where(utility.all(nan, axis=axis, keepdims=keepdims), math.nan, found)
        return found

    return reduction


@composed("numpy.nanmean")
def _nan_mean(a: Tensor, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    x = a if dtype is None else cast_operand("numpy.nanmean", a, dtype, a)
    nan = elementwise.isnan(x)
    count = statistical.sum(nan.logical_not(), axis=axis, keepdims=keepdims)
    return statistical.sum(searching.where(nan, 0, x), axis=axis, keepdims=keepdims) / count


def _nan_spread(is_root: bool) -> Function:
    def spread(a: Tensor, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        x = a if dtype is None else cast_operand("numpy.nanvar", a, dtype, a)
        nan = elementwise.isnan(x)
        centred = searching.where(nan, 0, x - _nan_mean(x, axis, keepdims=True))
        count = statistical.sum(nan.logical_not(), axis=axis, keepdims=keepdims) - ddof
        count = cast(count, centred.real.dtype)
        count = searching.where(count > 0, count, math.nan)
        if is_root:
            # The norm is differentiable where all elements are equal.
            return linalg.vector_norm(centred, axis=axis, keepdims=keepdims) / elementwise.sqrt(count)
        squares = (centred * centred.conj()).real
        return statistical.sum(squares, axis=axis, keepdims=keepdims) / count

    return spread


@composed("numpy.nan_to_num")
def _nan_to_num(x: Tensor, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    if x.dtype.kind not in "fc":
        return clone(x)
    if x.dtype.kind == "c":
        return elementwise.complex(*(_nan_to_num(part, nan, posinf, neginf) for part in (x.real, x.imag)))
    limits = data_types.finfo(x.dtype)
    found = searching.where(elementwise.isnan(x), nan, x)
    found = searching.where(x == math.inf, limits.max if posinf is None else posinf, found)
    return searching.where(x == -math.inf, limits.min if neginf is None else neginf, found)


composed("numpy.cumprod")(_cumulative(statistical.cumulative_prod))
composed("numpy.cumsum")(_cumulative(statistical.cumulative_sum))
composed("numpy.median")(_median(ignores_nan=False))
composed("numpy.nanargmax")(_ignoring_nan(searching.argmax, -math.inf))
composed("numpy.nanargmin")(_ignoring_nan(searching.argmin, math.inf))
composed("numpy.nancumprod")(_cumulative(statistical.cumulative_prod, 1))
composed("numpy.nancumsum")(_cumulative(statistical.cumulative_sum, 0))
composed("numpy.nanmax")(_ignoring_nan(statistical.max, -math.inf))
composed("numpy.nanmedian")(_median(ignores_nan=True))
composed("numpy.nanmin")(_ignoring_nan(statistical.min, math.inf))
composed("numpy.nanprod")(_ignoring_nan(statistical.prod, 1))
composed("numpy.nanstd")(_nan_spread(is_root=True))
composed("numpy.nansum")(_ignoring_nan(statistical.sum, 0))
composed("numpy.nanvar")(_nan_spread(is_root=False))
composed("numpy.ptp")(
    lambda a, axis=None, keepdims=False: (
        statistical.max(a, axis=axis, keepdims=keepdims) - statistical.min(a, axis=axis, keepdims=keepdims)
    )
)
