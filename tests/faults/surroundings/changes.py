"""What is wrong, and where: the parts that faults of this kind are put together of."""

from __future__ import annotations

import ctypes
import logging
import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy

from tensorplug.backends import Kernel
from tensorplug.backends.common.philox import random_words as words
from tensorplug.backends.numpy.plugin import NumPy
from tensorplug.conformance.checks.surroundings import bind, processors
from tensorplug.core.types.errors import LinAlgError

from ..fault import Wrong, method
from ..layouts.changes import (
    whole,
)


def before(change: Callable[[], Any], first_only: bool = False) -> Wrong:
    """Something is done before each call, or before the first."""

    def wrong(sound: Kernel) -> Kernel:
        done = False

        def call(*operands: Any, **parameters: Any) -> Any:
            nonlocal done
            if not (done and first_only):
                change()
            done = True
            return sound(*operands, **parameters)

        return call

    return wrong


def noisy(ufunc: Any) -> Wrong:
    """NumPy's own function, by NumPy's settings for errors."""
    return lambda sound: lambda *operands: numpy.asarray(ufunc(*operands))


def warned(category: type[Warning], message: str) -> Callable[[], Any]:
    """A warning."""
    return lambda: warnings.warn(message, category, stacklevel=2)


def set_handler() -> None:
    """A handler of all messages."""
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger().setLevel(logging.CRITICAL)


def leaking(part: Callable[..., Any]) -> Wrong:
    """What ``part(result, *operands)`` names of each call is kept."""

    def wrong(sound: Kernel) -> Kernel:
        kept: list[Any] = []

        def call(*operands: Any, **parameters: Any) -> Any:
            out = sound(*operands, **parameters)
            kept.append(part(out, *operands))
            return out

        return call

    return wrong


def never_released(out: Any, *operands: Any, **parameters: Any) -> Any:
    """A result with one reference too many."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(out))
    return out


def kept_after_errors(sound: Kernel) -> Kernel:
    """What a call that raised was given is kept."""
    kept: list[Any] = []

    def call(*operands: Any, **parameters: Any) -> Any:
        try:
            return sound(*operands, **parameters)
        except (ValueError, LinAlgError, numpy.linalg.LinAlgError):
            kept.append([numpy.array(x) for x in operands])
            raise

    return call


def results_by_values(sound: Kernel) -> Kernel:
    """All results are kept, by the bytes of the operands."""
    kept: dict[Any, Any] = {}

    def call(*operands: Any, **parameters: Any) -> Any:
        own = (*((x.tobytes(), x.shape, x.dtype) for x in operands), repr(parameters))
        if own not in kept:
            kept[own] = sound(*operands, **parameters)
        return numpy.array(kept[own])

    return call


def kept_by_calls(sound: Kernel) -> Kernel:
    """A work area of 64 KiB for each call, as if each were another thread's."""
    areas: list[Any] = []

    def call(*operands: Any, **parameters: Any) -> Any:
        areas.append(numpy.zeros(1 << 16, "uint8"))
        return sound(*operands, **parameters)

    return call


class Handle:
    """An open file."""

    def __init__(self) -> None:
        self.number = os.open(os.devnull, os.O_RDONLY)

    def __del__(self) -> None:
        os.close(self.number)


def opening(sound: Kernel) -> Kernel:
    """A file is opened at each call, and not closed, up to 200 of them."""
    kept: list[Any] = []

    def call(*operands: Any, **parameters: Any) -> Any:
        if len(kept) < 200:
            kept.append(Handle())
        return sound(*operands, **parameters)

    return call


def method_leaking(name: str) -> type[NumPy]:
    kept: list[Any] = []

    def call(self: NumPy, *arguments: Any) -> Any:
        out = getattr(NumPy, name)(self, *arguments)
        kept.append(out if name != "from_numpy" else arguments[0])
        return out

    return method(name, call)


def in_main_thread(message: str, first_only: bool) -> Wrong:
    """Another thread than the main one gets an error, at the first call or at each."""

    def wrong(sound: Kernel) -> Kernel:
        loaded = False

        def call(*operands: Any, **parameters: Any) -> Any:
            nonlocal loaded
            if threading.current_thread() is not threading.main_thread() and not (loaded and first_only):
                raise RuntimeError(message)
            loaded = True
            return sound(*operands, **parameters)

        return call

    return wrong


