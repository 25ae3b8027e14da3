"""Time of `jvp` beside that of the function; the budget is four times as long."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
from timing import Benchmark

import tensorplug

CHAIN = 40


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """Chains of elementwise operations on small and large tensors, and two perceptrons."""
    for count in (4, 1000, 100_000):
        yield _chain(peers, count)
    yield _perceptron(peers, 32, (64, 64, 64, 10))
    yield _perceptron(peers, 128, (784, 512, 512, 10))


def _chain(peers: dict[str, ModuleType], count: int) -> Benchmark:
    def function(library: Any, x: Any) -> Any:
        for _ in range(CHAIN // 4):
            x = library.tanh(x * x + x)
            x = x + x
        return x

    start = numpy.linspace(0.1, 0.9, count, dtype=numpy.float32)
    return _benchmark(peers, f"jvp of {CHAIN} elementwise operations, {count} elements", function, (start,))


def _perceptron(peers: dict[str, ModuleType], batch: int, widths: tuple[int, ...]) -> Benchmark:
    random = numpy.random.default_rng(0)
    data = random.standard_normal((batch, widths[0])).astype("f4")
    weights = [(random.standard_normal((n, m)) / n**0.5).astype("f4") for n, m in itertools.pairwise(widths)]
    biases = [numpy.zeros(m, "f4") for m in widths[1:]]

    def function(library: Any, x: Any, *parameters: Any) -> Any:
        layers = list(zip(parameters[: len(weights)], parameters[len(weights) :], strict=True))
        for weight, bias in layers[:-1]:
            x = library.relu(x @ weight + bias)
        weight, bias = layers[-1]
        return x @ weight + bias

    name = f"jvp of an MLP, batch {batch}, {'-'.join(map(str, widths))}"
    return _benchmark(peers, name, function, (data, *weights, *biases))


def _benchmark(
    peers: dict[str, ModuleType], name: str, function: Callable[..., Any], arrays: tuple[numpy.ndarray, ...]
) -> Benchmark:
    def pushed(library: Any) -> Callable[[], object]:
        inputs = tuple(map(library.tensor, arrays))
        return lambda: library.func.jvp(lambda *xs: function(library, *xs), inputs, inputs)

    inputs = tuple(map(tensorplug.tensor, arrays))
    implementations = {"tensorplug": pushed(tensorplug), "the function": lambda: function(tensorplug, *inputs)}
    if "PyTorch" in peers:
        implementations["PyTorch"] = pushed(peers["PyTorch"])
    return Benchmark(name, implementations)
