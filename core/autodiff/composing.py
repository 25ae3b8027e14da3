"""Compositions of kernels: on raw arrays where no gradient is recorded, else by recorded operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...autograd.modes import is_grad_enabled
from ..memory.tensor import Tensor
from ..memory.values import compute
from .lifting import TENSOR_OPS


def compose(function: Callable[..., Any], *tensors: Tensor, **parameters: Any) -> Any:
    """A differentiable composition of kernels, of the dtype of the first tensor.

    Parameters
    ----------
    function : callable
        ``function(ops, *arrays, **parameters)``. It is given tensors where one requires a gradient; raw arrays take a
        third of the time: see `compute`.
    *tensors : Tensor
        On one device.
    """
    if is_grad_enabled() and any(tensor._node is not None for tensor in tensors):
        return function(TENSOR_OPS, *tensors, **parameters)
    return compute(function, *tensors, **parameters)


def constant(x: Any) -> Any:
    """A tensor without its gradient; a raw array itself."""
    return x.detach() if isinstance(x, Tensor) else x
