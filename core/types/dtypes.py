"""dtypes, their promotion, and the default ones (array API standard 2025.12, "Data types" and "Type promotion")."""

from __future__ import annotations

import functools
from typing import Any, Final, final

import numpy

from .axes import describe

__all__ = [
    "bfloat16",
    "complex64",
    "complex128",
    "float16",
    "float32",
    "float64",
    "get_default_dtype",
    "int8",
    "int16",
    "int32",
    "int64",
    "set_default_dtype",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

_CATEGORY_OF_KIND = {
    "b": "bool",
    "i": "signed integer",
    "u": "unsigned integer",
    "f": "real floating",
    "c": "complex floating",
}

KIND_ORDER = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
"""The rank of each kind of dtype in promotion."""

PYTHON_TYPES: dict[str, Any] = {"b": bool, "u": int, "i": int, "f": float, "c": complex}
"""The Python type of the numbers of each kind."""

SCALARS = (bool, int, float, complex)
"""The types of Python scalars."""


@final
class DType:
    """The data type of a tensor's elements; there is one object for each dtype, compared by identity.

    Attributes
    ----------
    name : str
        The standard's name, such as ``"float32"``.
    kind : str
        NumPy's letter: ``b`` bool, ``i`` signed and ``u`` unsigned integer, ``f`` real and ``c`` complex floating.
    itemsize : int
        Bytes per element.
    """

    __slots__ = ("itemsize", "kind", "name")

    name: Final[str]
    kind: Final[str]
    itemsize: Final[int]

    def __init__(self, name: str, kind: str, itemsize: int) -> None:
        self.name = name
        self.kind = kind
        self.itemsize = itemsize

    @property
    def category(self) -> str:
        """The standard's name of the kind, such as ``"real floating"``."""
        return _CATEGORY_OF_KIND[self.kind]

    @property
    def is_floating_point(self) -> bool:
        """Whether this is a real floating-point dtype, as in PyTorch."""
        return self.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Whether this is a complex dtype, as in PyTorch."""
        return self.kind == "c"

    @property
    def is_differentiable(self) -> bool:
        """Whether a tensor of this dtype can require a gradient."""
        return self.kind in "fc"

    @property
    def dtype(self) -> numpy.dtype:
        """The NumPy dtype of the same name, so that ``array.astype(tensorplug.float64)`` works.

        Raises
        ------
        TypeError
            For bfloat16, unless ml_dtypes is installed.
        """
        if self.name != "bfloat16":
            return numpy.dtype(self.name)
        try:
            from ml_dtypes import bfloat16 as scalar
        except ImportError:
            raise TypeError("NumPy has no bfloat16 without ml_dtypes; use float32") from None
        return numpy.dtype(scalar)

    __numpy_dtype__ = dtype
    """The protocol of NumPy 2.4 and later; earlier versions read `dtype`."""

    @property
    def char(self) -> str:
        """NumPy's letter of the dtype, which SciPy's sparse arrays read."""
        return self.dtype.char

    def __repr__(self) -> str:
        return f"tensorplug.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self.name,)


bool_ = DType("bool", "b", 1)
int8 = DType("int8", "i", 1)
int16 = DType("int16", "i", 2)
int32 = DType("int32", "i", 4)
int64 = DType("int64", "i", 8)
uint8 = DType("uint8", "u", 1)
uint16 = DType("uint16", "u", 2)
uint32 = DType("uint32", "u", 4)
uint64 = DType("uint64", "u", 8)
float16 = DType("float16", "f", 2)
bfloat16 = DType("bfloat16", "f", 2)
float32 = DType("float32", "f", 4)
float64 = DType("float64", "f", 8)
complex64 = DType("complex64", "c", 8)
complex128 = DType("complex128", "c", 16)

DTYPES: Final = {
    dtype.name: dtype
    for dtype in (
        bool_,
        int8,
        int16,
        int32,
        int64,
        uint8,
        uint16,
        uint32,
        uint64,
        float16,
        bfloat16,
        float32,
        float64,
        complex64,
        complex128,
    )
}
"""Every dtype by its name."""

FINITE: Final = {
    "bfloat16": (2.0**-126, (2 - 2.0**-7) * 2.0**127),
    "float16": (2.0**-14, (2 - 2.0**-10) * 2.0**15),
    "float32": (2.0**-126, (2 - 2.0**-23) * 2.0**127),
    "float64": (2.0**-1022, (2 - 2.0**-52) * 2.0**1023),
}
"""The smallest positive normal number and the largest finite one of each floating-point dtype."""

ACCEPTED: Final[dict[str, frozenset[DType]]] = {
    "all": frozenset(DTYPES.values()),
    "boolean": frozenset({bool_}),
    "numeric": frozenset(d for d in DTYPES.values() if d.kind in "iufc"),
    "real-valued": frozenset(d for d in DTYPES.values() if d.kind in "iuf"),
    "integer": frozenset(d for d in DTYPES.values() if d.kind in "iu"),
    "integer or boolean": frozenset(d for d in DTYPES.values() if d.kind in "iub"),
    "floating-point": frozenset(d for d in DTYPES.values() if d.kind in "fc"),
    "real-valued floating-point": frozenset(d for d in DTYPES.values() if d.kind == "f"),
    "complex floating-point": frozenset(d for d in DTYPES.values() if d.kind == "c"),
}
"""The dtypes of each category, such as "real-valued", by which the standard says what a function accepts."""

_REAL_OF_COMPLEX = {complex64: float32, complex128: float64}
_COMPLEX_OF_REAL = {float16: complex64, bfloat16: complex64, float32: complex64, float64: complex128}
_OF_PYTHON: dict[type, DType] = {bool: bool_, int: int64}

_default_float = float32


def set_default_dtype(dtype: Any) -> None:
    """Set the default floating-point dtype of new tensors, initially float32.

    Raises
    ------
    TypeError
        If the dtype is not a real floating-point one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.set_default_dtype(tp.float64)
    >>> tp.tensor([1.5]).dtype
    tensorplug.float64
    >>> tp.set_default_dtype(tp.float32)
    """
    global _default_float
    dtype = as_dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(f"set_default_dtype: got {dtype}, wanted a real floating-point dtype such as float32")
    _default_float = dtype


def get_default_dtype() -> DType:
    """The default floating-point dtype of new tensors."""
    return _default_float


def default_complex() -> DType:
    """The default complex dtype of new tensors, of the default float's precision."""
    return _COMPLEX_OF_REAL[_default_float]


def as_dtype(dtype: Any) -> DType:
    """Convert a DType, a name, a Python type or a NumPy dtype to a DType.

    Raises
    ------
    TypeError
        If Tensorplug has no such dtype.
    """
    if type(dtype) is DType:
        return dtype
    if isinstance(dtype, numpy.dtype):
        return _from_numpy_dtype(dtype)
    if isinstance(dtype, type) and dtype in (float, complex):
        return _default_float if dtype is float else default_complex()
    if isinstance(dtype, type) and dtype in _OF_PYTHON:
        return _OF_PYTHON[dtype]
    name: Any = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or _numpy_name(dtype)
    try:
        return DTYPES[name]
    except (KeyError, TypeError):
        raise TypeError(f"unknown dtype {describe(dtype)}; the dtypes are {', '.join(DTYPES)}") from None


@functools.cache
def _from_numpy_dtype(dtype: numpy.dtype) -> DType:
    if dtype.name not in DTYPES:
        raise TypeError(f"Tensorplug has no dtype like NumPy's {dtype.name}; the dtypes are {', '.join(DTYPES)}")
    return DTYPES[dtype.name]


def _numpy_name(dtype: Any) -> str | None:
    try:
        return numpy.dtype(dtype).name
    except (TypeError, ValueError):
        return None


def real_dtype(dtype: DType) -> DType:
    """The dtype of the real part: float32 for complex64, float64 for complex128, itself otherwise."""
    return _REAL_OF_COMPLEX.get(dtype, dtype)


def complex_dtype(dtype: DType) -> DType:
    """The complex dtype of a real floating-point dtype's precision; a complex dtype is its own."""
    return _COMPLEX_OF_REAL.get(dtype, dtype)


@functools.cache
def promote(first: DType, second: DType) -> DType:
    """The common dtype to which operands of two dtypes are promoted.

    It is the standard's where the standard defines one; elsewhere, as in PyTorch, the dtype of the higher kind.

    Raises
    ------
    TypeError
        For uint64 with a signed integer, which no integer dtype holds.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.result_type(tp.int64, tp.float32)
    tensorplug.float32
    >>> tp.result_type(tp.uint8, tp.int8)
    tensorplug.int16
    """
    if first is second:
        return first
    low, high = sorted((first, second), key=lambda d: (KIND_ORDER[d.kind], d.itemsize))
    if low.kind == high.kind:
        return float32 if low.itemsize == high.itemsize else high
    if high.kind == "c" and low.kind == "f":
        return promote(complex_dtype(low), high)
    if {low.kind, high.kind} == {"i", "u"}:
        return _promote_signs(*((first, second) if first.kind == "i" else (second, first)))
    return high


def _promote_signs(signed: DType, unsigned: DType) -> DType:
    if unsigned.itemsize == 8:
        raise TypeError(
            f"{signed.name} and {unsigned.name} have no common integer dtype; convert one, as in x.astype('int64')"
        )
    return DTYPES[f"int{8 * max(signed.itemsize, 2 * unsigned.itemsize)}"]


def promote_scalar(dtype: DType, scalar: bool | int | float | complex) -> DType:
    """The common dtype of a tensor and a Python scalar: the tensor's, unless the scalar is of a higher kind."""
    if isinstance(scalar, int):  # bool is an int
        return int64 if dtype is bool_ and not isinstance(scalar, bool) else dtype
    if isinstance(scalar, float):
        return dtype if dtype.kind in "fc" else _default_float
    return complex_dtype(dtype) if dtype.kind in "fc" else default_complex()
