"""Checks of a tensor's values through `inspect` and `known` of the contract, which transforms can intercept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...backends.common.positions import in_range as in_range
from ..dispatch.levels import open_levels, together
from ..types.dtypes import DType
from .tensor import Tensor, wrap
from .views import array_of


def inspect(check: Callable[..., None], tensor: Tensor, **parameters: Any) -> None:
    """Run a check of the values, which raises if they are invalid: see `tensorplug.backends.Backend.inspect`."""
    tensor._key.library.ops.inspect(check, array_of(tensor), **parameters)


def known(predicate: Callable[..., Any], otherwise: bool, tensor: Tensor, **parameters: Any) -> bool:
    """Whether the values are known to satisfy a predicate: see `tensorplug.backends.Backend.known`."""
    found: bool = tensor._key.library.ops.known(predicate, otherwise, array_of(tensor), **parameters)
    return found


def compute(function: Callable[..., Any], *tensors: Tensor, dtype: DType | None = None, **parameters: Any) -> Any:
    """A composition of kernels without a gradient, on raw arrays: a kernel takes a third of an operation's time.

    Parameters
    ----------
    function : callable
        ``function(ops, *arrays, **parameters)``; the results of kernels may be a tuple.
    *tensors : Tensor
        On one device.
    dtype : DType, optional
        That of the results, by default that of the first tensor.
    """
    if open_levels():
        tensors = together(*tensors)
    key = tensors[0]._key
    library = key.library
    with library.scope(key.native_device):
        found = function(library.ops, *[tensor._current() for tensor in tensors], **parameters)
        if dtype is not None:
            key = key.with_dtype(dtype)
        elif key.is_half and found.dtype != key.native_dtype:
            # A Python number turns NumPy's bfloat16 into float32.
            found = library.ops.cast(found, key.dtype.name)
    if type(found) is tuple:
        return tuple(wrap(one, key) for one in found)
    # Arithmetic on 0-d arrays of NumPy gives scalars.
    return wrap(found if isinstance(found, library.array_types) else library.backend.namespace.asarray(found), key)
