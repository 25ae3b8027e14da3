"""Time of networks written with tensor operations: an LSTM with many small steps, and attention."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
from timing import Benchmark

import tensorplug

STEPS, BATCH, INPUT, HIDDEN = 50, 16, 32, 64

ATTENTION = (8, 4, 64, 32)
"""Batch, heads, positions, width of a head."""


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """An LSTM and attention, forward and backward."""
    yield _benchmark(f"LSTM, {STEPS} steps, batch {BATCH}, {INPUT} to {HIDDEN}", lstm, peers)
    yield _benchmark(f"attention, {' x '.join(map(str, ATTENTION))}", attention, peers)


def _benchmark(name: str, of: Callable[[Any], Callable[[], object]], peers: dict[str, ModuleType]) -> Benchmark:
    implementations = {"tensorplug": of(tensorplug)} | {
        found: of(peers[found]) for found in ("PyTorch",) if found in peers
    }
    return Benchmark(f"{name}, forward and backward", implementations)


def lstm(library: Any) -> Callable[[], object]:
    """The gradient of a recurrent layer by its parameters."""
    random = numpy.random.default_rng(0)

    def parameter(*shape: int) -> Any:
        return library.tensor((random.standard_normal(shape) / math.sqrt(HIDDEN)).astype("f4"), requires_grad=True)

    data = library.tensor(random.standard_normal((STEPS, BATCH, INPUT)).astype("f4"))
    of_input, of_state, bias = parameter(INPUT, 4 * HIDDEN), parameter(HIDDEN, 4 * HIDDEN), parameter(4 * HIDDEN)
    parameters = (of_input, of_state, bias)
    zeros = library.zeros(BATCH, HIDDEN)

    def run() -> object:
        h = c = zeros
        for step in range(STEPS):
            gates = data[step] @ of_input + h @ of_state + bias
            forget, update, output = (library.sigmoid(gates[:, i * HIDDEN : (i + 1) * HIDDEN]) for i in range(3))
            c = forget * c + update * library.tanh(gates[:, 3 * HIDDEN :])
            h = output * library.tanh(c)
        for one in parameters:
            one.grad = None
        (h * h).sum().backward()
        return of_state.grad

    return run


def attention(library: Any) -> Callable[[], object]:
    """The gradient of attention by its operands."""
    random = numpy.random.default_rng(0)
    operands = [
        library.tensor(random.standard_normal(ATTENTION).astype("f4"), requires_grad=True) for _ in ("q", "k", "v")
    ]
    scale = 1 / math.sqrt(ATTENTION[-1])

    def run() -> object:
        q, k, v = operands
        weights = ((q @ k.transpose(-2, -1)) * scale).softmax(-1)
        for one in operands:
            one.grad = None
        (weights @ v).sum().backward()
        return q.grad

    return run
