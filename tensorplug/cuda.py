"""CUDA devices, under the names that PyTorch has for them, of every backend that has some."""

from __future__ import annotations

from typing import Any

from .core.dispatch.keys import library_for
from .core.types.devices import Device, as_device, devices

__all__ = ["device_count", "empty_cache", "is_available", "memory_stats", "synchronize"]


def _cuda_devices() -> list[Device]:
    return [device for device in devices() if device.type == "cuda"]


def is_available() -> bool:
    """Whether some available backend has a CUDA device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cuda.is_available() == (tp.cuda.device_count() > 0)
    True
    """
    return bool(_cuda_devices())


def device_count() -> int:
    """How many CUDA devices there are; one that several backends can use counts once."""
    return len({device.index for device in _cuda_devices()})


def synchronize(device: Any = None) -> None:
    """Wait until everything that was begun on a device, or on all CUDA devices, has ended."""
    for one in _cuda_devices() if device is None else [as_device(device)]:
        library = library_for(one.backend)
        library.backend.synchronize(library.devices[one.local_name])


def memory_stats(device: Any = None) -> dict[str, int]:
    """Bytes that the backend's memory pool of a device, by default of the first, holds and has in use.

    Returns
    -------
    dict
        ``"used"`` and ``"held"``; empty for a backend without a pool.
    """
    one = as_device("cuda" if device is None else device)
    library = library_for(one.backend)
    return dict(library.backend.memory_stats(library.devices[one.local_name]))


def empty_cache() -> None:
    """Give the memory that pools hold and don't use back to the devices."""
    for one in _cuda_devices():
        library = library_for(one.backend)
        library.backend.release_memory(library.devices[one.local_name])
