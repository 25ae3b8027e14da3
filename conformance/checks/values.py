"""Values, shapes, dtypes and devices of results against the reference."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor

from ..engine.arrays import Array, canonical_bytes, flatten, to_host
from ..engine.bounds import OWN_DTYPE, Bound, bound_of
from ..engine.comparing import require_agreement
from ..engine.example import Example, Mismatch, evaluate
from ..engine.reference import Expected, Reference
from ..engine.trial import Property, Trial


def check_values(trial: Trial) -> None:
    """Results in all dtypes and shapes are the reference's, and operands stay as they were."""
    for use, dtype in trial.situations():
        first = use.elementwise or dtype == next(trial.dtypes(use))
        trial.hold(agreement(trial, trial.reference if first else trial.eager), use, dtype)


def agreement(trial: Trial, reference: Reference | None = None, **changes: Any) -> Property:
    """The property that a line gives what it gives on a reference, and leaves its operands as they were.

    Within the operation's bound, of which some attributes may be changed.
    """
    bound, own = replace(bound_of(trial.name), **changes), trial.name in OWN_DTYPE
    held_against = reference or trial.reference

    def prop(example: Example) -> None:
        tensors = example.tensors()
        with tensorplug.no_grad():
            result = evaluate(example.use, tensors)
        require_results(result, held_against.expected(example, own_dtype=own), bound, example)
        require_unchanged(example, tensors)

    return prop


def require_results(
    result: object, expected: Expected, bound: Bound, example: Example, sizes: Sequence[float | Array] | None = None
) -> None:
    """Raise `Mismatch` unless all leaves of a result agree with the expected ones.

    `sizes` has for each leaf what its terms add up to at most, where that is known better than from the operands.
    """
    leaves = flatten(result)
    paths, wanted = [path for path, _ in leaves], [path for path, _ in expected]
    if paths != wanted:
        raise Mismatch("another structure of results", wanted, paths)
    bound = replace(bound, rounded_once=bound.rounded_once or example.use.rounded_once).of_terms(example.use.terms)
    if sizes is None:
        sizes = [magnitude(example, products=bound.scale != "sums")] * len(expected)
    # A reference in wider dtypes tells no more than their kind.
    same_dtype = example.widened().dtypes == example.dtypes
    for (path, leaf), (_, value), size in zip(leaves, expected, sizes, strict=True):
        require_agreement(leaf, value, bound, size, path, same_dtype)


def magnitude(example: Example, products: bool = True) -> float | Array:
    """What the terms of a sum over an operand, or over products of operands, add up to at most.

    Where elements depend on those in their places alone, the largest of these, for each.
    """
    if example.use.elementwise:
        sizes = [numpy.abs(host).astype(float) for host in example.hosts.values()]
        largest: Array = functools.reduce(numpy.fmax, [numpy.where(numpy.isfinite(size), size, 0) for size in sizes])
        return largest
    arrays = [host[numpy.isfinite(host)] for host in example.hosts.values() if host.dtype != bool and host.size]
    sizes = [numpy.abs(array).astype(float) for array in arrays if array.size]
    with numpy.errstate(over="ignore"):
        sums = [float(size.sum()) for size in sizes]
        if products:
            sums.append(
                float(numpy.prod([size.max() for size in sizes])) * max((size.size for size in sizes), default=0)
            )
    return max(sums, default=0.0)


def require_unchanged(example: Example, tensors: dict[str, Tensor]) -> None:
    """Raise `Mismatch` if an operand was written to."""
    for name, tensor in tensors.items():
        found, host = to_host(tensor), example.hosts[name]
        if canonical_bytes(found) != canonical_bytes(host.astype(found.dtype)):
            raise Mismatch(f"the operand {name} was changed", host.tolist(), found.tolist())
