"""Uses of random numbers: a seed gives the same stream on every backend, from any position."""

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
"""Generators of several seeds and positions."""


def _drawn(call: str, generators: tuple[str, ...] = GENERATORS) -> tuple[Use, ...]:
    """Two successive draws by `call`, with each generator ``g``."""
    return tuple(
        Use(f"(lambda g: ({call}, {call}))({generator.replace('_at', _AT)})", dtypes="f", smooth=False)
        for generator in generators
    )


BOUNDARIES = (0, 1, 3, 1021, 2**16 - 3, 2**32 - 3, 2**34 - 3, 2**34 + 5, 2**53 + 1, 2**63 - 3, 2**63 + 5, 2**64 - 16)
"""Positions at or before the end of a block, of a power of two of words or blocks, and of the stream."""

SEEDS = (2**32 - 1, 2**53 + 1, 2**63 + 1, 2**64 - 1, -(2**63))

LENGTHS = (1, 2, 5)
"""Numbers of values in successive draws from each position."""


def _streams(call: str) -> tuple[Use, ...]:
    """Draws at all boundaries and seeds, of many values, and at the end of a stream.

    `call` takes the count ``n`` and the generator ``g``.
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
"""Numbers where the spacing of a dtype is large."""


def _uniform(low: int, dtype: str) -> tuple[Use, ...]:
    """Draws between integers two apart, some of which would round to the excluded upper bound."""
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
