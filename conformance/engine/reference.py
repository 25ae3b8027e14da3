"""The reference: an example computed on another backend in float64."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import Any

import array_api_compat.numpy
import numpy

import tensorplug
from tensorplug.backends import Backend, hookimpl, register
from tensorplug.backends.common.casts import convert
from tensorplug.backends.contract import Kernel
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.types.errors import UnsupportedError
from tensorplug.extras import install_command

from .arrays import Array, flatten, to_host
from .available import PLAIN, available
from .example import Example, evaluate
from .programs import Program

Expected = list[tuple[str, Any]]
"""The leaves of a result, arrays or other values, with their paths."""

LENGTH = 24
"""Length of 1-d examples of elementwise functions."""

PERIOD = 61
"""Large examples of elementwise functions repeat this many values: a prime, so that vectors end at different ones."""

PIECE = 6 * PERIOD
"""A reference that compiles evaluates elementwise functions on arrays of this length only, so each compiles once."""

KEPT = 4096
"""Results for larger operands are not cached."""

MOST = 2048
"""When so many results are cached, all are forgotten: those of one operation are fewer."""


class Unanswered(Exception):
    """The reference has no result for an example."""


class Reference:
    """A backend that computes expected results.

    Parameters
    ----------
    name
        Name of the backend.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._found: dict[Any, Expected] = {}

    def expected(self, example: Example, program: Program = evaluate, own_dtype: bool = False) -> Expected:
        """The result of a program for an example in float64, or in the example's dtypes if `own_dtype`."""
        asked = replace(example, layout="contiguous") if own_dtype else example.widened()
        key = program, asked.key
        found = self._found.get(key)
        if found is None:
            in_pieces = example.use.elementwise and program is evaluate and library_for(self.name).compiles
            found = self._in_pieces(asked) if in_pieces else self._run(asked, program)
            if sum(host.size for host in asked.hosts.values()) <= KEPT:
                if len(self._found) >= MOST:
                    self._found.clear()
                self._found[key] = found
        return found

    def _run(self, example: Example, program: Program) -> Expected:
        try:
            with tensorplug.backend(self.name), tensorplug.no_grad():
                result = program(example.use, example.tensors())
        except UnsupportedError as error:
            raise Unanswered(f"the reference cannot tell: {error}") from None
        return [
            (path, to_host(leaf) if isinstance(leaf, tensorplug.Tensor) else leaf) for path, leaf in flatten(result)
        ]

    def _in_pieces(self, example: Example) -> Expected:
        """Evaluate an elementwise function on `PIECE` elements at a time."""
        shape = numpy.broadcast_shapes(*(host.shape for host in example.hosts.values()))
        count = max(math.prod(shape), 1)
        rows = {name: _pieces(numpy.broadcast_to(host, shape)) for name, host in example.hosts.items()}
        found: dict[tuple[bytes, ...], Array] = {}
        pieces = []
        for i in range(-(-count // PIECE)):
            hosts = {name: row[i] for name, row in rows.items()}
            key = tuple(host.tobytes() for host in hosts.values())
            if key not in found:
                ((_, found[key]),) = self._run(replace(example, hosts=hosts), evaluate)
            pieces.append(found[key])
        return [("", numpy.concatenate(pieces)[: math.prod(shape)].reshape(shape))]


def _pieces(host: Array) -> Array:
    """The elements in rows of `PIECE`; the last one is repeated."""
    row = host.ravel() if host.size else numpy.ones(1, host.dtype)
    return numpy.pad(row, (0, -row.size % PIECE), "edge").reshape(-1, PIECE)


PREFERRED = ("jax", "numpy")
"""Preferred references; the first one compiles, so its arithmetic has least in common with other libraries'."""


class _Plain(Backend):
    """NumPy's namespace alone, with casts that are the same on each processor; what it lacks is decomposed."""

    name = PLAIN
    contract = 1

    def load(self) -> Any:
        return array_api_compat.numpy

    def kernels(self) -> dict[str, Kernel]:
        return {"astype": convert}

    @hookimpl
    def tensorplug_backends(self) -> list[Backend]:
        return [self]


@functools.cache
def eager_reference(backend: str) -> Reference:
    """A reference that compiles nothing: NumPy, or NumPy's namespace alone where NumPy is tested."""
    *_, name = PREFERRED
    if backend != name:
        return Reference(name)
    register(_Plain())
    return Reference(PLAIN)


def reference_for(backend: str) -> str:
    """The reference backend for a backend: never itself.

    Raises
    ------
    ValueError
        If no other one can be used.
    """
    usable = [name for name in available() if name != backend]
    for name in PREFERRED:
        if name in usable:
            return name
    if not usable:
        raise ValueError(
            f"there is no other backend to compare {backend!r} with; to install one: {install_command('jax')}"
        )
    return usable[0]
