"""Loss curves of the example networks, which run in `tensorplug` on any backend as in `torch`."""

from __future__ import annotations

import pathlib
import types
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy
from sklearn.datasets import load_digits

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples"

STEPS = 4

Arrays = tuple[numpy.ndarray, ...]


def _digits(step: int) -> Arrays:
    images, labels = load_digits(return_X_y=True)
    rows = slice(16 * step, 16 * step + 16)
    return images[rows] / 16, labels[rows]


def _images(step: int) -> Arrays:
    images, labels = _digits(step)
    return images.reshape(-1, 1, 8, 8), labels


def _text(step: int) -> Arrays:
    """Eight sequences of six characters, with those that follow."""
    characters = numpy.arange(8 * 7).reshape(8, 7)
    numbers = (characters * characters + 7 * step) % 30
    return numbers[:, :-1], numbers[:, 1:]


PROGRAMS: dict[str, tuple[Callable[[Any], Any], Callable[[int], Arrays]]] = {
    "digits_cnn": (lambda m: m.Network(), _images),
    "character_rnn": (lambda m: m.Network(30, width=16), _text),
    "transformer": (lambda m: m.Network(30, width=16, heads=2, layers=1), _text),
    "vae": (lambda m: m.VAE(), lambda step: _digits(step)[:1]),
}
"""By the name of an example, its network, made in its module, and the batch of a step."""


def curve(name: str, library: str, device: str, compiled: bool = False) -> list[float]:
    """The loss at each of a few steps of an example, in float64, from parameters that NumPy draws.

    Parameters
    ----------
    name : str
    library : {"tensorplug", "torch"}
        The one that the example imports.
    device : str
    compiled : bool, default: False
        Whether the step is compiled.
    """
    path = EXAMPLES / f"{name}.py"
    example: Any = types.ModuleType(name)
    exec(compile(path.read_text().replace("tensorplug", library), path, "exec"), example.__dict__)
    torch, (make, batch) = example.torch, PROGRAMS[name]
    model = make(example).double()
    random = numpy.random.default_rng(0)
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            # Scales of normalization are vectors that begin at one.
            scale = parameter.ndim == 1 and parameter_name.endswith("weight")
            parameter.copy_(torch.from_numpy(random.uniform(-0.2, 0.2, tuple(parameter.shape)) + scale))
    model.to(device)

    def noise(like: Any) -> Any:
        # Each library draws numbers of its own.
        return torch.sin(7 * torch.arange(like.numel(), dtype=like.dtype, device=like.device)).reshape(like.shape)

    with mock.patch.object(torch, "randn_like", noise):
        step = example.trainer(model, STEPS, compiled)
        batches = ([torch.from_numpy(array).to(device) for array in batch(number)] for number in range(STEPS))
        return [step(*arrays).item() for arrays in batches]
