"""Random number generators: a seed gives the same stream on every backend; and `rand`, `randn`, `randint`, `dropout`.

A generator is a seed and an offset into the seed's stream of 64-bit words; every draw consumes the next words.
"""

from __future__ import annotations

import math
import threading
from typing import Any, final

import numpy

from ...autograd.checkpoint import STATES
from ..autodiff.leaves import requires_grad_
from ..dispatch.keys import DispatchKey, key_for
from ..dispatch.levels import open_levels
from ..dispatch.registry import public
from ..memory.coercion import scalar_tensor
from ..memory.structure import cast
from ..memory.tensor import Tensor, require_tensors, wrap
from ..memory.views import array_of
from ..standard.creation import asarray
from ..standard.elementwise import complex
from ..types.axes import (
    as_float,
    as_integer,
    normalize_shape,
    require_size,
)
from ..types.devices import new_device
from ..types.dtypes import (
    as_dtype,
    get_default_dtype,
    int64,
    real_dtype,
    uint8,
)
from ..types.errors import DTypeError
from .distributions import (
    LIMITS,
    dropout_factors,
    integers,
    normal,
    permutation,
    uniform,
)

__all__ = [
    "Generator",
    "dropout",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "rand",
    "randint",
    "randn",
    "randperm",
    "set_rng_state",
]


_STREAM_LENGTH = 2**64


