"""Argument checks, dtype promotion and broadcasting of losses. Errors name the loss, the argument and its value."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Collection, Mapping
from typing import Any

import numpy

from ..core.dispatch.levels import together
from ..core.memory.structure import broadcast_to, cast
from ..core.memory.tensor import Tensor
from ..core.memory.values import inspect
from ..core.types.axes import as_float
from ..core.types.devices import Device
from ..core.types.dtypes import DType, float32, promote
from ..core.types.errors import DeviceError, ShapeError


def require_tensor(loss: str, name: str, value: Any, device: Device | None = None) -> None:
    """Raise TypeError unless an argument is a Tensor, and DeviceError unless it is on `device`."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{loss}: {name} must be a Tensor, got {type(value).__name__}")
    if device is not None and value.device is not device and str(value.device) != str(device):
        raise DeviceError(
            f"{loss}: input is on {device} and {name} on {value.device}; move it with {name}.to({str(device)!r})"
        )


def require_floating(loss: str, name: str, tensor: Tensor) -> None:
    """Raise TypeError unless a tensor has a real-valued floating-point dtype."""
    if tensor.dtype.kind != "f":
        raise TypeError(f"{loss}: {name} must be of a real-valued floating-point dtype, got {tensor.dtype}")


def require_unit_interval(loss: str, name: str, value: Any) -> float:
    """Return the value as a float; raise ValueError unless it is between 0 and 1."""
    value = as_float(loss, name, value)
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{loss}: {name} must be between 0 and 1, got {value}")
    return value


def require_positive(loss: str, name: str, value: Any) -> float:
    """Return the value as a float; raise ValueError unless it is greater than 0."""
    value = as_float(loss, name, value)
    if not value > 0.0:
        raise ValueError(f"{loss}: {name} must be greater than 0, got {value}")
    return value


def require_shape(loss: str, name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Raise ShapeError unless a tensor has the shape that the input demands."""
    if tensor.shape != shape:
        raise ShapeError(f"{loss}: {name} must have shape {shape}, as the input demands, got {tensor.shape}")


def require_probabilities(loss: str, name: str, tensor: Tensor) -> None:
    """Raise ValueError unless all elements are between 0 and 1."""
    inspect(_require_all_probabilities, tensor, loss=loss, name=name)


def _require_all_probabilities(host: numpy.ndarray, loss: str, name: str) -> None:
    wrong = ~((host >= 0) & (host <= 1))
    if wrong.any():
        raise ValueError(f"{loss}: {name} must hold probabilities, from 0 to 1, got {host[wrong][0]}")


def promote_tensors(loss: str, tensors: Mapping[str, Any], labels: Collection[str] = ()) -> tuple[DType, list[Tensor]]:
    """Promote tensors; return the dtype of the loss, and the tensors cast to it, or to float32 for half types.

    Parameters
    ----------
    loss
        Its name.
    tensors
        Tensors by the names of the arguments, the input first.
    labels
        The arguments that may have integer or boolean dtypes.

    Raises
    ------
    TypeError
        If an argument is no Tensor, or has another dtype.
    DeviceError
        If they are on different devices.
    """
    operands = list(tensors.values())
    keys = {operand._key if isinstance(operand, Tensor) else None for operand in operands}
    key = keys.pop()
    if not keys and key is not None and key.dtype.kind == "f" and not key.is_half:
        # There is nothing to promote.
        return key.dtype, operands
    device = None
    for name, tensor in tensors.items():
        require_tensor(loss, name, tensor, device)
        device = tensor.device if device is None else device
        if name not in labels or tensor.dtype.kind == "c":
            require_floating(loss, name, tensor)
    dtype = functools.reduce(promote, [tensor.dtype for tensor in tensors.values()])
    computed = float32 if dtype.itemsize == 2 else dtype
    return dtype, [cast(tensor, computed) for tensor in together(*operands)]


def broadcast(loss: str, tensors: Mapping[str, Tensor], warn: bool = False) -> list[Tensor]:
    """Broadcast tensors to their common shape.

    Parameters
    ----------
    loss
        Its name.
    tensors
        Tensors by the names of the arguments.
    warn
        Whether to warn where shapes differ, as PyTorch does for losses whose shapes seldom differ on purpose.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    """
    shapes = [tensor.shape for tensor in tensors.values()]
    if all(shape == shapes[0] for shape in shapes):
        return list(tensors.values())
    listed = " and ".join(f"{name} {tensor.shape}" for name, tensor in tensors.items())
    try:
        shape = numpy.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(f"{loss}: the shapes do not fit together: {listed}") from None
    if warn:
        message = f"{loss}: the shapes differ and are broadcast, which is seldom what is meant: {listed}"
        warnings.warn(message, stacklevel=4)
    return [broadcast_to(tensor, shape) for tensor in tensors.values()]


def elementwise_weight(loss: str, name: str, tensor: Any, input: Tensor) -> Tensor:
    """Check a weight of the elements, which must broadcast to the shape of the input, and cast it to that dtype.

    Raises
    ------
    TypeError
        If it is no Tensor of a floating-point dtype.
    ShapeError
        If it does not broadcast to the shape of the input.
    """
    require_tensor(loss, name, tensor, input.device)
    require_floating(loss, name, tensor)
    lengths = zip(reversed(tensor.shape), reversed(input.shape), strict=False)
    if tensor.ndim > input.ndim or not all(own in (1, other) for own, other in lengths):
        raise ShapeError(f"{loss}: {name} must broadcast to the shape of the input, {input.shape}, got {tensor.shape}")
    return cast(tensor, input.dtype)
