"""Run the array API standard's test suite on each available backend.

``python -m tensorplug.conformance.standard_suite`` runs the checkout in the environment variable ``ARRAY_API_TESTS``
once for each backend, without skips and expected failures, and prints a line for each. ``--table`` also writes a page
with the result of each function.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import tensorplug
from tensorplug.backends import Entry, listing
from tensorplug.cli import add_backends
from tensorplug.extras import install_command

from .table import Outcome, page

CHECKOUT = "ARRAY_API_TESTS"
"""The environment variable with the path of the checkout."""

NO_CHECKOUT = f"""\
{CHECKOUT} is not the path of a checkout of the array API standard's test suite. To get one:

    git clone --recurse-submodules https://github.com/data-apis/array-api-tests
    export {CHECKOUT}=$PWD/array-api-tests

To install its dependencies: {install_command("test")}."""

FAILED, ERROR = 1, 2
"""Exit codes: tests failed, or could not be run."""


class Run(NamedTuple):
    """The outcomes of the suite on one backend.

    Attributes
    ----------
    outcomes : list of Outcome
        One for each test.
    seconds : float
    output : str
        The output of pytest.
    """

    outcomes: list[Outcome]
    seconds: float
    output: str

    def count(self, result: str) -> int:
        """Number of tests with a result."""
        return sum(outcome.result == result for outcome in self.outcomes)

    @property
    def passed(self) -> bool:
        """Whether tests ran and none failed."""
        return bool(self.outcomes) and not self.count("failed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suite and return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default the arguments of the process. Unknown ones are passed to pytest.
    """
    parser = argparse.ArgumentParser(prog="array_api_tests", description="The array API standard's own test suite.")
    parser.add_argument("--examples", type=int, default=20, help="random examples for each test (default: 20)")
    add_backends(parser)
    parser.add_argument("--table", type=Path, metavar="PAGE", help="file for the table of functions")
    options, for_pytest = parser.parse_known_args(arguments)
    checkout = Path(os.environ.get(CHECKOUT) or os.devnull)
    if not (checkout / "array_api_tests").is_dir():
        print(NO_CHECKOUT, file=sys.stderr)
        return ERROR
    try:
        entries = _chosen(options.backends)
    except ValueError as error:
        print(error, file=sys.stderr)
        return ERROR
    runs = {}
    for entry in entries:
        runs[entry.name] = _run(checkout, entry.name, options.examples, for_pytest)
        _print(entry.name, runs[entry.name])
    if options.table is not None:
        outcomes = {name: run.outcomes for name, run in runs.items()}
        options.table.write_text(page(_versions(checkout, options.examples), entries, outcomes), encoding="utf-8")
    if any(not run.outcomes for run in runs.values()):
        return ERROR
    return 0 if all(run.passed for run in runs.values()) else FAILED


def _chosen(names: Sequence[str] | None) -> list[Entry]:
    """The named backends, or all that are available."""
    available = {entry.name: entry for entry in listing() if entry.status == "available"}
    missing = [name for name in names or () if name not in available]
    if missing:
        raise ValueError(f"not available: {', '.join(missing)}; there are {', '.join(available)}")
    return [available[name] for name in names or available]


def _run(checkout: Path, backend: str, examples: int, for_pytest: Sequence[str]) -> Run:
    """Run pytest on the suite in a subprocess, with `backend` as the default backend."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        # Files of skips and expected failures in the checkout are not part of the suite.
        command = [sys.executable, "-m", "pytest", "array_api_tests", "--rootdir=.", "-q", "-p", "no:cacheprovider"]
        command += ["--disable-deadline", f"--max-examples={examples}", f"--junit-xml={report}"]
        command += [f"--skips-file={os.devnull}", f"--xfails-file={os.devnull}", *for_pytest]
        start = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=checkout,
            env=_environment(checkout, backend, folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        seconds = time.perf_counter() - start
        return Run(list(_outcomes(report)) if report.exists() else [], seconds, done.stdout)


def _environment(checkout: Path, backend: str, folder: str) -> dict[str, str]:
    path = [str(checkout.resolve()), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "ARRAY_API_TESTS_MODULE": "tensorplug",
        "ARRAY_API_TESTS_VERSION": tensorplug.__array_api_version__,
        "HYPOTHESIS_STORAGE_DIRECTORY": folder,
        "PYTHONPATH": os.pathsep.join(path),
        "TENSORPLUG_BACKEND": backend,
    }


def _outcomes(report: Path) -> Iterator[Outcome]:
    """Read the outcomes of pytest's JUnit report, with files that could not be imported."""
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        _, module, *of_class = [*case.get("classname", "").split("."), ""]
        name, _, parameters = case.get("name", "").partition("[")
        kinds = {child.tag: child for child in case}
        wrong = kinds.get("failure", kinds.get("error"))
        result = "failed" if wrong is not None else "skipped" if "skipped" in kinds else "passed"
        message = "" if wrong is None else wrong.get("message", "").partition("\n")[0]
        yield Outcome(module, of_class[0] if of_class else "", name, parameters.removesuffix("]"), result, message)


def _print(backend: str, run: Run) -> None:
    """Print the counts of a backend in one line, and then a line for each failed test."""
    counts = ", ".join(f"{run.count(result)} {result}" for result in ("passed", "failed", "skipped"))
    print(f"{backend}: {counts}, {run.seconds:.0f} s", flush=True)
    for outcome in run.outcomes:
        if outcome.result == "failed":
            print(f"    {outcome.identifier}: {outcome.message}", flush=True)
    if not run.outcomes:
        print(run.output, file=sys.stderr, flush=True)


def _versions(checkout: Path, examples: int) -> dict[str, str]:
    """Versions of the standard, the suite, Tensorplug and Python, for the table."""
    asked = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    commit = asked.stdout.strip()
    return {
        "array API standard": tensorplug.__array_api_version__,
        "array-api-tests": f"commit {commit}" if commit else "unknown commit",
        "random examples for each test": str(examples),
        "Tensorplug": tensorplug.__version__,
        "Python": ".".join(map(str, sys.version_info[:3])),
    }
