"""Devices, their backends, and the default device of new tensors.

A device names its backend: ``numpy:cpu``, ``jax:cpu:0``, ``cupy:cuda:0``. Short forms leave the backend or the number
out.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import os
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, final

from ...backends import (
    BackendUnavailable,
    forgetters,
    load,
    names,
)
from .errors import DeviceError

__all__ = [
    "backend",
    "default_backend",
    "devices",
    "get_default_device",
    "set_default_backend",
    "set_default_device",
]

_PREFERRED = ("numpy", "cupy", "jax")

DEFAULT_BACKEND = "numpy"
"""The default backend, unless a context, a setting or the environment names another."""


@final
class Device:
    """A device that holds tensors; there is one object for each, compared by identity.

    As a context manager it is the default device of new tensors, in this thread and task.

    Parameters
    ----------
    device : Device, str or None
        ``"jax:cpu:0"`` in full; ``"jax:cpu"`` and ``"jax"`` are the first that match; ``"cpu"`` and ``"cuda:1"``
        are searched on the default backend, then on the available ones in the order numpy, cupy, jax, and the
        others by name. None is the default device.
    index : int, optional
        The number of the device, if its name has none: ``device("cuda", 1)``.

    Attributes
    ----------
    backend : str
        The backend's name.
    type : str
        Such as ``"cpu"`` or ``"cuda"``.
    index : int or None
        The number among the backend's devices of that type; None if the backend does not number them.
    mesh : DeviceMesh or None
        The mesh that this is all devices of: see `tensorplug.distributed`.

    Raises
    ------
    ValueError
        If there is no such device; the message lists those that exist.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.device("numpy:cpu")
    device('numpy:cpu')
    >>> with tp.device("numpy:cpu"):
    ...     tp.zeros(2).device
    device('numpy:cpu')
    """

    # A transform's arrays are on devices of their own: `_inner` is where the arrays underneath are, and `_derived` has
    # the devices derived from this one, by transform.
    __slots__ = ("_derived", "_inner", "backend", "index", "mesh", "transform", "type")

    backend: str
    type: str
    index: int | None
    mesh: Any
    transform: str
    _inner: Device | None
    _derived: dict[str, Device]

    def __new__(cls, device: Any = None, index: int | None = None) -> Device:
        return as_device(device if index is None else f"{device}:{index}")

    @property
    def local_name(self) -> str:
        """The name of this device within its backend, such as ``"cpu"`` or ``"cuda:0"``."""
        if self.mesh is not None:
            return f"{self.type}:{self.mesh}"
        return self.type if self.index is None else f"{self.type}:{self.index}"

    @property
    def _depth(self) -> int:
        return 0 if self._inner is None else self._inner._depth + 1

    def __str__(self) -> str:
        return f"{self.backend}:{self.local_name}"

    def __repr__(self) -> str:
        return f"device({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (as_device, (str(self),)) if self.mesh is None else (operator.attrgetter("device"), (self.mesh,))

    def __enter__(self) -> Device:
        _placements.set((*_placements.get(), placed(self)))
        return self

    def __exit__(self, *exception: object) -> None:
        _placements.set(_placements.get()[:-1])


@final
class Placement:
    """A context manager that makes a device the default of new tensors."""

    __slots__ = ("device",)

    def __init__(self, device: Device) -> None:
        self.device = device

    def __enter__(self) -> Device:
        return self.device.__enter__()

    def __exit__(self, *exception: object) -> None:
        self.device.__exit__(*exception)


_placements: ContextVar[tuple[Device, ...]] = ContextVar("tensorplug_placements", default=())
_devices: dict[tuple[str, str], Device] = {}
_default_backend: str | None = None
_default_device: Device | None = None
_environment_backend = os.environ.get("TENSORPLUG_BACKEND") or DEFAULT_BACKEND


@contextlib.contextmanager
def outside(depth: int) -> Iterator[None]:
    """A context in which only that many levels of transforms are open, for where new tensors are put."""
    device = default_device()
    for _ in range(depth, device._depth):
        assert device._inner is not None
        device = device._inner
    token = _placements.set((*_placements.get(), device))
    try:
        yield
    finally:
        _placements.reset(token)


def _device(backend: str, local_name: str) -> Device:
    found = _devices.get((backend, local_name))
    if found is None:
        type_, _, index = local_name.partition(":")
        made = _made(backend, type_, int(index) if index.isdigit() else None)
        found = _devices.setdefault((backend, local_name), made)
    return found


def _made(backend: str, type_: str, index: int | None, inner: Device | None = None, mesh: Any = None) -> Device:
    made = object.__new__(Device)
    made.backend, made.type, made.index, made.mesh = backend, type_, index, mesh
    made._inner, made._derived = inner, {}
    return made


def mesh_device(mesh: Any, backend: str, type_: str) -> Device:
    """The device that a mesh of devices of one type is."""
    return _made(backend, type_, None, mesh=mesh)


def derived(device: Device, transform: str) -> Device:
    """The device of a transform's arrays whose arrays underneath are on a device."""
    found = device._derived.get(transform)
    if found is None:
        made = _made(device.backend, device.type, device.index, device, device.mesh)
        made.transform = transform
        found = device._derived.setdefault(transform, made)
    return found


