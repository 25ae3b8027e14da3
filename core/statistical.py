"""Reductions (array API standard 2025.12, "Statistical Functions" and "Utility Functions")."""

from __future__ import annotations

from .families import reduction

all = reduction(
    "all",
    "all",
    "Whether all elements along the axes are true, or not zero.",
    result="bool",
    example="""
    >>> tp.all(tp.tensor([True, False]))
    tensor(False)
    """,
)
any = reduction(
    "any",
    "all",
    "Whether any element along the axes is true, or not zero.",
    result="bool",
    example="""
    >>> tp.any(tp.tensor([True, False]))
    tensor(True)
    """,
)
max = reduction(
    "max",
    "real-valued",
    "The greatest element along the axes; NaN where there is one.",
    indices="argmax",
    notes="""
    With `dim`, as in PyTorch, a pair of values and indices. Equal greatest elements share the gradient evenly.
    """,
    example="""
    >>> x = tp.tensor([[1.0, 5.0], [4.0, 2.0]])
    >>> tp.max(x, axis=1)
    tensor([5., 4.])
    >>> tp.max(x, 1).indices
    tensor([1, 0])
    """,
)
mean = reduction(
    "mean",
    "floating-point",
    "The arithmetic mean of the elements along the axes.",
    example="""
    >>> tp.mean(tp.tensor([[1.0, 2.0], [3.0, 5.0]]), axis=0)
    tensor([2.0000, 3.5000])
    """,
)
min = reduction(
    "min",
    "real-valued",
    "The least element along the axes; NaN where there is one.",
    indices="argmin",
    notes="""
    With `dim`, as in PyTorch, a pair of values and indices. Equal least elements share the gradient evenly.
    """,
    example="""
    >>> x = tp.tensor([[1.0, 5.0], [4.0, 2.0]])
    >>> tp.min(x, axis=1)
    tensor([1., 2.])
    """,
)
sum = reduction(
    "sum",
    "numeric",
    "The sum of the elements along the axes.",
    accumulates=True,
    notes="""
    Half-precision types accumulate in float32. Booleans are counted, as in PyTorch.
    """,
    example="""
    >>> tp.sum(tp.tensor([[1.0, 2.0], [3.0, 5.0]]), axis=0)
    tensor([4., 7.])
    """,
)
