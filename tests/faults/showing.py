"""Whether a planted fault shows: a short program that gives something else on the sound backend."""

from __future__ import annotations

import ast
import contextlib
import contextvars
import itertools
import math
import threading
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy

import tensorplug as tp

from . import installed
from .fault import Fault
from .undisturbed import undisturbed


def wave(*shape: int, dtype: str = "float64") -> tp.Tensor:
    """Numbers of both signs that do not repeat, no two of them neighbours in order."""
    return tp.asarray(numpy.sin(numpy.arange(math.prod(shape)) * 1.7).reshape(shape).astype(dtype))


def together(call: Callable[[int], Any], rounds: int = 4, count: int = 4) -> list[Any]:
    """What threads get that call a function, each with its number, at the same time."""
    barrier = threading.Barrier(count)
    found: list[list[Any]] = [[None] * count for _ in range(rounds)]

    def run(number: int) -> None:
        for results in found:
            barrier.wait()
            try:
                results[number] = call(number)
            except Exception as error:
                results[number] = repr(error)

    threads = [threading.Thread(target=contextvars.copy_context().run, args=(run, i)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def leaks(call: Callable[[tp.Tensor], Any], shape: tuple[int, ...] = (64, 64), times: int = 40) -> bool:
    """Whether memory grows with each of many calls."""
    x = tp.tensor(numpy.ones(shape, "float32"))
    for _ in range(3):
        call(x)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(times):
            call(x)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    return grown > times * 1000


def fails(call: Callable[..., Any], *operands: Any) -> None:
    """A call that raises, as it should."""
    with contextlib.suppress(ValueError, RuntimeError):
        call(*operands)


def at(seed: int, offset: int) -> None:
    """Put the default generator at a place of a stream."""
    state = numpy.asarray([seed, offset], dtype="<u8").view("uint8")
    tp.set_rng_state(tp.tensor(state, device="numpy:cpu"))


def shown(program: str, backend: str) -> str:
    """What a program gives on a backend: the value of its last line, or the error or warning that it raises."""
    # A program that names the backend is where it is first used.
    scope = contextlib.nullcontext() if "BACKEND" in program else tp.backend(backend)
    with scope, warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return _described(_run(program, backend))
        except Exception as error:
            return f"{type(error).__name__}: {error}"


def shows(fault: Fault) -> bool:
    """Whether a fault's program gives something else than on the sound backend."""
    with undisturbed():
        sound = shown(fault.shows, "numpy")
    with installed(fault) as name:
        return shown(fault.shows, name) != sound.replace("numpy", name)


HELPERS = {helper.__name__: helper for helper in (at, fails, leaks, together, wave)}
"""What programs may use."""


def _run(program: str, backend: str) -> Any:
    *before, last = ast.parse(program).body
    if not isinstance(last, ast.Expr):
        raise TypeError(f"the last line of this program is no expression: {program}")
    names: dict[str, Any] = {"tp": tp, "numpy": numpy, "numbers": itertools.count(), "BACKEND": backend, **HELPERS}
    exec(compile(ast.Module(before, []), "fault", "exec"), names)
    return eval(compile(ast.Expression(last.value), "fault", "eval"), names)


def _described(value: Any) -> str:
    if isinstance(value, tp.Tensor):
        value = value.detach().numpy()
    if isinstance(value, numpy.ndarray | numpy.generic):
        return f"{value.dtype} {value.shape} {value.tolist()}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_described, value))
    return repr(value)
