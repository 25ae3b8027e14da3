"""`Optimizer`: the base class of optimisers, as in PyTorch."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...autograd.modes import enable_grad, no_grad
from ...core import Tensor
from ...core.autodiff.leaves import zero_grad
from ...core.standard.creation import asarray, full, zeros_like

Group = dict[str, Any]
"""Parameters, under ``"params"``, with their options."""


_WITHOUT_EFFECT = frozenset({"capturable", "differentiable", "foreach", "fused"})


class Optimizer:
    """Base class of optimisers: groups of parameters with options, and a state for each parameter.

    A subclass defines ``update(parameter, gradient, state, group)``, which writes into the parameter and into the
    tensors of its state, so that `tensorplug.compile` takes a step as part of a program. It makes those tensors at the
    first call.

    Parameters
    ----------
    params : iterable of Tensor or of dict
        Parameters, or groups: dicts with parameters under ``"params"``, and options that differ from the defaults.
    defaults : dict
        The options by name.
    **unused
        PyTorch's `foreach`, `fused`, `capturable` and `differentiable`, without effect; the last must be false.

    Attributes
    ----------
    param_groups : list of dict
    state : dict of Tensor to dict
        The state of each parameter, by name.
    """

    def __init__(self, params: Iterable[Any], defaults: Mapping[str, Any], **unused: Any) -> None:
        for name, value in unused.items():
            if name not in _WITHOUT_EFFECT:
                raise TypeError(f"{type(self).__name__}: got an unexpected keyword argument {name}={value!r}")
            if name == "differentiable" and value:
                raise TypeError(f"{type(self).__name__}: differentiable=True is not supported: steps are not recorded")
        if isinstance(params, Tensor):
            raise TypeError(f"{type(self).__name__}: params is an iterable of tensors or dicts, got a Tensor")
        self.defaults = dict(defaults)
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        given = list(params)
        if not given:
            raise ValueError(f"{type(self).__name__}: got no parameters")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters, with the default options unless it has others.

        Raises
        ------
        TypeError
            For what is no tensor.
        ValueError
            For a tensor that is not a leaf, or that has a group already.
        """
        name = type(self).__name__
        params = param_group["params"]
        group = self.defaults | param_group | {"params": [params] if isinstance(params, Tensor) else list(params)}
        known = {id(one) for one in self._parameters()}
        for one in group["params"]:
            if not isinstance(one, Tensor):
                raise TypeError(f"{name}: a parameter is a Tensor, got {type(one).__name__}")
            if not one.is_leaf:
                raise ValueError(f"{name}: a parameter is a leaf, got a tensor of shape {one.shape} with a history")
            if id(one) in known:
                raise ValueError(f"{name}: a parameter of shape {one.shape} is given twice")
            known.add(id(one))
        self._require_valid(group)
        self.param_groups.append(group)

    def _require_valid(self, group: Group) -> None:
        """Raise ValueError for a negative option."""
        for name, value in group.items():
            if isinstance(value, int | float) and value < 0:
                raise ValueError(f"{type(self).__name__}: got {name} {value}, wanted no negative number")
        for beta in group.get("betas", ()):
            if not 0 <= beta < 1:
                raise ValueError(f"{type(self).__name__}: got betas {group['betas']}, wanted numbers in [0, 1)")

    def _parameters(self) -> Iterable[Tensor]:
        return itertools.chain.from_iterable(group["params"] for group in self.param_groups)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the accumulated gradients of all parameters to None, or to zeros."""
        zero_grad(self._parameters(), set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters that have a gradient.

        Parameters
        ----------
        closure : callable, optional
            It computes the loss and its gradients anew; its result is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        gradient = -parameter.grad if group.get("maximize") else parameter.grad
                        self.update(parameter, gradient, self.state[parameter], group)
        return loss

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter in place; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no method update")

    def state_dict(self) -> dict[str, Any]:
        """The options and the states, with numbers in place of parameters."""
        numbers = {id(one): i for i, one in enumerate(self._parameters())}
        return {
            "state": {numbers[id(one)]: dict(state) for one, state in self.state.items()},
            "param_groups": [
                group | {"params": [numbers[id(one)] for one in group["params"]]} for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and states, of parameters in the same order; NumPy's and PyTorch's arrays become tensors.

        Raises
        ------
        ValueError
            If the groups have other numbers of parameters.
        """
        groups = state_dict["param_groups"]
        sizes = [len(group["params"]) for group in groups]
        own = [len(group["params"]) for group in self.param_groups]
        if sizes != own:
            raise ValueError(f"load_state_dict: got groups of {sizes} parameters, wanted {own}")
        for group, given in zip(self.param_groups, groups, strict=True):
            group.update({name: value for name, value in given.items() if name != "params"})
        parameters = list(self._parameters())
        numbers = itertools.chain.from_iterable(group["params"] for group in groups)
        states = {int(number): state for number, state in state_dict["state"].items()}
        self.state.clear()
        for parameter, number in zip(parameters, numbers, strict=True):
            if number in states:
                self.state[parameter] = {
                    name: _copied(value, parameter.device) for name, value in states[number].items()
                }

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {name}: {value}" for name, value in sorted(group.items()) if name != "params"]
        return "\n".join([*lines, ")"])


def _copied(value: Any, device: Any) -> Any:
    """A value of a state, tensors and other libraries' arrays within lists too, on a device."""
    if hasattr(value, "__dlpack__"):
        value = value.detach() if hasattr(value, "detach") else value
        return asarray(value, device=device, copy=True)
    return [_copied(one, device) for one in value] if isinstance(value, list) else value


def with_decay(parameter: Tensor, gradient: Tensor, group: Group) -> Tensor:
    """A gradient with the group's weight decay, a multiple of the parameter, added."""
    return gradient + parameter * group["weight_decay"] if group["weight_decay"] else gradient


def zeros_of(state: dict[str, Any], name: str, parameter: Tensor) -> Tensor:
    """A tensor of a parameter's state, which is zero at first."""
    if name not in state:
        state[name] = zeros_like(parameter.detach())
    found: Tensor = state[name]
    return found


def count_step(state: dict[str, Any], parameter: Tensor) -> Tensor:
    """The number of steps of a parameter, this one included: a tensor, as a compiled step counts on."""
    if not isinstance(state.get("step"), Tensor):
        # A loaded state may have a number.
        dtype = "float64" if parameter.dtype.name in ("float64", "complex128") else "float32"
        state["step"] = full((), float(state.get("step", 0)), dtype=dtype, device=parameter.device)
    found: Tensor = state["step"].add_(1)
    return found
