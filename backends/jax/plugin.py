"""The JAX backend.

JAX's 64-bit types are enabled during each kernel call only, so that the random numbers, default dtypes and compiled
functions of a user's own JAX code do not change.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy

from ...extras import install_command
from ..common.casts import dtype_name
from ..common.host import comparable
from ..common.quiet import Quiet
from ..common.uniques import unique_indices
from ..contract import Backend, ByKind, Kernel, Region, Span
from ..hookspecs import hookimpl
from ..program import Executable, Program
from .elementwise import kernels as elementwise_kernels
from .fft import kernels as fft_kernels
from .linalg import kernels as linalg_kernels
from .meshes import Meshes
from .networks import kernels as network_kernels
from .programs import TRACING, Check, executable
from .reductions import kernels as statistics_kernels

_64_BIT = ("int64", "uint64", "float64", "complex128")

FEW = 1 << 14
"""Arrays of so many elements are made on the host: JAX would compile a function for each shape."""

_NO = ("0", "false", "off", "no")


class Jax(Meshes):
    """Arrays of JAX, on the CPU and on accelerators."""

    name = "jax"
    contract = 1
    distribution = "jax"
    install = install_command("jax")
    compiles = True

    def load(self) -> Any:
        import jax
        import jax.numpy
        import jax.scipy.special

        self._jax = jax
        self._allows_64_bit = os.environ.get("JAX_ENABLE_X64", "").lower() not in _NO
        zeros = jax.numpy.zeros
        self._read = _indexing(jax, lambda index, x: x[index])
        self._write = _indexing(jax, lambda index, x, value: x.at[index].set(value))
        self._add = _indexing(jax, lambda index, x, shape: zeros(shape, x.dtype).at[index].add(x), static_argnums=2)
        return jax.numpy

    def kernels(self) -> Mapping[str, Kernel]:
        jax, jnp = self._jax, self.namespace
        kernels = {name: self._wide(function) for name, function in _functions(jnp)}
        for extension in ("linalg", "fft"):
            found = _functions(getattr(jnp, extension))
            kernels |= {f"{extension}.{name}": self._wide(function) for name, function in found}
        # The functions of these names in jax.numpy have other parameters, or overflow.
        for name in ("diagonal", "linalg.pinv", "std", "unfold"):
            kernels.pop(name, None)
        kernels |= {name: self._wide(function) for name, function in elementwise_kernels(jax).items()}
        kernels |= {name: self._wide(function) for name, function in fft_kernels(jnp).items()}
        kernels |= {name: self._wide(function) for name, function in linalg_kernels(jax, self).items()}
        kernels |= {name: self._wide(function) for name, function in network_kernels(jax).items()}
        kernels |= {name: self._wide(function) for name, function in statistics_kernels(jax).items()}
        return kernels | {
            **{
                name: self._wide(self.on_devices(getattr(jnp, name)))
                for name in ("arange", "asarray", "eye", "linspace")
            },
            **{name: self._filled(name) for name in ("empty", "full", "ones", "zeros")},
            "complex": self._wide(lambda x1, x2: jax.lax.complex(*jnp.broadcast_arrays(x1, x2))),
            "getitem": self._wide(self._getitem),
            "put": self._wide(self._put),
            "embed": self._wide(lambda x, shape, index: jnp.zeros(shape, x.dtype).at[index].set(x)),
            "scatter_zeros": self._wide(self._scatter_zeros),
            # JAX returns int32.
            "searchsorted": self._wide(lambda x1, x2, **options: jnp.searchsorted(x1, x2, **options).astype("int64")),
            "logistic": self._wide(jax.nn.sigmoid),
            "roll": self._wide(jax.jit(jnp.roll, static_argnames="axis")),
            "sigmoid": self._wide(jax.nn.sigmoid),
            # XLA's own; the other special functions of JAX are less exact than the decompositions.
            "special.erf": self._wide(jax.scipy.special.erf),
            "view_dtype": self._wide(lambda x, dtypes: x.view(jnp.dtype(dtypes[1]))),
            "tril": self._wide(jax.jit(lambda x, k=0: jnp.where(_lower_mask(jnp, x, k), x, jnp.zeros_like(x)))),
            "triu": self._wide(jax.jit(lambda x, k=0: jnp.where(_lower_mask(jnp, x, k - 1), jnp.zeros_like(x), x))),
            # JAX ignores imaginary parts.
            "all": self._wide(lambda x, **options: jnp.all(_truth(x), **options)),
            "any": self._wide(lambda x, **options: jnp.any(_truth(x), **options)),
            "nonzero": self.on_host(numpy.nonzero),
            "unique_indices": self.on_host(lambda x, **options: unique_indices(numpy, comparable(x), **options)),
        }

    def _filled(self, name: str) -> Kernel:
        """Constructor of constant arrays; small ones are copied from the host: JAX would compile one for each shape."""
        own, make = getattr(self.namespace, name), getattr(numpy, name)

        def filled(shape: Any, *value: Any, dtype: Any = None, device: Any = None) -> Any:
            plain = dtype is not None and all(type(one) in (bool, int, float, complex) for one in value)
            if not plain or math.prod(shape if isinstance(shape, tuple) else (shape,)) > FEW:
                return own(shape, *value, dtype=dtype, device=self.whole(device))
            host = make(shape, *value, dtype=dtype)
            made = self.placed(host, device)
            if self._has_values((made,)):
                return made
            # Scalars are kept, so they must not be part of the function that is traced.
            with self.with_values():
                return self.placed(host, device)

        return self._wide(filled)

    def _getitem(self, x: Any, index: Any) -> Any:
        if type(index) is not Region:
            return self._read(index, x)
        starts, sizes, shape = _block(x.shape, index)
        return self._jax.lax.dynamic_slice(x, starts, sizes).reshape(shape)

    def _put(self, x: Any, index: Any, value: Any) -> Any:
        if type(index) is not Region:
            return self._write(index, x, value)
        starts, sizes, shape = _block(x.shape, index)
        block = self.namespace.broadcast_to(value, shape).reshape(sizes)
        return self._jax.lax.dynamic_update_slice(x, block, starts)

    def _scatter_zeros(self, x: Any, shape: tuple[int, ...], index: Any) -> Any:
        """Zeros of `shape` with `x` added at `index`; half types accumulate in float32."""
        if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
            return self._add(index, x.astype("float32"), shape).astype(x.dtype)
        return self._add(index, x, shape)

    def _wide(self, function: Callable[..., Any]) -> Kernel:
        """Wrap a function so that 64-bit types are enabled while it runs."""
        if type(function) is ByKind:
            return function.wrapped(self._wide)
        scope = self._jax.enable_x64 if self._allows_64_bit else contextlib.nullcontext

        @functools.wraps(function)
        def kernel(*arguments: Any, **keywords: Any) -> Any:
            with scope(True):
                found = function(*arguments, **keywords)
            return self.settled(found) if self._waits else found

        return kernel

    def scope(self, device: Any = None) -> contextlib.AbstractContextManager[Any]:
        return _Scope(self._jax.enable_x64(True) if self._allows_64_bit else contextlib.nullcontext())

    def dtypes(self) -> Mapping[str, Any]:
        found = super().dtypes()
        return {name: native for name, native in found.items() if self._allows_64_bit or name not in _64_BIT}

    def dtype_name(self, array: Any) -> str:
        return dtype_name(array.dtype)

    def devices(self) -> Mapping[str, Any]:
        devices = self._jax.local_devices()
        devices += [device for device in self._jax.local_devices(backend="cpu") if device not in devices]
        return {_device_name(device): device for device in devices}

    def device_name(self, array: Any) -> str:
        if not self._has_values((array,)):
            # What JAX traces has no device yet.
            return _device_name(self._jax.devices()[0])
        return self.mesh_name(array) or _device_name(next(iter(array.devices())))

    def array_types(self) -> tuple[type, ...]:
        return (self._jax.Array,)

    def from_numpy(self, array: numpy.ndarray, device: Any) -> Any:
        # A copy that nothing else refers to, so that JAX may share its memory.
        own = numpy.array(array, dtype=array.dtype.newbyteorder("="), order="C")
        with self.scope():
            return self.placed(own, device)

    def from_dlpack(self, array: Any, device: Any, copy: bool) -> Any:
        with self.scope():
            return self.namespace.array(self.namespace.from_dlpack(array), copy=copy, device=device)

    def to_numpy(self, array: Any) -> numpy.ndarray:
        try:
            return numpy.asarray(array)
        except RuntimeError:
            self.require_here(array)
            raise

    def copy(self, array: Any) -> Any:
        with self.scope():
            return self.settled(self.namespace.array(array, copy=True))

    def compile(self, function: Callable[..., Any], donate: tuple[int, ...] = ()) -> Callable[..., Any]:
        return self._wide(self._jax.jit(function, donate_argnums=donate))

    @property
    def value_errors(self) -> tuple[type[Exception], ...]:  # type: ignore[override]
        errors = self._jax.errors
        return (errors.ConcretizationTypeError, errors.TracerArrayConversionError, errors.NonConcreteBooleanIndexError)

    def record(self, function: Callable[[], None]) -> None:
        with self.scope():
            # JAX calls a function that it has seen no second time.
            self._jax.eval_shape(lambda: function())

    def stand_in(self, array: Any) -> Any:
        # Inside of `record` it has no values, and is never made.
        return self.namespace.empty(array.shape, array.dtype)

    def with_values(self) -> contextlib.AbstractContextManager[Any]:
        context: contextlib.AbstractContextManager[Any] = self._jax.ensure_compile_time_eval()
        return context

    def executable(self, program: Program) -> Executable:
        return executable(program, self, self._jax)

    def inspect(self, check: Callable[..., None], *arrays: Any, **parameters: Any) -> None:
        if not self._has_values(arrays):
            if TRACING.checks is not None:
                TRACING.checks.append(Check(check, arrays, parameters))
            return
        super().inspect(check, *map(self.gathered, arrays), **parameters)

    def known(self, predicate: Callable[..., Any], otherwise: bool, *arrays: Any, **parameters: Any) -> bool:
        if not self._has_values(arrays):
            return otherwise
        return super().known(predicate, otherwise, *map(self.gathered, arrays), **parameters)

    def _has_values(self, arrays: tuple[Any, ...]) -> bool:
        return not any(isinstance(array, self._jax.core.Tracer) for array in arrays)

    def pointwise(
        self, formula: Callable[..., Any], ops: Any, arrays: tuple[Any, ...], options: tuple[Any, ...], summed: bool
    ) -> Any:
        numbers = tuple(option for option in options if type(option) in (int, float))
        flags = tuple(None if type(option) in (int, float) else option for option in options)
        with self.scope():
            return self.settled(self._compiled_pointwise(formula, ops, arrays, numbers, flags, summed))

    @functools.cached_property
    def _compiled_pointwise(self) -> Callable[..., Any]:
        """Compile a formula for each combination of shapes and flags; `numbers` stand where `flags` has None."""
        base = super().pointwise

        def pointwise(formula: Any, ops: Any, arrays: Any, numbers: Any, flags: Any, summed: bool) -> Any:
            left = iter(numbers)
            return base(formula, ops, arrays, tuple(next(left) if flag is None else flag for flag in flags), summed)

        return self._jax.jit(pointwise, static_argnums=(0, 1, 4, 5))

    def scan(
        self, step: Any, ops: Any, carried: Any, sequences: Any, constants: Any, reverse: bool
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        with self.scope():
            found: tuple[Any, Any] = self.settled(
                self._compiled_scan(step, ops, carried, sequences, constants, reverse)
            )
            return found

    @functools.cached_property
    def _compiled_scan(self) -> Callable[..., Any]:
        jax = self._jax

        def scan(step: Any, ops: Any, carried: Any, sequences: Any, constants: Any, reverse: bool) -> Any:
            return jax.lax.scan(
                lambda before, items: step(ops, before, items, *constants), carried, sequences, reverse=reverse
            )

        return jax.jit(scan, static_argnums=(0, 1, 5))

    def gradients(self, function: Callable[..., Any], arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        jax, found = self._jax, None
        gradient = jax.grad(function, argnums=tuple(range(len(arrays))))
        with self.scope():
            # One program compiles faster than its parts, but has no values to read.
            for each in (jax.jit(gradient), gradient):
                try:
                    found = each(*arrays)
                    break
                except (jax.errors.JAXTypeError, jax.errors.JAXIndexError, _TracedRandomError) as error:
                    reason = str(error)
        if found is None:
            raise NotImplementedError(reason)
        return cast(tuple[Any, ...], found)

    def differentiable(
        self, function: Callable[..., Sequence[Any]], pull: Callable[..., Sequence[Any]], arrays: Sequence[Any]
    ) -> Sequence[Any]:
        jnp = self.namespace

        def of_arrays(*arrays: Any) -> Sequence[Any]:
            # Of a Python number that is differentiated JAX hands a number of its own.
            return function(*(one if isinstance(one, self._jax.Array) else jnp.asarray(one) for one in arrays))

        if self._has_values(tuple(arrays)):
            return of_arrays(*arrays)
        differentiated = self._jax.custom_vjp(of_arrays)

        def conjugates(found: Sequence[Any]) -> list[Any]:
            return [one.conj() if one.dtype.kind == "c" else one for one in found]

        def backward(arrays: Any, cotangents: Any) -> Any:
            # Those of integers are of no dtype that can be computed with.
            directions = conjugates([one for one in cotangents if one.dtype != self._jax.dtypes.float0])
            found = iter(conjugates(pull(arrays, directions)))
            return tuple(next(found) if jnp.issubdtype(one.dtype, jnp.inexact) else None for one in arrays)

        differentiated.defvjp(lambda *arrays: (of_arrays(*arrays), arrays), backward)
        results: Sequence[Any] = differentiated(*arrays)
        return results

    def about(self) -> Mapping[str, str]:
        config = self._jax.config
        return {
            "jaxlib": self._jax.lib.__version__,
            "platform": self._jax.default_backend(),
            "devices of all processes": str(self._jax.device_count()),
            "64-bit types": "yes" if self._allows_64_bit else "no, by JAX_ENABLE_X64",
            "compilation cache": config.jax_compilation_cache_dir or "none",
        }

    def keep_compiled(self, folder: str) -> None:
        from jax.experimental.compilation_cache import compilation_cache

        update = self._jax.config.update
        update("jax_compilation_cache_dir", os.path.join(folder, "jax"))
        # By default only what takes a second to compile is kept: a program of small kernels has nothing such.
        update("jax_persistent_cache_min_compile_time_secs", 0)
        update("jax_persistent_cache_min_entry_size_bytes", -1)
        # JAX decides at its first compilation whether it has a cache.
        compilation_cache.reset_cache()

    def clear_caches(self) -> None:
        self._jax.clear_caches()

    def synchronize(self, device: Any) -> None:
        self._jax.device_put(0.0, device).block_until_ready()

    def random_bits(self, seed: int, offset: int, count: int, device: Any) -> Any:
        if not self._allows_64_bit:
            raise TypeError("random numbers are made of 64-bit integers, which JAX_ENABLE_X64=0 forbids; unset it")
        if count <= FEW or self.is_mesh(device):
            made = super().random_bits(seed, offset, count, device)
        else:
            from .philox import random_words

            made = random_words(seed, offset, count, device)
        if not self._has_values((made,)):
            raise _TracedRandomError(
                "random numbers of a function that JAX traces would be the same at each call; pass them"
            )
        return made


class _TracedRandomError(TypeError):
    """Random numbers were asked for while JAX compiles a function."""


class _Scope:
    """A scope of 64-bit types in which NumPy, by which JAX converts Python's numbers, warns of nothing."""

    __slots__ = ("_quiet", "_wide")

    def __init__(self, wide: contextlib.AbstractContextManager[Any]) -> None:
        self._wide, self._quiet = wide, Quiet()

    def __enter__(self) -> None:
        self._quiet.__enter__()
        self._wide.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._wide.__exit__(*error)
        self._quiet.__exit__(*error)


