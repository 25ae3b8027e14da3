"""What is wrong, and where: the parts that faults of this kind are put together of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

import numpy

from tensorplug.backends import Kernel
from tensorplug.backends.common.philox import random_words as words
from tensorplug.backends.numpy.plugin import NumPy
from tensorplug.core.types.errors import LinAlgError

from ..fault import Wrong, method

Key = Callable[..., Hashable]


PAUSE = 2e-3
"""Long enough for another thread to run, in seconds."""


def pause() -> None:
    """Let other threads run, where there are some beside the main one."""
    if threading.current_thread() is not threading.main_thread():
        time.sleep(PAUSE)


def arrays_of(out: Any) -> tuple[Any, ...]:
    """The arrays of a result."""
    return out if isinstance(out, tuple) else (out,)


def like_result(out: Any) -> Hashable:
    """The key of memory for results of one shape and dtype."""
    return tuple((part.shape, part.dtype) for part in arrays_of(out))


def handed_out_again(count: int = 1, key: Key = like_result) -> Wrong:
    """Results lie in `count` pieces of memory in turn, as many for each key."""

    def wrong(sound: Kernel) -> Kernel:
        kept: dict[Hashable, list[Any]] = {}
        calls: dict[Hashable, int] = {}

        def call(*operands: Any, **parameters: Any) -> Any:
            out = sound(*operands, **parameters)
            own = key(out)
            turn = calls[own] = calls.get(own, -1) + 1
            pieces = kept.setdefault(own, [])
            if len(pieces) < count:
                pieces.append(tuple(numpy.array(part, order="C") for part in arrays_of(out)))
            target = pieces[turn % count]
            for piece, part in zip(target, arrays_of(out), strict=True):
                piece[...] = part
            return target if isinstance(out, tuple) else target[0]

        return call

    return wrong


def remembered(key: Key) -> Wrong:
    """A result is kept, and given again for what has the same key."""

    def wrong(sound: Kernel) -> Kernel:
        kept: dict[Hashable, Any] = {}

        def call(*operands: Any, **parameters: Any) -> Any:
            own = key(*operands, **parameters)
            if own not in kept or len(kept) > 4096:
                kept[own] = sound(*operands, **parameters)
            out = kept[own]
            return tuple(part.copy() for part in out) if isinstance(out, tuple) else numpy.array(out)

        return call

    return wrong


def values(x: Any) -> Hashable:
    """An array's values in the order of its elements, with its shape."""
    return x.tobytes(), x.shape


def place(x: Any) -> Hashable:
    """Where an array lies, and how."""
    return x.__array_interface__["data"][0], x.shape, x.strides, x.dtype


def by_place(*operands: Any, **parameters: Any) -> Hashable:
    """The key of results that are remembered for operands in the same memory, whose values are not looked at."""
    return tuple(map(place, operands)), repr(parameters)


def at_call(number: int, change: Callable[[Any], Any], every: bool = False) -> Wrong:
    """At one call, or at each so manieth one, the result is changed."""

    def wrong(sound: Kernel) -> Kernel:
        calls = 0

        def call(*operands: Any, **parameters: Any) -> Any:
            nonlocal calls
            calls += 1
            out = sound(*operands, **parameters)
            return change(out) if (calls % number == 0 if every else calls == number) else out

        return call

    return wrong


def after_an_error(error: type[BaseException] | tuple[type[BaseException], ...], change: Callable[[Any], Any]) -> Wrong:
    """Once after a call that raised, the result is changed."""

    def wrong(sound: Kernel) -> Kernel:
        failed = False

        def call(*operands: Any, **parameters: Any) -> Any:
            nonlocal failed
            try:
                out = sound(*operands, **parameters)
            except error:
                failed = True
                raise
            out, failed = change(out) if failed else out, False
            return out

        return call

    return wrong


def after_integers(change: Callable[[Any], Any]) -> Wrong:
    """The result for floats is changed where the call before was for integers."""

    def wrong(sound: Kernel) -> Kernel:
        last = ""

        def call(x: Any, *operands: Any, **parameters: Any) -> Any:
            nonlocal last
            last, before = x.dtype.kind, last
            out = sound(x, *operands, **parameters)
            return change(out) if (before, last) == ("i", "f") else out

        return call

    return wrong


def from_call(number: int, change: Callable[[Any], Any]) -> Wrong:
    """From one call on results are changed."""

    def wrong(sound: Kernel) -> Kernel:
        calls = 0

        def call(*operands: Any, **parameters: Any) -> Any:
            nonlocal calls
            calls += 1
            out = sound(*operands, **parameters)
            return change(out) if calls >= number else out

        return call

    return wrong


def with_first(name: str, key: Key) -> Wrong:
    """What was compiled has the first value of a parameter in it, for each key."""

    def wrong(sound: Kernel) -> Kernel:
        compiled: dict[Hashable, Any] = {}

        def call(*operands: Any, **parameters: Any) -> Any:
            parameters[name] = compiled.setdefault(key(*operands, **parameters), parameters[name])
            return sound(*operands, **parameters)

        return call

    return wrong


