"""Run all benchmarks, or those whose names hold a word given on the command line."""

from __future__ import annotations

import os
import sys

# Before NumPy is imported, so that every library has as many threads.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "2")

import forward  # noqa: E402
import importing  # noqa: E402
import loss_functions  # noqa: E402
import memory  # noqa: E402
import peers  # noqa: E402
import small  # noqa: E402
import sorting  # noqa: E402
import transforms  # noqa: E402
import tutorial  # noqa: E402
from timing import measure, report  # noqa: E402

MODULES = (small, forward, transforms, loss_functions, sorting, tutorial, memory, importing)


def main(words: list[str]) -> int:
    """Print a line a benchmark: our time, then each other's, with the ratio of ours to it."""
    found = peers.available()
    for module in MODULES:
        for contest in module.contests(found):
            if all(word in contest.name for word in words):
                print(report(contest, measure(contest)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
