"""`tensor` and `asarray`: tensors from numbers, nested sequences, arrays of any library and buffers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy

from ....autograd.captured import is_differentiated
from ....backends import convert
from ...autodiff.leaves import requires_grad_
from ...dispatch.keys import DispatchKey, Library, key_for, loaded_libraries
from ...dispatch.registry import public
from ...interchange.interop import from_dlpack
from ...memory.coercion import require_range
from ...memory.structure import cast, clone, move_and_convert
from ...memory.tensor import Tensor, wrap
from ...memory.views import can_wrap_shared, wrap_shared
from ...types.devices import Device, new_device
from ...types.dtypes import SCALARS, DType, as_dtype, bool_, default_complex, float32, get_default_dtype, int64
from ...types.errors import ShapeError
from ..data_types import require_convertible, result_type
from ..manipulation import stack

__all__ = ["as_tensor", "asarray", "tensor"]


@public("tensor")
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Create a tensor from numbers, nested sequences or an array; always a copy.

    Parameters
    ----------
    data : number, nested sequence, array or Tensor
        Sequences may be nested, and must be so evenly.
    dtype : dtype, optional
        By default that of an array; int64, the default float or complex, or bool for Python numbers.
    device : device, optional
        By default the default device.
    requires_grad : bool, default: False
        Whether the tensor requires a gradient.

    Raises
    ------
    ValueError
        If sequences are nested unevenly.
    TypeError
        If something is no number, or a gradient is wanted of integers.

    Notes
    -----
    As in PyTorch, the copy of a tensor has no history, and begins one with `requires_grad`. Only in a function that
    `tensorplug.func` differentiates it keeps it, so that no derivative is lost there.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    made = asarray(data, dtype=dtype, device=device, copy=True)
    if made._node is not None and (requires_grad or not is_differentiated()):
        made = wrap(made._array, made._key)
    return requires_grad_(made) if requires_grad else made


@public("asarray")
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """Convert an object to a tensor.

    Parameters
    ----------
    obj : number, nested sequence, array, buffer or Tensor
        Tensors and arrays may stand in nested sequences; they are stacked, and their gradients recorded.
    dtype : dtype, optional
        By default an array keeps its own; of Python numbers it is bool, int64, or the default float or complex.
        Arrays and Python numbers in one sequence meet as in arithmetic.
    device : device, optional
        By default a tensor, or an array of a backend other than NumPy's, stays where it is, and everything else is
        put on the default device.
    copy : bool, optional
        True always copies; False never does, and raises where it would have to; by default memory is shared where
        it can be. Arrays and buffers are shared on backends that hold them themselves, if they may be written.

    Raises
    ------
    ValueError
        If `copy` is False and a copy is needed, or sequences are nested unevenly.
    TypeError
        If something is no number.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.asarray([True, False])
    tensor([ True, False])
    """
    if isinstance(obj, Tensor):
        made = converted("asarray", obj, dtype, device)
        if copy is False and made is not obj:
            raise _needs_copy(obj, "another dtype or device needs one")
        made = clone(obj) if copy and made is obj else made
    else:
        made = _from_object(obj, None if dtype is None else as_dtype(dtype), device, copy)
    return requires_grad_(made) if requires_grad else made


@public("as_tensor")
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """PyTorch's spelling of `asarray`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.as_tensor([1, 2], dtype=tp.float64)
    tensor([1., 2.], dtype=tensorplug.float64)
    """
    return asarray(data, dtype=dtype, device=device)


def converted(operation: str, x: Tensor, dtype: Any, device: Any) -> Tensor:
    """Convert a tensor to another dtype, except complex to real, and to another device."""
    if dtype is not None:
        require_convertible(operation, x.dtype, as_dtype(dtype))
    return move_and_convert(x, dtype, device)


def _needs_copy(obj: Any, reason: str) -> ValueError:
    return ValueError(f"asarray: got copy=False, but a tensor of this {type(obj).__name__} is a copy: {reason}")


def _from_object(obj: Any, dtype: DType | None, device: Any, copy: bool | None) -> Tensor:
    library = _library_of(obj)
    if library is not None:
        return _from_library(library, obj, dtype, device, copy)
    host = _host_array(obj, copy)
    if host is not None:
        return _from_array(obj, host, dtype or as_dtype(host.dtype.newbyteorder("=")), device, copy)
    if hasattr(obj, "__dlpack__"):
        shared = from_dlpack(obj, copy=copy)
        return asarray(shared, dtype=dtype, device=device, copy=False if copy is False else None)
    if copy is False:
        raise _needs_copy(obj, "it has no memory to be shared")
    leaves = list(_leaves(obj))
    strong = [one for one in leaves if hasattr(one, "dtype")]
    if strong and isinstance(obj, list | tuple):
        dtype = dtype or _common_dtype(leaves)
        if all(isinstance(one, _ON_HOST) for one in leaves):
            host = _stacked_on_host(obj, leaves, dtype)
            return from_host(host, as_dtype(host.dtype.newbyteorder("=")), dtype, device)
        return _stacked(obj, dtype, device or _common_device(strong))
    host = _from_sequences(obj, leaves, dtype)
    own = as_dtype(host.dtype)
    return from_host(host, own, dtype or _python_dtype(host), device)


def _library_of(obj: Any) -> Library | None:
    """The library that an array belongs to; None for NumPy arrays, which go to any device."""
    if isinstance(obj, numpy.ndarray | numpy.generic):
        return None
    for library in loaded_libraries():
        if isinstance(obj, library.array_types):
            return library
    return None


def _from_library(library: Library, array: Any, dtype: DType | None, device: Any, copy: bool | None) -> Tensor:
    """Convert an array of a backend other than NumPy's."""
    key = library.key_of(array)
    target = new_device(device, key.device)
    changes = target is not key.device or dtype not in (None, key.dtype)
    if copy is False and changes:
        raise _needs_copy(array, "another dtype or device needs one")
    if copy and not changes:
        return wrap(library.backend.copy(array), key)
    return move_and_convert(wrap_shared(array, key) if library.writable else wrap(array, key), dtype, target)


