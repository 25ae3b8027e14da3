"""CUDA devices of all backends, with the functions of ``torch.cuda``."""

from __future__ import annotations

from typing import Any

from .core.dispatch.keys import library_for
from .core.random.generator import manual_seed as manual_seed
from .core.types.devices import Device, as_device, devices

__all__ = [
    "device_count",
    "empty_cache",
    "is_available",
    "manual_seed",
    "manual_seed_all",
    "memory_stats",
    "synchronize",
]


def _cuda_devices() -> list[Device]:
    return [device for device in devices() if device.type == "cuda"]


def is_available() -> bool:
    """Whether an available backend has a CUDA device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cuda.is_available() == (tp.cuda.device_count() > 0)
    True
    """
    return bool(_cuda_devices())


def manual_seed_all(seed: int) -> None:
    """Seed the default generator, as `tensorplug.manual_seed` does: all devices draw from it."""
    manual_seed(seed)


def device_count() -> int:
    """Number of CUDA devices; a device that several backends can use counts once."""
    return len({device.index for device in _cuda_devices()})


def synchronize(device: Any = None) -> None:
    """Wait until all work on a device, or on all CUDA devices, has finished."""
    for one in _cuda_devices() if device is None else [as_device(device)]:
        library = library_for(one.backend)
        library.backend.synchronize(library.devices[one.local_name])


def memory_stats(device: Any = None) -> dict[str, int]:
    """Bytes that the backend's memory pool holds and uses on a device, by default the first CUDA device.

    Returns
    -------
    dict
        ``"used"`` and ``"held"``; empty for a backend without a pool.
    """
    one = as_device("cuda" if device is None else device)
    library = library_for(one.backend)
    return dict(library.backend.memory_stats(library.devices[one.local_name]))


def empty_cache() -> None:
    """Release the unused memory that memory pools hold."""
    for one in _cuda_devices():
        library = library_for(one.backend)
        library.backend.release_memory(library.devices[one.local_name])
