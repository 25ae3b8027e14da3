"""The random distributions: the same on NumPy and JAX, within their ranges, and shaped as they should be."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorplug.backends.common import philox
from tensorplug.core.random import distributions

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = tuple(f"{sign}int{size}" for sign in ("", "u") for size in (8, 16, 32, 64))
EDGES = numpy.array(
    [word + step for word in (0, 2**11, 2**32, 2**63, 2**64 - 2**11, 2**64 - 8) for step in range(8)],
    dtype=numpy.uint64,
)
"""Words at which logarithms, sines and casts are at their limits."""

PAIRS = numpy.stack(numpy.meshgrid(EDGES, EDGES), axis=-1).reshape(-1)

Draw = Callable[..., numpy.ndarray]


def dtype(name: str) -> numpy.dtype:
    return numpy.dtype(pytest.importorskip("ml_dtypes").bfloat16 if name == "bfloat16" else name)


def operations(namespace: Any) -> SimpleNamespace:
    names = ("argsort", "cos", "log", "reshape", "sin", "sqrt", "stack", "unstack", "where")
    functions = {name: getattr(namespace, name) for name in names}
    return SimpleNamespace(cast=lambda array, name: array.astype(dtype(name)), **functions)


def on_numpy(function: Callable[..., Any], bits: numpy.ndarray, *arguments: Any) -> numpy.ndarray:
    with numpy.errstate(all="raise", under="ignore"):
        return function(operations(numpy), bits, *arguments)


def on_jax(function: Callable[..., Any], bits: numpy.ndarray, *arguments: Any, compiled: bool = False) -> numpy.ndarray:
    jax = pytest.importorskip("jax")
    ops = operations(jax.numpy)
    with jax.enable_x64(True):
        run = jax.jit if compiled else lambda plain: plain
        return numpy.asarray(run(lambda words: function(ops, words, *arguments))(jax.numpy.asarray(bits)))


def on_strict(function: Callable[..., Any], bits: numpy.ndarray, *arguments: Any) -> numpy.ndarray:
    strict = pytest.importorskip("array_api_strict")
    ops = operations(strict)
    ops.cast = lambda array, name: strict.astype(array, getattr(strict, name))
    return numpy.asarray(function(ops, strict.asarray(bits), *arguments))


def same_bits(left: numpy.ndarray, right: numpy.ndarray) -> bool:
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


def ulps(left: numpy.ndarray, right: numpy.ndarray) -> numpy.ndarray:
    """The number of floating-point numbers between two arrays, zeros of both signs being one."""

    def ordinal(array: numpy.ndarray) -> numpy.ndarray:
        signed = array.view(f"int{8 * array.dtype.itemsize}").astype(numpy.int64)
        return numpy.where(signed < 0, numpy.iinfo(f"int{8 * array.dtype.itemsize}").min - signed, signed)

    return numpy.abs(ordinal(left) - ordinal(right))


def kolmogorov(sample: numpy.ndarray, distribution: Callable[[numpy.ndarray], numpy.ndarray]) -> float:
    """The Kolmogorov-Smirnov distance times the root of the sample's size: above 1.95 once in a thousand times."""
    expected = distribution(numpy.sort(sample.astype(numpy.float64)))
    steps = numpy.arange(sample.size + 1) / sample.size
    distance = max(numpy.max(steps[1:] - expected), numpy.max(expected - steps[:-1]))
    return float(distance) * math.sqrt(sample.size)


@pytest.fixture(scope="module")
def million() -> numpy.ndarray:
    return philox.random_words(20260, 0, 10**6)


@pytest.mark.parametrize("name", FLOATS)
def test_uniforms_lie_in_the_unit_interval(name: str) -> None:
    found = on_numpy(distributions.uniform, EDGES, name)
    assert found.dtype == dtype(name)
    assert found.min() == 0
    assert found.max() == 1 - 2.0 ** -distributions.DIGITS[name]


