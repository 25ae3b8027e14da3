"""PyTorch's `torch.optim.lr_scheduler`: schedules of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...core import Tensor
from .optimizer import Optimizer

__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "StepLR",
]


def _set_rate(group: dict[str, Any], rate: float) -> None:
    """Set the learning rate of a group; a tensor is written, so that a compiled step takes the new value."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


class LRScheduler:
    """Base class of schedules: a subclass defines the learning rate after a number of steps.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int, default: -1
        The number of steps done before, less one.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        self.last_epoch = last_epoch
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group["initial_lr"] = float(group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(f"{type(self).__name__}: a group has no 'initial_lr' to go on from")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.step()

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps, of a group that began with `base`."""
        raise NotImplementedError(f"{type(self).__name__} has no method rate")

    def step(self) -> None:
        """Go on to the next learning rate."""
        self.last_epoch += 1
        for i, (group, base) in enumerate(zip(self.optimizer.param_groups, self.base_lrs, strict=True)):
            _set_rate(group, self.rate(self.last_epoch, base, i))

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` goes on from."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer" and not callable(value)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state that `state_dict` returned."""
        self.__dict__.update(state_dict)


class LambdaLR(LRScheduler):
    """The first learning rate times a function of the number of steps.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable, or one for each group
    last_epoch : int, default: -1

    Examples
    --------
    >>> import tensorplug as tp
    >>> optimizer = tp.optim.SGD([tp.zeros(1, requires_grad=True)], lr=0.5)
    >>> scheduler = tp.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        several = isinstance(lr_lambda, list | tuple)
        self.lr_lambdas: list[Callable[[int], float]] = (
            list(lr_lambda) if several else [lr_lambda] * len(optimizer.param_groups)
        )
        if len(self.lr_lambdas) != len(optimizer.param_groups):
            raise ValueError(f"LambdaLR: got {len(self.lr_lambdas)} functions for {len(optimizer.param_groups)} groups")
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        return base * self.lr_lambdas[group](number)

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` goes on from; the functions are not part of it."""
        return {name: value for name, value in super().state_dict().items() if name != "lr_lambdas"}


class StepLR(LRScheduler):
    """The learning rate times `gamma` every `step_size` steps.

    Examples
    --------
    >>> import tensorplug as tp
    >>> optimizer = tp.optim.SGD([tp.zeros(1, requires_grad=True)], lr=0.5)
    >>> scheduler = tp.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        return base * self.gamma ** (number // self.step_size)


class MultiStepLR(LRScheduler):
    """The learning rate times `gamma` at each of given numbers of steps."""

    def __init__(self, optimizer: Optimizer, milestones: list[int], gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        return base * self.gamma ** sum(number >= one for one in self.milestones)


class ExponentialLR(LRScheduler):
    """The learning rate times `gamma` at each step."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        return base * self.gamma**number


class CosineAnnealingLR(LRScheduler):
    """Half a period of a cosine from the first learning rate to `eta_min`, in `T_max` steps, and back.

    Examples
    --------
    >>> import tensorplug as tp
    >>> optimizer = tp.optim.SGD([tp.zeros(1, requires_grad=True)], lr=0.5)
    >>> scheduler = tp.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * number / self.T_max)) / 2


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
        greatest = max_lr if isinstance(max_lr, list | tuple) else [max_lr] * len(optimizer.param_groups)
        self.max_lrs = [float(one) for one in greatest]
        for group, one in zip(optimizer.param_groups, self.max_lrs, strict=True):
            if last_epoch == -1:
                _set_rate(group, one / div_factor)
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

    def step(self) -> None:
        """Go on to the next learning rate and momentum."""
        super().step()
        if not self.cycle_momentum:
            return
        momentum = self._between(self.last_epoch, self.max_momentum, self.base_momentum, self.max_momentum)
        for group in self.optimizer.param_groups:
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            elif "momentum" in group:
                group["momentum"] = momentum


class ReduceLROnPlateau:
    """The learning rate times `factor` when a figure has stopped improving.

    Parameters
    ----------
    optimizer : Optimizer
    mode : {"min", "max"}
        Whether less is better.
    factor : float, default: 0.1
    patience : int, default: 10
        How many steps without an improvement are allowed.
    threshold : float, default: 1e-4
        What counts as an improvement.
    threshold_mode : {"rel", "abs"}
        Whether the threshold is a part of the best figure.
    cooldown : int, default: 0
        How many steps are not counted after a reduction.
    min_lr : float, default: 0
    eps : float, default: 1e-8
        A smaller change is not made.

    Examples
    --------
    >>> import tensorplug as tp
    >>> optimizer = tp.optim.SGD([tp.zeros(1, requires_grad=True)], lr=0.5)
    >>> scheduler = tp.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    >>> for loss in (1.0, 2.0):
    ...     scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1:
            raise ValueError(f"ReduceLROnPlateau: got factor {factor}, wanted less than 1")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"ReduceLROnPlateau: got mode {mode!r} and threshold_mode {threshold_mode!r}, wanted 'min' or 'max', "
                "and 'rel' or 'abs'"
            )
        self.optimizer = optimizer
        self.mode, self.factor, self.patience, self.cooldown = mode, factor, patience, cooldown
        self.threshold, self.threshold_mode, self.min_lr, self.eps = threshold, threshold_mode, min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def _is_better(self, figure: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if math.isinf(self.best):
            return sign * figure < sign * self.best
        margin = self.threshold * (self.best if self.threshold_mode == "rel" else 1)
        return sign * figure < sign * self.best - margin

    def step(self, metrics: Any) -> None:
        """Take a figure into account, a number or a tensor of one element."""
        figure = float(metrics)
        self.last_epoch += 1
        if self._is_better(figure):
            self.best, self.num_bad_epochs = figure, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            for group in self.optimizer.param_groups:
                rate = max(float(group["lr"]) * self.factor, self.min_lr)
                if float(group["lr"]) - rate > self.eps:
                    _set_rate(group, rate)

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` goes on from."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state that `state_dict` returned."""
        self.__dict__.update(state_dict)
