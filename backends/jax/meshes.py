"""Arrays divided over a mesh of devices, which JAX's own sharding computes with.

A mesh is represented by the sharding that keeps a copy on each of its devices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ..contract import Backend
from .programs import TRACING

_PLATFORMS = {"cuda": "gpu"}


class Meshes(Backend):
    """The part of the contract that is about meshes."""

    _jax: Any
    _waits = False

    def __init__(self) -> None:
        self._mesh_names: dict[Any, str] = {}

    def mesh(self, name: str, kind: str, shape: tuple[int, ...], axes: tuple[str, ...]) -> Any:
        found = self._jax.devices(_PLATFORMS.get(kind, kind))
        wanted = math.prod(shape)
        if wanted > len(found):
            raise ValueError(f"got a mesh of {wanted} devices, but there are {len(found)} of type {kind!r}")
        made = self._jax.sharding.Mesh(numpy.array(found[:wanted], object).reshape(shape), axes)
        self._mesh_names[made] = name
        self._waits = self._waits or (kind == "cpu" and wanted > 1)
        return self._jax.sharding.NamedSharding(made, self._jax.sharding.PartitionSpec())

    def settled(self, found: Any) -> Any:
        """Results, awaited once there is a mesh of CPU devices.

        XLA queues some 32 programs for each of these; where one device is so far ahead of another, a sum over them
        waits in a full queue for ever.
        """
        return self._jax.block_until_ready(found) if self._waits else found

    @property
    def has_meshes(self) -> bool:
        """Whether there are any meshes."""
        return bool(self._mesh_names)

    def is_mesh(self, device: Any) -> bool:
        """Whether a device is a mesh, or the sharding of an array on one."""
        return isinstance(device, self._jax.sharding.NamedSharding)

    def mesh_name(self, array: Any) -> str | None:
        """The name of the mesh that an array is on; None if it is on one device."""
        devices = array.devices()
        name = self._mesh_names.get(getattr(array.sharding, "mesh", None)) if self._mesh_names else None
        if name is None and len(devices) > 1:
            raise ValueError(
                f"an array of shape {array.shape} is divided by {array.sharding}, of which Tensorplug knows no mesh"
            )
        return name

    def whole(self, device: Any) -> Any:
        """The device, or for an array's sharding, copies on each device."""
        if not self.is_mesh(device) or not device.spec:
            return device
        return self._jax.sharding.NamedSharding(device.mesh, self._jax.sharding.PartitionSpec())

    def on_devices(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """A constructor of arrays whose device may be an array's sharding."""

        def made(*arguments: Any, device: Any = None, **named: Any) -> Any:
            return make(*arguments, device=self.whole(device), **named)

        return made

    def placed(self, host: numpy.ndarray, device: Any) -> Any:
        """Copy a NumPy array to a device, or to each device of a mesh."""
        device = self.whole(device)
        if self.is_mesh(device) and not device.is_fully_addressable:
            return self._jax.make_array_from_callback(host.shape, device, lambda index: host[index])
        return self._jax.device_put(host, device)

    def distribute(self, array: Any, mesh: Any, axes: Sequence[int | None], broadcast: bool) -> Any:
        sharding = self._divided(mesh, axes)
        with self.scope():
            if mesh.is_fully_addressable:
                # JAX would share the memory of one device.
                own = numpy.array(array) if isinstance(array, numpy.ndarray) else self.copy(array)
                return self._jax.device_put(own, sharding)
            host = numpy.array(array)
            if broadcast:
                from jax.experimental.multihost_utils import broadcast_one_to_all

                host = numpy.asarray(broadcast_one_to_all(host))
            return self._jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])

    def redistribute(self, array: Any, mesh: Any, axes: Sequence[int | None]) -> Any:
        return self._in(array, self._divided(mesh, axes))

    def redistribute_like(self, array: Any, like: Any) -> Any:
        if not isinstance(like, self._jax.core.Tracer):
            return self._in(array, like.sharding)
        # XLA decides how what is computed in between is divided.
        found = (TRACING.shardings or {}).get(id(like))
        return array if found is None else self._jax.lax.with_sharding_constraint(array, found)

    def _in(self, array: Any, sharding: Any) -> Any:
        with self.scope():
            if isinstance(array, self._jax.core.Tracer):
                return self._jax.lax.with_sharding_constraint(array, sharding)
            if _axes(array.sharding) == _axes(sharding) and array.sharding.is_equivalent_to(sharding, array.ndim):
                return array
            # JAX would share the memory of the parts that stay where they are.
            return self._jax.device_put(self.copy(array), sharding)

    def divided_axes(self, array: Any, mesh: Any) -> tuple[int | None, ...]:
        axes = _axes(array.sharding)
        return tuple(axes.get(name) for name in mesh.mesh.axis_names)

    def local_parts(self, array: Any) -> Sequence[Any]:
        return [shard.data for shard in array.addressable_shards]

    def from_local(self, array: Any, mesh: Any, axes: Sequence[int | None]) -> Any:
        with self.scope():
            return self._jax.make_array_from_process_local_data(self._divided(mesh, axes), numpy.array(array))

    def _divided(self, mesh: Any, axes: Sequence[int | None]) -> Any:
        """The sharding that divides axis ``axes[i]`` of an array along axis `i` of a mesh."""
        named: dict[int, list[str]] = {}
        for name, axis in zip(mesh.mesh.axis_names, axes, strict=True):
            if axis is not None:
                named.setdefault(axis, []).append(name)
        spec = [tuple(named.get(axis, ())) or None for axis in range(max(named, default=-1) + 1)]
        return self._jax.sharding.NamedSharding(mesh.mesh, self._jax.sharding.PartitionSpec(*spec))

    def gathered(self, array: Any) -> Any:
        """The array, where each process needs all of it; all of them must call this."""
        sharding: Any = getattr(array, "sharding", None)
        if not self.is_mesh(sharding) or sharding.is_fully_addressable or sharding.is_fully_replicated:
            return array
        return self._in(array, self.whole(sharding))

    def require_here(self, array: Any) -> None:
        """Raise RuntimeError if other processes hold parts of an array."""
        if not (array.is_fully_addressable or array.is_fully_replicated):
            raise RuntimeError(
                f"the values of shape {array.shape} are divided over several processes; call x.full_tensor() in all of "
                "them first"
            )


def _axes(sharding: Any) -> dict[str, int]:
    """The axis of an array that is divided along each axis of a mesh, by name."""
    axes: dict[str, int] = {}
    for axis, names in enumerate(getattr(sharding, "spec", ())):
        axes.update(dict.fromkeys((names,) if isinstance(names, str) else names or (), axis))
    return axes
