"""Reductions of elementwise losses: "none", "mean" and "sum"."""

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
"""Functions ``(losses, total)`` by PyTorch's names; a weighted mean is divided by `total` unless it is None."""


def require_reduction(loss: str, reduction: str, allowed: Iterable[str] = REDUCTIONS) -> None:
    """Raise ValueError unless a reduction is one of the allowed names."""
    names = tuple(allowed)
    if reduction not in names:
        raise ValueError(f"{loss}: reduction must be one of {', '.join(map(repr, names))}, got {reduction!r}")


def reduce(losses: Tensor, reduction: str, total: Tensor | float | None = None) -> Tensor:
    """Apply a reduction to elementwise losses.

    Parameters
    ----------
    losses : Tensor
        One for each element.
    reduction : str
        A key of `REDUCTIONS`.
    total : Tensor or float, optional
        The divisor of a weighted mean; by default the number of losses.
    """
    return REDUCTIONS[reduction](losses, total)
