"""The library of recorded arrays: each kernel call on them becomes an instruction of a program.

A recording is one run of a function through the unchanged library. Its arrays are proxies, of real arrays where the
backend computes while it records, else of what the backend has in place of values (`Backend.record`). The arrays cannot
be written, so that writes come out as new arrays, as on any such backend.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable
from typing import Any, final

import numpy

from ...autograd.checkpoint import STATES
from ...backends import ByKind, PartialKernel
from ...backends.program import Instruction, Var, substituted
from ..dispatch.keys import DispatchKey, Library, derivations, narrow
from ..dispatch.registry import OPERATIONS
from ..types.errors import CompileError
from .proxy import NUMBERS, DerivedBackend, DerivedLibrary, Proxy, user_place

_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "and_": "bitwise_and", "or_": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift", "lt": "less", "le": "less_equal", "gt": "greater",
    "ge": "greater_equal", "eq": "equal", "ne": "not_equal", "neg": "negative", "invert": "bitwise_invert",
}  # fmt: skip
"""The names of operations by those of Python's operators."""

_SHAPED_BY_VALUES = ("nonzero", "unique_indices", "unique_values")

FOLDED = 1 << 16
"""The most elements of a constant that is computed while a program is recorded, and not at each call."""

RECORDINGS: dict[int, Recording] = {}
"""The recording that runs in each thread that has one."""

_thread = threading.get_ident


@final
class Recording:
    """One run of a function: the instructions that it comes to.

    Attributes
    ----------
    key : DispatchKey
        One of the backend and device that the function computes on.
    library : RecordedLibrary
    instructions : list of Instruction
    constants : dict of int to (Var, array)
        By the identity of the array.
    drawn : dict of int to (Generator, int)
        How many words were drawn of each random number generator, by its identity.
    device : str
        The name of the one device, within the backend, that the arrays are on.
    captures : Captures
        The tensors from outside: see `tensorplug.core.transforms.captured`.
    is_open : bool
        Whether the function is running.
    """

    captures: Any

    def __init__(self, key: DispatchKey, transform: str = "compile") -> None:
        self.key = key
        self.library: Any = derivations[transform](key.library)
        self.device = key.device.local_name
        self.instructions: list[Instruction] = []
        self.inputs: list[tuple[Var, Any]] = []
        self.constants: dict[int, tuple[Var, Any]] = {}
        self.drawn: dict[int, tuple[Any, int]] = {}
        self.is_open = False
        self._words: dict[Any, Proxy] = {}
        self._count = 0

    def __enter__(self) -> Recording:
        RECORDINGS[_thread()] = self
        self.is_open = True
        return self

    def __exit__(self, *exception: object) -> None:
        self.is_open = False
        del RECORDINGS[_thread()]

    def lift(self, tensor: Any) -> Any:
        """Refuse a tensor from outside: those that are part of the function's inputs are of this level already."""
        raise unknown_tensor()

    def set_generator(self, operation: str) -> None:
        """Refuse to set or read a random number generator's state, which goes on from call to call."""
        raise refused(
            f"{operation} sets or reads the state of a random number generator",
            "a compiled function draws the numbers that follow; do it outside",
        )

    def input(self, array: Any, source: Any) -> Proxy:
        """A new input of the program, which has the shape and dtype of an array."""
        backend = self.library.inner.backend
        var = self._var(array)
        self.inputs.append((var, source))
        return self._proxy(backend.stand_in(array), var)

    def draw(self, generator: Any, count: int) -> Proxy:
        """Random words as an input: those that follow the ones drawn so far."""
        backend = self.library.inner.backend
        _, before = self.drawn.get(id(generator), (generator, 0))
        self.drawn[id(generator)] = generator, before + count
        drawn = id(generator), before, count
        if drawn not in self._words:
            with backend.with_values():
                offset = generator.offset + before
                words = backend.random_bits(generator.seed, offset, count, self.key.native_device)
            self._words[drawn] = self.input(words, Words(generator, count))
        # What `checkpoint` draws again is drawn once.
        return self._words[drawn]

    def refer(self, tree: Any) -> Any:
        """Operands as an instruction has them, with Vars in place of arrays."""
        return substituted(tree, self._reference, (Proxy, numpy.ndarray))

    def _reference(self, array: Any) -> Any:
        if type(array) is not Proxy:
            # Part of an index, which the caller may write later.
            return numpy.array(array)
        return self.var_of(array)

    def var_of(self, proxy: Proxy) -> Var:
        """The Var that a proxy stands for."""
        if proxy.level is None:
            found = self.constants.get(id(proxy.array))
            if found is None:
                found = self.constants[id(proxy.array)] = self._var(proxy.array), proxy.array
            return found[0]
        if proxy.level is not self:
            raise escaped()
        var: Var = proxy.var
        return var

    def note(self, name: str, kernel: Any, operands: Any, parameters: Any, found: Any) -> Any:
        """Add an instruction that found arrays, and return their proxies."""
        results = _each_array(found, self.library.inner, lambda array: self._proxy(array, self._var(array)))
        vars = _each_array(results, None, lambda proxy: proxy.var)
        line = user_place().line
        self.instructions.append(Instruction(name, kernel, self.refer(operands), self.refer(parameters), vars, line))
        return results

    def inspect(self, check: Callable[..., None], arrays: Any, parameters: Any) -> None:
        """Add a check of values."""
        line = user_place().line
        self.instructions.append(Instruction("inspect", check, self.refer(arrays), self.refer(parameters), None, line))

    def _var(self, array: Any) -> Var:
        self._count += 1
        return Var(self._count - 1, tuple(array.shape), array.dtype)

    def _proxy(self, array: Any, var: Var) -> Proxy:
        proxy = Proxy(array, self.library, self)
        proxy.var = var
        return proxy


