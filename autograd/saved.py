"""The format of saved values in a node: array, storage and version of each tensor in turn, then the parameters."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, final

NOTHING = (None, None, 0)
"""The saved values of a tensor that no gradient needs."""


@final
class SavedFormat:
    """The format of the values that nodes of one rule save.

    Parameters
    ----------
    tensors
        The operands and results whose values formulas need.
    parameters
        The other values that formulas need.
    """

    __slots__ = ("parameters", "tensors")

    def __init__(self, tensors: tuple[str, ...], parameters: tuple[str, ...]) -> None:
        self.tensors = tensors
        self.parameters = parameters

    def names(self, array: str = "{}", parameters: Mapping[str, str] | None = None) -> list[str]:
        """The expressions that generated code packs, or the variables that it unpacks to.

        Parameters
        ----------
        array
            The format of the variable of a tensor's array, given its name.
        parameters
            Expressions in place of the names of some parameters.
        """
        triples = [(array.format(name), f"{name}_storage", f"{name}_version") for name in self.tensors]
        given = parameters or {}
        return [name for triple in triples for name in triple] + [given.get(name, name) for name in self.parameters]

    def pack(self, triples: Mapping[str, tuple[Any, Any, int]], parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        """Pack array, storage and version of each tensor, by name, and the parameters."""
        tensors = (part for name in self.tensors for part in triples[name])
        return (*tensors, *map(parameters.__getitem__, self.parameters))

    def values(self, saved: tuple[Any, ...]) -> tuple[Any, ...]:
        """The saved arrays, without storages and versions, then the parameters."""
        end = 3 * len(self.tensors)
        return saved[:end:3] + saved[end:]

    def lift(self, saved: tuple[Any, ...], lift: Callable[[str, Any, Any, int], Any]) -> tuple[Any, ...]:
        """Replace each saved array by ``lift(name, array, storage, version)``."""
        lifted = list(saved)
        for position, name in enumerate(self.tensors):
            array, storage, version = saved[3 * position : 3 * position + 3]
            if storage is not None:
                lifted[3 * position] = lift(name, array, storage, version)
        return tuple(lifted)


class Deferred(abc.ABC):
    """Saved values that are made when they are needed, the only item of a node's ``saved``."""

    __slots__ = ()

    @abc.abstractmethod
    def values(self) -> tuple[Any, ...]:
        """The values in the format of the node's own rule."""


@final
class DeferredRule:
    """The rule of a node whose saved values are `Deferred`."""

    tensors = ()

    def __init__(self, rule: Any) -> None:
        self._rule = rule
        self.name = rule.name
        self.saved = getattr(rule, "saved", None)
        self.selections = getattr(rule, "selections", {})

    def lift(self, node: Any, saved: tuple[Any, ...], lift: Callable[..., Any]) -> tuple[Any, ...]:
        """Lift the values by the node's own rule."""
        lifted: tuple[Any, ...] = self._rule.lift(node, _made(saved), lift)
        return lifted

    def vjp(self, node: Any, g: Any, ops: Any, saved: tuple[Any, ...]) -> Any:
        """The gradients, by the node's own rule; what is lifted is there already."""
        return self._rule.vjp(node, g, ops, _made(saved))


def _made(saved: tuple[Any, ...]) -> tuple[Any, ...]:
    """The saved values; a checkpoint's may be deferred in turn, as a hook packs what the second call saves."""
    while saved and isinstance(saved[0], Deferred):
        saved = saved[0].values()
    return saved