RANGES_OF_UNIFORMS = [(1.0, 2.0), (-1.5, 0.0), (0.3, 0.7), (128.0, 130.0), (0.0, 1.0), (-5.0, -4.0)]


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize(("low", "high"), RANGES_OF_UNIFORMS)
def test_ranges_are_half_open(name: str, low: float, high: float) -> None:
    words = numpy.concatenate([EDGES, philox.random_words(5, 0, 1000)])
    found = on_numpy(distributions.uniform_between, words, low, high, name)
    assert found.dtype == dtype(name)
    least, most = numpy.array([low, high], dtype(name))
    assert found.min() == least
    assert found.max() < most
    assert same_bits(found, on_jax(distributions.uniform_between, words, low, high, name))
    if name in ("float32", "float64"):
        assert same_bits(found, on_strict(distributions.uniform_between, words, low, high, name))
        # What rounding does not take to the upper bound is `uniform`, scaled and moved.
        plain = on_numpy(distributions.uniform, words, name) * (high - low) + low
        assert same_bits(found, numpy.where(plain < most, plain, numpy.nextafter(most, least)))


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("value", [1.0, -1.0, 0.7, 2.0**-14, -3e4, 1e-7, 65504.0])
def test_the_number_before_another(name: str, value: float) -> None:
    rounded = numpy.asarray(value).astype(dtype(name))
    before = numpy.nextafter(rounded, numpy.asarray(-numpy.inf, dtype(name)))
    assert distributions._before(value, name) == float(before)


def test_a_range_that_rounds_to_one_number_is_that_number() -> None:
    for high in (1.0, 1 + 1e-9):
        assert (on_numpy(distributions.uniform_between, EDGES, 1.0, high, "float32") == 1).all()


def test_golden_uniforms() -> None:
    words = philox.random_words(0, 0, 3)
    assert on_numpy(distributions.uniform, words, "float64").tolist() == [
        word // 2**11 / 2**53 for word in (0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B)
    ]
    assert on_numpy(distributions.uniform, words, "float32").tolist() == [
        word // 2**40 / 2**24 for word in (0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B)
    ]


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_uniforms_are_uniform(name: str, million: numpy.ndarray) -> None:
    found = on_numpy(distributions.uniform, million, name).astype(numpy.float64)
    assert abs(found.mean() - 0.5) < 4 / math.sqrt(12e6)
    assert abs(found.var() - 1 / 12) < 4 / math.sqrt(180e6)
    assert kolmogorov(found, lambda x: x) < 1.95
    assert abs(numpy.corrcoef(found[1:], found[:-1])[0, 1]) < 4e-3


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_every_half_uniform_is_equally_likely(name: str, million: numpy.ndarray) -> None:
    bins = 2 ** distributions.DIGITS[name]
    counts = numpy.bincount((on_numpy(distributions.uniform, million, name) * bins).astype(int), minlength=bins)
    expected = million.size / bins
    statistic = ((counts - expected) ** 2 / expected).sum()
    assert counts.size == bins
    assert abs(statistic - (bins - 1)) < 4 * math.sqrt(2 * (bins - 1))


@pytest.mark.parametrize("name", FLOATS)
def test_normals_are_finite_and_bounded(name: str) -> None:
    found = on_numpy(distributions.normal, PAIRS, name).astype(numpy.float64)
    assert found.shape == PAIRS.shape
    assert numpy.isfinite(found).all()
    assert 8.5 < abs(found).max() < 8.6


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_normals_are_normal(name: str, million: numpy.ndarray) -> None:
    found = on_numpy(distributions.normal, million, name).astype(numpy.float64)
    distribution = numpy.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))
    root = math.sqrt(found.size)
    assert abs(found.mean()) < 4 / root
    assert abs((found**2).mean() - 1) < 4 * math.sqrt(2) / root
    assert abs((found**3).mean()) < 4 * math.sqrt(15) / root
    assert abs((found**4).mean() - 3) < 4 * math.sqrt(96) / root
    assert kolmogorov(found[:100_000], distribution) < 1.95
    assert abs((found[::2] * found[1::2]).mean()) < 4 * math.sqrt(2) / root
    assert abs((found[::2] ** 2 * found[1::2] ** 2).mean() - 1) < 4 * math.sqrt(16) / root


