"""Utility functions (array API standard 2025.12, "Utility Functions")."""

from __future__ import annotations

from typing import Any

from ..families.function import function
from ..families.reductions import reduction
from ..memory.structure import clone
from ..memory.tensor import Tensor
from ..types.axes import as_integer
from .elementwise import not_equal, subtract
from .manipulation import concat

__all__ = ["all", "any", "diff"]


@reduction("all", result="bool")
def all(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """Whether all elements along axes are nonzero or true; true for no elements.

    Notes
    -----
    NaN and infinities count as true, and complex numbers of which either part is not zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.all(tp.tensor([True, False]))
    tensor(False)
    """


@reduction("all", result="bool")
def any(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """Whether any element along axes is nonzero or true; false for no elements.

    Notes
    -----
    NaN and infinities count as true, and complex numbers of which either part is not zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.any(tp.tensor([True, False]))
    tensor(True)
    """


@function(methods=("diff",), axis="one")
def diff(
    x: Tensor,
    /,
    n: int = 1,
    dim: int | None = None,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    axis: int = -1,
) -> Tensor:
    """The `n`-th differences of adjacent elements along an axis.

    Parameters
    ----------
    x : Tensor
        At least 1-d. Unsigned integers wrap around; of booleans, whether neighbours differ, as in PyTorch.
    n : int, default: 1
        Not negative.
    dim
        PyTorch's spelling of `axis`.
    prepend, append : Tensor, optional
        Put before and after `x` first; of its shape but for the axis. The dtypes are promoted to a common one.
    axis : int, default: -1

    Returns
    -------
    Tensor
        The promoted dtype; as long as `x`, `prepend` and `append` together, less `n`, along the axis.

    Raises
    ------
    IndexError
        If the axis is out of range.
    ShapeError
        If `n` is negative, or the shapes of `x`, `prepend` and `append` differ elsewhere.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.diff(tp.tensor([1, 4, 9]))
    tensor([3, 5])
    >>> tp.diff(tp.tensor([1, 4, 9]), n=2)
    tensor([2])
    """
    times = as_integer("diff", "n", n)
    if times < 0:
        raise ValueError(f"diff: got n={times}, wanted none or more")
    if not times:
        return clone(x)
    parts = [part for part in (prepend, x, append) if part is not None]
    result = concat(parts, axis=axis) if len(parts) > 1 else x
    before = (slice(None),) * axis
    for _ in range(min(times, result.shape[axis])):
        minus: Any = not_equal if result.dtype.kind == "b" else subtract
        result = minus(result[(*before, slice(1, None))], result[(*before, slice(-1))])
    return result
