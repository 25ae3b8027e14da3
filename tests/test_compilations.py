"""On JAX a number that varies from call to call compiles nothing anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tensorplug as tp
import tensorplug.nn.functional as F

jax = pytest.importorskip("jax")

_lowered: list[str] = []


def _note(event: str, duration: float, **details: Any) -> None:
    if event.endswith("jaxpr_to_mlir_module_duration"):
        _lowered.append(event)


jax.monitoring.register_event_duration_secs_listener(_note)

Call = Callable[[tp.Tensor, tp.Tensor, Any], Any]

REAL: dict[str, Call] = {
    "huber_loss": lambda x, y, p: F.huber_loss(x, y, delta=p),
    "smooth_l1_loss": lambda x, y, p: F.smooth_l1_loss(x, y, beta=p),
    "poisson_nll_loss": lambda x, y, p: F.poisson_nll_loss(x.abs(), y, log_input=False, eps=p),
    "margin_ranking_loss": lambda x, y, p: F.margin_ranking_loss(x, y, y.sign(), margin=p),
    "triplet_margin_loss": lambda x, y, p: F.triplet_margin_loss(x, y, y * 2, margin=p, eps=p, p=1 + p),
    "cross_entropy": lambda x, y, p: F.cross_entropy(x, y.softmax(1), label_smoothing=p),
    "leaky_relu, elu, softplus": lambda x, y, p: F.leaky_relu(x, p) + F.elu(x, p) + F.softplus(x, p, 10 * p),
    "normalize": lambda x, y, p: F.normalize(x, 1 + p, eps=p),
    "dropout": lambda x, y, p: F.dropout(x, p),
    "scalars": lambda x, y, p: (p - x * p) / p + x.add(y, alpha=p) + tp.maximum(x, p) + tp.where(x > p, x, p),
    "pow": lambda x, y, p: (y * y + 1) ** p + p ** (x * y),
    "clip": lambda x, y, p: x.clamp(-p, p) + x.masked_fill(x > p, p),
    "norm": lambda x, y, p: tp.linalg.vector_norm(x, ord=1 + p),
    "std": lambda x, y, p: tp.std(x, axis=1, correction=p),
    "samplers": lambda x, y, p: tp.zeros(3).uniform_(-p, p) + tp.zeros(3).normal_(p, p) + tp.zeros(3).bernoulli_(p),
    "creation": lambda x, y, p: tp.full((3,), p) + tp.linspace(p, 1 + p, 3) + tp.arange(p, p + 3),
}
"""Calls with a fraction."""

WHOLE: dict[str, Call] = {
    "roll": lambda x, y, k: tp.roll(x, k, axis=1) + tp.roll(x, (k, -k), axis=(0, 1)),
    "tril, triu": lambda x, y, k: tp.tril(x, k=k - 3) + tp.triu(x, k=k - 3),
    "pow": lambda x, y, k: tp.tensor([1, 2]) ** k + (tp.tensor([1, 2]) << k),
    "reads": lambda x, y, k: (x[k % 2, k] + x[0, k : k + 2] + x[:, k : k + 5 : 2].sum() + x[0, k + 3 : k : -2]).sum(),
    "writes": lambda x, y, k: x.clone()[:, k : k + 5 : 2].mul_(k),
    "writes of items": lambda x, y, k: x.clone().__setitem__((slice(None), slice(k + 3, k, -2)), y[:, :2] * k),
    "comparisons": lambda x, y, k: (x > k) & (x == k * 10**40) & (tp.zeros(2, 9, dtype="uint8") < 100 * k),
}
"""Calls with an integer from 0 to 4."""


@pytest.fixture(autouse=True)
def on_jax() -> Iterator[None]:
    with tp.backend("jax"):
        yield


@pytest.mark.parametrize(
    ("call", "numbers"),
    [
        *(pytest.param(call, (0.11, 0.23, 0.37, 0.45, 0.61), id=name) for name, call in REAL.items()),
        *(pytest.param(call, (1, 0, 2, 4, 3), id=f"whole {name}") for name, call in WHOLE.items()),
    ],
)
def test_other_numbers_compile_nothing(call: Call, numbers: tuple[Any, ...]) -> None:
    """Forward and backward; the first two calls may compile what a first call and a constant need."""
    y = tp.linspace(-1, 1, 18).reshape(2, 9)

    def run(number: Any) -> None:
        x = (y * 1.5).requires_grad_()
        result = call(x, y, number)
        if isinstance(result, tp.Tensor) and result.requires_grad:
            result.sum().backward()

    for number in numbers[:2]:
        run(number)
    before = len(_lowered)
    for number in numbers[2:]:
        run(number)
    assert len(_lowered) == before


@pytest.mark.parametrize(
    ("call", "most"),
    [
        (lambda n: tp.zeros(n), 0),
        (lambda n: tp.ones((n, 3), dtype="int32"), 0),
        (lambda n: tp.full((2, n), 0.5, dtype="float16"), 2),
        (lambda n: tp.rand(n, 3), 1),
        (lambda n: tp.randn(n, 3), 2),
        (lambda n: tp.randint(0, 10, (n,)), 1),
    ],
)
def test_small_arrays_of_a_new_shape_compile_little(call: Callable[[int], tp.Tensor], most: int) -> None:
    """They are made on the host, with the values of other backends; at most the change of shape is compiled."""
    tp.manual_seed(3)
    call(57)
    before = len(_lowered)
    made = call(59)
    assert len(_lowered) - before <= most
    with tp.backend("numpy"):
        tp.manual_seed(3)
        call(57)
        assert made.tolist() == call(59).tolist()
