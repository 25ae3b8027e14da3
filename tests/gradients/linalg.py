"""Cases of the gradients of the chapter "linalg"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

import tensorplug as tp
from tensorplug.core import OPERATIONS

from .case import Case, points

la = tp.linalg


def matrices(*shapes: tuple[int, ...]) -> tuple[Any, ...]:
    """Well-conditioned ones: the first `points`, with 3 more on every diagonal."""
    first, *others = points(*shapes)
    return (first + 3.0 * numpy.eye(*shapes[0][-2:]), *others)


def symmetric(x: Any) -> Any:
    return (x + x.mT) * 0.5


def definite(x: Any) -> Any:
    """A positive-definite matrix."""
    return x @ x.mT


def squared(x: tp.Tensor) -> tp.Tensor:
    """The square of a matrix, by its eigenvalues and eigenvectors."""
    w, v = la.eig(x)
    return tp.real((v * (w * w)) @ la.inv(v))


def unary(function: Callable[..., Any], *shapes: tuple[int, ...]) -> list[Case]:
    """Cases of one function of both namespaces: ``function(linalg, x)``. On JAX those of single matrices are run."""
    return [
        Case(
            lambda x: function(la, x),
            matrices(shape),
            (lambda jnp, x: function(jnp.linalg, x)) if len(shape) == 2 and 0 not in shape else None,
        )
        for shape in shapes
    ]


SQUARE = ((3, 3), (2, 2, 2), (0, 2, 2), (0, 0))
TALL, WIDE = (3, 2), (2, 3)
ANY = ((3, 3), TALL, WIDE, (2, 3, 2))

SINGULAR = numpy.asarray([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
RANK_ONE = numpy.outer([1.0, 2.0, -1.0], [0.5, 1.0, 2.0])


def absolute(x: Any) -> Any:
    return x * x


def by_inverse(jnp: Any, x1: Any, x2: Any, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    triangle = jnp.triu(x1) if upper else jnp.tril(x1)
    if unitriangular:
        triangle = jnp.triu(x1, 1) + jnp.eye(x1.shape[-1])
    inverse = jnp.linalg.inv(triangle)
    return inverse @ x2 if left else x2 @ inverse


def packed(jnp: Any, x: Any) -> Any:
    """The compact form of JAX's LU decomposition."""
    import jax

    return jax.lax.linalg.lu(x)[0]


def by_expm(jnp: Any, x: Any) -> Any:
    import jax.scipy.linalg

    return jax.scipy.linalg.expm(x)


NORMS: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((2, 3), {}),
    ((2, 3), {"axis": 1}),
    ((2, 3, 2), {"axis": (0, 2), "keepdims": True}),
    ((3,), {"ord": 3}),
    ((2, 3), {"ord": 1.5, "axis": 0}),
    ((3,), {"ord": 0.5}),
    ((3,), {"ord": -1}),
    ((2, 3), {"ord": -2, "axis": -1, "keepdims": True}),
    ((0, 3), {"axis": 1}),
)

