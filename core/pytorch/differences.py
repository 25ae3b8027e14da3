"""`gradient`: numerical derivatives by finite differences, as in PyTorch and NumPy."""

from __future__ import annotations

from typing import Any

from ..families.function import function
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..standard.manipulation import concat
from ..types.axes import normalize_axes
from ..types.errors import ArgumentError, ShapeError

__all__ = ["gradient"]


@function()
def gradient(input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> list[Tensor]:
    """Derivatives along axes, by central differences, one-sided at the ends; as `numpy.gradient`.

    Parameters
    ----------
    input : Tensor
        Of a floating-point dtype.
    spacing : number, or sequence of numbers or of Tensor, default: 1
        The distance between elements, or for each axis its distance or the coordinates of its elements.
    dim : int or sequence of int, optional
        By default all axes.
    edge_order : {1, 2}, default: 1
        The order of the differences at the ends.

    Returns
    -------
    list of Tensor
        For each axis the derivatives, of the shape of `input`.

    Raises
    ------
    ValueError
        If an axis has at most `edge_order` elements, or there are not as many spacings as axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.gradient(tp.tensor([1.0, 4.0, 9.0]))
    [tensor([3., 4., 5.])]
    """
    axes = normalize_axes("gradient", dim, input.ndim)
    axes = tuple(range(input.ndim)) if axes is None else axes
    spacing = 1 if spacing is None else spacing
    spacings = list(spacing) if isinstance(spacing, list | tuple) else [spacing] * len(axes)
    if len(spacings) != len(axes):
        raise ArgumentError(f"gradient: got {len(spacings)} spacings for {len(axes)} axes, wanted one for each")
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: got edge_order {edge_order!r}, wanted 1 or 2")
    return [_derivative(input, axis, step, edge_order) for axis, step in zip(axes, spacings, strict=True)]


def _derivative(x: Tensor, axis: int, spacing: Any, edge_order: int) -> Tensor:
    length = x.shape[axis]
    if length <= edge_order:
        raise ShapeError(f"gradient: axis {axis} has {length} elements, wanted more than edge_order, {edge_order}")

    def part(begin: int | None, end: int | None = None) -> Tensor:
        return x[(*(slice(None),) * axis, slice(begin, end))]

    def step(begin: int | None, end: int | None = None) -> Any:
        return steps[begin:end] if isinstance(steps, Tensor) else steps

    steps = spacing
    if isinstance(spacing, Tensor) and spacing.ndim:
        if spacing.shape != (length,):
            raise ShapeError(f"gradient: got coordinates of shape {spacing.shape}, wanted ({length},)")
        steps = reshape(spacing[1:] - spacing[:-1], (length - 1, *[1] * (x.ndim - axis - 1)))
    slopes = (part(1) - part(None, -1)) / steps
    before, after = step(None, -1), step(1)

    def slope(begin: int | None, end: int | None = None) -> Tensor:
        return slopes[(*(slice(None),) * axis, slice(begin, end))]

    # The slope of the parabola through three points is the mean of two slopes, weighted by the other's distance.
    inner = (after * slope(None, -1) + before * slope(1)) / (before + after)
    first, last = slope(None, 1), slope(-1)
    if edge_order == 2:
        bend = (slope(1) - slope(None, -1)) / (before + after)
        start, end = (bend[(*(slice(None),) * axis, one)] for one in (slice(None, 1), slice(-1, None)))
        first, last = first - start * step(None, 1), last + end * step(-1)
    return concat([first, inner, last], axis=axis)
