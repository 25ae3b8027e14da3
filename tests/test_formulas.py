"""Formulas at tiny, great and cancelling arguments in single precision: values and derivatives, as mpmath has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy
import pytest

import tensorplug as tp
import tensorplug.nn.functional as F

Function = Callable[[tp.Tensor], tp.Tensor]

EPS = float(numpy.finfo("float32").eps)

mpmath.mp.prec = 600


def softplus(x: Any) -> Any:
    return mpmath.log1p(mpmath.exp(x)) if x < 0 else x + mpmath.log1p(mpmath.exp(-x))


def ones(x: tp.Tensor) -> tp.Tensor:
    return tp.ones_like(x)


SATURATED = (-100.0, -87.0, -40.0, -20.0, -8.0, -1e-6, 1e-20, 0.5, 8.0, 20.0, 40.0, 80.0)
GREAT = (-1e30, -3e19, -1e6, -2.0, -1e-6, 1e-30, 1.0, 1e3, 1e10, 1e20)
UNIT = (-0.9999999, -0.999, -0.5, -1e-20, 1e-6, 0.3, 0.999999)

CASES: list[tuple[str, Function, Callable[[Any], Any], tuple[float, ...]]] = [
    ("logsigmoid", F.logsigmoid, lambda x: -softplus(-x), SATURATED),
    ("softplus", lambda x: F.softplus(x, threshold=1e3), softplus, SATURATED),
    ("silu", F.silu, lambda x: x / (1 + mpmath.exp(-x)), SATURATED),
    ("logaddexp", lambda x: tp.logaddexp(x, tp.zeros_like(x)), softplus, SATURATED),
    ("soft_margin_loss", lambda x: F.soft_margin_loss(x, ones(x), reduction="none"), lambda x: softplus(-x), SATURATED),
    (
        "binary_cross_entropy_with_logits",
        lambda x: F.binary_cross_entropy_with_logits(x, ones(x), reduction="none"),
        lambda x: softplus(-x),
        SATURATED,
    ),
    (
        "multilabel_soft_margin_loss",
        lambda x: F.multilabel_soft_margin_loss(x[:, None], ones(x)[:, None], reduction="none"),
        lambda x: softplus(-x),
        SATURATED,
    ),
    ("hypot", lambda x: tp.hypot(x, ones(x)), lambda x: mpmath.sqrt(x * x + 1), GREAT),
    ("asinh", tp.asinh, mpmath.asinh, GREAT),
    ("atan2", lambda x: tp.atan2(x, ones(x) * 4e-10), lambda x: mpmath.atan(x / float(numpy.float32(4e-10))), GREAT),
    ("asin", tp.asin, mpmath.asin, UNIT),
    ("acos", tp.acos, mpmath.acos, UNIT),
    ("atanh", tp.atanh, mpmath.atanh, UNIT),
]


def derivative(function: Callable[[Any], Any], x: Any, order: int) -> Any:
    step = abs(x) * mpmath.mpf(2) ** -60
    if order == 0:
        return function(x)
    if order == 1:
        return (function(x + step) - function(x - step)) / (2 * step)
    return (function(x + step) - 2 * function(x) + function(x - step)) / step**2


@pytest.mark.parametrize(("function", "exact", "points"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_values_and_derivatives(
    backend: str, function: Function, exact: Callable[[Any], Any], points: tuple[float, ...]
) -> None:
    x = tp.tensor(points)
    direction = tp.ones_like(x)

    def slope(x: tp.Tensor) -> tp.Tensor:
        return tp.func.grad(lambda x: function(x).sum())(x)

    def tangent(x: tp.Tensor) -> tp.Tensor:
        return tp.func.jvp(function, (x,), (direction,))[1]

    found = {
        "value": (0, function(x)),
        "gradient": (1, slope(x)),
        "tangent": (1, tangent(x)),
        "gradient of the gradient": (2, tp.func.grad(lambda x: slope(x).sum())(x)),
        "tangent of the gradient": (2, tp.func.jvp(slope, (x,), (direction,))[1]),
    }
    places = [mpmath.mpf(float(one)) for one in x.numpy()]
    for name, (order, got) in found.items():
        for place, one in zip(places, got.numpy().astype("float64"), strict=True):
            wanted = float(derivative(exact, place, order))
            # XLA flushes what is below the least normal number to zero; exponentials have errors of their argument.
            allowed = EPS * (32 + 4 * min(abs(float(place)), 100)) * abs(wanted) + 2.0**-120
            if abs(wanted) < 1e38:
                assert abs(one - wanted) <= allowed, f"{name} at {float(place)}: {one}, wanted {wanted}"


VECTORS = [(scale, ord) for scale in (1e-30, 1e30) for ord in (2, 3, 0.5, -2)]


@pytest.mark.parametrize(("scale", "ord"), VECTORS)
def test_norms_neither_overflow_nor_vanish(backend: str, scale: float, ord: float) -> None:
    rows = numpy.asarray([[3.0, -4.0, 1.0], [0.0, 2.0, 2.0], [0.25, 0.5, -1.0]][:: 1 if ord > 0 else 2])
    wanted = numpy.linalg.norm(rows, ord=ord, axis=1)
    x = tp.tensor(rows * scale, dtype="float32")
    found = tp.linalg.vector_norm(x, ord=ord, axis=1)
    numpy.testing.assert_allclose(found.numpy() / numpy.float32(scale), wanted, rtol=1e-5)
    slopes = tp.func.grad(lambda x: tp.linalg.vector_norm(x, ord=ord, axis=1).sum())
    usual = slopes(tp.tensor(rows)).numpy()
    numpy.testing.assert_allclose(slopes(x).numpy(), usual, rtol=1e-5, atol=1e-6)
    _, tangent = tp.func.jvp(lambda x: tp.linalg.vector_norm(x, ord=ord, axis=1), (x,), (tp.ones_like(x),))
    numpy.testing.assert_allclose(tangent.numpy(), usual.sum(1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("scale", [1e-4, 1e30])
def test_angles_and_deviations_of_any_size(backend: str, scale: float) -> None:
    x, y = tp.tensor([[3.0, 1.0], [1.0, 2.0]]) * scale, tp.tensor([[1.0, 1.0], [2.0, -1.0]])
    cosines = [2 / 5**0.5, 0.0]
    numpy.testing.assert_allclose(tp.cosine_similarity(x, y).numpy(), cosines, atol=1e-6)
    apart = tp.tensor([-1, -1])
    losses = F.cosine_embedding_loss(x, y, apart, margin=-1.0, reduction="none")
    numpy.testing.assert_allclose(losses.numpy(), [1 + cosine for cosine in cosines], atol=2e-4)
    unit = tp.normalize(x)
    numpy.testing.assert_allclose((unit * unit).sum(1).numpy(), [1.0, 1.0], rtol=1e-6)
    distances = tp.pairwise_distance(x, tp.zeros(2), eps=0.0)
    numpy.testing.assert_allclose(distances.numpy() / numpy.float32(scale), [10**0.5, 5**0.5], rtol=1e-6)
    # Of directions, gradients are as many times smaller as the vectors are greater.
    slope = tp.func.grad(lambda x: tp.cosine_similarity(x, y).sum())
    usual = slope(x / scale).numpy()
    numpy.testing.assert_allclose(slope(x).numpy() * numpy.float32(scale), usual, rtol=1e-4, atol=1e-6)
    deviation = tp.func.value_and_grad(lambda x: tp.std(x))
    value, gradient = deviation(x)
    value_of_units, gradient_of_units = deviation(x / scale)
    assert value.item() / scale == pytest.approx(value_of_units.item(), rel=1e-5)
    numpy.testing.assert_allclose(gradient.numpy(), gradient_of_units.numpy(), rtol=1e-4, atol=1e-6)


def test_the_rate_of_an_angle_near_the_origin(backend: str) -> None:
    x1, x2 = tp.tensor([3e-30, 0.0]), tp.tensor([4e-30, 0.0])
    slopes = tp.func.grad(lambda x1, x2: tp.atan2(x1, x2).sum(), argnums=(0, 1))(x1, x2)
    for found, wanted in zip(slopes, ([1.6e29, 0.0], [-1.2e29, 0.0]), strict=True):
        numpy.testing.assert_allclose(found.numpy(), wanted, rtol=1e-6)


def test_complex_derivatives_far_out(backend: str) -> None:
    z = tp.tensor([3e25 + 4e25j])
    for function in (tp.asin, tp.asinh, tp.acos):
        found = tp.func.grad(lambda z, function=function: tp.real(function(z)).sum())(z).numpy()
        numpy.testing.assert_allclose(abs(found), [2e-26], rtol=1e-5)