@final
class Words:
    """The source of an input that is random words: the next ones of a generator."""

    __slots__ = ("count", "generator")

    def __init__(self, generator: Any, count: int) -> None:
        self.generator = generator
        self.count = count


def _drawn() -> Any:
    recording = RECORDINGS.get(_thread())
    return recording and dict(recording.drawn)


def _set_drawn(drawn: Any) -> None:
    if drawn is not None:
        _open_recording().drawn = dict(drawn)


STATES.append((_drawn, _set_drawn))


def _each_array(found: Any, library: Any, replace: Callable[[Any], Any]) -> Any:
    """What a kernel returned with something in place of arrays; without a library, of proxies."""
    if isinstance(found, (tuple, list)):
        parts = [_each_array(one, library, replace) for one in found]
        return type(found)(*parts) if hasattr(found, "_fields") else tuple(parts)
    is_array = type(found) is Proxy if library is None else isinstance(found, (*library.array_types, numpy.generic))
    return replace(found) if is_array else None


def _open_recording() -> Recording:
    found = RECORDINGS.get(_thread())
    if found is None:
        raise escaped()
    return found


def escaped() -> CompileError:
    """The error for a tensor that is used after the recording that made it."""
    return CompileError(
        f"compile: a tensor made by a compiled function is used{_at(user_place().line)} outside of the call that made "
        "it; return it from the function"
    )


def unknown_tensor() -> CompileError:
    """The error for a tensor that is used inside of a compiled function and was not found before."""
    return CompileError(
        f"compile: the function uses a tensor{_at(user_place().line)} that compile did not find; pass it as an "
        "argument, or keep it in a variable, an attribute, a list or a dict that the function names"
    )


def refused(what: str, remedy: str) -> CompileError:
    """The error for something that a compiled function cannot do, at the line that does it."""
    line, function = user_place()
    return CompileError(f"compile: {what.format(function=function.strip('_'))}{_at(line)}: {remedy}")


def _at(line: str) -> str:
    return line and f" at {line}"


def _value_read() -> CompileError:
    return refused(
        "{function}() reads a value of a tensor",
        "a compiled function can't look at values; return the tensor and read it outside, or choose with "
        "tensorplug.where",
    )


def shaped_by_values(name: str) -> CompileError:
    """The error for a result whose shape depends on values."""
    return refused(
        f"the shape of the result of {name}",
        "it depends on values; use tensorplug.where, or do it outside of the compiled function",
    )


