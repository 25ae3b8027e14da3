"""Forward mode is the transposed reverse mode, by the tables of tangents and without them."""

from __future__ import annotations

import importlib.util
import itertools
import math
import weakref
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd.rule import Rule
from tensorplug.func import (
    grad,
    jacfwd,
    jacrev,
    jvp,
    vjp,
)

from .gradients.case import STEP, Case
from .test_gradients import AGREEMENT, ALL, assert_close

la = tp.linalg
INF, NAN = math.inf, math.nan
X = numpy.asarray([0.5, -1.25, 2.0])
GENERATOR = numpy.random.default_rng(7)

REAL: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "max, one each": (lambda x: tp.max(x, axis=1), ([[1.0, 3.0, 2.0], [5.0, 4.0, 6.0]],)),
    "max, first axis": (lambda x: tp.max(x, axis=0), ([[1.0, 3.0, 2.0], [5.0, 2.0, 6.0]],)),
    "max, two axes": (
        lambda x: tp.max(x, axis=(0, -1), keepdims=True),
        ([[[1.0, 3.0], [2.0, 4.0]], [[7.0, 6.0], [5.0, 0.0]]],),
    ),
    "max, ties": (lambda x: tp.max(x, axis=1), ([[3.0, 3.0, 2.0], [5.0, 4.0, 6.0]],)),
    "max, of all": (tp.max, ([[3.0, 3.0, 2.0], [5.0, 4.0, 1.0]],)),
    "max, NaN": (lambda x: tp.max(x, axis=1), ([[NAN, 3.0, NAN], [5.0, 4.0, 6.0]],)),
    "max, NaN and ties": (lambda x: tp.max(x, axis=1), ([[NAN, 3.0, 1.0], [5.0, 5.0, 4.0]],)),
    "max, a number": (tp.max, (3.0,)),
    "max, one of all": (lambda x: tp.max(x, keepdims=True), ([[3.0, 3.5, 2.0], [3.0, 4.0, 1.0]],)),
    "max, the last of all": (tp.max, ([3.0, 3.5, 4.0],)),
    "max, NaN of all": (tp.max, ([3.0, NAN, 4.0],)),
    "min, ties": (lambda x: tp.min(x, axis=0, keepdims=True), ([[0.0, 3.0], [-0.0, 4.0]],)),
    "maximum, ties": (tp.maximum, ([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])),
    "maximum, none": (tp.maximum, ([1.0, 2.0, 3.0], [[0.0, 3.0, 2.0], [5.0, 1.0, 4.0]])),
    "maximum, of one": (lambda x: tp.maximum(x, 1.5), ([1.0, 2.0, 3.0],)),
    "minimum, of the other": (lambda x: tp.minimum(1.5, x), ([[1.0], [2.0]],)),
    "maximum, many": (tp.maximum, (GENERATOR.normal(size=(30, 40)), GENERATOR.normal(size=(30, 40)))),
    "maximum, many and one": (tp.maximum, (GENERATOR.normal(size=(30, 40)), GENERATOR.normal(size=40))),
    "minimum, NaN": (tp.minimum, ([1.0, NAN, 3.0], [2.0, 3.0, NAN])),
    "prod, zeros": (lambda x: tp.prod(x, axis=1), ([[0.0, 3.0, 2.0], [0.0, 0.0, 6.0]],)),
    "prod, one zero": (tp.prod, ([[0.5, 3.0, 2.0], [2.0, 0.0, 6.0]],)),
    "prod, none": (lambda x: tp.prod(x, axis=0, keepdims=True), ([[0.5, 3.0, 2.0], [2.0, -1.0, 6.0]],)),
    "prod, some axes": (
        lambda x: tp.prod(x, axis=(0, -1)),
        (numpy.resize([0.5, 3.0, 2.0, 2.0, 0.0, 6.0, -1.5], (3, 2, 1)),),
    ),
    "prod, of one": (lambda x: tp.prod(x, axis=0), ([[0.0, 3.0]],)),
    "prod, up and down": (tp.prod, ([[1e-200, 1e200, 1e-200], [1e200, 1e200, 1e-200], [2.0, 0.0, 3.0]],)),
    "prod, so small": (tp.prod, ([1e-300, 1e-20],)),
    "prod, no elements": (lambda x: tp.prod(x, axis=0), (numpy.zeros((0, 2)),)),
    "cumulative_prod, zeros": (lambda x: tp.cumulative_prod(x, axis=1), ([[2.0, 0.0, 2.0], [1.0, 3.0, 6.0]],)),
    "cumulative_prod, none": (tp.cumulative_prod, ([2.0, -0.5, 2.0],)),
    "cumulative_prod, so small": (tp.cumulative_prod, ([1e-300, 1e-20, 2.0],)),
    "sort, ties": (lambda x: tp.sort(x, axis=0), ([[2.0, 1.0], [2.0, -1.0], [1.0, 1.0]],)),
    "sort, none": (lambda x: tp.sort(x, descending=True), ([[2.0, 3.0, 1.0], [0.0, -1.0, 5.0]],)),
    "sort, NaN": (tp.sort, ([NAN, 3.0, NAN, 1.0],)),
    "cumulative_prod, many": (
        lambda x: tp.cumulative_prod(x, axis=0),
        (numpy.resize([2.0, -0.5, 1.5, 3.0, 0.25, 0.0], (13, 2)),),
    ),
    "pow": (tp.pow, ([1.5, 2.0, 0.5], [[2.0], [-1.0]])),
    "pow, of zero": (tp.pow, ([0.0, 2.0, 0.0], [2.0, 0.5, 0.0])),
    "pow, below zero": (lambda x: tp.pow(x, tp.asarray([3.0, 2.0], dtype=x.dtype)), ([-1.5, 2.0],)),
    "pow, so small": (lambda x: tp.pow(x, 1.6), (numpy.resize([1e-200, 2.0], 1100),)),
    "pow, so large": (lambda x: tp.pow(x, 2.5), (numpy.resize([1e150, 2.0], 1100),)),
    "pow, many": (tp.pow, (numpy.resize([1.5, 2.0, 0.5], (30, 40)), [[2.0]] * 15 + [[-1.0]] * 15)),
    "pow, many of zero": (tp.pow, (numpy.resize([0.0, 2.0, 0.0], (3, 400)), [[2.0], [1.5], [0.0]])),
    "pow, squares": (lambda x: x**2, ([[-1.5, 0.0], [2.0, 3.0]],)),
    "pow, cubes": (lambda x: tp.pow(x, 3.0), ([-1.5, 0.0, 2.0],)),
    "pow, of one base": (lambda x: tp.pow(2.0, x), ([1.5, -3.0],)),
    "pow, no elements": (tp.pow, ([], [])),
    "atan2": (tp.atan2, ([1.5, -2.0, 0.0], [[2.0], [-1.0]])),
    "atan2, origin": (tp.atan2, ([0.0, 1.0], [0.0, 2.0])),
    "divide, by one": (lambda x: x / 3.0, ([2.0, 3.0],)),
    "divide, of one": (lambda x: 3.0 / x, ([[2.0], [3.0]],)),
    "subtract, of one": (lambda x: 3.0 - x, ([[2.0], [3.0]],)),
    "subtract, each": (tp.subtract, ([[2.0], [3.0]], [1.0, 2.0])),
    "std, of equal elements": (lambda x: tp.std(x, axis=1), ([[1.0, 1.0], [1.0, 2.0]],)),
    "vector_norm, of zeros": (lambda x: la.vector_norm(x, axis=1), ([[0.0, 0.0], [3.0, 4.0]],)),
    "vector_norm, 1": (lambda x: la.vector_norm(x, ord=1), ([[0.0, -2.0], [3.0, 4.0]],)),
    "clip": (tp.clip, ([1.0, 2.0, 3.0, 4.0], [1.5, 1.0, 1.0, 4.0], [2.0, 3.0, 2.5, 4.0])),
    "clip, many": (tp.clip, tuple(GENERATOR.normal(size=(3, 20, 40)) + numpy.asarray([0.0, -1.0, 3.0])[:, None, None])),
    "clip, of bounds": (lambda low, high: tp.clip(tp.asarray(X), low, high), ([0.0, -1.0, 2.5], 3.0)),
    "clip, of a bound": (lambda low: tp.clip(tp.asarray(X), low), ([[0.0], [1.0]],)),
    "clip, of numbers": (lambda x: tp.clip(x, -1.0, 1.0), ([[0.5], [-1.0], [3.0]],)),
    "clip, equal bounds": (lambda low: tp.clip(tp.asarray(numpy.asarray([0.0, 1.0, 2.0])), low, 1.0), (1.0,)),
    "clip, bounds in disorder": (tp.clip, ([1.0, 2.0, 3.0], 2.5, 2.0)),
    "copysign": (tp.copysign, ([1.0, -2.0, 3.0], [-1.0, -2.0, 0.0])),
    "copysign, zero": (tp.copysign, ([0.0, -2.0], [-1.0, 2.0])),
    "copysign, of signs": (lambda x: tp.copysign(2.0, x), ([1.0, -2.0],)),
    "multiply, by itself": (lambda x: x * x, ([[1.0, -2.0], [0.5, 0.0]],)),
    "multiply, by itself and others": (lambda x, y: x * x * (y * x), ([[1.0], [-2.0]], [0.5, 3.0])),
    "where": (lambda x, y: tp.where(x > y, x, y * 2.0), ([[1.0], [-2.0]], [0.5, 3.0])),
    "where, many": (lambda x, y: tp.where(x > y, x, y * 2.0), tuple(GENERATOR.normal(size=(2, 30, 40)))),
    "where, of one": (lambda x: tp.where(x > 1.0, x, 3.0), ([[1.0], [2.0]],)),
    "where, of the other": (lambda x: tp.where(x > 1.0, 3.0, x), ([[1.0], [2.0]],)),
    "det": (la.det, (GENERATOR.normal(size=(2, 3, 3)) + 3 * numpy.eye(3),)),
    "det, singular": (la.det, ([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]],)),
    "abs": (tp.abs, ([0.0, -0.0, -2.0, 3.0, INF, NAN],)),
    "complex, of one": (lambda x: tp.abs(tp.complex(x, tp.ones_like(x))), ([1.0, 2.0],)),
    "complex, of the other": (lambda x: tp.abs(tp.complex(tp.ones_like(x), x)), ([1.0, 2.0],)),
    "large Cholesky": (
        la.cholesky,
        (numpy.eye(140) * 140 + numpy.cos(numpy.add.outer(numpy.arange(140), range(140))),),
    ),
}
"""A function, and points of it."""


