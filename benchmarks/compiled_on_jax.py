"""Time of functions compiled on JAX beside `jax.jit` of the same computation written by hand."""

from __future__ import annotations

import importlib.util
import itertools
import math
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
import small
import tutorial
from timing import Benchmark

import tensorplug


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """A chain of small operations, a training step, attention and an LSTM, with the time until results are there."""
    if importlib.util.find_spec("jax") is None:
        return
    for name, (function, by_hand) in WORKLOADS.items():
        with tensorplug.backend("jax"):
            own = tensorplug.compile(function())
        yield Benchmark(f"compiled on JAX: {name}", {"tensorplug": _awaited(own), "jax.jit": _awaited(by_hand())})


def _awaited(function: Callable[[], Any]) -> Callable[[], object]:
    def run() -> object:
        with tensorplug.backend("jax"):
            return numpy.asarray(function())

    return run


def _drawn(*shapes: tuple[int, ...]) -> list[Any]:
    random = numpy.random.default_rng(0)
    return [(random.standard_normal(shape) / math.sqrt(shape[0])).astype("f4") for shape in shapes]


def _chain() -> Callable[[], Any]:
    leaf = tensorplug.tensor(START, requires_grad=True)

    def run() -> object:
        leaf.grad = None
        _chained(leaf, tensorplug.tanh).backward()
        return leaf.grad

    return run


START = numpy.linspace(0.1, 0.9, 4, dtype="f4")


def _chained(x: Any, tanh: Callable[[Any], Any]) -> Any:
    for _ in range(small.CHAIN // 4):
        x = tanh(x * x + x)
        x = x + x
    return x.sum()


def _chain_by_hand() -> Callable[[], Any]:
    import jax

    gradient, start = jax.jit(jax.grad(lambda x: _chained(x, jax.numpy.tanh))), jax.numpy.asarray(START)
    return lambda: gradient(start)


WIDTHS, BATCH = (784, 512, 512, 10), 128


def _perceptron() -> tuple[list[Any], Any, Any]:
    shapes = [shape for n, m in itertools.pairwise(WIDTHS) for shape in ((n, m), (m,))]
    *parameters, data = _drawn(*shapes, (BATCH, WIDTHS[0]))
    return parameters, data, numpy.arange(BATCH) % WIDTHS[-1]


def _scores(parameters: Any, x: Any, relu: Callable[[Any], Any]) -> Any:
    for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        x = relu(x @ weight + bias)
    return x @ parameters[-2] + parameters[-1]


def _step() -> Callable[[], Any]:
    arrays, data, labels = _perceptron()
    parameters = [tensorplug.tensor(one, requires_grad=True) for one in arrays]
    x, target = tensorplug.tensor(data), tensorplug.tensor(labels)

    def step() -> object:
        loss = tensorplug.nn.functional.cross_entropy(_scores(parameters, x, tensorplug.relu), target)
        loss.backward()
        with tensorplug.no_grad():
            for one in parameters:
                one -= small.RATE * one.grad
                one.grad = None
        return loss.detach()

    return step


def _step_by_hand() -> Callable[[], Any]:
    import jax

    arrays, data, labels = _perceptron()
    parameters, x = [jax.numpy.asarray(one) for one in arrays], jax.numpy.asarray(data)

    def loss(parameters: Any) -> Any:
        logs = jax.nn.log_softmax(_scores(parameters, x, jax.nn.relu))
        return -logs[numpy.arange(BATCH), labels].mean()

    @jax.jit
    def updated(parameters: Any) -> Any:
        found, gradients = jax.value_and_grad(loss)(parameters)
        return found, [one - small.RATE * g for one, g in zip(parameters, gradients, strict=True)]

    def step() -> Any:
        nonlocal parameters
        found, parameters = updated(parameters)
        return found

    return step


def _attention_by_hand() -> Callable[[], Any]:
    import jax

    def attention(q: Any, k: Any, v: Any) -> Any:
        return (jax.nn.softmax(q @ k.mT * (1 / math.sqrt(q.shape[-1]))) @ v).sum()

    operands = [jax.numpy.asarray(one) for one in _drawn(*[tutorial.ATTENTION] * 3)]
    gradients = jax.jit(jax.grad(attention, (0, 1, 2)))
    return lambda: gradients(*operands)[0]


def _lstm_by_hand() -> Callable[[], Any]:
    import jax

    width = tutorial.HIDDEN
    shapes = (tutorial.STEPS, tutorial.BATCH, tutorial.INPUT), (tutorial.INPUT, 4 * width), (width, 4 * width)
    data, *parameters = [jax.numpy.asarray(one) for one in _drawn(*shapes, (4 * width,))]

    def loss(of_input: Any, of_state: Any, bias: Any) -> Any:
        h = c = jax.numpy.zeros((tutorial.BATCH, width))
        for x in data:
            gates = x @ of_input + h @ of_state + bias
            forget, update, output = (jax.nn.sigmoid(gates[:, i * width : (i + 1) * width]) for i in range(3))
            c = forget * c + update * jax.numpy.tanh(gates[:, 3 * width :])
            h = output * jax.numpy.tanh(c)
        return (h * h).sum()

    gradients = jax.jit(jax.grad(loss, (0, 1, 2)))
    return lambda: gradients(*parameters)[1]


WORKLOADS: dict[str, tuple[Callable[[], Callable[[], Any]], Callable[[], Callable[[], Any]]]] = {
    f"{small.CHAIN} elementwise operations": (_chain, _chain_by_hand),
    f"MLP step, batch {BATCH}": (_step, _step_by_hand),
    "attention": (lambda: tutorial.attention(tensorplug), _attention_by_hand),
    f"LSTM, {tutorial.STEPS} steps": (lambda: tutorial.lstm(tensorplug), _lstm_by_hand),
}
