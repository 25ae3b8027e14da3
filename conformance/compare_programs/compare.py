"""`compare`: run one function on several backends and compare the results with a reference backend's."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy

import tensorplug as tp
from tensorplug.backends import load

from ..engine.available import available, versions
from .comparison import Comparison, Difference, source_of
from .divergence import (
    Bounds,
    find_divergence,
    record,
)
from .measure import measure
from .program import Program, Run

_one_at_a_time = threading.RLock()
"""Comparisons run one at a time: they set the global random state and the tables of kernels."""


def compare(
    function: Callable[..., Any],
    /,
    *args: Any,
    backends: Sequence[str] | None = None,
    reference: str | None = None,
    tolerance: float | None = None,
    absolute: float = 0.0,
    gradients: bool = True,
    seed: int = 0,
) -> Comparison:
    """Run a function on several backends, compare outputs and gradients, and find the operation where they diverge.

    Parameters
    ----------
    function : callable
        Takes the arguments, and returns tensors, arrays and numbers, or tuples, lists and dicts of these. It is
        called several times on each backend, with equal random numbers and with new copies of the arguments, which it
        may write to. Every call must run the same operations.
    *args
        Arrays, tensors and numbers, or tuples, lists and dicts of these. Arrays and tensors are converted to tensors
        of each backend, which is also the default backend of the call. Everything else is passed unchanged.
    backends : sequence of str, optional
        Names of backends; by default all that are available. A single one is compared with the default reference.
    reference : str, optional
        The backend that the others are compared with. By default the first one that compiles, such as JAX, since
        its arithmetic has least in common with the others'; without one the default backend, or else the first.
    tolerance : float, optional
        The allowed difference, relative to the largest magnitude in an output. By default eps to the power of 3/4,
        which is 6e-6 for float32 and 2e-12 for float64. Integers and booleans must be equal.
    absolute : float, default: 0.0
        An absolute difference that is always allowed.
    gradients : bool, default: True
        Whether to compare gradients with respect to floating-point and complex arguments: their `grad` if the
        function runs a backward pass, else the gradients of the sum of all outputs, with weights between 0.5 and 1.5.
    seed : int, default: 0
        Seed of the random numbers.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If a backend is unknown, fewer than two are left to compare, a tolerance is negative or NaN, or the function
        returns nothing.
    BackendUnavailable
        If a named backend cannot be used here.
    Exception
        The function's exception, if it raises one of the same type on every backend.

    Examples
    --------
    >>> import numpy as np
    >>> import tensorplug as tp
    >>> from tensorplug.conformance import compare
    >>> comparison = compare(lambda x: tp.softmax(x, -1), np.eye(3))
    >>> comparison.agrees
    True
    """
    bounds = _bounds(tolerance, absolute)
    names, chosen = _backends(backends, reference)
    program = Program(function, args, seed, gradients)
    with _one_at_a_time:
        state = tp.get_rng_state()
        try:
            runs = [program.run(name) for name in names]
            _require_one_that_runs(runs)
            _require_values(runs)
            differences = [found for run in runs[1:] for found in _differences(run, runs[0], bounds)]
            differing = dict.fromkeys(found.backend for found in differences if not found.agrees)
            divergences = []
            if differing:
                expected = record(program, chosen)
                divergences = [find_divergence(program, name, chosen, expected, bounds) for name in differing]
        finally:
            tp.set_rng_state(state)
    settings = {"seed": str(seed), "tolerance": "eps**0.75" if tolerance is None else str(tolerance)}
    settings |= {"absolute tolerance": str(absolute), **versions()}
    name = getattr(function, "__name__", repr(function))
    return Comparison(name, chosen, runs, differences, divergences, source_of(function), settings)


def _bounds(tolerance: float | None, absolute: float) -> Bounds:
    for name, value in (("tolerance", tolerance), ("absolute", absolute)):
        if value is not None and not (isinstance(value, float | int) and value >= 0):
            raise ValueError(f"compare: got {name}={value!r}, wanted a number that is not negative")
    return Bounds(tolerance, absolute)


def _backends(asked: Sequence[str] | None, reference: str | None) -> tuple[list[str], str]:
    """The names of the backends, that of the reference first."""
    if isinstance(asked, str):
        raise TypeError(f"compare: got backends={asked!r}, wanted a sequence of names")
    names = list(dict.fromkeys(available() if asked is None else asked))
    if not names:
        raise ValueError(f"compare: got no backends, wanted some of {', '.join(available())}")
    for name in (*names, *([] if reference is None else [reference])):
        load(name)
    if reference is None and len(names) == 1:
        # A single backend is compared with the default reference.
        names = list(dict.fromkeys((*names, _reference(available()))))
    chosen = reference or _reference(names)
    names = list(dict.fromkeys((chosen, *names)))
    if len(names) < 2:
        there = ", ".join(available())
        raise ValueError(f"compare: got {chosen!r} alone, wanted two backends; available are {there}")
    return names, chosen


def _reference(names: Sequence[str]) -> str:
    compiling = (name for name in names if load(name).backend.compiles)
    default = tp.default_backend()
    return next(compiling, default if default in names else names[0])


def _require_one_that_runs(runs: Sequence[Run]) -> None:
    """Raise the program's exception if every backend raised one of its type."""
    error = runs[0].error
    if error is not None and all(type(run.error) is type(error) for run in runs):
        raise error


