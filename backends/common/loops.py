"""Loops over the first axis of arrays, as recurrent networks have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Step = Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]]
"""``step(ops, carried, items, *constants)`` gives what is carried on and the outputs, both tuples of arrays."""


def scan(
    step: Step,
    ops: Any,
    carried: tuple[Any, ...],
    sequences: tuple[Any, ...],
    constants: tuple[Any, ...],
    reverse: bool,
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What is carried at the end, and the outputs of all steps, stacked: `Backend.scan` by other operations."""
    length = sequences[0].shape[0]
    outputs = []
    for i in reversed(range(length)) if reverse else range(length):
        carried, found = step(ops, carried, tuple(ops.getitem(one, (i, ...)) for one in sequences), *constants)
        outputs.append(found)
    if reverse:
        outputs.reverse()
    return carried, tuple(ops.stack(list(one), axis=0) for one in zip(*outputs, strict=True))
