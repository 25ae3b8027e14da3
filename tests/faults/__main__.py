"""``make faults``: every planted fault against the suite, and how many it finds."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import TimeoutError

from pebble import ProcessExpired, ProcessPool

from tensorplug.conformance.engine.levels import LEVELS
from tensorplug.conformance.engine.runner import Check, checks

from . import BY_KIND, FAULTS
from .search import BY_NAME, Found, kernels_reached, of_operations, reaching, searched

PART = 50
"""How many checks a process tries on the sound backend at a time."""


def main() -> int:
    """Search, print a line for each fault and the count, and return 1 if one was missed."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="WORD", help="only faults whose names contain one; by default all")
    parser.add_argument(
        "--kind",
        choices=(*BY_KIND, "all"),
        action="append",
        help="those of a kind, counted; by default all faults",
    )
    parser.add_argument("--level", choices=LEVELS, default="default", help="of the suite (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the examples (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (%(default)s)")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="also do the checks that, on the sound backend, do not use the kernel that is at fault",
    )
    parser.add_argument(
        "--own", action="store_true", help="only do the checks of the operations at fault, with NumPy as the reference"
    )
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="for each fault; none by default")
    options = parser.parse_args()
    kinds = BY_KIND if options.kind and "all" in options.kind else options.kind or ()
    faults = [fault for kind in kinds for fault in BY_KIND[kind]] or FAULTS
    chosen = [f.name for f in faults if not options.names or any(word in f.name for word in options.names)]
    if not chosen:
        parser.error(f"no fault's name contains {' or '.join(map(repr, options.names))}")
    # A fork of a process that has threads, as JAX starts them, may hang. Those of one process share its reference.
    with ProcessPool(max_workers=options.jobs, context=multiprocessing.get_context("spawn")) as pool:
        if options.own:
            checked = {name: of_operations(BY_NAME[name], options.level) for name in chosen}
        else:
            reached = None if options.whole else _reached(pool, options.level, options.seed)
            checked = {name: reaching(BY_NAME[name], reached) for name in chosen}
        return _report(pool, checked, options)


def _reached(pool: ProcessPool, level: str, seed: int) -> dict[Check, frozenset[str]]:
    """For each check of the suite, the kernels that it uses on the sound backend."""
    every = checks(level)
    print(f"looking which kernels the {len(every)} checks use on the sound backend", flush=True)
    parts = [every[begin : begin + PART] for begin in range(0, len(every), PART)]
    tasks = [pool.schedule(kernels_reached, args=(part, level, seed)) for part in parts]
    return {check: kernels for task in tasks for check, kernels in task.result().items()}


def _report(pool: ProcessPool, checked: Mapping[str, list[Check] | None], options: argparse.Namespace) -> int:
    level, seed, against = options.level, options.seed, "numpy" if options.own else None
    searches = {
        name: pool.schedule(searched, args=(name, own, level, seed, against), timeout=options.limit)
        for name, own in checked.items()
    }
    width = max(map(len, searches))
    print(f"{len(searches)} faults, level {level}, seed {seed}")
    print(f"{'fault':{width}}  {'named first':40}  failures  checks  seconds")
    found: list[str] = []
    named: list[str] = []
    for name, search in searches.items():
        try:
            out = search.result()
        except TimeoutError:
            out = Found(0, "MISSED: the limit of time came first", False, 0, options.limit)
        except ProcessExpired as error:
            out = Found(0, f"the process ended: {error}", False, 0, 0.0)
        found += [name] * bool(out.failures)
        named += [name] * out.is_named
        wanted = "" if out.is_named else f"  wanted {' or '.join(BY_NAME[name].operations)}"
        first = out.first or "MISSED"
        print(f"{name:{width}}  {first:40}  {out.failures:8}  {out.checks:6}  {out.seconds:7.1f}{wanted}", flush=True)
    if options.kind:
        _count_kinds(list(searches), found, named)
    print(f"found {len(found)} of {len(searches)} planted, {len(named)} named the operation at fault first")
    return int(len(found) < len(searches))


def _count_kinds(names: Sequence[str], found: Sequence[str], named: Sequence[str]) -> None:
    counts = [Counter(BY_NAME[name].kind for name in some) for some in (names, found, named)]
    for kind in counts[0]:
        planted, seen, told = (count[kind] for count in counts)
        print(f"{kind:12}  planted {planted:4}  found {seen:4}  named first {told:4}")


if __name__ == "__main__":
    sys.exit(main())
