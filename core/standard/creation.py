"""Creation functions (array API standard 2025.12, "Creation Functions"), and PyTorch's `tensor`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from ...autograd.captured import is_differentiated
from ...autograd.modes import is_grad_enabled
from ...backends import convert
from ..autodiff.leaves import requires_grad_
from ..dispatch.keys import (
    DispatchKey,
    Library,
    key_for,
    loaded_libraries,
)
from ..interchange.interop import from_dlpack
from ..memory.coercion import require_range
from ..memory.structure import broadcast_to, cast, clone, moved, reshape
from ..memory.tensor import Tensor, wrap
from ..memory.views import can_hold, sharing
from ..types.axes import as_integer, normalize_shape, require_size
from ..types.devices import Device, as_device
from ..types.dtypes import (
    SCALARS,
    DType,
    as_dtype,
    bool_,
    default_complex,
    float32,
    get_default_dtype,
    int64,
)
from ..types.errors import ShapeError, unsupported
from .data_types import require_convertible, result_type
from .manipulation import broadcast_arrays, stack

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "linspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tensor",
    "zeros",
    "zeros_like",
]


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of the given numbers, always a copy.

    Parameters
    ----------
    data : number, nested sequence, array or Tensor
        Sequences may be nested, and must be so evenly.
    dtype : dtype, optional
        By default that of an array; int64, the default float or complex, or bool for Python numbers.
    device : device, optional
        By default the default device.
    requires_grad : bool, default: False
        Whether a gradient is wanted of it.

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


def asarray(
    obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of the given object.

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
    if type(obj) is Tensor:
        made = _moved("asarray", obj, dtype, device)
        if copy is False and made is not obj:
            raise _needs_copy(obj, "another dtype or device needs one")
        made = clone(obj) if copy and made is obj else made
    else:
        made = _from_object(obj, None if dtype is None else as_dtype(dtype), device, copy)
    return requires_grad_(made) if requires_grad else made


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """PyTorch's spelling of `asarray`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.as_tensor([1, 2], dtype=tp.float64)
    tensor([1., 2.], dtype=tensorplug.float64)
    """
    return asarray(data, dtype=dtype, device=device)


def _moved(operation: str, x: Tensor, dtype: Any, device: Any) -> Tensor:
    """A tensor in another dtype, of which nothing is dropped, and on another device."""
    if dtype is not None:
        require_convertible(operation, x.dtype, as_dtype(dtype))
    return moved(x, dtype, device)


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
            return _from_host(host, as_dtype(host.dtype.newbyteorder("=")), dtype, device)
        return _stacked(obj, dtype, device or _common_device(strong))
    host = _from_sequences(obj, leaves, dtype)
    own = as_dtype(host.dtype)
    return _from_host(host, own, dtype or _python_dtype(host), device)


def _library_of(obj: Any) -> Library | None:
    """The library whose array an object is; NumPy's arrays belong to no device before they are put on one."""
    if isinstance(obj, numpy.ndarray | numpy.generic):
        return None
    for library in loaded_libraries():
        if isinstance(obj, library.array_types):
            return library
    return None


def _from_library(library: Library, array: Any, dtype: DType | None, device: Any, copy: bool | None) -> Tensor:
    """A tensor of an array of a backend other than NumPy's."""
    key = library.key_of(array)
    target = as_device(device, key.device)
    changes = target is not key.device or dtype not in (None, key.dtype)
    if copy is False and changes:
        raise _needs_copy(array, "another dtype or device needs one")
    if copy and not changes:
        return wrap(library.backend.copy(array), key)
    return moved(sharing(array, key) if library.writable else wrap(array, key), dtype, target)


def _host_array(obj: Any, copy: bool | None) -> numpy.ndarray | None:
    """An array of another library, or a buffer, as a NumPy array; None for numbers and sequences of them."""
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
            # Of a dtype that NumPy lacks, such as bfloat16; the backend may have it.
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
    """A tensor of a NumPy array, which shares its memory if it may."""
    key = key_for(as_device(device), dtype)
    own = as_dtype(host.dtype.newbyteorder("="))
    if copy is not True and own is dtype and can_hold(host, key):
        return sharing(host, key)
    if copy is False:
        raise _needs_copy(
            obj, f"only an array of {dtype} that may be written can be shared, on a backend of such arrays"
        )
    return _from_host(host, own, dtype, device)


