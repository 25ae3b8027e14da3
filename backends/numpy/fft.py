"""Kernels of Fourier transforms on NumPy arrays, without floating-point warnings."""

from __future__ import annotations

import numpy

from ..common.quiet import quiet

KERNELS = {f"fft.{name}": quiet(getattr(numpy.fft, name)) for name in ("fft", "fftn", "ifft", "ifftn", "irfft", "rfft")}
