"""A backend that is a name and a strictly standard namespace does all that the built-in ones do."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tensorplug as tp
from tensorplug.backends import Backend, hookimpl, register, unregister

strict = pytest.importorskip("array_api_strict", reason="array-api-strict is in the test extra")


class Strict(Backend):
    """array-api-strict, with nothing of its own."""

    name = "minimal"
    contract = 1

    def load(self) -> Any:
        return strict


@pytest.fixture(scope="module", autouse=True)
def _on_it() -> Iterator[None]:
    plugin = types.SimpleNamespace(tensorplug_backends=hookimpl(lambda: [Strict()]))
    plugin.tensorplug_backends.__name__ = "tensorplug_backends"
    register(plugin)
    with tp.backend("minimal"):
        yield
    unregister(plugin)


VALUES = np.arange(24.0).reshape(2, 3, 4)

INDICES = [
    0,
    (0, 1),
    (slice(None), 1),
    (..., 2),
    (None, 1, slice(0, 2)),
    (slice(None, None, -1), slice(None), slice(None, None, 2)),
    [1, 0, 1],
    (slice(None), [0, 2]),
    ([0, 1], [1, 2]),
    (0, [2, 0]),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_reading(index: Any) -> None:
    assert tp.tensor(VALUES)[index].tolist() == VALUES[index].tolist()


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_writing(index: Any) -> None:
    x, expected = tp.tensor(VALUES), VALUES.copy()
    x[index] = -1.0
    expected[index] = -1.0
    assert x.tolist() == expected.tolist()


def test_masks() -> None:
    x, expected = tp.tensor(VALUES), VALUES.copy()
    x[x > 5] = 0.0
    expected[expected > 5] = 0.0
    assert x.tolist() == expected.tolist()
    assert x[x > 3].tolist() == [4.0, 5.0]


def test_iteration() -> None:
    assert [row.tolist() for row in tp.tensor(VALUES[0])] == VALUES[0].tolist()


def test_views_and_writes_through_them() -> None:
    x = tp.zeros(3, 3)
    x.diagonal()[1] = 5.0
    x.t()[0] += 1
    x.view(-1)[8:].mul_(2).add_(7)
    assert x.tolist() == [[1, 0, 0], [1, 5, 0], [1, 0, 7]]


def test_gradients() -> None:
    x = tp.tensor(VALUES, requires_grad=True)
    y = x * 1.0
    y[0] *= 2.0
    (y[:, [0, 0]].tanh().sum() + y.diagonal().exp().mean()).backward()
    with tp.backend("numpy"):
        z = tp.tensor(VALUES, requires_grad=True)
        w = z * 1.0
        w[0] *= 2.0
        (w[:, [0, 0]].tanh().sum() + w.diagonal().exp().mean()).backward()
    assert x.grad is not None
    assert z.grad is not None
    # Both compute with the same functions of NumPy.
    np.testing.assert_array_equal(np.asarray(x.grad), np.asarray(z.grad))


def test_a_step_of_training() -> None:
    tp.manual_seed(0)
    weight = tp.randn(3, 2, requires_grad=True)
    tp.CrossEntropyLoss()(tp.randn(4, 3) @ weight, tp.tensor([0, 1, 1, 0])).backward()
    assert weight.grad is not None
    with tp.no_grad():
        weight -= 0.1 * weight.grad
    assert weight.backend == "minimal"
