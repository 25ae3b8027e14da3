"""Arguments of NumPy's functions as tensors, and tensors as NumPy's arrays."""

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


def says_nothing(value: Any, default: Any) -> bool:
    """Whether an argument has a value that asks for nothing."""
    return value is None or value is numpy._NoValue or (type(value) is type(default) and value == default)


def no_counterpart(name: str) -> TypeError:
    """The error for a function of NumPy's that tensors lack."""
    return TypeError(
        f"{name}: Tensorplug has no function that computes it of tensors; leave the graph, with x.detach().numpy()"
    )


def no_option(name: str, option: str) -> TypeError:
    """The error for an argument that the counterpart of NumPy's function lacks."""
    return TypeError(f"{name}: {option}= is not supported for tensors; leave it away, or use x.detach().numpy()")


def as_operand(x: Any, like: Tensor) -> Any:
    """An array or nested sequence as a tensor beside another."""
    if isinstance(x, numpy.ndarray | list | tuple):
        return creation.asarray(x, device=like.device)
    return x


def as_tensors(values: Any, like: Tensor) -> Any:
    """Arguments with tensors in place of NumPy's arrays, in sequences too."""
    if isinstance(values, numpy.ndarray):
        return as_operand(values, like)
    if type(values) in (list, tuple):
        return type(values)(as_tensors(one, like) for one in values)
    return {key: as_tensors(one, like) for key, one in values.items()} if type(values) is dict else values


def on_host(value: Any) -> Any:
    """Arguments with NumPy's arrays in place of tensors.

    Raises
    ------
    RuntimeError
        If a tensor requires a gradient, which would be lost.
    """
    if type(value) is Tensor:
        return numpy_array(value)
    if type(value) in (list, tuple):
        return type(value)(map(on_host, value))
    return {key: on_host(one) for key, one in value.items()} if type(value) is dict else value


def beside(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Two operands, of which one may be a sequence or a number, as tensors."""
    device = (x1 if type(x1) is Tensor else x2).device
    x1, x2 = (x if type(x) is Tensor else creation.asarray(x, device=device) for x in (x1, x2))
    return x1, x2


def flattened(x: Tensor) -> Tensor:
    """The elements along one axis."""
    return reshape(x, (-1,))


def computed_in(name: str, x: Any, dtype: Any, like: Tensor) -> Tensor:
    """An operand in the dtype in which a ufunc is asked to compute, if it is not of a higher kind."""
    x, target = x if type(x) is Tensor else creation.asarray(x, device=like.device), as_dtype(dtype)
    if KIND_ORDER[x.dtype.kind] > KIND_ORDER[target.kind]:
        raise DTypeError(f"{name}: got {x.dtype} with dtype={target}, which is of a lower kind; convert with astype")
    return cast(x, target)
