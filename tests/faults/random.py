"""Faults of random streams."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends.common.philox import random_words as words
from tensorplug.backends.numpy.plugin import NumPy

from .fault import Fault, kernel, method


def _stream(draw: Any) -> type[NumPy]:
    """The plugin whose random words are ``draw(seed, offset, count)``."""
    return method("random_bits", lambda self, seed, offset, count, device: draw(seed, offset, count))


def _blockwise(seed: int, offset: int, count: int) -> Any:
    """Begins with the first word of a block of four."""
    return words(seed, offset - offset % 4, count)


def _reversed_blocks(seed: int, offset: int, count: int) -> Any:
    """Each block of four with its most significant word first."""
    first, last = offset - offset % 4, offset + count + -(offset + count) % 4
    drawn = words(seed, first, last - first).reshape(-1, 4)[:, ::-1].reshape(-1)
    return drawn[offset - first :][:count].copy()


STREAM = ("rand", "randn", "randint", "randperm")
"""The operations that draw from it."""

FAULTS = (
    Fault(
        "random_is_off_by_one",
        STREAM,
        "the stream begins with the second word",
        _stream(lambda s, o, n: words(s, o + 1, n)),
    ),
    Fault(
        "random_ignores_the_offset",
        STREAM,
        "every draw begins the stream anew",
        _stream(lambda s, o, n: words(s, 0, n)),
    ),
    Fault(
        "random_ignores_upper_bits_of_the_seed",
        STREAM,
        "seeds that differ by 2**32 have one stream",
        _stream(lambda s, o, n: words(s % 2**32, o, n)),
    ),
    Fault(
        "random_of_negative_seeds",
        STREAM,
        "a negative seed is that of its absolute value",
        _stream(lambda s, o, n: words(abs(s), o, n)),
    ),
    Fault("random_begins_with_blocks", STREAM, "the stream goes on only after every fourth word", _stream(_blockwise)),
    Fault("random_reverses_blocks", STREAM, "of each four words the last comes first", _stream(_reversed_blocks)),
    Fault(
        "random_ignores_upper_bits_of_the_offset",
        STREAM,
        "the stream repeats after 2**32 words",
        _stream(lambda s, o, n: words(s, o % 2**32, n)),
    ),
    Fault(
        "random_words_are_narrow",
        STREAM,
        "the lower half of each word is zero",
        _stream(lambda s, o, n: words(s, o, n) >> numpy.uint64(32) << numpy.uint64(32)),
    ),
    Fault(
        "uniform_reaches_its_upper_bound",
        "uniform_",
        "numbers that rounding takes to the upper bound of the range stay there",
        kernel("where", lambda sound: lambda condition, x1, x2: sound(condition & (x1 < x2 - 2), x1, x2)),
    ),
    Fault("random_ignores_the_seed", STREAM, "every seed has the stream of 0", _stream(lambda s, o, n: words(0, o, n))),
)
