"""PyTorch's `torch.nn` without layers: the losses as classes here, and everything else in `functional`."""

import typing as _typing

from .. import losses as _losses
from ..losses.loss import *
from . import functional as functional

# Type checkers cannot read a list that is put together; to them a star import hands names on.
if not _typing.TYPE_CHECKING:
    __all__ = _losses.__all__
