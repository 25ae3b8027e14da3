"""The random words: known answers, independence of how a stream is cut, the same bits from NumPy and from JAX."""

from __future__ import annotations

import concurrent.futures

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensorplug.backends.common import philox

# counter, key and output of philox4x64-10, from the file kat_vectors of Random123
KNOWN_ANSWERS = (
    (
        "0000000000000000 0000000000000000 0000000000000000 0000000000000000",
        "0000000000000000 0000000000000000",
        "16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b",
    ),
    (
        "ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff",
        "ffffffffffffffff ffffffffffffffff",
        "87b092c3013fe90b 438c3c67be8d0224 9cc7d7c69cd777b6 a09caebf594f0ba0",
    ),
    (
        "243f6a8885a308d3 13198a2e03707344 a4093822299f31d0 082efa98ec4e6c89",
        "452821e638d01377 be5466cf34e90c6c",
        "a528f45403e61d95 38c72dbd566e9788 a5a1610e72fd18b5 57bd43b5e52b7fe6",
    ),
)

GOLDEN_NEAR = [0x3580DD9BC8E7EF33, 0x834A9089B7208553, 0x58A34846864DF77D]
GOLDEN_FAR = [0x5598D5EE39942B8E, 0xD97FB4704ED074B0, 0x6C8699D2EDB33778]

seeds = st.integers(-(2**63), 2**64 - 1)
counts = st.integers(0, 150)


def offsets(longest: int = 150) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(0, 40), st.integers(0, 2**64 - longest), st.integers(2**64 - 400, 2**64 - longest))


def parse(line: str) -> list[int]:
    return [int(word, 16) for word in line.split()]


def joined(words: list[int]) -> int:
    return sum(word << (64 * place) for place, word in enumerate(words))


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_numpy_computes_the_published_function(counter: str, key: str, expected: str) -> None:
    before = (joined(parse(counter)) - 1) % 2**256
    generator = numpy.random.Philox(key=joined(parse(key)), counter=before)
    assert generator.random_raw(4).tolist() == parse(expected)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_jax_computes_the_published_function(counter: str, key: str, expected: str) -> None:
    jax = pytest.importorskip("jax")
    from tensorplug.backends.jax.philox import philox4x64

    with jax.enable_x64(True):
        arguments = [tuple(jax.numpy.asarray(parse(line), dtype="uint64")) for line in (counter, key)]
        assert [int(word) for word in philox4x64(*arguments)] == parse(expected)


def test_the_stream_starts_at_counter_zero() -> None:
    assert philox.random_words(0, 0, 4).tolist() == parse(KNOWN_ANSWERS[0][2])


def test_the_seed_is_the_first_word_of_the_key_and_the_block_the_first_of_the_counter() -> None:
    seed, block = 0x452821E638D01377, 0x243F6A8885A308D3
    expected = numpy.random.Philox(key=seed, counter=block - 1).random_raw(4)
    assert (philox.random_words(seed, 4 * block, 4) == expected).all()


def test_golden_words() -> None:
    assert philox.random_words(2026, 1, 3).tolist() == GOLDEN_NEAR
    assert philox.random_words(-2, 2**64 - 3, 3).tolist() == GOLDEN_FAR


@given(seeds, offsets(), counts, st.data())
def test_chunks_join_to_the_whole(seed: int, offset: int, count: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, count))
    whole = philox.random_words(seed, offset, count)
    parts = philox.random_words(seed, offset, cut), philox.random_words(seed, offset + cut, count - cut)
    assert whole.dtype == numpy.uint64
    assert whole.shape == (count,)
    assert (numpy.concatenate(parts) == whole).all()


@pytest.mark.parametrize("offset", range(9))
def test_every_word_has_its_number(offset: int) -> None:
    assert philox.random_words(11, offset, 5).tolist() == philox.random_words(11, 0, 20)[offset : offset + 5].tolist()


