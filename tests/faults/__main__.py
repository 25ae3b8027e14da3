"""``make faults``: every planted fault against the suite, and how many it finds."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterable

from pebble import ProcessExpired, ProcessPool

from tensorplug.conformance.engine.levels import LEVELS
from tensorplug.conformance.engine.runner import Check, checks

from .search import BY_NAME, Found, kernels_reached, reaching, searched

PART = 50
"""How many checks a process tries on the sound backend at a time."""


def main() -> int:
    """Search, print a line for each fault and the count, and return 1 if one was missed."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="WORD", help="only faults whose names contain one; by default all")
    parser.add_argument("--level", choices=LEVELS, default="default", help="of the suite (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the examples (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (%(default)s)")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="also do the checks that, on the sound backend, do not use the kernel that is at fault",
    )
    options = parser.parse_args()
    chosen = [name for name in BY_NAME if not options.names or any(word in name for word in options.names)]
    if not chosen:
        parser.error(f"no fault's name contains {' or '.join(map(repr, options.names))}")
    # A fork of a process that has threads, as JAX starts them, may hang. Those of one process share its reference.
    with ProcessPool(max_workers=options.jobs, context=multiprocessing.get_context("spawn")) as pool:
        reached = None if options.whole else _reached(pool, options.level, options.seed)
        return _report(pool, chosen, reached, options.level, options.seed)


def _reached(pool: ProcessPool, level: str, seed: int) -> dict[Check, frozenset[str]]:
    """For each check of the suite, the kernels that it uses on the sound backend."""
    every = checks(level)
    print(f"looking which kernels the {len(every)} checks use on the sound backend", flush=True)
    parts = [every[begin : begin + PART] for begin in range(0, len(every), PART)]
    tasks = [pool.schedule(kernels_reached, args=(part, level, seed)) for part in parts]
    return {check: kernels for task in tasks for check, kernels in task.result().items()}


def _report(
    pool: ProcessPool, names: Iterable[str], reached: dict[Check, frozenset[str]] | None, level: str, seed: int
) -> int:
    searches = {
        name: pool.schedule(searched, args=(name, reaching(BY_NAME[name], reached), level, seed)) for name in names
    }
    width = max(map(len, searches))
    print(f"{len(searches)} faults, level {level}, seed {seed}")
    print(f"{'fault':{width}}  {'named first':40}  failures  checks  seconds")
    found = named = 0
    for name, search in searches.items():
        try:
            out = search.result()
        except ProcessExpired as error:
            out = Found(0, f"the process ended: {error}", False, 0, 0.0)
        found, named = found + bool(out.failures), named + out.is_named
        wanted = "" if out.is_named else f"  wanted {' or '.join(BY_NAME[name].operations)}"
        first = out.first or "MISSED"
        print(f"{name:{width}}  {first:40}  {out.failures:8}  {out.checks:6}  {out.seconds:7.1f}{wanted}", flush=True)
    print(f"found {found} of {len(searches)} planted, {named} named the operation at fault first")
    return int(found < len(searches))


if __name__ == "__main__":
    sys.exit(main())
