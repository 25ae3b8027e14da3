"""The pytest plugin that adds options to ``pytest --pyargs tensorplug.conformance``.

Every run of pytest imports this module if Tensorplug is installed. Other test suites may have an option ``--backend``
too, so options are added, and the suite is imported, only if the arguments name it.
"""

from __future__ import annotations

from typing import Any

SUITE = "tensorplug.conformance"


def pytest_load_initial_conftests(parser: Any, args: list[str]) -> None:
    """Add the options if the arguments name the suite."""
    if not any(argument.startswith(SUITE) for argument in args):
        return
    import pytest

    from tensorplug.conformance.engine.trial import require_libraries

    try:
        require_libraries()
    except ModuleNotFoundError as error:
        raise pytest.UsageError(str(error)) from None
    group = parser.getgroup("tensorplug", "conformance of Tensorplug's backends")
    help = "backends, with commas between them; may be repeated; by default all that are available"
    group.addoption("--backend", action="append", metavar="NAME", help=help)
    for level, help in (("quick", "under a minute for numpy"), ("thorough", "hours, for releases")):
        group.addoption(f"--{level}", dest="level", action="store_const", const=level, default="default", help=help)
    group.addoption("--conformance-seed", type=int, default=0, metavar="N", help="seed of the examples")
