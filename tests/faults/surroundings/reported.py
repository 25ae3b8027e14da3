"""As bug trackers of array libraries tell of them."""

from __future__ import annotations

import os
import signal
import sys
import threading

from tensorplug.conformance.checks.surroundings import processors

from ..fault import Fault, Row, bare_kernel
from .changes import before, pinned

ROWS: tuple[Row, ...] = (
    (
        "matmul_binds_the_process_to_a_core",
        "matmul",
        "the library's threads are bound to one processor, and with them the one that calls",
        bare_kernel("matmul", before(pinned)),
        "x = tp.eye(2) @ tp.eye(2)\nimport os\nlen(os.sched_getaffinity(0))",
    ),
    (
        "softmax_ignores_interrupts",
        "softmax",
        "a handler of signals is set",
        bare_kernel("softmax", before(lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))),
        "x = tp.softmax(tp.ones(2), axis=0)\nimport signal\nrepr(signal.getsignal(signal.SIGTERM))",
    ),
    (
        "sort_sets_the_umask",
        "sort",
        "files that are written from then on are everybody's",
        bare_kernel("sort", before(lambda: os.umask(0))),
        "x = tp.sort(tp.ones(2))\nimport os\nx = os.umask(18)\ny = os.umask(x)\nx",
    ),
    (
        "cumulative_sum_switches_slowly",
        "cumulative_sum",
        "the interpreter lets other threads run less often from then on",
        bare_kernel("cumulative_sum", before(lambda: sys.setswitchinterval(0.05))),
        "x = tp.cumulative_sum(tp.ones(2))\nimport sys\nsys.getswitchinterval()",
    ),
    (
        "argmax_sets_the_size_of_stacks",
        "argmax",
        "threads that begin from then on have larger stacks",
        bare_kernel("argmax", before(lambda: threading.stack_size(1 << 24))),
        "x = tp.argmax(tp.ones(2))\nimport threading\nthreading.stack_size()",
    ),
)

# One processor is what such a thread has anyway.
FAULTS = tuple(Fault(*row) for row in ROWS[len(processors()) < 2 :])
