"""The CuPy plugin on the stand-in of `tests/cupy_stand_in`, which knows two devices and counts what waits for one.

`make cupy-stand-in` puts the stand-in on the path; with a real CuPy these tests are skipped.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest

import tensorplug as tp
from tensorplug import nn, optim

cupy = pytest.importorskip("cupy", reason="neither CuPy nor its stand-in is on the path: make cupy-stand-in")
if not hasattr(cupy.cuda, "waits"):
    pytest.skip("CuPy is real, and waits are counted on the stand-in alone", allow_module_level=True)


def _perceptron() -> tuple[nn.Module, tp.Tensor]:
    layers = [nn.Linear(6, 16), nn.ReLU(), nn.LayerNorm(16), nn.Dropout(0.1), nn.Linear(16, 4)]
    return nn.Sequential(*layers), tp.rand(8, 6)


def _convolutions() -> tuple[nn.Module, tp.Tensor]:
    layers = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.GELU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 4)]
    return nn.Sequential(*layers), tp.rand(8, 1, 8, 8)


def _waits(network: nn.Module, x: tp.Tensor, loss: Callable[[tp.Tensor], tp.Tensor]) -> dict[str, int]:
    """What waits for the device in a training step, but the first."""
    optimizer = optim.Adam(network.parameters())
    for _ in range(2):
        cupy.cuda.waits.clear()
        optimizer.zero_grad()
        loss(network(x)).backward()
        optimizer.step()
    return dict(cupy.cuda.waits)


@pytest.fixture(autouse=True)
def on_cupy() -> object:
    with tp.backend("cupy"):
        yield


@pytest.mark.parametrize("make", [_perceptron, _convolutions])
def test_a_training_step_does_not_wait(make: Callable[[], tuple[nn.Module, tp.Tensor]]) -> None:
    network, x = make()
    assert _waits(network, x, lambda out: (out**2).mean()) == {}
    classes = tp.asarray([0, 1, 2, 3] * 2)
    # The classes are checked, once.
    assert _waits(network, x, lambda out: nn.functional.cross_entropy(out, classes)) == {"get": 1}


def test_a_recurrent_step_does_not_wait() -> None:
    assert _waits(nn.LSTM(4, 8), tp.rand(5, 2, 4), lambda out: out[0].sum()) == {}


def test_each_device_computes_where_its_operands_lie() -> None:
    x = tp.arange(6.0, device="cuda:1").reshape(2, 3).requires_grad_()
    y = (x @ x.mT).softmax(-1)[:, 0] * 2
    y.sum().backward()
    assert str(x.grad.device) == "cupy:cuda:1"
    there = x.detach().to("cuda:0")
    with pytest.raises(RuntimeError, match=r"cuda:0.*cuda:1|cuda:1.*cuda:0"):
        there + x
    assert numpy.asarray((there.to("cuda:1") + x).detach().to("numpy")).tolist() == [[0, 2, 4], [6, 8, 10]]


def test_arrays_of_the_library_come_in_and_go_out_without_copies() -> None:
    array = cupy.zeros(3)
    tensor = tp.from_dlpack(array)
    tensor += 1
    assert array.tolist() == [1, 1, 1]
    tensor.to_native()[0] = 5
    assert tensor.tolist() == [5, 1, 1]


def test_memory_is_counted_on_each_device() -> None:
    def used() -> list[int]:
        return [tp.cuda.memory_stats(f"cuda:{i}")["used"] for i in range(2)]

    before = used()
    kept = tp.zeros(1000, dtype=tp.float64, device="cuda:1")
    assert [now - then for now, then in zip(used(), before, strict=True)] == [0, 8000]
    del kept
    assert used() == before
