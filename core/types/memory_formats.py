"""PyTorch's memory formats: functions accept them, and they have no effect, as the backend lays out its arrays."""

from __future__ import annotations

import enum

__all__ = ["channels_last", "channels_last_3d", "contiguous_format", "memory_format", "preserve_format"]


class memory_format(enum.Enum):
    """A memory format of PyTorch's, without effect."""

    contiguous_format = "contiguous_format"
    preserve_format = "preserve_format"
    channels_last = "channels_last"
    channels_last_3d = "channels_last_3d"

    def __repr__(self) -> str:
        return f"tensorplug.{self.value}"


contiguous_format, preserve_format, channels_last, channels_last_3d = memory_format
