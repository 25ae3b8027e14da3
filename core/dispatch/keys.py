"""Dispatch keys, each one backend, device and dtype with a table of kernels, and the loaded libraries behind them.

Operands with the same key need no promotion or transfer, which one identity check tells. The entry of an operation in
the table is made at its first use, where its dtypes are checked, once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, final

import numpy

from ...backends import (
    Backend,
    ByKind,
    PartialKernel,
    forgetters,
    load,
)
from ...backends import device_of as device_of
from ..types.devices import DEFAULT_BACKEND, Device, as_device, backend_devices, derived
from ..types.dtypes import DTYPES, DType
from ..types.errors import LinAlgError, UnsupportedDTypeError, UnsupportedError
from .checking import checked
from .registry import OPERATIONS

_HALVES = ("float16", "bfloat16")


class Ops:
    """The kernels of a backend as attributes, with which gradient rules and decompositions compute on raw arrays.

    A kernel is the first of: one from another plugin, the backend's own, the function of that name in the backend's
    namespace, the operation's decomposition.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Callable[..., Any]:
        kernel = self._library.find(name)
        if kernel is None:
            raise NotImplementedError(f"backend {self._library.name!r} has no kernel for {name!r}")
        setattr(self, name, kernel)
        return kernel


class Library:
    """A loaded backend with a kernel for every operation that it supports.

    Attributes
    ----------
    depth : int
        How many levels of `vmap` its arrays are inside of: see `tensorplug.core.transforms`.
    """

    __slots__ = (
        "array_types",
        "backend",
        "compiles",
        "devices",
        "dtypes",
        "find_kernel",
        "find_own_kernel",
        "name",
        "ops",
        "places",
        "plugin_of",
        "scope",
        "unsupported",
        "writable",
    )

    depth = 0

    name: str
    backend: Backend

    def __init__(self, name: str) -> None:
        loaded = load(name)
        self.name = name
        self.backend = loaded.backend
        self.find_kernel = loaded.find
        self.find_own_kernel = loaded.kernels.get
        self.plugin_of = loaded.plugin_of
        self.devices = dict(loaded.devices)
        self.places = {device.local_name: device for device in backend_devices(name)}
        self.dtypes = loaded.dtypes
        self.scope = loaded.backend.scope
        self.array_types = loaded.backend.array_types()
        self.writable = loaded.backend.writable
        self.compiles = loaded.backend.compiles
        self.unsupported = loaded.backend.unsupported()
        self.ops = Ops(self)

    def find(self, name: str) -> Callable[..., Any] | None:
        """The kernel of an operation or of a function of the contract; None if there is none."""
        if name in self.unsupported:
            return _raising(f"{name}: backend {self.name!r} does not support it: {self.unsupported[name]}")
        if name in _CONTRACT_KERNELS:
            return _CONTRACT_KERNELS[name](self)
        operation = OPERATIONS.get(name)
        kernel = self._find(name, operation)
        if kernel is None or operation is None:
            return kernel
        if operation.widens_half:
            kernel = self._widened(kernel, operation)
        return kernel if operation.failure is None else explained(kernel, name, operation.failure)

    def _find(self, name: str, operation: Any) -> Callable[..., Any] | None:
        kernel: Any
        if operation is None or operation.standard:
            kernel = self.find_kernel(name)
        else:
            # The namespace may have another function of the same name.
            kernel = self.find_own_kernel(name)
        if type(kernel) is PartialKernel:
            kernel = _completed(kernel, self._scoped(self._decomposition(operation)))
        if operation is not None and kernel is not None and (plugin := self.plugin_of(name)) is not None:
            return checked(kernel, plugin, operation, self)
        if kernel is not None or operation is None or operation.decomposition is None:
            found: Callable[..., Any] | None = kernel
            return found
        return self._scoped(self._decomposition(operation))

    def require_kernel(self, name: str) -> Callable[..., Any]:
        """The kernel of a function that every backend must have.

        Raises
        ------
        NotImplementedError
            If the backend lacks it.
        """
        kernel: Callable[..., Any] | None = self.find_kernel(name)
        if kernel is None:
            raise NotImplementedError(f"backend {self.name!r} has no kernel for {name!r}")
        return kernel

    def _decomposition(self, operation: Any) -> Callable[..., Any]:
        """The decomposition as ``function(*arrays, **parameters)``."""
        decompose = functools.partial(operation.decompose, self.ops)
        if not self.compiles or not operation.compiled:
            return decompose

        @functools.cache
        def compiled(**parameters: Any) -> Callable[..., Any]:
            return self.backend.compile(functools.partial(decompose, **parameters))

        return lambda *arrays, **parameters: compiled(**parameters)(*arrays)

    def _widened(self, kernel: Callable[..., Any], operation: Any) -> Callable[..., Any]:
        """The kernel with half precision computed in float32, and rounded again but to complex numbers."""
        name_of, ops, rounds = self.backend.dtype_name, self.ops, operation.result == "same"

        def widened(*arrays: Any, **parameters: Any) -> Any:
            name = name_of(arrays[0])
            if name not in _HALVES:
                return kernel(*arrays, **parameters)
            found = kernel(*(ops.cast(x, "float32") for x in arrays), **parameters)
            return ops.cast(found, name) if rounds else found

        setattr(widened, _NARROW, kernel)
        return widened

    def _scoped(self, decomposition: Callable[..., Any]) -> Callable[..., Any]:
        scope, types = self.scope, self.array_types
        asarray = self.backend.namespace.asarray

        def as_arrays(found: Any) -> Any:
            # Arithmetic on 0-d arrays of NumPy gives scalars.
            if found is None or isinstance(found, types):
                return found
            return tuple(map(as_arrays, found)) if isinstance(found, (tuple, list)) else asarray(found)

        def kernel(*arrays: Any, **parameters: Any) -> Any:
            first = arrays[0][0] if type(arrays[0]) in (list, tuple) else arrays[0]
            # What JAX traces has no device yet.
            with scope(getattr(first, "device", None)):
                return as_arrays(decomposition(*arrays, **parameters))

        return kernel

    def native_dtype(self, dtype: DType) -> Any:
        """The backend's object for a dtype.

        Raises
        ------
        UnsupportedDTypeError
            If the backend does not support it.
        """
        try:
            return self.dtypes[dtype.name]
        except KeyError:
            raise UnsupportedDTypeError(
                f"backend {self.name!r} does not support {dtype.name}; it has {', '.join(self.dtypes)}"
            ) from None

    def dtype_of(self, array: Any) -> DType:
        """The dtype of a raw array."""
        name = self.backend.dtype_name(array)
        try:
            return DTYPES[name]
        except KeyError:
            raise TypeError(f"Tensorplug has no dtype for {name!r} arrays of backend {self.name!r}") from None

    def key_of(self, array: Any) -> DispatchKey:
        """The dispatch key of a raw array."""
        name = self.backend.device_name(array)
        return key_for(self.places.get(name) or as_device(f"{self.name}:{name}"), self.dtype_of(array))


