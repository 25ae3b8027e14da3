"""The JAX backend.

Its 64-bit types are switched on for the duration of each kernel call only, so that the random numbers, default dtypes
and compiled functions of a user's own JAX code stay as they are.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy

from .contract import Backend, Kernel, Region, Span
from .hookspecs import hookimpl

_64_BIT = ("int64", "uint64", "float64", "complex128")

_NO = ("0", "false", "off", "no")


class Jax(Backend):
    """Arrays of JAX, on the CPU and on accelerators."""

    name = "jax"
    contract = 1
    distribution = "jax"
    install = 'pip install "tensorplug[jax]"'
    compiles = True

    def load(self) -> Any:
        import jax
        import jax.numpy

        self._jax = jax
        self._allows_64_bit = os.environ.get("JAX_ENABLE_X64", "").lower() not in _NO
        return jax.numpy

    def kernels(self) -> Mapping[str, Kernel]:
        jnp = self.namespace
        kernels = {name: self._wide(function) for name, function in _functions(jnp)}
        for extension in ("linalg", "fft"):
            found = _functions(getattr(jnp, extension))
            kernels |= {f"{extension}.{name}": self._wide(function) for name, function in found}
        # Of these names jax.numpy has functions with other parameters.
        for name in ("diagonal", "unfold"):
            kernels.pop(name, None)
        return kernels | {
            "complex": self._wide(lambda x1, x2: self._jax.lax.complex(*jnp.broadcast_arrays(x1, x2))),
            "getitem": self._wide(self._getitem),
            "put": self._wide(self._put),
            "embed": self._wide(lambda x, shape, index: jnp.zeros(shape, x.dtype).at[index].set(x)),
            "scatter_zeros": self._wide(lambda x, shape, index: jnp.zeros(shape, x.dtype).at[index].add(x)),
            "astype": self._wide(_astype),
            # The standard's sign of a negative zero is a positive one, which JAX's is not.
            "sign": self._wide(lambda x: jnp.sign(x) + 0),
            "sigmoid": self._wide(self._jax.nn.sigmoid),
        }

    def _getitem(self, x: Any, index: Any) -> Any:
        if type(index) is not Region:
            return x[index]
        starts, sizes, shape = _block(x.shape, index)
        return self._jax.lax.dynamic_slice(x, starts, sizes).reshape(shape)

    def _put(self, x: Any, index: Any, value: Any) -> Any:
        if type(index) is not Region:
            return x.at[index].set(value)
        starts, sizes, shape = _block(x.shape, index)
        block = self.namespace.broadcast_to(value, shape).reshape(sizes)
        return self._jax.lax.dynamic_update_slice(x, block, starts)

    def _wide(self, function: Callable[..., Any]) -> Kernel:
        """The function with 64-bit types switched on while it runs."""
        if not self._allows_64_bit:
            return function
        enable_x64 = self._jax.enable_x64

        @functools.wraps(function)
        def kernel(*arguments: Any, **keywords: Any) -> Any:
            with enable_x64(True):
                return function(*arguments, **keywords)

        return kernel

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        scope: contextlib.AbstractContextManager[Any] = (
            self._jax.enable_x64(True) if self._allows_64_bit else contextlib.nullcontext()
        )
        return scope

    def dtypes(self) -> Mapping[str, Any]:
        found = super().dtypes()
        return {name: native for name, native in found.items() if self._allows_64_bit or name not in _64_BIT}

    def dtype_name(self, array: Any) -> str:
        return str(array.dtype.name)

    def devices(self) -> Mapping[str, Any]:
        devices = [*self._jax.devices()]
        devices += [device for device in self._jax.devices("cpu") if device not in devices]
        return {_device_name(device): device for device in devices}

    def device_name(self, array: Any) -> str:
        return _device_name(next(iter(array.devices())))

    def array_types(self) -> tuple[type, ...]:
        return (self._jax.Array,)

    def from_numpy(self, array: numpy.ndarray, device: Any) -> Any:
        # A copy that nothing else refers to, so JAX may take the memory over.
        own = numpy.array(array, dtype=array.dtype.newbyteorder("="), order="C")
        with self.scope():
            return self._jax.device_put(own, device)

    def from_dlpack(self, array: Any, device: Any, copy: bool) -> Any:
        with self.scope():
            return self.namespace.array(self.namespace.from_dlpack(array), copy=copy, device=device)

    def to_numpy(self, array: Any) -> numpy.ndarray:
        return numpy.asarray(array)

    def copy(self, array: Any) -> Any:
        with self.scope():
            return self.namespace.array(array, copy=True)

    def compile(self, function: Callable[..., Any], donate: tuple[int, ...] = ()) -> Callable[..., Any]:
        return self._wide(self._jax.jit(function, donate_argnums=donate))

    def synchronize(self, device: Any) -> None:
        self._jax.device_put(0.0, device).block_until_ready()

    def random_bits(self, seed: int, offset: int, count: int, device: Any) -> Any:
        from .jax_philox import words

        return words(seed, offset, count, device)


def _block(shape: tuple[int, ...], region: Region) -> tuple[list[Any], list[int], list[int]]:
    """Where a region starts, its length along each axis, and the shape in which it is read."""
    named = sum(1 for item in region if item is not None and item is not Ellipsis)
    starts: list[Any] = []
    sizes: list[int] = []
    result: list[int] = []

    def take(start: Any, size: int) -> None:
        starts.append(start)
        sizes.append(size)

    def whole(count: int) -> None:
        for length in shape[len(starts) : len(starts) + count]:
            take(0, length)
            result.append(length)

    for item in region:
        if item is None:
            result.append(1)
        elif item is Ellipsis:
            whole(len(shape) - named)
        elif type(item) is slice:
            whole(1)
        elif type(item) is Span:
            take(*item)
            result.append(item.size)
        else:
            take(item, 1)
    whole(len(shape) - len(starts))
    return starts, sizes, result


def _functions(namespace: Any) -> list[tuple[str, Callable[..., Any]]]:
    public = ((name, getattr(namespace, name)) for name in dir(namespace) if not name.startswith("_"))
    return [(name, function) for name, function in public if callable(function) and not isinstance(function, type)]


def _astype(x: Any, dtype: Any) -> Any:
    if x.dtype.kind == "c" and numpy.dtype(dtype).kind not in "cb":
        x = x.real
    return x.astype(dtype)


def _device_name(device: Any) -> str:
    kind = "cuda" if device.platform == "gpu" else device.platform
    return f"{kind}:{device.id}"


@hookimpl
def tensorplug_backends() -> list[Backend]:
    """The JAX backend."""
    return [Jax()]
