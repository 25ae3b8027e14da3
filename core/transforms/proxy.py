"""Arrays that stand for those of another library, and the library that computes with them."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy

from ...backends import Backend, device_of
from ..dispatch.keys import Library, Ops, own_places
from ..types.devices import derived

NUMBERS = (int, float, complex, numpy.generic)


class Proxy:
    """What computes as an array of another shape does, and is another library's array underneath.

    Attributes
    ----------
    array
        The array of the library that the proxy's is derived from.
    library : DerivedLibrary
    level
        The call of the transform that it belongs to; None for a constant, which belongs to all.
    var
        The array of the program that it is, while a function is compiled.
    """

    __slots__ = ("array", "level", "library", "var")
    var: Any

    # NumPy's operators leave proxies to these.
    __array_ufunc__ = None
    __array_priority__ = 2000
    __hash__ = object.__hash__

    def __init__(self, array: Any, library: DerivedLibrary, level: Any = None) -> None:
        self.array = array
        self.library = library
        self.level = level

    @property
    def shape(self) -> tuple[int, ...]:
        """That of what it stands for."""
        return self.library.shape_of(self)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> Any:
        """The dtype of the array underneath."""
        return self.array.dtype

    @property
    def device(self) -> Any:
        """The device of the array underneath."""
        return self.library.device_of(self)

    @property
    def mT(self) -> Any:
        """The matrices, transposed."""
        return self.library.ops.matrix_transpose(self)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        return self.library.ops.getitem(self, index)

    def __neg__(self) -> Any:
        return self.library.operate(operator.neg, self)

    def __invert__(self) -> Any:
        return self.library.operate(operator.invert, self)

    def __abs__(self) -> Any:
        return self.library.ops.abs(self)

    def __matmul__(self, other: Any) -> Any:
        return self.library.ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return self.library.ops.matmul(other, self)

    def __bool__(self) -> bool:
        return bool(self._value())

    def __float__(self) -> float:
        return float(self._value())

    def __int__(self) -> int:
        return int(self._value())

    def __complex__(self) -> complex:
        return complex(self._value())

    def _value(self) -> Any:
        return self.library.backend.to_numpy(self).item()

    def __repr__(self) -> str:
        return f"Proxy({self.array!r})"


def _operator(function: Callable[[Any, Any], Any], swapped: bool = False) -> Callable[[Proxy, Any], Any]:
    def method(self: Proxy, other: Any) -> Any:
        return self.library.operate(function, *((other, self) if swapped else (self, other)))

    return method


for _name in "add sub mul truediv floordiv mod pow and or xor lshift rshift".split():
    _function = getattr(operator, f"__{_name}__")
    setattr(Proxy, f"__{_name}__", _operator(_function))
    setattr(Proxy, f"__r{_name}__", _operator(_function, swapped=True))
for _name in "lt le gt ge eq ne".split():
    setattr(Proxy, f"__{_name}__", _operator(getattr(operator, _name)))


class DerivedLibrary(Library):
    """A library of proxies of another library's arrays, on devices of its own.

    Its arrays cannot be written, so views and in-place operations are those of any such backend.
    """

    __slots__ = ("depth", "inner")

    transform: str
    """The name of the transform, in `tensorplug.core.dispatch.keys.derivations` too."""

    backend: DerivedBackend

    def __init__(self, inner: Library) -> None:
        self.inner = inner
        self.depth = inner.depth + 1
        self.name = inner.name
        self.devices = inner.devices
        self.places = {name: derived(device, self.transform) for name, device in inner.places.items()}
        self.dtypes = inner.dtypes
        self.scope = inner.scope
        self.array_types = (Proxy,)
        self.writable = False
        self.compiles = False
        self.unsupported = inner.unsupported
        own: Any = self.find
        self.find_kernel = self.find_own_kernel = own
        self.ops = Ops(self)
        self.backend = self.make_backend()
        own_places(self)

    def make_backend(self) -> DerivedBackend:
        """The contract's side of it."""
        raise NotImplementedError

    def shape_of(self, proxy: Proxy) -> tuple[int, ...]:
        """The shape of what a proxy stands for."""
        raise NotImplementedError

    def device_of(self, proxy: Proxy) -> Any:
        """The device of the array underneath."""
        return device_of(proxy.array)

    def operate(self, function: Callable[..., Any], *operands: Any) -> Proxy:
        """An operator of Python on proxies, other arrays and numbers."""
        raise NotImplementedError

    def constant(self, array: Any) -> Proxy:
        """The proxy of an array of the inner library that belongs to no level."""
        raise NotImplementedError

    def own(self, value: Any) -> Proxy:
        """A proxy, array or number as an array of this library.

        What is none, such as the positions in an index, may be NumPy's.
        """
        if type(value) is Proxy and value.library is self:
            return value
        return self.constant(own_array(self.inner, value))

    def owned(self, found: Any) -> Any:
        """What a decomposition returned, as arrays of this library."""
        if found is None or type(found) is Proxy:
            return found
        return tuple(map(self.owned, found)) if isinstance(found, (tuple, list)) else self.own(found)


