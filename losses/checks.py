"""Checks of arguments that losses share. Each error names the loss, the argument and its value."""

from __future__ import annotations

from typing import Any

from ..core.devices import Device
from ..core.errors import DeviceError
from ..core.interop import host_array
from ..core.tensor import Tensor


def require_tensor(loss: str, name: str, value: Any, device: Device | None = None) -> None:
    """Raise TypeError unless an argument is a tensor, and DeviceError unless it is on the device, if one is given."""
    if type(value) is not Tensor:
        raise TypeError(f"{loss}: {name} must be a Tensor, got {type(value).__name__}")
    if device is not None and value.device is not device:
        raise DeviceError(
            f"{loss}: input is on {device} and {name} on {value.device}; move it with {name}.to({str(device)!r})"
        )


def require_floating(loss: str, name: str, tensor: Tensor) -> None:
    """Raise TypeError unless a tensor is of a real-valued floating-point dtype."""
    if tensor.dtype.kind != "f":
        raise TypeError(f"{loss}: {name} must be of a real-valued floating-point dtype, got {tensor.dtype}")


def require_unit_interval(loss: str, name: str, value: float) -> None:
    """Raise ValueError unless a number is between 0 and 1."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{loss}: {name} must be between 0 and 1, got {value}")


def any_ignored(loss: str, target: Tensor, classes: int, ignore_index: int) -> bool:
    """Whether any class index is the one to be ignored.

    Raises
    ------
    IndexError
        If another one is not in ``[0, classes)``.
    """
    host = host_array(target)
    if not host.size:
        return False
    least, greatest = int(host.min()), int(host.max())
    if not least <= ignore_index <= greatest:
        ignored, found = None, False
    else:
        ignored = host == ignore_index
        found = bool(ignored.any())
    if least < 0 or greatest >= classes:
        wrong = (host < 0) | (host >= classes)
        if ignored is not None:
            wrong &= ~ignored
        if wrong.any():
            raise IndexError(
                f"{loss}: target holds class index {int(host[wrong][0])}, which is out of range for {classes} classes"
            )
    return found