def _leaves(obj: Any) -> Iterator[Any]:
    """What nested sequences hold."""
    if isinstance(obj, list | tuple):
        for one in obj:
            yield from _leaves(one)
    else:
        yield obj


def _common_dtype(leaves: list[Any]) -> DType:
    """The dtype in which arrays and Python numbers meet."""
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
    return next((one.device for one in arrays if type(one) is Tensor), None)


def _stacked(obj: Any, dtype: DType, device: Any) -> Tensor:
    """A tensor of nested sequences that hold arrays."""
    if not isinstance(obj, list | tuple):
        return asarray(obj, dtype=dtype, device=device)
    if not obj:
        return empty(0, dtype=dtype, device=device)
    parts = [_stacked(one, dtype, device) for one in obj]
    if len({part.shape for part in parts}) > 1:
        raise _uneven()
    return stack(parts)


_ON_HOST = (numpy.ndarray, numpy.generic, *SCALARS)
"""What needs no device before it is stacked."""


def _stacked_on_host(obj: Any, leaves: list[Any], dtype: DType) -> numpy.ndarray:
    """The same of NumPy's arrays and Python numbers, to be put on a device at once; bfloat16 may be in float32 yet."""
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
    """Whether there are none but NumPy's arrays or scalars of one dtype and shape, which it stacks as they are."""
    kinds = {(one.dtype, one.shape) if hasattr(one, "dtype") else None for one in leaves}
    return None not in kinds and len(kinds) <= 1


def _uneven() -> ShapeError:
    return ShapeError("tensor: the sequences are nested unevenly, as in [[1, 2], [3]]")


def _from_sequences(obj: Any, leaves: list[Any], dtype: DType | None) -> numpy.ndarray:
    """A NumPy array of nested sequences of numbers."""
    try:
        host = numpy.asarray(obj)
    except ValueError:
        raise _uneven() from None
    whole = host.dtype.kind in "fO" and host.size > 0 and all(isinstance(one, int) for one in leaves)
    if whole and (dtype is None or dtype.kind in "iu"):
        # NumPy makes floating-point numbers of integers that neither int64 nor uint64 holds all.
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


def _from_host(host: numpy.ndarray, own: DType, dtype: DType, device: Any) -> Tensor:
    """A copy of a NumPy array, converted on the host where NumPy can, else on the device."""
    key = key_for(as_device(device), dtype)
    host = _converted(host, own, dtype)
    if own is not dtype and dtype.name == "bfloat16":
        wide = key.with_dtype(float32)
        return cast(wrap(wide.library.backend.from_numpy(host, key.native_device), wide), dtype)
    return wrap(key.library.backend.from_numpy(host, key.native_device), key)


def _converted(host: numpy.ndarray, own: DType, dtype: DType) -> numpy.ndarray:
    """A NumPy array in another dtype; for bfloat16, which NumPy may lack, in float32."""
    if own is dtype:
        return host
    if host.dtype.kind in "iu" and dtype.kind in "iu" and host.size:
        require_range("tensor", dtype, int(host.min()))
        require_range("tensor", dtype, int(host.max()))
    if host.dtype.kind == "c" and dtype.kind in "iuf":
        raise TypeError(f"tensor: complex numbers do not convert to {dtype}; take their real part")
    return convert(host, "float32" if dtype.name == "bfloat16" else dtype.name)


def _key(dtype: Any, device: Any, default: DType | None = None) -> DispatchKey:
    chosen = (default or get_default_dtype()) if dtype is None else as_dtype(dtype)
    return key_for(as_device(device), chosen)


