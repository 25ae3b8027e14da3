"""Where in the forward pass an error of the backward pass comes from."""

from __future__ import annotations

import threading
import weakref
from typing import Any

import pytest

import tensorplug as tp
from tensorplug.autograd import detect_anomaly


class Failing(tp.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
        raise KeyError("mine")


def leaf(value: Any = -1.0) -> tp.Tensor:
    return tp.tensor(value, dtype="float64", requires_grad=True)


def test_nan_is_reported_with_the_line(backend: str) -> None:
    x = leaf()
    with detect_anomaly():
        y = tp.sqrt(x)  # this line
        with pytest.raises(RuntimeError, match="sqrt returned nan values in its 0th gradient") as raised:
            (y * 3).backward()
    message = str(raised.value)
    assert "sqrt was recorded here:" in message
    last = message.rstrip().splitlines()
    assert last[-1].strip() == "y = tp.sqrt(x)  # this line"
    assert __file__ in last[-2]
    assert x.grad is None


def test_the_operand_is_named_by_its_place(backend: str) -> None:
    x, y = leaf(1.0), leaf(0.0)
    with detect_anomaly(), pytest.raises(RuntimeError, match="divide returned nan values in its 1th gradient"):
        (x * 0 / y).backward()


def test_errors_are_told_the_line(backend: str) -> None:
    with detect_anomaly():
        y = Failing.apply(leaf())  # here
        with pytest.raises(KeyError, match="mine") as raised:
            y.backward()
    (note,) = raised.value.__notes__
    assert note.startswith("Failing was recorded here:")
    assert "# here" in note


def test_writes_are_told_the_line(backend: str) -> None:
    with detect_anomaly():
        x = leaf() * 1
        y = x * x  # saved
        x.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation") as raised:
            y.backward()
    assert "# saved" in raised.value.__notes__[0]


def test_recorded_outside(backend: str) -> None:
    y = tp.sqrt(leaf())
    with detect_anomaly(), pytest.raises(RuntimeError, match="sqrt was recorded outside of detect_anomaly"):
        y.backward()


def test_nothing_is_looked_for_outside(backend: str) -> None:
    x = leaf()
    tp.sqrt(x).backward()
    assert x.grad.tolist() != x.grad.tolist()
    with detect_anomaly():
        y = tp.sqrt(leaf())
    y.backward()


def test_nan_may_be_let_pass(backend: str) -> None:
    x = leaf()
    with detect_anomaly(check_nan=False):
        tp.sqrt(x).backward()
        with detect_anomaly(), pytest.raises(RuntimeError, match="nan"):
            tp.sqrt(x).backward()
        tp.sqrt(x).backward()
        with pytest.raises(KeyError) as raised:
            Failing.apply(x).backward()
    assert "recorded here" in raised.value.__notes__[0]


def test_in_a_recorded_pass_and_the_one_after_it(backend: str) -> None:
    x = leaf(0.0)
    with detect_anomaly():
        (first,) = tp.autograd.grad(tp.sin(x), x, create_graph=True)
        second = tp.sqrt(first - 1.0)
        with pytest.raises(RuntimeError, match="nan values"):
            tp.autograd.grad(second * 0, x)


def test_operations_with_several_results(backend: str) -> None:
    x = tp.tensor([[1.0, 2.0], [0.0, 4.0]], dtype="float64", requires_grad=True)
    with detect_anomaly():
        _, logabsdet = tp.linalg.slogdet(x)
        (logabsdet * 2).backward()
    assert x.grad.tolist() == [[2.0, 0.0], [-1.0, 0.5]]


def test_as_decorator(backend: str) -> None:
    @detect_anomaly()
    def step(x: tp.Tensor, depth: int = 0) -> None:
        if depth:
            step(x, depth - 1)
        else:
            tp.sqrt(x).backward()

    with pytest.raises(RuntimeError, match="nan"):
        step(leaf(), 2)
    tp.sqrt(leaf()).backward()


def test_is_of_its_thread() -> None:
    errors: list[BaseException] = []

    def other() -> None:
        try:
            tp.sqrt(leaf()).backward()
        except BaseException as error:
            errors.append(error)

    with detect_anomaly():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert errors == []


def test_keeps_nothing(backend: str, no_collector: None) -> None:
    with detect_anomaly():
        y = leaf(2.0) * 2
        dead = weakref.ref(y._node)
        y.backward()
        del y
    assert dead() is None
