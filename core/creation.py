"""Creation functions (array API standard 2025.12, "Creation Functions"), and PyTorch's `tensor`."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from typing import Any

import numpy

from .axes import normalize_shape
from .conversion import to
from .devices import as_device
from .dtypes import DType, as_dtype, bool_, default_complex, get_default_dtype, int64
from .errors import ShapeError
from .gradients import requires_grad_
from .kinds import Kind, Library, kind_for, loaded_libraries
from .operands import require_range
from .tensor import Tensor, wrap
from .transfer import clone


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

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    made = asarray(data, dtype=dtype, device=device, copy=True)
    if type(data) is Tensor:
        made = wrap(made._array, made._kind)
    return requires_grad_(made) if requires_grad else made


def asarray(
    obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of the given object.

    Parameters
    ----------
    obj : number, nested sequence, array or Tensor
    dtype, device : optional
        As for `tensor`; a Tensor keeps its own by default.
    copy : bool, optional
        True always copies; False never does, and raises where it would have to; by default a Tensor is returned as
        it is if that will do, and everything else is copied.

    Raises
    ------
    ValueError
        If `copy` is False and a copy is needed.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.asarray([True, False])
    tensor([ True, False])
    """
    if type(obj) is Tensor:
        made = to(obj, dtype=dtype, device=device)
        if copy is False and made is not obj:
            raise ValueError("asarray: copy=False, but another dtype or device needs a copy")
        made = clone(obj) if copy and made is obj else made
    elif copy is False:
        raise ValueError(
            f"asarray: copy=False, but a tensor of a {type(obj).__name__} is a copy; to share memory use from_numpy or "
            f"from_dlpack"
        )
    else:
        made = _from_object(obj, None if dtype is None else as_dtype(dtype), device)
    return requires_grad_(made) if requires_grad else made


def _from_object(obj: Any, dtype: DType | None, device: Any) -> Tensor:
    if isinstance(obj, numpy.ndarray | numpy.generic):
        host = numpy.asarray(obj)
        own = as_dtype(host.dtype)
    elif (library := _library_of(obj)) is not None:
        kind = library.kind_of(obj)
        return to(wrap(library.backend.copy(obj), kind), dtype=dtype, device=as_device(device, kind.device))
    else:
        host = _from_sequences(_plain(obj))
        dtype = dtype or _python_dtype(host)
        own = as_dtype(host.dtype)
    return _from_host(host, own, dtype or own, device)


def _library_of(obj: Any) -> Library | None:
    """The library whose array an object is; NumPy's arrays belong to no device before they are put on one."""
    for library in loaded_libraries():
        if isinstance(obj, library.array_types):
            return library
    return None


def _plain(obj: Any) -> Any:
    """Nested sequences with the tensors in them as Python numbers."""
    if type(obj) is Tensor:
        return obj.tolist()
    if isinstance(obj, list | tuple):
        return [_plain(one) for one in obj]
    return obj


def _from_sequences(obj: Any) -> numpy.ndarray:
    """A NumPy array of nested sequences of numbers."""
    try:
        host = numpy.asarray(obj)
    except ValueError:
        raise ShapeError("tensor: the sequences are nested unevenly, as in [[1, 2], [3]]") from None
    if host.dtype.kind == "O" and all(isinstance(one, int | float) for one in host.flat):
        # Integers of more than 64 bits, with floats or without.
        host = host.astype(numpy.float64)
    if host.dtype.kind == "f" and host.size and all(isinstance(one, int) for one in _leaves(obj)):
        for one in _leaves(obj):
            require_range(int64, one)
    if host.dtype.kind not in "biufc":
        odd = next(one for one in host.flat if not isinstance(one, int))
        raise TypeError(f"tensor: got elements of type {type(odd).__name__}, wanted numbers")
    return host


def _leaves(obj: Any) -> Iterator[Any]:
    """The numbers in nested lists."""
    if isinstance(obj, list):
        for one in obj:
            yield from _leaves(one)
    else:
        yield obj


def _python_dtype(host: numpy.ndarray) -> DType:
    if host.dtype.kind == "f":
        return get_default_dtype()
    if host.dtype.kind == "c":
        return default_complex()
    return bool_ if host.dtype.kind == "b" else int64


def _from_host(host: numpy.ndarray, own: DType, dtype: DType, device: Any) -> Tensor:
    """A tensor of a NumPy array, converted on the host where NumPy can, else on the device."""
    kind = kind_for(as_device(device), dtype)
    if own is dtype:
        return wrap(kind.library.backend.from_numpy(host, kind.native_device), kind)
    if host.dtype.kind in "iu" and dtype.kind in "iu" and host.size:
        require_range(dtype, int(host.min()))
        require_range(dtype, int(host.max()))
    if dtype.name == "bfloat16":
        wide = kind.with_dtype(as_dtype("float32"))
        return to(wrap(wide.library.backend.from_numpy(host.astype("f4"), kind.native_device), wide), dtype=dtype)
    if host.dtype.kind == "c" and dtype.kind in "iuf":
        raise TypeError(f"tensor: complex numbers do not convert to {dtype}; take their real part")
    with numpy.errstate(all="ignore"):
        host = host.astype(dtype.name)
    return wrap(kind.library.backend.from_numpy(host, kind.native_device), kind)


