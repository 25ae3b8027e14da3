"""Fourier transforms: the extension ``fft`` of the array API standard."""

import typing as _typing

from .core.standard import fft as _fft
from .core.standard.fft import *

# Type checkers cannot evaluate this list; a star import re-exports names for them.
if not _typing.TYPE_CHECKING:
    __all__ = _fft.__all__
