"""Uses of sorting functions."""

from __future__ import annotations

from .use import Use, fixed

TIES = fixed([[2, 1, 2], [0, 1, 1]])
"""Rows with a pair of equal elements."""

COMPARED = "iuf"

SPECIAL = fixed([1.0, float("nan"), -0.0, float("inf"), 0.0, -0.0, -float("inf"), float("nan"), 0.0, 0.0])
"""NaN, infinities, and zeros of both signs, which are equal but distinguishable."""


def _order(name: str) -> tuple[Use, ...]:
    """Uses of a sorting function along an axis."""
    return (
        Use(f"tp.{name}(x)", dtypes=COMPARED, x=(2, 3)),
        Use(f"tp.{name}(x, axis=0)", dtypes=COMPARED, x=(2, 3)),
        Use(f"tp.{name}(x, axis=-2)", dtypes=COMPARED, x=(2, 3, 2, 2)),
        Use(f"tp.{name}(x, descending=True)", dtypes=COMPARED, x=(2, 3)),
        Use(f"tp.{name}(x, axis=1, descending=True, stable=True)", dtypes=COMPARED, smooth=False, x=TIES),
        Use(f"tp.{name}(x)", dtypes=COMPARED, smooth=False, x=TIES),
        Use(f"tp.{name}(x, axis=0)", dtypes=COMPARED, smooth=False, x=fixed([[1, 0], [1, 0], [0, 1]])),
        Use(f"tp.{name}(x)", dtypes=COMPARED, x=(3,)),
        Use(f"tp.{name}(x, axis=1)", dtypes=COMPARED, x=(2, 1, 3)),
        Use(f"tp.{name}(x, axis=0)", dtypes=COMPARED, x=(0, 3)),
        Use(f"tp.{name}(x, axis=1)", dtypes=COMPARED, x=(0, 3)),
        Use(f"tp.{name}(x[:, ::-1])", dtypes=COMPARED, smooth=False, x=TIES),
    )


USES: dict[str, tuple[Use, ...]] = {
    "sort": (
        *_order("sort"),
        Use("tp.sum(tp.signbit(tp.sort(x)), dtype=tp.int64)", dtypes="f", smooth=False, x=SPECIAL),
        Use("tp.sort(x, stable=False)", dtypes=COMPARED, x=(2, 3)),
        Use("tuple(tp.sort(x, 0))", dtypes=COMPARED, smooth=False, x=TIES),
        Use("tuple(x.sort(1, descending=True, stable=True))", dtypes=COMPARED, smooth=False, x=TIES),
    ),
    "argsort": (
        *_order("argsort"),
        Use("tp.take_along_axis(x, tp.argsort(x, stable=False), axis=-1)", dtypes=COMPARED, x=(2, 3)),
        Use("tp.argsort(x, 0, True)", dtypes=COMPARED, x=(2, 3)),
        # Longer rows may use a different algorithm.
        Use("tp.argsort(x, axis=0)", dtypes=COMPARED, smooth=False, x=(2500, 2)),
    ),
    "positions_of_greatest": (
        Use('OPERATIONS["positions_of_greatest"](x, count=2, axis=1)', dtypes=COMPARED, x=(2, 3)),
        Use('OPERATIONS["positions_of_greatest"](x, count=0, axis=0)', dtypes=COMPARED, x=(2, 3)),
        Use('OPERATIONS["positions_of_greatest"](x, count=7, axis=0)', dtypes="f", smooth=False, x=SPECIAL),
    ),
    "topk": (
        Use("tuple(tp.topk(x, 2))", dtypes=COMPARED, x=(2, 3)),
        Use("tuple(tp.topk(x, 1, dim=0))", dtypes=COMPARED, x=(2, 3)),
        Use("tuple(tp.topk(x, 2, largest=False))", dtypes=COMPARED, x=(2, 3)),
        Use("tuple(tp.topk(x, 2))", dtypes=COMPARED, smooth=False, x=TIES),
        Use("tuple(tp.topk(x, 3, -1, False, True))", dtypes=COMPARED, smooth=False, x=TIES),
        Use("tuple(tp.topk(x, 2, dim=-3))", dtypes=COMPARED, x=(2, 3, 2, 2)),
        Use("tuple(tp.topk(x, 0))", dtypes=COMPARED, x=(2, 3)),
        Use("tuple(tp.topk(x, 2))", dtypes=COMPARED, x=(0, 3)),
    ),
}
