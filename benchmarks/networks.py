"""Time of training steps of networks, compiled, beside the same program in PyTorch and beside eager code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
import tutorial
from timing import Benchmark

import tensorplug

DIGITS = 64, 1, 8, 8
"""Examples, channels, height, width."""

TOKENS, HEADS = (8, 64, 128), 4
"""Examples, positions, width of a transformer."""

WORDS, SENTENCES = (10_000, 256), (64, 128)
"""The shape of an embedding's table, and that of its indices."""

ROWS = 1024, 512


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """Networks with forward pass, backward pass and update, and functions of them, forward and backward."""
    libraries = {"PyTorch": peers["PyTorch"]} if "PyTorch" in peers else {}
    for name, of in WORKLOADS.items():
        implementations = {"tensorplug": tensorplug.compile(of(tensorplug))}
        implementations |= {key: of(library) for key, library in libraries.items()}
        yield Benchmark(f"networks: {name}", implementations | {"not compiled": of(tensorplug)})


def _training(library: Any, model: Any, loss: Callable[[], Any]) -> Callable[[], object]:
    optimizer = library.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step() -> object:
        optimizer.zero_grad()
        found = loss()
        found.backward()
        optimizer.step()
        return found.detach()

    return step


def _convolutions(library: Any) -> Callable[[], object]:
    nn, random = library.nn, numpy.random.default_rng(0)
    images = library.tensor(random.standard_normal(DIGITS, dtype="f4"))
    labels = library.tensor(random.integers(0, 10, DIGITS[0]))
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, 10),
    )  # fmt: skip
    return _training(library, model, lambda: nn.functional.cross_entropy(model(images), labels))


def _lstm(library: Any) -> Callable[[], object]:
    model = library.nn.LSTM(tutorial.INPUT, tutorial.HIDDEN)
    shape = tutorial.STEPS, tutorial.BATCH, tutorial.INPUT
    data = library.tensor(numpy.random.default_rng(0).standard_normal(shape, dtype="f4"))
    return _training(library, model, lambda: (model(data)[0] ** 2).mean())


def _transformer(library: Any) -> Callable[[], object]:
    model = library.nn.TransformerEncoderLayer(TOKENS[-1], HEADS, 4 * TOKENS[-1], batch_first=True)
    data = library.tensor(numpy.random.default_rng(0).standard_normal(TOKENS, dtype="f4"))
    return _training(library, model, lambda: (model(data) ** 2).mean())


def _embedding(library: Any) -> Callable[[], object]:
    model = library.nn.Embedding(*WORDS)
    indices = library.tensor(numpy.random.default_rng(0).integers(0, WORDS[0], SENTENCES))
    return _training(library, model, lambda: (model(indices) ** 2).mean())


def _differentiated(of: Callable[[Any], Callable[[Any], Any]]) -> Callable[[Any], Callable[[], object]]:
    def function(library: Any) -> Callable[[], object]:
        random = numpy.random.default_rng(0)
        data, g = (library.tensor(random.standard_normal(ROWS, dtype="f4")) for _ in "xg")
        data.requires_grad_()
        layer = of(library)

        def run() -> object:
            data.grad = None
            layer(data).backward(g)
            return data.grad

        return run

    return function


WORKLOADS: dict[str, Callable[[Any], Callable[[], object]]] = {
    f"convolutional, {DIGITS[0]} digits": _convolutions,
    f"nn.LSTM, {tutorial.STEPS} steps": _lstm,
    f"transformer block, {' x '.join(map(str, TOKENS))}": _transformer,
    f"embedding of {SENTENCES[0]} x {SENTENCES[1]} in {WORDS[0]} x {WORDS[1]}": _embedding,
    f"layer_norm, {ROWS[0]} x {ROWS[1]}": _differentiated(lambda library: library.nn.LayerNorm(ROWS[-1])),
    f"gelu, {ROWS[0]} x {ROWS[1]}": _differentiated(lambda library: library.nn.functional.gelu),
}
