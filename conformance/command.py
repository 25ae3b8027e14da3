"""``tensorplug conformance``: the suite on the command line."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import tensorplug
from tensorplug.backends import listing
from tensorplug.extras import install

from .engine.available import available, why_missing
from .engine.outcome import FAILED, Outcome
from .engine.reference import reference_for
from .engine.runner import (
    Check,
    checks,
    ranked,
    run,
)
from .engine.trial import require_libraries
from .engine.workers import run_in_processes
from .report import (
    Run,
    changes,
    print_report,
    progress,
    read,
    writer,
)

BROKEN = 2
"""The exit code where something could not be run; 1 is for checks that failed."""


INTERRUPTED = 130
"""The one that a shell gives what Ctrl-C ended."""


class Refused(Exception):
    """Nothing can be run; the message is one line that says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``tensorplug conformance``."""
    parser.add_argument("backends", nargs="*", metavar="BACKEND", help="by default all that are available")
    levels = parser.add_mutually_exclusive_group()
    levels.add_argument("--quick", dest="level", action="store_const", const="quick", help="under a minute for numpy")
    levels.add_argument("--thorough", dest="level", action="store_const", const="thorough", help="hours, for releases")
    parser.set_defaults(level="default")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the examples (%(default)s)")
    parser.add_argument("--op", action="append", metavar="NAME", help="only that operation; may be given again")
    parser.add_argument("--chapter", action="append", metavar="NAME", help="only that chapter; may be given again")
    parser.add_argument("-k", dest="keyword", default="", metavar="WORD", help="only checks whose names contain it")
    parser.add_argument("--jobs", type=int, default=None, metavar="N", help="processes; by default one for each core")
    parser.add_argument(
        "--report",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="write a page (.html), all outcomes (.json) or JUnit's format (.xml); may be given again",
    )
    parser.add_argument("--compare", type=Path, metavar="OLD.json", help="show what changed since that report")


def main(options: argparse.Namespace) -> int:
    """Run the suite, print the report, and return the exit code."""
    try:
        return _main(options)
    except Refused as reason:
        print(f"tensorplug conformance: {reason}", file=sys.stderr)
        return BROKEN
    except KeyboardInterrupt:
        print("tensorplug conformance: interrupted", file=sys.stderr)
        return INTERRUPTED


def _main(options: argparse.Namespace) -> int:
    if options.seed < 0:
        raise Refused(f"--seed is {options.seed}, wanted 0 or more")
    if options.jobs is not None and options.jobs < 1:
        raise Refused(f"--jobs is {options.jobs}, wanted 1 or more")
    try:
        require_libraries()
        writers = [writer(path) for path in options.report]
        old = None if options.compare is None else read(options.compare)
        chosen = checks(options.level, operations=options.op, chapters=options.chapter, keyword=options.keyword)
    except (ValueError, ImportError, OSError) as error:
        raise Refused(str(error)) from None
    if not chosen:
        raise Refused(_nothing_chosen(options))
    names, missing = _available(options.backends)
    if not names:
        return BROKEN
    try:
        held = ", ".join(f"{reference_for(name)} for {name}" for name in names)
    except ValueError as error:
        raise Refused(str(error)) from None
    begin = time.perf_counter()
    with progress(len(chosen) * len(names)) as advance:
        outcomes = _run(names, chosen, options, advance)
    seconds = time.perf_counter() - begin
    done = Run(ranked(outcomes), options.level, options.seed, held, _versions(), seconds)
    whole = not (options.op or options.chapter or options.keyword)
    asked = {(check.operation, check.aspect) for check in chosen}
    since = None
    if old is not None:
        since = changes(old, done, None if whole else lambda outcome: (outcome.operation, outcome.aspect) in asked)
    print_report(done, since)
    for path, write in zip(options.report, writers, strict=True):
        try:
            write(done, since)
        except OSError as error:
            raise Refused(f"report: {str(path)!r} could not be written: {error.strerror}") from None
    if missing:
        return BROKEN
    return int(any(outcome.status == FAILED for outcome in outcomes))


def _nothing_chosen(options: argparse.Namespace) -> str:
    among = [*(f"--op {name}" for name in options.op or ()), *(f"--chapter {name}" for name in options.chapter or ())]
    where = f" among those of {' '.join(among)}" if among else ""
    if options.keyword:
        return f"no check's name contains {options.keyword!r}{where}"
    return f"there is no check{where}, taken together"


def _available(asked: Sequence[str]) -> tuple[list[str], list[str]]:
    """The backends that can be tested, and those that cannot, of which a line is printed each."""
    usable = available()
    missing = [name for name in asked if name not in usable]
    for name in missing:
        print(f"tensorplug conformance: {why_missing(name)}", file=sys.stderr)
    return [name for name in dict.fromkeys(asked or usable) if name in usable], missing


def _run(
    names: Sequence[str], chosen: Sequence[Check], options: argparse.Namespace, advance: Callable[[Outcome], None]
) -> list[Outcome]:
    jobs = options.jobs or os.cpu_count() or 1
    if find_spec("pebble") is None:
        print(
            "tensorplug conformance: all in this process, which a plugin may end or hold up, since pebble is missing: "
            f"{install('conformance')}"
        )
        return run(names, level=options.level, seed=options.seed, chosen=chosen, advance=advance)
    return list(run_in_processes(names, chosen, level=options.level, seed=options.seed, jobs=jobs, advance=advance))


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version(), "tensorplug": tensorplug.__version__}
    for entry in listing():
        if entry.distribution and entry.version:
            found[entry.distribution] = entry.version
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        found["hypothesis"] = importlib.metadata.version("hypothesis")
    return found
