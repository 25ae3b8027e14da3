"""Time of `vmap`: per-example gradients, and a Hessian beside one computed row by row."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
from timing import Benchmark

import tensorplug


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """Per-example gradients of a perceptron, and a Hessian of 50 inputs."""
    yield _per_example(peers, 128, (64, 64, 64, 10))
    yield _hessian(peers, 50)


def _libraries(peers: dict[str, ModuleType]) -> dict[str, Any]:
    return {"tensorplug": tensorplug} | ({"PyTorch": peers["PyTorch"]} if "PyTorch" in peers else {})


def _per_example(peers: dict[str, ModuleType], batch: int, widths: tuple[int, ...]) -> Benchmark:
    random = numpy.random.default_rng(0)
    data = random.standard_normal((batch, widths[0])).astype("f4")
    labels = random.integers(0, widths[-1], batch)
    parameters = [
        (random.standard_normal(shape) / shape[0] ** 0.5).astype("f4")
        for n, m in itertools.pairwise(widths)
        for shape in ((n, m), (m,))
    ]

    def gradients(library: Any) -> Callable[[], object]:
        x, y, *given = map(library.tensor, (data, labels, *parameters))

        def loss(layers: list[Any], x: Any, y: Any) -> Any:
            for weight, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
                x = library.tanh(x @ weight + bias)
            return library.nn.functional.cross_entropy(x @ layers[-2] + layers[-1], y)

        mapped = library.func.vmap(library.func.grad(loss), (None, 0, 0))
        return lambda: mapped(given, x, y)

    name = f"gradients of each of {batch} examples, an MLP {'-'.join(map(str, widths))}"
    return Benchmark(name, {key: gradients(library) for key, library in _libraries(peers).items()})


def _hessian(peers: dict[str, ModuleType], count: int) -> Benchmark:
    random = numpy.random.default_rng(0)
    matrix, start = random.standard_normal((count, count)), random.standard_normal(count)

    def function(library: Any) -> tuple[Callable[[Any], Any], Any]:
        weight, x = map(library.tensor, (matrix, start))
        return lambda x: (library.tanh(weight @ x) ** 2).sum(), x

    def whole(library: Any) -> Callable[[], object]:
        scalar, x = function(library)
        return lambda: library.func.hessian(scalar)(x)

    def by_rows() -> object:
        gradient = tensorplug.func.grad(scalar)
        return tensorplug.stack([tensorplug.func.jvp(gradient, (x,), (unit,))[1] for unit in units])

    scalar, x = function(tensorplug)
    units = list(tensorplug.eye(count, dtype=tensorplug.float64))
    implementations = {key: whole(library) for key, library in _libraries(peers).items()}
    return Benchmark(f"the Hessian by {count} inputs", implementations | {"a pass a row": by_rows})
