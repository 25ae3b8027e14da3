"""The linear algebra extension (array API standard 2025.12, "Linear Algebra Extension").

A file for each kind: decompositions, determinants, norms, parts, products, solutions. Half-precision types are computed
in float32, and their results rounded; integers are refused.
"""

import typing as _typing

from . import decompositions, determinants, norms, parts, products, solving
from .decompositions import *
from .determinants import *
from .norms import *
from .parts import *
from .products import *
from .solving import *

if not _typing.TYPE_CHECKING:
    __all__ = [
        name for chapter in (decompositions, determinants, norms, parts, products, solving) for name in chapter.__all__
    ]
