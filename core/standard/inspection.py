"""Inspection of the namespace, its devices and dtypes (array API standard 2025.12, "Inspection"), and of tensors."""

from __future__ import annotations

import importlib
from typing import Any, final

from ..dispatch.keys import library_for
from ..dispatch.registry import attribute, method, public
from ..families.function import function
from ..interchange.wrapping import VERSIONS
from ..memory.tensor import Tensor, require_tensors
from ..types.devices import (
    Device,
    as_device,
    default_device,
    devices,
)
from ..types.dtypes import (
    DTYPES,
    DType,
    default_complex,
    get_default_dtype,
    int64,
)
from .data_types import isdtype

__all__ = [
    "__array_namespace_info__",
    "detach",
    "is_complex",
    "is_floating_point",
    "is_nonzero",
    "is_tensor",
    "numel",
]

_BEYOND_THE_STANDARD = ("float16", "bfloat16")

_MOST_AXES = 64
"""NumPy's, as layouts of views are computed with it."""


@final
class Info:
    """The result of `__array_namespace_info__`: capabilities, devices and dtypes."""

    def capabilities(self) -> dict[str, Any]:
        """Whether masks and results of data-dependent shapes are supported, and how many axes a tensor can have."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": _MOST_AXES}

    def default_device(self) -> Device:
        """The default device of new tensors."""
        return default_device()

    def devices(self) -> tuple[Device, ...]:
        """All devices of all backends that are available."""
        return tuple(devices())

    def default_dtypes(self, *, device: Any = None) -> dict[str, DType]:
        """The default dtypes of new tensors.

        Parameters
        ----------
        device : device, optional
            By default the default device. Where it lacks a default dtype, this is its widest of that kind.
        """
        defaults = {
            "real floating": get_default_dtype(),
            "complex floating": default_complex(),
            "integral": int64,
            "indexing": int64,
        }
        found = _dtypes_of(as_device(device)).values()
        return {kind: _widest(found, default) for kind, default in defaults.items()}

    def dtypes(self, *, device: Any = None, kind: str | tuple[str, ...] | None = None) -> dict[str, DType]:
        """The standard's dtypes that a device supports, by their names.

        Parameters
        ----------
        device : device, optional
            By default the default device.
        kind : str or tuple of str, optional
            Kinds as for `isdtype`; all by default.

        Raises
        ------
        ValueError
            For an unknown kind.
        """
        found = _dtypes_of(as_device(device))
        if kind is None:
            return found
        return {name: dtype for name, dtype in found.items() if isdtype(dtype, kind)}

    def __repr__(self) -> str:
        return "<inspection of tensorplug>"


_INFO = Info()


def _dtypes_of(device: Device) -> dict[str, DType]:
    supported = library_for(device.backend).dtypes
    return {name: dtype for name, dtype in DTYPES.items() if name in supported and name not in _BEYOND_THE_STANDARD}


def _widest(found: Any, default: DType) -> DType:
    """The default dtype; if a device lacks it, the widest of its kind."""
    if default in found or default.name in _BEYOND_THE_STANDARD:
        return default
    return max((dtype for dtype in found if dtype.kind == default.kind), key=lambda d: d.itemsize, default=default)


def __array_namespace_info__() -> Info:
    """Information about the namespace: see `Info`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> info = tp.__array_namespace_info__()
    >>> info.dtypes(kind="real floating")
    {'float32': tensorplug.float32, 'float64': tensorplug.float64}
    >>> info.capabilities()["boolean indexing"]
    True
    """
    return _INFO


@method("__array_namespace__")
def array_namespace(self: Tensor, /, *, api_version: str | None = None) -> Any:
    """The module that has all functions of the standard.

    Parameters
    ----------
    api_version : str, optional
        A version of the standard, such as ``"2025.12"``; by default the latest.

    Raises
    ------
    ValueError
        If the namespace does not follow that version.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2).__array_namespace__() is tp
    True
    """
    if api_version is not None and api_version not in VERSIONS:
        raise ValueError(f"__array_namespace__: got version {api_version!r}, wanted one of {', '.join(VERSIONS)}")
    return importlib.import_module(__name__.partition(".")[0])


def is_tensor(obj: Any) -> bool:
    """Whether an object is a Tensor."""
    return isinstance(obj, Tensor)


@attribute("nbytes")
def nbytes(self: Tensor) -> int:
    """The bytes of the elements, wherever they lie in memory: `numel` times `itemsize`."""
    return self.numel() * self.dtype.itemsize


@attribute("itemsize")
def itemsize(self: Tensor) -> int:
    """The bytes of an element."""
    return self.dtype.itemsize


@method()
def element_size(self: Tensor) -> int:
    """The bytes of an element, as `itemsize`."""
    return self.dtype.itemsize


@method()
def ndimension(self: Tensor) -> int:
    """The number of axes, as `ndim`."""
    return self.ndim


@function(methods=("nelement",))
def numel(x: Tensor) -> int:
    """The number of elements, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.numel(tp.zeros(2, 3))
    6
    """
    return x.numel()


@public("is_floating_point", "is_floating_point")
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is real floating-point."""
    require_tensors("is_floating_point", input)
    return input.dtype.is_floating_point


@public("is_complex", "is_complex")
def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    require_tensors("is_complex", input)
    return input.dtype.is_complex


@public("detach")
def detach(input: Tensor) -> Tensor:
    """A tensor that shares the memory and is not recorded, as the method `detach`."""
    require_tensors("detach", input)
    return input.detach()


@public("is_nonzero", "is_nonzero")
def is_nonzero(input: Tensor) -> bool:
    """Whether the element of a one-element tensor is not zero: ``bool(input)``.

    Raises
    ------
    ValueError
        If the tensor does not have exactly one element.
    """
    require_tensors("is_nonzero", input)
    return bool(input)


@method()
def is_signed(self: Tensor) -> bool:
    """Whether the dtype has negative numbers, as those of complex and floating-point numbers and signed integers."""
    return self.dtype.kind in "ifc"