def tensors(arrays: Any) -> tuple[tp.Tensor, ...]:
    return tuple(tp.asarray(one, dtype="complex128" if numpy.iscomplexobj(one) else "float64") for one in arrays)


def directions(arrays: tuple[tp.Tensor, ...]) -> tuple[tp.Tensor, ...]:
    """For each a direction, complex for complex numbers."""
    found = [numpy.sin(numpy.arange(2.0, int(one.size) + 2)).reshape(one.shape) for one in arrays]
    return tensors([v + 1j * v[::-1] if one.dtype.is_complex else v for one, v in zip(arrays, found, strict=True)])


def inner(first: Any, second: Any) -> float:
    """The real part of the sum of products, in which gradients that follow PyTorch's convention are conjugated."""
    pairs = [(numpy.asarray(a.detach()), numpy.asarray(b.detach())) for a, b in zip(first, second, strict=True)]
    return float(sum((a.conj() * b).sum().real for a, b in pairs))


def assert_transposed(function: Callable[..., Any], points: tuple[Any, ...]) -> None:
    """By the quick way, and recorded."""
    xs = tensors(points)
    vs = directions(xs)
    result, tangent = jvp(function, xs, vs)
    value, pull = vjp(function, *xs)
    numpy.testing.assert_array_equal(numpy.asarray(result), numpy.asarray(value))
    for position in range(min(int(result.size), 12)):
        unit = numpy.zeros(result.shape)
        unit.reshape(-1)[position] = 1.0
        (w,) = tensors([unit * (1.0 - 2j) if result.dtype.is_complex else unit])
        assert inner([w], [tangent]) == pytest.approx(inner(pull(w), vs), rel=1e-10, abs=1e-12, nan_ok=True)
    recorded = jvp(function, tuple(x.clone().requires_grad_() for x in xs), vs)[1]
    assert recorded.dtype is tangent.dtype
    numpy.testing.assert_allclose(numpy.asarray(recorded.detach()), numpy.asarray(tangent), rtol=1e-10, atol=1e-12)


