"""Time of compiled functions and of the same computation written in NumPy by hand, forward and backward."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
import small
import tutorial
from timing import Benchmark

import tensorplug

ELEMENTS = 4_000_000
CLASSES = 2048, 4096


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """The workloads of the other files, compiled."""
    yield _chain()
    for batch, widths in ((32, (64, 64, 64, 10)), (128, (784, 512, 512, 10))):
        implementations = small.perceptron({}, batch, widths).implementations
        yield _benchmark(f"MLP step, batch {batch}", implementations["tensorplug"], implementations["NumPy"])
    yield _elementwise()
    yield _cross_entropy()
    yield _benchmark("attention", tutorial.attention(tensorplug), _attention_by_hand())
    yield _benchmark(f"LSTM, {tutorial.STEPS} steps", tutorial.lstm(tensorplug), _lstm_by_hand())


def _benchmark(name: str, function: Callable[[], object], by_hand: Callable[[], object]) -> Benchmark:
    implementations = {"tensorplug": tensorplug.compile(function), "NumPy": by_hand, "not compiled": function}
    return Benchmark(f"compiled: {name}", implementations)


def _chain() -> Benchmark:
    start = numpy.linspace(0.1, 0.9, 4, dtype=numpy.float32)
    leaf = tensorplug.tensor(start, requires_grad=True)

    def chain() -> object:
        x = leaf
        for _ in range(small.CHAIN // 4):
            x = tensorplug.tanh(x * x + x)
            x = x + x
        leaf.grad = None
        x.sum().backward()
        return leaf.grad

    return _benchmark(f"{small.CHAIN} elementwise operations", chain, lambda: small.chain_by_hand(start))


def _elementwise() -> Benchmark:
    random = numpy.random.default_rng(0)
    a, b = (random.standard_normal(ELEMENTS, dtype=numpy.float32) for _ in "xy")
    x, y = tensorplug.tensor(a, requires_grad=True), tensorplug.tensor(b)

    def function() -> object:
        x.grad = None
        loss = (tensorplug.tanh(x) * y + x * x).sum()
        loss.backward()
        return loss.detach(), x.grad

    def by_hand() -> object:
        out = numpy.tanh(a)
        loss = (out * b + a * a).sum()
        return loss, (1 - out * out) * b + 2 * a

    return _benchmark(f"elementwise, {ELEMENTS} elements", function, by_hand)


def _cross_entropy() -> Benchmark:
    random = numpy.random.default_rng(0)
    scores = random.standard_normal(CLASSES, dtype=numpy.float32)
    labels = random.integers(0, CLASSES[1], CLASSES[0])
    rows = numpy.arange(CLASSES[0])
    x, target = tensorplug.tensor(scores, requires_grad=True), tensorplug.tensor(labels)
    criterion = tensorplug.CrossEntropyLoss()

    def function() -> object:
        x.grad = None
        loss = criterion(x, target)
        loss.backward()
        return loss.detach(), x.grad

    def by_hand() -> object:
        shifted = scores - scores.max(1, keepdims=True)
        g = numpy.exp(shifted)
        sums = g.sum(1, keepdims=True)
        found = (numpy.log(sums[:, 0]) - shifted[rows, labels]).mean()
        g /= sums
        g[rows, labels] -= 1
        g /= len(g)
        return found, g

    return _benchmark(f"cross-entropy, {' x '.join(map(str, CLASSES))}", function, by_hand)


def _attention_by_hand() -> Callable[[], object]:
    random = numpy.random.default_rng(0)
    q, k, v = (random.standard_normal(tutorial.ATTENTION).astype("f4") for _ in "qkv")
    scale = numpy.float32(1 / math.sqrt(tutorial.ATTENTION[-1]))

    def run() -> object:
        weights = (q @ k.mT) * scale
        weights -= weights.max(-1, keepdims=True)
        numpy.exp(weights, weights)
        weights /= weights.sum(-1, keepdims=True)
        g = numpy.ones_like(q)
        of_v = weights.mT @ g
        of_weights = g @ v.mT
        of_weights -= (of_weights * weights).sum(-1, keepdims=True)
        of_weights *= weights
        of_weights *= scale
        return of_weights @ k, of_weights.mT @ q, of_v

    return run


def _lstm_by_hand() -> Callable[[], object]:
    random = numpy.random.default_rng(0)
    width = tutorial.HIDDEN

    def parameter(*shape: int) -> Any:
        return (random.standard_normal(shape) / math.sqrt(width)).astype("f4")

    data = random.standard_normal((tutorial.STEPS, tutorial.BATCH, tutorial.INPUT)).astype("f4")
    of_input, of_state, bias = parameter(tutorial.INPUT, 4 * width), parameter(width, 4 * width), parameter(4 * width)
    zeros = numpy.zeros((tutorial.BATCH, width), "f4")

    def run() -> object:
        h = c = zeros
        saved = []
        for x in data:
            gates = x @ of_input + h @ of_state + bias
            forget, update, output = (1 / (1 + numpy.exp(-gates[:, i * width : (i + 1) * width])) for i in range(3))
            new = numpy.tanh(gates[:, 3 * width :])
            before, last = c, h
            c = forget * c + update * new
            squashed = numpy.tanh(c)
            h = output * squashed
            saved.append((x, last, before, forget, update, output, new, squashed))
        g_input, g_state, g_bias = numpy.zeros_like(of_input), numpy.zeros_like(of_state), numpy.zeros_like(bias)
        g_h, g_c, g = 2 * h, zeros, numpy.empty((tutorial.BATCH, 4 * width), "f4")
        for x, last, before, forget, update, output, new, squashed in reversed(saved):
            g_c = g_c + g_h * output * (1 - squashed * squashed)
            g[:, :width] = g_c * before * forget * (1 - forget)
            g[:, width : 2 * width] = g_c * new * update * (1 - update)
            g[:, 2 * width : 3 * width] = g_h * squashed * output * (1 - output)
            g[:, 3 * width :] = g_c * update * (1 - new * new)
            g_input += x.T @ g
            g_state += last.T @ g
            g_bias += g.sum(0)
            g_h, g_c = g @ of_state.T, g_c * forget
        return g_input, g_state, g_bias

    return run
