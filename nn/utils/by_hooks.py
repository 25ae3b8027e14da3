"""`weight_norm` and `spectral_norm` as PyTorch had them first: hooks compute the weight before each call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...autograd.modes import no_grad
from ...core import Tensor
from ...core.types.errors import ArgumentError
from ..hooks import find_hook
from ..module import Module
from ..parameter import Parameter
from .parametrizations import (
    _WeightNorm,
    as_matrix,
    iterate,
    largest_singular_value,
    rows_of_weight,
    start_power_iteration,
)

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]


class _Computed:
    """A hook that sets a tensor of a module to what is computed from others, its `sources`."""

    def __init__(self, kind: str, name: str, sources: list[str], compute: Callable[[Module], Tensor]) -> None:
        self.kind, self._tensor_name, self.sources, self.compute = kind, name, sources, compute

    def __call__(self, module: Module, args: Any = ()) -> None:
        setattr(module, self._tensor_name, self.compute(module))

    def start(self, module: Module) -> Module:
        """Compute the tensor now and before each call."""
        self(module)
        module.register_forward_pre_hook(self)
        return module


def _remove(kind: str, module: Module, name: str) -> Module:
    number, hook = find_hook(module, "forward_pre", _Computed, name)
    if hook is None or hook.kind != kind:
        raise ArgumentError(f"remove_{kind}: {type(module).__name__} has none of {name!r}")
    was_training, module.training = module.training, False
    with no_grad():
        weight = hook.compute(module)
    module.training = was_training
    for one in (name, *hook.sources):
        delattr(module, one)
    module.register_parameter(name, Parameter(weight))
    del module._hooks["forward_pre"].functions[number]
    return module


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Compute a weight from its length, `weight_g`, and its direction, `weight_v`, before each call.

    `nn.utils.parametrizations.weight_norm` does so at each use.

    Parameters
    ----------
    module : Module
    name : str, default: "weight"
    dim : int or None, default: 0
        The axis along which each slice has a length of its own; with None there is one length.

    Returns
    -------
    Module
        The same one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> list(tp.nn.utils.weight_norm(tp.nn.Linear(2, 3)).state_dict())
    ['bias', 'weight_g', 'weight_v']
    """
    norm, names = _WeightNorm(dim), [f"{name}_g", f"{name}_v"]
    for one, tensor in zip(names, norm.right_inverse(getattr(module, name).detach()), strict=True):
        module.register_parameter(one, Parameter(tensor))
    delattr(module, name)
    compute = _Computed("weight_norm", name, names, lambda module: norm(*(getattr(module, one) for one in names)))
    return compute.start(module)


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Make a weight that `weight_norm` has computed a parameter again."""
    return _remove("weight_norm", module, name)


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight, `weight_orig`, by its largest singular value before each call.

    `nn.utils.parametrizations.spectral_norm` does so at each use.

    Parameters
    ----------
    module : Module
    name : str, default: "weight"
    n_power_iterations : int, default: 1
        At each call in training.
    eps : float, default: 1e-12
        The least norm that vectors are divided by.
    dim : int, optional
        The axis of the matrix's rows; by default 1 for transposed convolutions, and else 0.

    Returns
    -------
    Module
        The same one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> list(tp.nn.utils.spectral_norm(tp.nn.Linear(2, 3)).state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    rows = rows_of_weight(module) if dim is None else dim
    names = [f"{name}_orig", f"{name}_u", f"{name}_v"]
    weight = getattr(module, name)
    u, v = start_power_iteration(as_matrix(weight.detach(), rows), eps)
    delattr(module, name)
    module.register_parameter(names[0], weight)
    module.register_buffer(names[1], u)
    module.register_buffer(names[2], v)

    def compute(module: Module) -> Tensor:
        weight, u, v = (getattr(module, one) for one in names)
        matrix = as_matrix(weight, rows)
        if module.training:
            # In the other order than the parametrization's.
            iterate(matrix.mH, v, u, n_power_iterations, eps)
        return weight / largest_singular_value(matrix, u, v)

    setattr(module, name, weight.detach())
    module.register_forward_pre_hook(_Computed("spectral_norm", name, names, compute))
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Make a weight that `spectral_norm` has divided a parameter again."""
    return _remove("spectral_norm", module, name)
