"""Cases of the gradients of the chapter "manipulation"."""

from __future__ import annotations

from typing import Any

import numpy

import tensorplug as tp

from .case import Case, points, tensor

ROLLS: list[tuple[tuple[int, ...], Any, Any]] = [
    ((2, 3), 1, None),
    ((2, 3), -4, 1),
    ((2, 3), (1, 2), (0, -1)),
    ((3,), (1, 1), (0, 0)),
    ((0, 2), 1, 0),
    ((), 1, None),
]

DIAGONALS = [((3, 3), 0), ((2, 3), 1), ((2, 3, 2), -1), ((2, 2), 9), ((0, 2), 0)]

REPEATS: list[tuple[tuple[int, ...], Any, Any]] = [((2, 3), 2, None), ((2, 3), 0, 1), ((2, 1, 2), (0, 2), -1)]

TILES = [((2, 3), (2,)), ((2,), (2, 1, 3)), ((), (2, 2)), ((2, 2), (0, 2))]

CASES: dict[str, list[Case]] = {
    "roll": [
        Case(
            lambda x, shift=shift, axis=axis: tp.roll(x, shift, axis=axis),
            points(shape),
            lambda jnp, x, shift=shift, axis=axis: jnp.roll(x, shift, axis),
        )
        for shape, shift, axis in ROLLS
    ],
    **{
        name: [
            Case(
                lambda x, name=name, k=k: getattr(tp, name)(x, k=k),
                points(shape),
                lambda jnp, x, name=name, k=k: getattr(jnp, name)(x, k),
            )
            for shape, k in DIAGONALS
        ]
        for name in ("tril", "triu")
    },
}

COMPOSITES: dict[str, list[Case]] = {
    "broadcast_arrays": [
        Case(
            lambda x, y: tp.stack(tp.broadcast_arrays(x, y)),
            points((2, 1), (3,)),
            lambda jnp, x, y: jnp.stack(jnp.broadcast_arrays(x, y)),
        )
    ],
    "full": [Case(lambda x: tp.full((2, 3), x), points(()), lambda jnp, x: jnp.full((2, 3), x))],
    "meshgrid": [
        Case(
            lambda x, y, indexing=indexing: tp.stack(tp.meshgrid(x, y, indexing=indexing)),
            points((2,), (3,)),
            lambda jnp, x, y, indexing=indexing: jnp.stack(jnp.meshgrid(x, y, indexing=indexing)),
        )
        for indexing in ("xy", "ij")
    ],
    "moveaxis": [
        Case(
            lambda x: tp.moveaxis(x, (0, 1), (-1, 0)),
            points((2, 3, 2)),
            lambda jnp, x: jnp.moveaxis(x, (0, 1), (-1, 0)),
        )
    ],
    "repeat": [
        Case(
            lambda x, repeats=repeats, axis=axis: tp.repeat(
                x, tensor(repeats) if isinstance(repeats, tuple) else repeats, axis=axis
            ),
            points(shape),
            lambda jnp, x, repeats=repeats, axis=axis: jnp.repeat(x, numpy.asarray(repeats), axis=axis),
        )
        for shape, repeats, axis in REPEATS
    ],
    "stacked numbers": [
        Case(
            lambda x, y: tp.asarray([[x, 2.0], [y, x]]),
            points((), ()),
            lambda jnp, x, y: jnp.asarray([[x, 2.0], [y, x]]),
        )
    ],
    "take": [
        Case(
            lambda x: tp.take(x, tensor([1, -1, 1]), axis=1),
            points((2, 3)),
            lambda jnp, x: jnp.take(x, jnp.asarray([1, -1, 1]), axis=1),
        ),
        Case(lambda x: tp.take(x, tensor([]).long()), points((3,)), lambda jnp, x: x[:0]),
    ],
    "take_along_axis": [
        Case(
            lambda x: tp.take_along_axis(x, tensor([[0, -1, 0, 1]]), axis=1),
            points((2, 3)),
            lambda jnp, x: jnp.take_along_axis(x, jnp.asarray([[0, -1, 0, 1]]), axis=1),
        )
    ],
    "tile": [
        Case(
            lambda x, counts=counts: tp.tile(x, counts),
            points(shape),
            lambda jnp, x, counts=counts: jnp.tile(x, counts),
        )
        for shape, counts in TILES
    ],
}
"""Functions that are made of operations with rules."""
