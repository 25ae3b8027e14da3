"""Coercion of operands, tensors, Python scalars or NumPy arrays, to a common backend, device and dtype."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy

from ..dispatch.keys import DispatchKey, key_for
from ..dispatch.levels import together
from ..types.dtypes import (
    FINITE,
    SCALARS,
    DType,
    as_dtype,
    promote,
    promote_scalar,
)
from ..types.errors import DeviceError
from .structure import cast, to_device
from .tensor import Tensor, wrap
from .views import array_of

_CACHED_SCALARS = 1024


def scalar_tensor(key: DispatchKey, value: Any, operation: str, compares: bool = False) -> Tensor:
    """The 0-d tensor of a Python scalar, cached by dispatch key and value.

    Raises
    ------
    OverflowError
        If the value is out of range for an integer dtype; in a comparison, for a floating-point one too.
    """
    # Equal keys must mean equal bits: 0.0 and -0.0 are equal, alone and in complex numbers.
    entry = value if value and type(value) is not complex else repr(value)
    found: Tensor | None = key.scalars.get(entry)
    if found is None:
        out_of_range = _is_out_of_range(key.dtype, value)
        if out_of_range:
            if compares:
                raise OverflowError
            require_range(operation, key.dtype, value)
        # NumPy's bfloat16 takes no integer beyond 64 bits.
        value = float(value) if key.dtype.kind == "f" else value
        # A float out of range becomes infinite, of which NumPy would warn.
        with numpy.errstate(over="ignore"):
            array = key.library.ops.full((), value, dtype=key.native_dtype, device=key.native_device)
        if out_of_range:
            # A comparison must not find it in the cache.
            return wrap(array, key)
        if len(key.scalars) >= _CACHED_SCALARS:
            key.scalars.clear()
        found = key.scalars[entry] = wrap(array, key)
    return found


def python_number(value: Any) -> Any:
    """Convert a NumPy scalar to a Python number; anything else stays."""
    return value.item() if isinstance(value, numpy.generic) else value


def require_range(operation: str, dtype: DType, value: Any) -> None:
    """Raise OverflowError if a value is out of range for an integer dtype, or an integer for any float.

    Floats out of range for a floating-point dtype become infinite.
    """
    if dtype.kind in "iu" and _is_out_of_range(dtype, value):
        low, high = limits(dtype)
        # Python refuses to print integers of thousands of digits.
        found = f"an integer of {value.bit_length()} bits" if isinstance(value, int) and abs(value) >> 128 else value
        raise OverflowError(f"{operation}: {found} is out of range for {dtype}, which holds {low} to {high}")
    if dtype.kind in "fc" and isinstance(value, int) and abs(value) > FINITE["float64"][1]:
        raise OverflowError(f"{operation}: an integer of {value.bit_length()} bits is too great for any float")


@functools.cache
def limits(dtype: DType) -> tuple[Any, Any]:
    """The smallest and the largest finite number of an integer or real floating-point dtype."""
    if dtype.kind == "f":
        return -FINITE[dtype.name][1], FINITE[dtype.name][1]
    bits = 8 * dtype.itemsize
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if dtype.kind == "i" else (0, (1 << bits) - 1)


def _is_out_of_range(dtype: DType, value: Any) -> bool:
    """Whether a finite number is out of the range of a dtype's finite numbers."""
    if dtype.kind in "iu":
        low, high = limits(dtype)
        return not low <= value <= high
    if dtype.kind == "c":
        return isinstance(value, int) and abs(value) > FINITE["float64"][1]
    return dtype.kind == "f" and FINITE[dtype.name][1] < abs(value) < math.inf