def _create(name: str, key: DispatchKey, requires_grad: bool, *arguments: Any, **keywords: Any) -> Tensor:
    kernel = getattr(key.library.ops, name)
    made = wrap(kernel(*arguments, dtype=key.native_dtype, device=key.native_device, **keywords), key)
    return requires_grad_(made) if requires_grad else made


def _shape(operation: str, shape: Any, *more: Any) -> tuple[int, ...]:
    """A shape given as the standard does, in one argument, or as PyTorch does, in several."""
    lengths = normalize_shape(operation, (shape, *more) if more else shape)
    require_size(operation, lengths)
    return lengths


def _by_name(operation: str, shape: Any, size: Any) -> Any:
    """The shape that was given by PyTorch's name."""
    if shape is not None:
        raise TypeError(f"{operation}: got both shape={shape!r} and size={size!r}, wanted one of them")
    return size


def empty(
    shape: Any = None, *lengths: Any, size: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor whose elements have no values yet.

    Parameters
    ----------
    shape : int or tuple of int
    *lengths : int
        The lengths of further axes, as in ``empty(2, 3)``.
    size
        PyTorch's name of `shape`.
    dtype : dtype, optional
        By default the default float.
    device : device, optional
        By default the default device.
    requires_grad : bool, default: False

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.empty((2, 3)).shape
    (2, 3)
    """
    if size is not None:
        shape = _by_name("empty", shape, size)
    return _create("empty", _key(dtype, device), requires_grad, _shape("empty", shape, *lengths))


def zeros(
    shape: Any = None, *lengths: Any, size: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of zeros; the parameters are those of `empty`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.zeros(2)
    tensor([0., 0.])
    """
    if size is not None:
        shape = _by_name("zeros", shape, size)
    return _create("zeros", _key(dtype, device), requires_grad, _shape("zeros", shape, *lengths))


def ones(
    shape: Any = None, *lengths: Any, size: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of ones; the parameters are those of `empty`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2, 2)
    tensor([[1., 1.],
            [1., 1.]])
    """
    if size is not None:
        shape = _by_name("ones", shape, size)
    return _create("ones", _key(dtype, device), requires_grad, _shape("ones", shape, *lengths))


def full(
    shape: Any = None, fill_value: Any = None, *, size: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor in which every element has one value.

    Parameters
    ----------
    shape : int or tuple of int
    fill_value : Python scalar or 0-d Tensor
        A tensor's gradient is recorded.
    size
        PyTorch's name of `shape`.
    dtype : dtype, optional
        By default that of the value: int64, bool, the default float or complex, or the tensor's.
    device : device, optional
        By default that of a tensor, else the default device.
    requires_grad : bool, default: False

    Raises
    ------
    ValueError
        If the value has axes, or a length is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.full((2,), 7)
    tensor([7, 7])
    """
    lengths = _shape("full", shape if size is None else _by_name("full", shape, size))
    if fill_value is None:
        raise TypeError("full: got no fill_value, wanted a number, as in full((2, 3), 7)")
    if type(fill_value) is Tensor:
        return _with_gradient(_full_of(fill_value, lengths, dtype, device), requires_grad)
    value = numpy.asarray(fill_value) if isinstance(fill_value, numpy.generic | numpy.ndarray) else fill_value
    made = asarray(value, dtype=dtype, device=device)
    if made.ndim:
        raise ShapeError(f"full: the fill value must be a scalar or a 0-d tensor, got shape {made.shape}")
    key = made._key
    stretched = key.library.ops.broadcast_to(made._array, lengths)
    return _with_gradient(wrap(key.library.backend.copy(stretched), key), requires_grad)


def _full_of(value: Tensor, shape: tuple[int, ...], dtype: Any, device: Any) -> Tensor:
    """Copies of one element, with its gradient."""
    if value.ndim:
        raise ShapeError(f"full: the fill value must be a scalar or a 0-d tensor, got shape {value.shape}")
    return clone(broadcast_to(_moved("full", value, dtype, device), shape))


def arange(
    start: Any = None, stop: Any = None, step: Any = 1, *, end: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Evenly spaced numbers from `start` up to, not including, `stop`.

    Parameters
    ----------
    start, stop : number
        With one of them, it is the stop and the start is 0.
    step : number, default: 1
    end
        PyTorch's name of `stop`.
    dtype : dtype, optional
        By default int64 if all three are integers, else the default float.
    device : device, optional

    Raises
    ------
    ValueError
        If the step is zero, or a number is not finite.
    OverflowError
        If an integer dtype does not hold the numbers.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.arange(1, 7, 2)
    tensor([1, 3, 5])
    """
    stop = end if stop is None else stop
    if stop is None:
        start, stop = 0, start
    start = 0 if start is None else start
    start, stop, step = (_scalar("arange", one) for one in (start, stop, step))
    if step == 0:
        raise ValueError("arange: got step 0, wanted another")
    whole = all(isinstance(one, int) for one in (start, stop, step))
    key = _key(dtype, device, int64 if whole else None)
    if whole:
        host = _whole_range(start, max(-((start - stop) // step), 0), step, key.dtype)
    else:
        host = _real_range(start, stop, step)
    return _with_gradient(_from_host(host, as_dtype(host.dtype), key.dtype, key.device), requires_grad)


def range_(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Evenly spaced numbers from `start` up to and including `end`, as PyTorch's deprecated `range`: use `arange`.

    Parameters
    ----------
    start, end : number
        With one of them, it is the end and the start is 0.
    step : number, default: 1
    dtype : dtype, optional
        By default the default float, for integers too.
    device : device, optional
    requires_grad : bool, default: False

    Raises
    ------
    ValueError
        If the step is zero or leads away from the end, or a number is not finite.

    Warns
    -----
    UserWarning
        Always, as Python's `range` leaves its end out.

    Examples
    --------
    >>> import tensorplug as tp
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tp.range(1, 4)
    tensor([1., 2., 3., 4.])
    """
    warnings.warn(
        "range includes its end, unlike Python's range, and is deprecated, as in PyTorch; use arange, which leaves it "
        "out, or linspace",
        stacklevel=2,
    )
    if end is None:
        start, end = 0, start
    start, end, step = (_scalar("range", one) for one in (start, end, step))
    _require_real("range", start, end, step)
    if step == 0 or (end - start) * step < 0:
        raise ValueError(f"range: a step of {step} leads from {start} not to {end}")
    key = _key(dtype, device)
    count = math.floor((end - start) / step) + 1
    host = _real_range(start, start + step * (count - 0.5), step)
    return _with_gradient(_from_host(host, as_dtype(host.dtype), key.dtype, key.device), requires_grad)


def _scalar(operation: str, value: Any) -> Any:
    """A number, a scalar of NumPy's or a 0-d tensor as a Python number.

    Raises
    ------
    TypeError
        If it is none, or a tensor whose gradient would be lost.
    """
    if type(value) in SCALARS:
        return value
    if _is_recorded(value):
        raise TypeError(
            f"{operation}: got a tensor that requires grad, whose gradient would be lost; use float(x) or x.detach(), "
            f"or linspace, which has one"
        )
    if type(value) is Tensor or isinstance(value, numpy.generic | numpy.ndarray):
        value = value.item()
    if not isinstance(value, SCALARS):
        raise TypeError(f"{operation}: got {type(value).__name__}, wanted a number")
    return value


def _whole_range(start: int, count: int, step: int, dtype: DType) -> numpy.ndarray:
    """Evenly spaced integers, exactly; beyond 64 bits as floating-point numbers."""
    bits = (1 << 64) - 1
    if dtype.kind in "iu":
        for one in (start, start + step * (count - 1)) if count else ():
            require_range("arange", dtype, one)
    elif max(abs(start), abs(start + step * count)) >> 63:
        return start + float(step) * numpy.arange(count, dtype="f8")
    if not max(abs(start), abs(start + step * count)) >> 63:
        return numpy.arange(start, start + step * count, step, dtype="i8")
    # In 64 bits that wrap around, as what wraps comes back.
    wrapped = numpy.arange(count, dtype="u8") * numpy.uint64(step & bits) + numpy.uint64(start & bits)
    return wrapped if dtype.kind == "u" else wrapped.view("i8")


def _require_real(operation: str, *numbers: Any) -> None:
    if any(isinstance(one, complex) for one in numbers):
        raise TypeError(f"{operation}: got complex numbers, wanted real ones")
    if not all(math.isfinite(one) for one in numbers):
        first, second, third = numbers
        raise ValueError(f"{operation}: got {first}, {second} and {third}, wanted finite numbers")


def _real_range(start: Any, stop: Any, step: Any) -> numpy.ndarray:
    _require_real("arange", start, stop, step)
    count = max(math.ceil((stop - start) / step), 0)
    require_size("arange", (count,))
    return start + step * numpy.arange(count, dtype="f8")


def linspace(
    start: Any, stop: Any = None, num: int | None = None, *, end: Any = None, steps: int | None = None,
    dtype: Any = None, device: Any = None, endpoint: bool = True, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`num` evenly spaced numbers from `start` to `stop`.

    Parameters
    ----------
    start, stop : number or Tensor
        The gradients of tensors, of one element each, are recorded.
    num : int
    end, steps
        PyTorch's names of `stop` and `num`.
    dtype : dtype, optional
        By default the default float, or the default complex for complex bounds.
    device : device, optional
    endpoint : bool, default: True
        Whether `stop` is the last of them.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    stop, num = end if stop is None else stop, steps if num is None else num
    if num is None:
        raise TypeError("linspace: wants the number of points, as in linspace(0, 1, 5)")
    num = as_integer("linspace", "num", num)
    if num < 0:
        raise ValueError(f"linspace: got num {num}, wanted no negative number")
    require_size("linspace", (num,))
    ends = start, stop
    start, stop = (_scalar("linspace", one.detach() if type(one) is Tensor else one) for one in ends)
    is_complex = isinstance(start, complex) or isinstance(stop, complex)
    key = _key(dtype, device, default_complex() if is_complex else None)
    gaps = max(num - bool(endpoint), 1)
    host = _spaced(start.real, stop.real, num, gaps)
    if is_complex:
        # Put together and not added: an infinite part times 1j would make the other one NaN.
        parts = host, _spaced(start.imag, stop.imag, num, gaps)
        host = numpy.stack(parts, axis=-1).view(numpy.complex128)[:, 0]
    made = _from_host(host, as_dtype(host.dtype), key.dtype, key.device)
    for end, (first, last) in zip(ends, ((1.0, 0.0), (0.0, 1.0)), strict=True):
        if _is_recorded(end):
            # Which adds nothing but the history.
            change = moved(end - end.detach(), key.dtype, key.device)
            share = _spaced(first, last, num, gaps)
            made = made + change * asarray(share, dtype=key.dtype, device=key.device)
    return _with_gradient(made, requires_grad)


def _is_recorded(x: Any) -> bool:
    return type(x) is Tensor and x.requires_grad and is_grad_enabled()


def _spaced(start: float, stop: float, num: int, steps: int) -> numpy.ndarray:
    """Numbers whose first is `start` and of which `stop` is that after so many steps, both exactly."""
    with numpy.errstate(all="ignore"):
        places = numpy.arange(num, dtype="f8")
        difference = float(stop) - float(start)
        if math.isinf(difference) and math.isfinite(start) and math.isfinite(stop):
            found = start * ((steps - places) / steps) + stop * (places / steps)
        else:
            delta = difference / steps
            # Of a step that underflows, first the places are scaled.
            found = start + (places * delta if delta else places / steps * difference)
    found[:1] = start
    found[steps:] = stop
    return found


def eye(
    n: int, m: int | None = None, *, k: int = 0, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A matrix with ones on a diagonal and zeros elsewhere.

    Parameters
    ----------
    n, m : int
        One number makes it square.
    k : int, default: 0
        Which diagonal: positive ones lie above the main one.
    dtype, device : optional

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows, columns = _shape("eye", (n, n if m is None else m))
    offset = min(max(as_integer("eye", "k", k), -rows), columns)
    return _create("eye", _key(dtype, device), requires_grad, rows, columns, k=offset)


def _with_gradient(made: Tensor, requires_grad: bool) -> Tensor:
    return requires_grad_(made) if requires_grad else made


def _like(operation: str, x: Tensor, dtype: Any, device: Any) -> dict[str, Any]:
    if type(x) is not Tensor:
        raise unsupported(operation, x)
    return {
        "shape": x.shape,
        "dtype": x.dtype if dtype is None else as_dtype(dtype),
        "device": as_device(device, x.device),
    }


def _filled(operation: str, x: Tensor, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    like = _like(f"{operation}_like", x, dtype, device)
    return _create(operation, key_for(like["device"], like["dtype"]), requires_grad, like["shape"])


def empty_like(x: Tensor, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of `x`'s shape, and by default its dtype and device, whose elements have no values yet.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.empty_like(tp.ones(2)).shape
    (2,)
    """
    return _filled("empty", x, dtype, device, requires_grad)


def zeros_like(x: Tensor, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of `x`'s shape, and by default its dtype and device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.zeros_like(tp.ones(2))
    tensor([0., 0.])
    """
    return _filled("zeros", x, dtype, device, requires_grad)


def ones_like(x: Tensor, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of `x`'s shape, and by default its dtype and device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones_like(tp.zeros(2))
    tensor([1., 1.])
    """
    return _filled("ones", x, dtype, device, requires_grad)


def full_like(
    x: Tensor, /, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value in `x`'s shape, and by default its dtype and device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.full_like(tp.zeros(2), 3)
    tensor([3., 3.])
    """
    return full(fill_value=fill_value, **_like("full_like", x, dtype, device), requires_grad=requires_grad)


def _new(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def method(
        x: Tensor, *arguments: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any
    ) -> Tensor:
        like = _like(method.__name__, x, dtype, device)
        return make(*arguments, **named, dtype=like["dtype"], device=like["device"], requires_grad=requires_grad)

    method.__name__ = f"new_{make.__name__}"
    method.__qualname__ = f"Tensor.{method.__name__}"
    method.__doc__ = f"What `{make.__name__}` makes, by default of this tensor's dtype and on its device."
    return method


METHODS = {f"new_{make.__name__}": _new(make) for make in (empty, full, ones, tensor, zeros)}
"""Methods of Tensor."""


def meshgrid(*arrays: Any, indexing: str = "xy") -> tuple[Tensor, ...]:
    """The coordinates of the points of a grid, from those along each of its axes.

    Parameters
    ----------
    *arrays : Tensor
        Of at most one axis each, with lengths ``N1``, ``N2``, ...; each keeps its dtype.
    indexing : {"xy", "ij"}, default: "xy"
        Whether the results have shape ``(N2, N1, N3, ...)`` or ``(N1, N2, N3, ...)``. (PyTorch's default is ``"ij"``.)

    Returns
    -------
    tuple of Tensor
        One for each array; views whose elements share memory.

    Raises
    ------
    ValueError
        If an array has several axes, or `indexing` is neither.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x, y = tp.meshgrid(tp.arange(2), tp.arange(3))
    >>> x
    tensor([[0, 1],
            [0, 1],
            [0, 1]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: got indexing {indexing!r}, wanted 'xy' or 'ij'")
    tensors = arrays[0] if len(arrays) == 1 and isinstance(arrays[0], list | tuple) else arrays
    for tensor in tensors:
        if type(tensor) is not Tensor:
            raise unsupported("meshgrid", tensor)
        if tensor.ndim > 1:
            raise ShapeError(f"meshgrid: got shape {tensor.shape}, wanted at most one axis")
    ndim = len(tensors)
    places = [1, 0, *range(2, ndim)] if indexing == "xy" and ndim > 1 else range(ndim)
    columns = (
        reshape(tensor, tuple(-1 if i == place else 1 for i in range(ndim)))
        for tensor, place in zip(tensors, places, strict=True)
    )
    return broadcast_arrays(*columns)
