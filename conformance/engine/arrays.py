"""Convert host arrays to tensors in every memory layout, and back."""

from __future__ import annotations

import ast
import cmath
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy
from numpy.lib.stride_tricks import sliding_window_view

import tensorplug
from tensorplug import Tensor

Array = numpy.ndarray

HOST_DTYPES = {"bfloat16": "float32"}
"""NumPy dtypes for the values of dtypes that NumPy lacks."""


def rounded(values: Any, dtype: str) -> Array:
    """Round an array to values that a dtype represents exactly."""
    if dtype == "bfloat16":
        bits = numpy.ascontiguousarray(values, numpy.float32).view(numpy.uint32)
        nearest = bits + 0x7FFF + ((bits >> 16) & 1)
        kept = (nearest & 0xFFFF0000).astype(numpy.uint32).view(numpy.float32)
        return numpy.where(numpy.isnan(values), numpy.float32(numpy.nan), kept).reshape(numpy.shape(values))
    with numpy.errstate(all="ignore"):
        return numpy.asarray(values).astype(dtype)


def contiguous(host: Array, dtype: str) -> Tensor:
    """A contiguous tensor of the default backend."""
    return tensorplug.asarray(host, dtype=dtype, copy=True)


Look = Callable[[Any], Any]
"""Takes an operand as a part of a larger array, of NumPy or a tensor."""


def poison(dtype: numpy.dtype[Any]) -> Any:
    """The value around an operand, which shows in a result or raises if it is read."""
    return numpy.iinfo(dtype).max if dtype.kind in "iu" else dtype.type(numpy.nan if dtype.kind in "fc" else True)


def _surrounded(host: Array, shape: Sequence[int], region: tuple[Any, ...]) -> tuple[Array, Look]:
    whole = numpy.full(shape, poison(host.dtype))
    whole[region] = host
    return whole, lambda x: x[*region, ...]


def _permuted(x: Any, order: Sequence[int]) -> Any:
    return x.transpose(order) if isinstance(x, numpy.ndarray) else tensorplug.permute_dims(x, tuple(order))


def _transposed(host: Array) -> tuple[Array, Look]:
    order = range(host.ndim)[::-1]
    return host.T, lambda x: _permuted(x, order)


def _reversed(host: Array) -> tuple[Array, Look]:
    backwards = (slice(None, None, -1),) * host.ndim
    return host[backwards], lambda x: x[*backwards, ...]


def _rotated(host: Array) -> tuple[Array, Look]:
    """Axes in neither C nor Fortran order, the outermost one reversed."""
    order = (*range(1, host.ndim), *range(min(host.ndim, 1)))
    backwards = (slice(None, None, -1),) * min(host.ndim, 1)
    return host.transpose(order)[backwards], lambda x: _permuted(x[*backwards, ...], numpy.argsort(order).tolist())


def _spaced(host: Array, step: int, start: int = 0, beyond: int = 1) -> tuple[Array, Look]:
    """With gaps along the last three axes; of more, memory would grow out of bounds."""
    spaced = host.shape[-3:]
    shape = [start + step * (length - 1) + 1 + beyond if length else 0 for length in spaced]
    whole = (slice(None),) * (host.ndim - len(spaced))
    return _surrounded(host, (*host.shape[:-3], *shape), (*whole, *(slice(start, None, step) for _ in spaced)))


def _backwards_by_twos(host: Array) -> tuple[Array, Look]:
    whole, look = _spaced(host, step=2)
    backwards = (slice(None, None, -1),) * host.ndim
    return whole[backwards], lambda x: look(x[*backwards, ...])


def _of_turned_axes(host: Array, first: int) -> tuple[Array, Look]:
    """Two neighbouring axes have been taken for each other."""
    order = list(range(host.ndim))
    order[first : first + 2 or None] = order[first : first + 2 or None][::-1]
    return host.transpose(order), lambda x: _permuted(x, order)


def _column(host: Array) -> tuple[Array, Look]:
    """One of the columns of an array with an axis more."""
    return _surrounded(host, (*host.shape, 3), (*(slice(None) for _ in host.shape), 1))


def _real_part(host: Array) -> tuple[Array, Look]:
    if host.dtype.name not in ("float32", "float64"):
        return host, lambda x: x
    whole = numpy.full(host.shape, complex(numpy.nan, numpy.nan), numpy.result_type(host.dtype, numpy.complex64))
    whole.real = host
    return whole, lambda x: x.real


def _inner(host: Array) -> tuple[Array, Look]:
    if not host.ndim:
        return _surrounded(host, (3,), (1,))
    return _surrounded(host, [n + 2 for n in host.shape], tuple(slice(1, n + 1) for n in host.shape))


def _run(host: Array) -> tuple[Array, Look]:
    """Contiguous elements within a larger array."""
    whole, look = _surrounded(host.ravel(), (host.size + 10,), (slice(5, 5 + host.size),))
    return whole, lambda x: look(x).reshape(host.shape)


def _repeated(host: Array) -> tuple[Array, Look]:
    library = {True: numpy, False: tensorplug}
    return host[:1] if host.ndim else host, lambda x: library[isinstance(x, numpy.ndarray)].broadcast_to(x, host.shape)


