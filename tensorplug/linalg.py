"""Linear algebra: the extension ``linalg`` of the array API standard, and `LinAlgError`."""

import typing as _typing

from .core.pytorch import linalg as _pytorch
from .core.pytorch.linalg import *
from .core.standard import linalg as _standard
from .core.standard.linalg import *
from .core.standard.linear_algebra import matmul as matmul
from .core.standard.linear_algebra import outer as outer
from .core.standard.linear_algebra import tensordot as tensordot
from .core.standard.linear_algebra import vecdot as vecdot
from .core.standard.manipulation import matrix_transpose as matrix_transpose
from .core.types.errors import LinAlgError as LinAlgError

# Type checkers cannot evaluate this list; a star import re-exports names for them.
if not _typing.TYPE_CHECKING:
    __all__ = ["LinAlgError", "matmul", "matrix_transpose", "outer", "tensordot", "vecdot"]
    __all__ += _standard.__all__
    __all__ += _pytorch.__all__
