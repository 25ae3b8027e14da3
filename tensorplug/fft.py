"""Fourier transforms: the extension ``fft`` of the array API standard."""

import typing as _typing

from .core.standard import fft as _fft
from .core.standard.fft import *

# Type checkers cannot read a list that is put together; to them a star import hands names on.
if not _typing.TYPE_CHECKING:
    __all__ = _fft.__all__
