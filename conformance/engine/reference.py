"""The reference: an example computed on another backend in float64."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy

import tensorplug
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.types.errors import UnsupportedError
from tensorplug.extras import install_command

from .arrays import Array, flatten, to_host
from .available import available
from .example import Example, evaluate
from .programs import Program

Expected = list[tuple[str, Any]]
"""The leaves of a result, arrays or other values, with their paths."""

LENGTH = 24
"""Elementwise functions are computed on arrays of so many elements, or as many times more: few are compiled."""


KEPT = 4096
"""Results for larger operands are not cached."""


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
            elementwise = example.use.elementwise and program is evaluate
            found = self._elementwise(asked) if elementwise else self._run(asked, program)
            if sum(host.size for host in asked.hosts.values()) <= KEPT:
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

    def _elementwise(self, example: Example) -> Expected:
        shape = numpy.broadcast_shapes(*(host.shape for host in example.hosts.values()))
        count = int(numpy.prod(shape))
        length = max(LENGTH, -(-count // LENGTH) * LENGTH)
        flat = {name: _repeated(numpy.broadcast_to(host, shape), length) for name, host in example.hosts.items()}
        (path, found), *_ = self._run(replace(example, hosts=flat), evaluate)
        return [(path, found[:count].reshape(shape))]


def _repeated(host: Array, length: int) -> Array:
    """The elements in a row, the last one as often as is needed."""
    row = host.ravel() if host.size else numpy.ones(1, host.dtype)
    return numpy.concatenate([row, numpy.repeat(row[-1:], length - row.size)])


PREFERRED = ("jax", "numpy")
"""Preferred references; the first one compiles, so its arithmetic has least in common with other libraries'."""


@functools.cache
def quick_reference(backend: str) -> Reference | None:
    """One that compiles nothing, if there is one beside the tested backend: for a great many shapes and arguments."""
    quick = [name for name in PREFERRED if name in available() and not library_for(name).compiles]
    return next((Reference(name) for name in quick if name != backend), None)


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
