"""Fourier transforms of NumPy, without floating-point warnings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from .contract import Kernel


def _quiet(transform: Callable[..., Any]) -> Kernel:
    @functools.wraps(transform)
    def kernel(*arguments: Any, **keywords: Any) -> Any:
        with numpy.errstate(all="ignore"):
            return transform(*arguments, **keywords)

    return kernel


KERNELS = {
    f"fft.{name}": _quiet(getattr(numpy.fft, name)) for name in ("fft", "fftn", "ifft", "ifftn", "irfft", "rfft")
}