def _host_array(obj: Any, copy: bool | None) -> numpy.ndarray | None:
    """Convert an array of another library, or a buffer, to a NumPy array; None for numbers and sequences."""
    if isinstance(obj, numpy.ndarray):
        return numpy.asarray(obj)
    if isinstance(obj, (list, tuple, range, *SCALARS)) and not isinstance(obj, numpy.generic):
        return None
    if any(hasattr(obj, name) for name in _ARRAY_PROTOCOLS):
        try:
            host = numpy.asarray(obj, copy=False if copy is False else None)
        except ValueError:
            raise _needs_copy(obj, "it has no memory of an array's") from None
        except TypeError:
            # The backend may have a dtype that NumPy lacks, such as bfloat16.
            if hasattr(obj, "__dlpack__"):
                return None
            raise
        # Objects may hold numbers.
        return None if host.dtype.hasobject else host
    try:
        view = memoryview(obj)
    except TypeError:
        return None
    return numpy.asarray(view)


_ARRAY_PROTOCOLS = ("__array__", "__array_interface__", "__array_struct__")


def _from_array(obj: Any, host: numpy.ndarray, dtype: DType, device: Any, copy: bool | None) -> Tensor:
    """Convert a NumPy array, sharing memory if possible."""
    key = key_for(new_device(device), dtype)
    own = as_dtype(host.dtype.newbyteorder("="))
    if copy is not True and own is dtype and can_wrap_shared(host, key):
        return wrap_shared(host, key)
    if copy is False:
        raise _needs_copy(
            obj, f"only an array of {dtype} that may be written can be shared, on a backend of such arrays"
        )
    return from_host(host, own, dtype, device)


def _leaves(obj: Any) -> Iterator[Any]:
    """The leaves of nested sequences."""
    if isinstance(obj, list | tuple):
        for one in obj:
            yield from _leaves(one)
    else:
        yield obj


def _common_dtype(leaves: list[Any]) -> DType:
    """The common dtype of arrays and Python numbers."""
    return result_type(*(_dtype_of(one) if hasattr(one, "dtype") else _number(one) for one in leaves))


def _dtype_of(array: Any) -> DType:
    if isinstance(array, numpy.ndarray | numpy.generic):
        return as_dtype(array.dtype.newbyteorder("="))
    return asarray(array).dtype


def _number(one: Any) -> Any:
    if not isinstance(one, SCALARS):
        raise TypeError(f"tensor: got elements of type {type(one).__name__}, wanted numbers")
    return one


def _common_device(arrays: list[Any]) -> Device | None:
    return next((one.device for one in arrays if isinstance(one, Tensor)), None)


def _stacked(obj: Any, dtype: DType, device: Any) -> Tensor:
    """Stack nested sequences of arrays into a tensor."""
    if not isinstance(obj, list | tuple):
        return asarray(obj, dtype=dtype, device=device)
    if not obj:
        return asarray(numpy.empty(0), dtype=dtype, device=device)
    parts = [_stacked(one, dtype, device) for one in obj]
    if len({part.shape for part in parts}) > 1:
        raise _uneven()
    return stack(parts)


