"""The conformance suite as pytest tests: ``pytest --pyargs tensorplug.conformance --backend NAME``."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest

from tensorplug.conformance.engine.available import available, why_missing
from tensorplug.conformance.engine.levels import LEVELS
from tensorplug.conformance.engine.outcome import FAILED, UNSUPPORTED, Outcome
from tensorplug.conformance.engine.reference import Reference, reference_for
from tensorplug.conformance.engine.runner import Check, checks, run_checks
from tensorplug.conformance.report.run import rerun
from tensorplug.conformance.report.text import failure_fields, printable


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each check on each named backend, or each available one."""
    usable = available()
    cases = []
    asked = [name for text in metafunc.config.getoption("--backend") or () for name in text.split(",")]
    for backend in asked or usable:
        if backend not in usable:
            # One failing test, so that other backends are tested.
            cases.append(pytest.param(backend, None, id=backend))
            continue
        every = checks(metafunc.config.getoption("level"))
        cases += [pytest.param(backend, check, id=f"{backend}::{check.identifier}") for check in every]
    metafunc.parametrize(("backend", "check"), cases)


@functools.cache
def _reference(backend: str) -> Reference:
    return Reference(reference_for(backend))


@functools.cache
def _slow(backend: str) -> dict[str, str]:
    """The aspects that took too long, by operation."""
    return {}


def test_backend(backend: str, check: Check | None, request: pytest.FixtureRequest) -> None:
    if check is None:
        pytest.fail(f"--backend: {why_missing(backend)}", pytrace=False)
    level, seed = request.config.getoption("level"), request.config.getoption("--conformance-seed")
    (outcome,) = run_checks([check], backend, _reference(backend), LEVELS[level], seed, _slow(backend))
    if outcome.status == FAILED:
        pytest.fail("\n".join(_described(outcome, rerun(backend, check.operation, seed, level))), pytrace=False)
    if outcome.status == UNSUPPORTED:
        pytest.skip(outcome.reason)


def _described(outcome: Outcome, command: str) -> Iterator[str]:
    failure = outcome.failure
    assert failure is not None
    yield printable(failure.message)
    for label, text in failure_fields(failure, command):
        yield f"{label}{text}"
    if failure.snippet:
        yield f"\n{printable(failure.snippet)}"
