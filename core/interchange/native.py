"""Conversion of tensors to and from the arrays of their backend's library, without copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy

from ...backends import names
from ..dispatch.keys import Library, library_for
from ..dispatch.registry import method, public
from ..memory.tensor import Tensor, wrap
from ..memory.views import (
    array_of,
    can_wrap_shared,
    keep_strides,
    wrap_shared,
)
from ..types.devices import default_backend
from ..types.errors import CopyError, VmapError
from .interop import host_array

__all__ = ["from_native"]


@method()
def to_native(x: Tensor) -> Any:
    """The array of the backend's library that holds the values, without a copy: NumPy's, JAX's, CuPy's.

    It has no history: what is computed with it is not recorded. Where the library's arrays can be written, the two
    share memory, and a write to the array is not noticed by `backward`; where they cannot, a later write to the tensor
    leaves the array as it is. `from_native` is the way back.

    Raises
    ------
    RuntimeError
        If the tensor requires a gradient, which would be lost: use ``x.detach().to_native()``.
    VmapError, CompileError
        Inside `vmap` and `compile`, where the array is not the tensor's alone, or not computed yet.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2).to_native()
    array([1., 1.], dtype=float32)
    """
    if x.requires_grad:
        raise RuntimeError(
            "to_native: can't call to_native() on a Tensor that requires grad; use x.detach().to_native()"
        )
    if x._key.library.depth:
        # The transform says what is wrong with reading a value.
        host_array(x)
        raise VmapError("to_native: inside vmap a tensor is no array of its own; use it outside of the function")
    array = array_of(x)
    if x._key.writable:
        keep_strides(x)
    return array


@public("from_native")
def from_native(array: Any, *, backend: str | None = None, copy: bool | None = None) -> Tensor:
    """Convert an array of a backend's library to a tensor on that backend and on the array's device.

    The two share memory. A NumPy array that is read-only or byte-swapped, or whose elements overlap, is copied.

    Parameters
    ----------
    array
        An array of NumPy, JAX, CuPy or of the library of any other backend.
    backend : str, optional
        The backend, where several have arrays of this type; by default the default backend if it is one of them, else
        the first.
    copy : bool, optional
        True always copies; False never copies, but raises if it must; by default a copy is made if needed.

    Raises
    ------
    TypeError
        If no backend, or not the named one, has arrays of this type, or tensors have no such dtype.
    ValueError
        If `copy` is False and a copy is needed.

    Examples
    --------
    >>> import numpy
    >>> import tensorplug as tp
    >>> a = numpy.zeros(2)
    >>> x = tp.from_native(a)
    >>> x += 1
    >>> a
    array([1., 1.])
    >>> x.to_native() is a
    True
    """
    library = library_of_array(array, backend)
    if library is None:
        wanted = "of any backend" if backend is None else f"of backend {backend!r}"
        raise TypeError(f"from_native: got {type(array).__name__}, which is no array {wanted}; use tensorplug.asarray")
    key = library.key_of(array)
    if isinstance(array, numpy.ndarray) and type(array) not in library.array_types:
        array = array.view(numpy.ndarray)
    if not copy and not key.writable:
        return wrap(array, key)
    if not copy and can_wrap_shared(array, key):
        return wrap_shared(array, key)
    if copy is False:
        raise CopyError("from_native: got copy=False, but a read-only array, or one of such strides, must be copied")
    if isinstance(array, numpy.ndarray):
        # In the byte order of this machine, too.
        return wrap(library.backend.from_numpy(array, key.native_device), key)
    return wrap(library.backend.copy(array), key)


def library_of_array(array: Any, backend: str | None = None) -> Library | None:
    """The library that has the array's type: the named one, the default one, or else the first that is found."""
    for library in _libraries(backend):
        if isinstance(array, library.array_types):
            return library
    return None


def _libraries(backend: str | None) -> Iterator[Library]:
    if backend is not None:
        yield library_for(backend)
        return
    for name in dict.fromkeys([default_backend(), *names()]):
        try:
            yield library_for(name)
        except RuntimeError:
            continue
