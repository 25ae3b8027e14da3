"""Faults that some values of parameters show, or their combinations: axes, orders, modes, offsets, reductions."""

from __future__ import annotations

from . import losses, manipulation, matrices, reductions, reported, searching, transforms

FAULTS = (
    *reductions.FAULTS,
    *manipulation.FAULTS,
    *searching.FAULTS,
    *matrices.FAULTS,
    *transforms.FAULTS,
    *losses.FAULTS,
    *reported.FAULTS,
)
