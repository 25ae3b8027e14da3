"""Writes optim.json: what PyTorch's optimisers make of parameters, and its schedules of learning rates, in float64.

Run it with PyTorch 2.13 installed. Each optimiser does steps with given gradients; a schedule is a list of rates.
"""

from __future__ import annotations

import json
import math
import pathlib
import sys
from typing import Any

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from schedules import COMBINED, combined

START = [[0.5, -1.25, 2.0], [1.0, 0.0, -0.75]]

GRADIENTS = [[[math.sin(3 * i + j + 0.7 * k) for k in range(3)] for j in range(2)] for i in range(5)]
"""One for each step."""

OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.2, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1, "amsgrad": True}),
    ("AdamW", {"lr": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.9, "momentum": 0.5, "centered": True, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.5, "weight_decay": 0.1, "initial_accumulator_value": 0.2}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1}),
    ("Adamax", {"lr": 0.1, "weight_decay": 0.1}),
    ("NAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("NAdam", {"maximize": True, "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.1, "betas": (0.9, 0.99), "weight_decay": 0.1}),
    ("RAdam", {"betas": (0.8, 0.5)}),
    ("Rprop", {"lr": 0.1}),
    ("ASGD", {"lr": 0.1, "lambd": 0.1, "t0": 2, "weight_decay": 0.1}),
]

SEARCHES: list[dict[str, Any]] = [
    {"lr": 0.1, "max_iter": 6, "history_size": 3},
    {"line_search_fn": "strong_wolfe", "max_iter": 7, "history_size": 4},
    {"line_search_fn": "strong_wolfe", "max_eval": 5},
    {"lr": 30, "line_search_fn": "strong_wolfe", "max_iter": 3},
]
"""Options of LBFGS."""

SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 3, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [2, 5], "gamma": 0.5}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("CosineAnnealingLR", {"T_max": 6, "eta_min": 0.01}),
    ("ConstantLR", {"factor": 0.5, "total_iters": 3}),
    ("LinearLR", {"start_factor": 0.25, "end_factor": 0.75, "total_iters": 4}),
    ("PolynomialLR", {"total_iters": 5, "power": 2.0}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.01}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 2, "step_size_down": 1, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 3, "mode": "exp_range", "gamma": 0.9}),
    ("OneCycleLR", {"max_lr": 0.4, "total_steps": 9}),
    ("OneCycleLR", {"max_lr": 0.4, "epochs": 3, "steps_per_epoch": 3, "anneal_strategy": "linear", "pct_start": 0.5}),
]

FIGURES = [5.0, 4.0, 4.0, 5.02, 3.99999, 5.2, 4.3, 3.0, 3.0, 3.0, 3.0]

PLATEAUS: list[dict[str, Any]] = [
    {"patience": 1, "factor": 0.5},
    {"patience": 0, "factor": 0.5, "cooldown": 2, "min_lr": 0.1},
    {"patience": 1, "mode": "max", "threshold": 0.5, "threshold_mode": "abs"},
    {"patience": 0, "mode": "max", "threshold": 0.01},
]


def combined_rates(kind: str) -> list[float]:
    """The learning rate before each step; one is set by hand."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    schedulers = combined(kind, torch.optim, optimizer)
    found = []
    for number in range(8):
        found.append(optimizer.param_groups[0]["lr"])
        if kind == "reset" and number == 2:
            optimizer.param_groups[0]["lr"] = 1.0
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return found


def parameters(name: str, options: dict[str, Any]) -> list[Any]:
    """The parameter after each step."""
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, name)([x], **options)
    found = []
    for gradient in GRADIENTS:
        x.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        found.append(x.tolist())
    return found


def searched(options: dict[str, Any]) -> list[Any]:
    """The loss before each step of LBFGS, the parameters after it, and the calls of the closure until then."""
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    y = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([x, y], **options)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (10 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + (y - x[0]) ** 4).sum()
        loss.backward()
        return loss

    found = []
    for _ in range(4):
        loss = optimizer.step(closure).item()
        found.append([loss, x.tolist(), y.tolist(), optimizer.state[x]["func_evals"]])
    return found


def rates(name: str, options: dict[str, Any], steps: int) -> tuple[list[float], list[float]]:
    """The learning rate and the momentum before each step."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2, momentum=0.5)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
    found = []
    for figure in FIGURES[:steps]:
        group = optimizer.param_groups[0]
        found.append((group["lr"], group["momentum"]))
        optimizer.step()
        scheduler.step(*[figure] * (name == "ReduceLROnPlateau"))
    lr, momentum = zip(*found, strict=True)
    return list(lr), list(momentum)


def main() -> None:
    # In which some optimisers keep numbers.
    torch.set_default_dtype(torch.float64)
    stored = {
        "start": START,
        "gradients": GRADIENTS,
        "figures": FIGURES,
        "optimizers": [[name, options, parameters(name, options)] for name, options in OPTIMIZERS],
        "searches": [[options, searched(options)] for options in SEARCHES],
        "combined": [[kind, combined_rates(kind)] for kind in COMBINED],
        "schedules": [[name, options, *rates(name, options, 8)] for name, options in SCHEDULES]
        + [["ReduceLROnPlateau", options, *rates("ReduceLROnPlateau", options, 11)] for options in PLATEAUS],
    }
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(stored) + "\n")


if __name__ == "__main__":
    main()
