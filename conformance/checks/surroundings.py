"""Surroundings: operations neither depend on settings of the process nor change them, and leak no memory."""

from __future__ import annotations

import contextlib
import decimal
import functools
import gc
import io
import locale
import logging
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor
from tensorplug.backends import load
from tensorplug.core.dispatch.keys import Library, library_for

from ..engine.arrays import flatten, to_host
from ..engine.calls import empty_kernel_tables
from ..engine.example import Example, Mismatch, draw
from ..engine.programs import in_place
from ..engine.trial import Trial
from ..uses import Use, uses_of
from .errors import wrong_calls
from .in_place import has_in_place, in_place_call

WARM = 4
"""Calls before memory is measured, in which kernels are compiled and looked up."""

CALLS = (12,) * 20 + (200,) * 3
"""Calls leave something behind if there is more by one for each after so many of them, time after time."""

FEW_CALLS = (12,) * 3
"""Of what changes by itself less often than memory does."""

OPEN_FILES = "/dev/fd"


def check_surroundings(trial: Trial) -> None:
    """Check that an operation works in a thread and under any settings, changes none, prints nothing, leaks nothing."""
    use = next((use for use in uses_of(trial.name) if use.operands and use.size[0]), uses_of(trial.name)[0])
    for dtype in list(trial.dtypes(use))[:1]:
        example = draw(use, dtype, "contiguous", trial.rng)
        trial.hold_for(_leaves_as_found(trial), example)
        for precise in trial.dtypes(use, ("float64",)):
            trial.hold_for(_same_in_a_thread(trial), draw(use, precise, "contiguous", trial.rng), _in_a_thread_call)
        # Which values are given does not matter for what is kept of them.
        hold = functools.partial(trial.hold_for, simplify=False)
        hold(_keeps_nothing(trial, _results), example)
        if has_in_place(trial.name) and trial.level.special:
            hold(_keeps_nothing(trial, _in_place(trial.name)), example, in_place_call(trial.name))
        for wrong in [wrong for wrong, _ in wrong_calls(trial.name) if dtype in trial.dtypes(wrong, [dtype])][-1:]:
            hold(_keeps_nothing(trial, _raise), draw(wrong, dtype, "contiguous", trial.rng))


def _results(example: Example) -> list[bytes]:
    with tensorplug.no_grad():
        leaves = flatten(example.evaluate(example.tensors()))
    return [to_host(leaf).tobytes() for _, leaf in leaves if isinstance(leaf, Tensor)]


def _leaves_as_found(trial: Trial) -> Callable[[Example], None]:
    def prop(example: Example) -> None:
        printed = io.StringIO()
        with _unusual_settings(trial.rng), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            before = dict(_settings(trial.backend))
            found = _results(example)
            after = dict(_settings(trial.backend))
        for name, value in before.items():
            if after[name] != value:
                raise Mismatch(f"{name} was changed", value, after[name])
        if printed.getvalue():
            raise Mismatch("something was printed", "", printed.getvalue())
        if found != _results(example):
            raise Mismatch("the result is another one under other settings of numpy.seterr and the like")

    return prop


ENVIRONMENT = dict(os.environ)
"""The environment before any operation."""


@contextlib.contextmanager
def _unusual_settings(rng: numpy.random.Generator) -> Iterator[None]:
    """A context manager with unusual settings of the process."""
    folder, limit, collects = os.getcwd(), sys.getrecursionlimit(), gc.isenabled()
    environment, python, legacy = dict(os.environ), random.getstate(), numpy.random.get_state()  # noqa: NPY002
    level, mask = logging.getLogger().level, os.umask(0o027)
    interval, size, cores = sys.getswitchinterval(), threading.stack_size(1 << 20), processors()
    try:
        sys.setswitchinterval(interval / 2)
        bind(CORES)
        os.environ.clear()
        os.environ.update(ENVIRONMENT)
        os.chdir(tempfile.gettempdir())
        sys.setrecursionlimit(limit + 7)
        gc.enable()
        random.seed(int(rng.integers(2**32)))
        numpy.random.seed(int(rng.integers(2**32)))  # noqa: NPY002
        logging.getLogger().setLevel(17)
        with contextlib.ExitStack() as stack:
            stack.enter_context(numpy.errstate(all="raise"))
            stack.enter_context(numpy.printoptions(precision=13, threshold=77))
            stack.enter_context(decimal.localcontext(prec=17))
            stack.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("error", "no such warning")
            yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.setrecursionlimit(limit)
        (gc.enable if collects else gc.disable)()
        random.setstate(python)
        numpy.random.set_state(legacy)  # noqa: NPY002
        logging.getLogger().setLevel(level)
        os.umask(mask)
        sys.setswitchinterval(interval)
        threading.stack_size(size)
        bind(cores)


