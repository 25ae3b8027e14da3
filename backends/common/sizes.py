"""Thresholds and block sizes of kernels.

Measured on two cores of a server with AVX-512; "7 times" means that it takes 7 times as long without.
"""

from __future__ import annotations

FEW_ELEMENTS = 1 << 9
"""Elements beyond which several vectorised passes beat NumPy's scalar loops: 10 times at 10,000."""

FEW_SERIES = 1 << 8
"""Elements beyond which expansions in vectorised passes beat SciPy's loop of `zeta`: twice at 1,000."""

FEW_SPECIAL = 1 << 11
"""Elements beyond which passes over blocks beat SciPy's loop over float32 numbers: 8 times for a million of `erf`."""

MANY_ELEMENTS = 1 << 14
"""Elements beyond which branches are mispredicted: 7 times for a random mask, 2 for a comparison with zero."""

MANY_IN_ROWS = 1 << 14
"""Elements of rows beyond which a sparse product adds them: 13 times for 8,192 rows of 256."""

MANY_SORTED = 1 << 11
"""Elements beyond which a stable argsort sorts integers: 3 times at 4,000, 10 at a million."""

FEW_GREATEST = 16
"""Largest elements up to which they are found one by one: in a fifth of the time of an argsort for two of 400."""

SHORT_ROW = 32
"""Rows up to this length are left to NumPy's argsort, also for each of the largest elements that are to be found."""

MANY_POSITIONS = 1 << 11
"""Indices along several axes, or elements of a mask, beyond which flat indices pay: 7 times for a mask of a million."""

LONG_ROW = 1 << 9
"""Rows of this length are added one by one, shorter ones by flat indices of their elements."""

POSITIONS_BLOCK = 1 << 16
"""Flat indices that are made at once, for elements of rows."""

FEW_ROWS = 1 << 9
"""Rows up to which sums are not grouped: that would take longer, and gain few digits."""

FEW_SLICES = 16
"""Terms of sums along short axes up to which slices are added: 15 times for means of windows of 2 by 2."""

MANY_SUMS = 1 << 11
"""Sums along short axes from which on slices are added: half of the time for 3 by 3 terms each."""

SHORT_RUN = 8
"""The longest inner loop of a sum that loses against the addition of slices."""

GROUP = 64
"""Rows in a group of a sum; the last group has up to twice as many."""

WIDTH = 1 << 13
"""Bytes of short rows that are added side by side, as one row: 16 times for rows of ten."""

HALF_CHUNK = 1 << 18
"""Half floats whose sum is left to NumPy, which converts 8,192 at once and adds these sums one by one."""

FEW_TERMS = 1 << 10
"""Terms up to which cumulative sums are left to NumPy."""

RUN = 64
"""Terms in a block of a cumulative sum."""

MANY_FACTORS = 1 << 15
"""Elements beyond which products of rows are taken by halves: twice for rows of 400, 6 times for one of 100,000."""

PRODUCT_BLOCK = 1 << 9
"""Terms of a matrix-vector product that are left to XLA, which adds them one by one."""

MANY_EXPONENTIALS = 1 << 12
"""Elements beyond which it pays to find out whether a pass over exponentials can be saved."""

SOFTMAX_BLOCK = 1 << 17
"""Elements in a block of a softmax, which fits the cache: 4 times for a softmax of a million."""

SUMMED_BY_PRODUCT = range(9, 1025)
"""Lengths of rows that are summed by a matrix product with ones: 2.5 times for a softmax of rows of 1,000."""

LOSS_BLOCK = 1 << 20
"""Bytes of each operand in a block of a loss, which fits the cache: 6 times for a loss of a million elements."""

DOT_BLOCK = 1 << 12
"""Terms of a dot product that are left to BLAS, which adds them one by one."""

LONG_DOT = 1 << 16
"""Terms beyond which BLAS, which adds few sums side by side, loses digits: one decimal for a million of float32."""

LONG_RUN = 1 << 16
"""Elements beyond which consecutive elementwise steps of a compiled program run block by block."""

RUN_BLOCK = 1 << 15
"""Elements in such a block."""
