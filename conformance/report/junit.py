"""Write a run as JUnit XML, for continuous integration."""

from __future__ import annotations

from typing import Any

from tensorplug.extras import require

from ..engine.outcome import (
    FAILED,
    UNSUPPORTED,
    Failure,
    Outcome,
)
from .run import Run
from .text import failure_fields, printable


def require_library() -> None:
    """Raise ImportError if junitparser is not installed."""
    require("report: JUnit XML", "conformance", "junitparser")


def xml(run: Run) -> str:
    """JUnit XML with a suite for each backend and a case for each check; unsupported checks are skipped cases.

    Raises
    ------
    ImportError
        If junitparser is not installed.
    """
    require_library()
    from junitparser import JUnitXml

    root = JUnitXml("tensorplug conformance")
    root.extend([_suite(run, backend) for backend in run.backends])
    root.update_statistics()
    return root.tostring().decode()


def _suite(run: Run, backend: str) -> Any:
    from junitparser import TestSuite

    suite = TestSuite(printable(backend))
    for name, value in run.settings.items():
        suite.add_property(printable(name), printable(value))
    suite.add_testcases([_case(run, outcome) for outcome in run.outcomes if outcome.backend == backend])
    return suite


def _case(run: Run, outcome: Outcome) -> Any:
    from junitparser import Skipped, TestCase

    place = f"{outcome.backend}.{outcome.chapter}.{outcome.operation}"
    case = TestCase(printable(outcome.aspect), printable(place), outcome.seconds)
    if outcome.status == UNSUPPORTED:
        case.append(Skipped(printable(outcome.reason) or "unsupported"))
    elif outcome.status == FAILED:
        failure = outcome.failure or Failure("")
        case.append(_failure(failure, run.command(outcome.backend, outcome.checked)))
    return case


def _failure(failure: Failure, command: str) -> Any:
    from junitparser import Failure as Element

    lines = [label + text for label, text in failure_fields(failure, command)]
    element = Element(printable(failure.message), "failure")
    element.text = "\n".join([*lines, "", printable(failure.snippet)])
    return element
