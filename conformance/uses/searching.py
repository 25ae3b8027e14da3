"""Uses of searching functions."""

from __future__ import annotations

from .use import (
    Operand,
    Use,
    fixed,
    integers,
)

ASCENDING = fixed([0, 1, 1, 3])

COMPARED = "iuf"

NAN, INF = float("nan"), float("inf")

SPECIAL = fixed([0.0, NAN, -0.0, INF, 1.0, -INF, NAN])

USES: dict[str, tuple[Use, ...]] = {
    "searchsorted": (
        Use("tp.searchsorted(x1, x2)", dtypes=COMPARED, x1=ASCENDING, x2=Operand((2, 3), integers(0, 5))),
        Use('tp.searchsorted(x1, x2, side="right")', dtypes=COMPARED, x1=ASCENDING, x2=Operand((3,), integers(0, 5))),
        Use("tp.searchsorted(x1, x2, right=True)", dtypes=COMPARED, x1=ASCENDING, x2=Operand((3,), integers(0, 5))),
        Use(
            "tp.searchsorted(x1, x2, sorter=s)",
            dtypes=COMPARED,
            x1=fixed([3, 0, 1, 1]),
            x2=Operand((3,), integers(0, 5)),
            s=fixed([1, 2, 3, 0], "int64"),
        ),
        Use("tp.searchsorted(x1, x2)", dtypes="f", x1=fixed([-2.0, -0.5, 1.0]), x2=(2, 3)),
        Use("tp.searchsorted(x1, x2)", dtypes=COMPARED, x1=ASCENDING, x2=Operand((), integers(0, 5))),
        Use("tp.searchsorted(x1, x2)", dtypes="f", x1=fixed([-INF, -1.0, 0.0, 2.0, INF, NAN]), x2=SPECIAL),
        Use("tp.searchsorted(x1, x2)", dtypes="f", x1=ASCENDING, x2=SPECIAL),
        Use('tp.searchsorted(x1, x2, side="right")', dtypes="f", x1=fixed([-INF, 0.0, INF, NAN]), x2=SPECIAL),
        Use("tp.searchsorted(x1, x2)", dtypes=COMPARED, x1=fixed([]), x2=Operand((2, 3), integers(0, 5))),
        Use("tp.searchsorted(x1, x2)", dtypes=COMPARED, x1=ASCENDING, x2=(0, 3)),
        Use("tp.searchsorted(x1, 1)", dtypes="iu", x1=ASCENDING),
        Use("tp.searchsorted(x1[::-1], x2)", dtypes=COMPARED, x1=fixed([3, 2, 0]), x2=Operand((3,), integers(0, 5))),
    ),
    "nonzero": (
        Use("tp.nonzero(x)", smooth=False, x=fixed([[0, 1, 1], [1, 0, 0]])),
        Use("tp.nonzero(x)", smooth=False, x=(2, 3)),
        Use("tp.nonzero(x)", smooth=False, x=(3,)),
        Use("tp.nonzero(x)", smooth=False, x=(2, 3, 2, 2)),
        Use("tp.nonzero(x)", smooth=False, x=(0, 3)),
        Use("tp.nonzero(x)", smooth=False, x=fixed([[0, 0]])),
        Use("tp.nonzero(x)", dtypes="fc", smooth=False, x=SPECIAL),
        Use("tp.nonzero(x.mT)", smooth=False, x=fixed([[0, 1, 1], [1, 0, 0]])),
        Use("tp.nonzero(x, as_tuple=False)", smooth=False, x=fixed([[0, 1, 1], [1, 0, 0]])),
        Use("x.nonzero()", smooth=False, x=fixed([[0, 1, 1], [1, 0, 0]])),
    ),
}
