"""Creation functions (array API standard 2025.12, "Creation Functions"), and PyTorch's `tensor`.

A file for each kind of contents: given data, one value, evenly spaced numbers.
"""

import typing as _typing

from . import data, filled, ranges
from .data import *
from .filled import *
from .ranges import *
from .ranges import range_ as range_

if not _typing.TYPE_CHECKING:
    __all__ = [name for chapter in (data, filled, ranges) for name in chapter.__all__]
