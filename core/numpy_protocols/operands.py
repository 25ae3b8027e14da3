"""Conversion of arguments of NumPy's functions to tensors, and of tensors to NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..interchange.interop import numpy_array
from ..memory.structure import cast, reshape
from ..memory.tensor import Tensor
from ..standard import creation
from ..types.dtypes import KIND_ORDER, as_dtype
from ..types.errors import DTypeError

Function = Callable[..., Any]


def is_default(value: Any, default: Any) -> bool:
    """Whether an argument is None or its default."""
    return value is None or value is numpy._NoValue or (type(value) is type(default) and value == default)


def no_counterpart(name: str) -> TypeError:
    """The error for a NumPy function without a counterpart."""
    return TypeError(
        f"{name}: Tensorplug has no function that computes it of tensors; leave the graph, with x.detach().numpy()"
    )


def no_option(name: str, option: str) -> TypeError:
    """The error for an argument that the counterpart of a NumPy function does not support."""
    return TypeError(f"{name}: {option}= is not supported for tensors; leave it away, or use x.detach().numpy()")


def as_operand(x: Any, like: Tensor) -> Any:
    """Convert an array or nested sequence to a tensor on the device of another; anything else stays."""
    if isinstance(x, numpy.ndarray | list | tuple):
        return creation.asarray(x, device=like.device)
    return x


def as_tensors(values: Any, like: Tensor) -> Any:
    """Convert NumPy arrays among arguments to tensors, in sequences and dicts too."""
    if isinstance(values, numpy.ndarray):
        return as_operand(values, like)
    if type(values) in (list, tuple):
        return type(values)(as_tensors(one, like) for one in values)
    return {key: as_tensors(one, like) for key, one in values.items()} if type(values) is dict else values


def on_host(value: Any) -> Any:
    """Convert tensors among arguments to NumPy arrays, in sequences and dicts too.

    Raises
    ------
    RuntimeError
        If a tensor requires a gradient, which would be lost.
    """
    if isinstance(value, Tensor):
        return numpy_array(value)
    if type(value) in (list, tuple):
        return type(value)(map(on_host, value))
    return {key: on_host(one) for key, one in value.items()} if type(value) is dict else value


def tensor_pair(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Convert two operands, one of them a tensor, to tensors on one device."""
    device = (x1 if isinstance(x1, Tensor) else x2).device
    x1, x2 = (x if isinstance(x, Tensor) else creation.asarray(x, device=device) for x in (x1, x2))
    return x1, x2


def flattened(x: Tensor) -> Tensor:
    """Flatten a tensor."""
    return reshape(x, (-1,))


def cast_operand(name: str, x: Any, dtype: Any, like: Tensor) -> Tensor:
    """Cast an operand to the ``dtype=`` of a ufunc; raise if the operand is of a higher kind."""
    x, target = x if isinstance(x, Tensor) else creation.asarray(x, device=like.device), as_dtype(dtype)
    if KIND_ORDER[x.dtype.kind] > KIND_ORDER[target.kind]:
        raise DTypeError(f"{name}: got {x.dtype} with dtype={target}, which is of a lower kind; convert with astype")
    return cast(x, target)
