"""What runs without `--all`: every test function on every backend, with every value of its parameters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import BACKENDS, COLLECTED, SAMPLED

GRID = "tests/test_sorting.py::test_integers"
"""A test of two parameters and a backend."""


def cells(*options: str) -> set[tuple[str, ...]]:
    """The parameters of the tests of that grid which run."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options, GRID]
    root = Path(__file__).resolve().parent.parent
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return {tuple(line.partition("[")[2][:-1].split("-")) for line in listed.splitlines() if "::" in line}


def test_every_test_function_runs_on_each_backend(pytestconfig: pytest.Config) -> None:
    collected = pytestconfig.stash[COLLECTED]
    assert pytestconfig.stash.get(SAMPLED, collected) == collected


def test_all_runs_every_pair_of_values() -> None:
    some, every = cells(), cells("--all")
    assert {cell for cell in every if "numpy" in cell} <= some <= every
    for name in BACKENDS:
        ours, theirs = ({cell for cell in found if name in cell} for found in (some, every))
        assert {value for cell in ours for value in cell} == {value for cell in theirs for value in cell}
        assert len(ours) < len(theirs) or name == "numpy"
