"""Fourier transforms (array API standard 2025.12, "Fourier transform Functions")."""

import typing as _typing

from . import frequencies, transforms
from .frequencies import *
from .transforms import *

if not _typing.TYPE_CHECKING:
    __all__ = [name for chapter in (frequencies, transforms) for name in chapter.__all__]