def processors() -> set[int]:
    """The processors on which this thread may run, where the system tells."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def bind(cores: set[int]) -> None:
    """Let this thread run on some processors alone."""
    if cores:
        os.sched_setaffinity(0, cores)


CORES = processors()
"""Those of before any operation."""


def _read(setting: Callable[[int], int]) -> int:
    """What is only told when it is set."""
    found = setting(0)
    setting(found)
    return found


def _settings(backend: str) -> Iterator[tuple[str, Any]]:
    """Settings of the process and thread, by name."""
    yield "numpy.geterr()", numpy.geterr()
    yield "numpy.get_printoptions()", repr(numpy.get_printoptions())
    yield "numpy.random.get_state()", repr(numpy.random.get_state())  # noqa: NPY002
    yield "random.getstate()", random.getstate()
    yield "warnings.filters", list(warnings.filters)
    yield "warnings.showwarning", warnings.showwarning
    yield "decimal.getcontext()", repr(decimal.getcontext())
    yield "locale.setlocale(locale.LC_ALL)", locale.setlocale(locale.LC_ALL)
    yield "the root logger", (logging.getLogger().level, list(logging.getLogger().handlers))
    yield "os.environ", dict(os.environ)
    yield "os.getcwd()", os.getcwd()
    yield "sys.getrecursionlimit()", sys.getrecursionlimit()
    yield "sys.stdout", (sys.stdout, sys.stderr)
    yield "gc.isenabled()", (gc.isenabled(), gc.get_threshold())
    yield "the handlers of signals", {one: signal.getsignal(one) for one in signal.valid_signals()}
    yield "os.sched_getaffinity()", processors()
    yield "os.umask()", _read(os.umask)
    yield "sys.getswitchinterval()", sys.getswitchinterval()
    yield "threading.stack_size()", _read(threading.stack_size)
    yield "sys.gettrace()", (sys.gettrace(), sys.getprofile(), sys.excepthook, threading.excepthook)
    yield "sys.path", (list(sys.path), list(sys.meta_path))
    yield "socket.getdefaulttimeout()", socket.getdefaulttimeout()
    yield "time.tzname", time.tzname
    # Such as a library that was compiled with -ffast-math sets for all others when it is loaded.
    yield "the arithmetic of subnormal numbers", (numpy.asarray([2.0**-1060]) * 0.5).tolist()
    yield "the default backend", tensorplug.ones(()).backend
    yield "is_grad_enabled()", tensorplug.is_grad_enabled()
    yield "get_rng_state()", tensorplug.get_rng_state().tolist()
    package = library_for(backend).backend.load().__name__.partition(".")[0]
    config = getattr(sys.modules[package], "config", None)
    for name in getattr(config, "values", ()):
        yield f"{package}.config.{name}", getattr(config, name, None)


def _in_a_thread_call(use: Use) -> str:
    names = ", ".join(use.operands)
    return f"ThreadPoolExecutor(1).submit(lambda {names}: {use.code}, {names}).result()"


def _same_in_a_thread(trial: Trial) -> Callable[[Example], None]:
    """The property that results in a thread equal the main thread's, also if it calls the backend first."""
    library = library_for(trial.backend)
    # What is compiled would be compiled anew.
    loads = trial.level.special and (trial.level.product or not library.compiles)

    def prop(example: Example) -> None:
        usual = _results(example)
        for first in (False, True)[: 1 + loads]:
            with anew(library) if first else contextlib.nullcontext(), ThreadPoolExecutor(1) as pool:
                found = pool.submit(_results_on, trial.backend, example).result()
            if found != usual:
                raise Mismatch(f"the result is another one in a thread{' that makes the first call' * first}")

    return prop


def _results_on(backend: str, example: Example) -> list[bytes]:
    # Default backends belong to a thread.
    with tensorplug.backend(backend):
        return _results(example)


@contextlib.contextmanager
def anew(library: Library) -> Iterator[None]:
    """Load a backend anew, so that what its kernels keep is not there yet."""
    backend = type(library.backend)()
    backend.namespace = backend.load()
    supplied = load(library.name).sources
    # Kernels that other plugins supply stay.
    kernels = {name: kernel for name, kernel in backend.kernels().items() if name not in supplied}
    find, find_own = library.find_kernel, library.find_own_kernel

    def own(name: str) -> Any:
        return kernels.get(name, find_own(name))

    def found(name: str) -> Any:
        return find(name) if find_own(name) is None else own(name)

    changed: Any = library
    changed.find_kernel, changed.find_own_kernel = found, own
    empty_kernel_tables([library])
    try:
        yield
    finally:
        changed.find_kernel, changed.find_own_kernel = find, find_own
        empty_kernel_tables([library])


def _keeps_nothing(trial: Trial, call: Callable[[Example], Any]) -> Callable[[Example], None]:
    """The property that memory and threads do not grow by something at each call, with values of its own each time."""
    library = library_for(trial.backend)

    def prop(example: Example) -> None:
        dtypes = [dtype for name, dtype in example.dtypes.items() if example.use.operands[name].dtype is None]

        def again() -> None:
            call(draw(example.use, (*dtypes, "float32")[0], example.layout, trial.rng))

        # What it kept for the checks before, up to some number, is not there any more.
        with contextlib.nullcontext() if library.compiles else anew(library):
            for _ in range(WARM):
                again()
            # What there is now need not be looked at by each collection.
            gc.freeze()
            try:
                for name, (count, rounds) in COUNTED.items():
                    if all(_growth(count, again, calls) >= calls for calls in rounds):
                        raise Mismatch(f"{name} remain after each call")
            finally:
                gc.unfreeze()

    return prop


def _in_place(name: str) -> Callable[[Example], None]:
    def call(example: Example) -> None:
        with tensorplug.no_grad():
            in_place(name)(example.use, example.tensors())

    return call


def _raise(example: Example) -> None:
    with contextlib.suppress(Exception):
        _results(example)


def _growth(count: Callable[[], int], call: Callable[[], None], calls: int) -> int:
    gc.collect()
    before = count()
    for _ in range(calls):
        call()
    gc.collect()
    return count() - before


COUNTED: dict[str, tuple[Callable[[], int], tuple[int, ...]]] = {
    "open files": (lambda: len(os.listdir(OPEN_FILES)) if os.path.isdir(OPEN_FILES) else 0, FEW_CALLS),
    "threads": (threading.active_count, FEW_CALLS),
    "blocks of memory": (sys.getallocatedblocks, CALLS),
}
"""What may leak: how to count it, and after how many calls to count again."""
