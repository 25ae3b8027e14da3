"""PyTorch's `torch.optim.swa_utils`: averages of a model's parameters over training."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

from ...autograd.modes import no_grad
from ...core import Tensor
from ...core.standard.creation import tensor
from ...core.types.errors import ArgumentError
from ..module import Module
from ..normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .lr_scheduler import LRScheduler, for_each_group, set_rate
from .optimizer import Optimizer

__all__ = ["SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "update_bn"]


class AveragedModel(Module):
    """A copy of a model with averages of its parameters, by default of all that it was given.

    Parameters
    ----------
    model : Module
    device : optional
        Where the copy is.
    avg_fn : callable, optional
        ``avg_fn(averaged, parameter, count)`` is the new average, such as `get_ema_avg_fn` returns.
    multi_avg_fn : callable, optional
        ``multi_avg_fn(averages, parameters, count)`` writes the new averages, in place of `avg_fn`.
    use_buffers : bool, default: False
        Whether buffers are averaged, too; else they are copied.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.optim.swa_utils import AveragedModel
    >>> model = tp.nn.Linear(1, 1, bias=False)
    >>> averaged = AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = model.weight.data.fill_(value)
    ...     averaged.update_parameters(model)
    >>> averaged.module.weight
    tensor([[3.]], requires_grad=True)
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[..., Tensor] | None = None,
        multi_avg_fn: Callable[..., None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        if avg_fn is not None and multi_avg_fn is not None:
            raise ArgumentError("AveragedModel: got avg_fn and multi_avg_fn, wanted one of them")
        self.module = copy.deepcopy(model) if device is None else copy.deepcopy(model).to(device)
        self.register_buffer("n_averaged", tensor(0, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn or get_swa_avg_fn(), multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the copy."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the parameters that a model has now into the averages."""
        own, given = [*self.module.parameters()], [*model.parameters()]
        buffers = list(zip(self.module.buffers(), model.buffers(), strict=True))
        if self.use_buffers:
            own, given = own + [one for one, _ in buffers], given + [one for _, one in buffers]
        averages = [one.detach() for one in own]
        values = [one.detach().to(average.device) for one, average in zip(given, averages, strict=True)]
        with no_grad():
            if not self.n_averaged.item():
                for average, value in zip(averages, values, strict=True):
                    average.copy_(value)
            elif self.multi_avg_fn is not None:
                self.multi_avg_fn(averages, values, self.n_averaged)
            else:
                for average, value in zip(averages, values, strict=True):
                    average.copy_(self.avg_fn(average, value, self.n_averaged.to(average.device)))
            for buffer, value in () if self.use_buffers else buffers:
                buffer.copy_(value)
            self.n_averaged.add_(1)


def get_swa_avg_fn() -> Callable[..., Tensor]:
    """The average with equal weights, for `AveragedModel`."""
    return lambda averaged, value, count: averaged + (value - averaged) / (count + 1)


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Tensor]:
    """The exponential moving average, for `AveragedModel`."""
    return lambda averaged, value, count: decay * averaged + (1 - decay) * value


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., None]:
    """The exponential moving average of all parameters, for `AveragedModel`."""

    def update(averages: list[Tensor], values: list[Tensor], count: Any) -> None:
        for average, value in zip(averages, values, strict=True):
            if average.dtype.is_differentiable:
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(decay * average + (1 - decay) * value)

    return update


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running means of batch normalization anew, by a pass over data.

    Parameters
    ----------
    loader
        Of tensors, or of tuples that begin with the input.
    model : Module
    device : optional
        Where inputs are moved.
    """
    layers = [one for one in model.modules() if isinstance(one, BatchNorm1d | BatchNorm2d | BatchNorm3d)]
    if not layers:
        return
    before, was_training = [one.momentum for one in layers], model.training
    model.train()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
    for given in loader:
        x = given[0] if isinstance(given, list | tuple) else given
        model(x if device is None else x.to(device))
    for layer, momentum in zip(layers, before, strict=True):
        layer.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the learning rate of the moment to a constant one.

    Parameters
    ----------
    optimizer : Optimizer
    swa_lr : float, or one for each group
        The rate at the end.
    anneal_epochs : int, default: 10
        How many steps it takes.
    anneal_strategy : {"cos", "linear"}
    last_epoch : int, default: -1

    Examples
    --------
    >>> import tensorplug as tp
    >>> optimizer = tp.optim.SGD([tp.zeros(1, requires_grad=True)], lr=0.5)
    >>> scheduler = tp.optim.swa_utils.SWALR(optimizer, 0.1, anneal_epochs=2, anneal_strategy="linear")
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.3]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"SWALR: got anneal_strategy {anneal_strategy!r}, wanted 'cos' or 'linear'")
        if anneal_epochs < 0:
            raise ArgumentError(f"SWALR: got anneal_epochs {anneal_epochs}, wanted 0 or more")
        self.anneal_epochs, self.anneal_strategy = anneal_epochs, anneal_strategy
        for group, rate in zip(optimizer.param_groups, for_each_group("SWALR", swa_lr, optimizer), strict=True):
            group["swa_lr"] = rate
        super().__init__(optimizer, last_epoch)

    def _share(self, number: int) -> float:
        """How much of the last rate there is after a number of steps."""
        t = max(0.0, min(1.0, number / max(1, self.anneal_epochs)))
        return t if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def _go_to(self, number: int) -> None:
        self.last_epoch = number
        step = number if self.anneal_epochs else max(1, number)
        before, after = self._share(step - 1), self._share(step)
        for group in self.optimizer.param_groups:
            last, rate = group["swa_lr"], float(group["lr"])
            first = last if before == 1 else (rate - before * last) / (1 - before)
            set_rate(group, last * after + first * (1 - after))
        self._last_lr = self.get_last_lr()
