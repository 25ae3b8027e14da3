"""Tensors inside `vmap`: which levels are open, and operands of different levels brought to one.

A level is a call of `vmap`. A tensor of one example belongs to the library of batches of another library's arrays, of
which `depth` says how many levels it is inside of; a tensor from outside is lifted where it meets one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from typing import Any, Protocol

from ..types.devices import Device, at_level_of
from ..types.errors import EscapedTensorError, VmapError
from .keys import DispatchKey
from .registry import method


class Level(Protocol):
    """A call of `vmap`, or a recording of `compile`."""

    def lift(self, tensor: Any) -> Any:
        """A tensor from the level around as one that is the same for each example."""

    def set_generator(self, operation: str) -> None:
        """The state of a random number generator is read or set."""


LEVELS: ContextVar[tuple[Level, ...]] = ContextVar("tensorplug_levels", default=())
"""The levels that are open in this thread and task, from the outermost."""

open_levels = LEVELS.get


class AtOpenLevels(AbstractContextManager[None]):
    """A context in which the levels are open that are open now: where a function is called again later."""

    def __init__(self) -> None:
        self._levels = open_levels()
        self._tokens: list[Token[tuple[Level, ...]]] = []

    def __enter__(self) -> None:
        self._tokens.append(LEVELS.set(self._levels))

    def __exit__(self, *error: object) -> None:
        LEVELS.reset(self._tokens.pop())


def depth_of(operand: Any) -> int:
    """How many levels a tensor, or an array of a library of batches, is inside of; 0 for anything else."""
    key = getattr(operand, "_key", None)
    library = key.library if type(key) is DispatchKey else getattr(operand, "library", None)
    depth: int = getattr(library, "depth", 0)
    return depth


def together(*tensors: Any, beside: Any = ()) -> tuple[Any, ...]:
    """Operands at one level, the innermost that one of them has; what is no tensor stays.

    Parameters
    ----------
    beside
        What the operation is given besides, which may hold arrays of a level: an index.
    """
    deepest = max((*tensors, *_leaves(beside)), key=depth_of)
    depth = depth_of(deepest)
    if all(depth_of(one) == depth for one in tensors):
        return tensors
    return tuple(lifted(one, deepest) for one in tensors)


def _leaves(tree: Any) -> Iterator[Any]:
    for one in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (tuple, list)) else ():
        yield from _leaves(one)
        yield one


def lifted(tensor: Any, like: Any) -> Any:
    """A tensor at the level of another one, or of an array."""
    key = getattr(tensor, "_key", None)
    if type(key) is not DispatchKey or depth_of(like) <= key.library.depth:
        return tensor
    array = like._current() if hasattr(like, "_current") else like
    return array.library.lift(tensor, array)


@method("_innermost")
def innermost(tensor: Any) -> Any:
    """A tensor at the innermost open level."""
    for level in open_levels()[depth_of(tensor) :]:
        tensor = level.lift(tensor)
    return tensor


def at_one_level(tensor: Any, device: Device) -> tuple[Any, Device]:
    """A tensor and a device that it is to be moved to, both at the deeper one's level.

    Raises
    ------
    EscapedTensorError
        If that is open no more.
    """
    for level in open_levels()[depth_of(tensor) : device._depth]:
        tensor = level.lift(tensor)
    if depth_of(tensor) < device._depth:
        raise EscapedTensorError("vmap: a tensor is moved to the device of an example, outside of the function")
    return tensor, at_level_of(device, tensor.device)


def require_level(operation: str, target: Any, value: Any) -> None:
    """Refuse to write what differs from example to example into what is the same for all.

    Raises
    ------
    VmapError
        If the value is from a level that the target is outside of.
    """
    if depth_of(value) > depth_of(target):
        raise VmapError(
            f"{operation}: vmap can't write a value of each example into a tensor of shape {target.shape} that is the "
            "same for all of them; make that tensor inside of the function, or give it to the function with "
            "in_dims=None and write to a copy (x.clone())"
        )
