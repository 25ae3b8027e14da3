"""The kind of device beside the CPU, with the functions of ``torch.accelerator``: CUDA, where a backend has it."""

from __future__ import annotations

from .core.types.devices import Device, as_device
from .cuda import device_count as device_count
from .cuda import is_available as is_available
from .cuda import synchronize as synchronize

__all__ = ["current_accelerator", "device_count", "is_available", "synchronize"]


def current_accelerator() -> Device | None:
    """The first CUDA device, or None.

    Examples
    --------
    >>> import tensorplug as tp
    >>> device = tp.accelerator.current_accelerator().type if tp.accelerator.is_available() else "cpu"
    """
    return as_device("cuda") if is_available() else None
