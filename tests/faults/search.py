"""Looking for a planted fault with the conformance suite."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable

from tensorplug.conformance.outcome import FAILED, Outcome
from tensorplug.conformance.reference import Reference, reference_for
from tensorplug.conformance.runner import run

from . import FAULTS, installed
from .fault import Fault

BY_NAME = {fault.name: fault for fault in FAULTS}


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
    against: str | None = None,
) -> list[Outcome]:
    """What the suite finds in a faulty backend, by default held against what users' are: the likely cause first."""
    held_against = reference(against or reference_for("faulty"))
    with installed(fault) as name:
        outcomes = run([name], level=level, seed=seed, operations=operations, reference=held_against)
    return [outcome for outcome in outcomes if outcome.status == FAILED]


def is_named(fault: Fault, found: list[Outcome]) -> bool:
    """Whether the first failure names the operation at fault."""
    return bool(found) and found[0].operation in fault.operations


def searched(name: str, level: str, seed: int) -> tuple[int, str, bool, float]:
    """Of a fault, how many checks fail, the first, whether it names the operation at fault, and the seconds taken."""
    begin = time.perf_counter()
    found = failures(BY_NAME[name], level=level, seed=seed)
    first = f"{found[0].operation} ({found[0].aspect})" if found else ""
    return len(found), first, is_named(BY_NAME[name], found), time.perf_counter() - begin
