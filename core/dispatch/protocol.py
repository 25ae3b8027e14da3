"""The protocol of tensors, whose class is on the floor above."""

from __future__ import annotations

from typing import Any, Protocol


class Operand(Protocol):
    """A tensor, the operand and the result of operations."""

    _array: Any
    _key: Any
    _node: Any
    _storage: Any
    _version: int

    def _current(self) -> Any:
        """The raw array, after every write so far."""

    def _make_storage(self) -> Any:
        """Create the storage of a tensor that has none yet."""

    @staticmethod
    def _wrap(array: Any, key: Any, node: Any = None) -> Any:
        """A new tensor of a raw array."""
