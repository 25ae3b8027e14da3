"""Data type functions (array API standard 2025.12, "Data Type Functions")."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy

from ..families.function import function
from ..memory.structure import clone, convert, to_device
from ..memory.tensor import Tensor
from ..types.devices import as_device
from ..types.dtypes import (
    ACCEPTED,
    DTYPES,
    SCALARS,
    DType,
    as_dtype,
    bool_,
    promote,
    promote_scalar,
    real_dtype,
)
from ..types.errors import DTypeError

__all__ = ["astype", "can_cast", "finfo", "iinfo", "isdtype", "promote_types", "result_type"]

_KINDS_BY_NAME = {
    "bool": frozenset({bool_}),
    "signed integer": frozenset(d for d in DTYPES.values() if d.kind == "i"),
    "unsigned integer": frozenset(d for d in DTYPES.values() if d.kind == "u"),
    "integral": ACCEPTED["integer"],
    "real floating": ACCEPTED["real-valued floating-point"],
    "complex floating": ACCEPTED["complex floating-point"],
    "numeric": ACCEPTED["numeric"],
}


def require_convertible(operation: str, source: DType, target: DType) -> None:
    """Raise for a conversion of complex numbers to real ones, which is ambiguous."""
    if source.kind == "c" and target.kind in "iuf":
        raise DTypeError(f"{operation}: got {source}, wanted {target}; take real(x), imag(x) or abs(x) first")


@function(methods=("astype",))
def astype(x: Tensor, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Tensor:
    """Convert a tensor to another dtype.

    Parameters
    ----------
    x : Tensor
    dtype : dtype
    copy : bool, default: True
        Whether the result must be new even if `x` has the dtype already.
    device : device, optional
        Where the result is to be; by default where `x` is.

    Returns
    -------
    Tensor
        Of the same shape. Fractions are cut off; what is not zero becomes True.

    Raises
    ------
    TypeError
        From a complex dtype to a real-valued one: take `real` or `imag` first. (`x.to`, as in PyTorch, takes the real
        part.)

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.astype(tp.tensor([1.7, -1.7]), tp.int64)
    tensor([ 1, -1])
    """
    target = as_dtype(dtype)
    require_convertible("astype", x.dtype, target)
    result = convert(x if device is None else to_device(x, as_device(device, x.device)), target)
    return clone(x) if copy and result is x else result


def can_cast(from_: DType | Tensor, to: DType) -> bool:
    """Whether the promotion rules allow a cast of a dtype or a tensor to another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.can_cast(tp.int32, tp.int64), tp.can_cast(tp.float64, tp.float32)
    (True, False)
    """
    target = as_dtype(to)
    if isinstance(from_, Tensor) and target.name not in from_._key.library.dtypes:
        return False
    try:
        return promote(_dtype_of(from_), target) is target
    except TypeError:
        return False


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The common dtype of tensors, dtypes and Python scalars.

    Raises
    ------
    TypeError
        If they have no common dtype.
    ValueError
        If no tensor or dtype is among them.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.result_type(tp.float32, tp.float64, 1)
    tensorplug.float64
    """
    given = [one.item() if isinstance(one, numpy.generic) else one for one in arrays_and_dtypes]
    dtypes = [_dtype_of(one) for one in given if not isinstance(one, SCALARS)]
    if not dtypes:
        raise ValueError("result_type: got no tensor or dtype, wanted at least one")
    scalars = [one for one in given if isinstance(one, SCALARS)]
    return functools.reduce(promote_scalar, scalars, functools.reduce(promote, dtypes))


def promote_types(type1: Any, type2: Any) -> DType:
    """The common dtype of two dtypes, as `result_type`.

    Raises
    ------
    TypeError
        If they have none.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.promote_types(tp.int64, tp.float32)
    tensorplug.float32
    """
    return promote(as_dtype(type1), as_dtype(type2))


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind: a dtype, one of the standard's names of kinds, or a tuple of these.

    Raises
    ------
    ValueError
        For an unknown name.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.isdtype(tp.float32, "real floating"), tp.isdtype(tp.int8, ("bool", "unsigned integer"))
    (True, False)
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if isinstance(kind, str):
        try:
            return as_dtype(dtype) in _KINDS_BY_NAME[kind]
        except KeyError:
            raise ValueError(f"isdtype: unknown kind {kind!r}; there are {', '.join(_KINDS_BY_NAME)}") from None
    return as_dtype(dtype) is as_dtype(kind)


class FloatInfo(NamedTuple):
    """The limits of a floating-point dtype: see `finfo`."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: DType


class IntInfo(NamedTuple):
    """The limits of an integer dtype: see `iinfo`."""

    bits: int
    max: int
    min: int
    dtype: DType


# Stored bits of the significand, and the largest exponent.
_FLOAT_FORMATS = {"float16": (10, 15), "bfloat16": (7, 127), "float32": (23, 127), "float64": (52, 1023)}


def finfo(type: Any) -> FloatInfo:
    """The limits of a floating-point dtype, or of the parts of a complex one.

    Raises
    ------
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.finfo(tp.float64).eps
    2.220446049250313e-16
    """
    dtype = real_dtype(_dtype_of(type))
    if dtype.name not in _FLOAT_FORMATS:
        raise TypeError(f"finfo: got {dtype}, wanted a floating-point dtype; for integers there is iinfo")
    digits, exponent = _FLOAT_FORMATS[dtype.name]
    eps = 2.0**-digits
    largest = (2.0 - eps) * 2.0**exponent
    return FloatInfo(8 * dtype.itemsize, eps, largest, -largest, 2.0 ** (1 - exponent), dtype)


def iinfo(type: Any) -> IntInfo:
    """The limits of an integer dtype.

    Raises
    ------
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.iinfo(tp.int8).max
    127
    """
    dtype = _dtype_of(type)
    if dtype.kind not in "iu":
        raise TypeError(f"iinfo: got {dtype}, wanted an integer dtype; for floats there is finfo")
    info = numpy.iinfo(dtype.name)
    return IntInfo(8 * dtype.itemsize, int(info.max), int(info.min), dtype)


def _dtype_of(type_: Any) -> DType:
    return type_.dtype if isinstance(type_, Tensor) else as_dtype(type_)
