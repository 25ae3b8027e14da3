"""Devices of the stand-in, and how often the host waited for one."""

from __future__ import annotations

import contextvars
import os
from collections import Counter
from typing import Any

DEVICES = int(os.environ.get("CUPY_STAND_IN_DEVICES", "2"))

_current: contextvars.ContextVar[tuple[int, ...]] = contextvars.ContextVar("devices", default=(0,))

allocated: Counter[int] = Counter()
"""Bytes of living arrays on each device."""

waits: Counter[str] = Counter()
"""How often each function read a value or counted results, for which CUDA has to finish."""


def wait(name: str) -> None:
    waits[name] += 1


def current() -> int:
    return _current.get()[-1]


class Device:
    """A device by its number, by default the current one; as a context it is the current one."""

    def __init__(self, device: Any = None) -> None:
        self.id = current() if device is None else int(getattr(device, "id", device))
        if not 0 <= self.id < DEVICES:
            raise runtime.CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal")

    def __enter__(self) -> Device:
        _current.set((*_current.get(), self.id))
        return self

    def __exit__(self, *exception: object) -> None:
        _current.set(_current.get()[:-1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self) -> int:
        return self.id

    def __int__(self) -> int:
        return self.id

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"

    def use(self) -> None:
        _current.set((*_current.get()[:-1], self.id))

    def synchronize(self) -> None:
        wait("synchronize")


class runtime:
    """What the plugin asks of CUDA's runtime."""

    class CUDARuntimeError(RuntimeError):
        pass

    getDeviceCount = staticmethod(lambda: DEVICES)
    getDevice = staticmethod(current)
    driverGetVersion = staticmethod(lambda: 0)
    runtimeGetVersion = staticmethod(lambda: 0)


class Pool:
    """The memory pool, which counts what lives."""

    def used_bytes(self) -> int:
        return allocated[current()]

    total_bytes = used_bytes

    def free_all_blocks(self) -> None:
        pass
