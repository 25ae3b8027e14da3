"""`zeros`, `ones`, `full`, `empty`, `eye`, and ``zeros_like`` and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ...autodiff.leaves import requires_grad_
from ...dispatch.keys import DispatchKey, key_for
from ...dispatch.registry import method, public
from ...families.function import function
from ...memory.coercion import scalar_tensor
from ...memory.structure import broadcast_to, clone
from ...memory.tensor import Tensor, wrap
from ...memory.views import divided_like
from ...types.axes import as_integer, normalize_shape, require_size
from ...types.devices import new_device
from ...types.dtypes import DType, as_dtype, get_default_dtype
from ...types.errors import ShapeError
from .data import asarray, converted, tensor

__all__ = ["empty", "empty_like", "eye", "full", "full_like", "ones", "ones_like", "zeros", "zeros_like"]


def key_of(dtype: Any, device: Any, default: DType | None = None) -> DispatchKey:
    chosen = (default or get_default_dtype()) if dtype is None else as_dtype(dtype)
    return key_for(new_device(device), chosen)


def _create(name: str, key: DispatchKey, requires_grad: bool, *arguments: Any, **keywords: Any) -> Tensor:
    kernel = getattr(key.library.ops, name)
    made = wrap(kernel(*arguments, dtype=key.native_dtype, device=key.native_device, **keywords), key)
    return with_gradient(made, requires_grad)


def with_gradient(made: Tensor, requires_grad: bool) -> Tensor:
    return requires_grad_(made) if requires_grad else made


def _shape(operation: str, shape: Any, *more: Any) -> tuple[int, ...]:
    """The shape, given in one argument, as in the standard, or in several, as in PyTorch."""
    lengths = normalize_shape(operation, (shape, *more) if more else shape)
    require_size(operation, lengths)
    return lengths


def _by_name(operation: str, shape: Any, size: Any) -> Any:
    """The shape, given as `shape` or as PyTorch's `size`."""
    if shape is not None:
        raise TypeError(f"{operation}: got both shape={shape!r} and size={size!r}, wanted one of them")
    return size


@public("empty")
def empty(
    shape: Any = None, *lengths: Any, size: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Create an uninitialised tensor.

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
    return _create("empty", key_of(dtype, device), requires_grad, _shape("empty", shape, *lengths))


@public("zeros")
def zeros(
    shape: Any = None, *lengths: Any, size: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Create a tensor of zeros; the parameters are those of `empty`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.zeros(2)
    tensor([0., 0.])
    """
    if size is not None:
        shape = _by_name("zeros", shape, size)
    return _create("zeros", key_of(dtype, device), requires_grad, _shape("zeros", shape, *lengths))


@public("ones")
def ones(
    shape: Any = None, *lengths: Any, size: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Create a tensor of ones; the parameters are those of `empty`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2, 2)
    tensor([[1., 1.],
            [1., 1.]])
    """
    if size is not None:
        shape = _by_name("ones", shape, size)
    return _create("ones", key_of(dtype, device), requires_grad, _shape("ones", shape, *lengths))


@public("full")
def full(
    shape: Any = None, fill_value: Any = None, *, size: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Create a tensor filled with one value.

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
    if isinstance(fill_value, Tensor):
        return with_gradient(_full_of(fill_value, lengths, dtype, device), requires_grad)
    if type(fill_value) is float and (key := key_of(dtype, device)).dtype.kind == "f":
        made = scalar_tensor(key, fill_value, "full")
    else:
        value = numpy.asarray(fill_value) if isinstance(fill_value, numpy.generic | numpy.ndarray) else fill_value
        made = asarray(value, dtype=dtype, device=device)
    if made._array.shape:
        raise ShapeError(f"full: the fill value must be a scalar or a 0-d tensor, got shape {made.shape}")
    key = made._key
    stretched = key.library.ops.broadcast_to(made._array, lengths)
    return with_gradient(wrap(key.library.backend.copy(stretched), key), requires_grad)


def _full_of(value: Tensor, shape: tuple[int, ...], dtype: Any, device: Any) -> Tensor:
    """Fill a shape with one element, differentiable."""
    if value.ndim:
        raise ShapeError(f"full: the fill value must be a scalar or a 0-d tensor, got shape {value.shape}")
    return clone(broadcast_to(converted("full", value, dtype, device), shape))


@public("eye")
def eye(
    n: int, m: int | None = None, *, k: int = 0, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Create a matrix with ones on a diagonal and zeros elsewhere.

    Parameters
    ----------
    n, m : int
        One number makes it square.
    k : int, default: 0
        The diagonal: positive ones are above the main diagonal.
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
    return _create("eye", key_of(dtype, device), requires_grad, rows, columns, k=offset)


def _like(x: Tensor, dtype: Any, device: Any) -> DispatchKey:
    """The key of a tensor like another: by default that one's."""
    return key_for(new_device(device, x.device), x.dtype if dtype is None else as_dtype(dtype))


def placed_like(x: Tensor, made: Tensor) -> Tensor:
    """A new tensor of a tensor's shape, divided as that is if both are on one mesh of devices."""
    if made._key.device is x._key.device and made._key.device.mesh is not None:
        made._array = divided_like(x, made._key, made._array)
    return made


@function()
def empty_like(x: Tensor, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Create an uninitialised tensor of `x`'s shape, and by default its dtype and device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.empty_like(tp.ones(2)).shape
    (2,)
    """
    return placed_like(x, _create("empty", _like(x, dtype, device), requires_grad, x.shape))


@function()
def zeros_like(x: Tensor, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Create zeros of `x`'s shape, and by default its dtype and device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.zeros_like(tp.ones(2))
    tensor([0., 0.])
    """
    return placed_like(x, _create("zeros", _like(x, dtype, device), requires_grad, x.shape))


@function()
def ones_like(x: Tensor, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Create ones of `x`'s shape, and by default its dtype and device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones_like(tp.zeros(2))
    tensor([1., 1.])
    """
    return placed_like(x, _create("ones", _like(x, dtype, device), requires_grad, x.shape))


@function()
def full_like(
    x: Tensor, /, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Create a tensor filled with one value, of `x`'s shape, and by default its dtype and device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.full_like(tp.zeros(2), 3)
    tensor([3., 3.])
    """
    key = _like(x, dtype, device)
    return placed_like(x, full(x.shape, fill_value, dtype=key.dtype, device=key.device, requires_grad=requires_grad))


def _declare_new(make: Callable[..., Tensor]) -> None:
    """Declare PyTorch's method ``new_zeros`` for `zeros`."""

    def new(
        x: Tensor, *arguments: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any
    ) -> Tensor:
        key = _like(x, dtype, device)
        return make(*arguments, **named, dtype=key.dtype, device=key.device, requires_grad=requires_grad)

    new.__name__ = f"new_{make.__name__}"
    new.__doc__ = f"What `{make.__name__}` makes, by default of this tensor's dtype and on its device."
    method(new.__name__)(new)


for _make in (empty, full, ones, tensor, zeros):
    _declare_new(_make)
