"""Axes of length zero: what PyTorch answers, or an error that says what was wanted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug import Tensor

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
