"""What operations accept: tensors, Python scalars and NumPy arrays, brought to one backend, device and dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..dispatch.keys import DispatchKey, key_for
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

_KEPT_SCALARS = 1024


def scalar_tensor(key: DispatchKey, value: Any, operation: str, compares: bool = False) -> Tensor:
    """The 0-d tensor of a Python scalar, made once for each dispatch key and value.

    Raises
    ------
    OverflowError
        If an integer dtype does not hold the value; for a comparison, if a floating-point one does not.
    """
    # Equal keys must mean equal bits: 0.0 and -0.0 are equal, alone and in complex numbers.
    entry = value if value and type(value) is not complex else repr(value)
    found: Tensor | None = key.scalars.get(entry)
    if found is None:
        beyond = _is_beyond(key.dtype, value)
        if beyond:
            if compares:
                raise OverflowError
            require_range(operation, key.dtype, value)
        # NumPy's bfloat16 takes no integer beyond 64 bits.
        value = float(value) if key.dtype.kind == "f" else value
        # A float that the dtype does not hold becomes infinite, of which NumPy would warn.
        with numpy.errstate(over="ignore"):
            array = key.library.ops.full((), value, dtype=key.native_dtype, device=key.native_device)
        if beyond:
            # A comparison with it must not find it.
            return wrap(array, key)
        if len(key.scalars) >= _KEPT_SCALARS:
            key.scalars.clear()
        found = key.scalars[entry] = wrap(array, key)
    return found


def python_number(value: Any) -> Any:
    """A scalar of NumPy's as a Python number; anything else as it is."""
    return value.item() if isinstance(value, numpy.generic) else value


def require_range(operation: str, dtype: DType, value: Any) -> None:
    """Raise OverflowError if an integer dtype does not hold the value, or no Python float that of a floating-point one.

    Greater floats than a floating-point dtype holds are infinite there.
    """
    if dtype.kind in "iu" and _is_beyond(dtype, value):
        low, high = _limits(dtype)
        # Python refuses to print integers of thousands of digits.
        found = f"an integer of {value.bit_length()} bits" if isinstance(value, int) and abs(value) >> 128 else value
        raise OverflowError(f"{operation}: {found} is out of range for {dtype}, which holds {low} to {high}")
    if dtype.kind in "fc" and isinstance(value, int) and abs(value) > FINITE["float64"][1]:
        raise OverflowError(f"{operation}: an integer of {value.bit_length()} bits is too great for any float")


def _limits(dtype: DType) -> tuple[Any, Any]:
    """The least and the greatest finite number of an integer or real floating-point dtype."""
    if dtype.kind == "f":
        return -FINITE[dtype.name][1], FINITE[dtype.name][1]
    bits = 8 * dtype.itemsize
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if dtype.kind == "i" else (0, (1 << bits) - 1)


def _is_beyond(dtype: DType, value: Any) -> bool:
    """Whether a number is less than all finite ones that a dtype holds, or greater, and finite itself."""
    if dtype.kind in "iu":
        low, high = _limits(dtype)
        return not low <= value <= high
    if dtype.kind == "c":
        return isinstance(value, int) and abs(value) > FINITE["float64"][1]
    return dtype.kind == "f" and FINITE[dtype.name][1] < abs(value) < math.inf


def _apart(x: Tensor, value: Any) -> tuple[Tensor, Tensor]:
    """Operands whose elements compare with each other as those of a tensor with a number beyond its dtype."""
    key = x._key
    if key.dtype.kind == "f":
        # Infinities stay beyond it, and NaN stays.
        greatest = math.copysign(FINITE[key.dtype.name][1], 1 if value > 0 else -1)
        divide, _ = key.table["divide"]
        quarter = divide(array_of(x), scalar_tensor(key, 4.0, "divide")._array)
        return wrap(quarter, key), scalar_tensor(key, greatest, "less", True)
    make, other = (key.library.ops.zeros, 1) if value > 0 else (key.library.ops.ones, 0)
    filled = make(x.shape, dtype=key.native_dtype, device=key.native_device)
    return wrap(filled, key), scalar_tensor(key, other, "less", True)


def equals_scalar(value: Any, number: int) -> bool:
    """Whether a factor is this Python number; a tensor that equals it may have a history."""
    return type(value) is not Tensor and bool(value == number)


def pair(operation: Any, x1: Any, x2: Any) -> tuple[Tensor, Tensor] | None:
    """Two operands with one dispatch key, or None if one of them is of no type that tensors work with.

    Raises
    ------
    TypeError
        If their dtypes have no common one.
    DeviceError
        If they are on different backends or devices.
    """
    if type(x1) is not Tensor:
        swapped = pair(operation, x2, x1) if type(x2) is Tensor else None
        return swapped and (swapped[1], swapped[0])
    if not operation.takes_scalars and type(x2) is not Tensor and _host_operand(x2) is None:
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
        return _apart(x1, x2)
    if type(x2) is not Tensor:
        host = _host_operand(x2)
        if host is None:
            return None
        x2 = _from_numpy(x1, host)
    x1, x2 = same_device(operation.name, x1, x2)
    dtype = operation.computing_dtype(promote(x1._key.dtype, x2._key.dtype))
    return cast(x1, dtype), cast(x2, dtype)


def _host_operand(x: Any) -> numpy.ndarray | None:
    """An operand that is NumPy's array, or SciPy's sparse one, as an array; None for what has to answer itself."""
    if isinstance(x, numpy.ndarray):
        return None if isinstance(x, numpy.ma.MaskedArray) else x
    return x.toarray() if hasattr(x, "toarray") and hasattr(x, "nnz") else None


def _from_numpy(like: Tensor, array: numpy.ndarray) -> Tensor:
    key = key_for(like.device, as_dtype(array.dtype))
    return wrap(key.library.backend.from_numpy(array, key.native_device), key)


def same_device(operation: str, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    """Two tensors on one device; a 0-d one on a CPU joins the other, as in PyTorch.

    Raises
    ------
    DeviceError
        If they are on different backends or devices.
    """
    device1, device2 = x1._key.device, x2._key.device
    if device1 is device2:
        return x1, x2
    if _joins(x2) and not _joins(x1):
        return x1, to_device(x2, device1)
    if _joins(x1) and not _joins(x2):
        return to_device(x1, device2), x2
    raise DeviceError(
        f"{operation}: expected all tensors to be on the same device, but got shape {x1.shape} on {device1} and "
        f"shape {x2.shape} on {device2}; move one with x.to({str(device1)!r})"
    )


def _joins(tensor: Tensor) -> bool:
    return tensor._key.device.type == "cpu" and not tensor.shape
