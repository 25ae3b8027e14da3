"""PyTorch's `torch.optim.lr_scheduler`: schedules of the learning rate."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from typing import Any

from ...core import Tensor
from .optimizer import Optimizer

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


def set_rate(group: dict[str, Any], rate: float) -> None:
    """Set the learning rate of a group; a tensor is written, so that a compiled step takes the new value."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


class LRScheduler:
    """Base class of schedules: a subclass defines the learning rate after a number of steps.

    What something else does to the learning rate between two steps, another schedule perhaps, stays as a factor.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int, default: -1
        The number of steps done before, less one.
    """

    chains = True
    """Whether changes that something else made stay."""

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", float(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(f"{type(self).__name__}: a group has no 'initial_lr' to go on from")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self._factors = [1.0] * len(self.base_lrs)
        self._last_lr = self.base_lrs if last_epoch == -1 else self.get_last_lr()
        self._go_to(last_epoch + 1)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps, of a group that began with `base`."""
        raise NotImplementedError(f"{type(self).__name__} has no method rate")

    def step(self) -> None:
        """Go on to the next learning rate."""
        self._go_to(self.last_epoch + 1)

    def _go_to(self, number: int) -> None:
        self.last_epoch = number
        for i, (group, base) in enumerate(zip(self.optimizer.param_groups, self.base_lrs, strict=True)):
            found, last = float(group["lr"]), self._last_lr[i]
            if self.chains and last and found != last:
                self._factors[i] *= found / last
            set_rate(group, self.rate(number, base, i) * self._factors[i])
        self._last_lr = self.get_last_lr()

    def _start(self) -> None:
        """Begin with the first learning rate, whatever was before."""
        self._factors, self._last_lr = [1.0] * len(self.base_lrs), self.get_last_lr()
        self._go_to(0)

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` goes on from; functions are not part of it."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer" and not _is_code(value)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state that `state_dict` returned."""
        self.__dict__.update(state_dict)


def _is_code(value: Any) -> bool:
    return callable(value) or (isinstance(value, list) and any(map(callable, value)))


def for_each_group(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """A value for each group, given as a list or as one for all.

    Raises
    ------
    ValueError
        If there are more or fewer than groups.
    """
    count = len(optimizer.param_groups)
    found = list(value) if isinstance(value, list | tuple) else [value] * count
    if len(found) != count:
        raise ValueError(f"{name}: got {len(found)} values for {count} groups")
    return found


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
        self.lr_lambdas: list[Callable[[int], float]] = for_each_group("LambdaLR", lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        return base * self.lr_lambdas[group](number)


class MultiplicativeLR(LRScheduler):
    """The learning rate times a function of the number of steps, at each step."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.lr_lambdas: list[Callable[[int], float]] = for_each_group("MultiplicativeLR", lr_lambda, optimizer)
        self._products = [(0, 1.0)] * len(self.lr_lambdas)
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        done, product = self._products[group] if number >= self._products[group][0] else (0, 1.0)
        for i in range(done + 1, number + 1):
            product *= self.lr_lambdas[group](i)
        self._products[group] = (number, product)
        return base * product


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


class ConstantLR(LRScheduler):
    """The learning rate times `factor` in the first `total_iters` steps."""

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: got factor {factor}, wanted one from 0 to 1")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        return base * self.factor if number < self.total_iters else base


class LinearLR(LRScheduler):
    """The learning rate times a factor that goes from `start_factor` to `end_factor` in `total_iters` steps.

    Examples
    --------
    >>> import tensorplug as tp
    >>> optimizer = tp.optim.SGD([tp.zeros(1, requires_grad=True)], lr=0.5)
    >>> scheduler = tp.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.375]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: got factors {start_factor} and {end_factor}, wanted them from 0 to 1")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        part = min(number, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * part)


class PolynomialLR(LRScheduler):
    """The learning rate falling to zero in `total_iters` steps, by a power of the steps that remain."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def rate(self, number: int, base: float, group: int) -> float:
        """The learning rate after a number of steps."""
        return base * (1 - min(number, self.total_iters) / self.total_iters) ** self.power


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


class SequentialLR:
    """Schedules one after another, each from one of given numbers of steps on.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
    milestones : list of int
        When each schedule but the first begins.

    Raises
    ------
    ValueError
        If there is not one schedule more than milestones.

    Examples
    --------
    >>> import tensorplug as tp
    >>> optimizer = tp.optim.SGD([tp.zeros(1, requires_grad=True)], lr=0.5)
    >>> warmup = tp.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=1)
    >>> decay = tp.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = tp.optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[2])
    >>> for _ in range(4):
    ...     print(scheduler.get_last_lr())
    ...     scheduler.step()
    [0.25]
    [0.5]
    [0.5]
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, schedulers: list[Any], milestones: list[int]) -> None:
        if len(schedulers) != len(milestones) + 1:
            raise ValueError(f"SequentialLR: got {len(schedulers)} schedules for {len(milestones)} milestones")
        self.optimizer, self.last_epoch = optimizer, 0
        self._schedulers, self._milestones = schedulers, milestones
        for group in optimizer.param_groups:
            set_rate(group, group["initial_lr"])
        schedulers[0]._start()

    def step(self) -> None:
        """Go on to the next learning rate."""
        self.last_epoch += 1
        number = bisect.bisect_right(self._milestones, self.last_epoch)
        if number and self._milestones[number - 1] == self.last_epoch:
            self._schedulers[number]._start()
        else:
            self._schedulers[number].step()

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` goes on from."""
        return {"last_epoch": self.last_epoch, "_schedulers": [one.state_dict() for one in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state that `state_dict` returned."""
        self.last_epoch = state_dict["last_epoch"]
        for one, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            one.load_state_dict(state)


class ChainedScheduler(SequentialLR):
    """Several schedules at once, whose factors are multiplied."""

    def __init__(self, schedulers: list[Any], optimizer: Optimizer | None = None) -> None:
        self.optimizer, self.last_epoch = optimizer or schedulers[0].optimizer, 0
        self._schedulers = schedulers

    def step(self) -> None:
        """Go on to the next learning rate."""
        self.last_epoch += 1
        for one in self._schedulers:
            one.step()


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
                    set_rate(group, rate)

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` goes on from."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state that `state_dict` returned."""
        self.__dict__.update(state_dict)