def clip_with_first(sound: Kernel) -> Kernel:
    compiled: dict[Hashable, Any] = {}

    def clip(x: Any, low: Any, high: Any) -> Any:
        if low.size == high.size == 1:
            low, high = compiled.setdefault((x.shape, x.dtype), (low.copy(), high.copy()))
        return sound(x, low, high)

    return clip


def tril_with_first_k(sound: Kernel) -> Kernel:
    masks: dict[Hashable, Any] = {}

    def tril(x: Any, *, k: int = 0) -> Any:
        mask = masks.setdefault(x.shape[-2:], numpy.tri(*x.shape[-2:], k, dtype=bool))
        return numpy.where(mask, x, x.dtype.type(0))

    return tril


def first_place(sound: Kernel) -> Kernel:
    """A place that is read along the first axis is the first one that was, of the same shape."""
    places: dict[Hashable, Any] = {}

    def getitem(x: Any, index: Any) -> Any:
        if isinstance(index, tuple) and len(index) == 1 and type(index[0]) is int:
            index = places.setdefault(x.shape, index)
        return sound(x, index)

    return getitem


def large_handed_out_again(sound: Kernel) -> Kernel:
    kept = handed_out_again()(sound)
    return lambda x, *, axis: (kept if x.size > 8 else sound)(x, axis=axis)


def written_in_place(number: int) -> Wrong:
    """The in-place form writes its first so many times, and a copy afterwards."""

    def wrong(sound: Kernel) -> Kernel:
        calls: dict[int, int] = {}

        def in_place(x: Any, *operands: Any, **parameters: Any) -> Any:
            own = x.__array_interface__["data"][0]
            calls[own] = calls.get(own, 0) + 1
            sound(x if calls[own] <= number else x.copy(), *operands, **parameters)
            return x

        return in_place

    return wrong


def lost_where(condition: Callable[[Any], bool]) -> Wrong:
    """The in-place form writes a copy where a condition holds of what is written."""

    def wrong(sound: Kernel) -> Kernel:
        def in_place(x: Any, *operands: Any, **parameters: Any) -> Any:
            sound(x.copy() if condition(x) else x, *operands, **parameters)
            return x

        return in_place

    return wrong


def spoiling(
    number: int, change: Callable[[Any, Any], None], condition: Callable[[Any], bool] = lambda x: True
) -> Wrong:
    """After a call one of the operands, where it can be written, is not what it was: ``change(operand, result)``."""

    def wrong(sound: Kernel) -> Kernel:
        def call(*operands: Any, **parameters: Any) -> Any:
            out = sound(*operands, **parameters)
            x = operands[number] if number < len(operands) else None
            if isinstance(x, numpy.ndarray) and x.size and x.flags.writeable and condition(x):
                change(x, out)
            return out

        return call

    return wrong


def set_to(x: Any, value: Any) -> None:
    """Write an operand."""
    x[...] = value


