"""Linear algebra that PyTorch adds to the standard's extension, in ``tensorplug.linalg``."""

import typing as _typing

from . import functions, lu_decomposition, norms, products, solving, triangular
from .functions import *
from .lu_decomposition import *
from .norms import *
from .products import *
from .solving import *
from .triangular import *

if not _typing.TYPE_CHECKING:
    _chapters = (functions, lu_decomposition, norms, products, solving, triangular)
    __all__ = [name for chapter in _chapters for name in chapter.__all__]
