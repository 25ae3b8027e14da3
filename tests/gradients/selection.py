"""Cases of the gradients of picking and putting by indices and masks, and of `einsum`; composed of other operations."""

from __future__ import annotations

from typing import Any

import numpy

import tensorplug as tp

from .case import Case, points, tensor

COLUMNS = numpy.asarray([[0, 2, 0], [2, 1, 1]])
DISTINCT = numpy.asarray([[0, 2], [2, 1]])
ROWS = numpy.asarray([1, 0, 1])
MASK = numpy.asarray([[True, False, True], [False, False, True]])

CASES: dict[str, list[Case]] = {}


def squared_in_place(name: str, *arguments: Any) -> Case:
    """The square of what an in-place form made of a square, so that both gradients are not constant."""

    def function(x: tp.Tensor, y: tp.Tensor) -> tp.Tensor:
        z = x * x
        getattr(z, name)(*(tensor(one) if isinstance(one, numpy.ndarray) else one for one in arguments), y * y)
        return z * z

    return Case(function, points((2, 3), DISTINCT.shape if "scatter" in name else (3, 3)), None)


def turned(x: tp.Tensor) -> tp.Tensor:
    """A tensor whose shape changes in place, written through a view of what it was and of what it is."""
    y = x * x
    first = y[0]
    y.t_().unsqueeze_(0)
    first.mul_(first.clone())
    y[0, 1].exp_()
    return y.squeeze_() * y


def turned_on_jax(jnp: Any, x: Any) -> Any:
    y = x * x
    y = y.at[0].set(y[0] * y[0])
    y = y.at[:, 1].set(jnp.exp(y[:, 1])).T
    return y * y


EINSUMS = {
    "ij,jk->ik": ((2, 3), (3, 2)),
    "iij->ji": ((2, 2, 3),),
    "b...j,bj->b...": ((2, 3, 2), (2, 2)),
    "ij,j,ik->k": ((2, 3), (1,), (2, 2)),
}

COMPOSITES: dict[str, list[Case]] = {
    "addmm": [Case(lambda x, y, z: tp.addmm(x, y, z, beta=0.5, alpha=2), points((2,), (3, 2), (2, 2)), None)],
    "einsum": [
        Case(
            lambda *xs, equation=equation: tp.einsum(equation, *xs),
            points(*shapes),
            (lambda jnp, *xs: jnp.einsum("ij,jk->ik", *xs)) if equation == "ij,jk->ik" else None,
        )
        for equation, shapes in EINSUMS.items()
    ],
    "gather": [
        Case(
            lambda x: tp.gather(x * x, 1, tensor(COLUMNS)),
            points((2, 3)),
            lambda jnp, x: jnp.take_along_axis(x * x, COLUMNS, 1),
        ),
        Case(lambda x: x.gather(0, tensor(ROWS[None, :2])), points((2, 3)), None),
        Case(lambda x: tp.gather(x, 0, tensor(numpy.zeros((0, 3), int))), points((2, 3)), None),
    ],
    "index_add": [
        Case(lambda x, y: tp.index_add(x * x, 0, tensor(ROWS), y * y, alpha=3), points((2, 2), (3, 2)), None),
        squared_in_place("index_add_", 0, ROWS),
    ],
    "index_copy": [Case(lambda x, y: (x * x).index_copy(1, tensor(ROWS[:2]), y * y), points((2, 3), (2, 2)), None)],
    "index_fill": [Case(lambda x: tp.index_fill(x * x, 1, tensor(ROWS), 2.0), points((2, 3)), None)],
    "index_select": [Case(lambda x: tp.index_select(x * x, 0, tensor(ROWS)), points((2, 3)), None)],
    "masked_select": [
        Case(lambda x: tp.masked_select(x * x, tensor(MASK)), points((2, 3)), lambda jnp, x: (x * x)[MASK]),
        Case(lambda x: tp.masked_select(x * x, tensor(MASK)), points((3,)), None),
    ],
    "scatter": [
        Case(
            lambda x, y: tp.scatter(x * x, 1, tensor(DISTINCT), y * y),
            points((2, 3), (2, 3)),
            lambda jnp, x, y: (x * x).at[numpy.asarray([[0], [1]]), DISTINCT].set(y[:, :2] ** 2),
        ),
        squared_in_place("scatter_", 1, DISTINCT),
    ],
    "scatter_add": [
        Case(
            lambda x, y: tp.scatter_add(x * x, 1, tensor(COLUMNS), y * y),
            points((2, 3), (2, 3)),
            lambda jnp, x, y: (x * x).at[numpy.asarray([[0], [1]]), COLUMNS].add(y * y),
        ),
        squared_in_place("scatter_add_", 1, DISTINCT),
    ],
    "shapes changed in place": [Case(turned, points((2, 3)), turned_on_jax)],
    "topk": [
        Case(lambda x: tp.topk(x * x, 2, dim=0).values, points((3, 2)), None),
        Case(lambda x: tp.topk(x * x, 1, largest=False).values, points((2, 3)), None),
    ],
}