def _repeated_columns(host: Array) -> tuple[Array, Look]:
    library = {True: numpy, False: tensorplug}
    whole = host[..., :1] if host.ndim else host
    return whole, lambda x: library[isinstance(x, numpy.ndarray)].broadcast_to(x, host.shape)


def _windows(host: Array) -> tuple[Array, Look]:
    """Rows that begin one element apart."""
    if host.ndim < 2 or not host.size:
        return host, lambda x: x
    rows, size = host.reshape(len(host), -1), host[0].size
    whole = numpy.concatenate([rows[0], rows[1:, -1]])

    def look(x: Any) -> Any:
        windows = sliding_window_view(x, size) if isinstance(x, numpy.ndarray) else tensorplug.unfold(x, 0, size, 1)
        return windows.reshape(host.shape)

    return whole, look


Layout = Callable[[Array], tuple[Array, Look]]

LAYOUTS: dict[str, Layout] = {
    "contiguous": lambda host: (host, lambda x: x),
    "transposed": _transposed,
    "negative strides": _reversed,
    "axes in mixed order": _rotated,
    "first axes turned": functools.partial(_of_turned_axes, first=0),
    "last axes turned": functools.partial(_of_turned_axes, first=-2),
    "every second element": functools.partial(_spaced, step=2),
    "every second element backwards": _backwards_by_twos,
    "a column": _column,
    "real part": _real_part,
    "long steps": functools.partial(_spaced, step=7, start=2, beyond=3),
    "inner part": _inner,
    "part of a row": _run,
    "strides of zero": _repeated,
    "stretched columns": _repeated_columns,
    "overlapping rows": _windows,
}
"""Memory layouts: functions that make a larger array of an operand's values, and that take the operand from it."""

SHARING = ("strides of zero", "stretched columns", "overlapping rows")
"""Layouts whose elements share memory, so that they cannot have arbitrary values or be written."""

OF_MANY_AXES = {"first axes turned": 3, "last axes turned": 3}
"""The number of axes from which on a layout is not the same as another one."""

OF_DTYPES = {"real part": ("float32", "float64")}
"""The dtypes of layouts that not every dtype has."""


def dtype_of(whole: Array, dtype: str) -> str:
    """The dtype of the array that an operand of a dtype is a part of."""
    return {"float32": "complex64", "float64": "complex128"}.get(dtype, dtype) if whole.dtype.kind == "c" else dtype


def laid(host: Array, dtype: str, layout: str) -> Tensor:
    """A tensor of the default backend with given values in a layout."""
    whole, look = LAYOUTS[layout](host)
    return cast(Tensor, look(contiguous(whole, dtype_of(whole, dtype))))


def held(host: Array, layout: str) -> Array:
    """The values that a layout keeps; others than given only where elements share memory."""
    whole, look = LAYOUTS[layout](host)
    return numpy.array(look(whole)) if layout in SHARING else host


MANY = 2 * 3 * 1024 + 5
"""More elements than a block of any kernel."""


def among(tensor: Tensor, special: str = "", place: int = 0) -> Tensor:
    """Repeat the elements of a tensor along all axes, with a special value at one position."""
    host = to_host(tensor)
    repeats = [SIDES.get(length, length) // max(length, 1) for length in host.shape]
    found = numpy.tile(host, repeats)
    if special:
        found.flat[place % max(found.size, 1)] = float(special)
    return contiguous(found, tensor.dtype.name)


SIDES = {2: 22, 3: 279}
"""Lengths that axes are extended to."""


def to_host(tensor: Tensor) -> Array:
    """Copy a tensor's values to NumPy, in a wider dtype if NumPy lacks the tensor's."""
    tensor = tensor.detach()
    if tensor.dtype.name in HOST_DTYPES:
        tensor = tensor.to(HOST_DTYPES[tensor.dtype.name])
    return numpy.array(tensor.cpu().numpy())


def canonical_bytes(host: Array) -> bytes:
    """The bytes of an array with the same NaN in place of each, whose sign and bits a conversion may change."""
    if host.dtype.kind not in "fc":
        return host.tobytes()
    parts = numpy.array(host, order="C", ndmin=1).view(host.real.dtype)
    parts[numpy.isnan(parts)] = numpy.nan
    return parts.tobytes()


def flatten(result: Any, path: str = "") -> list[tuple[str, Any]]:
    """The leaves of a result of tuples, lists and tensors, with their paths."""
    if isinstance(result, (tuple, list)):
        names = getattr(result, "_fields", None)
        steps = [f".{name}" for name in names] if names else [f"[{i}]" for i in range(len(result))]
        return [leaf for step, part in zip(steps, result, strict=True) for leaf in flatten(part, path + step)]
    return [(path, result)]


SHOWN = 4096
"""Larger arrays are shown by their first elements."""


def source(host: Array) -> str:
    """A Python expression for a host array, unless it is large."""
    if host.size <= SHOWN:
        return _literal(host.tolist())
    return f"{_literal(host.ravel()[:8].tolist())[:-1]}, ...], of shape {host.shape}"


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    text = repr(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{text}")'
    if isinstance(value, complex) and not _reads_back(value):
        return f"complex({_literal(value.real)}, {_literal(value.imag)})"
    return text


def _reads_back(value: complex) -> bool:
    """Whether Python reads a complex number as it writes it: NaN, infinities and some signed zeros it does not."""
    text = repr(value)
    return cmath.isfinite(value) and repr(ast.literal_eval(text)) == text
