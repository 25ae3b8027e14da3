"""Cases of the gradients of reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorplug as tp

from .case import Case, points


def along(name: str, jax: Callable[..., Any] | None = None) -> list[Case]:
    """Cases of a reduction that both libraries call by one name, or that `jax` is."""
    axes: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((2, 3, 2), {"axis": axis, "keepdims": keepdims})
        for axis, keepdims in ((None, False), (None, True), (1, True), (-1, False), ((0, 2), False), ((-1, 0), True))
    ]
    axes += [((), {"axis": None}), ((3,), {"axis": 0}), ((0, 2), {"axis": 1}), ((2, 3), {"axis": ()})]
    same = jax or (lambda jnp, x, **options: getattr(jnp, name)(x, **options))
    return [
        Case(
            lambda x, options=options: getattr(tp, name)(x, **options),
            points(shape),
            lambda jnp, x, options=options: same(jnp, x, **options),
        )
        for shape, options in axes
    ]


CASES: dict[str, list[Case]] = {
    **{name: along(name) for name in ("max", "mean", "min", "sum")},
}
