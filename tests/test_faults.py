"""The conformance suite finds every planted fault with the checks of the operation at fault."""

from __future__ import annotations

import pytest

from tensorplug.conformance.engine.families import family_of
from tensorplug.conformance.engine.runner import checks
from tensorplug.core import OPERATIONS

from .faults import BY_KIND, FAULTS, Fault
from .faults.fault import KINDS
from .faults.search import BY_NAME, SOUND, failures, first_failures, is_named, kernels_reached, reaching
from .faults.showing import shows

SAMPLE = ("add", "sum", "getitem", "put", "rand")
"""Operations of several chapters."""


def test_there_are_enough_faults_of_names_of_their_own() -> None:
    assert len(BY_NAME) == len(FAULTS) >= 2 * 301
    assert tuple(BY_KIND) == KINDS
    assert min(map(len, BY_KIND.values())) >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_a_kind_shows_in_a_program(kind: str) -> None:
    # Of threads that race, the other one may win.
    assert [fault.name for fault in BY_KIND[kind] if not any(shows(fault) for _ in range(5))] == []


def test_the_checks_that_reach_a_fault_are_known() -> None:
    # Constructors are no operations, and are looked up by the same names.
    names = {fault.kernel for fault in FAULTS if fault.kernel is not None} - {"empty", "eye", "ones", "zeros"}
    assert names <= OPERATIONS.keys()
    fault = BY_NAME["cast_rounds"]
    reached = kernels_reached(checks("quick", operations=["cast", "add"]), "quick", seed=0)
    found = reaching(fault, reached)
    assert {check.operation for check in found} >= {"cast"}
    assert len(found) < len(reached)
    assert reaching(BY_NAME["random_is_off_by_one"], reached) is None
    with pytest.raises(ValueError, match="no check of the suite uses the kernel 'cos'"):
        reaching(BY_NAME["cos_of_float16"], reached)


def family(fault: Fault) -> str:
    """The family of the operation at fault, or the subject."""
    name = fault.operations[0]
    return family_of(OPERATIONS[name]) if name in OPERATIONS else name


@pytest.mark.one_of_each(key=family)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found(fault: Fault) -> None:
    # Sound NumPy compiles nothing; `make faults` holds them against JAX, and the whole suite.
    found = first_failures(fault, level="default", against="numpy")
    assert is_named(fault, found), fault.description


# The quick level of NumPy, which runs beside, tells of the others.
@pytest.mark.one_of_each(key=lambda operation: None)
@pytest.mark.parametrize("operation", sorted({operation for fault in FAULTS for operation in fault.operations}))
def test_nothing_is_found_in_a_sound_backend_by_the_checks_that_find_faults(operation: str) -> None:
    assert failures(SOUND, level="quick", operations=[operation], against="numpy") == []


@pytest.mark.parametrize("operation", SAMPLE)
def test_nothing_is_found_in_a_sound_backend_at_the_default_level(
    operation: str, request: pytest.FixtureRequest
) -> None:
    # For these JAX compiles hundreds of functions.
    many = operation in ("getitem", "put") and not request.config.getoption("--all")
    assert failures(SOUND, level="default", operations=[operation], against="numpy" if many else None) == []
