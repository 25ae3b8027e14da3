"""Losses: as classes here, as functions in `tensorplug.losses.functional`."""

import typing as _typing

from . import functional as functional
from . import loss as _loss
from .loss import *

# Type checkers cannot read a list that is put together; to them a star import hands names on.
if not _typing.TYPE_CHECKING:
    __all__ = ["functional"]
    __all__ += _loss.__all__
