"""Functions of NumPy arrays for libraries that have no such function, or have one that costs a compilation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..contract import Kernel


def comparable(x: Any) -> Any:
    """The array in a dtype in which NumPy sorts NaN last: bfloat16, which is no dtype of its own, in float32."""
    return x.astype(numpy.float32) if x.dtype.kind == "V" else x


def on_host(function: Callable[..., tuple[Any, ...]], own: Callable[[Any, Any], Any]) -> Kernel:
    """A function of NumPy arrays as a kernel of another library, whose arrays `own` makes for a device.

    For results whose shapes depend on values, for each of which a library that compiles would do so again.
    """

    def kernel(x: Any, **parameters: Any) -> tuple[Any, ...]:
        return tuple(own(found, x.device) for found in function(comparable(numpy.asarray(x)), **parameters))

    return kernel
