"""Writes ctc.json: PyTorch's CTC losses of logits, and their gradients.

Run it with PyTorch 2.13 installed. Gradients are with respect to the logits, through log_softmax.
"""

from __future__ import annotations

import itertools
import json
import pathlib
from typing import Any

import torch

SHAPES = [(6, 3, 4, 3), (8, 2, 3, 2), (3, 4, 2, 1)]
"""Frames, samples, classes, and the longest target."""


def cases() -> list[dict[str, Any]]:
    generator = torch.Generator().manual_seed(0)
    found = []
    grid = itertools.product(SHAPES, ("padded", "joined"), (False, True), ("none", "mean", "sum"))
    for number, ((frames, count, classes, longest), layout, zero_infinity, reduction) in enumerate(grid):
        blank = number % classes
        labels = [label for label in range(classes) if label != blank]
        inputs = torch.randint(0 if number % 3 == 0 else 1, frames + 1, (count,), generator=generator)
        sizes = torch.randint(0, longest + 1, (count,), generator=generator)
        chosen = torch.randint(len(labels), (count, longest), generator=generator)
        targets = torch.tensor(labels)[chosen]
        if layout == "joined":
            targets = torch.cat([row[:size] for row, size in zip(targets, sizes, strict=True)])
        found.append(
            {
                "logits": 2 * torch.randn(frames, count, classes, generator=generator, dtype=torch.float64),
                "targets": targets,
                "input_lengths": inputs.tolist(),
                "target_lengths": sizes.tolist(),
                "options": {"blank": blank, "reduction": reduction, "zero_infinity": zero_infinity},
            }
        )
    for reduction in ("none", "mean", "sum"):
        logits = torch.randn(5, 4, generator=generator, dtype=torch.float64)
        options = {"blank": 0, "reduction": reduction, "zero_infinity": False}
        single = {"logits": logits, "targets": torch.tensor([2, 2]), "input_lengths": 5, "target_lengths": 2}
        found.append({**single, "options": options})
    return found


def solve(case: dict[str, Any]) -> dict[str, Any]:
    logits = case["logits"].requires_grad_()
    loss = torch.nn.functional.ctc_loss(
        logits.log_softmax(-1),
        case["targets"],
        torch.tensor(case["input_lengths"]),
        torch.tensor(case["target_lengths"]),
        **case["options"],
    )
    weights = torch.arange(1, loss.numel() + 1, dtype=loss.dtype).reshape(loss.shape)
    (loss * weights).sum().backward()
    plain = {name: case[name] for name in ("input_lengths", "target_lengths", "options")}
    return {
        **plain,
        "logits": logits.tolist(),
        "targets": case["targets"].tolist(),
        "loss": loss.tolist(),
        "gradient": logits.grad.tolist(),
    }


if __name__ == "__main__":
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps([solve(case) for case in cases()]))