CASES: dict[str, list[Case]] = {
    "adjugate": [
        Case(
            lambda x: OPERATIONS["adjugate"](x),
            matrices(shape),
            lambda jnp, x: jnp.linalg.inv(x) * jnp.linalg.det(x)[..., None, None],
        )
        for shape in ((3, 3),)
    ],
    "linalg.cholesky": [
        *unary(lambda linalg, x: linalg.cholesky(definite(x)), *SQUARE),
        *unary(lambda linalg, x: linalg.cholesky(definite(x), upper=True), (3, 3)),
    ],
    "linalg.cross": [
        Case(
            lambda x1, x2, axis=axis: la.cross(x1, x2, axis=axis),
            points(*shapes),
            lambda jnp, x1, x2, axis=axis: jnp.cross(x1, x2, axis=axis),
        )
        for shapes, axis in ((((3,), (3,)), -1), (((2, 3), (3,)), -1), (((3, 2), (3, 1)), -2), (((0, 3), (1, 3)), -1))
    ],
    "linalg.det": [
        *unary(lambda linalg, x: linalg.det(x), *SQUARE),
        Case(la.det, (SINGULAR,), None),
        Case(la.det, (RANK_ONE,), None),
        Case(la.det, (numpy.zeros((2, 2)),), None),
    ],
    "linalg.eig": [
        # JAX has no second derivatives of it, but of what it is made of here: x squared.
        Case(squared, matrices((3, 3)), lambda jnp, x: x @ x),
        Case(lambda x: la.eigvals(x).real, matrices((3, 3)), None),
        Case(lambda x: tp.abs(la.eig(x).eigenvectors), matrices((2, 3, 3)), None),
    ],
    "linalg.eigh": [
        *unary(lambda linalg, x: linalg.eigvalsh(symmetric(x)), *SQUARE),
        *unary(lambda linalg, x: absolute(linalg.eigh(symmetric(x))[1]), *SQUARE),
        *unary(lambda linalg, x: (lambda w, v: (v * w[..., None, :]) * v + v * v)(*linalg.eigh(symmetric(x))), (2, 2)),
    ],
    "linalg.inv": unary(lambda linalg, x: linalg.inv(x), *SQUARE),
    "linalg.pinv": unary(lambda linalg, x: linalg.pinv(x), *ANY, (0, 2)),
    "linalg.qr": [
        *unary(lambda linalg, x: linalg.qr(x)[0], *ANY, (0, 2)),
        *unary(lambda linalg, x: linalg.qr(x)[1], (2, 2, 3), (2, 3, 2), (2, 0)),
        *unary(lambda linalg, x: (lambda q, r: q @ q.mT + r.mT @ (r * 2.0))(*linalg.qr(x)), (3, 3)),
        *unary(lambda linalg, x: linalg.qr(x, mode="complete")[1], WIDE),
    ],
    "linalg.slogdet": [
        *unary(lambda linalg, x: linalg.slogdet(x)[1], *SQUARE),
        *unary(lambda linalg, x: linalg.slogdet(x)[0] * linalg.slogdet(x)[1], (3, 3)),
    ],
    "linalg.solve": [
        Case(la.solve, matrices(*shapes), (lambda jnp, *xs: jnp.linalg.solve(*xs)) if compiled else None)
        for shapes, compiled in (
            (((3, 3), (3,)), True),
            (((3, 3), (3, 2)), True),
            (((2, 3, 3), (3,)), False),
            (((2, 1, 2, 2), (3, 2, 1)), True),
            (((2, 2), (3, 2, 2)), False),
            (((0, 0), (0, 2)), False),
            (((2, 2), (2, 0)), False),
        )
    ],
    "linalg.solve_triangular": [
        Case(
            lambda x1, x2, options=options: la.solve_triangular(x1, x2, **options),
            matrices(*shapes),
            lambda jnp, x1, x2, options=options: by_inverse(jnp, x1, x2, **options),
        )
        for shapes, options in (
            (((3, 3), (3, 2)), {"upper": True}),
            (((2, 3, 3), (3, 1)), {"upper": False}),
            (((2, 2), (3, 2, 2)), {"upper": True, "unitriangular": True}),
            (((2, 2), (1, 2)), {"upper": False, "left": False}),
        )
    ],
    "linalg.lu_factor": [
        Case(lambda x: la.lu_factor(x).LU, matrices(shape), packed) for shape in ((3, 3), TALL, WIDE, (2, 2, 2))
    ],
    "linalg.matrix_exp": [
        Case(la.matrix_exp, matrices(shape), None if shape == (0, 2, 2) else by_expm)
        for shape in ((3, 3), (2, 2, 2), (0, 2, 2))
    ],
    "linalg.svd": [
        *unary(lambda linalg, x: linalg.svdvals(x), *ANY, (0, 2)),
        *unary(lambda linalg, x: absolute(linalg.svd(x, full_matrices=False)[0]), (3, 3), TALL, (2, 2, 3)),
        *unary(lambda linalg, x: absolute(linalg.svd(x, full_matrices=False)[2]), WIDE, (2, 3, 2)),
        *unary(lambda linalg, x: (lambda u, s, vh: (u * (s * s)[..., None, :]) @ vh)(*linalg.svd(x)), (3, 3)),
        Case(lambda x: absolute(la.svd(x).U[..., :2]), matrices(TALL), None),
        Case(lambda x: absolute(la.svd(x).Vh[..., :2, :]), matrices(WIDE), None),
        Case(lambda x: la.matrix_norm(x, ord="nuc"), matrices(TALL), None),
    ],
    "linalg.vector_norm": [
        Case(
            lambda x, options=options: la.vector_norm(x, **options),
            points(shape),
            lambda jnp, x, options=options: jnp.linalg.vector_norm(x, **options),
        )
        for shape, options in NORMS
    ],
    "vecdot": [
        Case(
            lambda x1, x2, axis=axis: tp.vecdot(x1, x2, axis=axis),
            points(*shapes),
            lambda jnp, x1, x2, axis=axis: jnp.vecdot(x1, x2, axis=axis),
        )
        for shapes, axis in (
            (((3,), (3,)), -1),
            (((2, 3), (3,)), -1),
            (((3, 2), (3, 1)), -2),
            (((2, 1, 3), (2, 3)), -1),
            (((2, 0), (2, 0)), -1),
        )
    ],
}
