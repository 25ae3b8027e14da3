"""Faults that show for some values alone: great and small ones, ends of ranges, badly scaled matrices, a lone NaN."""

from __future__ import annotations

from . import complex_numbers, integers, matrices, not_finite, parameters, real_numbers, reported

FAULTS = (
    *real_numbers.FAULTS,
    *integers.FAULTS,
    *complex_numbers.FAULTS,
    *parameters.FAULTS,
    *matrices.FAULTS,
    *not_finite.FAULTS,
    *reported.FAULTS,
)