def behind(x: Any) -> Any:
    """The element that lies behind a vector that is a part of a larger one, or nothing."""
    base = x.base
    if not isinstance(base, numpy.ndarray) or base.ndim != 1 or x.ndim != 1 or not base.flags.c_contiguous:
        return numpy.empty(0)
    if x.strides != (x.itemsize,) or base.dtype != x.dtype:
        return numpy.empty(0)
    end = (x.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // x.itemsize + x.size
    return base[end : end + 1]


def half_filled(key: Key, spoil: Callable[[Any], Any]) -> Wrong:
    """What a thread finds in a cache that another one is filling at the time is not yet what it will be."""

    def wrong(sound: Kernel) -> Kernel:
        filling: set[Hashable] = set()
        filled: set[Hashable] = set()

        def call(*operands: Any, **parameters: Any) -> Any:
            own = key(*operands, **parameters)
            out = sound(*operands, **parameters)
            if own in filled:
                return out
            if own in filling:
                return spoil(out)
            filling.add(own)
            pause()
            filled.add(own)
            return out

        return call

    return wrong


def in_work_area(number: int = 0) -> Wrong:
    """An operand is copied to memory that all calls share, and read there a little later."""

    def wrong(sound: Kernel) -> Kernel:
        area: dict[Hashable, Any] = {}

        def call(*operands: Any, **parameters: Any) -> Any:
            x = operands[number]
            own = area.setdefault((x.shape, x.dtype), numpy.empty(x.shape, x.dtype))
            own[...] = x
            pause()
            return sound(*operands[:number], own.copy(), *operands[number + 1 :], **parameters)

        return call

    return wrong


def shared_setting(name: str) -> Wrong:
    """A parameter is put where all threads put theirs, and read a little later."""

    def wrong(sound: Kernel) -> Kernel:
        setting: dict[str, Any] = {}

        def call(*operands: Any, **parameters: Any) -> Any:
            if name in parameters:
                setting[name] = parameters[name]
                pause()
                if fits(operands[0], setting[name]):
                    parameters[name] = setting[name]
            return sound(*operands, **parameters)

        return call

    return wrong


def fits(x: Any, axis: Any) -> bool:
    axes = axis if isinstance(axis, tuple) else (axis,)
    return all(not isinstance(i, int) or isinstance(i, bool) or i < x.ndim for i in axes)


def kept_constant(sound: Kernel) -> Kernel:
    """What was made once is handed out again, written or not."""
    kept: dict[Hashable, Any] = {}

    def made(*shape: Any, **options: Any) -> Any:
        own = repr((shape, options))
        if own not in kept:
            kept[own] = sound(*shape, **options)
        return kept[own]

    return made


def kept_zeros(x: Any, shape: tuple[int, ...], index: Any, kept: dict[Hashable, Any]) -> Any:
    """Gradients are added up where those of the last call are."""
    out = kept.setdefault((shape, x.dtype), numpy.zeros(shape, x.dtype))
    numpy.add.at(out, index, x)
    return out.copy()


def scatter_into_kept() -> Wrong:
    def wrong(sound: Kernel) -> Kernel:
        kept: dict[Hashable, Any] = {}
        return lambda x, shape, index: kept_zeros(x, shape, index, kept)

    return wrong


def method_remembered(name: str, key: Key) -> type[NumPy]:
    kept: dict[Hashable, Any] = {}

    def call(self: NumPy, *arguments: Any) -> Any:
        own = key(*arguments)
        if own not in kept or len(kept) > 4096:
            kept[own] = getattr(NumPy, name)(self, *arguments).copy()
        return kept[own].copy()

    return method(name, call)


def staged(name: str) -> type[NumPy]:
    """Arrays lie in one piece of memory for each shape and dtype, which the next one takes."""
    kept: dict[Hashable, Any] = {}

    def call(self: NumPy, array: Any, *rest: Any) -> Any:
        out = numpy.array(array, array.dtype.newbyteorder("="), order="C")
        if out.size < 3:
            return out
        stage = kept.setdefault((out.shape, out.dtype), numpy.empty(out.shape, out.dtype))
        stage[...] = out
        return stage

    return method(name, call)


def buffered_stream() -> type[NumPy]:
    """Four words are drawn at once, and what is left of them is given first the next time."""
    left: list[Any] = []

    def random_bits(self: NumPy, seed: int, offset: int, count: int, device: Any) -> Any:
        if left and count <= len(left[0]):
            found = left[0][:count]
            left[0] = left[0][count:]
            return found.copy()
        found = words(seed, offset, count + -count % 4)
        left[:] = [found[count:]]
        return found[:count].copy()

    return method("random_bits", random_bits)


class StagedForTheHost(staged("to_numpy")):  # type: ignore[misc]
    """A backend whose arrays cannot be written, and are handed to the host in one piece of memory for each shape."""

    writable = False


class Second(str):
    """The name by which NumPy knows the memory of another device."""


class TwoDevices(NumPy):
    """Another device, whose arrays lie in the memory of the first."""

    def devices(self) -> Any:
        return {"cpu": "cpu", "cpu1": Second("cpu")}

    def from_numpy(self, array: Any, device: Any) -> Any:
        return array if type(device) is Second else super().from_numpy(array, device)


class WrittenLater(NumPy):
    """A write is done when the next one comes, or the array is read by an index."""

    def load(self) -> Any:
        self.waiting: list[Any] = []
        return super().load()

    def _flush(self) -> None:
        while self.waiting:
            array, index, value = self.waiting.pop(0)
            array[index] = value

    def write(self, array: Any, index: Any, value: Any) -> None:  # type: ignore[override]
        self._flush()
        self.waiting.append((array, index, numpy.array(value)))

    def to_numpy(self, array: Any) -> Any:
        self._flush()
        return super().to_numpy(array)


def rounded(out: Any) -> Any:
    return out.astype("float16").astype(out.dtype)


def twice(out: Any) -> Any:
    return tuple(part + part for part in out) if isinstance(out, tuple) else out + out


def upper(x: Any, out: Any) -> None:
    x[..., numpy.triu(numpy.ones(x.shape[-2:], dtype=bool), 1)] = 0


SINGULAR = (numpy.linalg.LinAlgError, LinAlgError)


IN = ("host transfer", "dlpack", "asarray", "tensor")


STREAM = ("rand", "randn", "randint", "randperm")


def shared_if_large(self: NumPy, array: Any, device: Any) -> Any:
    """The array itself, where it is large and could be the backend's."""
    return array if array.size > 63 and array.flags.carray else NumPy.from_numpy(self, array, device)


def by_key_of_text(sound: Kernel) -> Kernel:
    """Parameters are found again by the digits in them."""
    compiled: dict[str, Any] = {}

    def call(x: Any, **parameters: Any) -> Any:
        key = "".join(filter(str.isdigit, f"{x.shape}{parameters}")) + x.dtype.name
        return sound(x, **compiled.setdefault(key, parameters))

    return call
