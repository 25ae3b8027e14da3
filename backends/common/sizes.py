"""From how many elements on another way than the library's own pays, and what is worked on at once.

Measured on two cores of a server with AVX-512; the figures are how many times as long it takes without.
"""

from __future__ import annotations

FEW_ELEMENTS = 1 << 9
"""Functions that NumPy computes one number after the other take as long for so many as passes do: 10 at 10,000."""

MANY_ELEMENTS = 1 << 14
"""A choice for each of so many elements is mispredicted: 7 times for a random mask, 2 for a comparison with zero."""

MANY_SORTED = 1 << 11
"""A stable sort of so many elements goes by integers: 3 times at 4,000, 10 at a million."""

SHORT_ROW = 32
"""Rows of so many elements are sorted one by one in as little time."""

MANY_POSITIONS = 1 << 11
"""So many positions along several axes, or in a mask, are looked for in memory: 7 times for a mask of a million."""

LONG_ROW = 1 << 9
"""Rows of so many elements are added one by one in less time than their elements at positions."""

POSITIONS_BLOCK = 1 << 16
"""So many positions are made at once, for elements of rows."""

FEW_ROWS = 1 << 9
"""So many rows are added one by one: to make groups of them takes longer, and loses few digits less."""

GROUP = 64
"""So many rows of more are added one by one, and less than twice as many of the last ones."""

WIDTH = 1 << 13
"""So many bytes are added side by side, as NumPy takes long for short rows: 16 times for rows of ten."""

HALF_CHUNK = 1 << 18
"""So many half floats are left to NumPy, which converts 8,192 at once and adds up the sums of these one by one."""

FEW_TERMS = 1 << 10
"""Running sums of so many terms are left to NumPy."""

RUN = 64
"""So many terms of a longer running sum are added one by one."""

PRODUCT_BLOCK = 1 << 9
"""So many terms of a product of a matrix and a vector are left to XLA, which adds them up one by one."""

MANY_EXPONENTIALS = 1 << 12
"""Of fewer elements, a pass costs less than to find out whether it can be saved."""

SOFTMAX_BLOCK = 1 << 17
"""So many elements fit the cache, so that only one pass reads memory: 4 times for a softmax of a million."""

SUMMED_BY_PRODUCT = range(9, 1025)
"""Rows of such lengths are summed by a product with ones: 2.5 times for a softmax of rows of 1,000."""

LOSS_BLOCK = 1 << 20
"""So many bytes of each operand fit the cache, and are a thread's share: 6 times for a loss of a million elements."""

DOT_BLOCK = 1 << 12
"""So many terms of a dot product are left to BLAS, which adds them up one by one."""
