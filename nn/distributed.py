"""`distribute_module`: the parameters of a network divided over a mesh of devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.distributed.mesh import DeviceMesh, mesh_or_default
from ..core.distributed.tensors import distribute_tensor
from .module import Module

__all__ = ["distribute_module"]


def distribute_module(
    module: Module,
    device_mesh: DeviceMesh | None = None,
    partition_fn: Callable[[str, Module, DeviceMesh], None] | None = None,
    input_fn: Callable[[Module, Any, DeviceMesh], Any] | None = None,
    output_fn: Callable[[Module, Any, DeviceMesh], Any] | None = None,
) -> Module:
    """Divide the parameters and buffers of a network over a mesh, and return the network.

    Parameters
    ----------
    module : Module
    device_mesh : DeviceMesh, optional
        By default the one in whose ``with`` block this is.
    partition_fn : callable, optional
        ``partition_fn(name, module, mesh)`` is called of each module, and replaces parameters by divided ones; each
        device gets a copy of all others.
    input_fn, output_fn : callable, optional
        ``input_fn(module, inputs, mesh)`` and ``output_fn(module, outputs, mesh)`` are called before and after the
        network; what they return, unless None, takes the place of the arguments and of the result.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.distributed import Shard, distribute_module, distribute_tensor, init_device_mesh
    >>> def columns(name, module, mesh):
    ...     if isinstance(module, tp.nn.Linear):
    ...         module.weight.data = distribute_tensor(module.weight.data, mesh, [Shard(0)])
    >>> network = distribute_module(tp.nn.Linear(3, 4), init_device_mesh("jax:cpu", (1,)), columns)
    >>> network.weight.placements, network.bias.placements
    ((Shard(dim=0),), (Replicate(),))
    """
    if not isinstance(module, Module):
        raise TypeError(f"distribute_module: got {type(module).__name__}, wanted a Module")
    mesh = mesh_or_default("distribute_module", device_mesh)
    for name, one in module.named_modules():
        if partition_fn is not None:
            partition_fn(name, one, mesh)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.device.mesh is None:
            tensor.data = distribute_tensor(tensor.data, mesh)
    if input_fn is not None:
        module.register_forward_pre_hook(lambda module, inputs: input_fn(module, inputs, mesh))
    if output_fn is not None:
        module.register_forward_hook(lambda module, inputs, outputs: output_fn(module, outputs, mesh))
    return module
