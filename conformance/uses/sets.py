"""Uses of set functions."""

from __future__ import annotations

from .use import Operand, Use, fixed, integers

NAN, INF = float("nan"), float("inf")

SPECIAL = fixed([2.0, NAN, -INF, 2.0, NAN, INF, INF])
"""Repeated numbers with NaN, which is unequal to itself."""

SMALL = integers(0, 4)
"""Small integers, so that some are elements of the other operand."""


def _set(name: str) -> tuple[Use, ...]:
    return (
        Use(f"tp.{name}(x)", smooth=False, x=(2, 3)),
        Use(f"tp.{name}(x)", smooth=False, x=fixed([3, 1, 3, 0, 1, 3])),
        *(Use(f"tp.{name}(x)", smooth=False, x=shape) for shape in ((3,), (), (0, 3), (2, 3, 2, 2))),
        Use(f"tp.{name}(x[:, ::-1].mT)", smooth=False, x=(2, 3)),
        Use(f"tp.{name}(x)", dtypes="fc", smooth=False, x=fixed([0.0, -0.0, 2.0, 0.0])),
        Use(f"tp.{name}(x)", dtypes="f", smooth=False, x=SPECIAL),
    )


USES: dict[str, tuple[Use, ...]] = {
    "isin": (
        Use("tp.isin(x1, x2)", smooth=False, x1=(2, 3), x2=(3,)),
        Use("tp.isin(x1, x2)", smooth=False, x1=fixed([[0, 1, 3], [2, 2, 3]]), x2=fixed([[3], [1]])),
        Use("tp.isin(x1, x2, invert=True)", smooth=False, x1=fixed([[0, 1, 3], [2, 2, 3]]), x2=fixed([3, 1])),
        Use("tp.isin(x1, x2, assume_unique=True)", dtypes="iufc", smooth=False, x1=fixed([0, 1, 3]), x2=fixed([3, 1])),
        Use("tp.isin(x1, 1)", dtypes="iufc", smooth=False, x1=fixed([[0, 1, 3], [2, 2, 3]])),
        Use("tp.isin(x1, x2)", smooth=False, every_dtype=True, x1=Operand((), SMALL), x2=Operand((3,), SMALL)),
        Use("tp.isin(x1, x2, invert=True)", smooth=False, x1=Operand((3, 3), SMALL), x2=Operand((2,), SMALL)),
        Use("tp.isin(x1, x2)", dtypes="f", smooth=False, x1=fixed([0.0, NAN, INF, 1.0]), x2=SPECIAL),
        Use("tp.isin(x1, x2, invert=True)", dtypes="f", smooth=False, x1=fixed([0.0, NAN, -0.0]), x2=fixed([-0.0, 1])),
        Use("tp.isin(x1, x2)", smooth=False, x1=(2, 3), x2=(0, 3)),
        Use("tp.isin(x1, x2)", smooth=False, x1=(0, 3), x2=(3,)),
        Use("tp.isin(x1, x2)", smooth=False, x1=(2, 3, 2, 2), x2=(3,)),
    ),
    # The operation that all four are made of.
    "unique_indices": (*_set("unique_all"), Use("tp.unique_counts(x)", smooth=False, x=Operand((2, 3), SMALL))),
    "unique_all": _set("unique_all"),
    "unique_counts": _set("unique_counts"),
    "unique_inverse": _set("unique_inverse"),
    "unique_values": _set("unique_values"),
}
