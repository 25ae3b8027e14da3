"""Linear algebra: the standard's extension, and the error of matrices that have no such result."""

import typing as _typing

from .core.standard import linalg as _linalg
from .core.standard.linalg import *
from .core.standard.linear_algebra import matmul as matmul
from .core.standard.linear_algebra import outer as outer
from .core.standard.linear_algebra import tensordot as tensordot
from .core.standard.linear_algebra import vecdot as vecdot
from .core.standard.manipulation import matrix_transpose as matrix_transpose
from .core.types.errors import LinAlgError as LinAlgError

# Type checkers cannot read a list that is put together; to them a star import hands names on.
if not _typing.TYPE_CHECKING:
    __all__ = ["LinAlgError", "matmul", "matrix_transpose", "outer", "tensordot", "vecdot"]
    __all__ += _linalg.__all__
