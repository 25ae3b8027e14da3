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
        own = called(module, name, call)
        return (lambda x: copysign(own(x), x)) if name in SIGNED else own

    return {f"special.{name}": kernel(name) for name in NAMES}


def called(module: str, name: str, call: Callable[..., Any]) -> Kernel:
    """The kernel that calls a function of a module."""

    @functools.cache
    def function() -> Any:
        return getattr(importlib.import_module(module), name)

    return lambda *arrays: call(function(), *arrays)
