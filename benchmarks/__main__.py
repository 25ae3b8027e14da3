"""Run all benchmarks, or those whose names contain every word on the command line; `sweep` times every operation."""

from __future__ import annotations

import os
import sys

# Set before NumPy is imported, so that every library has two threads.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "2")

import compiled  # noqa: E402
import compiled_on_jax  # noqa: E402
import forward  # noqa: E402
import importing  # noqa: E402
import loss_functions  # noqa: E402
import memory  # noqa: E402
import networks  # noqa: E402
import peers  # noqa: E402
import small  # noqa: E402
import sorting  # noqa: E402
import sweep  # noqa: E402
import transforms  # noqa: E402
import tutorial  # noqa: E402
from timing import measure, report  # noqa: E402

MODULES = (
    small,
    forward,
    transforms,
    compiled,
    compiled_on_jax,
    networks,
    loss_functions,
    sorting,
    tutorial,
    memory,
    importing,
)


def main(words: list[str]) -> int:
    """Print a line for each benchmark: our time, and the others' with the ratio of ours to theirs."""
    found = peers.available()
    if words[:1] == ["sweep"]:
        return sweep.main(words[1:], found["PyTorch"])
    for module in MODULES:
        for benchmark in module.benchmarks(found):
            if all(word in benchmark.name for word in words):
                print(report(benchmark, measure(benchmark)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
