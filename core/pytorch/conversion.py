"""PyTorch's conversions of device and dtype: `to`, `cpu`, `cuda`, `float` and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..dispatch.registry import attribute, method
from ..memory import writes
from ..memory.structure import clone, convert, move_and_convert, to_device
from ..memory.tensor import Tensor, require_tensors, wrap
from ..memory.views import is_own_view
from ..standard.creation import asarray
from ..standard.manipulation import parts
from ..types.devices import Device
from ..types.dtypes import DTYPES, DType, as_dtype


@method()
def to(
    x: Tensor,
    *targets: Any,
    dtype: Any = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Convert the tensor to another device, dtype, or both; differentiable.

    Parameters
    ----------
    *targets
        A device, a backend's name, a dtype, another tensor (whose device and dtype are taken), or several of these.
    dtype, device
        The same by name.
    copy : bool, default: False
        Whether the result must be new even if nothing changes.
    non_blocking, memory_format
        Accepted for PyTorch's sake, and without effect.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2).to("numpy", tp.float64).dtype
    tensorplug.float64
    """
    for position, target in enumerate(targets):
        if type(target) is Device or (isinstance(target, str) and target not in DTYPES):
            device = target
        elif type(target) is DType or isinstance(target, str | type | numpy.dtype):
            dtype = as_dtype(target)
        elif isinstance(target, Tensor):
            device, dtype = target.device, target.dtype
        elif type(target) is bool:
            # By position, non_blocking comes before copy.
            copy = target if position and type(targets[position - 1]) is bool else copy
        else:
            raise TypeError(f"to: got {type(target).__name__}, wanted a device, a dtype or a tensor")
    result = move_and_convert(x, dtype, device)
    return clone(x) if copy and result is x else result


@method()
def type_as(x: Tensor, other: Tensor) -> Tensor:
    """Convert the tensor to the dtype of another; a tensor of that dtype is returned itself."""
    require_tensors("type_as", other)
    return convert(x, other.dtype)


def _converter(dtype: str) -> Callable[[Tensor], Tensor]:
    def conversion(self: Tensor, *, memory_format: Any = None) -> Tensor:
        return convert(self, dtype)

    conversion.__doc__ = f"The tensor in {dtype}; itself if it is that already."
    return conversion


CONVERSIONS = {
    "bool": "bool",
    "byte": "uint8",
    "char": "int8",
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "int": "int32",
    "long": "int64",
    "short": "int16",
}
"""The target dtypes of PyTorch's conversion methods by name."""

for _name, _dtype in CONVERSIONS.items():
    method(_name)(_converter(_dtype))


@method()
def cpu(x: Tensor) -> Tensor:
    """Copy the tensor to the CPU: its own backend's, or else that of the first backend with one."""
    return to_device(x, "cpu")


@method()
def cuda(x: Tensor, device: Any = None) -> Tensor:
    """Copy the tensor to a CUDA device: its own backend's, or else that of the first backend with one.

    Raises
    ------
    ValueError
        If there is none; the message says why each backend that might have one is unavailable.
    """
    return to_device(x, "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device)


@method()
def copy_(self: Tensor, src: Any) -> Tensor:
    """Copy another tensor's values, or numbers, broadcast and converted, into this one, and return it.

    Raises
    ------
    ShapeError
        If the source cannot be broadcast to this shape.
    """
    return writes.copy_(self, src if isinstance(src, Tensor) else asarray(src, device=self.device))


def _write_real(x: Tensor, value: Any) -> None:
    _write_part(x, "real", parts.real(x), value)


def _write_imaginary(x: Tensor, value: Any) -> None:
    _write_part(x, "imag", parts.imag(x), value)


def _write_part(x: Tensor, name: str, part: Tensor, value: Any) -> None:
    # x.imag *= 2 ends with x.imag = the view that was just written.
    if not (isinstance(value, Tensor) and is_own_view(x, (name, None), value)):
        copy_(part, value)


@attribute("real", _write_real)
def real_attribute(x: Tensor) -> Tensor:
    """The real part of each element; a view. A real tensor is returned itself."""
    return parts.real(x)


@attribute("imag", _write_imaginary)
def imaginary_attribute(x: Tensor) -> Tensor:
    """The imaginary part of each element, a view; zeros for a tensor that is not complex, as in NumPy and JAX.

    PyTorch raises for real tensors, but xarray recognises arrays by ``hasattr(x, "imag")``.
    """
    if x.dtype.kind == "c":
        return parts.imag(x)
    key = x._key
    return wrap(key.library.ops.zeros(x.shape, dtype=key.native_dtype, device=key.native_device), key)


@attribute("is_cuda")
def is_cuda(x: Tensor) -> bool:
    """Whether the tensor is on an NVIDIA GPU.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2, device="numpy:cpu").is_cuda
    False
    """
    return x.device.type == "cuda"
