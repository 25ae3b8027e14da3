"""Planted faults: NumPy backends with one thing wrong each, which the conformance suite has to find.

Modules named after chapters have those that small examples of usual values show at the first call, folders those of a
kind (`BY_KIND`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tensorplug.backends import hookimpl, register, unregister

from . import (
    arguments,
    batches,
    compiled,
    elementwise,
    extremes,
    gradients,
    in_place,
    indexing,
    layouts,
    linalg,
    losses,
    manipulation,
    memory,
    names,
    random,
    ranges,
    searching,
    sizes,
    state,
    statistical,
    surroundings,
    threads,
    transfer,
)
from .fault import Fault
from .undisturbed import undisturbed

BY_KIND: dict[str, tuple[Fault, ...]] = {
    kind: tuple(fault._replace(kind=kind) for fault in faults)
    for kind, faults in {
        "sizes": sizes.FAULTS,
        "layouts": layouts.FAULTS,
        "state": state.FAULTS,
        "ranges": extremes.FAULTS,
        "arguments": arguments.FAULTS,
        "surroundings": surroundings.FAULTS,
        "names": names.FAULTS,
    }.items()
}
"""Faults that small examples of usual values do not show at the first call, by what has to vary."""

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
    *batches.FAULTS,
    *compiled.FAULTS,
    *(fault for faults in BY_KIND.values() for fault in faults),
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
    with undisturbed():
        register(plugin)
        try:
            yield fault.name
        finally:
            unregister(plugin)


__all__ = ["BY_KIND", "FAULTS", "Fault", "installed"]
