"""`DeviceMesh`: devices in an array of axes, over which tensors are divided."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any, final

from ...backends import Backend, BackendUnavailable, load, names
from ..dispatch.keys import add_place, library_for
from ..types.axes import as_integer, normalize_axis
from ..types.devices import Device, as_device, backend_devices, default_device, mesh_device

__all__ = ["DeviceMesh", "init_device_mesh"]


@final
class DeviceMesh:
    """Devices of one type in an array, the first ones of all processes in row-major order: see `init_device_mesh`.

    There is one object for each combination of devices, shape and names. As a context manager it is the default mesh,
    and the default device: a new tensor is copied to each of its devices.

    Attributes
    ----------
    device : device
        The device of tensors on the mesh: ``tp.zeros(3, device=mesh.device)`` are copies on all devices.
    device_type : str
    shape : tuple of int
    mesh_dim_names : tuple of str or None
    """

    def __init__(self, backend: str, device_type: str, shape: tuple[int, ...], names: tuple[str, ...] | None) -> None:
        self.device_type = device_type
        self.shape = shape
        self.mesh_dim_names = names
        self.device: Device = mesh_device(self, backend, device_type)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def size(self, mesh_dim: int | str | None = None) -> int:
        """The number of devices, or the length of an axis, by its number or name."""
        if mesh_dim is None:
            return math.prod(self.shape)
        if isinstance(mesh_dim, str):
            if mesh_dim not in (self.mesh_dim_names or ()):
                raise KeyError(f"size: {self!r} has no axis {mesh_dim!r}")
            return self.shape[(self.mesh_dim_names or ()).index(mesh_dim)]
        return self.shape[normalize_axis("size", mesh_dim, self.ndim)]

    @property
    def home(self) -> Device:
        """The first device of this type in this process, where whole tensors are gathered."""
        return next(one for one in backend_devices(self.device.backend) if one.type == self.device_type)

    def __enter__(self) -> DeviceMesh:
        self.device.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self.device.__exit__(*exception)

    def __str__(self) -> str:
        axes = self.mesh_dim_names and map("{}={}".format, self.mesh_dim_names, self.shape)
        return f"mesh({', '.join(axes or map(str, self.shape))})"

    def __repr__(self) -> str:
        named = f", mesh_dim_names={self.mesh_dim_names}" if self.mesh_dim_names else ""
        return f"DeviceMesh('{self.device.backend}:{self.device_type}', {self.shape}{named})"

    def __reduce__(self) -> tuple[Any, ...]:
        made = functools.partial(init_device_mesh, mesh_dim_names=self.mesh_dim_names)
        return made, (f"{self.device.backend}:{self.device_type}", self.shape)


def init_device_mesh(
    device_type: str, mesh_shape: Sequence[int], *, mesh_dim_names: Sequence[str] | None = None
) -> DeviceMesh:
    """A mesh of devices: the first ones of all processes, in row-major order.

    Parameters
    ----------
    device_type : str
        ``"jax:cpu"`` or ``"jax:cuda"``; a type alone, such as ``"cpu"``, is searched as `tensorplug.device` does.
    mesh_shape : tuple of int
    mesh_dim_names : tuple of str, optional
        Names of the axes.

    Raises
    ------
    NotImplementedError
        If the backend divides no tensors over devices.
    ValueError
        For an unknown type, one with a number, a shape of more devices than there are, or names that do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> mesh = tp.distributed.init_device_mesh("jax:cpu", (1,), mesh_dim_names=("data",))
    >>> mesh
    DeviceMesh('jax:cpu', (1,), mesh_dim_names=('data',))
    >>> mesh.size("data")
    1
    """
    device = as_device(device_type)
    if str(device_type).endswith(f":{device.index}"):
        raise ValueError(f"init_device_mesh: got {str(device_type)!r}, wanted a type of devices without a number")
    if not isinstance(mesh_shape, Iterable):
        raise TypeError(f"init_device_mesh: got mesh_shape={mesh_shape!r}, wanted a tuple of lengths, such as (8,)")
    shape = tuple(as_integer("init_device_mesh", "mesh_shape", length) for length in mesh_shape)
    if not shape or min(shape) < 1:
        raise ValueError(f"init_device_mesh: got mesh_shape={tuple(mesh_shape)}, wanted positive lengths")
    if not isinstance(mesh_dim_names, Iterable | None) or not all(isinstance(one, str) for one in mesh_dim_names or ()):
        raise TypeError(f"init_device_mesh: got mesh_dim_names={mesh_dim_names!r}, wanted a tuple of strings")
    axes = None if mesh_dim_names is None else tuple(mesh_dim_names)
    if axes is not None and (len(axes) != len(shape) or len(set(axes)) < len(axes)):
        raise ValueError(f"init_device_mesh: got the names {axes} for shape {shape}, wanted a name of its own for each")
    library = library_for(device.backend)
    mesh = DeviceMesh(device.backend, device.type, shape, axes)
    name = mesh.device.local_name
    if name not in library.places:
        try:
            native = library.backend.mesh(
                name, device.type, shape, axes or tuple(f"axis{i}" for i in range(len(shape)))
            )
        except ValueError as error:
            raise ValueError(f"init_device_mesh: {error}") from None
        except NotImplementedError as error:
            raise NotImplementedError(f"init_device_mesh: {error}; {_remedy(device.type)}") from None
        add_place(library, mesh.device, native)
    found: DeviceMesh = library.places[name].mesh
    return found


def _remedy(device_type: str) -> str:
    """What to do where a backend has no meshes."""
    able = []
    for name in names():
        try:
            if type(load(name).backend).mesh is not Backend.mesh:
                able.append(f"{name}:{device_type}")
        except BackendUnavailable:
            continue
    return f"ask for {' or '.join(map(repr, able))}" if able else "docs/distributed.md names backends that do"


def mesh_or_default(operation: str, mesh: DeviceMesh | None) -> DeviceMesh:
    """A mesh that was given, or the one that is the default device."""
    found = default_device().mesh if mesh is None else mesh
    if not isinstance(found, DeviceMesh):
        got = "no device_mesh" if mesh is None else type(mesh).__name__
        raise TypeError(f"{operation}: got {got}, wanted a DeviceMesh, which init_device_mesh makes")
    return found
