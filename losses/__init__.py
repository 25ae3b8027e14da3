"""Losses: as classes here, as functions in `tensorplug.losses.functional`."""

from . import functional
from .cross_entropy import CrossEntropyLoss

__all__ = ["CrossEntropyLoss", "functional"]
