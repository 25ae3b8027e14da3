"""Cases of the gradients of the chapter "sorting"."""

from __future__ import annotations

import tensorplug as tp

from .case import Case, points

CASES: dict[str, list[Case]] = {
    "sort": [
        Case(
            lambda x, axis=axis: tp.sort(x * x, axis=axis),
            points(shape),
            lambda jnp, x, axis=axis: jnp.sort(x * x, axis=axis),
        )
        for shape, axis in (((2, 3, 2), 1), ((4,), -1), ((0, 2), 1))
    ]
    + [
        Case(
            lambda x: tp.sort(x, axis=0, descending=True),
            points((3, 2)),
            lambda jnp, x: jnp.sort(x, axis=0, descending=True),
        ),
        Case(lambda x: x.sort(1).values, points((2, 3)), lambda jnp, x: jnp.sort(x, axis=1)),
    ],
}
