"""Faults that show only beyond some size: of vectors, blocks, grids, counters and recursions, and of many axes."""

from __future__ import annotations

from . import elementwise, losses, manipulation, matrices, reductions, reported, searching

FAULTS = (
    *elementwise.FAULTS,
    *reductions.FAULTS,
    *manipulation.FAULTS,
    *searching.FAULTS,
    *matrices.FAULTS,
    *losses.FAULTS,
    *reported.FAULTS,
)
