"""Cases of the gradients of reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

import tensorplug as tp
from tensorplug.core import OPERATIONS

from .case import Case, points


def along(name: str, jax: Callable[..., Any] | None = None, on_jax: tuple[int, ...] | None = None) -> list[Case]:
    """Cases of a reduction that both libraries call by one name, or that `jax` is; by default all are run on JAX."""
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
            None if on_jax and position not in on_jax else lambda jnp, x, options=options: same(jnp, x, **options),
        )
        for position, (shape, options) in enumerate(axes)
    ]


def with_zeros(*places: tuple[int, ...]) -> tuple[numpy.ndarray]:
    """A point with zeros at those places."""
    (x,) = points((2, 4))
    for place in places:
        x[place] = 0.0
    return (x,)


ZEROS = (with_zeros((0, 1)), with_zeros((0, 1), (0, 3), (1, 0)), with_zeros((0, 0), (0, 1), (0, 2)))
"""One, two and three zeros in a row."""


def cumulative(name: str) -> list[Case]:
    """Cases of a cumulative function."""
    axes: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((2, 3), {"axis": 1}),
        ((2, 3), {"axis": 0, "include_initial": True}),
        ((4,), {}),
        ((0, 2), {"axis": 0}),
        ((2, 0), {"axis": -1, "include_initial": True}),
    ]
    return [
        Case(
            lambda x, options=options: getattr(tp, name)(x, **options),
            points(shape),
            None if position > 1 else lambda jnp, x, options=options: getattr(jnp, name)(x, **options),
        )
        for position, (shape, options) in enumerate(axes)
    ]


def recurrence(jnp: Any, factors: Any, terms: Any) -> Any:
    """Step by step, along the last axis."""
    steps = [terms[..., 0]]
    for i in range(1, terms.shape[-1]):
        steps.append(terms[..., i] + factors[..., i] * steps[-1])
    return jnp.stack(steps, axis=-1)


def corrected(name: str) -> list[Case]:
    """Cases of `std` and `var` with a correction."""
    return [
        Case(
            lambda x, axis=axis, correction=correction: getattr(tp, name)(x, axis=axis, correction=correction),
            points((2, 3)),
            (lambda jnp, x: getattr(jnp, name)(x, axis=1, correction=1)) if correction == 1 else None,
        )
        for axis, correction in ((1, 1), (None, 1.5), (0, -1))
    ] + [
        Case(
            lambda x, w: getattr(tp, name)(tp.complex(x, w), axis=0, correction=1),
            points((3, 2), (3, 2)),
            lambda jnp, x, w: getattr(jnp, name)(x + 1j * w, axis=0, correction=1),
        )
    ]


CASES: dict[str, list[Case]] = {
    "logcumsumexp": [
        Case(
            lambda x, axis=axis: tp.logcumsumexp(x, axis),
            points(shape),
            lambda jnp, x, axis=axis: jnp.log(jnp.cumsum(jnp.exp(x), axis=axis)),
        )
        for shape, axis in (((2, 5), 1), ((3, 2), 0))
    ],
    **{name: along(name) for name in ("max", "mean", "min", "sum")},
    "cumulative_prod": cumulative("cumulative_prod")
    + [Case(lambda x: tp.cumulative_prod(x, axis=1), zeros, None) for zeros in ZEROS]
    + [
        Case(
            lambda x, w: tp.abs(tp.cumulative_prod(tp.complex(x, w), axis=0)),
            points((3, 2), (3, 2)),
            None,
        )
    ],
    "cumulative_sum": cumulative("cumulative_sum"),
    "linear_recurrence": [
        Case(
            lambda factors, terms: OPERATIONS["linear_recurrence"](factors, terms, axis=1),
            points((2, 5), (2, 5)),
            recurrence,
        ),
        Case(
            lambda factors, terms: OPERATIONS["linear_recurrence"](factors, terms, axis=0),
            points((2, 0), (2, 0)),
            None,
        ),
    ],
    "prod": along("prod", on_jax=(2, 8))
    + [Case(lambda x, axis=axis: tp.prod(x, axis=axis), zeros, None) for zeros in ZEROS for axis in (None, 1)]
    + [
        Case(
            lambda x, w: tp.abs(tp.prod(tp.complex(x, w), axis=0)),
            points((3, 2), (3, 2)),
            None,
        )
    ],
    "std": corrected("std"),
    "var": along("var", on_jax=(0, 2, 4)) + corrected("var"),
}
