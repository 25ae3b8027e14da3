"""Run a function with copies of its arguments on one backend after the other."""

from __future__ import annotations

import contextlib
import inspect
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy

import tensorplug as tp
from tensorplug.autograd.trees import map_leaves
from tensorplug.core import Tensor
from tensorplug.core.memory.views import array_of

from .locations import raising_location

REPEATS, SECONDS = 5, 1.0
"""A program is timed at most so many times, and for at most so many seconds."""


@dataclass(frozen=True)
class Run:
    """Outputs, gradients and time of a program on one backend.

    Attributes
    ----------
    backend, device : str
    outputs : dict of str to numpy.ndarray
        By name: ``"output"``, ``"output['loss']"``, ``"output[0]"``.
    gradients : dict of str to numpy.ndarray
        By the name of the argument: ``"gradient of x"``.
    error : Exception or None
        The exception that the program raised.
    gradient_failure : str
        The exception of the backward pass, in one line.
    seconds : float or None
        Median time of a call with its gradients, without the first call. None if the program raised an exception.
    """

    backend: str
    device: str
    outputs: dict[str, numpy.ndarray] = field(default_factory=dict)
    gradients: dict[str, numpy.ndarray] = field(default_factory=dict)
    error: Exception | None = None
    gradient_failure: str = ""
    seconds: float | None = None

    @property
    def failure(self) -> str:
        """The exception in one line, with the line of the program; empty without an exception."""
        return "" if self.error is None else in_one_line(self.error)

    @property
    def values(self) -> dict[str, numpy.ndarray]:
        """Outputs and gradients."""
        return {**self.outputs, **self.gradients}


class _Results(NamedTuple):
    """Outputs and gradients of one call, on its backend."""

    outputs: dict[str, Any]
    gradients: dict[str, Tensor]
    gradient_failure: str
    seconds: float


class Program:
    """A function and its arguments.

    Parameters
    ----------
    function : callable
    arguments : tuple
        Trees of arrays, tensors and numbers; arrays and tensors are copied.
    seed : int
        Seed of the random numbers in each call.
    gradients : bool
        Whether gradients are computed.
    """

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], seed: int, gradients: bool) -> None:
        self._function = function
        self._arguments = map_leaves(_host_copy, list(arguments))
        self._names = _argument_names(function, len(arguments))
        self._seed = seed
        self._wants_gradients = gradients

    @property
    def folder(self) -> str:
        """The folder of the function's file."""
        code = getattr(inspect.unwrap(self._function), "__code__", None)
        return "" if code is None else os.path.dirname(code.co_filename)

    def run(self, backend: str) -> Run:
        """Run the function on a backend, once for its values, then several times for its time."""
        device = str(tp.device(backend))
        try:
            found = self.call(backend)
            outputs = {name: _host_output(name, value) for name, value in found.outputs.items()}
            gradients = {name: _host_copy(value) for name, value in found.gradients.items()}
        except Exception as error:
            return Run(backend, device, error=error)
        return Run(backend, device, outputs, gradients, None, found.gradient_failure, self._seconds(backend))

    def _seconds(self, backend: str) -> float | None:
        times: list[float] = []
        while not times or (len(times) < REPEATS and sum(times) < SECONDS):
            try:
                times.append(self.call(backend).seconds)
            except Exception:
                return None
        return float(numpy.median(times))

    def call(self, backend: str) -> _Results:
        """Call the function once on new copies of the arguments, and compute the gradients."""
        mode = tp.enable_grad() if self._wants_gradients else contextlib.nullcontext()
        with _exits_as_errors(), tp.backend(backend), mode:
            tp.manual_seed(self._seed)
            arguments = map_leaves(self._put, self._arguments)
            start = time.perf_counter()
            outputs = dict(named_leaves(self._function(*arguments), "output"))
            gradients: dict[str, Tensor] = {}
            failure = ""
            if self._wants_gradients:
                try:
                    gradients = self._gradients(arguments, outputs)
                except Exception as error:
                    failure = in_one_line(error)
            _wait(outputs, gradients)
            return _Results(outputs, gradients, failure, time.perf_counter() - start)

    def _put(self, leaf: Any) -> Any:
        """Convert an array to a tensor that requires a gradient if gradients are compared and its dtype has them."""
        if not isinstance(leaf, numpy.ndarray):
            return leaf
        tensor = tp.tensor(leaf)
        wants = self._wants_gradients and tensor.dtype.is_differentiable
        return tensor.requires_grad_() if wants else tensor

    def _gradients(self, arguments: list[Any], outputs: Mapping[str, Any]) -> dict[str, Tensor]:
        """The arguments' `grad` if the program ran a backward pass; else gradients of the weighted sum of outputs."""
        named = (pair for name, tree in zip(self._names, arguments, strict=True) for pair in named_leaves(tree, name))
        leaves: dict[str, Any] = {
            f"gradient of {name}": leaf for name, leaf in named if type(leaf) is Tensor and leaf.requires_grad
        }
        own = {name: leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}
        ends: list[Any] = [one for one in outputs.values() if type(one) is Tensor and one.requires_grad]
        if own or not ends or not leaves:
            return own
        weights = [_weights(end, [self._seed % 2**64, position]) for position, end in enumerate(ends)]
        found = tp.autograd.grad(ends, list(leaves.values()), grad_outputs=weights, allow_unused=True)
        return {name: gradient for name, gradient in zip(leaves, found, strict=True) if gradient is not None}


