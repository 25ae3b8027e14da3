"""Further optimisers: `Adadelta`, `Adamax`, `ASGD`, `NAdam`, `RAdam`, `Rprop`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...core import Tensor
from ...core.standard.creation import ones_like
from ...core.standard.elementwise import abs, clip, greater, less, maximum, multiply, sign, sqrt
from ...core.standard.searching import where
from .optimizer import Group, Optimizer, count_step, with_decay, zeros_of


class Adadelta(Optimizer):
    """Adadelta: steps as large as past ones, over the root of a mean of squared gradients (Zeiler, 2012).

    Parameters
    ----------
    params : iterable of Tensor or of dict
    lr : float or Tensor, default: 1.0
    rho : float, default: 0.9
        How much is kept of the means of squares.
    eps : float, default: 1e-6
        Added to the means.
    weight_decay : float, default: 0
    maximize : bool, default: False

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.Adadelta([x], eps=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.1056], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        super().__init__(
            params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}, **unused
        )

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        gradient = with_decay(parameter, gradient, group)
        rho, eps = group["rho"], group["eps"]
        square = zeros_of(state, "square_avg", parameter).mul_(rho).add_((gradient * gradient) * (1 - rho))
        past = zeros_of(state, "acc_delta", parameter)
        step = sqrt(past + eps) / sqrt(square + eps) * gradient
        past.mul_(rho).add_((step * step) * (1 - rho))
        parameter.sub_(step * group["lr"])


