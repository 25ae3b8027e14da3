"""Random words of Philox4x64-10, computed by JAX on the device: those of `common.philox`."""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy
from jax import Array
from jax import numpy as jnp

from ..common import philox
from ..common.philox import check_seed, check_span

MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
WEYL_INCREMENTS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
ROUNDS = 10
SMALLEST_BUCKET = 16

Pair = tuple[Array, Array]
Block = tuple[Array, Array, Array, Array]


def random_words(seed: int, offset: int, count: int, device: jax.Device) -> Array:
    """Random words `offset` to ``offset + count`` of the stream of `seed`, on a JAX device.

    Parameters, errors and every bit of the result are those of `philox.random_words`.

    Returns
    -------
    jax.Array, shape (count,), dtype uint64

    Examples
    --------
    >>> first = random_words(0, 0, 4, jax.devices()[0])
    >>> hex(int(first[0])), first.dtype.name
    ('0x16554d9eca36314c', 'uint64')
    """
    if device.platform != "cpu":
        return computed_words(seed, offset, count, device)
    # On a CPU, NumPy's generator is at least as fast, and nothing has to be compiled.
    host = philox.random_words(seed, offset, count)
    with jax.enable_x64(True):
        return jax.device_put(host, device)


def computed_words(seed: int, offset: int, count: int, device: jax.Device) -> Array:
    """The words of `words`, computed on the device.

    The generator is compiled once for each `bucket` of lengths, not for each seed, offset or length; a new length
    compiles a slice only.
    """
    key, (block, lane), count = check_seed(seed), *check_span(offset, count)
    with jax.enable_x64(True):
        start = jax.device_put(numpy.array([key, block, lane], dtype=numpy.uint64), device)
        return _cut(_blocks(start, bucket(-(-(lane + count) // 4))), start, count)


def bucket(blocks: int) -> int:
    """Round a number of blocks up, by at most a quarter beyond the smallest bucket.

    Examples
    --------
    >>> [bucket(blocks) for blocks in (0, 16, 17, 33, 1000, 1025)]
    [16, 16, 20, 40, 1024, 1280]
    """
    if blocks <= SMALLEST_BUCKET:
        return SMALLEST_BUCKET
    step = 1 << ((blocks - 1).bit_length() - 3)
    return -(-blocks // step) * step


@functools.partial(jax.jit, static_argnums=1)
def _blocks(start: Array, blocks: int) -> Block:
    key, block, _ = start
    counter = block + jnp.arange(blocks, dtype=jnp.uint64)
    zero = jnp.zeros_like(counter)
    return philox4x64((counter, zero, zero, zero), (key, jnp.zeros_like(key)))


# Not part of `_blocks`: XLA would compute the whole block again for each of its four words.
@functools.partial(jax.jit, static_argnums=2)
def _cut(blocks: Block, start: Array, count: int) -> Array:
    return jax.lax.dynamic_slice(jnp.stack(blocks, axis=1).reshape(-1), (start[2],), (count,))


def philox4x64(counter: Block, key: Pair) -> Block:
    """The Philox4x64-10 function: four output words for each counter, of uint64 arrays that broadcast.

    Examples
    --------
    >>> with jax.enable_x64(True):
    ...     zero = jnp.zeros((), jnp.uint64)
    ...     [hex(int(word)) for word in philox4x64((zero, zero, zero, zero), (zero, zero))]
    ['0x16554d9eca36314c', '0xdb20fe9d672d0fdc', '0xd7e772cee186176b', '0x7e68b68aec7ba23b']
    """
    for _ in range(ROUNDS):
        high0, low0 = _multiply(counter[0], MULTIPLIERS[0])
        high1, low1 = _multiply(counter[2], MULTIPLIERS[1])
        counter = (high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0)
        key = (key[0] + numpy.uint64(WEYL_INCREMENTS[0]), key[1] + numpy.uint64(WEYL_INCREMENTS[1]))
    return counter


def _multiply(word: Array, factor: int) -> Pair:
    """The high and the low word of a 128-bit product, from products of 32-bit halves."""
    half: Any = numpy.uint64(32)
    mask: Any = numpy.uint64(2**32 - 1)
    factor_high, factor_low = numpy.uint64(factor >> 32), numpy.uint64(factor & (2**32 - 1))
    high, low = word >> half, word & mask
    middle = high * factor_low + ((low * factor_low) >> half)
    carry = low * factor_high + (middle & mask)
    return high * factor_high + (middle >> half) + (carry >> half), word * numpy.uint64(factor)