def own_array(library: Library, value: Any) -> Any:
    """An array of any kind as one of a library."""
    if isinstance(library, DerivedLibrary):
        return library.own(value)
    if isinstance(value, library.array_types):
        return value
    return library.backend.from_numpy(numpy.asarray(value), None)


class DerivedBackend(Backend):
    """The contract of a derived library, by the inner one's."""

    def __init__(self, library: DerivedLibrary) -> None:
        self.library = library
        self.inner = library.inner.backend
        self.namespace = library.ops

    def dtype_name(self, array: Proxy) -> str:
        return self.inner.dtype_name(array.array)

    def device_name(self, array: Proxy) -> str:
        return self.inner.device_name(array.array)

    def from_numpy(self, array: numpy.ndarray, device: Any) -> Proxy:
        return self.library.constant(self.inner.from_numpy(array, device))

    def copy(self, array: Proxy) -> Proxy:
        return Proxy(self.inner.copy(array.array), array.library, array.level)

    def getitem(self, array: Proxy, index: Any) -> Proxy:
        found: Proxy = self.library.ops.getitem(array, index)
        return found

    def put(self, array: Proxy, index: Any, value: Any) -> Proxy:
        found: Proxy = self.library.ops.put(array, value, index)
        return found

    def scope(self, device: Any = None) -> Any:
        return self.inner.scope(device)

    def synchronize(self, device: Any) -> None:
        self.inner.synchronize(device)


class Place(NamedTuple):
    """Where the user's code is: ``file:line``, and the function of ours that it calls there."""

    line: str
    function: str


def user_place() -> Place:
    """The line of the user's code that is being run; empty if there is none."""
    frame: Any = sys._getframe(1)
    package = __name__.partition(".")[0]
    function = ""
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        function = frame.f_code.co_name
        frame = frame.f_back
    return Place("" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}", function)


def at_place() -> str:
    """`user_place` within a message."""
    line = user_place().line
    return line and f" at {line}"


def proxies_in(tree: Any, library: DerivedLibrary) -> Iterator[Proxy]:
    """The arrays of a library in tuples, lists and dicts."""
    if type(tree) is Proxy and tree.library is library:
        yield tree
    elif isinstance(tree, (dict, tuple, list)):
        for one in tree.values() if isinstance(tree, dict) else tree:
            yield from proxies_in(one, library)


def replaced(tree: Any, library: DerivedLibrary, replace: Callable[[Proxy], Any]) -> Any:
    """The tree with something else in the place of the arrays of a library."""
    if type(tree) is Proxy and tree.library is library:
        return replace(tree)
    if isinstance(tree, dict):
        return {key: replaced(one, library, replace) for key, one in tree.items()}
    if isinstance(tree, (tuple, list)):
        parts = [replaced(one, library, replace) for one in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return tree
