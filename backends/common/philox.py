"""Random 64-bit words of Philox4x64-10 by NumPy: one stream for each seed.

The stream is Philox4x64-10 in counter mode (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
Word number ``n`` is output ``n % 4`` of the block whose counter is ``(n // 4, 0, 0, 0)`` under the key ``(seed, 0)``,
least significant word first. A stream has 2**64 words.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy

STREAM_LENGTH = 2**64

_idle: list[numpy.random.Philox] = []
"""Generators that no thread uses: making one takes ten times as long as setting its state."""


FEW, AHEAD = 64, 512
"""Of how many words at most a request is served from words made in advance, and how many these are."""

_ahead: tuple[int, int, numpy.ndarray] = (0, 0, numpy.zeros(0, "uint64"))
"""The key of a stream, the number of a word, and that and the following words."""


def random_words(seed: int, offset: int, count: int) -> numpy.ndarray:
    """Random words `offset` to ``offset + count`` of the stream of `seed`.

    Parameters
    ----------
    seed
        From ``-2**63`` to ``2**64 - 1``; negative seeds wrap around, as in PyTorch.
    offset
        The number of the first word.
    count
        How many words to make.

    Returns
    -------
    numpy.ndarray, shape (count,), dtype uint64
        In memory of its own.

    Raises
    ------
    ValueError
        If the seed is out of range, or some of the words lie outside the stream.

    Examples
    --------
    >>> [hex(word) for word in random_words(0, 0, 4).tolist()]
    ['0x16554d9eca36314c', '0xdb20fe9d672d0fdc', '0xd7e772cee186176b', '0x7e68b68aec7ba23b']
    >>> bool((random_words(-1, 5, 3) == random_words(2**64 - 1, 0, 8)[5:]).all())
    True
    """
    global _ahead
    key, offset = check_seed(seed), operator.index(offset)
    place, count = check_span(offset, count)
    if count > FEW:
        return _drawn(key, place, count)
    held_key, first, held = _ahead
    if key != held_key or not first <= offset <= offset + count <= first + held.size:
        held_key, first, held = _ahead = key, offset, _drawn(key, place, min(AHEAD, STREAM_LENGTH - offset))
    return held[offset - first : offset - first + count].copy()


def _drawn(key: int, place: tuple[int, int], count: int) -> numpy.ndarray:
    """Words of a stream, from a place in a block on."""
    block, lane = place
    try:
        generator = _idle.pop()
    except IndexError:
        generator = numpy.random.Philox(key=0)
    generator.state = _at(key, block)
    for _ in range(lane):
        generator.random_raw()
    found = generator.random_raw(count)
    _idle.append(generator)
    return found


def _at(key: int, block: int) -> Any:
    """The state of NumPy's generator before a block; it increments the counter before each block."""
    counter = (block - 1, 0, 0, 0) if block else (2**64 - 1,) * 4
    return {
        "bit_generator": "Philox",
        "state": {"counter": counter, "key": (key, 0)},
        "buffer": (0, 0, 0, 0),
        "buffer_pos": 4,
        "has_uint32": 0,
        "uinteger": 0,
    }


def check_seed(seed: int) -> int:
    """Validate a seed, and return the first word of its key.

    Examples
    --------
    >>> check_seed(-1) == 2**64 - 1
    True
    """
    seed = operator.index(seed)
    if not -(2**63) <= seed < 2**64:
        raise ValueError(f"a seed must be from -2**63 to 2**64 - 1, but is {seed}")
    return seed % 2**64


def check_span(offset: int, count: int) -> tuple[tuple[int, int], int]:
    """Validate a span of words; return the block and the position in it at which it begins, and its length.

    Examples
    --------
    >>> check_span(6, 10)
    ((1, 2), 10)
    """
    offset, count = operator.index(offset), operator.index(count)
    if offset < 0 or count < 0:
        raise ValueError(f"offset and count must not be negative, but are {offset} and {count}")
    if offset + count > STREAM_LENGTH:
        raise ValueError(f"a stream has 2**64 words, but word {offset + count - 1} was asked for: use another seed")
    return divmod(offset, 4), count
