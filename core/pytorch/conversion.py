"""PyTorch's ways to ask for another device, another dtype, or both."""

from __future__ import annotations

from typing import Any

import numpy

from ..memory import writes
from ..memory.structure import clone, moved, to_device
from ..memory.tensor import Tensor
from ..standard.creation import asarray
from ..types.devices import Device
from ..types.dtypes import DTYPES, DType, as_dtype


def to(x: Tensor, *targets: Any, dtype: Any = None, device: Any = None, copy: bool = False) -> Tensor:
    """The tensor with another device, dtype, or both, as a recorded operation.

    Parameters
    ----------
    *targets
        A device, a backend's name, a dtype, another tensor (whose device and dtype are taken), or several of these.
    dtype, device
        The same by name.
    copy : bool, default: False
        Whether the result must be new even if nothing changes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2).to("numpy", tp.float64).dtype
    tensorplug.float64
    """
    for target in targets:
        if type(target) is Tensor:
            device, dtype = target.device, target.dtype
        elif type(target) is Device or (isinstance(target, str) and target not in DTYPES):
            device = target
        elif type(target) is DType or isinstance(target, str | type | numpy.dtype):
            dtype = as_dtype(target)
        else:
            raise TypeError(f"to: got {type(target).__name__}, wanted a device, a dtype or a tensor")
    result = moved(x, dtype, device)
    return clone(x) if copy and result is x else result


def cpu(x: Tensor) -> Tensor:
    """The tensor on the CPU: of its own backend if that has it, else of the first that has."""
    return to_device(x, "cpu")


def cuda(x: Tensor, device: Any = None) -> Tensor:
    """The tensor on a CUDA device: of its own backend if that has one, else of the first that has.

    Raises
    ------
    ValueError
        If there is none; the message says why each backend that might have one is unavailable.
    """
    return to_device(x, "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device)


def copy_(self: Tensor, source: Any, /) -> Tensor:
    """Write another tensor's values, or numbers, broadcast and converted, into this one, and return it.

    Raises
    ------
    ShapeError
        If the source cannot be broadcast to this shape.
    """
    return writes.copy_(self, source if type(source) is Tensor else asarray(source, device=self.device))


METHODS = {"copy_": copy_, "to": to, "cpu": cpu, "cuda": cuda}
"""Functions that are methods of Tensor under the same names."""


def is_cuda(x: Tensor) -> bool:
    """Whether the tensor is on an NVIDIA GPU.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2, device="numpy:cpu").is_cuda
    False
    """
    return x.device.type == "cuda"


PROPERTIES = {"is_cuda": property(is_cuda)}
"""Properties of Tensor."""
