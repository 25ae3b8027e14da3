"""Fourier transforms: the extension ``fft`` of the array API standard, and what PyTorch adds."""

import typing as _typing

from .core.pytorch import fft as _pytorch
from .core.pytorch.fft import *
from .core.standard import fft as _standard
from .core.standard.fft import *

# Type checkers cannot evaluate this list; a star import re-exports names for them.
if not _typing.TYPE_CHECKING:
    __all__ = _standard.__all__ + _pytorch.__all__
