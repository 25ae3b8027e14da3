"""Kernels of other libraries that compute on the host, with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..contract import Kernel


def comparable(x: Any) -> Any:
    """The array in a dtype that NumPy sorts with NaN last: bfloat16 as float32."""
    return x.astype(numpy.float32) if x.dtype.kind == "V" else x


def on_host(function: Callable[..., tuple[Any, ...]], from_numpy: Callable[[Any, Any], Any]) -> Kernel:
    """A kernel that calls a function of NumPy arrays; ``from_numpy(array, device)`` copies its results to a device.

    For results whose shape depends on values: a library that compiles would compile anew for each shape.
    """

    def kernel(x: Any, **parameters: Any) -> tuple[Any, ...]:
        return tuple(from_numpy(found, x.device) for found in function(comparable(numpy.asarray(x)), **parameters))

    return kernel
