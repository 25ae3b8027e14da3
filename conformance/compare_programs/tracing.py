"""Record operands and results of every kernel call while a program runs.

`Library.find` looks kernels up at the first use of an operation with a dispatch key, and tables keep them. `tracing`
empties the tables, so that they are filled with kernels that record, and restores them afterwards: code that is not
traced pays nothing.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy

from tensorplug.autograd import detect_anomaly, engine
from tensorplug.autograd.observers import observing
from tensorplug.autograd.outputs import Gradients
from tensorplug.autograd.rule import Rule
from tensorplug.autograd.trees import flatten
from tensorplug.backends import ByKind
from tensorplug.core import Tensor
from tensorplug.core.dispatch.keys import Library, loaded_libraries
from tensorplug.core.memory import views
from tensorplug.core.memory.views import array_of

from ..engine.calls import empty_kernel_tables, kernel_tables
from ..engine.wrapping import wrapped
from .locations import Location, calling_location

LIMIT = 2**30
"""Bytes of operands and results after which a trace ends."""


METHODS = ("copy", "from_numpy", "random_bits")
"""Methods of backends that are recorded like kernels."""


@dataclass(frozen=True)
class Call:
    """One call of a kernel, or of a gradient rule.

    Attributes
    ----------
    number : int
        Number of kernels called before; -1 for a gradient rule.
    name : str
        Name of the operation, without the underscore of an in-place form.
    rule : str or None
        The operation whose gradient rule made the call.
    location : Location or None
        The line of the program that called the operation, or the operation whose gradient is computed.
    inputs : list of numpy.ndarray
        Copies of the operands.
    parameters : str
        The arguments that are not arrays.
    results : list of numpy.ndarray
        Copies of the results.
    failure : str
        The exception, if the call raised one.
    replayed : list of numpy.ndarray or None
        Copies of the results for the operands in `replay`, empty if the call raised an exception again; None if there
        were no such operands.
    """

    number: int
    name: str
    rule: str | None
    location: Location | None
    inputs: list[numpy.ndarray]
    parameters: str = ""
    results: list[numpy.ndarray] = field(default_factory=list)
    failure: str = ""
    replayed: list[numpy.ndarray] | None = None

    @property
    def title(self) -> str:
        """Name of the operation for users, with the gradient rule that called it."""
        if self.rule is None:
            return self.name
        return f"gradient of {self.rule}" if self.number < 0 else f"{self.name}, in the gradient of {self.rule}"

    @property
    def title_and_location(self) -> str:
        """`title` and the line of the program."""
        return self.title if self.location is None else f"{self.title} ({self.location})"

    @property
    def key(self) -> tuple[Any, ...]:
        """Key by which calls on two backends are aligned."""
        operands = tuple((array.shape, array.dtype.name) for array in self.inputs)
        return self.name, self.rule, self.number < 0, self.location, operands


@dataclass
class Trace:
    """The recorded calls.

    Attributes
    ----------
    calls : list of Call
    full : bool
        Whether the memory limit ended the trace early.
    """

    calls: list[Call] = field(default_factory=list)
    full: bool = False


@contextlib.contextmanager
def tracing(
    inside: int | None = None, replay: Mapping[int, list[numpy.ndarray]] | None = None, limit: int = LIMIT
) -> Iterator[Trace]:
    """Context manager that records the kernel calls and gradient rules of this thread.

    Parameters
    ----------
    inside : int, optional
        Number of a call: only the kernels that this call calls are recorded. By default only outermost calls are.
    replay : mapping, optional
        Operands with which calls are repeated, by position in the trace.
    limit : int
        Bytes that the trace may hold.
    """
    recorder = _Recorder(inside, replay or {}, limit)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_lookups(recorder))
        for library in loaded_libraries():
            for name in METHODS:
                recording = functools.partial(recorder.recording_kernel, library, name)
                stack.enter_context(wrapped(library.backend, name, recording))
        stack.enter_context(wrapped(views, "derive", recorder.recording_derive))
        stack.enter_context(wrapped(engine, "checked_vjp", recorder.recording_vjp))
        stack.enter_context(wrapped(engine, "broadcast_back", recorder.recording_broadcast_back))
        # The engine calls `checked_vjp` under anomaly detection only.
        stack.enter_context(detect_anomaly(check_nan=False))
        stack.enter_context(observing(recorder.note_location))
        yield recorder.trace


@contextlib.contextmanager
def _lookups(recorder: _Recorder) -> Iterator[None]:
    """Empty the tables of kernels, so that they are filled with recording ones; restore them afterwards."""
    kept = [(table, dict(table)) for table in kernel_tables(loaded_libraries())]
    try:
        with wrapped(Library, "find", recorder.recording_find):
            empty_kernel_tables(loaded_libraries())
            yield
    finally:
        empty_kernel_tables(loaded_libraries())
        for table, entries in kept:
            table.update(entries)


@final
class _Recorder:
    """Records the calls of one thread in a trace."""

    def __init__(self, inside: int | None, replay: Mapping[int, list[numpy.ndarray]], limit: int) -> None:
        self.trace = Trace()
        self._inside = inside
        self._replay = replay
        self._left = limit
        self._thread = threading.get_ident()
        self._depth = 0
        self._number = 0
        self._is_open = inside is None
        self._nodes: list[Any] = []
        self._last_node: Any = None
        self._locations: weakref.WeakKeyDictionary[Any, Location | None] = weakref.WeakKeyDictionary()

    def note_location(self, node: Any, out: Any) -> None:
        """Store the line that called an operation with its node, for the calls of its gradient rule."""
        self._locations[node] = calling_location()

    def recording_find(self, find: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `Library.find` so that the kernels it finds record their calls."""

        def traced_find(library: Library, name: str) -> Any:
            kernel = find(library, name)
            return None if kernel is None else self.recording_kernel(library, name, kernel)

        return traced_find

    def recording_kernel(self, library: Library, name: str, kernel: Callable[..., Any]) -> Any:
        """Wrap a kernel so that it records its calls."""
        if type(kernel) is ByKind:
            return kernel.wrapped(lambda one: self.recording_kernel(library, name, one))

        @functools.wraps(kernel, updated=())
        def call(*arguments: Any, **parameters: Any) -> Any:
            if threading.get_ident() != self._thread:
                return kernel(*arguments, **parameters)
            return self._call(library, name, kernel, arguments, parameters)

        return call

    def recording_derive(self, derive: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `derive`, which computes views of immutable arrays, so that it records its calls."""

        def call(library: Library, array: Any, steps: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
            if threading.get_ident() != self._thread or not steps:
                return derive(library, array, steps, shape)
            (name, argument), *more = steps
            given = (array,) if argument is None and not more else (array, argument)
            return self._call(
                library, "view" if more else name, lambda base, *_: derive(library, base, steps, shape), given, {}
            )

        return call

    def recording_vjp(self, vjp: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `checked_vjp`, which applies a gradient rule; the calls in the rule are recorded before it."""

        def call(node: Any, gradient: Any, ops: Any, saved: Any) -> Any:
            if threading.get_ident() != self._thread or self._depth:
                return vjp(node, gradient, ops, saved)
            library = node.key.library
            inputs = self._copies(library, (gradient, saved))
            self._nodes.append(node)
            self._last_node = node
            try:
                gradients = vjp(node, gradient, ops, saved)
                results = self._copies(library, gradients)
                if self._inside is None and inputs is not None and results is not None:
                    found = Call(-1, node.name, self._rule, self._location(), inputs, results=results)
                    # A user's Function may have side effects, so it is not repeated.
                    again = functools.partial(_apply_rule, vjp, node, ops) if type(node.rule) is Rule else None
                    self._keep(library, found, again, (gradient, saved), {})
            finally:
                self._nodes.pop()
            return gradients

        return call

    def recording_broadcast_back(self, broadcast_back: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `broadcast_back`, so that its sum counts as a call of the gradient rule."""

        def call(*arguments: Any) -> Any:
            if threading.get_ident() != self._thread or self._depth or self._last_node is None:
                return broadcast_back(*arguments)
            self._nodes.append(self._last_node)
            try:
                return broadcast_back(*arguments)
            finally:
                self._nodes.pop()

        return call

    def _call(
        self,
        library: Library,
        name: str,
        kernel: Callable[..., Any],
        arguments: tuple[Any, ...],
        parameters: dict[str, Any],
    ) -> Any:
        number, self._number = self._number, self._number + (self._depth == 0)
        wanted = not self.trace.full and self._is_open and self._depth == (0 if self._inside is None else 1)
        inputs = self._copies(library, (arguments, parameters)) if wanted else None
        opens = self._depth == 0 and number == self._inside
        run = _returning_its_target(kernel) if name.endswith("_") else kernel
        failure = ""
        self._is_open |= opens
        self._depth += 1
        result = None
        try:
            result = run(*arguments, **parameters)
        except Exception as error:
            failure = _one_line(error)
            raise
        finally:
            self._depth -= 1
            self._is_open ^= opens
            results = None if inputs is None else self._copies(library, result)
            if inputs is not None and results is not None:
                text = _parameters_as_text(arguments, parameters)
                plain = name.removesuffix("_")
                found = Call(number, plain, self._rule, self._location(), inputs, text, results, failure)
                self._keep(library, found, run, arguments, parameters)
        return result

    def _keep(
        self,
        library: Library,
        call: Call,
        run: Callable[..., Any] | None,
        arguments: tuple[Any, ...],
        parameters: dict[str, Any],
    ) -> None:
        operands = self._replay.get(len(self.trace.calls))
        if operands is not None and run is not None:
            self._depth += 1
            try:
                arguments, parameters = _with_arrays(library, (arguments, parameters), operands)
                call = replace(call, replayed=self._copies(library, run(*arguments, **parameters)))
            except Exception:
                # Where the call itself succeeded, the operands do not fit it.
                call = replace(call, replayed=[] if call.failure else None)
            finally:
                self._depth -= 1
        self._left -= sum(array.nbytes for array in (*call.inputs, *call.results, *(call.replayed or ())))
        if self._left < 0:
            self.trace.full = True
        if not self.trace.full:
            self.trace.calls.append(call)

    @property
    def _rule(self) -> str | None:
        return self._nodes[-1].name if self._nodes else None

    def _location(self) -> Location | None:
        return self._locations.get(self._nodes[-1]) if self._nodes else calling_location()

    def _copies(self, library: Library, tree: Any) -> list[numpy.ndarray] | None:
        """Copies of the arrays in a tree; None if they have no values, as while JAX compiles."""
        try:
            return [numpy.array(one) for one in _host_arrays(library, tree)]
        except Exception:
            return None


def _returning_its_target(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an in-place kernel so that it returns its target."""

    def run(target: Any, *arguments: Any, **parameters: Any) -> Any:
        kernel(target, *arguments, **parameters)
        return target

    return run


def _apply_rule(vjp: Callable[..., Any], node: Any, ops: Any, gradient: Any, saved: Any) -> Any:
    return vjp(node, gradient, ops, saved)


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def _with_arrays(library: Library, tree: Any, arrays: list[numpy.ndarray]) -> Any:
    """Replace the arrays in a tree."""
    leaves, rebuild = flatten(tree)
    rest = iter(arrays)
    replaced = []
    for leaf in leaves:
        is_array = isinstance(leaf, library.array_types)
        if is_array:
            replaced.append(library.backend.from_numpy(next(rest), leaf.device))
        elif isinstance(leaf, numpy.ndarray | numpy.generic):
            replaced.append(next(rest))
        elif type(leaf) in (Gradients, Tensor):
            raise TypeError("tensors keep their arrays")
        else:
            replaced.append(leaf)
    return rebuild(replaced)


def _host_arrays(library: Library, tree: Any) -> Iterator[numpy.ndarray]:
    for leaf in flatten(tree)[0]:
        if type(leaf) is Gradients:
            yield from _host_arrays(library, leaf.reached())
        elif type(leaf) is Tensor:
            yield leaf._key.library.backend.to_numpy(array_of(leaf))
        elif isinstance(leaf, library.array_types):
            yield library.backend.to_numpy(leaf)
        elif isinstance(leaf, numpy.ndarray | numpy.generic):
            # NumPy returns scalars for 0-d results.
            yield numpy.asarray(leaf)


def _parameters_as_text(arguments: tuple[Any, ...], parameters: dict[str, Any]) -> str:
    """The arguments that are not arrays, as text."""
    texts = [_text(value) for value in arguments if not _is_array_like(value)]
    texts += [f"{name}={_text(value)}" for name, value in parameters.items() if not _is_array_like(value)]
    return ", ".join(texts)


def _is_array_like(value: Any) -> bool:
    items = value if type(value) in (tuple, list) and value else (value,)
    return all(hasattr(item, "shape") and hasattr(item, "dtype") for item in items)


def _text(value: Any) -> str:
    if inspect.isroutine(value):
        return str(value.__name__)
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