_NARROW = "__narrow__"


def narrow(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel for float32 and float64, of one that computes half precision in float32."""
    found: Callable[..., Any] = getattr(kernel, _NARROW, kernel)
    return found


def _completed(partial: PartialKernel, decomposed: Callable[..., Any]) -> Callable[..., Any]:
    """A partial kernel, with the decomposition for what it leaves."""
    own, fits = partial

    @functools.wraps(own)
    def completed(*arrays: Any, **parameters: Any) -> Any:
        found = own(*arrays, **parameters) if fits(*arrays) else NotImplemented
        return decomposed(*arrays, **parameters) if found is NotImplemented else found

    return completed


def _raising(message: str) -> Callable[..., Any]:
    """A kernel that raises UnsupportedError."""

    def raising(*arrays: Any, **parameters: Any) -> Any:
        raise UnsupportedError(message)

    return raising


def explained(kernel: Callable[..., Any], name: str, failure: str) -> Callable[..., Any]:
    """The kernel, with the library's LinAlgError replaced by one that is alike on every backend."""

    def kernel_or_error(*arrays: Any, **parameters: Any) -> Any:
        try:
            return kernel(*arrays, **parameters)
        except Exception as error:
            # PyTorch has a class of its own, of that name and an underscore.
            if not type(error).__name__.endswith("LinAlgError"):
                raise
            raise LinAlgError(f"{name}: {failure}") from None

    return kernel_or_error


def _cast(library: Library) -> Callable[..., Any]:
    own = library.require_kernel("astype")
    if library.find_own_kernel("astype") is None:
        own = _from_complex(library, own)

    def cast(array: Any, dtype: Any) -> Any:
        return own(array, library.dtypes.get(dtype, dtype))

    return cast


def _from_complex(library: Library, astype: Callable[..., Any]) -> Callable[..., Any]:
    """`astype` of complex numbers to their real parts, or to whether they are not 0: the standard has neither."""
    reals = [native for name, native in library.dtypes.items() if DTYPES[name].kind in "iuf"]
    complexes = [native for name, native in library.dtypes.items() if DTYPES[name].kind == "c"]
    truth = library.dtypes.get("bool")

    def convert(array: Any, dtype: Any) -> Any:
        if array.dtype in complexes:
            if dtype == truth:
                return array != 0
            array = library.ops.real(array) if dtype in reals else array
        return astype(array, dtype)

    return convert


def _embed(library: Library) -> Callable[..., Any]:
    own = library.find_kernel("embed")
    if own is not None:
        return own
    zeros, put = library.require_kernel("zeros"), library.backend.put

    def embed(array: Any, shape: tuple[int, ...], index: Any) -> Any:
        return put(zeros(shape, dtype=array.dtype, device=device_of(array)), index, array)

    return embed


def _put(library: Library) -> Callable[..., Any]:
    own = library.find_own_kernel("put") or library.backend.put
    return lambda array, value, index: own(array, index, value)


def _draw_on_host(library: Library) -> Callable[..., Any]:
    """Random numbers of a distribution, from words as int64, computed by the host's library."""
    backend = library.backend

    def draw_on_host(words: Any, distribution: Callable[..., Any], parameters: tuple[Any, ...]) -> Any:
        host = library_for(DEFAULT_BACKEND).ops
        drawn = distribution(host, numpy.array(backend.to_numpy(words)).view(numpy.uint64), *parameters)
        return backend.from_numpy(drawn, device_of(words))

    return draw_on_host


def _pointwise(library: Library) -> Callable[..., Any]:
    own, ops = library.backend.pointwise, library.ops
    return lambda formula, arrays, options, summed: own(formula, ops, arrays, options, summed)


def _scan(library: Library) -> Callable[..., Any]:
    own, ops = library.backend.scan, library.ops
    return lambda step, carried, sequences, constants, reverse: own(step, ops, carried, sequences, constants, reverse)


def _scatter_zeros(library: Library) -> Callable[..., Any]:
    own: Callable[..., Any] | None = library.find_kernel("scatter_zeros")
    return own or library.backend.scatter_zeros


def _take_along_axis(library: Library) -> Callable[..., Any]:
    """That of the namespace, which has it from version 2024.12 of the standard on, else by an index."""

    def take_along_axis(x: Any, indices: Any, *, axis: int = -1) -> Any:
        last = len(x.shape) - 1
        along = [numpy.arange(length).reshape(-1, *(1,) * (last - i)) for i, length in enumerate(x.shape)]
        along[axis] = indices
        return library.backend.getitem(x, tuple(along))

    return library.find_kernel("take_along_axis") or take_along_axis


def _view_dtype(library: Library) -> Callable[..., Any]:
    own: Callable[..., Any] | None = library.find_own_kernel("view_dtype")
    if own is not None:
        return own
    if library.writable:
        return lambda array, dtypes: array.view(library.dtypes[dtypes[1]])

    def view_dtype(array: Any, dtypes: tuple[str, str]) -> Any:
        host = library.backend.to_numpy(array)
        return library.backend.from_numpy(host.view(numpy.dtype(dtypes[1])), device_of(array))

    return view_dtype


_CONTRACT_KERNELS: dict[str, Callable[[Library], Callable[..., Any]]] = {
    "cast": _cast,
    "draw_on_host": _draw_on_host,
    "embed": _embed,
    "getitem": lambda library: library.find_kernel("getitem") or library.backend.getitem,
    "index": lambda library: library.find_kernel("getitem") or library.backend.getitem,
    "inspect": lambda library: library.backend.inspect,
    "known": lambda library: library.backend.known,
    "pointwise": _pointwise,
    "put": _put,
    "redistribute": lambda library: library.backend.redistribute,
    "redistribute_like": lambda library: library.backend.redistribute_like,
    "scan": _scan,
    "scatter_zeros": _scatter_zeros,
    "take_along_axis": _take_along_axis,
    "view_dtype": _view_dtype,
}
"""Kernels that every backend has by the contract, and that are not functions of the standard."""


class _Table(dict[str, tuple[Any, "DispatchKey"]]):
    """The kernel and the result's key of each operation by name, looked up at its first use."""

    __slots__ = ("_key",)

    def __init__(self, key: DispatchKey) -> None:
        self._key = key

    def __missing__(self, name: str) -> tuple[Any, DispatchKey]:
        if name.endswith("_"):
            self[name] = self._in_place(name), self._key
            return self[name]
        operation = OPERATIONS[name]
        entry: tuple[Callable[..., Any], DispatchKey] = operation.resolve(self._key)
        if operation.takes(self._key.dtype):
            # What integers are converted to depends on the default dtype, which may change.
            self[name] = entry
        return entry

    def _in_place(self, name: str) -> Any:
        """The kernel that writes the result into the first operand; None unless the result has the operand's dtype."""
        operation = OPERATIONS[name.removesuffix("_")]
        key = self._key
        safe = key.writable and operation.takes(key.dtype) and not operation.is_guarded(key.dtype)
        kernel = key.library.find(name) if safe and self[operation.name][1] is key else None
        return kernel.of(key.dtype.kind) if type(kernel) is ByKind else kernel


@final
class DispatchKey:
    """Backend, device and dtype with their kernels; there is one object for each combination.

    Attributes
    ----------
    library : Library
    device : Device
    dtype : DType
    native_device, native_dtype
        The backend's objects for the two.
    is_half : bool
        Whether the dtype is float16 or bfloat16.
    is_differentiable : bool
        Whether tensors of this dtype can require gradients.
    writable : bool
        Whether the backend's arrays are mutable.
    table
        ``table["add"]`` is the kernel of `add` and the key of its result; ``table["add_"]`` is the in-place kernel,
        or None, and the key.
    scalars
        A cache of 0-d tensors by Python scalar.
    """

    __slots__ = (
        "device",
        "dtype",
        "is_differentiable",
        "is_half",
        "library",
        "native_device",
        "native_dtype",
        "scalars",
        "siblings",
        "table",
        "writable",
    )

    def __init__(self, library: Library, device: Device, dtype: DType) -> None:
        self.library: Final = library
        self.device: Final = device
        self.dtype: Final = dtype
        self.native_device: Final = library.devices[device.local_name]
        self.native_dtype: Final = library.native_dtype(dtype)
        self.is_half: Final = dtype.kind == "f" and dtype.itemsize == 2
        self.is_differentiable: Final = dtype.is_differentiable
        self.writable: Final = library.writable
        self.table: Final = _Table(self)
        self.scalars: Final[dict[Any, Any]] = {}
        self.siblings: Final[dict[DType, DispatchKey]] = {dtype: self}

    def with_dtype(self, dtype: DType) -> DispatchKey:
        """The key of this device and another dtype."""
        sibling = self.siblings.get(dtype)
        if sibling is None:
            sibling = self.siblings[dtype] = key_for(self.device, dtype)
        return sibling

    def __repr__(self) -> str:
        return f"{self.device} {self.dtype.name}"


_libraries: dict[str, Library] = {}
_owners: dict[Device, Library] = {}
_keys: dict[tuple[Device, DType], DispatchKey] = {}

derivations: dict[str, Callable[[Library], Library]] = {}
"""By the name of a transform, what makes the library of its arrays from the library of those underneath."""


def _forget(backend: str) -> None:
    """Drop the library of a backend whose name another backend takes; old devices and keys keep the old library."""
    _libraries.pop(backend, None)


forgetters.append(_forget)


def loaded_libraries() -> list[Library]:
    """The libraries of the backends used so far."""
    return list(_libraries.values())


def loaded_keys() -> list[DispatchKey]:
    """The keys used so far."""
    return list(_keys.values())


def library_for(backend: str) -> Library:
    """The library of a backend, loaded at the first use."""
    found = _libraries.get(backend)
    if found is None:
        found = _libraries.setdefault(backend, Library(backend))
        own_places(found)
    return found


def own_places(library: Library) -> None:
    """Make keys of the devices of a library its own."""
    _owners.update(dict.fromkeys(library.places.values(), library))


def add_place(library: Library, device: Device, native: Any) -> None:
    """Give a library, and those derived from it, one more device."""
    library.devices[device.local_name] = native
    library.places[device.local_name] = device
    _owners[device] = library
    for other in set(_owners.values()):
        if getattr(other, "inner", None) is library:
            add_place(other, derived(device, other.transform), native)  # type: ignore[attr-defined]


def library_of(device: Device) -> Library:
    """The library that a device belongs to."""
    found = _owners.get(device)
    if found is None:
        if device._inner is None:
            return library_for(device.backend)
        found = derivations[device.transform](library_of(device._inner))
    return found


def key_for(device: Device, dtype: DType) -> DispatchKey:
    """The one key of a device and a dtype."""
    found = _keys.get((device, dtype))
    if found is None:
        found = _keys.setdefault((device, dtype), DispatchKey(library_of(device), device, dtype))
    return found
