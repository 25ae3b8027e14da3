"""Elementwise functions (array API standard 2025.12, "Element-wise Functions"), and those that PyTorch adds.

A file for each kind: arithmetic, bounds, exponentials, logic, rounding, trigonometry. A function is declared by a
`def`, whose body is empty or a decomposition.
"""

import typing as _typing

from . import arithmetic, bounds, exponential, logic, rounding, trigonometric
from .arithmetic import *
from .bounds import *
from .exponential import *
from .logic import *
from .rounding import *
from .trigonometric import *

if not _typing.TYPE_CHECKING:
    __all__ = [
        name
        for chapter in (arithmetic, bounds, exponential, logic, rounding, trigonometric)
        for name in chapter.__all__
    ]