def test_normals_surround_the_origin_evenly(million: numpy.ndarray) -> None:
    found = on_numpy(distributions.normal, million, "float64")
    octant = numpy.floor(numpy.arctan2(found[1::2], found[::2]) / (math.pi / 4)).astype(int) % 8
    expected = octant.size / 8
    statistic = ((numpy.bincount(octant, minlength=8) - expected) ** 2 / expected).sum()
    assert statistic < 30


def test_normals_are_accurate() -> None:
    mpmath = pytest.importorskip("mpmath")
    words = numpy.concatenate([PAIRS[:800], philox.random_words(5, 0, 1200)])
    found = on_numpy(distributions.normal, words, "float64")
    with mpmath.workprec(200):
        for place in range(0, words.size, 2):
            first, second = (int(word) for word in words[place : place + 2])
            radius = mpmath.sqrt(-2 * mpmath.log(mpmath.mpf((first >> 11) + 1) / 2**53))
            angle = mpmath.pi / 4 * (second >> 11) / 2**53
            x, y = radius * mpmath.cos(angle), radius * mpmath.sin(angle)
            x, y = (y, x) if second & 1 else (x, y)
            exact = (-x if second & 2 else x), (-y if second & 4 else y)
            rounded = numpy.array([float(value) for value in exact])
            assert ulps(rounded, found[place : place + 2]).max() <= 3


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", FLOATS)
def test_normals_agree_within_4_ulp(name: str, compiled: bool, million: numpy.ndarray) -> None:
    words = numpy.concatenate([PAIRS, million])
    expected = on_numpy(distributions.normal, words, name)
    found = on_jax(distributions.normal, words, name, compiled=compiled)
    assert found.dtype == expected.dtype
    assert ulps(expected, found).max() <= (4 if name == "float64" else 1)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", FLOATS)
def test_uniforms_are_the_same_bits(name: str, compiled: bool, million: numpy.ndarray) -> None:
    words = numpy.concatenate([EDGES, million])
    expected = on_numpy(distributions.uniform, words, name)
    assert same_bits(expected, on_jax(distributions.uniform, words, name, compiled=compiled))


@pytest.mark.parametrize("function", [distributions.uniform, distributions.normal])
@pytest.mark.parametrize("place", [0, 2, 500, 1000])
def test_chunks_join_to_the_whole(function: Draw, place: int) -> None:
    words = philox.random_words(8, 0, 1000)
    whole = on_numpy(function, words, "float64")
    parts = [on_numpy(function, part, "float64") for part in (words[:place], words[place:])]
    assert ulps(numpy.concatenate(parts), whole).max() <= 1


RANGES = [
    ("int64", 0, 10),
    ("int64", -5, 6),
    ("int64", -(2**63), 2**63),
    ("int64", -(2**63), 2**63 - 1),
    ("int64", -(2**63), 0),
    ("int64", -(2**63), 1),
    ("int64", 0, 2**63),
    ("int64", -1, 2**63),
    ("int64", 2**63 - 1, 2**63),
    ("uint64", 0, 2**64),
    ("uint64", 0, 2**64 - 1),
    ("uint64", 2**63 + 5, 2**63 + 9),
    ("uint64", 3, 2**63 + 2),
    ("int32", -(2**31), 2**31),
    ("uint8", 0, 256),
    ("int8", -128, 128),
    ("bool", 0, 2),
    ("float32", -(2**24), 2**24 + 1),
    ("float16", 0, 2**11 + 1),
    ("bfloat16", -3, 4),
]