@pytest.mark.one_of_each(key=lambda name: name.partition(",")[0])
@pytest.mark.parametrize("name", REAL)
def test_tangents_are_the_transposed_gradients(backend: str, name: str) -> None:
    function, points = REAL[name]
    if name == "abs":
        # Where an element is NaN or infinite, so would be the sum of what the others give.
        xs = tensors(points)
        _, tangent = jvp(function, xs, (tp.ones_like(xs[0]),))
        (wanted,) = vjp(function, *xs)[1](tp.ones_like(xs[0]))
        numpy.testing.assert_array_equal(numpy.asarray(tangent), numpy.asarray(wanted))
        return
    assert_transposed(function, points)


@pytest.mark.parametrize("case", ALL)
def test_tables_agree_with_transposed_rules(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every operation, on raw arrays and recorded."""
    with tp.backend("numpy"):
        xs = tensors(case.inputs)
        vs = directions(xs)
        wanted = jvp(case.function, xs, vs)[1].numpy()
        monkeypatch.setattr(Rule, "jvp", None)
        recorded = jvp(case.function, tuple(x.clone().requires_grad_() for x in xs), vs)[1]
        found = [one.detach().numpy() for one in (jvp(case.function, xs, vs)[1], recorded)]
    assert_close(found, [wanted, wanted], AGREEMENT)


SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, INF, -INF, NAN]

ELEMENTWISE: dict[str, Callable[[Any, Any], Any]] = {
    "abs": lambda x, y: tp.abs(x),
    "atan2": lambda x, y: tp.atan2(x, y),
    "atan2, second": lambda x, y: tp.atan2(y, x),
    "clip, x": lambda x, y: tp.clip(x, y, 1.0),
    "clip, min": lambda x, y: tp.clip(y, x, 1.0),
    "clip, max": lambda x, y: tp.clip(y, -1.0, x),
    "copysign": lambda x, y: tp.copysign(x, y),
    "divide": lambda x, y: y / x,
    "maximum": lambda x, y: tp.maximum(x, y),
    "maximum, second": lambda x, y: tp.maximum(y, x),
    "minimum": lambda x, y: tp.minimum(x, y),
    "multiply": lambda x, y: x * y,
    "pow": lambda x, y: tp.pow(x, y),
    "pow, second": lambda x, y: tp.pow(y, x),
    "relu": lambda x, y: tp.relu(x),
    "sign": lambda x, y: tp.sign(x),
    "square": lambda x, y: tp.square(x),
    "where": lambda x, y: tp.where(y > 0.0, x, y),
    "where, second": lambda x, y: tp.where(y > 0.0, y, x),
}


def special_pairs(backend: str) -> list[numpy.ndarray]:
    """Alone and among others, few and many: NumPy's kernels differ by that, and others compile for each."""
    pairs = numpy.asarray([*itertools.product(SPECIAL, SPECIAL)]).T
    if backend != "numpy":
        return [pairs, pairs[:, :0]]
    some = [pairs, pairs[:, 20:21], pairs[:, ~numpy.isnan(pairs).any(0)], pairs[:, :0]]
    return [numpy.tile(points, count) for points in some for count in (1, 20)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_special_values_of_elementwise_tangents(backend: str, name: str, dtype: str) -> None:
    """At ties, zeros, infinities and NaN alike: as the gradients are."""
    for points in special_pairs(backend):
        x, y = (tp.asarray(one, dtype=dtype) for one in points)
        ones = tp.ones_like(x)
        _, tangent = jvp(lambda x, y=y: ELEMENTWISE[name](x, y), (x,), (ones,))
        (wanted,) = vjp(lambda x, y=y: ELEMENTWISE[name](x, y), x)[1](ones)
        assert tangent.dtype is wanted.dtype
        numpy.testing.assert_array_equal(numpy.asarray(tangent), numpy.asarray(wanted))


@pytest.mark.parametrize("extreme", [tp.maximum, tp.minimum], ids=["maximum", "minimum"])
def test_tangents_of_both_that_compete(backend: str, extreme: Callable[..., Any]) -> None:
    x, y = (tp.asarray(one) for one in numpy.asarray([*itertools.product(SPECIAL, SPECIAL)]).T)
    vs = directions((x, y))
    _, tangent = jvp(extreme, (x, y), vs)
    gradients = vjp(extreme, x, y)[1](tp.ones_like(x))
    wanted = sum(numpy.asarray(g) * numpy.asarray(v) for g, v in zip(gradients, vs, strict=True))
    numpy.testing.assert_array_equal(numpy.asarray(tangent), wanted)


FUNCTIONS_OF_TWO = (
    "add subtract multiply divide atan2 hypot pow logaddexp copysign complex maximum minimum clip".split()
)

SHAPES_OF_TWO = (((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), ()), ((), (2, 1)), ((2, 1), (1, 3)))


def _choice_where(condition: Any) -> Callable[..., Any]:
    return lambda x1, x2: tp.where(tp.asarray(condition), x1, x2)


@pytest.mark.parametrize("shapes", SHAPES_OF_TWO, ids=str)
@pytest.mark.parametrize("name", [*FUNCTIONS_OF_TWO, "where", "where, broadcast"])
def test_tangents_of_some_operands_are_broadcast(backend: str, name: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    chosen = numpy.asarray([[True], [False]]) if name == "where, broadcast" else True
    function = _choice_where(chosen) if name.startswith("where") else getattr(tp, name)
    points = [tp.asarray(1.5 + GENERATOR.random(shape)) for shape in shapes]
    for position, given in itertools.product((0, 1), (_same, tp.sum)):

        def of_one(x: Any, position: int = position, given: Any = given) -> Any:
            return given(function(*(x if i == position else point for i, point in enumerate(points))))

        x = points[position]
        t = tp.asarray(GENERATOR.normal(size=x.shape))
        value, tangent = jvp(of_one, (x,), (t,))
        assert tangent.shape == value.shape
        w = tp.asarray(GENERATOR.normal(size=value.shape) + (1j if value.dtype.is_complex else 0))
        (pulled,) = vjp(of_one, x)[1](w)
        inner = tp.sum(tp.real(tp.conj(w) * tangent) if value.dtype.is_complex else w * tangent)
        # Six products of numbers of which none is above 20, each rounded a few times.
        assert float(inner) == pytest.approx(float(tp.sum(pulled * t)), rel=1e-12, abs=1e-13)


def _same(x: Any) -> Any:
    return x


@pytest.mark.parametrize("product", [tp.prod, tp.cumulative_prod], ids=["prod", "cumulative_prod"])
def test_a_small_factor_s_share_does_not_overflow(backend: str, product: Callable[..., Any]) -> None:
    x, t = (tp.asarray(one, dtype="float64") for one in ([1e-300, 1e250], [1e20, 0.0]))
    tangent = jvp(product, (x,), (t,))[1].numpy()
    assert tangent.reshape(-1)[-1] == pytest.approx(1e270, rel=1e-14)


def test_quotients_within_tangents_do_not_overflow(backend: str) -> None:
    def half(value: float) -> tp.Tensor:
        return tp.tensor([value], dtype="float16")

    _, tangent = jvp(tp.atan2, (half(100.0), half(100.0)), (half(1000.0), half(2000.0)))
    # The quotients 100 / 20000 are rounded to 11 digits, and so are their products.
    assert tangent.item() == pytest.approx(-5.0, rel=2**-9)
    _, tangent = jvp(lambda x: tp.pow(x, half(0.0)), (half(1e-5),), (half(1.0),))
    assert tangent.item() == 0.0


def test_an_infinite_tangent_of_what_loses_is_left_out(backend: str) -> None:
    x, y, infinite = tp.asarray([1.0, 2.0]), tp.asarray([2.0, 1.0]), tp.asarray([INF, NAN])
    for function in (tp.maximum, lambda x, y: tp.where(x > y, x, y), lambda x, y: tp.clip(x, y, 5.0)):
        _, tangent = jvp(function, (x, y), (infinite, tp.ones_like(y)))
        numpy.testing.assert_array_equal(numpy.asarray(tangent), [1.0, NAN])


def complex_matrix(*shape: int) -> numpy.ndarray:
    found = GENERATOR.normal(size=(2, *shape))
    return found[0] + 1j * found[1]


def unphased(u: Any, s: Any, vh: Any) -> Any:
    """What does not depend on the phases of singular vectors."""
    return tp.concat([tp.reshape((u * s) @ vh, (-1,)), tp.reshape((u * (s * s)) @ u.mT.conj(), (-1,))])


COMPLEX: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "abs": (tp.abs, (3,)),
    "abs, of zeros": (lambda z: tp.abs(z * tp.asarray([1.0, 0.0, 2.0])), (3,)),
    "det": (la.det, (2, 3, 3)),
    "multiply, by itself": (lambda z: z * z, (3,)),
    "sign": (lambda z: tp.sign(z * tp.asarray([1.0, 0.0, 2.0])), (3,)),
    "vector_norm, 1": (lambda z: la.vector_norm(z, ord=1), (4,)),
    "where": (lambda z: tp.where(z.real > 0.0, z, z * 2j), (4,)),
    "var": (lambda z: tp.var(z, axis=0), (3, 2)),
    "std": (lambda z: tp.std(z, correction=1), (3, 2)),
    "prod": (lambda z: tp.prod(z, axis=0), (3, 2)),
    "cumulative_prod": (tp.cumulative_prod, (4,)),
    "divide": (lambda z: z / (z[::-1] + 1.0), (4,)),
    "subtract": (lambda z: 1j - z, (4,)),
    "vector_norm": (la.vector_norm, (4,)),
    "vector_norm, 3": (lambda z: la.vector_norm(z, ord=3), (4,)),
    "cholesky": (lambda z: la.cholesky(z @ z.mT.conj() + tp.eye(3)), (3, 3)),
    "eigvalsh": (lambda z: la.eigvalsh(z @ z.mT.conj()), (3, 3)),
    "eigh": (lambda z: (lambda w, v: (v * (w * w)) @ v.mT.conj())(*la.eigh(z + z.mT.conj())), (3, 3)),
    "qr": (lambda z: (lambda q, r: q @ q.mT.conj() + r.mT.conj() @ r * 2.0)(*la.qr(z)), (3, 3)),
    "qr, q": (lambda z: la.qr(z)[0], (4, 2)),
    "qr, r": (lambda z: la.qr(z)[1], (2, 4)),
    "slogdet": (lambda z: la.slogdet(z)[1], (3, 3)),
    "slogdet, sign": (lambda z: la.slogdet(z)[0], (3, 3)),
    "svd": (lambda z: unphased(*la.svd(z, full_matrices=False)), (4, 2)),
    "svd, wide": (lambda z: unphased(*la.svd(z, full_matrices=False)), (2, 3)),
    "svdvals": (la.svdvals, (3, 3)),
    "put": (lambda z: tp.scatter(z * z, 0, tp.asarray([1, 0]), z[2:] * 1j), (4,)),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_tangents_are_the_transposed_gradients(name: str) -> None:
    function, shape = COMPLEX[name]
    with tp.backend("numpy"):
        assert_transposed(function, (complex_matrix(*shape),))


@pytest.mark.parametrize("shape", [(4, 2), (2, 4)], ids=str)
def test_vectors_of_no_singular_value_stay_perpendicular(backend: str, shape: tuple[int, int]) -> None:
    x, v = (tp.asarray(GENERATOR.normal(size=shape)) for _ in range(2))

    def projections(x: tp.Tensor) -> tp.Tensor:
        u, _, vh = la.svd(x)
        beyond = u[:, 2:] if shape[0] > 2 else vh[2:].mT
        return beyond @ beyond.mT

    _, tangent = jvp(projections, (x,), (v,))
    ends = [numpy.asarray(projections(x + v * step)) for step in (STEP, -STEP)]
    numpy.testing.assert_allclose(numpy.asarray(tangent), (ends[0] - ends[1]) / (2 * STEP), atol=1e-7)


def written(x: tp.Tensor, y: tp.Tensor) -> tp.Tensor:
    z = x * x
    z[1:].mul_(y)
    z[0] = y[0]
    z.imag.copy_(x.real) if z.dtype.is_complex else z.view(3, 1).add_(y[0])
    return z


@pytest.mark.parametrize("wanted", [(0, 1), (0,), (1,)], ids=str)
@pytest.mark.parametrize("imaginary", [0.0, 1j], ids=["real", "complex"])
def test_tangents_of_writes(backend: str, wanted: tuple[int, ...], imaginary: complex) -> None:
    """Of what is written, of what it is written into, and of both."""
    points = [numpy.asarray([0.5, -1.25, 2.0]) * (1 + imaginary), numpy.asarray([3.0, 0.5]) * (1 - imaginary)]

    def function(*some: tp.Tensor) -> tp.Tensor:
        every = list(tensors(points))
        for position, one in zip(wanted, some, strict=True):
            every[position] = one
        return written(*every)

    assert_transposed(function, tuple(points[position] for position in wanted))


# Where nothing but tangents is wanted, no graph is made.


def test_nothing_is_saved_where_tangents_are_all_that_is_wanted(backend: str) -> None:
    seen: list[Any] = []

    def function(x: tp.Tensor) -> tp.Tensor:
        y = tp.exp(x * x)
        seen.append((y.grad_fn.saved, y.grad_fn.edges, y.requires_grad, y.is_leaf, y.grad_fn.name))
        return y

    jvp(function, (tp.ones(2),), (tp.ones(2),))
    assert seen == [((), (), True, False, "exp")]


def test_tangents_do_not_outlive_the_pass(backend: str, no_collector: None) -> None:
    """Whatever keeps the function's intermediate tensors."""
    nodes: list[weakref.ref[Any]] = []

    def function(x: tp.Tensor) -> tp.Tensor:
        y = tp.exp(x)
        nodes.append(weakref.ref(y._node))
        return y * y

    jvp(function, (tp.ones(2),), (tp.ones(2),))
    jvp(lambda x: jvp(function, (x,), (x,))[1], (tp.ones(2),), (tp.ones(2),))
    grad(lambda x: jvp(function, (x,), (x,))[1].sum())(tp.ones(2))
    assert all(node() is None for node in nodes)


def test_what_is_differentiated_inside_has_its_graph(backend: str) -> None:
    """A gradient, a checkpoint, anomaly detection and a `Function` among operations that are taken at once."""

    class Cube(tp.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
            (x,) = ctx.saved_tensors
            return g * 3 * x * x

    def function(x: tp.Tensor) -> tp.Tensor:
        y = tp.sin(x)
        y = y * grad(lambda z: (z * z * x).sum())(y)
        y = tp.autograd.checkpoint(lambda z: tp.exp(z) * x, y)
        with tp.autograd.detect_anomaly():
            y = Cube.apply(tp.tanh(y)) + y
        values, vectors = la.eigh(tp.stack([tp.stack([y[0], x[0]]), tp.stack([x[0], y[1] + 3.0])]))
        return tp.concat([values, y, vectors[0] * vectors[0]]) * x[0]

    x, v = (tp.asarray(numpy.asarray(one)) for one in ([0.5, -0.25], [1.0, 2.0]))
    forward, backward = (numpy.asarray(transform(function)(x)) for transform in (jacfwd, jacrev))
    numpy.testing.assert_allclose(forward, backward, rtol=1e-10, atol=1e-12)
    numpy.testing.assert_allclose(numpy.asarray(jvp(function, (x,), (v,))[1]), backward @ numpy.asarray(v), rtol=1e-10)


@pytest.mark.parametrize("names", [*itertools.product(("no_grad", "enable_grad"), repeat=2)], ids="-".join)
def test_one_jvp_inside_of_another(backend: str, names: tuple[str, str]) -> None:
    """Inside of `no_grad` a derivative is a constant to whatever is outside."""
    x = tp.asarray(numpy.asarray(0.75))
    one = tp.ones_like(x)

    def inside(x: tp.Tensor) -> tp.Tensor:
        with getattr(tp, names[0])():
            return jvp(lambda z: z * z * x, (x,), (one,))[1]

    with getattr(tp, names[1])():
        value, tangent = jvp(lambda x: inside(x) * x, (x,), (one,))
    assert value.item() == pytest.approx(2 * 0.75**3)
    assert tangent.item() == pytest.approx(2 * 0.75**2 * (1 if names[0] == "no_grad" else 3))
    assert not tangent.requires_grad


def test_no_warnings_of_tangents() -> None:
    with tp.backend("numpy"):
        x = tp.asarray(numpy.asarray([0.0, 1e308, INF]))
        _, tangent = jvp(lambda x: tp.log(x) * x / x, (x,), (x,))
        assert tangent.shape == (3,)


def test_tangents_go_to_other_backends(backend: str) -> None:
    other = tp.device("numpy:cpu" if backend != "numpy" else "jax:cpu:0") if importlib.util.find_spec("jax") else None
    if other is None:
        pytest.skip("JAX is an extra, which may not be installed")
    x = tp.asarray(X)

    def function(x: tp.Tensor) -> tp.Tensor:
        return tp.exp(x.to(other)).to(x.device) * x

    value, tangent = jvp(function, (x,), (x,))
    assert value.device is tangent.device is x.device
    numpy.testing.assert_allclose(numpy.asarray(tangent), numpy.exp(X) * X * (1 + X), rtol=1e-12)
    _, elsewhere = jvp(lambda x: x.to(other), (x,), (x,))
    assert elsewhere.device is other
    _, second = jvp(lambda x: jvp(function, (x,), (x,))[1], (x,), (tp.ones_like(x),))
    numpy.testing.assert_allclose(numpy.asarray(second), numpy.exp(X) * (1 + 3 * X + X * X), rtol=1e-12)
