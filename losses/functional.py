"""Loss functions, under PyTorch's names."""

import typing as _typing

from .binary import *
from .cross_entropy import *
from .ctc import *
from .distance import *
from .likelihood import *
from .margin import *
from .regression import *

# Type checkers cannot read a list that is put together; to them a star import hands names on.
if not _typing.TYPE_CHECKING:
    __all__ = [name for name in dir() if not name.startswith("_")]
