"""Planted faults: NumPy backends with one thing wrong each, which the conformance suite has to find."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tensorplug.backends import hookimpl, register, unregister

from . import (
    elementwise,
    gradients,
    in_place,
    indexing,
    linalg,
    losses,
    manipulation,
    memory,
    random,
    ranges,
    searching,
    statistical,
    threads,
    transfer,
)
from .fault import Fault

FAULTS: tuple[Fault, ...] = (
    *elementwise.FAULTS,
    *in_place.FAULTS,
    *statistical.FAULTS,
    *searching.FAULTS,
    *manipulation.FAULTS,
    *memory.FAULTS,
    *indexing.FAULTS,
    *linalg.FAULTS,
    *gradients.FAULTS,
    *losses.FAULTS,
    *random.FAULTS,
    *ranges.FAULTS,
    *transfer.FAULTS,
    *threads.FAULTS,
)


class _Plugin:
    """The plugin that supplies one faulty backend."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault

    @hookimpl
    def tensorplug_backends(self) -> list[object]:
        return [self.fault.backend()]


@contextlib.contextmanager
def installed(fault: Fault) -> Iterator[str]:
    """The backend with a fault, registered for a while; its name."""
    plugin = _Plugin(fault)
    register(plugin)
    try:
        yield fault.name
    finally:
        unregister(plugin)


__all__ = ["FAULTS", "Fault", "installed"]
