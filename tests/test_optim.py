"""`tensorplug.optim` beside PyTorch's stored answers: parameters after each step, and schedules of learning rates."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.optim import SGD, Adam, lr_scheduler

STORED = json.loads((pathlib.Path(__file__).parent / "references" / "optim.json").read_text())


@pytest.mark.parametrize(("name", "options", "wanted"), STORED["optimizers"])
def test_steps(backend: str, name: str, options: dict[str, Any], wanted: Any) -> None:
    x = tp.tensor(STORED["start"], dtype="float64", requires_grad=True)
    optimizer = getattr(tp.optim, name)([x], **options)
    for gradient, after in zip(STORED["gradients"], wanted, strict=True):
        x.grad = tp.tensor(gradient, dtype="float64")
        optimizer.step()
        # Quotients and roots in another order: a few roundings a step.
        numpy.testing.assert_allclose(x.tolist(), after, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(("name", "options", "rates", "momenta"), STORED["schedules"])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_schedules(name: str, options: dict[str, Any], rates: Any, momenta: Any, as_tensor: bool) -> None:
    lr: Any = tp.tensor(0.2, dtype="float64") if as_tensor else 0.2
    optimizer = SGD([tp.zeros(1, requires_grad=True)], lr=lr, momentum=0.5)
    scheduler = getattr(lr_scheduler, name)(optimizer, **options)
    for figure, rate, momentum in zip(STORED["figures"], rates, momenta, strict=False):
        group = optimizer.param_groups[0]
        assert float(group["lr"]) == pytest.approx(rate, rel=1e-14)
        assert group["momentum"] == pytest.approx(momentum, rel=1e-14)
        assert not as_tensor or group["lr"] is lr
        scheduler.step(*[figure] * (name == "ReduceLROnPlateau"))


def test_goes_on_from_a_saved_state(backend: str, tmp_path: pathlib.Path) -> None:
    x, y = (tp.tensor(STORED["start"], requires_grad=True) for _ in range(2))
    first, second = Adam([x], lr=0.1, amsgrad=True), Adam([y])
    for optimizer in (first, first, second):
        for one in (x, y):
            one.grad = tp.ones_like(one)
        optimizer.step()
    second.load_state_dict(first.state_dict())
    with tp.no_grad():
        y.copy_(x)
    for one, optimizer in ((x, first), (y, second)):
        one.grad = tp.ones_like(one)
        optimizer.step()
    assert x.tolist() == y.tolist()
    assert second.state_dict()["state"][0]["step"].item() == 3


def test_groups_have_options_of_their_own() -> None:
    x, y = (tp.ones(1, requires_grad=True) for _ in range(2))
    optimizer = SGD([{"params": [x]}, {"params": y, "lr": 1.0}], lr=0.5)
    (x + y).sum().backward()
    optimizer.step()
    assert (x.item(), y.item()) == (0.5, 0.0)
    optimizer.zero_grad()
    assert x.grad is None


def test_a_closure_computes_the_loss_again() -> None:
    x = tp.ones(1, requires_grad=True)
    optimizer = SGD([x], lr=0.5)

    def closure() -> tp.Tensor:
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1.0
    assert x.item() == 0.0


@pytest.mark.parametrize(
    ("error", "message", "make"),
    [
        (TypeError, r"SGD: params is an iterable of tensors or dicts, got a Tensor", lambda x: SGD(x)),
        (ValueError, r"SGD: got no parameters", lambda x: SGD([])),
        (ValueError, r"SGD: a parameter of shape \(1,\) is given twice", lambda x: SGD([x, x])),
        (ValueError, r"SGD: a parameter is a leaf, got a tensor of shape \(1,\)", lambda x: SGD([x * 2])),
        (TypeError, r"SGD: a parameter is a Tensor, got int", lambda x: SGD([1])),
        (ValueError, r"SGD: got lr -1, wanted no negative number", lambda x: SGD([x], lr=-1)),
        (ValueError, r"SGD: nesterov wants a momentum", lambda x: SGD([x], nesterov=True)),
        (ValueError, r"Adam: got betas \(1, 0\.5\), wanted numbers in", lambda x: Adam([x], betas=(1, 0.5))),
        (
            ValueError,
            r"load_state_dict: got groups of \[2\] parameters, wanted \[1\]",
            lambda x: SGD([x]).load_state_dict({"param_groups": [{"params": [0, 1]}], "state": {}}),
        ),
    ],
)
def test_bad_input(error: type[Exception], message: str, make: Any) -> None:
    with pytest.raises(error, match=message):
        make(tp.ones(1, requires_grad=True))