def _indexing(jax: Any, function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """A function of an index and operands, compiled if the index consists of integer arrays.

    Without compilation JAX spends a millisecond on each call.
    """
    compiled = jax.jit(function, **options)

    def at(index: Any, *operands: Any) -> Any:
        items = _wide_index(index)
        kinds = [item.dtype.kind if hasattr(item, "dtype") else "" for item in items]
        return (compiled if all(kind in ("i", "u") for kind in kinds) else function)(items, *operands)

    return at


def _wide_index(index: Any) -> Any:
    """The index with integers of at least 32 bits: JAX adds the length to negative ones in their own dtype."""
    items = index if isinstance(index, tuple) else (index,)
    return tuple(
        item.astype("int32") if hasattr(item, "dtype") and item.dtype.kind in "iu" and item.dtype.itemsize < 4 else item
        for item in items
    )


def _block(shape: tuple[int, ...], region: Region) -> tuple[list[Any], list[int], list[int]]:
    """The start and the length of a region along each axis, and the shape of the result of reading it."""
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


def _lower_mask(jnp: Any, x: Any, k: Any) -> Any:
    """A mask of the elements on or below diagonal `k` of a matrix; `k` may be traced."""
    rows, columns = x.shape[-2:]
    return jnp.arange(rows)[:, None] + k >= jnp.arange(columns)


def _truth(x: Any) -> Any:
    return x != 0 if x.dtype.kind == "c" else x


def _device_name(device: Any) -> str:
    kind = "cuda" if device.platform == "gpu" else device.platform
    return f"{kind}:{device.id}"


@hookimpl
def tensorplug_backends() -> list[Backend]:
    """The JAX backend."""
    return [Jax()]
