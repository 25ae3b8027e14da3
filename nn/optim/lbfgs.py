"""`LBFGS`: the limited-memory quasi-Newton method."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from ...autograd.modes import enable_grad, no_grad
from ...core import Tensor
from ...core.pytorch.shapes import view_as_complex, view_as_real
from ...core.standard.creation import zeros_like
from ...core.standard.manipulation import concat, split
from ...core.types.errors import ArgumentError
from .line_search import Point, strong_wolfe
from .optimizer import Group, Optimizer


class LBFGS(Optimizer):
    """Limited-memory BFGS (Liu and Nocedal, "On the limited memory BFGS method", 1989).

    A step does up to `max_iter` iterations and needs a closure, which it calls several times. It looks at losses, so
    `tensorplug.compile` does not take it; it takes what the closure calls.

    Parameters
    ----------
    params : iterable of Tensor
        On one device; there is one group of them.
    lr : float or Tensor, default: 1
        The step along the direction, or the first one that the line search tries.
    max_iter : int, default: 20
        Greatest number of iterations in a step.
    max_eval : int, optional
        Greatest number of calls of the closure in a step; 5/4 of `max_iter` by default.
    tolerance_grad : float, default: 1e-7
        A step ends when no element of the gradient is larger.
    tolerance_change : float, default: 1e-9
        A step ends when the loss, or every element of the parameters, changes by no more.
    history_size : int, default: 100
        Number of past changes that are kept.
    line_search_fn : {"strong_wolfe"}, optional
        Without a line search each iteration moves by `lr`.

    Raises
    ------
    ValueError
        For a negative number, another line search or several groups.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([3.0, -1.0], requires_grad=True)
    >>> optimizer = tp.optim.LBFGS([x], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((x - tp.tensor([1.0, 2.0])) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(97., grad_fn=<sum>)
    >>> closure().item() < 1e-6
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if line_search_fn not in (None, "strong_wolfe"):
            raise ArgumentError(f"LBFGS: got line_search_fn {line_search_fn!r}, wanted None or 'strong_wolfe'")
        options: Group = {"lr": lr, "max_iter": max_iter, "tolerance_grad": tolerance_grad}
        options["max_eval"] = max_iter * 5 // 4 if max_eval is None else max_eval
        options |= {"tolerance_change": tolerance_change, "history_size": history_size}
        super().__init__(params, options | {"line_search_fn": line_search_fn})

    def add_param_group(self, param_group: Group) -> None:
        """Set the one group of parameters.

        Raises
        ------
        ValueError
            For a second one.
        """
        if self.param_groups:
            raise ArgumentError("LBFGS: got several groups of parameters, wanted one")
        super().add_param_group(param_group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters by up to `max_iter` iterations.

        Parameters
        ----------
        closure : callable
            It computes the loss and its gradients anew; the first result is returned.
        """
        if closure is None:
            raise TypeError("LBFGS.step: got no closure, wanted a function that computes the loss and its gradients")
        group = self.param_groups[0]
        state = self.state[group["params"][0]]
        with enable_grad():
            result = closure()
        loss, evaluations = float(result), 1
        with no_grad():
            gradient = self._flat_gradient()
            for iteration in range(1, group["max_iter"] + 1):
                if _largest(gradient) <= group["tolerance_grad"]:
                    break
                state["n_iter"] = state.get("n_iter", 0) + 1
                direction = state["d"] = self._direction(gradient, state, group["history_size"])
                state["prev_flat_grad"], state["prev_loss"] = gradient, loss
                lr = float(group["lr"])
                first = state["n_iter"] == 1
                step = state["t"] = min(1.0, 1.0 / gradient.abs().sum().item()) * lr if first else lr
                slope = gradient.dot(direction).item()
                if slope > -group["tolerance_change"]:
                    break
                if group["line_search_fn"]:
                    start, length = Point(0.0, loss, gradient, slope), _largest(direction)
                    point, calls = strong_wolfe(
                        functools.partial(self._at, closure, direction),
                        *(start, step, length, group["tolerance_change"], group["max_eval"] - evaluations),
                    )
                    state["t"], (step, loss, gradient, _) = point.step, point
                    self._move(step, direction)
                else:
                    self._move(step, direction)
                    calls = 0
                    if iteration < group["max_iter"]:
                        loss, gradient, calls = self._evaluate(closure), self._flat_gradient(), 1
                evaluations += calls
                if evaluations >= group["max_eval"] or _largest(direction * step) <= group["tolerance_change"]:
                    break
                if abs(loss - state["prev_loss"]) < group["tolerance_change"]:
                    break
        state["func_evals"] = state.get("func_evals", 0) + evaluations
        return result

    def _flat_gradient(self) -> Tensor:
        """The gradients of all parameters as one vector, zero where there is none."""
        return concat([_flat(zeros_like(one) if one.grad is None else one.grad) for one in self._parameters()])

    def _move(self, step: float, direction: Tensor) -> None:
        """Add a multiple of the direction to the parameters."""
        parameters = list(self._parameters())
        parts = split(direction, [one.numel() * (1 + one.dtype.is_complex) for one in parameters])
        for one, part in zip(parameters, parts, strict=True):
            shaped = view_as_complex(part.reshape(*one.shape, 2)) if one.dtype.is_complex else part.reshape(one.shape)
            one.add_(shaped, alpha=step)

    def _evaluate(self, closure: Callable[[], Any]) -> float:
        with enable_grad():
            return float(closure())

    def _at(self, closure: Callable[[], Any], direction: Tensor, step: float) -> Point:
        """Loss and gradient at a step along the direction; the parameters are put back."""
        parameters = list(self._parameters())
        before = [one.clone() for one in parameters]
        self._move(step, direction)
        loss, gradient = self._evaluate(closure), self._flat_gradient()
        for one, value in zip(parameters, before, strict=True):
            one.copy_(value)
        return Point(step, loss, gradient, gradient.dot(direction).item())

    def _direction(self, gradient: Tensor, state: dict[str, Any], history_size: int) -> Tensor:
        """The negative gradient times an inverse Hessian that past changes of parameters and gradients estimate."""
        if state["n_iter"] == 1:
            state["old_dirs"], state["old_stps"], state["ro"], state["H_diag"] = [], [], [], 1
            return -gradient
        history = (state["old_dirs"], state["old_stps"], state["ro"])
        change, step = gradient - state["prev_flat_grad"], state["d"] * state["t"]
        curvature = change.dot(step)
        if curvature.item() > 1e-10:
            for past, new in zip(history, (change, step, 1.0 / curvature), strict=True):
                past.append(new)
                del past[: max(0, len(past) - history_size)]
            state["H_diag"] = curvature / change.dot(change)
        pairs = list(zip(*history, strict=True))
        direction = -gradient
        factors = []
        for change, step, ro in reversed(pairs):
            factors.append(step.dot(direction) * ro)
            direction.sub_(change * factors[-1])
        direction.mul_(state["H_diag"])
        for (change, step, ro), factor in zip(pairs, reversed(factors), strict=True):
            direction.add_(step * (factor - change.dot(direction) * ro))
        return direction


def _flat(tensor: Tensor) -> Tensor:
    """The elements as one vector, a complex number as two."""
    return (view_as_real(tensor) if tensor.dtype.is_complex else tensor).reshape(-1)


def _largest(tensor: Tensor) -> float:
    found: float = tensor.abs().max().item()
    return found
