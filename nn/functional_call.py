"""`functional_call`: a module as a function of its parameters, and several modules as one batch of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core import Tensor
from ..core.standard.manipulation import stack
from ..core.types.errors import ArgumentError
from .module import Module

__all__ = ["functional_call", "stack_module_state"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in place of its parameters and buffers.

    Parameters
    ----------
    module : Module
    parameter_and_buffer_dicts : dict of Tensor, or several
        By dotted name; the module keeps its own of other names.
    args : tuple, or one argument
    kwargs : dict, optional
    tie_weights : bool, default: True
        Whether a tensor also stands in for others that are the same parameter.
    strict : bool, default: False
        Whether all names must be given.

    Raises
    ------
    ValueError
        For a name that the module does not have, or with `strict` one that is missing.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.Linear(2, 1, bias=False)
    >>> loss = lambda parameters, x: tp.func.functional_call(layer, parameters, (x,)).sum()
    >>> tp.func.grad(loss)({"weight": tp.zeros(1, 2)}, tp.tensor([3.0, 4.0]))
    {'weight': tensor([[3., 4.]])}
    """
    dicts: Any = parameter_and_buffer_dicts
    given: dict[str, Any] = {}
    for one in dicts if isinstance(dicts, Sequence) else [dicts]:
        given.update(one)
    places = {
        f"{place}.{name}" if place else name: (tensors, name)
        for place, inner in module.named_modules(remove_duplicate=False)
        for tensors in (inner._parameters, inner._buffers)
        for name in tensors
    }
    wrong = [name for name in given if name not in places]
    own = {key for key, (tensors, name) in places.items() if tensors[name] is not None}
    missing = sorted(own - given.keys()) if strict else []
    if wrong or missing:
        raise ArgumentError(f"functional_call: {type(module).__name__} has no {wrong}; missing {missing}")
    if tie_weights:
        tied = {id(places[key][0][places[key][1]]): value for key, value in given.items()}
        given = {
            key: given.get(key, tied.get(id(tensors[name])))
            for key, (tensors, name) in places.items()
            if key in own and (key in given or id(tensors[name]) in tied)
        }
    before = [(*places[key], places[key][0][places[key][1]]) for key in given]
    try:
        for key, value in given.items():
            tensors, name = places[key]
            tensors[name] = value
        return module(*(args if isinstance(args, tuple) else () if args is None else (args,)), **(kwargs or {}))
    finally:
        for tensors, name, previous in before:
            tensors[name] = previous


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and buffers of modules of one kind, each stacked along a new first axis, for `vmap`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> parameters, buffers = tp.func.stack_module_state([tp.nn.Linear(2, 3) for _ in range(4)])
    >>> parameters["weight"].shape
    (4, 3, 2)
    """
    if not models or len({type(one) for one in models}) > 1:
        raise ArgumentError("stack_module_state: wants one or more modules of one class")

    def stacked(states: list[dict[str, Tensor]], leaf: bool) -> dict[str, Tensor]:
        found = {name: stack([state[name].detach() for state in states]) for name in states[0]}
        return {name: x.requires_grad_(states[0][name].requires_grad) if leaf else x for name, x in found.items()}

    parameters = stacked([dict(one.named_parameters()) for one in models], True)
    return parameters, stacked([dict(one.named_buffers()) for one in models], False)
