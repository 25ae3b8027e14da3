"""Kernels of Fourier transforms on NumPy arrays, without floating-point warnings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..common.quiet import quiet
from ..contract import Kernel


def _along_one(transform: Callable[..., Any]) -> Kernel:
    def kernel(x: Any, *, axis: int, norm: str) -> Any:
        return transform(x, axis=axis, norm=norm, out=_like(x))

    return quiet(kernel)


def _along_several(transform: Callable[..., Any]) -> Kernel:
    def kernel(x: Any, *, axes: tuple[int, ...], norm: str) -> Any:
        out = _like(x)
        for axis in reversed(axes):
            x = transform(x, axis=axis, norm=norm, out=out)
        return x

    return quiet(kernel)


def _like(x: Any) -> Any:
    """Memory for the transform of complex numbers; where it is given NumPy need not look for the dtype."""
    return numpy.empty(x.shape, x.dtype) if x.dtype.kind == "c" else None


KERNELS = {
    "fft.fft": _along_one(numpy.fft.fft),
    "fft.fftn": _along_several(numpy.fft.fft),
    "fft.ifft": _along_one(numpy.fft.ifft),
    "fft.ifftn": _along_several(numpy.fft.ifft),
    "fft.irfft": quiet(numpy.fft.irfft),
    "fft.rfft": quiet(numpy.fft.rfft),
}
"""By the name of the operation."""
