"""What the declaration of operations knows of a tensor, whose class is on the floor above."""

from __future__ import annotations

from typing import Any, Protocol


class Operand(Protocol):
    """A tensor that operations take and return."""

    _array: Any
    _key: Any
    _node: Any
    _storage: Any
    _version: int

    def _current(self) -> Any:
        """The raw array, up to date."""

    def _make_storage(self) -> Any:
        """Make the storage of a tensor that has none yet."""

    @staticmethod
    def _wrap(array: Any, key: Any, node: Any = None) -> Any:
        """A tensor of a raw array that nothing else holds."""
