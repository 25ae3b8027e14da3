"""PyTorch's `torch.nn` without layers: classes of losses, and `functional`."""

import typing as _typing

from .. import losses as _losses
from ..losses.loss import *
from . import functional as functional

# Type checkers cannot evaluate this list; a star import re-exports names for them.
if not _typing.TYPE_CHECKING:
    __all__ = _losses.__all__
