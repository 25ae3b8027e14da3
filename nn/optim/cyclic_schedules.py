"""Schedules in which the learning rate rises and falls, of `tensorplug.optim.lr_scheduler`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .lr_scheduler import LRScheduler, for_each_group, set_rate
from .optimizer import Optimizer

__all__ = ["CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR"]


def _set_momentum(group: dict[str, Any], momentum: float) -> None:
    """Set the momentum, or the first beta, of a group."""
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    elif "momentum" in group:
        group["momentum"] = momentum


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosines from the first learning rate to `eta_min`, the first of `T_0` steps, each next `T_mult` times as long."""

    chains = False

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_0 < 1 or T_mult < 1:
            raise ValueError(f"CosineAnnealingWarmRestarts: got T_0 {T_0} and T_mult {T_mult}, wanted positive numbers")
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next learning rate, or to that after a number of steps, whole or not."""
        self._go_to(self.last_epoch + 1 if epoch is None else epoch)  # type: ignore[arg-type]

    def rate(self, number: float, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        length = self.T_0
        while number >= length:
            number, length = number - length, length * self.T_mult
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * number / length)) / 2


class CyclicLR(LRScheduler):
    """A learning rate that goes from `base_lr` to `max_lr` and back, again and again (Smith, 2017).

    Parameters
    ----------
    optimizer : Optimizer
        Whose momentum, or first beta, changes the other way round.
    base_lr, max_lr : float or list of float
        The least and the greatest learning rate, of each group.
    step_size_up : int, default: 2000
        The number of steps from the least to the greatest.
    step_size_down : int, optional
        That of steps back, by default the same.
    mode : {"triangular", "triangular2", "exp_range"}
        Whether the way is as long in each cycle, half as long as in the one before, or shorter by `gamma` at each step.
    gamma : float, default: 1
    scale_fn : callable, optional
        In place of `mode`: the factor of the way.
    scale_mode : {"cycle", "iterations"}
        Whether `scale_fn` is given the number of the cycle or of the step.
    cycle_momentum : bool, default: True
        Whether the momentum changes too.
    base_momentum, max_momentum : float, default: 0.8, 0.9
    last_epoch : int, default: -1

    Raises
    ------
    ValueError
        For another mode, or a momentum that the optimiser lacks.
    """

    chains = False

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Any,
        max_lr: Any,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"CyclicLR: got mode {mode!r}, wanted 'triangular', 'triangular2' or 'exp_range'")
        if cycle_momentum and not {"betas", "momentum"} & optimizer.defaults.keys():
            raise ValueError(f"CyclicLR: {type(optimizer).__name__} has no momentum; pass cycle_momentum=False")
        self.step_size_up, self.total_size = step_size_up, step_size_up + (step_size_down or step_size_up)
        self.mode, self.gamma, self.scale_fn, self.scale_mode = mode, gamma, scale_fn, scale_mode
        self.cycle_momentum, self.base_momentum, self.max_momentum = cycle_momentum, base_momentum, max_momentum
        self.max_lrs = for_each_group("CyclicLR", max_lr, optimizer)
        if last_epoch == -1:
            for group, one in zip(optimizer.param_groups, for_each_group("CyclicLR", base_lr, optimizer), strict=True):
                set_rate(group, one)
                group["initial_lr"] = one
        super().__init__(optimizer, last_epoch)

    def _height(self, number: int) -> float:
        """How much of the way is done after a number of steps."""
        cycle, inside = divmod(number, self.total_size)
        down = self.total_size - self.step_size_up
        height = inside / self.step_size_up if inside <= self.step_size_up else (self.total_size - inside) / down
        if self.scale_fn is not None:
            return height * self.scale_fn(cycle + 1 if self.scale_mode == "cycle" else number)
        return height * {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": self.gamma**number}[self.mode]

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        return base + (self.max_lrs[group] - base) * self._height(number)

    def _go_to(self, number: int) -> None:
        super()._go_to(number)
        if self.cycle_momentum:
            change = (self.max_momentum - self.base_momentum) * self._height(number)
            for group in self.optimizer.param_groups:
                _set_momentum(group, self.max_momentum - change)


class OneCycleLR(LRScheduler):
    """A learning rate that grows to `max_lr` and falls far below its first value (Smith and Topin, 2018).

    Parameters
    ----------
    optimizer : Optimizer
        Whose momentum, or first beta, changes the other way round.
    max_lr : float or list of float
        The greatest learning rate, of each group.
    total_steps : int, optional
        By default ``epochs * steps_per_epoch``.
    epochs, steps_per_epoch : int, optional
    pct_start : float, default: 0.3
        The part of the steps in which it grows.
    anneal_strategy : {"cos", "linear"}
    cycle_momentum : bool, default: True
        Whether the momentum changes too.
    base_momentum, max_momentum : float, default: 0.85, 0.95
    div_factor : float, default: 25
        The first learning rate is `max_lr` over this.
    final_div_factor : float, default: 1e4
        The last one is the first over this.
    last_epoch : int, default: -1

    Raises
    ------
    ValueError
        If there is no number of steps, or for a step beyond them.
    """

    chains = False

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        last_epoch: int = -1,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: wants total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: got anneal_strategy {anneal_strategy!r}, wanted 'cos' or 'linear'")
        self.total_steps, self.pct_start, self.anneal_strategy = total_steps, pct_start, anneal_strategy
        self.cycle_momentum, self.base_momentum, self.max_momentum = cycle_momentum, base_momentum, max_momentum
        self.final_div_factor = final_div_factor
        self.max_lrs = [float(one) for one in for_each_group("OneCycleLR", max_lr, optimizer)]
        for group, one in zip(optimizer.param_groups, self.max_lrs, strict=True):
            if last_epoch == -1:
                set_rate(group, one / div_factor)
                group["initial_lr"] = one / div_factor
        super().__init__(optimizer, last_epoch)

    def _between(self, number: int, first: float, top: float, last: float) -> float:
        """From `first` to `top` and on to `last`."""
        peak = self.pct_start * self.total_steps - 1
        if number <= peak:
            start, end, part = first, top, number / peak
        else:
            start, end, part = top, last, (number - peak) / (self.total_steps - 1 - peak)
        if self.anneal_strategy == "linear":
            return start + (end - start) * part
        return end + (start - end) * (1 + math.cos(math.pi * part)) / 2

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        if number >= self.total_steps:
            raise ValueError(f"OneCycleLR: step {number} is beyond the {self.total_steps} steps of the cycle")
        return self._between(number, base, self.max_lrs[group], base / self.final_div_factor)

    def _go_to(self, number: int) -> None:
        super()._go_to(number)
        if self.cycle_momentum:
            momentum = self._between(number, self.max_momentum, self.base_momentum, self.max_momentum)
            for group in self.optimizer.param_groups:
                _set_momentum(group, momentum)