def _compare_out_of_range(x: Tensor, value: Any) -> tuple[Tensor, Tensor]:
    """Operands that compare like a tensor and a number out of the range of its dtype."""
    key = x._key
    if key.dtype.kind == "f":
        # Finite elements become smaller than the largest number; infinities and NaN stay.
        greatest = math.copysign(FINITE[key.dtype.name][1], 1 if value > 0 else -1)
        divide, _ = key.table["divide"]
        quarter = divide(array_of(x), scalar_tensor(key, 4.0, "divide")._array)
        return wrap(quarter, key), scalar_tensor(key, greatest, "less", True)
    make, other = (key.library.ops.zeros, 1) if value > 0 else (key.library.ops.ones, 0)
    filled = make(x.shape, dtype=key.native_dtype, device=key.native_device)
    return wrap(filled, key), scalar_tensor(key, other, "less", True)


def equals_scalar(value: Any, number: int) -> bool:
    """Whether a value is a Python or NumPy number equal to this one; never for a tensor, which may be recorded."""
    return (type(value) is int and value == number) or (not isinstance(value, Tensor) and bool(value == number))


def pair(operation: Any, x1: Any, x2: Any) -> tuple[Tensor, Tensor] | None:
    """Promote two operands to one dispatch key; None if one is of a foreign type.

    Raises
    ------
    TypeError
        If their dtypes have no common dtype.
    DeviceError
        If they are on different backends or devices.
    """
    if not isinstance(x1, Tensor):
        swapped = pair(operation, x2, x1) if isinstance(x2, Tensor) else None
        return swapped and (swapped[1], swapped[0])
    if not operation.takes_scalars and not isinstance(x2, Tensor) and _host_operand(x2) is None:
        return None
    try:
        if type(x2) in (float, int) and x1._key.dtype.kind == "f":
            return x1, scalar_tensor(x1._key, x2, operation.name, operation.compares)
        x2 = python_number(x2)
        if isinstance(x2, SCALARS):
            dtype = operation.computing_dtype(promote_scalar(x1._key.dtype, x2))
            x1 = cast(x1, dtype)
            return x1, scalar_tensor(x1._key, x2, operation.name, operation.compares)
    except OverflowError:
        if not operation.compares:
            raise
        return _compare_out_of_range(x1, x2)
    if not isinstance(x2, Tensor):
        host = _host_operand(x2)
        if host is None:
            return None
        x2 = _from_numpy(x1, host)
    x1, x2 = same_device(operation.name, x1, x2)
    dtype = operation.computing_dtype(promote(x1._key.dtype, x2._key.dtype))
    return cast(x1, dtype), cast(x2, dtype)


def _host_operand(x: Any) -> numpy.ndarray | None:
    """A NumPy array or SciPy sparse array as a NumPy array; None for a type that handles the operation itself."""
    if isinstance(x, numpy.ndarray):
        return None if isinstance(x, numpy.ma.MaskedArray) else x
    return x.toarray() if hasattr(x, "toarray") and hasattr(x, "nnz") else None


def _from_numpy(like: Tensor, array: numpy.ndarray) -> Tensor:
    key = key_for(like.device, as_dtype(array.dtype))
    return wrap(key.library.backend.from_numpy(array, key.native_device), key)


def same_device(operation: str, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    """Bring two tensors to one device: a 0-d tensor on a CPU is moved to the other's, as in PyTorch.

    Raises
    ------
    DeviceError
        If they are on different backends or devices.
    """
    device1, device2 = x1._key.device, x2._key.device
    if device1 is device2:
        return x1, x2
    if device1._depth != device2._depth:
        return same_device(operation, *together(x1, x2))
    if _is_cpu_scalar(x2) and not _is_cpu_scalar(x1):
        return x1, to_device(x2, device1)
    if _is_cpu_scalar(x1) and not _is_cpu_scalar(x2):
        return to_device(x1, device2), x2
    is_divided = device1.mesh is not None or device2.mesh is not None
    remedy = "distribute_tensor(x, mesh, placements), or x.full_tensor()" if is_divided else f"x.to({str(device1)!r})"
    raise DeviceError(
        f"{operation}: expected all tensors to be on the same device, but got shape {x1.shape} on {device1} and "
        f"shape {x2.shape} on {device2}; move one with {remedy}"
    )


def _is_cpu_scalar(tensor: Tensor) -> bool:
    device = tensor._key.device
    return device.type == "cpu" and device.mesh is None and not tensor.shape
