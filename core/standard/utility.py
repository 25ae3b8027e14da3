"""Utility functions (array API standard 2025.12, "Utility Functions")."""

from __future__ import annotations

from typing import Any

from ..dispatch.operation import Operation
from ..families.reductions import reduction
from ..memory.structure import clone
from ..memory.tensor import Tensor
from ..types.axes import as_integer, normalize_axis
from ..types.errors import unsupported
from .elementwise import not_equal, subtract
from .manipulation import concat

__all__ = ["all", "any", "diff"]

all = reduction(
    "all",
    "all",
    "Whether all elements along the axes are true, or not zero; true of none.",
    result="bool",
    notes="NaN and infinities count as true, and complex numbers of which either part is not zero.",
    example="""
    >>> tp.all(tp.tensor([True, False]))
    tensor(False)
    """,
)
any = reduction(
    "any",
    "all",
    "Whether any element along the axes is true, or not zero; false of none.",
    result="bool",
    notes="NaN and infinities count as true, and complex numbers of which either part is not zero.",
    example="""
    >>> tp.any(tp.tensor([True, False]))
    tensor(True)
    """,
)

_diff = Operation("diff", family="composite", operands=("x",), methods=("diff",))


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
    """The differences between neighbours along an axis, taken `n` times.

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
    if type(x) is not Tensor:
        raise unsupported("diff", x)
    position = normalize_axis("diff", axis if dim is None else dim, x.ndim)
    times = as_integer("diff", "n", n)
    if times < 0:
        raise ValueError(f"diff: got n={times}, wanted none or more")
    parts = [part for part in (prepend, x, append) if part is not None]
    result = concat(parts, axis=position) if len(parts) > 1 else x
    before = (slice(None),) * position
    for _ in range(min(times, result.shape[position])):
        minus: Any = not_equal if result.dtype.kind == "b" else subtract
        result = minus(result[(*before, slice(1, None))], result[(*before, slice(-1))])
    return clone(result) if result is x else result


_diff.function = diff