@final
class Generator:
    """A random number generator.

    Parameters
    ----------
    seed : int, default: 0
    device
        Accepted for PyTorch's sake, and without effect: all devices draw the same numbers.

    Attributes
    ----------
    seed : int
    offset : int
        The number of words drawn so far.
    """

    def __init__(self, seed: int = 0, *, device: Any = None) -> None:
        self._lock = threading.Lock()
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Generator:
        """Set the seed, restart the stream, and return the generator.

        Raises
        ------
        ValueError
            If the seed exceeds 64 bits.
        """
        _tell_levels("manual_seed")
        seed = as_integer("manual_seed", "seed", seed)
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError(f"manual_seed: got {seed}, wanted a number of 64 bits")
        with self._lock:
            self.seed = seed
            self.offset = 0
        return self

    def initial_seed(self) -> int:
        """The seed."""
        return self.seed

    def get_state(self) -> Tensor:
        """The seed and the offset in 16 bytes, as a tensor of uint8 on the default CPU; in 17 at the stream's end."""
        _tell_levels("get_state")
        with self._lock:
            seed, offset = self.seed % _STREAM_LENGTH, self.offset
        state = seed.to_bytes(8, "little") + offset.to_bytes(8 + offset // _STREAM_LENGTH, "little")
        return asarray(numpy.frombuffer(state, numpy.uint8), device="cpu")

    def set_state(self, state: Tensor) -> Generator:
        """Restore a state that `get_state` returned, and return the generator.

        Raises
        ------
        TypeError
            If it is not a tensor of 16 or 17 bytes.
        """
        _tell_levels("set_state")
        if not isinstance(state, Tensor) or state.shape not in ((16,), (17,)) or state.dtype is not uint8:
            found = f"{state.dtype} of shape {state.shape}" if isinstance(state, Tensor) else type(state).__name__
            raise TypeError(f"set_state: got {found}, wanted a state as get_state gives it, 16 bytes of uint8")
        given = state._key.library.backend.to_numpy(array_of(state)).tobytes()
        with self._lock:
            self.seed, self.offset = int.from_bytes(given[:8], "little"), int.from_bytes(given[8:], "little")
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy or pickle the seed and the offset, from which the copy continues by itself."""
        with self._lock:
            return _generator_at, (self.seed, self.offset)

    def draw(self, count: int, key: DispatchKey) -> Any:
        """Draw the next `count` words as a raw array on a key's device."""
        if key.library.depth:
            drawn: Any = key.library
            return drawn.draw(self, count, key)
        with self._lock:
            offset = self.offset
            # Beyond the end of the stream the backend raises, and nothing is drawn.
            if offset + count <= _STREAM_LENGTH:
                self.offset += count
        return key.library.backend.random_bits(self.seed, offset, count, key.native_device)


def _tell_levels(operation: str) -> None:
    for level in open_levels():
        level.set_generator(operation)


def _generator_at(seed: int, offset: int) -> Generator:
    generator = Generator(seed)
    generator.offset = offset
    return generator


FEW = 1 << 14
"""So many random words are drawn on the host in less time than a library takes to compile a step for their number."""

default_generator = Generator()


def _set_state(state: tuple[int, int]) -> None:
    default_generator.seed, default_generator.offset = state


STATES.append((lambda: (default_generator.seed, default_generator.offset), _set_state))


def manual_seed(seed: int) -> Generator:
    """Set the seed of the default generator, for all backends, and return the generator.

    Examples
    --------
    >>> import tensorplug as tp
    >>> _ = tp.manual_seed(0)
    >>> first = tp.rand(2)
    >>> _ = tp.manual_seed(0)
    >>> bool((tp.rand(2) == first).all())
    True
    """
    return default_generator.manual_seed(seed)


def get_rng_state() -> Tensor:
    """The state of the default generator, for `set_rng_state`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> state = tp.get_rng_state()
    >>> first = tp.rand(2)
    >>> tp.set_rng_state(state)
    >>> bool((tp.rand(2) == first).all())
    True
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Restore a state of the default generator that `get_rng_state` returned.

    Raises
    ------
    TypeError
        If it is not such a state.
    """
    default_generator.set_state(new_state)


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


def draw(
    distribution: Any,
    shape: tuple[int, ...],
    key: DispatchKey,
    generator: Generator | None,
    *parameters: Any,
    multiple: int = 1,
) -> Tensor:
    """A tensor of random numbers, which a distribution computes from the generator's next words.

    On backends without uint64 it computes them on the host, and few of them on those that would compile each step for
    each shape.
    """
    count = math.prod(shape)
    words = math.ceil(count / multiple) * multiple
    bits = (generator or default_generator).draw(words, key)
    ops = key.library.ops
    with key.library.scope(key.native_device):
        few = words <= FEW and key.library.backend.compiles and not key.library.depth
        if "uint64" in key.library.dtypes and not few:
            drawn = distribution(ops, bits, *parameters)
        else:
            drawn = ops.draw_on_host(bits, distribution, parameters)
        return wrap(ops.reshape(drawn if words == count else ops.getitem(drawn, slice(0, count)), shape), key)


def _shape(operation: str, lengths: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    if size is not None and lengths:
        raise TypeError(f"{operation}: got both lengths and size={size}, wanted one of them")
    size = lengths if size is None else (size,)
    lengths = normalize_shape(operation, size[0] if len(size) == 1 else size)
    require_size(operation, lengths)
    return lengths


@public("rand")
def rand(
    *lengths: Any, size: Any = None, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random numbers from the uniform distribution on [0, 1); for a complex dtype both parts.

    Parameters
    ----------
    *lengths : int or tuple of int
        The shape, as one tuple or as lengths.
    size : tuple of int
        The shape, by PyTorch's name.
    generator : Generator, optional
    dtype : dtype, optional
        A floating-point dtype; by default the default float.
    device : device, optional
    requires_grad : bool, default: False

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.rand(100)
    >>> bool(((x >= 0) & (x < 1)).all())
    True
    """
    key = _float_key("rand", dtype, device)
    made = _draw_floats(uniform, _shape("rand", lengths, size), key, generator)
    return requires_grad_(made) if requires_grad else made


@public("randn")
def randn(
    *lengths: Any, size: Any = None, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random numbers from the standard normal distribution; the parameters are those of `rand`.

    The parts of complex numbers have variance 1/2 each, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.randn(2, 3).shape
    (2, 3)
    """
    key = _float_key("randn", dtype, device)
    made = _draw_floats(normal, _shape("randn", lengths, size), key, generator, multiple=2, part=math.sqrt(0.5))
    return requires_grad_(made) if requires_grad else made


def _float_key(operation: str, dtype: Any, device: Any) -> DispatchKey:
    chosen = get_default_dtype() if dtype is None else as_dtype(dtype)
    if chosen.kind not in "fc":
        raise TypeError(f"{operation}: got {chosen}, wanted a floating-point dtype")
    return key_for(new_device(device), chosen)


def _draw_floats(
    distribution: Any,
    shape: tuple[int, ...],
    key: DispatchKey,
    generator: Generator | None,
    multiple: int = 1,
    part: float = 1.0,
) -> Tensor:
    """Draw real numbers, or complex ones by parts, all real parts first, and multiply parts by `part`."""
    if key.dtype.kind == "f":
        return draw(distribution, shape, key, generator, key.dtype.name, multiple=multiple)
    half = key.with_dtype(real_dtype(key.dtype))
    parts = draw(distribution, (2, *shape), half, generator, half.dtype.name, multiple=multiple)
    parts = parts if part == 1.0 else parts * part
    found: Tensor = complex(parts[0], parts[1])
    return found


@public("randint")
def randint(
    low: Any = None,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Random integers from the uniform distribution on [low, high).

    Parameters
    ----------
    low, high : int
        A single bound is `high`, and `low` is 0: ``randint(10, (2, 3))``.
    size : tuple of int
    dtype : dtype, optional
        By default int64.

    Raises
    ------
    ValueError
        If the range is empty, or exceeds the dtype's.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.randint(0, 10, (100,))
    >>> bool(((x >= 0) & (x < 10)).all())
    True
    """
    if size is None:
        low, high, size = 0, low, high
    elif low is None or high is None:
        low, high = 0, high if low is None else low
    if size is None:
        raise TypeError("randint: wants a size, as in randint(0, 10, (2, 3))")
    key = key_for(new_device(device), int64 if dtype is None else as_dtype(dtype))
    made = draw_integers("randint", low, high, _shape("randint", (size,)), key, generator)
    return requires_grad_(made) if requires_grad else made


def draw_integers(
    operation: str, low: Any, high: Any, shape: tuple[int, ...], key: DispatchKey, generator: Generator | None
) -> Tensor:
    """Random integers in [low, high); without `high`, up to the dtype's largest."""
    if key.dtype.kind == "c":
        raise DTypeError(f"{operation}: got {key.dtype}, wanted a dtype of integers, real numbers or booleans")
    least, greatest = LIMITS[key.dtype.name]
    low = as_integer(operation, "low", low)
    high = greatest + 1 if high is None else as_integer(operation, "high", high)
    if low >= high:
        raise ValueError(
            f"{operation}: got the range from {low} to {high}, wanted a lower bound less than the upper one"
        )
    if low < least or high - 1 > greatest:
        raise ValueError(
            f"{operation}: got the range from {low} to {high}, but {key.dtype} holds the integers from {least} to "
            f"{greatest}"
        )
    return draw(integers, shape, key, generator, low, high, key.dtype.name)


@public("randperm")
def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A random permutation of the integers 0 to ``n - 1``, by default in int64.

    Raises
    ------
    ValueError
        If `n` is negative, or the dtype does not represent all of the integers.

    Examples
    --------
    >>> import tensorplug as tp
    >>> sorted(tp.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    count = as_integer("randperm", "n", n)
    if count < 0:
        raise ValueError(f"randperm: got n={count}, wanted no negative length")
    chosen = int64 if dtype is None else as_dtype(dtype)
    greatest = LIMITS[real_dtype(chosen).name if chosen.kind == "c" else chosen.name][1]
    if count - 1 > greatest:
        raise ValueError(f"randperm: got n={count}, but {chosen} holds the integers up to {greatest}")
    made = cast(draw(permutation, (count,), key_for(new_device(device), int64), generator), chosen)
    return requires_grad_(made) if requires_grad else made


@public("dropout")
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout: set each element to zero with probability `p`, and scale the others by 1 / (1 - p).

    Random numbers are drawn from the default generator.

    Parameters
    ----------
    input : Tensor
        Of a floating-point dtype.
    p : float, default: 0.5
        The probability.
    training : bool, default: True
        Whether dropout is applied at all.
    inplace : bool, default: False
        Whether the result is written into `input`.

    Returns
    -------
    Tensor
        The dtype and shape of `input`; `input` itself without training or if `p` is 0. An infinite or NaN element that
        is dropped is NaN, as in PyTorch.

    Raises
    ------
    ValueError
        If `p` is not between 0 and 1.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> sorted(set(tp.dropout(tp.ones(100), 0.75).tolist()))
    [0.0, 4.0]
    """
    require_tensors("dropout", input)
    if input.dtype.kind not in "fc":
        raise DTypeError(f"dropout: got {input.dtype}, wanted a floating-point dtype")
    factors = dropout_factors_for("dropout", input, p, training, input.shape)
    if factors is None:
        return input
    return input.mul_(factors) if inplace else input * factors


def dropout_factors_for(operation: str, x: Tensor, p: Any, training: bool, shape: tuple[int, ...]) -> Tensor | None:
    """Dropout factors of a shape in the real dtype of the elements, from one word for each; None if all stay."""
    p = as_float(operation, "p", p)
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{operation}: p is a probability, between 0 and 1, got {p}")
    if not training or p == 0.0:
        return None
    if p == 1.0:
        return scalar_tensor(x._key, 0.0, operation)
    key = x._key.with_dtype(real_dtype(x.dtype))
    return draw(dropout_factors, shape, key, None, p, key.dtype.name)
