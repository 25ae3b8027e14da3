"""Constants."""

from __future__ import annotations

import math

__all__ = ["e", "inf", "nan", "newaxis", "pi"]

e = math.e
"""Euler's number, the base of natural logarithms."""
inf = math.inf
"""Positive infinity."""
nan = math.nan
"""Not a number."""
newaxis = None
"""In an index, a new axis of length 1."""
pi = math.pi
"""The ratio of a circle's circumference to its diameter."""
