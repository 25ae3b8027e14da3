"""What a case of the gradient tests is, and the points at which operations are differentiated."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

import tensorplug as tp

EPS = numpy.finfo(numpy.float64).eps

STEP = EPS ** (1 / 3)
"""Where the two errors of a central difference of a smooth function are equal: h² f''' / 6 and eps |f| / h."""


class Case(NamedTuple):
    """One use of an operation.

    Attributes
    ----------
    function
        Of tensors.
    inputs
        The points at which it is differentiated, away from kinks.
    jax
        The same of JAX arrays, given the module ``jax.numpy``; None where another case is run on JAX instead.
    step
        The finite difference's, for float64.
    """

    function: Callable[..., Any]
    inputs: tuple[numpy.ndarray, ...]
    jax: Callable[..., Any] | None
    step: float = STEP


def points(*shapes: tuple[int, ...], low: float = 0.2, high: float = 2.0, signs: bool = True) -> tuple[Any, ...]:
    """Arrays of those shapes whose elements are all at least (high - low) / n from each other, and from zero `low`."""
    counts = [math.prod(shape) for shape in shapes]
    values = low + (numpy.random.default_rng(len(shapes)).permutation(sum(counts)) + 0.5) * (high - low) / sum(counts)
    if signs:
        values[::2] *= -1
    ends = list(itertools.accumulate(counts))
    return tuple(values[end - n : end].reshape(shape) for shape, n, end in zip(shapes, counts, ends, strict=True))


def tensor(constant: Any) -> tp.Tensor:
    """A constant on the backend of the test."""
    return tp.asarray(constant)
