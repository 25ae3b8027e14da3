"""Time of losses and PyTorch's: the value and the gradient of the input, in float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
from timing import Benchmark

import tensorplug

ELEMENTS = 1_000_000


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """Elementwise losses, cross-entropy and CTC."""
    random = numpy.random.default_rng(0)
    scores = random.standard_normal(ELEMENTS, dtype=numpy.float32)
    targets = random.standard_normal(ELEMENTS, dtype=numpy.float32)
    probabilities = random.random(ELEMENTS, dtype=numpy.float32)
    yield _benchmark(peers, f"SmoothL1Loss, {ELEMENTS} elements", "SmoothL1Loss", {}, scores, targets)
    yield _benchmark(peers, f"BCEWithLogitsLoss, {ELEMENTS} elements", "BCEWithLogitsLoss", {}, scores, probabilities)
    yield _benchmark(peers, f"KLDivLoss, {ELEMENTS} elements", "KLDivLoss", {"reduction": "sum"}, scores, probabilities)
    batch, classes = 2048, 4096
    scores = random.standard_normal((batch, classes), dtype=numpy.float32)
    labels = random.integers(0, classes, batch)
    yield _benchmark(peers, f"CrossEntropyLoss, {batch} x {classes}", "CrossEntropyLoss", {}, scores, labels)
    time, batch, classes, length = 150, 16, 40, 30
    scores = random.standard_normal((time, batch, classes), dtype=numpy.float32)
    labels = random.integers(1, classes, (batch, length))
    lengths = (time,) * batch, (length,) * batch
    yield _benchmark(
        peers,
        f"CTCLoss, T={time}, N={batch}, C={classes}, S={length}",
        "CTCLoss",
        {},
        scores - numpy.log(numpy.exp(scores).sum(-1, keepdims=True)),
        labels,
        *lengths,
    )


def _benchmark(
    peers: dict[str, ModuleType],
    name: str,
    loss: str,
    options: dict[str, Any],
    scores: numpy.ndarray,
    target: numpy.ndarray,
    *arguments: Any,
) -> Benchmark:
    def of(library: Any, losses: Any) -> Callable[[], object]:
        # Each library has its own memory, so that none finds its operands in the cache because of another.
        input = library.tensor(scores.copy()).requires_grad_()
        compared = library.tensor(target.copy())
        function = getattr(losses, loss)(**options)

        def step() -> object:
            input.grad = None
            function(input, compared, *arguments).backward()
            return input.grad

        return step

    implementations = {"tensorplug": of(tensorplug, tensorplug)}
    if "PyTorch" in peers:
        torch: Any = peers["PyTorch"]
        implementations["PyTorch"] = of(torch, torch.nn)
    return Benchmark(name, implementations)