def at_level_of(device: Device, like: Device) -> Device:
    """The device, or the one derived from it, at the level of another that is inside of the same transforms."""
    if like._depth <= device._depth:
        return device
    assert like._inner is not None
    return derived(at_level_of(device, like._inner), like.transform)


def placed(device: Device) -> Device:
    """The device at the level of the transform that is open."""
    placements = _placements.get()
    return at_level_of(device, placements[-1]) if placements else device


def _forget(backend: str) -> None:
    """Drop the devices of a backend whose name another backend takes."""
    for key in [key for key in _devices if key[0] == backend]:
        del _devices[key]
    _first_device.cache_clear()


forgetters.append(_forget)


def backend_devices(backend: str) -> list[Device]:
    """The devices of a backend, its default first."""
    return [_device(backend, name) for name in load(backend).devices]


@functools.cache
def _first_device(backend: str) -> Device:
    return backend_devices(backend)[0]


def devices() -> list[Device]:
    """All devices of all backends that are available.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.device("numpy:cpu") in tp.devices()
    True
    """
    found = []
    for name in names():
        try:
            found += backend_devices(name)
        except BackendUnavailable:
            continue
    return found


def default_backend() -> str:
    """The name of the default backend of new tensors.

    It is set by `backend`, `set_default_backend` or the variable ``TENSORPLUG_BACKEND``, in this order, else numpy.
    """
    placements = _placements.get()
    if placements:
        return placements[-1].backend
    return _default_device.backend if _default_device else _default_backend or _environment_backend


def set_default_backend(name: str | None) -> None:
    """Set the default backend of new tensors, in all threads; None restores that of the environment.

    Raises
    ------
    ValueError
        If there is no such backend.
    BackendUnavailable
        If the backend cannot be used here.
    """
    global _default_backend, _default_device
    if name is not None:
        load(name)
    _default_backend, _default_device = name, None


def set_default_device(device: Device | str | None) -> None:
    """Set the default device of new tensors, in all threads; None restores that of the environment.

    Raises
    ------
    ValueError
        If there is no such device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.set_default_device("numpy:cpu")
    >>> tp.get_default_device()
    device('numpy:cpu')
    >>> tp.set_default_device(None)
    """
    global _default_backend, _default_device
    _default_backend = None
    _default_device = None if device is None else as_device(device)


def backend(name: str) -> Placement:
    """A context manager that sets the default backend of new tensors, in this thread and task.

    Raises
    ------
    ValueError
        If there is no such backend.
    BackendUnavailable
        If the backend cannot be used here; the message says why, and how to install it.

    Examples
    --------
    >>> import tensorplug as tp
    >>> with tp.backend("numpy"):
    ...     tp.ones(2).backend
    'numpy'
    """
    return Placement(backend_devices(name)[0])


def default_device() -> Device:
    """The default device of new tensors."""
    placements = _placements.get()
    return placements[-1] if placements else _default_device or _first_device(default_backend())


def get_default_device() -> Device:
    """The default device of new tensors: PyTorch's name of `default_device`."""
    return default_device()


def as_device(device: Any, own: Device | None = None) -> Device:
    """Convert a device name to a Device.

    Parameters
    ----------
    device : Device, str or None
        ``"jax:cpu:0"`` in full; ``"jax:cpu"`` and ``"jax"`` are the first that match; ``"cpu"`` and ``"cuda:1"``
        are searched on the backend of `own`, then on the default one, then on the available ones in the order numpy,
        cupy, jax, and the others by name. None is `own`, or else the default device.
    own : Device, optional
        The device of the tensor whose method is called.

    Raises
    ------
    ValueError
        If there is no such device; the message lists those that exist.
    TypeError
        If `device` is neither of these.
    """
    if type(device) is Device:
        return device
    if device is None:
        return own or default_device()
    if not isinstance(device, str):
        raise TypeError(f"a device is a name or a tensorplug.device, got {type(device).__name__}")
    first, _, rest = device.partition(":")
    if first in names() or (rest and not rest.isdigit()):
        return placed(_find(device, first, rest))
    return placed(_find_anywhere(device, own))


def new_device(device: Any, own: Device | None = None) -> Device:
    """`as_device` for a new tensor, which is made at the level of the transform that is open."""
    return placed(as_device(device, own))


def _find(asked: str, backend: str, local_name: str) -> Device:
    candidates = backend_devices(backend)
    for candidate in candidates:
        if local_name in ("", candidate.type, candidate.local_name):
            return candidate
    raise DeviceError(f"no device {asked!r}; backend {backend!r} has {', '.join(map(str, candidates))}")


def _find_anywhere(asked: str, own: Device | None) -> Device:
    preferred = [own.backend] if own else []
    order = dict.fromkeys([*preferred, default_backend(), *_PREFERRED, *sorted(names())])
    unavailable = []
    for name in order:
        try:
            return _find(asked, name, asked)
        except BackendUnavailable as reason:
            unavailable.append(f"{name} ({reason})")
        except DeviceError:
            continue
    known = ", ".join(map(str, devices()))
    tried = f"; unavailable: {'; '.join(unavailable)}" if unavailable else ""
    raise DeviceError(f"no device {asked!r}; there are {known}{tried}")
