"""Uses of utility functions."""

from __future__ import annotations

from .use import Use

USES: dict[str, tuple[Use, ...]] = {
    "diff": (
        Use("tp.diff(x)", dtypes="iufc", x=(2, 3)),
        Use("tp.diff(x, axis=0)", dtypes="iufc", x=(2, 3)),
        Use("tp.diff(x, n=2)", dtypes="iufc", x=(2, 3)),
        Use("tp.diff(x, n=2, axis=-3)", dtypes="iufc", x=(2, 3, 2, 2)),
        Use("tp.diff(x, n=0)", dtypes="iufc", x=(2, 3)),
        Use("tp.diff(x, n=9)", dtypes="iufc", x=(2, 3)),
        Use("tp.diff(x, prepend=y)", dtypes="iufc", x=(2, 3), y=(2, 1)),
        Use("tp.diff(x, n=2, append=y)", dtypes="iufc", x=(2, 3), y=(2, 2)),
        Use("tp.diff(x, axis=0, prepend=y, append=z)", dtypes="iufc", x=(2, 3), y=(1, 3), z=(2, 3)),
        Use("tp.diff(x)", dtypes="iufc", x=(3,)),
        Use("tp.diff(x, axis=1)", dtypes="iufc", x=(2, 1, 3)),
        Use("tp.diff(x, axis=1)", dtypes="iufc", x=(0, 3)),
        Use("tp.diff(x, axis=0)", dtypes="iufc", x=(0, 3)),
        Use("tp.diff(x)", dtypes="b", x=(2, 3)),
        Use("tp.diff(x, 1, 0)", dtypes="iufc", x=(2, 3)),
    ),
}
