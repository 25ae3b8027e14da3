"""Train a multilayer perceptron on handwritten digits; the code runs on every backend."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import tensorplug as tp

from .extras import require


class Perceptron:
    """Layers of the given widths, with tanh between them."""

    def __init__(self, *widths: int) -> None:
        self.layers = []
        for inputs, outputs in pairwise(widths):
            weight = (tp.rand(inputs, outputs) * 2 - 1) * math.sqrt(3 / inputs)
            self.layers.append((weight.requires_grad_(), tp.zeros(outputs, requires_grad=True)))
        self.parameters = [parameter for layer in self.layers for parameter in layer]

    def __call__(self, x: tp.Tensor) -> tp.Tensor:
        *hidden, (weight, bias) = self.layers
        for inner_weight, inner_bias in hidden:
            x = (x @ inner_weight + inner_bias).tanh()
        return x @ weight + bias


class SGD:
    """Stochastic gradient descent with momentum."""

    def __init__(self, parameters: list[tp.Tensor], rate: float, momentum: float) -> None:
        self.parameters = parameters
        self.velocities = [tp.zeros_like(parameter) for parameter in parameters]
        self.rate, self.momentum = rate, momentum

    def step(self) -> None:
        """Update the parameters and clear their gradients."""
        with tp.no_grad():
            for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
                velocity.mul_(self.momentum).add_(parameter.grad)
                parameter.sub_(velocity * self.rate)
                parameter.grad = None


def train(
    model: Perceptron, images: tp.Tensor, labels: tp.Tensor, epochs: int, batch: int = 64, compiled: bool = False
) -> Iterator[float]:
    """Train the model; yield the loss over all images after each epoch."""
    loss = tp.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = SGD(model.parameters, rate=0.05, momentum=0.9)

    def step(images: tp.Tensor, labels: tp.Tensor) -> None:
        loss(model(images), labels).backward()
        optimizer.step()

    if compiled:
        step = tp.compile(step)
    for _ in range(epochs):
        order = tp.randperm(len(images))
        for start in range(0, len(images), batch):
            chosen = order[start : start + batch]
            step(images[chosen], labels[chosen])
        with tp.no_grad():
            yield loss(model(images), labels).item()


def accuracy(model: Perceptron, images: tp.Tensor, labels: tp.Tensor) -> float:
    """The fraction of images that the model classifies correctly."""
    with tp.no_grad():
        right = model(images).argmax(1) == labels
    return int(right.sum().item()) / len(labels)


class Digits(NamedTuple):
    """Images, shape (N, 64), and labels, shape (N,): four fifths for training, one fifth held out."""

    images: tp.Tensor
    labels: tp.Tensor
    held_out_images: tp.Tensor
    held_out_labels: tp.Tensor


def load() -> Digits:
    """The 1,797 digits of scikit-learn on the default backend, standardised by the training images."""
    require("digits", "demo", "sklearn")
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = tp.randperm(len(pixels), generator=tp.Generator(0)).numpy()
    held_out, kept = order[: len(order) // 5], order[len(order) // 5 :]
    deviation = pixels[kept].std(axis=0)
    pixels = (pixels - pixels[kept].mean(axis=0)) / (deviation + (deviation == 0))
    dtype = tp.get_default_dtype()
    parts = ((tp.tensor(pixels[part], dtype=dtype), tp.tensor(labels[part])) for part in (kept, held_out))
    return Digits(*next(parts), *next(parts))
