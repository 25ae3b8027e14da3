"""What becomes of the losses of the single elements: kept, added up, or averaged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..core.memory.tensor import Tensor
from ..core.standard.statistical import mean, sum

REDUCTIONS: dict[str, Callable[[Tensor, Any], Tensor]] = {
    "none": lambda losses, total: losses,
    "mean": lambda losses, total: mean(losses) if total is None else sum(losses) / total,
    "sum": lambda losses, total: sum(losses),
}
"""By PyTorch's names; `total` is what a weighted mean is divided by, None for the number of elements."""


def require_reduction(loss: str, reduction: str, allowed: Iterable[str] = REDUCTIONS) -> None:
    """Raise ValueError unless there is a reduction of that name."""
    names = tuple(allowed)
    if reduction not in names:
        raise ValueError(f"{loss}: reduction must be one of {', '.join(map(repr, names))}, got {reduction!r}")


def reduce(losses: Tensor, reduction: str, total: Tensor | float | None = None) -> Tensor:
    """The losses under a reduction.

    Parameters
    ----------
    losses : Tensor
        One for each element.
    reduction : str
        A key of `REDUCTIONS`.
    total : Tensor or float, optional
        What a mean is divided by, where elements have weights; their number by default.
    """
    return REDUCTIONS[reduction](losses, total)
