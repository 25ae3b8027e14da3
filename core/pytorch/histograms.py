"""Histograms along one or several axes, as in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from ..dispatch.keys import device_of
from ..families.function import function
from ..memory.coercion import same_device
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..memory.values import compute
from ..memory.views import detach
from ..standard.creation import ones_like
from ..standard.elementwise import subtract
from ..standard.manipulation import unstack
from ..standard.statistical import sum
from ..types.axes import as_float, as_integer, require_size
from ..types.errors import ArgumentError, ShapeError

__all__ = ["histogram", "histogramdd"]

_FLOATS = "real-valued floating-point"


class Histogram(NamedTuple):
    """Counts, and the edges of the bins."""

    hist: Tensor
    bin_edges: Any


def _edges(operation: str, x: Tensor, bins: Any, limits: Any) -> Tensor:
    """The edges of the bins of a vector, given them, or how many there are and the range."""
    if isinstance(bins, Tensor):
        if bins.ndim != 1 or bins.dtype is not x.dtype or not bins.size:
            raise ShapeError(
                f"{operation}: got bins of {bins.dtype} and shape {bins.shape}, wanted a vector of {x.dtype}"
            )
        return detach(same_device(operation, x, bins)[1])
    count = as_integer(operation, "bins", bins)
    if count < 1:
        raise ArgumentError(f"{operation}: got {count} bins, wanted at least one")
    require_size(operation, (count + 1,))
    if limits is not None:
        first, last = limits = tuple(as_float(operation, "range", one) for one in limits)
        if not (math.isfinite(first) and math.isfinite(last) and first <= last):
            raise ArgumentError(f"{operation}: got a range from {first} to {last}, wanted finite ascending numbers")
    found: Tensor = compute(_even_edges, x, operation=operation, count=count, limits=limits)
    return found


def _even_edges(ops: Any, x: Any, operation: str, count: int, limits: Any) -> Any:
    """The edges of bins of equal width; of a range of width 0, half a unit on both sides."""
    places = ops.arange(count + 1, dtype=x.dtype, device=device_of(x))
    one = ops.ones_like(ops.getitem(places, (slice(1),)))
    low, high = (one * 0.0, one) if limits is None else (one * limits[0], one * limits[1])
    if limits is None and x.shape[0]:
        low, high = ops.min(x, axis=(0,), keepdims=True), ops.max(x, axis=(0,), keepdims=True)
        for bound in (low, high):
            ops.inspect(_require_finite, bound, operation=operation)
    apart = ops.where(ops.equal(low, high), one * 0.5, one * 0.0)
    low, high = low - apart, high + apart
    step = (high - low) / count
    # From the nearer end, so that both are exact.
    return ops.where(places < (count + 1) // 2, low + step * places, high - step * (count - places))


def _require_finite(host: Any, operation: str) -> None:
    if not numpy.isfinite(host).all():
        raise ArgumentError(f"{operation}: got elements up to {host.ravel()[0]}, wanted finite numbers, or a range")


def _histogram(
    operation: str, rows: Sequence[Tensor], edges: Sequence[Tensor], weight: Tensor | None, density: bool
) -> Tensor:
    """The histogram of points, given their coordinates along each axis."""
    shape = tuple(one.shape[0] - 1 for one in edges)
    require_size(operation, shape)
    counted = ones_like(rows[0]) if weight is None else detach(reshape(weight, (-1,)))
    if counted.shape != rows[0].shape or counted.dtype is not rows[0].dtype:
        raise ShapeError(f"{operation}: got {counted.size} weights of {counted.dtype}, wanted one for each point")
    _, counted = same_device(operation, rows[0], counted)
    found: Tensor = compute(_sums_in_bins, counted, *rows, *edges, shape=shape)
    if density:
        found = found / sum(found)
        for axis, one in enumerate(edges):
            widths = subtract(one[1:], one[:-1])
            found = found / reshape(widths, (-1, *(1,) * (len(shape) - axis - 1)))
    return found


def _sums_in_bins(ops: Any, weight: Any, *rows_and_edges: Any, shape: tuple[int, ...]) -> Any:
    """The sums of the weights of the points in each bin."""
    rows, edges = rows_and_edges[: len(shape)], rows_and_edges[len(shape) :]
    place = inside = None
    for x, one, count in zip(rows, edges, shape, strict=True):
        first, last = ops.getitem(one, (slice(1),)), ops.getitem(one, (slice(-1, None),))
        within = ops.logical_and(ops.greater_equal(x, first), ops.less_equal(x, last))
        bin = ops.searchsorted(one, x, side="right") - 1
        # The last bin includes its end.
        bin = ops.where(ops.equal(x, last), ops.full_like(bin, count - 1), bin)
        place = bin if place is None else place * count + bin
        inside = within if inside is None else ops.logical_and(inside, within)
    if not math.prod(shape):
        return ops.reshape(ops.getitem(weight, (slice(0),)), shape)
    place = ops.where(inside, place, ops.zeros_like(place))
    counted = ops.where(inside, weight, ops.zeros_like(weight))
    return ops.reshape(ops.scatter_flat(place, counted, shape=(math.prod(shape),), axis=0, count=1), shape)


@function(methods=("histogram",), accepts=_FLOATS)
def histogram(
    input: Tensor, bins: Any, *, range: Any = None, weight: Tensor | None = None, density: bool = False, out: Any = None
) -> Histogram:
    """A histogram of all elements.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.
    bins : int or Tensor
        The number of bins of equal width, or the edges of bins in ascending order.
    range : pair of float, optional
        The first and the last edge, by default the smallest and the largest element. Elements beyond it are left out.
    weight : Tensor, optional
        What each element counts, by default 1; the shape and dtype of `input`.
    density : bool, default: False
        Whether the counts are scaled so that the integral is 1.
    out : pair of Tensor, optional
        The tensors that the results are written into.

    Returns
    -------
    hist, bin_edges
        Neither has a gradient.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.histogram(tp.tensor([1.0, 2.0, 1.0]), 2, range=(0.0, 3.0))
    Histogram(hist=tensor([2., 1.]), bin_edges=tensor([0.0000, 1.5000, 3.0000]))
    """
    x = reshape(detach(input), (-1,))
    if isinstance(bins, Tensor) and range is not None:
        raise ArgumentError("histogram: got a range with the edges of bins, which are one")
    edges = _edges("histogram", x, bins, range)
    return Histogram(_histogram("histogram", [x], [edges], weight, density), edges)


@function(accepts=_FLOATS)
def histogramdd(
    input: Tensor, bins: Any, *, range: Any = None, weight: Tensor | None = None, density: bool = False
) -> Histogram:
    """A histogram of points in several dimensions.

    Parameters
    ----------
    input : Tensor, shape (..., D)
        The coordinates of points, of a real-valued floating-point dtype.
    bins : int, or sequence of int or of Tensor
        The number of bins, or for each dimension their number or their edges.
    range : sequence of float, optional
        The first and the last edge of each dimension, one pair after the other.
    weight, density
        Those of `histogram`; there is a weight for each point.

    Returns
    -------
    hist, bin_edges
        The edges are a tuple of vectors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.histogramdd(tp.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), [2, 2]).hist
    tensor([[0., 1.],
            [1., 1.]])
    """
    if input.ndim < 2:
        raise ShapeError(f"histogramdd: got shape {input.shape}, wanted (..., D)")
    points = reshape(detach(input), (math.prod(input.shape[:-1]), input.shape[-1]))
    rows = unstack(points, axis=1)
    each = list(bins) if isinstance(bins, list | tuple) else [bins] * len(rows)
    limits = [None] * len(rows) if range is None else list(zip(range[::2], range[1::2], strict=True))
    if len(each) != len(rows) or len(limits) != len(rows):
        raise ShapeError(
            f"histogramdd: got bins of {len(each)} and a range of {len(limits)} dimensions, wanted {len(rows)}"
        )
    edges = tuple(_edges("histogramdd", x, one, limit) for x, one, limit in zip(rows, each, limits, strict=True))
    return Histogram(_histogram("histogramdd", rows, edges, weight, density), edges)
