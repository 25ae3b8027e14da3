"""Loops over the first axis of NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy

from ..common.quiet import quiet


@quiet
def scan(
    step: Any, ops: Any, carried: tuple[Any, ...], sequences: tuple[Any, ...], constants: tuple[Any, ...], reverse: bool
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Apply a step along the first axis: `Backend.scan`. Outputs are written where they belong."""
    length = len(sequences[0])
    outputs: tuple[Any, ...] = ()
    for i in reversed(range(length)) if reverse else range(length):
        carried, found = step(ops, carried, tuple([one[i, ...] for one in sequences]), *constants)
        outputs = outputs or tuple(numpy.empty((length, *one.shape), one.dtype) for one in found)
        for whole, one in zip(outputs, found, strict=True):
            whole[i] = one
    return carried, outputs
