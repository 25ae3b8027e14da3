"""Constructors of tensors on a mesh: `zeros`, `ones`, `empty`, `full`, `rand` and `randn`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autodiff.leaves import requires_grad_
from ..memory.tensor import Tensor
from ..random import generator
from ..standard.creation import filled
from .mesh import DeviceMesh, mesh_or_default
from .placements import Placement, Replicate

__all__ = ["empty", "full", "ones", "rand", "randn", "zeros"]


def _made(
    name: str, make: Callable[..., Tensor], size: Any, *arguments: Any, requires_grad: bool, dtype: Any,
    device_mesh: DeviceMesh | None, placements: Sequence[Placement] | None,
) -> Tensor:  # fmt: skip
    mesh = mesh_or_default(name, device_mesh)
    made = make(size[0] if len(size) == 1 else size, *arguments, dtype=dtype, device=mesh.device)
    found: Tensor = made.redistribute(placements=[Replicate()] * mesh.ndim if placements is None else placements)
    return requires_grad_(found) if requires_grad else found


def _constructor(name: str, make: Callable[..., Tensor], summary: str) -> Callable[..., Tensor]:
    def constructor(
        *size: Any, requires_grad: bool = False, dtype: Any = None, layout: Any = None,
        device_mesh: DeviceMesh | None = None, placements: Sequence[Placement] | None = None,
    ) -> Tensor:  # fmt: skip
        return _made(
            name, make, size, requires_grad=requires_grad, dtype=dtype, device_mesh=device_mesh, placements=placements
        )

    constructor.__name__ = constructor.__qualname__ = name
    constructor.__doc__ = f"""{summary} on a mesh; the arguments are those of PyTorch's.

    Parameters
    ----------
    *size : int or tuple of int
    requires_grad : bool, default: False
    dtype : dtype, optional
    layout : optional
        Accepted for PyTorch's sake, and without effect.
    device_mesh : DeviceMesh, optional
        By default the one in whose ``with`` block this is.
    placements : sequence of Shard or Replicate, optional
        By default each device gets a copy.
    """
    return constructor


zeros = _constructor("zeros", filled.zeros, "Zeros")
ones = _constructor("ones", filled.ones, "Ones")
empty = _constructor("empty", filled.empty, "An uninitialised tensor")
rand = _constructor("rand", generator.rand, "Random numbers from the uniform distribution on [0, 1)")
randn = _constructor("randn", generator.randn, "Random numbers from the standard normal distribution")


def full(
    size: Any, fill_value: Any, *, requires_grad: bool = False, dtype: Any = None, layout: Any = None,
    device_mesh: DeviceMesh | None = None, placements: Sequence[Placement] | None = None,
) -> Tensor:  # fmt: skip
    """A tensor of one value on a mesh; the other parameters are those of `zeros`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> mesh = tp.distributed.init_device_mesh("jax:cpu", (1,))
    >>> tp.distributed.tensor.full((2,), 3.0, device_mesh=mesh).full_tensor()
    tensor([3., 3.], backend='jax')
    """
    return _made(
        "full", filled.full, (size,), fill_value, requires_grad=requires_grad, dtype=dtype, device_mesh=device_mesh,
        placements=placements,
    )  # fmt: skip
