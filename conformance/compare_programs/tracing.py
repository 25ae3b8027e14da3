"""Records what the kernels of all backends are called with and what they return, while a program runs.

Kernels are looked up by `Library.find` when an operation first meets a kind, and kept in tables. So the tables are
emptied, filled anew with kernels that record, and put back: a program that is not traced pays nothing.
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
from .places import Place, calling_place

LIMIT = 2**30
"""How many bytes of operands and results a trace holds before it ends."""


METHODS = ("copy", "from_numpy", "random_bits")
"""Methods of backends that are called as kernels are."""


@dataclass(frozen=True)
class Call:
    """One call of a kernel, or of a gradient rule.

    Attributes
    ----------
    number : int
        How many kernels had been called before; -1 for a gradient rule.
    name : str
        The operation's, also where its in-place form was called.
    rule : str or None
        The operation in whose gradient this happened.
    place : Place or None
        The line of the program that called the operation, or the one whose gradient is computed.
    inputs : list of numpy.ndarray
        Copies of the operands.
    parameters : str
        The other arguments.
    results : list of numpy.ndarray
        Copies of what it returned.
    failure : str
        The exception that it raised instead.
    replayed : list of numpy.ndarray or None
        Copies of what it returned for the operands that it was given for a test, nothing if it raised an exception
        again; None where it was given none.
    """

    number: int
    name: str
    rule: str | None
    place: Place | None
    inputs: list[numpy.ndarray]
    parameters: str = ""
    results: list[numpy.ndarray] = field(default_factory=list)
    failure: str = ""
    replayed: list[numpy.ndarray] | None = None

    @property
    def title(self) -> str:
        """How it is named to the user."""
        if self.rule is None:
            return self.name
        return f"gradient of {self.rule}" if self.number < 0 else f"{self.name}, in the gradient of {self.rule}"

    @property
    def titled_place(self) -> str:
        """The same with the line of the program."""
        return self.title if self.place is None else f"{self.title} ({self.place})"

    @property
    def key(self) -> tuple[Any, ...]:
        """What calls that belong together on two backends have in common."""
        operands = tuple((array.shape, array.dtype.name) for array in self.inputs)
        return self.name, self.rule, self.number < 0, self.place, operands


@dataclass
class Trace:
    """What was recorded.

    Attributes
    ----------
    calls : list of Call
    full : bool
        Whether it ended early, as it reached its limit.
    """

    calls: list[Call] = field(default_factory=list)
    full: bool = False


@contextlib.contextmanager
def tracing(
    inside: int | None = None, replay: Mapping[int, list[numpy.ndarray]] | None = None, limit: int = LIMIT
) -> Iterator[Trace]:
    """Record what this thread calls in a ``with`` block.

    Parameters
    ----------
    inside : int, optional
        The number of a call. What that kernel itself calls is recorded, and nothing else; by default kernels that are
        called by kernels are not.
    replay : mapping, optional
        For calls, by their place in the trace, operands on which they are done once more.
    limit : int
        Of the bytes held.
    """
    recorder = _Recorder(inside, replay or {}, limit)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_lookups(recorder))
        for library in loaded_libraries():
            for name in METHODS:
                recording = functools.partial(recorder.recording, library, name)
                stack.enter_context(wrapped(library.backend, name, recording))
        stack.enter_context(wrapped(views, "derive", recorder.deriving))
        stack.enter_context(wrapped(engine, "checked_vjp", recorder.pulling))
        stack.enter_context(wrapped(engine, "broadcast_back", recorder.broadcasting_back))
        # The engine calls `checked_vjp` only where anomalies are looked for.
        stack.enter_context(detect_anomaly(check_nan=False))
        stack.enter_context(observing(recorder.note_place))
        yield recorder.trace


@contextlib.contextmanager
def _lookups(recorder: _Recorder) -> Iterator[None]:
    """Let all kernels be looked up anew, as kernels that record; afterwards all tables are what they were."""
    kept = [(table, dict(table)) for table in kernel_tables(loaded_libraries())]
    try:
        with wrapped(Library, "find", recorder.finding):
            empty_kernel_tables(loaded_libraries())
            yield
    finally:
        empty_kernel_tables(loaded_libraries())
        for table, entries in kept:
            table.update(entries)


@final
class _Recorder:
    """What happens in one thread, as a trace."""

    def __init__(self, inside: int | None, replay: Mapping[int, list[numpy.ndarray]], limit: int) -> None:
        self.trace = Trace()
        self._inside = inside
        self._replay = replay
        self._left = limit
        self._thread = threading.get_ident()
        self._depth = 0
        self._number = 0
        self._is_open = inside is None
        self._pulled: list[Any] = []
        self._last: Any = None
        self._places: weakref.WeakKeyDictionary[Any, Place | None] = weakref.WeakKeyDictionary()

    def note_place(self, node: Any, out: Any) -> None:
        """Keep the line that recorded an operation, for its gradient."""
        self._places[node] = calling_place()

    def finding(self, find: Callable[..., Any]) -> Callable[..., Any]:
        """The function that looks kernels up as one that finds kernels that record."""

        def traced_find(library: Library, name: str) -> Any:
            kernel = find(library, name)
            return None if kernel is None else self.recording(library, name, kernel)

        return traced_find

    def recording(self, library: Library, name: str, kernel: Callable[..., Any]) -> Any:
        """A kernel that records its calls."""
        if type(kernel) is ByKind:
            return kernel.wrapped(lambda one: self.recording(library, name, one))

        @functools.wraps(kernel, updated=())
        def call(*arguments: Any, **parameters: Any) -> Any:
            if threading.get_ident() != self._thread:
                return kernel(*arguments, **parameters)
            return self._called(library, name, kernel, arguments, parameters)

        return call

    def deriving(self, derive: Callable[..., Any]) -> Callable[..., Any]:
        """The same of the function that makes views where arrays cannot be written."""

        def call(library: Library, array: Any, steps: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
            if threading.get_ident() != self._thread or not steps:
                return derive(library, array, steps, shape)
            (name, argument), *more = steps
            given = (array,) if argument is None and not more else (array, argument)
            return self._called(
                library, "view" if more else name, lambda base, *_: derive(library, base, steps, shape), given, {}
            )

        return call

    def pulling(self, pull: Callable[..., Any]) -> Callable[..., Any]:
        """The same of the function that applies a gradient rule; what the rule calls is recorded before it."""

        def call(node: Any, gradient: Any, ops: Any, saved: Any) -> Any:
            if threading.get_ident() != self._thread or self._depth:
                return pull(node, gradient, ops, saved)
            library = node.key.library
            inputs = self._copies(library, (gradient, saved))
            self._pulled.append(node)
            self._last = node
            try:
                pulled = pull(node, gradient, ops, saved)
                results = self._copies(library, pulled)
                if self._inside is None and inputs is not None and results is not None:
                    found = Call(-1, node.name, self._rule, self._place(), inputs, results=results)
                    # What users' own functions do may not be done twice.
                    again = functools.partial(_pulled, pull, node, ops) if type(node.rule) is Rule else None
                    self._keep(library, found, again, (gradient, saved), {})
            finally:
                self._pulled.pop()
            return pulled

        return call

    def broadcasting_back(self, broadcast_back: Callable[..., Any]) -> Callable[..., Any]:
        """The function that sums what a rule gave for a broadcast operand, as a part of that rule."""

        def call(*arguments: Any) -> Any:
            if threading.get_ident() != self._thread or self._depth or self._last is None:
                return broadcast_back(*arguments)
            self._pulled.append(self._last)
            try:
                return broadcast_back(*arguments)
            finally:
                self._pulled.pop()

        return call

    def _called(
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
                text = _described(arguments, parameters)
                plain = name.removesuffix("_")
                found = Call(number, plain, self._rule, self._place(), inputs, text, results, failure)
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
                # Without a failure of the call itself, this says that the operands cannot be put there.
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
        return self._pulled[-1].name if self._pulled else None

    def _place(self) -> Place | None:
        return self._places.get(self._pulled[-1]) if self._pulled else calling_place()

    def _copies(self, library: Library, tree: Any) -> list[numpy.ndarray] | None:
        """Copies of the arrays in a tree; None where they have no values, as while JAX compiles."""
        try:
            return [numpy.array(one) for one in _host_arrays(library, tree)]
        except Exception:
            return None


def _returning_its_target(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """An in-place kernel as one that returns what it wrote into."""

    def run(target: Any, *arguments: Any, **parameters: Any) -> Any:
        kernel(target, *arguments, **parameters)
        return target

    return run


def _pulled(pull: Callable[..., Any], node: Any, ops: Any, gradient: Any, saved: Any) -> Any:
    return pull(node, gradient, ops, saved)


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def _with_arrays(library: Library, tree: Any, arrays: list[numpy.ndarray]) -> Any:
    """The tree with other arrays in the place of its own."""
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
            # NumPy's namespaces give scalars for 0-d results.
            yield numpy.asarray(leaf)


def _described(arguments: tuple[Any, ...], parameters: dict[str, Any]) -> str:
    """The arguments that are no arrays, as text."""
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
