"""Optimisers that scale each element's step by the size of its gradients: `Adam`, `AdamW`, `RMSprop`, `Adagrad`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...core import Tensor
from ...core.standard.creation import full_like
from ...core.standard.elementwise import maximum, sqrt
from .optimizer import Group, Optimizer, count_step, with_decay, zeros_of


class Adam(Optimizer):
    """Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015).

    Parameters
    ----------
    params : iterable of Tensor or of dict
    lr : float or Tensor, default: 1e-3
        About the size of a step.
    betas : pair of float, default: (0.9, 0.999)
        How much is kept of the means of gradients and of their squares.
    eps : float, default: 1e-8
        Added to the divisor.
    weight_decay : float, default: 0
        How much of the parameter is added to its gradient.
    amsgrad : bool, default: False
        Whether to divide by the greatest of the means so far (Reddi et al., 2018).
    maximize : bool, default: False

    Raises
    ------
    ValueError
        For a negative number, or a beta outside [0, 1).

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.Adam([x], lr=0.25)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.7500], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, options | {"amsgrad": amsgrad, "maximize": maximize}, **unused)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        self._step(parameter, with_decay(parameter, gradient, group), state, group)

    def _step(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        beta1, beta2 = group["betas"]
        step = count_step(state, parameter)
        mean, square = zeros_of(state, "exp_avg", parameter), zeros_of(state, "exp_avg_sq", parameter)
        mean.mul_(beta1).add_(gradient * (1 - beta1))
        square.mul_(beta2).add_((gradient * gradient) * (1 - beta2))
        if group["amsgrad"]:
            greatest = zeros_of(state, "max_exp_avg_sq", parameter)
            square = greatest.copy_(maximum(greatest, square))
        # The means begin at zero, which the divisors make up for.
        size = group["lr"] / (1 - beta1**step)
        divisor = sqrt(square) / sqrt(1 - beta2**step) + group["eps"]
        parameter.sub_(mean / divisor * size)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, "Decoupled weight decay", 2019).

    The parameters are those of `Adam`, but for the default of `weight_decay`, 0.01: before each step the parameter is
    multiplied by ``1 - lr * weight_decay``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.AdamW([x], lr=0.25, weight_decay=0.5)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.6250], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, **unused)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        self._step(parameter, gradient, state, group)


class RMSprop(Optimizer):
    """RMSprop: gradients divided by the root of a mean of their squares (Hinton, 2012).

    Parameters
    ----------
    params : iterable of Tensor or of dict
    lr : float or Tensor, default: 1e-2
    alpha : float, default: 0.99
        How much is kept of the mean.
    eps : float, default: 1e-8
        Added to the divisor.
    weight_decay : float, default: 0
        How much of the parameter is added to its gradient.
    momentum : float, default: 0
        How much of the sum of past steps is kept.
    centered : bool, default: False
        Whether to divide by an estimate of the deviation instead.
    maximize : bool, default: False

    Raises
    ------
    ValueError
        For a negative number.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.RMSprop([x], lr=0.05)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(params, options | {"centered": centered, "maximize": maximize}, **unused)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        gradient = with_decay(parameter, gradient, group)
        alpha = group["alpha"]
        square = zeros_of(state, "square_avg", parameter).mul_(alpha).add_((gradient * gradient) * (1 - alpha))
        if group["centered"]:
            mean = zeros_of(state, "grad_avg", parameter).mul_(alpha).add_(gradient * (1 - alpha))
            square = square - mean * mean
        step = gradient / (sqrt(square) + group["eps"])
        if group["momentum"]:
            step = zeros_of(state, "momentum_buffer", parameter).mul_(group["momentum"]).add_(step)
        parameter.sub_(step * group["lr"])


class Adagrad(Optimizer):
    """Adagrad: gradients divided by the root of the sum of their squares (Duchi, Hazan and Singer, 2011).

    Parameters
    ----------
    params : iterable of Tensor or of dict
    lr : float or Tensor, default: 1e-2
    lr_decay : float, default: 0
        The step is divided by one plus this times the number of steps before.
    weight_decay : float, default: 0
        How much of the parameter is added to its gradient.
    initial_accumulator_value : float, default: 0
        The sum at first.
    eps : float, default: 1e-10
        Added to the divisor.
    maximize : bool, default: False

    Raises
    ------
    ValueError
        For a negative number.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.Adagrad([x], lr=0.25)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.7500], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        options = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps, "maximize": maximize}
        super().__init__(params, options | {"initial_accumulator_value": initial_accumulator_value}, **unused)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        gradient = with_decay(parameter, gradient, group)
        step = count_step(state, parameter)
        if "sum" not in state:
            state["sum"] = full_like(parameter.detach(), group["initial_accumulator_value"])
        total = state["sum"].add_(gradient * gradient)
        size = group["lr"] / (1 + (step - 1) * group["lr_decay"])
        parameter.sub_(gradient / (sqrt(total) + group["eps"]) * size)