_ON_HOST = (numpy.ndarray, numpy.generic, *SCALARS)
"""The types of leaves that can be stacked on the host."""


def _stacked_on_host(obj: Any, leaves: list[Any], dtype: DType) -> numpy.ndarray:
    """Stack nested sequences of NumPy arrays and numbers on the host; bfloat16 may still be float32."""
    if isinstance(obj, list | tuple) and not _are_alike(leaves):
        parts = [_stacked_on_host(one, list(_leaves(one)), dtype) for one in obj]
        if len({part.shape for part in parts}) > 1:
            raise _uneven()
        return numpy.stack(parts)
    try:
        host = _from_sequences(obj, leaves, dtype) if type(obj) in SCALARS else numpy.asarray(obj)
    except ValueError:
        raise _uneven() from None
    return _converted(host, as_dtype(host.dtype.newbyteorder("=")), dtype)


def _are_alike(leaves: list[Any]) -> bool:
    """Whether all leaves are NumPy arrays or scalars of one dtype and shape, which NumPy stacks directly."""
    kinds = {(one.dtype, one.shape) if hasattr(one, "dtype") else None for one in leaves}
    return None not in kinds and len(kinds) <= 1


def _uneven() -> ShapeError:
    return ShapeError("tensor: the sequences are nested unevenly, as in [[1, 2], [3]]")


def _from_sequences(obj: Any, leaves: list[Any], dtype: DType | None) -> numpy.ndarray:
    """Convert nested sequences of numbers to a NumPy array."""
    try:
        host = numpy.asarray(obj)
    except ValueError:
        raise _uneven() from None
    whole = host.dtype.kind in "fO" and host.size > 0 and all(isinstance(one, int) for one in leaves)
    if whole and (dtype is None or dtype.kind in "iu"):
        # NumPy converts integers that fit neither int64 nor uint64 to floating-point numbers.
        target = dtype or int64
        require_range("tensor", target, min(leaves))
        require_range("tensor", target, max(leaves))
        return numpy.asarray(obj, dtype=target.name)
    if host.dtype.kind == "O" and all(isinstance(one, int | float | complex) for one in leaves):
        for one in leaves:
            require_range("tensor", get_default_dtype(), one)
        return host.astype(numpy.complex128 if any(isinstance(one, complex) for one in leaves) else numpy.float64)
    if host.dtype.kind not in "biufc":
        odd = next((one for one in leaves if not isinstance(one, SCALARS)), obj)
        remedy = "; make it dense with its method toarray()" if hasattr(odd, "toarray") else ""
        raise TypeError(f"tensor: got elements of type {type(odd).__name__}, wanted numbers{remedy}")
    return host


def _python_dtype(host: numpy.ndarray) -> DType:
    if host.dtype.kind == "f":
        return get_default_dtype()
    if host.dtype.kind == "c":
        return default_complex()
    return bool_ if host.dtype.kind == "b" else int64


def from_host(host: numpy.ndarray, own: DType, dtype: DType, device: Any) -> Tensor:
    """Copy a NumPy array to a device, converted on the host if NumPy can, else on the device."""
    return put_on_device(host, own, key_for(new_device(device), dtype))


def put_on_device(host: numpy.ndarray, own: DType, key: DispatchKey) -> Tensor:
    """Copy a NumPy array to the device of a key, and convert it to its dtype: see `from_host`."""
    dtype = key.dtype
    host = _converted(host, own, dtype)
    if own is not dtype and dtype.name == "bfloat16":
        wide = key.with_dtype(float32)
        return cast(wrap(wide.library.backend.from_numpy(host, key.native_device), wide), dtype)
    return wrap(key.library.backend.from_numpy(host, key.native_device), key)


def _converted(host: numpy.ndarray, own: DType, dtype: DType) -> numpy.ndarray:
    """Convert a NumPy array to a dtype; float32 for bfloat16, which NumPy may lack."""
    if own is dtype:
        return host
    if host.dtype.kind in "iu" and dtype.kind in "iu" and host.size:
        require_range("tensor", dtype, int(host.min()))
        require_range("tensor", dtype, int(host.max()))
    if host.dtype.kind == "c" and dtype.kind in "iuf":
        raise TypeError(f"tensor: complex numbers do not convert to {dtype}; take their real part")
    return convert(host, "float32" if dtype.name == "bfloat16" else dtype.name)
