"""Writes functional.json: PyTorch's `torch.nn.functional` without layers and losses, and first and second gradients.

Run it with PyTorch 2.13 installed. The second gradient is that of the sum of squares of the first ones.
"""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional

torch.manual_seed(0)

POINTS = torch.tensor([-3.0, -1.0, -0.25, 0.5, 1.0, 4.0], dtype=torch.float64)

SPECIAL = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1000.0, -1000.0], dtype=torch.float64)

ACTIVATIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "elu": ({}, {"alpha": 0.5}),
    "leaky_relu": ({}, {"negative_slope": 0.25}),
    "logsigmoid": ({},),
    "relu": ({},),
    "sigmoid": ({},),
    "silu": ({},),
    "softplus": ({}, {"beta": 2.0, "threshold": 1.5}),
    "tanh": ({},),
}


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64)


def cases() -> Iterator[tuple[str, list[torch.Tensor], dict[str, Any], bool]]:
    """The name of a function, its tensors, its options, and whether gradients are wanted."""
    for name, all_options in ACTIVATIONS.items():
        for options in all_options:
            yield name, [POINTS], options, True
            yield name, [SPECIAL], options, False
        yield name, [torch.tensor(0.0, dtype=torch.float64)], {}, True
    for name in ("softmax", "log_softmax"):
        for dim in (0, 1, -1):
            yield name, [normal(2, 3)], {"dim": dim}, True
        yield name, [torch.tensor([1000.0, 0.0, -1000.0], dtype=torch.float64)], {"dim": 0}, True
    for shapes in (
        ((4, 3), (2, 3), (2,)),
        ((2, 2, 3), (2, 3)),
        ((3,), (2, 3), (2,)),
        ((4, 3), (3,)),
        ((0, 3), (2, 3)),
    ):
        yield "linear", [normal(*shape) for shape in shapes], {}, True
    for options in ({}, {"p": 1.0}, {"p": 3.0, "dim": 0}, {"p": math.inf, "dim": -1}, {"dim": (0, 1)}, {"eps": 10.0}):
        yield "normalize", [normal(3, 4)], options, True
    yield "normalize", [torch.zeros(2, 2, dtype=torch.float64)], {}, False
    for options in ({}, {"dim": 0}, {"dim": -1, "eps": 10.0}):
        yield "cosine_similarity", [normal(3, 4), normal(3, 4)], options, True
    for options in ({}, {"p": 1.0, "keepdim": True}, {"p": math.inf, "eps": 0.5}):
        yield "pairwise_distance", [normal(3, 4), normal(3, 4)], options, True
    yield "one_hot", [torch.tensor([[0, 2], [1, 1]])], {}, False
    yield "one_hot", [torch.tensor(1)], {"num_classes": 4}, False
    yield "one_hot", [torch.zeros(0, 2, dtype=torch.int64)], {"num_classes": 3}, False


def answer(name: str, tensors: list[torch.Tensor], options: dict[str, Any], differentiate: bool) -> dict[str, Any]:
    xs = [x.clone().requires_grad_(differentiate) for x in tensors]
    out = getattr(functional, name)(*xs, **options)
    found: dict[str, Any] = {
        "function": name,
        "tensors": [x.tolist() for x in tensors],
        "shapes": [list(x.shape) for x in tensors],
        "options": options,
        "value": out.tolist(),
        "shape": list(out.shape),
    }
    if differentiate:
        first = torch.autograd.grad((out * out).sum(), xs, create_graph=True)
        total = sum((g * g).sum() for g in first)
        second = torch.autograd.grad(total, xs) if total.requires_grad else [torch.zeros_like(x) for x in xs]
        found |= {"first": [g.tolist() for g in first], "second": [g.tolist() for g in second]}
    return found


if __name__ == "__main__":
    file = pathlib.Path(__file__).with_suffix(".json")
    file.write_text("[\n" + ",\n".join(json.dumps(answer(*case)) for case in cases()) + "\n]\n")
