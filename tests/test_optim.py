"""`tensorplug.optim` beside PyTorch's stored answers: parameters after each step, and schedules of learning rates."""

from __future__ import annotations

import json
import math
import pathlib
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.optim import LBFGS, SGD, Adagrad, Adam, lr_scheduler

from .schedules import combined

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


class Valley:
    """Two parameters, and the loss that LBFGS is tried on."""

    def __init__(self) -> None:
        self.x = tp.tensor(STORED["start"], dtype="float64", requires_grad=True)
        self.y = tp.zeros(3, dtype="float64", requires_grad=True)

    def closure(self) -> tp.Tensor:
        self.x.grad = self.y.grad = None
        x, y = self.x, self.y
        loss = (10 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + (y - x[0]) ** 4).sum()
        loss.backward()
        return loss


class TestLBFGS:
    @pytest.mark.parametrize(("options", "wanted"), STORED["searches"])
    def test_steps(self, backend: str, options: dict[str, Any], wanted: Any) -> None:
        valley = Valley()
        optimizer = LBFGS([valley.x, valley.y], **options)
        for loss, x, y, evaluations in wanted:
            assert optimizer.step(valley.closure).item() == pytest.approx(loss, rel=1e-8, abs=1e-14)
            # Each direction is made of differences of gradients, which enlarge roundings.
            numpy.testing.assert_allclose(valley.x.tolist(), x, rtol=1e-8)
            numpy.testing.assert_allclose(valley.y.tolist(), y, rtol=1e-8)
            assert optimizer.state[valley.x]["func_evals"] == evaluations

    def test_goes_on_from_a_saved_state(self) -> None:
        first, second = Valley(), Valley()
        options: dict[str, Any] = {"max_iter": 3, "line_search_fn": "strong_wolfe"}
        optimizer, other = LBFGS([first.x, first.y], **options), LBFGS([second.x, second.y], **options)
        optimizer.step(first.closure)
        other.load_state_dict(optimizer.state_dict())
        with tp.no_grad():
            second.x.copy_(first.x)
            second.y.copy_(first.y)
        optimizer.step(first.closure)
        other.step(second.closure)
        assert second.x.tolist() == first.x.tolist()

    def test_complex_parameters(self, backend: str) -> None:
        x = tp.tensor([1 + 2j, 3j], dtype="complex128", requires_grad=True)
        optimizer = LBFGS([x], line_search_fn="strong_wolfe")

        def closure() -> tp.Tensor:
            optimizer.zero_grad()
            loss = (((x - 2 + 1j) * tp.tensor([1.0, 3.0])).abs() ** 2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        numpy.testing.assert_allclose(x.detach().numpy(), [2 - 1j] * 2, atol=1e-5)


@pytest.mark.parametrize(
    "name", ["SGD", "ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop"]
)
def test_a_step_is_compiled(name: str) -> None:
    x, y = (tp.tensor(STORED["start"], dtype="float64", requires_grad=True) for _ in range(2))

    def stepper(parameter: tp.Tensor) -> Any:
        optimizer = getattr(tp.optim, name)([parameter], lr=0.1)

        def step() -> None:
            optimizer.zero_grad()
            ((parameter - 1) ** 4).sum().backward()
            optimizer.step()

        return step

    eager, compiled = stepper(x), tp.compile(stepper(y))
    for _ in range(4):
        eager()
        compiled()
    numpy.testing.assert_allclose(y.tolist(), x.tolist(), rtol=1e-14)
    assert len(compiled.programs) <= 2


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


@pytest.mark.parametrize(("kind", "rates"), STORED["combined"])
def test_schedules_together(kind: str, rates: Any) -> None:
    optimizer = SGD([tp.zeros(1, requires_grad=True)], lr=0.2)
    schedulers = combined(kind, tp.optim, optimizer)
    for number, rate in enumerate(rates):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(rate, rel=1e-14)
        if kind == "reset" and number == 2:
            optimizer.param_groups[0]["lr"] = 1.0
        for scheduler in schedulers:
            scheduler.step()
        if number == 3:
            states = [scheduler.state_dict() for scheduler in schedulers]
            json.dumps(states)
            for scheduler, state in zip(schedulers, states, strict=True):
                scheduler.load_state_dict(state)


def test_a_schedule_goes_on_between_steps() -> None:
    optimizer = SGD([tp.zeros(1, requires_grad=True)], lr=2.0)
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    scheduler.step(2.5)
    assert scheduler.get_last_lr() == [pytest.approx(1 + math.cos(math.pi / 4))]


def test_options_without_effect_are_accepted() -> None:
    x = tp.ones(1, requires_grad=True)
    for make in (SGD, Adam, Adagrad, tp.optim.NAdam):
        make([x], lr=0.1, foreach=True, fused=None, capturable=True, differentiable=False)


@pytest.mark.parametrize("step", [numpy.asarray(2.0), 2], ids=["array", "number"])
def test_goes_on_from_a_state_of_pytorch(backend: str, step: Any) -> None:
    """The state after two steps, its tensors as NumPy arrays, and options that only PyTorch has."""
    state = {
        "exp_avg": [0.5130000001799999, 2.4029999998949996],
        "exp_avg_sq": [0.014895900008748011, 0.31888889997221725],
    }
    options = {"lr": 0.1, "betas": (0.9, 0.999), "foreach": None, "fused": None, "decoupled_weight_decay": False}
    x = tp.tensor([0.8010907783811203, -2.2001352220006822], dtype="float64", requires_grad=True)
    optimizer = Adam([x])
    optimizer.load_state_dict(
        {
            "state": {0: {"step": step} | {name: numpy.asarray(value) for name, value in state.items()}},
            "param_groups": [options | {"params": [0]}],
        }
    )
    (x**3).sum().backward()
    optimizer.step()
    numpy.testing.assert_allclose(x.tolist(), [0.7041537958715121, -2.3004937905256657], rtol=1e-13)
    assert optimizer.state[x]["step"].item() == 3


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
        (ValueError, r"LBFGS: got several groups", lambda x: LBFGS([{"params": x}, {"params": tp.ones(1)}])),
        (ValueError, r"LBFGS: got line_search_fn 'wolfe', wanted None", lambda x: LBFGS([x], line_search_fn="wolfe")),
        (ValueError, r"LinearLR: got factors 0 and 1", lambda x: lr_scheduler.LinearLR(SGD([x]), 0, 1)),
        (ValueError, r"ConstantLR: got factor 2", lambda x: lr_scheduler.ConstantLR(SGD([x]), 2)),
        (ValueError, r"CyclicLR: got mode 'x'", lambda x: lr_scheduler.CyclicLR(SGD([x]), 0, 1, mode="x")),
        (
            ValueError,
            r"CyclicLR: Adagrad has no momentum",
            lambda x: lr_scheduler.CyclicLR(Adagrad([x]), 0, 1),
        ),
        (ValueError, r"SequentialLR: got 0 schedules for 2", lambda x: lr_scheduler.SequentialLR(SGD([x]), [], [1, 2])),
        (ValueError, r"LambdaLR: got 2 values for 1 groups", lambda x: lr_scheduler.LambdaLR(SGD([x]), [abs, abs])),
        (TypeError, r"Adamax: got an unexpected keyword argument rate=1", lambda x: tp.optim.Adamax([x], rate=1)),
        (TypeError, r"SGD: differentiable=True is not supported", lambda x: SGD([x], differentiable=True)),
        (TypeError, r"LBFGS\.step: got no closure, wanted a function", lambda x: LBFGS([x]).step()),
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