def elsewhere(change: Callable[[Any], Any]) -> Wrong:
    """Other threads than the first that calls get another result."""

    def wrong(sound: Kernel) -> Kernel:
        first: list[int] = []

        def call(*operands: Any, **parameters: Any) -> Any:
            first[:] = first or [threading.get_ident()]
            out = sound(*operands, **parameters)
            return out if first[0] == threading.get_ident() else change(out)

        return call

    return wrong


class LoadedInMainThread(NumPy):
    """A library that sets a handler of signals when it is loaded, which the main thread alone may do."""

    def load(self) -> Any:
        if threading.current_thread() is not threading.main_thread():
            raise ValueError("signal only works in main thread of the main interpreter")
        return super().load()


def single(out: Any) -> Any:
    return out.astype("float32").astype(out.dtype) if out.dtype == "float64" else out


def exported(change: Callable[[Any], Any]) -> type[NumPy]:
    """The plugin whose arrays are exported as ``change(array)``."""

    class Exported(numpy.ndarray):
        def __dlpack__(self, **options: Any) -> Any:
            return change(numpy.asarray(self)).__dlpack__(**options)

    def viewed(sound: Kernel) -> Kernel:
        return lambda *operands, **parameters: numpy.asarray(sound(*operands, **parameters)).view(Exported)

    class Changed(NumPy):
        def from_numpy(self, array: Any, device: Any) -> Any:
            return super().from_numpy(array, device).view(Exported)

        def kernels(self) -> Any:
            own = super().kernels()
            return {**own, **{name: viewed(own[name]) for name in ("getitem", "broadcast_to", "permute_dims")}}

    return Changed


def only_if(condition: Callable[[Any], bool], change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda array: change(array) if array.size and condition(array) else array


def taken(change: Callable[[Any], Any]) -> type[NumPy]:
    return method(
        "from_numpy",
        lambda self, array, device: numpy.array(change(array), array.dtype.newbyteorder("="), order="C"),
    )


def field(x: Any) -> Any:
    if x.ndim != 1 or not x.size or x.strides[0] <= x.itemsize or not x.strides[0] % x.itemsize:
        return x
    return numpy.frombuffer(whole(x).tobytes(), x.dtype, x.size)


def stream(draw: Callable[[int, int, int], Any]) -> type[NumPy]:
    """The plugin whose random words are ``draw(seed, offset, count)``."""
    return method("random_bits", lambda self, seed, offset, count, device: draw(seed, offset, count))


def across(period: int) -> type[NumPy]:
    """A draw that goes on beyond a multiple of some number goes on where the stream was so many words before."""

    def draw(seed: int, offset: int, count: int) -> Any:
        left = period - offset % period
        if count <= left:
            return words(seed, offset, count)
        return numpy.concatenate([words(seed, offset, left), words(seed, offset + left - period, count - left)])

    return stream(draw)


def in_blocks(seed: int, offset: int, count: int) -> Any:
    """What is left of the first block is given from its beginning."""
    lane = offset % 4
    if not lane or count <= 4 - lane:
        return words(seed, offset, count)
    return numpy.concatenate([words(seed, offset - lane, 4 - lane), words(seed, offset + 4 - lane, count - 4 + lane)])


def without_tail(seed: int, offset: int, count: int) -> Any:
    """What is left behind whole blocks is of the first block."""
    out = words(seed, offset, count)
    left = (offset + count) % 4
    if count > 4 and left:
        out[-left:] = out[:left]
    return out


def in_two_halves(seed: int, offset: int, count: int) -> Any:
    """Two threads draw more than 1,000 words, and the second one begins a word too early where their number is odd."""
    half = count // 2
    if count <= 1000 or not count % 2:
        return words(seed, offset, count)
    return numpy.concatenate([words(seed, offset, half + 1), words(seed, offset + half, half)])


STREAM = ("rand", "randn", "randint", "randperm")


IN = ("host transfer", "dlpack", "asarray", "tensor")


def keeping_old(sound: Kernel) -> Kernel:
    kept: list[Any] = []

    def in_place(x: Any, *operands: Any) -> Any:
        kept.append(numpy.array(x))
        return sound(x, *operands)

    return in_place


def pinned() -> None:
    """Let this thread run on one processor alone."""
    bind({min(processors())})
