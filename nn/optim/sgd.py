"""`SGD`: stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...core import Tensor
from .optimizer import Group, Optimizer, with_decay


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and Nesterov's.

    Parameters
    ----------
    params : iterable of Tensor or of dict
    lr : float or Tensor, default: 1e-3
        The step is this times the gradient.
    momentum : float, default: 0
        How much of the sum of past gradients is kept.
    dampening : float, default: 0
        How much of a gradient does not enter that sum.
    weight_decay : float, default: 0
        How much of the parameter is added to its gradient.
    nesterov : bool, default: False
        Whether the step looks ahead by the momentum.
    maximize : bool, default: False

    Raises
    ------
    ValueError
        For a negative number, or Nesterov's momentum without momentum or with dampening.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> optimizer = tp.optim.SGD([x], lr=0.25)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **unused: Any,
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("SGD: nesterov wants a momentum and no dampening")
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, options | {"nesterov": nesterov, "maximize": maximize}, **unused)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place."""
        momentum = group["momentum"]
        gradient = with_decay(parameter, gradient, group)
        if momentum:
            if "momentum_buffer" in state:
                buffer = state["momentum_buffer"].mul_(momentum).add_(gradient * (1 - group["dampening"]))
            else:
                buffer = state["momentum_buffer"] = gradient.clone()
            gradient = gradient + buffer * momentum if group["nesterov"] else buffer
        parameter.sub_(gradient * group["lr"])
