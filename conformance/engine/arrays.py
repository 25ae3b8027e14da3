"""From arrays on the host to tensors in every memory layout, and back."""

from __future__ import annotations

import ast
import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor

Array = numpy.ndarray

HOST_DTYPES = {"bfloat16": "float32"}
"""What NumPy holds the values of a dtype in, where it has none of that name."""


def rounded(values: Any, dtype: str) -> Array:
    """An array of the host's dtype with values that a dtype has exactly."""
    if dtype == "bfloat16":
        bits = numpy.ascontiguousarray(values, numpy.float32).view(numpy.uint32)
        nearest = bits + 0x7FFF + ((bits >> 16) & 1)
        kept = (nearest & 0xFFFF0000).astype(numpy.uint32).view(numpy.float32)
        return numpy.where(numpy.isnan(values), numpy.float32(numpy.nan), kept).reshape(numpy.shape(values))
    with numpy.errstate(all="ignore"):
        return numpy.asarray(values).astype(dtype)


def contiguous(host: Array, dtype: str) -> Tensor:
    """A tensor of the default backend."""
    return tensorplug.asarray(host, dtype=dtype, copy=True)


def _transposed(host: Array, dtype: str) -> Tensor:
    return tensorplug.permute_dims(contiguous(host.T, dtype), tuple(reversed(range(host.ndim))))


def _reversed(host: Array, dtype: str) -> Tensor:
    backwards = (slice(None, None, -1),) * host.ndim
    return contiguous(host[backwards], dtype)[backwards]


def _strided(host: Array, dtype: str) -> Tensor:
    spaced = numpy.ones([2 * length for length in host.shape], host.dtype)
    every_second = (slice(None, None, 2),) * host.ndim
    spaced[every_second] = host
    return contiguous(spaced, dtype)[every_second]


def _inner(host: Array, dtype: str) -> Tensor:
    framed = numpy.ones([length + 2 for length in host.shape], host.dtype)
    inside = tuple(slice(1, length + 1) for length in host.shape)
    framed[inside] = host
    return contiguous(framed, dtype)[inside]


LAYOUTS: dict[str, Callable[[Array, str], Tensor]] = {
    "contiguous": contiguous,
    "transposed": _transposed,
    "negative strides": _reversed,
    "every second element": _strided,
    "inner part": _inner,
}
"""How a tensor with given values may lie in memory."""


MANY = 2 * 3 * 1024 + 5
"""More elements than kernels take at a time."""


def among(tensor: Tensor, special: str = "", place: int = 0) -> Tensor:
    """The elements of a tensor over and over, along all its axes, with a special value in one place."""
    host = to_host(tensor)
    repeats = [SIDES.get(length, length) // max(length, 1) for length in host.shape]
    found = numpy.tile(host, repeats)
    if special:
        found.flat[place % max(found.size, 1)] = float(special)
    return contiguous(found, tensor.dtype.name)


SIDES = {2: 22, 3: 279}
"""How long axes become."""


def to_host(tensor: Tensor) -> Array:
    """A copy of a tensor's values; those of a dtype that NumPy lacks in a wider one."""
    tensor = tensor.detach()
    if tensor.dtype.name in HOST_DTYPES:
        tensor = tensor.to(HOST_DTYPES[tensor.dtype.name])
    return numpy.array(tensor.cpu().numpy())


def flatten(result: Any, path: str = "") -> list[tuple[str, Any]]:
    """The leaves of a result of tuples, lists and tensors, each with where it stands in it."""
    if isinstance(result, (tuple, list)):
        names = getattr(result, "_fields", None)
        steps = [f".{name}" for name in names] if names else [f"[{i}]" for i in range(len(result))]
        return [leaf for step, part in zip(steps, result, strict=True) for leaf in flatten(part, path + step)]
    return [(path, result)]


def source(host: Array) -> str:
    """A Python expression for a host's array."""
    return _literal(host.tolist())


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
