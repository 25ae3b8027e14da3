"""Fourier transforms: the extension ``fft`` of the array API standard."""

from .core.standard.fft import *
from .core.standard.fft import __all__ as __all__