class _WithBetas(Optimizer):
    """An optimiser with the options of `Adam`."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        more: Mapping[str, Any] | None = None,
        **unused: Any,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options | dict(more or {}), **unused)

    def _decayed(self, parameter: Tensor, gradient: Tensor, group: Group) -> Tensor:
        """The gradient with weight decay, or the parameter multiplied in its place."""
        if not group.get("decoupled_weight_decay"):
            return with_decay(parameter, gradient, group)
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        return gradient

    def _means(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> tuple[Tensor, Tensor]:
        """The means of gradients and of their squares."""
        beta1, beta2 = group["betas"]
        mean = zeros_of(state, "exp_avg", parameter).mul_(beta1).add_(gradient * (1 - beta1))
        square = zeros_of(state, "exp_avg_sq", parameter).mul_(beta2).add_((gradient * gradient) * (1 - beta2))
        return mean, square


class Adamax(_WithBetas):
    """Adam with the greatest of past gradients for a divisor (Kingma and Ba, 2015).

    The parameters are those of `Adam`, without `amsgrad`, and `lr` is 2e-3 by default.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.Adamax([x], lr=0.25)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.7500], requires_grad=True)
    """

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        gradient = with_decay(parameter, gradient, group)
        beta1, beta2 = group["betas"]
        step = count_step(state, parameter)
        mean = zeros_of(state, "exp_avg", parameter).mul_(beta1).add_(gradient * (1 - beta1))
        greatest = zeros_of(state, "exp_inf", parameter)
        greatest.copy_(maximum(greatest * beta2, abs(gradient) + group["eps"]))
        parameter.sub_(mean / greatest * (group["lr"] / (1 - beta1**step)))


class NAdam(_WithBetas):
    """Adam with Nesterov's momentum (Dozat, 2016).

    The parameters are those of `Adam`, without `amsgrad`; `lr` is 2e-3 by default, `momentum_decay` 4e-3 how the
    momentum grows, and with `decoupled_weight_decay` the decay is that of `AdamW`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.NAdam([x], lr=0.25)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x.item() < 1
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        more = {"momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, lr, betas, eps, weight_decay, maximize=maximize, more=more, **unused)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        gradient = self._decayed(parameter, gradient, group)
        beta1, beta2 = group["betas"]
        step = count_step(state, parameter)
        mean, square = self._means(parameter, gradient, state, group)
        now, after = (beta1 * (1 - 0.5 * 0.96 ** (one * group["momentum_decay"])) for one in (step, step + 1))
        if "mu_product" not in state:
            state["mu_product"] = ones_like(step)
        product = state["mu_product"].mul_(now)
        divisor = sqrt(square / (1 - beta2**step)) + group["eps"]
        parameter.sub_(gradient / divisor * (group["lr"] * (1 - now) / (1 - product)))
        parameter.sub_(mean / divisor * (group["lr"] * after / (1 - product * after)))


class RAdam(_WithBetas):
    """Adam with its first steps rectified (Liu et al., "On the variance of the adaptive learning rate", 2020).

    The parameters are those of `Adam`, without `amsgrad`; with `decoupled_weight_decay` the decay is that of `AdamW`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.RAdam([x], lr=0.25)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        more = {"decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, lr, betas, eps, weight_decay, maximize=maximize, more=more, **unused)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        gradient = self._decayed(parameter, gradient, group)
        beta1, beta2 = group["betas"]
        step = count_step(state, parameter)
        mean, square = self._means(parameter, gradient, state, group)
        rest = 1 - beta2**step
        most = 2 / (1 - beta2) - 1
        length = most - 2 * step * beta2**step / rest
        known = maximum(length, 5.0)
        factor = sqrt((known - 4) * (known - 2) * most / ((most - 4) * (most - 2) * known) * rest)
        scale = where(length > 5, factor / (sqrt(square) + group["eps"]), 1.0)
        parameter.sub_(mean / (1 - beta1**step) * scale * group["lr"])


class Rprop(Optimizer):
    """Resilient propagation: steps by the signs of gradients alone (Riedmiller and Braun, 1993).

    Parameters
    ----------
    params : iterable of Tensor or of dict
    lr : float, default: 1e-2
        The size of the first step.
    etas : pair of float, default: (0.5, 1.2)
        What the size is multiplied by where the sign of the gradient has changed, and where it has not.
    step_sizes : pair of float, default: (1e-6, 50)
        The least and the greatest size.
    maximize : bool, default: False

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.Rprop([x], lr=0.25)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.7500], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"Rprop: got etas {etas}, wanted one below 1 and one above")
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize}, **unused)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        past = zeros_of(state, "prev", parameter)
        if "step_size" not in state:
            state["step_size"] = ones_like(parameter.detach()) * group["lr"]
        agreement = multiply(gradient, past)
        fewer, more = group["etas"]
        changed = less(agreement, 0.0)
        factor = where(greater(agreement, 0.0), more, where(changed, fewer, ones_like(agreement)))
        size = state["step_size"]
        size.copy_(clip(size * factor, *group["step_sizes"]))
        gradient = where(changed, 0.0, gradient)
        parameter.sub_(sign(gradient) * size)
        past.copy_(gradient)


class ASGD(Optimizer):
    """Averaged stochastic gradient descent (Polyak and Juditsky, 1992), whose average is ``state[x]["ax"]``.

    Parameters
    ----------
    params : iterable of Tensor or of dict
    lr : float or Tensor, default: 1e-2
    lambd : float, default: 1e-4
        How fast parameters and steps decay.
    alpha : float, default: 0.75
        The power of the decay of steps.
    t0 : float, default: 1e6
        The step at which averaging begins.
    weight_decay : float, default: 0
    maximize : bool, default: False

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.ASGD([x], lr=0.25, lambd=0.0)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        options = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay}
        super().__init__(params, options | {"maximize": maximize}, **unused)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        gradient = with_decay(parameter, gradient, group)
        step = count_step(state, parameter)
        if "eta" not in state:
            state["eta"] = ones_like(step) * group["lr"]
            state["mu"] = ones_like(step)
        size, share = state["eta"], state["mu"]
        average = zeros_of(state, "ax", parameter)
        parameter.mul_(1 - size * group["lambd"])
        parameter.sub_(gradient * size)
        average.add_((parameter.detach() - average) * share)
        size.copy_(group["lr"] / (1 + group["lambd"] * group["lr"] * step) ** group["alpha"])
        share.copy_(1 / maximum(step - group["t0"], 1.0))
