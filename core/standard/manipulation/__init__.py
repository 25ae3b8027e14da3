"""Manipulation functions (array API standard 2025.12, "Manipulation Functions"), and PyTorch's views."""

import typing as _typing

from . import arranging, axes, joining, parts, shapes
from .arranging import *
from .axes import *
from .axes import movedim as movedim
from .joining import *
from .parts import *
from .shapes import *

if not _typing.TYPE_CHECKING:
    __all__ = [name for chapter in (arranging, axes, joining, parts, shapes) for name in chapter.__all__]
