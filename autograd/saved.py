"""The format of what a node saves: array, storage and version of each tensor, one after the other, then parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

NOTHING = (None, None, 0)
"""What is saved of a tensor that no wanted gradient needs."""


@final
class SavedFormat:
    """What the nodes of one rule save.

    Parameters
    ----------
    tensors
        The operands and results whose values some formula needs.
    parameters
        What else formulas need.
    """

    __slots__ = ("parameters", "tensors")

    def __init__(self, tensors: tuple[str, ...], parameters: tuple[str, ...]) -> None:
        self.tensors = tensors
        self.parameters = parameters

    def names(self, array: str = "{}", parameters: Mapping[str, str] | None = None) -> list[str]:
        """The expressions that generated code packs, or the variables into which it unpacks.

        Parameters
        ----------
        array
            What holds the array of a tensor of that name.
        parameters
            Expressions in place of the names of some parameters.
        """
        triples = [(array.format(name), f"{name}_storage", f"{name}_version") for name in self.tensors]
        given = parameters or {}
        return [name for triple in triples for name in triple] + [given.get(name, name) for name in self.parameters]

    def pack(self, triples: Mapping[str, tuple[Any, Any, int]], parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        """What a node saves, given array, storage and version of each tensor by its name."""
        tensors = (part for name in self.tensors for part in triples[name])
        return (*tensors, *map(parameters.__getitem__, self.parameters))

    def values(self, saved: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arrays alone, then the parameters."""
        end = 3 * len(self.tensors)
        return saved[:end:3] + saved[end:]

    def lift(self, saved: tuple[Any, ...], lift: Callable[[str, Any, Any, int], Any]) -> tuple[Any, ...]:
        """What was saved with ``lift(name, array, storage, version)`` in place of each array that was."""
        lifted = list(saved)
        for position, name in enumerate(self.tensors):
            array, storage, version = saved[3 * position : 3 * position + 3]
            if storage is not None:
                lifted[3 * position] = lift(name, array, storage, version)
        return tuple(lifted)
