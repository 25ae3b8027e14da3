"""Reports of the conformance suite: in a terminal, as HTML, as JSON and as JUnit XML.

Examples
--------
>>> from tensorplug.conformance.engine.outcome import Outcome
>>> run = Run([Outcome("numpy", "elementwise", "add", "values", "passed", 12)], "quick", 7, "jax", {}, 0.5)
>>> print_report(run)
<BLANKLINE>
1 checks, 12 examples, 0.5 s; level quick, seed 7, reference jax
<BLANKLINE>
chapter      numpy
elementwise  1 / 0 / 0
all          1 / 0 / 0
(passed / failed / unsupported)
<BLANKLINE>
numpy: 1 passed, 0 failed, 0 unsupported
"""

from .changes import Change, Changes, changes
from .files import read, writer
from .page import page
from .run import Counts, Run, merged
from .terminal import print_report, progress

__all__ = [
    "Change",
    "Changes",
    "Counts",
    "Run",
    "changes",
    "merged",
    "page",
    "print_report",
    "progress",
    "read",
    "writer",
]
