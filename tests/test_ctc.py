"""Connectionist temporal classification: as PyTorch's, on every backend, and against all paths one by one."""

from __future__ import annotations

import itertools
import json
import math
import pathlib
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorplug as tp
from tensorplug.losses.functional import ctc_loss

CASES = json.loads((pathlib.Path(__file__).parent / "references" / "ctc.json").read_text())
"""Stored by references/ctc.py."""

FRAMES = tp.log_softmax(tp.tensor([[[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]]]))


def solve(case: dict[str, Any]) -> tuple[numpy.ndarray, numpy.ndarray]:
    logits = tp.tensor(case["logits"], dtype="float64", requires_grad=True)
    targets = tp.tensor(case["targets"], dtype="int64")
    loss = ctc_loss(
        tp.log_softmax(logits, axis=-1), targets, case["input_lengths"], case["target_lengths"], **case["options"]
    )
    weights = tp.arange(1, loss.numel() + 1, dtype="float64").reshape(loss.shape)
    (loss * weights).sum().backward()
    return loss.detach().numpy(), logits.grad.numpy()


def assert_as_pytorch(case: dict[str, Any]) -> None:
    loss, gradient = solve(case)
    numpy.testing.assert_allclose(loss, case["loss"], rtol=1e-12)
    numpy.testing.assert_allclose(gradient, case["gradient"], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_those_of_pytorch(case: dict[str, Any]) -> None:
    assert_as_pytorch(case)


@pytest.mark.parametrize("number", [3, 7, 36])
def test_they_are_on_every_backend(backend: str, number: int) -> None:
    # Targets that are padded, in a row and of one sample, since JAX compiles each anew.
    assert_as_pytorch(CASES[number])


def spelled(path: tuple[int, ...]) -> tuple[int, ...]:
    """What a path of labels and blanks, 0, stands for."""
    return tuple(label for label, _ in itertools.groupby(path) if label)


@given(
    frames=st.integers(1, 5),
    target=st.lists(st.integers(1, 2), max_size=3),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=40, deadline=None)
def test_sum_over_all_paths(frames: int, target: list[int], seed: int) -> None:
    logits = numpy.random.default_rng(seed).normal(size=(frames, 3))
    log_probs = logits - numpy.log(numpy.exp(logits).sum(1, keepdims=True))
    total = sum(
        math.exp(sum(log_probs[i, label] for i, label in enumerate(path)))
        for path in itertools.product(range(3), repeat=frames)
        if spelled(path) == tuple(target)
    )
    found = ctc_loss(tp.tensor(log_probs), tp.tensor(target, dtype="int64"), frames, len(target), reduction="sum")
    assert math.isclose(found.item(), -math.log(total) if total else math.inf, rel_tol=1e-12)


def test_second_derivatives(backend: str) -> None:
    logits = tp.tensor(numpy.random.default_rng(0).normal(size=(4, 2, 3)), requires_grad=True)

    def loss(x: tp.Tensor) -> tp.Tensor:
        return ctc_loss(tp.log_softmax(x, axis=2), tp.tensor([[1, 1], [2, 1]]), (4, 3), (2, 2))

    if backend == "numpy":
        assert tp.autograd.gradgradcheck(loss, logits)
    forward = numpy.asarray(tp.func.hvp(loss, (logits.detach(),), (tp.ones_like(logits.detach()),))[1][0])
    (first,) = tp.autograd.grad(loss(logits), logits, create_graph=True)
    (second,) = tp.autograd.grad(first.sum(), logits)
    numpy.testing.assert_allclose(forward, numpy.asarray(second), rtol=0, atol=1e-13)


def test_an_impossible_alignment_is_infinite_or_nothing(backend: str) -> None:
    logits = tp.zeros(2, 1, 3, requires_grad=True)
    arguments = (tp.tensor([[1, 1]]), (2,), (2,))
    loss = ctc_loss(tp.log_softmax(logits, axis=2), *arguments)
    loss.backward()
    assert loss.item() == math.inf
    assert bool(tp.all(tp.isnan(logits.grad)))
    logits.grad = None
    loss = ctc_loss(tp.log_softmax(logits, axis=2), *arguments, zero_infinity=True)
    loss.backward()
    assert loss.item() == 0.0
    assert bool(tp.all(logits.grad == 0))


def test_what_is_no_number_stays_with_its_sample(backend: str) -> None:
    def solved(frame: int, sample: int, lengths: tuple[int, ...]) -> tuple[list[bool], list[int]]:
        frames = tp.log_softmax(tp.ones(6, 3, 4))
        frames[frame:, sample] = math.nan
        frames.requires_grad_()
        losses = ctc_loss(frames, tp.tensor([[1, 2], [2, 2], [2, 1]]), lengths, (2, 2, 2), reduction="none")
        losses.sum().backward()
        return tp.isnan(losses).tolist(), tp.isnan(frames.grad).sum(axis=(0, 2)).tolist()

    assert solved(5, 1, (6, 6, 6)) == ([False, True, False], [0, 24, 0])
    assert solved(0, 1, (6, 6, 6)) == ([False, True, False], [0, 24, 0])
    # Behind a sample's last frame there is nothing.
    assert solved(4, 1, (6, 4, 6)) == ([False, False, False], [0, 0, 0])


def test_no_samples_and_no_frames(backend: str) -> None:
    none = ctc_loss(tp.zeros(3, 0, 4), tp.zeros(0, 2, dtype="int64"), (), (), reduction="none")
    assert none.shape == (0,)
    assert ctc_loss(tp.zeros(0, 2, 4), tp.tensor([1]), (0, 0), (0, 1), reduction="none").tolist() == [0.0, math.inf]


def test_lengths_as_tensors_and_numbers_give_the_same(backend: str) -> None:
    frames = FRAMES.to(backend)
    target = tp.tensor([[1, 2]])
    lengths = [((3,), (2,)), ([3], [2]), (tp.tensor([3]), tp.tensor([2], dtype="int32"))]
    found = {ctc_loss(frames, target, *one).item() for one in lengths}
    found.add((ctc_loss(frames[:, 0], target[0], 3, 2)).item())
    assert len(found) == 1


def test_half_types_are_computed_in_single_precision(backend: str) -> None:
    frames = FRAMES.to(backend)
    found = ctc_loss(frames.half(), tp.tensor([[1, 2]]), (3,), (2,))
    assert found.dtype is tp.float16
    assert abs(found.item() - ctc_loss(frames, tp.tensor([[1, 2]]), (3,), (2,)).item()) < 2e-3


TARGET = tp.tensor([[1, 2]])

BAD: list[tuple[Any, ...]] = [
    (TypeError, "targets must be of an integer dtype", (FRAMES, tp.tensor([[1.0]]), (3,), (1,))),
    (TypeError, "log_probs must be", (tp.ones(3, 1, 3, dtype="int64"), TARGET, (3,), (2,))),
    (TypeError, "input_lengths must be integers", (FRAMES, TARGET, (3.0,), (2,))),
    (ValueError, "log_probs must have shape", (tp.ones(3), TARGET, (3,), (2,))),
    (ValueError, "input_lengths must be from 0 to 3, .* got 4", (FRAMES, TARGET, (4,), (2,))),
    (ValueError, "input_lengths must be 1 numbers, one for each sample, got 2", (FRAMES, TARGET, (3, 3), (2,))),
    (ValueError, "target_lengths has 3, and targets hold 2 labels each", (FRAMES, TARGET, (3,), (3,))),
    (ValueError, "target_lengths add up to 2, and targets hold 3", (FRAMES, tp.tensor([1, 2, 1]), (3,), (2,))),
    (ValueError, "must not hold the blank, 0", (FRAMES, tp.tensor([[0, 1]]), (3,), (2,))),
    (IndexError, "target 3 is out of range for 3 classes", (FRAMES, tp.tensor([[3, 1]]), (3,), (2,))),
    (IndexError, "blank 3 is out of range for 3 classes", (FRAMES, TARGET, (3,), (2,), 3)),
    (ValueError, "reduction must be one of", (FRAMES, TARGET, (3,), (2,), 0, "average")),
]


@pytest.mark.parametrize(("error", "message", "arguments"), BAD)
def test_bad_input(error: type[Exception], message: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(error, match=f"ctc_loss: .*{message}"):
        ctc_loss(*arguments)


def test_class_is_the_function(backend: str) -> None:
    frames, arguments = FRAMES.to(backend), (tp.tensor([[1, 2]]), (3,), (2,))
    assert tp.CTCLoss(reduction="sum")(frames, *arguments).item() == ctc_loss(frames, *arguments, 0, "sum").item()
    assert repr(tp.CTCLoss()) == "CTCLoss()"
