"""Time of compiled functions on JAX, and of the same computation by hand under `jax.jit`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
from timing import Benchmark

import tensorplug

RATE = 0.001


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """A chain of small operations, and training steps of perceptrons."""
    try:
        import jax
    except ImportError:
        return
    yield _chain(jax)
    yield _step(jax, 32, (64, 64, 64, 10))
    yield _step(jax, 128, (784, 512, 512, 10))


def _benchmark(jax: Any, name: str, compiled: Callable[[], Any], by_hand: Callable[[], object]) -> Benchmark:
    implementations = {"tensorplug": lambda: jax.block_until_ready(compiled()._array), "jax.jit": by_hand}
    return Benchmark(f"compiled on jax: {name}", implementations)


def _chain(jax: Any) -> Benchmark:
    start = numpy.linspace(0.1, 0.9, 4, dtype=numpy.float32)

    def chain(xp: Any, x: Any) -> Any:
        for _ in range(20):
            x = xp.tanh(x * 1.01 + 0.5)
        return x

    compiled, by_hand = tensorplug.compile(lambda x: chain(tensorplug, x)), jax.jit(lambda x: chain(jax.numpy, x))
    x, array = tensorplug.asarray(start, device="jax"), jax.numpy.asarray(start)
    return _benchmark(jax, "60 operations", lambda: compiled(x), lambda: jax.block_until_ready(by_hand(array)))


def _step(jax: Any, batch: int, widths: tuple[int, ...]) -> Benchmark:
    random = numpy.random.default_rng(0)
    weights = [(random.standard_normal(shape) / shape[0] ** 0.5).astype("f4") for shape in itertools.pairwise(widths)]
    images, labels = random.standard_normal((batch, widths[0])).astype("f4"), random.integers(0, widths[-1], batch)
    x, y, *parameters = (tensorplug.asarray(one, device="jax") for one in (images, labels, *weights))
    for weight in parameters:
        weight.requires_grad_()

    @tensorplug.compile
    def step(x: Any, y: Any) -> Any:
        for weight in parameters[:-1]:
            x = (x @ weight).relu()
        loss = tensorplug.nn.functional.cross_entropy(x @ parameters[-1], y)
        loss.backward()
        with tensorplug.no_grad():
            for weight in parameters:
                weight.sub_(weight.grad * RATE)
                weight.grad = None
        return loss.detach()

    def loss_of(weights: Any, x: Any, y: Any) -> Any:
        for weight in weights[:-1]:
            x = jax.nn.relu(x @ weight)
        return -jax.numpy.take_along_axis(jax.nn.log_softmax(x @ weights[-1]), y[:, None], 1).mean()

    def update(weights: Any, x: Any, y: Any) -> Any:
        loss, gradients = jax.value_and_grad(loss_of)(weights, x, y)
        return loss, [weight - RATE * gradient for weight, gradient in zip(weights, gradients, strict=True)]

    compiled = jax.jit(update, donate_argnums=0)
    arrays = [jax.numpy.asarray(one) for one in (images, labels)]
    state = [list(map(jax.numpy.asarray, weights))]

    def by_hand() -> None:
        _, state[0] = jax.block_until_ready(compiled(state[0], *arrays))

    return _benchmark(jax, f"MLP step, batch {batch}", lambda: step(x, y), by_hand)
