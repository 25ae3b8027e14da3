"""Dispatch keys: backend, device and dtype in one object, so that one identity check tells whether operands agree.

A key carries the table in which an operation looks up its kernel and the key of its result. An entry is made when
an operation first meets the key; whether the operation takes the dtype at all is decided there, once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

import numpy

from ...backends import (
    Backend,
    ByKind,
    forgetters,
    load,
)
from ..types.devices import Device, as_device, backend_devices
from ..types.dtypes import DTYPES, DType
from ..types.errors import LinAlgError, UnsupportedDTypeError, UnsupportedError
from .registry import OPERATIONS


class Ops:
    """The kernels of one backend as attributes: what rules and decompositions compute with on raw arrays.

    A kernel is, first come first served, one that another plugin gave, the backend's own, the function of that name
    in its namespace, or the operation's decomposition.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Callable[..., Any]:
        kernel = self._library.find(name)
        if kernel is None:
            raise NotImplementedError(f"backend {self._library.name!r} has no kernel for {name!r}")
        setattr(self, name, kernel)
        return kernel


@final
class Library:
    """A loaded backend together with every operation that Tensorplug can do on it."""

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
        "scope",
        "unsupported",
        "writable",
    )

    name: Final[str]
    backend: Final[Backend]

    def __init__(self, name: str) -> None:
        loaded = load(name)
        self.name = name
        self.backend = loaded.backend
        self.find_kernel = loaded.find
        self.find_own_kernel = loaded.kernels.get
        self.devices = loaded.devices
        self.places = {device.local_name: device for device in backend_devices(name)}
        self.dtypes = loaded.dtypes
        self.scope = loaded.backend.scope
        self.array_types = loaded.backend.array_types()
        self.writable = loaded.backend.writable
        self.compiles = loaded.backend.compiles
        self.unsupported = loaded.backend.unsupported()
        self.ops = Ops(self)

    def find(self, name: str) -> Callable[..., Any] | None:
        """The kernel of an operation or one of the contract's own functions, or None."""
        if name in self.unsupported:
            return _refusing(f"{name}: backend {self.name!r} does not support it: {self.unsupported[name]}")
        if name in _CONTRACT_KERNELS:
            return _CONTRACT_KERNELS[name](self)
        operation = OPERATIONS.get(name)
        kernel = self._find(name, operation)
        if kernel is None or operation is None or operation.failure is None:
            return kernel
        return _explained(kernel, name, operation.failure)

    def _find(self, name: str, operation: Any) -> Callable[..., Any] | None:
        if operation is None or operation.standard:
            kernel = self.find_kernel(name)
        else:
            # What the namespace has under the name of one of Tensorplug's own operations is another function.
            kernel = self.find_own_kernel(name)
        if kernel is not None or operation is None or operation.decomposition is None:
            return kernel
        return self._scoped(operation.decompose)

    def require_kernel(self, name: str) -> Callable[..., Any]:
        """The same of a function that every backend must have.

        Raises
        ------
        NotImplementedError
            If this one has not.
        """
        kernel: Callable[..., Any] | None = self.find_kernel(name)
        if kernel is None:
            raise NotImplementedError(f"backend {self.name!r} has no kernel for {name!r}")
        return kernel

    def _scoped(self, decomposition: Callable[..., Any]) -> Callable[..., Any]:
        ops, scope, types = self.ops, self.scope, self.array_types
        asarray = self.backend.namespace.asarray

        def own(found: Any) -> Any:
            """Arithmetic on 0-d arrays gives scalars on libraries such as NumPy."""
            if found is None or isinstance(found, types):
                return found
            return tuple(map(own, found)) if isinstance(found, (tuple, list)) else asarray(found)

        def kernel(*arrays: Any, **parameters: Any) -> Any:
            first = arrays[0][0] if type(arrays[0]) in (list, tuple) else arrays[0]
            # What JAX traces has no device yet.
            with scope(getattr(first, "device", None)):
                return own(decomposition(ops, *arrays, **parameters))

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


def _refusing(message: str) -> Callable[..., Any]:
    """A kernel of what the backend declares that it cannot do."""

    def refusing(*arrays: Any, **parameters: Any) -> Any:
        raise UnsupportedError(message)

    return refusing


def _explained(kernel: Callable[..., Any], name: str, failure: str) -> Callable[..., Any]:
    """The kernel with an error of our own where its library finds no result."""

    def explained(*arrays: Any, **parameters: Any) -> Any:
        try:
            return kernel(*arrays, **parameters)
        except numpy.linalg.LinAlgError:
            raise LinAlgError(f"{name}: {failure}") from None

    return explained


def _cast(library: Library) -> Callable[..., Any]:
    own = library.require_kernel("astype")
    if library.find_own_kernel("astype") is None:
        own = _of_real_parts(library, own)

    def cast(array: Any, dtype: Any) -> Any:
        return own(array, library.dtypes.get(dtype, dtype))

    return cast


