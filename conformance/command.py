"""``tensorplug conformance``: run the conformance suite."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from tensorplug.cli import (
    ERROR,
    BackendNames,
    CommandError,
    add_backends,
)
from tensorplug.extras import install_command

from .departures import depart, read_departures
from .engine.available import available, versions, why_missing
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
    merged,
    print_report,
    progress,
    read,
    writer,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``tensorplug conformance``."""
    parser.add_argument("backends", nargs="*", action=BackendNames, metavar="BACKEND", help="as for --backend")
    add_backends(parser)
    levels = parser.add_mutually_exclusive_group()
    levels.add_argument("--quick", dest="level", action="store_const", const="quick", help="about a minute for numpy")
    levels.add_argument("--thorough", dest="level", action="store_const", const="thorough", help="hours, for releases")
    parser.set_defaults(level="default")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the examples (%(default)s)")
    parser.add_argument("--op", action="append", metavar="NAME", help="run only this operation; may be repeated")
    parser.add_argument("--chapter", action="append", metavar="NAME", help="run only this chapter; may be repeated")
    parser.add_argument("-k", dest="keyword", default="", metavar="WORD", help="run only checks whose names contain it")
    parser.add_argument("--jobs", type=int, default=None, metavar="N", help="processes; by default one a core")
    parser.add_argument(
        "--report",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="write a page (.html), all outcomes (.json), a README's part (.md) or JUnit XML (.xml); may be repeated",
    )
    parser.add_argument(
        "--departures",
        type=Path,
        metavar="FILE.toml",
        help="checks that may fail, by name with the reason: what the library does otherwise than Tensorplug",
    )
    parser.add_argument(
        "--merge",
        type=Path,
        action="append",
        default=[],
        metavar="PART.json",
        help="report what this report of a part of a level tells, instead of checking; may be repeated",
    )
    parser.add_argument("--compare", type=Path, metavar="OLD.json", help="show changes since that report")


def main(options: argparse.Namespace) -> int:
    """Run the suite, print the report, and return the exit code: 0 if all checks passed, 1 if one failed, else 2."""
    if options.seed < 0:
        raise CommandError(f"--seed is {options.seed}, wanted 0 or more")
    if options.jobs is not None and options.jobs < 1:
        raise CommandError(f"--jobs is {options.jobs}, wanted 1 or more")
    try:
        require_libraries()
        writers = [writer(path) for path in options.report]
        departures = [] if options.departures is None else read_departures(options.departures)
        old = None if options.compare is None else read(options.compare)
        chosen = checks(options.level, operations=options.op, chapters=options.chapter, keyword=options.keyword)
    except (ValueError, ImportError, OSError) as error:
        raise CommandError(str(error)) from None
    if not chosen:
        raise CommandError(_nothing_chosen(options))
    done, interrupt, missing = _merged(options) if options.merge else _tested(options, chosen)
    if done is None:
        return ERROR
    done = replace(done, outcomes=ranked(depart(done.outcomes, departures)))
    whole = not (options.op or options.chapter or options.keyword or options.merge or interrupt)
    asked = {(check.operation, check.aspect) for check in (done.outcomes if interrupt or options.merge else chosen)}
    since = None
    if old is not None:
        since = changes(old, done, None if whole else lambda outcome: (outcome.operation, outcome.aspect) in asked)
    print_report(done, since)
    for path, write in zip(options.report, writers, strict=True):
        try:
            write(done, since)
        except OSError as error:
            raise CommandError(f"report: {str(path)!r} could not be written: {error.strerror}") from None
    if interrupt is not None:
        raise interrupt
    if missing:
        return ERROR
    return int(any(outcome.status == FAILED for outcome in done.outcomes))


def _merged(options: argparse.Namespace) -> tuple[Run, None, Sequence[str]]:
    """The run whose parts `--merge` names."""
    if options.backends or options.op or options.chapter or options.keyword:
        raise CommandError("--merge checks nothing, so it takes no backends, --op, --chapter or -k")
    try:
        return merged([read(path) for path in options.merge]), None, ()
    except ValueError as error:
        raise CommandError(str(error)) from None


def _tested(
    options: argparse.Namespace, chosen: Sequence[Check]
) -> tuple[Run | None, KeyboardInterrupt | None, Sequence[str]]:
    """The run, None if no backend is available, the interrupt if Ctrl-C ended it, and missing backends."""
    names, missing = _available(options.backends or [])
    if not names:
        return None, None, missing
    try:
        held = ", ".join(f"{reference_for(name)} for {name}" for name in names)
    except ValueError as error:
        raise CommandError(str(error)) from None
    begin = time.perf_counter()
    outcomes, interrupt = _run(names, chosen, options)
    seconds = time.perf_counter() - begin
    return Run(outcomes, options.level, options.seed, held, versions(), seconds), interrupt, missing


def _nothing_chosen(options: argparse.Namespace) -> str:
    among = [*(f"--op {name}" for name in options.op or ()), *(f"--chapter {name}" for name in options.chapter or ())]
    where = f" among those of {' '.join(among)}" if among else ""
    if options.keyword:
        return f"no check's name contains {options.keyword!r}{where}"
    return f"there is no check{where}, taken together"


def _available(asked: Sequence[str]) -> tuple[list[str], list[str]]:
    """The backends to check, and the missing ones, for each of which a line is printed."""
    usable = available()
    missing = [name for name in asked if name not in usable]
    for name in missing:
        print(f"tensorplug conformance: {why_missing(name)}", file=sys.stderr)
    return [name for name in dict.fromkeys(asked or usable) if name in usable], missing


def _run(
    names: Sequence[str], chosen: Sequence[Check], options: argparse.Namespace
) -> tuple[list[Outcome], KeyboardInterrupt | None]:
    """The outcomes, and the interrupt if Ctrl-C came before they were complete."""
    outcomes: list[Outcome] = []
    with progress(len(chosen) * len(names)) as advance:

        def add(outcome: Outcome) -> None:
            outcomes.append(outcome)
            advance(outcome)

        try:
            _run_checks(names, chosen, options, add)
        except KeyboardInterrupt as interrupt:
            print(f"interrupted after {len(outcomes)} of {len(chosen) * len(names)} checks")
            return outcomes, interrupt
    return outcomes, None


def _run_checks(
    names: Sequence[str], chosen: Sequence[Check], options: argparse.Namespace, advance: Callable[[Outcome], None]
) -> None:
    jobs = options.jobs or os.cpu_count() or 1
    if find_spec("pebble") is None:
        print(
            "tensorplug conformance: pebble is not installed, so a plugin that crashes or hangs stops the suite: "
            f"{install_command('conformance')}"
        )
        run(names, level=options.level, seed=options.seed, chosen=chosen, advance=advance)
    else:
        run_in_processes(names, chosen, level=options.level, seed=options.seed, jobs=jobs, advance=advance)
