"""Losses beside PyTorch's: the value, and the gradient of the input, in float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
from timing import Contest

import tensorplug

ELEMENTS = 1_000_000


def contests(peers: dict[str, ModuleType]) -> Iterator[Contest]:
    """The losses of single elements, and those of classes and of sequences."""
    random = numpy.random.default_rng(0)
    scores = random.standard_normal(ELEMENTS, dtype=numpy.float32)
    targets = random.standard_normal(ELEMENTS, dtype=numpy.float32)
    probabilities = random.random(ELEMENTS, dtype=numpy.float32)
    yield _contest(peers, f"SmoothL1Loss, {ELEMENTS} elements", "SmoothL1Loss", {}, scores, targets)
    yield _contest(peers, f"BCEWithLogitsLoss, {ELEMENTS} elements", "BCEWithLogitsLoss", {}, scores, probabilities)
    yield _contest(peers, f"KLDivLoss, {ELEMENTS} elements", "KLDivLoss", {"reduction": "sum"}, scores, probabilities)
    batch, classes = 2048, 4096
    scores = random.standard_normal((batch, classes), dtype=numpy.float32)
    labels = random.integers(0, classes, batch)
    yield _contest(peers, f"CrossEntropyLoss, {batch} x {classes}", "CrossEntropyLoss", {}, scores, labels)
    time, batch, classes, length = 150, 16, 40, 30
    scores = random.standard_normal((time, batch, classes), dtype=numpy.float32)
    labels = random.integers(1, classes, (batch, length))
    lengths = (time,) * batch, (length,) * batch
    yield _contest(
        peers,
        f"CTCLoss, T={time}, N={batch}, C={classes}, S={length}",
        "CTCLoss",
        {},
        scores - numpy.log(numpy.exp(scores).sum(-1, keepdims=True)),
        labels,
        *lengths,
    )


def _contest(
    peers: dict[str, ModuleType],
    name: str,
    loss: str,
    options: dict[str, Any],
    scores: numpy.ndarray,
    target: numpy.ndarray,
    *arguments: Any,
) -> Contest:
    def of(library: Any, losses: Any) -> Callable[[], object]:
        # Each has memory of its own: what is computed in turn is not in the processor's cache because of another.
        input = library.tensor(scores.copy()).requires_grad_()
        compared = library.tensor(target.copy())
        function = getattr(losses, loss)(**options)

        def step() -> object:
            input.grad = None
            function(input, compared, *arguments).backward()
            return input.grad

        return step

    contenders = {"tensorplug": of(tensorplug, tensorplug)}
    if "PyTorch" in peers:
        torch: Any = peers["PyTorch"]
        contenders["PyTorch"] = of(torch, torch.nn)
    return Contest(name, contenders)