def _kind(dtype: Any, device: Any, default: DType | None = None) -> Kind:
    chosen = (default or get_default_dtype()) if dtype is None else as_dtype(dtype)
    return kind_for(as_device(device), chosen)


def _create(name: str, kind: Kind, requires_grad: bool, *arguments: Any, **keywords: Any) -> Tensor:
    kernel = getattr(kind.library.ops, name)
    made = wrap(kernel(*arguments, dtype=kind.native_dtype, device=kind.native_device, **keywords), kind)
    return requires_grad_(made) if requires_grad else made


def _shape(operation: str, shape: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape given as the standard does, in one argument, or as PyTorch does, in several."""
    lengths = normalize_shape(operation, shape[0] if len(shape) == 1 else shape)
    if any(length < 0 for length in lengths):
        raise ShapeError(f"{operation}: got shape {lengths}, wanted no negative length")
    return lengths


def empty(*shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor whose elements have no values yet.

    Parameters
    ----------
    *shape : int or tuple of int
        One shape, or the lengths of the axes.
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
    return _create("empty", _kind(dtype, device), requires_grad, _shape("empty", shape))


def zeros(*shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros; the parameters are those of `empty`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.zeros(2)
    tensor([0., 0.])
    """
    return _create("zeros", _kind(dtype, device), requires_grad, _shape("zeros", shape))


def ones(*shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones; the parameters are those of `empty`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2, 2)
    tensor([[1., 1.],
            [1., 1.]])
    """
    return _create("ones", _kind(dtype, device), requires_grad, _shape("ones", shape))


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor in which every element has one value.

    Parameters
    ----------
    shape : int or tuple of int
    fill_value : Python scalar or 0-d Tensor
    dtype : dtype, optional
        By default that of the value: int64, bool, the default float or complex, or the tensor's.
    device : device, optional
    requires_grad : bool, default: False

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.full((2,), 7)
    tensor([7, 7])
    """
    value = asarray(fill_value, dtype=dtype)
    if value.ndim:
        raise ShapeError(f"full: the fill value must be a scalar or a 0-d tensor, got shape {value.shape}")
    kind = kind_for(as_device(device), value.dtype)
    return _create("full", kind, requires_grad, _shape("full", (shape,)), value.item())


def arange(
    start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Evenly spaced numbers from `start` up to, not including, `stop`.

    Parameters
    ----------
    start, stop : number
        With one of them, it is the stop and the start is 0.
    step : number, default: 1
    dtype : dtype, optional
        By default int64 if all three are integers, else the default float.
    device : device, optional

    Raises
    ------
    ValueError
        If the step is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.arange(1, 7, 2)
    tensor([1, 3, 5])
    """
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ValueError("arange: got step 0, wanted another")
    whole = all(isinstance(one, int) for one in (start, stop, step))
    kind = _kind(dtype, device, int64 if whole else None)
    count = max(math.ceil((stop - start) / step), 0)
    host = start + step * numpy.arange(count, dtype="i8" if whole else "f8")
    return _with_gradient(_from_host(host, as_dtype(host.dtype), kind.dtype, kind.device), requires_grad)


def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`num` evenly spaced numbers from `start` to `stop`.

    Parameters
    ----------
    start, stop : number
    num : int
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
    if operator.index(num) < 0:
        raise ValueError(f"linspace: got num {num}, wanted no negative number")
    whole = isinstance(start, complex) or isinstance(stop, complex)
    kind = _kind(dtype, device, default_complex() if whole else None)
    host = numpy.linspace(start, stop, num, endpoint=endpoint)
    return _with_gradient(_from_host(host, as_dtype(host.dtype), kind.dtype, kind.device), requires_grad)


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A matrix with ones on a diagonal and zeros elsewhere.

    Parameters
    ----------
    n_rows, n_cols : int
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
    return _create("eye", _kind(dtype, device), requires_grad, n_rows, n_cols, k=k)


def _with_gradient(made: Tensor, requires_grad: bool) -> Tensor:
    return requires_grad_(made) if requires_grad else made


def _like(x: Tensor, dtype: Any, device: Any) -> dict[str, Any]:
    return {
        "dtype": x.dtype if dtype is None else as_dtype(dtype),
        "device": as_device(device, x.device),
    }


def empty_like(x: Tensor, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of `x`'s shape, and by default its dtype and device, whose elements have no values yet.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.empty_like(tp.ones(2)).shape
    (2,)
    """
    return empty(x.shape, **_like(x, dtype, device), requires_grad=requires_grad)


def zeros_like(x: Tensor, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of `x`'s shape, and by default its dtype and device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.zeros_like(tp.ones(2))
    tensor([0., 0.])
    """
    return zeros(x.shape, **_like(x, dtype, device), requires_grad=requires_grad)


def ones_like(x: Tensor, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of `x`'s shape, and by default its dtype and device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones_like(tp.zeros(2))
    tensor([1., 1.])
    """
    return ones(x.shape, **_like(x, dtype, device), requires_grad=requires_grad)


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
    return full(x.shape, fill_value, **_like(x, dtype, device), requires_grad=requires_grad)
