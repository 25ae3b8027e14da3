"""Looking for a planted fault with the conformance suite."""

from __future__ import annotations

import contextlib
import functools
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tensorplug.backends.numpy.plugin import NumPy
from tensorplug.conformance.engine.calls import kernels_used
from tensorplug.conformance.engine.outcome import FAILED, Outcome
from tensorplug.conformance.engine.reference import Reference, reference_for
from tensorplug.conformance.engine.runner import Check, checks, run
from tensorplug.core.dispatch.keys import library_for

from . import FAULTS, installed
from .fault import Fault

BY_NAME = {fault.name: fault for fault in FAULTS}

SOUND = Fault("sound", (), "nothing is wrong", NumPy)


class Found(NamedTuple):
    """What the suite says of a fault: how many checks fail, the first, and whether it names the operation at fault; how
    many checks were done, and how long they took.
    """

    failures: int
    first: str
    is_named: bool
    checks: int
    seconds: float


@functools.cache
def reference(name: str) -> Reference:
    """What faulty backends are held against; its results are kept for all of them."""
    return Reference(name)


def failures(
    fault: Fault,
    *,
    level: str,
    seed: int = 0,
    operations: Iterable[str] | None = None,
    chosen: Sequence[Check] | None = None,
    against: str | None = None,
) -> list[Outcome]:
    """What the suite finds in a faulty backend, by default held against what users' are: the likely cause first."""
    held_against = reference(against or reference_for("faulty"))
    with installed(fault) as name:
        outcomes = run([name], level=level, seed=seed, operations=operations, chosen=chosen, reference=held_against)
    return [outcome for outcome in outcomes if outcome.status == FAILED]


def first_failures(fault: Fault, *, level: str, against: str) -> list[Outcome]:
    """What the first check of the operations at fault says that fails."""
    with installed(fault) as name:
        for check in checks(level, operations=fault.operations):
            outcomes = run([name], level=level, chosen=[check], reference=reference(against))
            if found := [outcome for outcome in outcomes if outcome.status == FAILED]:
                return found
    return []


def is_named(fault: Fault, found: list[Outcome]) -> bool:
    """Whether the first failure names the operation at fault."""
    return bool(found) and found[0].operation in fault.operations


def kernels_reached(chosen: Sequence[Check], level: str, seed: int) -> dict[Check, frozenset[str]]:
    """For checks, the names of the operations whose kernels they use on a backend without a fault."""
    held_against = reference(reference_for("faulty"))
    reached = {}
    with installed(SOUND) as name:
        for check in chosen:
            with kernels_used(library_for(name)) as kernels:
                run([name], level=level, seed=seed, chosen=[check], reference=held_against)
            reached[check] = frozenset(kernels)
    return reached


def reaching(fault: Fault, reached: Mapping[Check, frozenset[str]] | None) -> list[Check] | None:
    """The checks that use the faulty kernel; None, which stands for all, where the fault is in no kernel.

    Until it is called, nothing differs from the sound backend: what does not call it there does not call it here.
    """
    if reached is None or fault.kernel is None:
        return None
    found = [check for check, kernels in reached.items() if fault.kernel in kernels]
    if not found:
        raise ValueError(f"no check of the suite uses the kernel {fault.kernel!r}, which {fault.name} spoils")
    return found


def of_operations(fault: Fault, level: str) -> list[Check]:
    """The checks of the operations that may be named first."""
    return [check for check in checks(level) if check.operation in fault.operations]


def searched(name: str, chosen: list[Check] | None, level: str, seed: int, against: str | None = None) -> Found:
    """What some checks, by default all, say of a fault."""
    begin = time.perf_counter()
    fault = BY_NAME[name]
    # Some faults print.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        found = failures(fault, level=level, seed=seed, chosen=chosen, against=against)
    first = f"{found[0].operation} ({found[0].aspect})" if found else ""
    count = len(checks(level) if chosen is None else chosen)
    return Found(len(found), first, is_named(fault, found), count, time.perf_counter() - begin)
