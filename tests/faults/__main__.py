"""``make faults``: every planted fault against the whole suite, and how many it finds."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys

from pebble import ProcessPool

from tensorplug.conformance.levels import LEVELS

from .search import BY_NAME, searched


def main() -> int:
    """Search, print a line for each fault and the count, and return 1 if one was missed."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="WORD", help="only faults whose names contain one; by default all")
    parser.add_argument("--level", choices=LEVELS, default="default", help="of the suite (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the examples (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (%(default)s)")
    options = parser.parse_args()
    chosen = [name for name in BY_NAME if not options.names or any(word in name for word in options.names)]
    if not chosen:
        parser.error(f"no fault's name contains {' or '.join(map(repr, options.names))}")
    width = max(map(len, chosen))
    print(f"{len(chosen)} faults, each against the whole suite at level {options.level}, seed {options.seed}")
    print(f"{'fault':{width}}  {'named first':40}  failures  seconds")
    found = named = 0
    # A fork of a process that has threads, as JAX starts them, may hang. Those of one process share its reference.
    with ProcessPool(max_workers=options.jobs, context=multiprocessing.get_context("spawn")) as pool:
        searches = {name: pool.schedule(searched, args=(name, options.level, options.seed)) for name in chosen}
        for name, search in searches.items():
            count, first, is_right, seconds = search.result()
            found, named = found + bool(count), named + is_right
            wanted = "" if is_right else f"  wanted {' or '.join(BY_NAME[name].operations)}"
            print(f"{name:{width}}  {first or 'MISSED':40}  {count:8}  {seconds:7.1f}{wanted}", flush=True)
    print(f"found {found} of {len(chosen)} planted, {named} named the operation at fault first")
    return int(found < len(chosen))


if __name__ == "__main__":
    sys.exit(main())
