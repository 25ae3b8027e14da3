"""Uses of random numbers: one seed gives one stream, on every backend, from any place in it."""

from __future__ import annotations

from .use import Use

GENERATORS = (
    "tp.Generator(5)",
    "tp.Generator(0)",
    "tp.Generator(2**33 + 7)",
    "tp.Generator(2**63 + 2**40 + 1)",
    "tp.Generator(-3)",
    "_at(5, 3)",
    "_at(5, 2**32 + 1)",
    "_at(2**34 + 1, 2**40 + 3)",
)
"""Streams of several seeds, and streams some words of which were drawn."""


def _drawn(call: str, generators: tuple[str, ...] = GENERATORS) -> tuple[Use, ...]:
    """Draws from each stream: `call` with the generator ``g``, twice, the second from where the first ended."""
    return tuple(
        Use(f"(lambda g: ({call}, {call}))({generator.replace('_at', _AT)})", dtypes="f", smooth=False)
        for generator in generators
    )


BOUNDARIES = (0, 1, 3, 1021, 2**16 - 3, 2**32 - 3, 2**34 - 3, 2**34 + 5, 2**53 + 1, 2**63 - 3, 2**63 + 5, 2**64 - 16)
"""Places in a stream at or before the end of a block, of a power of two of words and of blocks, and of the stream."""

SEEDS = (2**32 - 1, 2**53 + 1, 2**63 + 1, 2**64 - 1, -(2**63))

LENGTHS = (1, 2, 5)
"""So many numbers are drawn from each place, one draw after the other."""


def _streams(call: str) -> tuple[Use, ...]:
    """Draws at all boundaries, of all seeds, of many numbers, and of the last ones of a stream.

    `call` takes the number ``n`` and the generator ``g``.
    """
    draws = f"[{call} for n in {LENGTHS}]"
    places = f"[{draws} for place in {BOUNDARIES} for g in [tp.Generator(5)] if not setattr(g, 'offset', place)]"
    seeds = f"[{draws} for seed in {SEEDS} for g in [tp.Generator(seed)]]"
    many = f"[{call}[::97] for g in [tp.Generator(7)] for n in (1001, 70003)]"
    last = f"[{call} for g in [tp.Generator(5)] for n in [2] if not setattr(g, 'offset', {2**64 - 2})]"
    return (Use(f"({places}, {seeds}, {many}, {last})", dtypes="f", smooth=False),)


_AT = "(lambda seed, offset: (g := tp.Generator(seed), setattr(g, 'offset', offset))[0])"

FEW = GENERATORS[:1] + GENERATORS[5:6]

HALF_OPEN = ((2**7, "bfloat16"), (2**10, "float16"), (2**20, "float32"))
"""Numbers near which the numbers of a dtype are far apart."""


def _uniform(low: int, dtype: str) -> tuple[Use, ...]:
    """Draws between integers two apart, of which some are so near to the upper one that rounding takes them there."""
    call = f"(lambda x: (x, (x >= {low}).all(), (x < {low + 2}).all()))"
    return _drawn(f"{call}(tp.empty(200, dtype=tp.{dtype}).uniform_({low}, {low + 2}, generator=g))", GENERATORS[:1])


USES: dict[str, tuple[Use, ...]] = {
    "rand": _streams("tp.rand(n, dtype=tp.float64, generator=g)")
    + _drawn("tp.rand(2, 3, generator=g)")
    + _drawn("tp.rand(2, 3, dtype=tp.float64, generator=g)", FEW),
    "randn": _streams("tp.randn(n, dtype=tp.float64, generator=g)")
    + _drawn("tp.randn(2, 3, generator=g)")
    + _drawn("tp.randn(3, dtype=tp.float64, generator=g)", FEW),
    "randint": _streams("tp.randint(0, 2**62, (n,), generator=g)")
    + _drawn("tp.randint(-5, 6, (2, 3), generator=g)")
    + _drawn("tp.randint(0, 2**40, (3,), generator=g)", FEW),
    "randperm": _drawn("tp.randperm(7, generator=g)", FEW),
    "uniform_": tuple(use for low, dtype in HALF_OPEN for use in _uniform(low, dtype)),
    "bernoulli": _drawn("tp.bernoulli(tp.full((200,), 0.001, dtype=tp.float16), generator=g)", FEW),
}
