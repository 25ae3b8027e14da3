"""Places in the random stream."""

from __future__ import annotations

import numpy

from tensorplug.backends.common.philox import random_words as words

from ..fault import Fault, Row
from .changes import STREAM, across, in_blocks, in_two_halves, stream, without_tail

ROWS: tuple[Row, ...] = (
    (
        "random_across_2_to_the_32nd",
        STREAM,
        "a draw across 2^32 words goes on at the beginning",
        across(2**32),
        "at(0, 2**32 - 1)\ntp.rand(2, dtype='float64')",
    ),
    (
        "random_across_2_to_the_34th",
        STREAM,
        "a draw across 2^32 blocks goes on at the beginning",
        across(2**34),
        "at(0, 2**34 - 1)\ntp.rand(2, dtype='float64')",
    ),
    (
        "random_across_2_to_the_16th",
        STREAM,
        "a draw across 65,536 words goes on at the beginning",
        across(2**16),
        "at(0, 2**16 - 1)\ntp.rand(2, dtype='float64')",
    ),
    (
        "random_across_1024",
        STREAM,
        "a draw across a multiple of 1,024 words goes on that many words before",
        across(1024),
        "at(0, 1023)\ntp.rand(2, dtype='float64')",
    ),
    (
        "random_beyond_2_to_the_63rd",
        STREAM,
        "places from 2^63 on are negative ones",
        stream(lambda s, o, n: words(s, o % 2**63, n)),
        "at(0, 2**63 + 5)\ntp.rand(2, dtype='float64')",
    ),
    (
        "random_beyond_2_to_the_53rd",
        STREAM,
        "places are doubles",
        stream(lambda s, o, n: words(s, min(int(float(o)), 2**64 - n), n)),
        "at(0, 2**53 + 1)\ntp.rand(2, dtype='float64')",
    ),
    (
        "random_of_blocks_beyond_2_to_the_32nd",
        STREAM,
        "numbers of blocks have 32 bits",
        stream(lambda s, o, n: words(s, o % 2**34, n)),
        "at(0, 2**34 + 5)\ntp.rand(2, dtype='float64')",
    ),
    (
        "random_begins_the_first_block_anew",
        STREAM,
        "what is left of a block is given from its beginning, where more is drawn",
        stream(in_blocks),
        "at(0, 1)\ntp.rand(5, dtype='float64')",
    ),
    (
        "random_without_a_tail",
        STREAM,
        "what is left behind whole blocks is what was drawn first",
        stream(without_tail),
        "at(0, 0)\ntp.rand(6, dtype='float64')",
    ),
    (
        "random_in_two_halves",
        STREAM,
        "an odd number of more than 1,000 words is drawn in halves that overlap",
        stream(in_two_halves),
        "at(0, 0)\ntp.rand(1001, dtype='float64')",
    ),
    (
        "random_of_seeds_as_doubles",
        STREAM,
        "seeds are doubles",
        stream(lambda s, o, n: words(int(float(s)) % 2**64 if abs(s) > 2**53 else s, o, n)),
        "tp.manual_seed(2**53 + 1)\ntp.rand(2, dtype='float64')",
    ),
    (
        "random_of_great_seeds_signed",
        STREAM,
        "seeds of 2^63 and more are taken for the greatest one below",
        stream(lambda s, o, n: words(min(s, 2**63 - 1), o, n)),
        "tp.manual_seed(2**63 + 1)\ntp.rand(2, dtype='float64')",
    ),
    (
        "random_of_one_word_at_a_time",
        STREAM,
        "a single word is the first of its block",
        stream(lambda s, o, n: words(s, o - o % 4, n) if n == 1 else words(s, o, n)),
        "at(0, 3)\ntp.rand(1, dtype='float64')",
    ),
    (
        "random_of_the_last_word",
        STREAM,
        "the last word of the stream is the first",
        stream(lambda s, o, n: words(s, o, n) if o + n < 2**64 else numpy.append(words(s, o, n - 1), words(s, 0, 1))),
        "at(0, 2**64 - 2)\ntp.rand(2, dtype='float64')",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
