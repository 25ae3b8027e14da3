"""Sorting and searching on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy

from .contract import Kernel


def comparable(x: Any) -> Any:
    """The array in a dtype in which NumPy sorts NaN last: bfloat16, which is no dtype of its own, in float32."""
    return x.astype(numpy.float32) if x.dtype.kind == "V" else x


def _argsort(x: Any, *, axis: int = -1, stable: bool = True) -> Any:
    return numpy.argsort(comparable(x), axis, kind="stable" if stable else None)


def _sort(x: Any, *, axis: int = -1) -> Any:
    # Of equal numbers none can be told from another, but for zeros of two signs.
    kind: Literal["stable"] | None = "stable" if x.dtype.kind not in "iu" and (x == 0).any() else None
    return numpy.sort(comparable(x), axis, kind).astype(x.dtype, copy=False)


def _searchsorted(x1: Any, x2: Any, *, side: Literal["left", "right"] = "left") -> Any:
    return numpy.asarray(numpy.searchsorted(comparable(x1), comparable(x2), side))


def _isin(x1: Any, x2: Any, *, invert: bool = False) -> Any:
    return numpy.asarray(numpy.isin(comparable(x1), comparable(x2), invert=invert))


def _count_nonzero(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return numpy.asarray(numpy.count_nonzero(x, axis, keepdims=keepdims))


def on_host(function: Callable[..., tuple[Any, ...]], own: Callable[[Any, Any], Any]) -> Kernel:
    """A function of NumPy arrays as a kernel of another library, whose arrays `own` makes for a device.

    For results whose shapes depend on values, for each of which a library that compiles would do so again.
    """

    def kernel(x: Any, **parameters: Any) -> tuple[Any, ...]:
        return tuple(own(found, x.device) for found in function(comparable(numpy.asarray(x)), **parameters))

    return kernel


KERNELS: dict[str, Kernel] = {
    "argsort": _argsort,
    "count_nonzero": _count_nonzero,
    "isin": _isin,
    "searchsorted": _searchsorted,
    "sort": _sort,
}