class RecordedLibrary(DerivedLibrary):
    """The operations of a backend's library on recorded arrays."""

    __slots__ = ()

    transform = "compile"

    def make_backend(self) -> DerivedBackend:
        return _RecordedBackend(self)

    def shape_of(self, proxy: Proxy) -> tuple[int, ...]:
        shape: tuple[int, ...] = proxy.array.shape
        return shape

    def device_of(self, proxy: Proxy) -> Any:
        return self.inner.devices[self.backend.device_name(proxy)]

    def constant(self, array: Any) -> Proxy:
        """An array whose values are part of the program."""
        return Proxy(array, self)

    def own(self, value: Any) -> Proxy:
        """A constant of the program, with values also where the library itself is traced."""
        if type(value) is Proxy and value.library is self:
            return value
        with self.inner.backend.with_values():
            return super().own(value)

    def operate(self, function: Callable[..., Any], *operands: Any) -> Any:
        name = _OPERATORS.get(function.__name__, function.__name__)
        owned = [one if isinstance(one, NUMBERS) or type(one) is Proxy else self.own(one) for one in operands]
        return self.call(name, function, tuple(owned), {})

    def find(self, name: str) -> Callable[..., Any] | None:
        inner = self.inner
        if name in ("inspect", "known"):
            return getattr(self.backend, name)
        operation = OPERATIONS.get(name)
        kernel = inner.find(name)
        if kernel is None or name in self.unsupported:
            return kernel
        whole = self._recorded(name, narrow(kernel))
        if operation is not None and operation.widens_half:
            whole = self._widened(whole, operation)
        if operation is not None and operation.decomposition is not None:
            own: Any = (inner.find_kernel if operation.standard else inner.find_own_kernel)(name)
            if own is None:
                return self._decomposed(operation)
            if type(own) is PartialKernel:
                fits, parts = own.fits, self._decomposed(operation)
                return lambda *arrays, **parameters: (whole if fits(*arrays) else parts)(*arrays, **parameters)
        if type(kernel) is ByKind:
            return kernel.wrapped(lambda one: self._recorded(name, one))
        return whole

    def _decomposed(self, operation: Any) -> Callable[..., Any]:
        ops, scope, decompose = self.ops, self.scope, operation.decompose

        def decomposed(*arrays: Any, **parameters: Any) -> Any:
            with scope(None):
                return self.owned(decompose(ops, *arrays, **parameters))

        return self._widened(decomposed, operation) if operation.widens_half else decomposed

    def _recorded(self, name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*operands: Any, **parameters: Any) -> Any:
            return self.call(name, kernel, operands, parameters)

        return recorded

    def call(self, name: str, kernel: Callable[..., Any], operands: Any, parameters: Any) -> Any:
        """Call a kernel on the arrays underneath, and note it unless it computes a constant."""
        level: Any = None

        def inside(proxy: Proxy) -> Any:
            nonlocal level
            if proxy.library is not self:
                raise escaped()
            if proxy.level is not None:
                level = proxy.level
            return proxy.array

        given, named = substituted((operands, parameters), inside, (Proxy,))
        if level is None:
            with self.inner.backend.with_values(), self.scope():
                found = kernel(*given, **named)
            if _size(found) <= FOLDED:
                return _each_array(found, self.inner, self.constant)
            return _open_recording().note(name, kernel, operands, parameters, found)
        if not level.is_open:
            raise escaped()
        self._require_shape(name, operands)
        try:
            found = kernel(*given, **named)
        except self.inner.backend.value_errors:
            raise refused(
                f"{name} needs values of a tensor",
                "a compiled function has none on this backend; do it outside, or choose with tensorplug.where",
            ) from None
        return level.note(name, kernel, operands, parameters, found)

    def _require_shape(self, name: str, operands: Any) -> None:
        """Refuse results whose shapes depend on values."""
        masks: list[Any] = []
        if name in ("getitem", "index"):
            substituted(operands[1:], lambda one: masks.append(one) if _is_mask(one) else None, (Proxy,))
        if masks or name in _SHAPED_BY_VALUES:
            raise shaped_by_values(name)

    def receive(self, array: Proxy, source: Any, target: Any, transfer: Callable[..., Any]) -> Proxy:
        """Refuse an array of another backend's library."""
        raise refused(
            "a tensor is moved to another backend or device",
            "a compiled function computes on one; move it before the call",
        )

    def lift(self, tensor: Any, array: Any) -> Any:
        """Refuse a tensor from outside."""
        raise unknown_tensor()

    def draw(self, generator: Any, count: int, key: Any) -> Proxy:
        """Random words, which are drawn at each call."""
        return _open_recording().draw(generator, count)


def _is_mask(proxy: Proxy) -> bool:
    return bool(proxy.level is not None and proxy.library.backend.dtype_name(proxy) == "bool")


def _size(found: Any) -> int:
    if isinstance(found, (tuple, list)):
        return sum(map(_size, found))
    return math.prod(getattr(found, "shape", ()))


class _RecordedBackend(DerivedBackend):
    """Values are constants' alone; checks become instructions."""

    def to_numpy(self, array: Proxy) -> numpy.ndarray:
        if array.level is not None:
            raise _value_read() if array.level.is_open else escaped()
        return self.inner.to_numpy(array.array)

    def from_numpy(self, array: numpy.ndarray, device: Any) -> Proxy:
        with self.inner.with_values():
            return self.library.constant(self.inner.from_numpy(array, device))

    def device_name(self, array: Proxy) -> str:
        return _open_recording().device

    def copy(self, array: Proxy) -> Proxy:
        # Nothing writes these arrays.
        return array

    def inspect(self, check: Callable[..., None], *arrays: Any, **parameters: Any) -> None:
        library: Any = self.library
        owned = [library.own(one) for one in arrays]
        level = next((one.level for one in owned if one.level is not None), None)
        self.inner.inspect(check, *(one.array for one in owned), **parameters)
        if level is not None:
            level.inspect(check, tuple(owned), parameters)

    def known(self, predicate: Callable[..., Any], otherwise: bool, *arrays: Any, **parameters: Any) -> bool:
        owned = [self.library.own(one) for one in arrays]
        if any(one.level is not None for one in owned):
            return otherwise
        return self.inner.known(predicate, otherwise, *(one.array for one in owned), **parameters)


@functools.cache
def recorded_library(inner: Library) -> RecordedLibrary:
    """The library of recorded arrays of a backend's library."""
    return RecordedLibrary(inner)


derivations["compile"] = recorded_library