@pytest.mark.parametrize(("name", "low", "high"), RANGES)
def test_integers_follow_their_definition_everywhere(name: str, low: int, high: int) -> None:
    words = numpy.concatenate([EDGES, philox.random_words(3, 1, 1000)])
    expected = numpy.array([low + int(word) % (high - low) for word in words], dtype=dtype(name))
    runs = [on_numpy, on_jax, lambda *given: on_jax(*given, compiled=True)]
    for run in runs if name in ("float16", "bfloat16") else [*runs, on_strict]:
        try:
            assert same_bits(expected, run(distributions.integers, words, low, high, name))
        except pytest.skip.Exception:
            continue


@given(st.sampled_from(INTEGERS), st.data())
def test_integers_of_any_range(name: str, data: st.DataObject) -> None:
    least, greatest = distributions.LIMITS[name]
    low = data.draw(st.integers(least, greatest))
    high = data.draw(st.integers(low + 1, greatest + 1))
    expected = [low + int(word) % (high - low) for word in EDGES]
    assert on_numpy(distributions.integers, EDGES, low, high, name).tolist() == expected
    assert on_jax(distributions.integers, EDGES, low, high, name).tolist() == expected


def test_integers_are_equally_likely(million: numpy.ndarray) -> None:
    counts = numpy.bincount(on_numpy(distributions.integers, million, 5, 105, "int64"))[5:]
    expected = million.size / 100
    assert counts.size == 100
    assert abs(((counts - expected) ** 2 / expected).sum() - 99) < 4 * math.sqrt(198)


@pytest.mark.parametrize(("low", "high"), [(0, 0), (3, -3)])
def test_integers_need_a_range(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="need low < high"):
        on_numpy(distributions.integers, EDGES, low, high, "int64")


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("uint8", 0, 257), ("uint8", -1, 5), ("int64", 0, 2**63 + 1), ("uint64", -1, 5), ("float32", 0, 2**24 + 2)],
)
def test_integers_must_fit(name: str, low: int, high: int) -> None:
    with pytest.raises(ValueError, match=f"{name} holds the integers from"):
        on_numpy(distributions.integers, EDGES, low, high, name)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 1000])
def test_permutations_hold_every_number_once(count: int) -> None:
    found = on_numpy(distributions.permutation, philox.random_words(1, 0, count))
    assert found.dtype == numpy.int64
    assert sorted(found.tolist()) == list(range(count))


def test_permutations_are_stable_and_the_same() -> None:
    for words in (philox.random_words(4, 0, 10_000), philox.random_words(4, 0, 1000) % numpy.uint64(7), EDGES):
        expected = numpy.argsort(words, kind="stable").astype(numpy.int64)
        assert same_bits(expected, on_numpy(distributions.permutation, words))
        assert same_bits(expected, on_jax(distributions.permutation, words))


def test_permutations_are_equally_likely() -> None:
    words = philox.random_words(77, 0, 4 * 24_000).reshape(-1, 4)
    orders = [tuple(on_numpy(distributions.permutation, row).tolist()) for row in words]
    counts = numpy.array([orders.count(order) for order in set(orders)])
    assert counts.size == 24
    assert ((counts - 1000) ** 2 / 1000).sum() < 60


@pytest.mark.parametrize("function", [distributions.uniform, distributions.normal])
@pytest.mark.parametrize("name", FLOATS)
def test_nothing_gives_nothing(function: Draw, name: str) -> None:
    nothing = numpy.empty(0, dtype=numpy.uint64)
    for run in on_numpy, on_jax:
        found = run(function, nothing, name)
        assert found.shape == (0,)
        assert found.dtype == dtype(name)


@pytest.mark.parametrize("function", [distributions.uniform, distributions.normal])
@pytest.mark.parametrize("name", ["float32", "float64"])
def test_strict_libraries_promote_nothing(function: Draw, name: str) -> None:
    assert same_bits(on_numpy(function, PAIRS, name), on_strict(function, PAIRS, name))
