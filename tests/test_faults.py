"""The conformance suite finds every planted fault with the checks of the operation at fault."""

from __future__ import annotations

import pytest

from .faults import FAULTS, Fault
from .faults.search import SOUND, failures, is_named

SAMPLE = ("add", "sum", "getitem", "put", "rand")
"""Operations of several chapters."""


def test_there_are_enough_faults_of_names_of_their_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 60


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found(fault: Fault) -> None:
    # Sound NumPy compiles nothing; `make faults` holds them against JAX, and the whole suite.
    found = failures(fault, level="default", operations=fault.operations, against="numpy")
    assert is_named(fault, found), fault.description


def test_nothing_is_found_in_a_sound_backend_by_the_checks_that_find_faults() -> None:
    at_fault = {operation for fault in FAULTS for operation in fault.operations}
    assert failures(SOUND, level="quick", operations=at_fault, against="numpy") == []


@pytest.mark.parametrize("operation", SAMPLE)
def test_nothing_is_found_in_a_sound_backend_at_the_default_level(operation: str) -> None:
    assert failures(SOUND, level="default", operations=[operation]) == []
