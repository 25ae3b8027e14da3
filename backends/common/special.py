"""Kernels of special functions from a library with SciPy's names, which is imported when it is needed first."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

from ..contract import Kernel

NAMES = "erf erfinv gammaln i0 i0e i1 i1e ndtri".split()
"""What the libraries compute well; `tensorplug.core.special` has approximations of these and of the others."""

SIGNED = "erfinv i1 i1e".split()
"""Odd functions that lose the sign of -0.0."""


def kernels(module: str, call: Callable[..., Any], copysign: Kernel) -> dict[str, Kernel]:
    """Kernels by the name of the operation.

    Parameters
    ----------
    module
        What has the functions.
    call
        ``call(function, x)`` gives the array ``function(x)``.
    copysign
        The library's.
    """

    def kernel(name: str) -> Kernel:
        @functools.cache
        def function() -> Any:
            return getattr(importlib.import_module(module), name)

        if name in SIGNED:
            return lambda x: copysign(call(function(), x), x)
        return lambda x: call(function(), x)

    return {f"special.{name}": kernel(name) for name in NAMES}