def _of_real_parts(library: Library, astype: Callable[..., Any]) -> Callable[..., Any]:
    """A conversion that the standard leaves undefined, of complex numbers to real ones, made of their real parts."""
    reals = [native for name, native in library.dtypes.items() if DTYPES[name].kind in "iuf"]
    complexes = [native for name, native in library.dtypes.items() if DTYPES[name].kind == "c"]

    def convert(array: Any, dtype: Any) -> Any:
        return astype(library.ops.real(array) if array.dtype in complexes and dtype in reals else array, dtype)

    return convert


def _embed(library: Library) -> Callable[..., Any]:
    own = library.find_kernel("embed")
    if own is not None:
        return own
    zeros, put = library.require_kernel("zeros"), library.backend.put

    def embed(array: Any, shape: tuple[int, ...], index: Any) -> Any:
        return put(zeros(shape, dtype=array.dtype, device=array.device), index, array)

    return embed


def _put(library: Library) -> Callable[..., Any]:
    own = library.find_own_kernel("put") or library.backend.put
    return lambda array, value, index: own(array, index, value)


def _pointwise(library: Library) -> Callable[..., Any]:
    own, ops = library.backend.pointwise, library.ops
    return lambda formula, arrays, options, summed: own(formula, ops, arrays, options, summed)


def _scatter_zeros(library: Library) -> Callable[..., Any]:
    own: Callable[..., Any] | None = library.find_kernel("scatter_zeros")
    return own or library.backend.scatter_zeros


def _view_dtype(library: Library) -> Callable[..., Any]:
    own: Callable[..., Any] | None = library.find_own_kernel("view_dtype")
    if own is not None:
        return own
    if library.writable:
        return lambda array, dtypes: array.view(library.dtypes[dtypes[1]])

    def view_dtype(array: Any, dtypes: tuple[str, str]) -> Any:
        host = library.backend.to_numpy(array)
        return library.backend.from_numpy(host.view(numpy.dtype(dtypes[1])), array.device)

    return view_dtype


_CONTRACT_KERNELS: dict[str, Callable[[Library], Callable[..., Any]]] = {
    "cast": _cast,
    "embed": _embed,
    "getitem": lambda library: library.find_kernel("getitem") or library.backend.getitem,
    "index": lambda library: library.find_kernel("getitem") or library.backend.getitem,
    "inspect": lambda library: library.backend.inspect,
    "known": lambda library: library.backend.known,
    "pointwise": _pointwise,
    "put": _put,
    "scatter_zeros": _scatter_zeros,
    "view_dtype": _view_dtype,
}
"""Functions that rules may use on any backend and that are no functions of the standard."""


class _Table(dict[str, tuple[Any, "DispatchKey"]]):
    """Kernel and result's key by the name of the operation, filled at the first use of each."""

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
        """The kernel that writes the result into the first operand, where that gives what is then read there."""
        operation = OPERATIONS[name.removesuffix("_")]
        key = self._key
        safe = key.writable and operation.takes(key.dtype) and not operation.is_guarded(key.dtype)
        kernel = key.library.find(name) if safe and self[operation.name][1] is key else None
        return kernel.of(key.dtype.kind) if type(kernel) is ByKind else kernel


@final
class DispatchKey:
    """Backend, device and dtype, with the kernels that serve them. There is one object for each combination.

    Attributes
    ----------
    library : Library
    device : Device
    dtype : DType
    native_device, native_dtype
        What the backend calls the two.
    is_half : bool
        Whether this is a half-precision type, in which little is computed.
    is_differentiable : bool
        Whether tensors of this dtype have a history.
    writable : bool
        Whether the backend's arrays are written in place.
    table
        ``table["add"]`` is the kernel of `add` and the key of its result, ``table["add_"]`` the one that writes the
        result into the first operand, or None where there is none.
    scalars
        0-d tensors made from Python scalars, kept for the next time.
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
        """The key of the same device with another dtype."""
        sibling = self.siblings.get(dtype)
        if sibling is None:
            sibling = self.siblings[dtype] = key_for(self.device, dtype)
        return sibling

    def __repr__(self) -> str:
        return f"{self.device} {self.dtype.name}"


_libraries: dict[str, Library] = {}
_owners: dict[Device, Library] = {}
_keys: dict[tuple[Device, DType], DispatchKey] = {}


def _forget(backend: str) -> None:
    """Another backend that comes under a name is loaded; devices of the old one, and their keys, stay its own."""
    _libraries.pop(backend, None)


forgetters.append(_forget)


def loaded_libraries() -> list[Library]:
    """The libraries of the backends that have been used so far."""
    return list(_libraries.values())


def loaded_keys() -> list[DispatchKey]:
    """The keys that have been used so far."""
    return list(_keys.values())


def library_for(backend: str) -> Library:
    """The library of a backend, loading it at the first use."""
    found = _libraries.get(backend)
    if found is None:
        found = _libraries.setdefault(backend, Library(backend))
        _owners.update(dict.fromkeys(found.places.values(), found))
    return found


def key_for(device: Device, dtype: DType) -> DispatchKey:
    """The one key of a device and a dtype."""
    found = _keys.get((device, dtype))
    if found is None:
        library = _owners.get(device) or library_for(device.backend)
        found = _keys.setdefault((device, dtype), DispatchKey(library, device, dtype))
    return found