def test_threads_draw_the_same_words() -> None:
    spans = [(seed, offset, 1 + offset % 7) for seed in range(40) for offset in range(40)]
    expected = [philox.random_words(*span).tolist() for span in spans]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert [found.tolist() for found in pool.map(lambda span: philox.random_words(*span), spans)] == expected


def test_words_own_their_memory() -> None:
    assert philox.random_words(3, 1, 5).base is None


def test_negative_seeds_wrap() -> None:
    assert (philox.random_words(-1, 0, 8) == philox.random_words(2**64 - 1, 0, 8)).all()
    assert (philox.random_words(-(2**63), 0, 8) == philox.random_words(2**63, 0, 8)).all()


def test_integers_of_numpy_are_seeds() -> None:
    assert (philox.random_words(numpy.int64(-5), numpy.int32(2), numpy.int8(4)) == philox.random_words(-5, 2, 4)).all()


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_seeds_out_of_range(seed: int) -> None:
    with pytest.raises(ValueError, match=r"a seed must be from -2\*\*63 to 2\*\*64 - 1"):
        philox.random_words(seed, 0, 1)


def test_seeds_that_are_no_integers() -> None:
    with pytest.raises(TypeError):
        philox.random_words(1.5, 0, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("offset", "count"), [(2**64, 1), (2**64 - 1, 2), (2**70, 1), (2**300, 0), (0, 2**64 + 1)])
def test_words_beyond_the_stream(offset: int, count: int) -> None:
    with pytest.raises(ValueError, match=r"a stream has 2\*\*64 words"):
        philox.random_words(0, offset, count)


def test_the_end_of_the_stream() -> None:
    assert philox.random_words(0, 2**64 - 1, 1).shape == (1,)
    assert philox.random_words(0, 2**64, 0).shape == (0,)


@pytest.mark.parametrize(("offset", "count"), [(-1, 1), (0, -1)])
def test_negative_spans(offset: int, count: int) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        philox.random_words(0, offset, count)


@settings(max_examples=40, deadline=None)
@given(seeds, offsets(), st.sampled_from([0, 1, 3, 4, 5, 61, 64, 77, 150]))
def test_jax_computes_the_same_words(seed: int, offset: int, count: int) -> None:
    jax = pytest.importorskip("jax")
    from tensorplug.backends.jax import philox as jax_philox

    device = jax.devices()[0]
    for make in jax_philox.random_words, jax_philox.computed_words:
        found = make(seed, offset, count, device)
        assert found.dtype == "uint64"
        assert found.devices() == {device}
        assert (numpy.asarray(found) == philox.random_words(seed, offset, count)).all()
    assert not jax.config.jax_enable_x64


@pytest.mark.parametrize(("seed", "offset", "count"), [(2**64, 0, 1), (0, -1, 1), (0, 2**64, 1)])
def test_jax_refuses_the_same(seed: int, offset: int, count: int) -> None:
    jax = pytest.importorskip("jax")
    from tensorplug.backends.jax import philox as jax_philox

    for make in jax_philox.random_words, jax_philox.computed_words:
        with pytest.raises(ValueError, match=r"seed|stream|negative"):
            make(seed, offset, count, jax.devices()[0])


def test_jax_compiles_once_for_a_bucket() -> None:
    jax = pytest.importorskip("jax")
    from tensorplug.backends.jax import philox as jax_philox

    device = jax.devices()[0]
    jax_philox.computed_words(0, 0, 4 * 320, device)
    compiled = jax_philox._blocks._cache_size()
    for seed, offset, count in ((1, 5, 1100), (2**64 - 1, 2**60, 1270), (3, 0, 1279)):
        jax_philox.computed_words(seed, offset, count, device)
    assert jax_philox._blocks._cache_size() == compiled


@given(st.integers(17, 2**40))
def test_buckets_are_few_and_close(blocks: int) -> None:
    pytest.importorskip("jax")
    from tensorplug.backends.jax.philox import bucket

    size = bucket(blocks)
    assert blocks <= size <= 1.25 * blocks
    assert bucket(size) == size
    assert bin(size).rstrip("0").count("0") <= 3