def _require_values(runs: Sequence[Run]) -> None:
    """Raise ValueError for a program without outputs and gradients to compare."""
    if not any(run.values or run.failure or run.gradient_failure for run in runs):
        raise ValueError(
            "compare: the function returned nothing, and its arguments have no gradients; wanted tensors, arrays or "
            "numbers to compare"
        )


def _differences(run: Run, reference: Run, bounds: Bounds) -> Iterator[Difference]:
    """The differences of one backend's outputs and gradients from the reference's, in the reference's order."""
    differs = functools.partial(Difference, run.backend, agrees=False)
    failures = [(run.failure, reference.failure, "output")]
    if not run.failure and not reference.failure:
        failures.append((run.gradient_failure, reference.gradient_failure, "gradients"))
    for found, expected, name in failures:
        if found and not expected:
            yield differs(name=name, problem=f"{run.backend} raised {found}")
        elif expected and not found:
            yield differs(name=name, problem=f"{reference.backend} raised {expected}")
        elif found.partition(":")[0] != expected.partition(":")[0]:
            yield differs(name=name, problem=f"{run.backend} raised {found}; {reference.backend} raised {expected}")
    if run.failure or reference.failure:
        return
    actual, wanted = run.values, reference.values
    for name in dict.fromkeys((*wanted, *actual)):
        if name not in actual or name not in wanted:
            has, lacks = (run, reference) if name in actual else (reference, run)
            if not lacks.gradient_failure or name in has.outputs:
                yield differs(name=name, problem=f"only {has.backend} has it, not {lacks.backend}")
        else:
            yield _difference(run.backend, reference.backend, name, actual[name], wanted[name], bounds)


def _difference(
    backend: str, reference: str, name: str, actual: numpy.ndarray, expected: numpy.ndarray, bounds: Bounds
) -> Difference:
    differs = functools.partial(Difference, backend, name, False, dtype=expected.dtype.name, shape=expected.shape)
    if actual.shape != expected.shape:
        return differs(problem=f"shape {actual.shape} on {backend}, {expected.shape} on {reference}")
    if actual.dtype != expected.dtype:
        return differs(problem=f"{actual.dtype.name} on {backend}, {expected.dtype.name} on {reference}")
    found = measure(actual, expected)
    agrees = bounds.allow(found, expected.dtype)
    tolerance = bounds.tolerance(expected.dtype)
    return Difference(backend, name, agrees, "", expected.dtype.name, expected.shape, found, tolerance)
