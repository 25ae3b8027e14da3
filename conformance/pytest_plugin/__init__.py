"""The options of ``pytest --pyargs tensorplug.conformance``, for pytest, which finds this by its entry point.

Every run of pytest imports it where Tensorplug is installed, so unless the suite is asked for it imports nothing and
declares nothing: their own suites may have an option ``--backend``, too.
"""

from __future__ import annotations

from typing import Any

SUITE = "tensorplug.conformance"


def pytest_load_initial_conftests(parser: Any, args: list[str]) -> None:
    """Declare the options if the suite is asked for."""
    if not any(argument.startswith(SUITE) for argument in args):
        return
    import pytest

    from tensorplug.conformance.engine.trial import require_libraries

    try:
        require_libraries()
    except ModuleNotFoundError as error:
        raise pytest.UsageError(str(error)) from None
    group = parser.getgroup("tensorplug", "conformance of Tensorplug's backends")
    group.addoption("--backend", action="append", metavar="NAME", help="may be given again; by default all there are")
    for level, help in (("quick", "under a minute for numpy"), ("thorough", "hours, for releases")):
        group.addoption(f"--{level}", dest="level", action="store_const", const=level, default="default", help=help)
    group.addoption("--conformance-seed", type=int, default=0, metavar="N", help="of the examples")
