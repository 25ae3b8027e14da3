"""`arange`, `linspace` and `meshgrid`."""

from __future__ import annotations

import functools
import math
import warnings
from typing import Any

import numpy

from ....autograd.modes import is_grad_enabled
from ....backends.common.quiet import quiet
from ...dispatch.registry import public
from ...memory.coercion import require_range
from ...memory.structure import move_and_convert, reshape
from ...memory.tensor import Tensor
from ...types.axes import as_integer, require_size
from ...types.dtypes import SCALARS, DType, as_dtype, default_complex, int64
from ...types.errors import ShapeError, unsupported
from ..manipulation import broadcast_arrays
from .data import asarray, put_on_device
from .filled import key_of, with_gradient

__all__ = ["arange", "linspace", "meshgrid"]


@public("arange")
def arange(
    start: Any = None, stop: Any = None, step: Any = 1, *, end: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Evenly spaced numbers from `start` up to, not including, `stop`.

    Parameters
    ----------
    start, stop : number
        A single one is the stop, and the start is 0.
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
    start, stop, step = _scalar("arange", start), _scalar("arange", stop), _scalar("arange", step)
    if step == 0:
        raise ValueError("arange: got step 0, wanted another")
    whole = isinstance(start, int) and isinstance(stop, int) and isinstance(step, int)
    key = key_of(dtype, device, int64 if whole else None)
    if whole:
        host = _whole_range(start, max(-((start - stop) // step), 0), step, key.dtype)
    else:
        host = _real_range(start, stop, step)
    return with_gradient(put_on_device(host, as_dtype(host.dtype), key), requires_grad)


@public("range")
def range_(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Evenly spaced numbers from `start` up to and including `end`, as PyTorch's deprecated `range`: use `arange`.

    Parameters
    ----------
    start, end : number
        A single one is the end, and the start is 0.
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
    key = key_of(dtype, device)
    count = math.floor((end - start) / step) + 1
    host = _real_range(start, start + step * (count - 0.5), step)
    return with_gradient(put_on_device(host, as_dtype(host.dtype), key), requires_grad)


def _scalar(operation: str, value: Any) -> Any:
    """Convert a NumPy scalar or a 0-d tensor to a Python number.

    Raises
    ------
    TypeError
        If it is not a number, or a tensor whose gradient would be lost.
    """
    if type(value) in SCALARS:
        return value
    if _is_recorded(value):
        raise TypeError(
            f"{operation}: got a tensor that requires grad, whose gradient would be lost; use float(x) or x.detach(), "
            f"or linspace, which has one"
        )
    if isinstance(value, (Tensor, numpy.generic, numpy.ndarray)):
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
    # In 64 bits, which wrap around and back.
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


@public("linspace")
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
    start, stop = (_scalar("linspace", one.detach() if isinstance(one, Tensor) else one) for one in ends)
    is_complex = isinstance(start, complex) or isinstance(stop, complex)
    key = key_of(dtype, device, default_complex() if is_complex else None)
    gaps = max(num - bool(endpoint), 1)
    host = _spaced(start.real, stop.real, num, gaps)
    if is_complex:
        # By parts: an infinite part times 1j would make the other part NaN.
        parts = host, _spaced(start.imag, stop.imag, num, gaps)
        host = numpy.stack(parts, axis=-1).view(numpy.complex128)[:, 0]
    made = put_on_device(host, as_dtype(host.dtype), key)
    for end, (first, last) in zip(ends, ((1.0, 0.0), (0.0, 1.0)), strict=True):
        if _is_recorded(end):
            # Adds zero, with a gradient.
            change = move_and_convert(end - end.detach(), key.dtype, key.device)
            share = _spaced(first, last, num, gaps)
            made = made + change * asarray(share, dtype=key.dtype, device=key.device)
    return with_gradient(made, requires_grad)


def _is_recorded(x: Any) -> bool:
    return isinstance(x, Tensor) and x.requires_grad and is_grad_enabled()


@quiet
def _spaced(start: float, stop: float, num: int, steps: int) -> numpy.ndarray:
    """Numbers from `start`, with `stop` after `gaps` steps, both exact."""
    places = numpy.arange(num, dtype="f8")
    difference = float(stop) - float(start)
    if math.isinf(difference) and math.isfinite(start) and math.isfinite(stop):
        found = start * ((steps - places) / steps) + stop * (places / steps)
    else:
        delta = difference / steps
        # If the step underflows, the positions are scaled first.
        found = start + (places * delta if delta else places / steps * difference)
    found[:1] = start
    found[steps:] = stop
    return found


@public("meshgrid")
def meshgrid(*arrays: Any, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Coordinate matrices of a grid, from the coordinates along each axis.

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
        if not isinstance(tensor, Tensor):
            raise unsupported("meshgrid", tensor)
        if len(tensor._array.shape) > 1:
            raise ShapeError(f"meshgrid: got shape {tensor.shape}, wanted at most one axis")
    return broadcast_arrays(*map(reshape, tensors, _columns(len(tensors), indexing)))


@functools.lru_cache(maxsize=64)
def _columns(ndim: int, indexing: str) -> list[tuple[int, ...]]:
    """The shapes of the coordinates along each axis."""
    places = [1, 0, *range(2, ndim)] if indexing == "xy" and ndim > 1 else range(ndim)
    return [tuple(-1 if i == place else 1 for i in range(ndim)) for place in places]
