"""Writes cross_entropy.json: PyTorch's cross-entropies and their first and second gradients, in float64.

Run it with PyTorch 2.13 installed. The second gradient is that of the sum of squares of the first one.
"""

from __future__ import annotations

import itertools
import json
import math
import pathlib
from typing import Any

import torch

SHAPES = [(4, 5), (5,), (2, 3, 4), (2, 3, 2, 2)]
"""Of the logits."""

EDGES = {
    "infinite": [[math.inf, 0.0, 1.0], [-math.inf, 0.0, 1.0], [0.0, 1.0, -math.inf], [-math.inf, -math.inf, -math.inf]],
    "nan": [[math.nan, 0.0, 1.0], [0.5, 0.0, 1.0]],
    "large": [[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4 + 1.0]],
}
"""Logits that are no ordinary numbers; the target of each row is its last class."""


def cases() -> list[dict[str, Any]]:
    torch.manual_seed(0)
    found = []
    options = itertools.product(
        SHAPES, ("indices", "probabilities"), (False, True), (0.0, 0.1), ("none", "mean", "sum")
    )
    for shape, kind, weighted, smoothing, reduction in options:
        logits = 3 * torch.randn(shape, dtype=torch.float64)
        axis = min(1, len(shape) - 1)
        rest = (*shape[:axis], *shape[axis + 1 :])
        classes = shape[axis]
        weight = torch.rand(classes, dtype=torch.float64) if weighted else None
        ignored = (-100, 1) if kind == "indices" and shape == (4, 5) else (-100,)
        for ignore_index in ignored:
            indices = torch.randint(classes, rest)
            if ignore_index >= 0:
                indices[0], indices[1] = ignore_index, 0
            probabilities = torch.softmax(torch.randn(shape, dtype=torch.float64), axis)
            found.append(
                {
                    "logits": logits,
                    "target": indices if kind == "indices" else probabilities,
                    "weight": weight,
                    "ignore_index": ignore_index,
                    "label_smoothing": smoothing,
                    "reduction": reduction,
                }
            )
    return found + edges()


def edges() -> list[dict[str, Any]]:
    plain = {"weight": None, "ignore_index": -100, "label_smoothing": 0.0, "reduction": "none"}
    found = []
    for logits, smoothing in itertools.product(EDGES.values(), (0.0, 0.1)):
        rows = torch.tensor(logits, dtype=torch.float64)
        target = torch.full(rows.shape[:1], rows.shape[1] - 1)
        found.append({**plain, "logits": rows, "target": target, "label_smoothing": smoothing})
    rows = torch.randn(3, 4, dtype=torch.float64)
    ignored = torch.full((3,), -100)
    some = torch.tensor([-100, 2, 3])
    nothing = torch.zeros(4, dtype=torch.float64)
    empty = torch.zeros(0, 4, dtype=torch.float64)
    for reduction in ("none", "mean", "sum"):
        options = {**plain, "reduction": reduction}
        found += [
            {**options, "logits": rows, "target": ignored},
            {**options, "logits": rows, "target": some},
            {**options, "logits": rows, "target": some, "weight": nothing},
            {**options, "logits": empty, "target": torch.zeros(0, dtype=torch.int64)},
        ]
    return found


def solved(case: dict[str, Any]) -> dict[str, Any]:
    logits = case["logits"].clone().requires_grad_()
    target = case["target"].clone()
    wanted = [logits]
    if target.is_floating_point():
        wanted.append(target.requires_grad_())
    options = {name: value for name, value in case.items() if name not in ("logits", "target")}
    loss = torch.nn.functional.cross_entropy(logits, target, **options)
    first = torch.autograd.grad(loss.sum(), wanted, create_graph=True)
    second = torch.autograd.grad(sum((one * one).sum() for one in first), logits)
    return {
        **{name: listed(value) for name, value in case.items()},
        "loss": listed(loss),
        "first": [listed(one) for one in first],
        "second": listed(second[0]),
    }


def listed(value: Any) -> Any:
    """A tensor as its dtype, shape and elements."""
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        return {"dtype": dtype, "shape": list(value.shape), "values": value.detach().flatten().tolist()}
    return value


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(solved(case)) for case in cases())
    pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
