"""Axes of length zero: what PyTorch answers, or an error that says what was wanted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug import Tensor
from tensorplug.core.types.errors import ShapeError

ANSWERS: dict[str, tuple[Callable[[Tensor], Tensor], Any]] = {
    "softmax": (lambda x: tp.softmax(x, axis=0), numpy.zeros((0, 3))),
    "log_softmax": (lambda x: x.log_softmax(0), numpy.zeros((0, 3))),
    "softmax of the other axis": (lambda x: tp.softmax(x.T, axis=0), numpy.zeros((3, 0))),
    "logsumexp": (lambda x: tp.logsumexp(x, axis=0), numpy.full(3, -math.inf)),
    "logsumexp of all": (lambda x: x.logsumexp((0, 1), keepdim=True), numpy.full((1, 1), -math.inf)),
    "logsumexp of the other axis": (lambda x: tp.logsumexp(x, axis=1), numpy.zeros(0)),
}


@pytest.mark.parametrize("dtype", [tp.float32, tp.float16], ids=str)
@pytest.mark.parametrize("call", ANSWERS)
def test_answers_and_gradients(backend: str, call: str, dtype: tp.dtype) -> None:
    function, wanted = ANSWERS[call]
    x = tp.zeros(0, 3, dtype=dtype).requires_grad_()
    found = function(x)
    assert found.dtype is dtype
    numpy.testing.assert_array_equal(found.detach().float().cpu().numpy(), wanted.astype("float32"), strict=True)
    found.sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (0, 3)


def test_a_vector_of_none_goes_with_any_others(backend: str) -> None:
    nothing, x = tp.zeros(0, requires_grad=True), tp.ones(2, 3, requires_grad=True)
    for axis in (0, 1):
        found = tp.cat([nothing, x, nothing], axis)
        assert found.shape == (2, 3)
        found.sum().backward()
    assert nothing.grad is not None
    assert nothing.grad.shape == (0,)
    assert x.grad is not None
    numpy.testing.assert_array_equal(x.grad.cpu().numpy(), numpy.full((2, 3), 2.0))
    # The dtype counts.
    assert tp.cat([tp.zeros(0), tp.ones(2, 3, dtype=tp.int64)]).dtype is tp.float32
    for shapes in (((0, 4), (2, 3)), ((3,), (2, 3))):
        with pytest.raises(ShapeError, match="must be equal but for axis 0"):
            tp.cat([tp.zeros(*shape) for shape in shapes])


def test_parts_of_an_empty_axis(backend: str) -> None:
    assert [part.shape for part in tp.zeros(0, 3).chunk(3)] == [(0, 3)] * 3
    assert [part.shape for part in tp.zeros(0, 3).split(2)] == [(0, 3)]


def test_no_elements_seen_as_another_dtype(backend: str) -> None:
    x = tp.asarray(numpy.zeros((0, 3), numpy.int64))
    assert x.stride() == (3, 1)
    assert x.view(tp.uint8).shape == (0, 24)
    assert x.view(tp.float64).shape == (0, 3)


def test_cross_entropy_of_no_classes(backend: str) -> None:
    x, target = tp.zeros(0, 0, requires_grad=True), tp.zeros(0, dtype=tp.int64)
    loss = tp.nn.functional.cross_entropy(x, target, label_smoothing=0.1)
    loss.backward()
    assert math.isnan(loss.item())
    assert x.grad is not None
    assert x.grad.shape == (0, 0)
    x = tp.zeros(2, 0)
    losses = tp.nn.functional.cross_entropy(x, x, label_smoothing=0.25, reduction="none")
    numpy.testing.assert_array_equal(losses.cpu().numpy(), numpy.zeros(2))


def test_shapes_that_do_not_fit_no_elements(backend: str) -> None:
    x = tp.zeros(2, 0)
    with pytest.raises(
        ShapeError, match=r"a value of shape \(3,\) cannot be broadcast to the region, of shape \(2, 0\)"
    ):
        x[..., ::-1] = tp.zeros(3)
    x[...] = tp.zeros(2, 1)
    with pytest.raises(ShapeError, match=r"linalg.pinv: rtol of shape \(2,\) does not broadcast with the axes \(0,\)"):
        tp.linalg.pinv(tp.zeros(0, 3, 3), rtol=tp.zeros(2))


def test_tangents_of_no_elements(backend: str) -> None:
    x = tp.zeros(0, 3)
    for function, _ in ANSWERS.values():
        value, tangent = tp.func.jvp(function, (x,), (x,))
        assert tangent.shape == value.shape
