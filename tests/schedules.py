"""Schedules of learning rates that are made of functions or of other schedules, in `tensorplug` as in `torch`."""

from __future__ import annotations

from typing import Any

COMBINED = ("functions", "two", "chained", "sequence", "reset")


def combined(kind: str, optim: Any, optimizer: Any) -> list[Any]:
    """Schedules that are made of functions or of other schedules."""
    schedules = optim.lr_scheduler
    if kind == "functions":
        return [schedules.MultiplicativeLR(optimizer, lambda step: 1 - 0.1 * step)]
    if kind == "sequence":
        warmup = schedules.LinearLR(optimizer, start_factor=0.1, total_iters=3)
        others = [schedules.ExponentialLR(optimizer, 0.5), schedules.CosineAnnealingLR(optimizer, 4)]
        return [schedules.SequentialLR(optimizer, [warmup, *others], [3, 5])]
    two = [schedules.ConstantLR(optimizer, 0.1, 2), schedules.ExponentialLR(optimizer, 0.9)]
    if kind == "chained":
        return [schedules.ChainedScheduler(two)]
    return two if kind == "two" else [schedules.StepLR(optimizer, 2)]
