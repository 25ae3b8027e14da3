"""Faults that show in some layouts alone: steps, reversed and transposed axes, parts of larger arrays, shared "
"memory."""

from __future__ import annotations

from . import elementwise, in_place, losses, manipulation, matrices, reductions, reported, searching

FAULTS = (
    *elementwise.FAULTS,
    *in_place.FAULTS,
    *reductions.FAULTS,
    *manipulation.FAULTS,
    *searching.FAULTS,
    *matrices.FAULTS,
    *losses.FAULTS,
    *reported.FAULTS,
)
