"""Time of small tensors, where overhead dominates: an addition, a chain of operations, steps of a perceptron."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
from timing import Benchmark

import tensorplug

CHAIN = 40

# So small that weights hardly change: a network that converges ends with subnormal numbers, which are slow.
RATE = 1e-9


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """Addition, a chain of operations, and training steps."""
    yield _addition(peers, recording=False)
    yield _addition(peers, recording=True)
    yield _chain(peers)
    yield perceptron(peers, 32, (64, 64, 64, 10))
    yield perceptron(peers, 128, (784, 512, 512, 10))


def _addition(peers: dict[str, ModuleType], recording: bool) -> Benchmark:
    x, y = numpy.ones((2, 4), numpy.float32)

    def of(make: Callable[[Any], Any]) -> Callable[[], object]:
        first, second = make(x), make(y)
        return lambda: first + second

    implementations = {
        "tensorplug": of(lambda a: tensorplug.tensor(a, requires_grad=recording)),
        "NumPy": of(lambda a: a),
    }
    if "PyTorch" in peers:
        implementations["PyTorch"] = of(lambda a: peers["PyTorch"].tensor(a, requires_grad=recording))
    if "MyGrad" in peers:
        implementations["MyGrad"] = of(lambda a: peers["MyGrad"].tensor(a, constant=not recording))
    return Benchmark(f"x + y, 4 elements{', recording' if recording else ''}", implementations)


def _chain(peers: dict[str, ModuleType]) -> Benchmark:
    start = numpy.linspace(0.1, 0.9, 4, dtype=numpy.float32)

    def chain(x: Any, tanh: Callable[[Any], Any]) -> Any:
        for _ in range(CHAIN // 4):
            x = tanh(x * x + x)
            x = x + x
        return x

    def by_tensors(library: Any) -> Callable[[], object]:
        def run() -> object:
            x = library.tensor(start)
            x.requires_grad_()
            chain(x, library.tanh).sum().backward()
            return x.grad

        return run

    implementations = {"tensorplug": by_tensors(tensorplug), "NumPy": lambda: chain_by_hand(start)}
    if "PyTorch" in peers:
        torch = peers["PyTorch"]

        def by_torch() -> object:
            x = torch.from_numpy(start).clone().requires_grad_()
            chain(x, torch.tanh).sum().backward()
            return x.grad

        implementations["PyTorch"] = by_torch
    if "HIPS autograd" in peers:
        hips = peers["HIPS autograd"]
        from autograd import numpy as hips_numpy

        gradient = hips.grad(lambda x: chain(x, hips_numpy.tanh).sum())
        implementations["HIPS autograd"] = lambda: gradient(start)
    if "MyGrad" in peers:
        mygrad = peers["MyGrad"]

        def by_mygrad() -> object:
            x = mygrad.tensor(start)
            chain(x, mygrad.tanh).sum().backward()
            return x.grad

        implementations["MyGrad"] = by_mygrad
    return Benchmark(f"{CHAIN} elementwise operations, forward and backward", implementations)


def chain_by_hand(start: Any) -> Any:
    """The gradient of the chain by its input."""
    x, saved = start, []
    for _ in range(CHAIN // 4):
        out = numpy.tanh(x * x + x)
        saved.append((x, out))
        x = out + out
    g = numpy.ones_like(x)
    for x, out in reversed(saved):
        g = (g + g) * (1 - out * out)
        g = g * x + g * x + g
    return g


def perceptron(peers: dict[str, ModuleType], batch: int, widths: tuple[int, ...]) -> Benchmark:
    """A step of training by gradient descent."""
    random = numpy.random.default_rng(0)
    weights = [(random.standard_normal((n, m)) / n**0.5).astype("f4") for n, m in itertools.pairwise(widths)]
    biases = [numpy.zeros(m, "f4") for m in widths[1:]]
    data = random.standard_normal((batch, widths[0])).astype("f4")
    labels = random.integers(0, widths[-1], batch)

    def by_tensors(library: Any, loss: Callable[[Any, Any], Any]) -> Callable[[], object]:
        parameters = [library.tensor(array, requires_grad=True) for array in (*weights, *biases)]
        x, target = library.tensor(data), library.tensor(labels)
        layers = list(zip(parameters[: len(weights)], parameters[len(weights) :], strict=True))

        def step() -> object:
            h = x
            for weight, bias in layers[:-1]:
                h = library.relu(h @ weight + bias)
            weight, bias = layers[-1]
            loss(h @ weight + bias, target).backward()
            with library.no_grad():
                for parameter in parameters:
                    parameter -= RATE * parameter.grad
                    parameter.grad = None
            return None

        return step

    implementations = {
        "tensorplug": by_tensors(tensorplug, tensorplug.CrossEntropyLoss()),
        "NumPy": _perceptron_by_hand(weights, biases, data, labels),
    }
    if "PyTorch" in peers:
        torch = peers["PyTorch"]
        implementations["PyTorch"] = by_tensors(torch, torch.nn.CrossEntropyLoss())
    return Benchmark(f"MLP step, batch {batch}, {'-'.join(map(str, widths))}", implementations)


def _perceptron_by_hand(weights: Any, biases: Any, data: Any, labels: Any) -> Callable[[], object]:
    parameters = [[weight.copy(), bias.copy()] for weight, bias in zip(weights, biases, strict=True)]
    rows = numpy.arange(len(labels))

    def step() -> object:
        inputs, h = [], data
        for weight, bias in parameters[:-1]:
            inputs.append(h)
            h = h @ weight
            h += bias
            numpy.maximum(h, 0, out=h)
        inputs.append(h)
        weight, bias = parameters[-1]
        g = h @ weight
        g += bias
        g -= g.max(axis=1, keepdims=True)
        numpy.exp(g, out=g)
        g /= g.sum(axis=1, keepdims=True)
        g[rows, labels] -= 1
        g /= len(rows)
        for (weight, bias), x in zip(reversed(parameters), reversed(inputs), strict=True):
            of_weight, of_bias = x.T @ g, g.sum(axis=0)
            if x is not data:
                g = g @ weight.T
                g *= x > 0
            of_weight *= RATE
            weight -= of_weight
            of_bias *= RATE
            bias -= of_bias
        return None

    return step