@contextlib.contextmanager
def _exits_as_errors() -> Iterator[None]:
    """Turn ``sys.exit`` in the program into a RuntimeError, so that it does not end the comparison."""
    try:
        yield
    except SystemExit as error:
        raise RuntimeError(f"sys.exit({error.code!r}) was called").with_traceback(error.__traceback__) from None


def named_leaves(tree: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The leaves of a tree, each with the Python expression that reads it from `name`."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from named_leaves(value, f"{name}[{key!r}]")
    elif isinstance(tree, tuple) and hasattr(tree, "_fields"):
        for key, value in zip(tree._fields, tree, strict=True):
            yield from named_leaves(value, f"{name}.{key}")
    elif isinstance(tree, tuple | list):
        for position, value in enumerate(tree):
            yield from named_leaves(value, f"{name}[{position}]")
    elif tree is not None:
        yield name, tree


def in_one_line(error: BaseException) -> str:
    """Type and message of an exception in one line, with the line of the program that raised it."""
    text = " ".join(str(error).split())
    location = raising_location(error.__traceback__)
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{said} ({location.file}:{location.line})" if location is not None else said


def _argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the positional arguments."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        found = []
    named = [one.name for one in found if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return [named[i] if i < len(named) else f"args[{i}]" for i in range(count)]


def _host_copy(leaf: Any) -> Any:
    """Copy an array or tensor to a NumPy array; return anything else as it is."""
    if type(leaf) is Tensor:
        return numpy.array(leaf._key.library.backend.to_numpy(array_of(leaf)))
    if isinstance(leaf, numpy.ndarray | numpy.generic):
        return numpy.array(leaf)
    return _host_copy(tp.asarray(leaf)) if hasattr(leaf, "__dlpack__") else leaf


def _host_output(name: str, value: Any) -> numpy.ndarray:
    """Copy an output to a NumPy array; Python numbers get the dtype that `asarray` gives them."""
    if isinstance(value, bool | int | float | complex) and not isinstance(value, numpy.generic):
        return numpy.asarray(value, dtype=tp.asarray(value).dtype.name)
    found = _host_copy(value)
    if not isinstance(found, numpy.ndarray):
        raise TypeError(f"compare: {name} is of type {type(value).__name__}, wanted a tensor, an array or a number")
    return found


def _weights(output: Tensor, seed: list[int]) -> Tensor:
    """Weights between 0.5 and 1.5, equal on every backend."""
    chance = numpy.random.default_rng(seed)
    weights = chance.uniform(0.5, 1.5, output.shape)
    if output.dtype.kind == "c":
        weights = weights + 1j * chance.uniform(0.5, 1.5, output.shape)
    return tp.asarray(weights, dtype=output.dtype, device=output.device)


def _wait(*results: Mapping[str, Any]) -> None:
    """Synchronize the devices of the results."""
    for key in {one._key for found in results for one in found.values() if type(one) is Tensor}:
        key.library.backend.synchronize(key.native_device)
