"""Faults of in-place forms, and of what kernels do to memory that is not theirs."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel

from .fault import Fault, bare_kernel, kernel


def _whole(x: Any) -> Any:
    """The array that a view is a part of."""
    return x if x.base is None else x.base


def _written_everywhere(sound: Kernel) -> Kernel:
    def in_place(x: Any) -> Any:
        sound(_whole(x))
        return x

    return in_place


def _writes_both(sound: Kernel) -> Kernel:
    def in_place(x1: Any, x2: Any) -> Any:
        out = sound(x1, x2)
        if x1.shape == x2.shape:
            x2[...] = out
        return out

    return in_place


def _without_first(sound: Kernel) -> Kernel:
    def in_place(x1: Any, x2: Any) -> Any:
        kept = x1[:1].copy() if x1.ndim else x1
        sound(x1, x2)
        if x1.ndim:
            x1[:1] = kept
        return x1

    return in_place


def _row_by_row(sound: Kernel) -> Kernel:
    """Each row is read after those before it were written."""

    def in_place(x1: Any, x2: Any) -> Any:
        if x1.shape != x2.shape or not x1.ndim:
            return sound(x1, x2)
        for i in range(len(x1)):
            sound(x1[i : i + 1], x2[i : i + 1])
        return x1

    return in_place


def _spoils_operand(sound: Kernel) -> Kernel:
    def spoiling(x: Any) -> Any:
        out = sound(x)
        if x.flags.writeable:
            x[...] = out
        return out

    return spoiling


def _spoils_second(sound: Kernel) -> Kernel:
    def spoiling(x1: Any, x2: Any) -> Any:
        out = sound(x1, x2)
        if x2.ndim and x2.flags.writeable:
            numpy.abs(x2, out=x2)
        return out

    return spoiling


FAULTS = (
    Fault(
        "add_in_place_does_not_write",
        "add",
        "the in-place form leaves its operand as it was",
        bare_kernel("add_", lambda sound: lambda x1, x2: x1),
    ),
    Fault(
        "exp_in_place_does_not_write",
        "exp",
        "the in-place form leaves its operand as it was",
        bare_kernel("exp_", lambda sound: lambda x: x),
    ),
    Fault(
        "add_in_place_forgets_the_first",
        "add",
        "the in-place form writes the second operand, so that gradients do not add up either",
        bare_kernel("add_", lambda sound: lambda x1, x2: numpy.positive(x2, out=x1)),
    ),
    Fault(
        "multiply_in_place_writes_both",
        "multiply",
        "the in-place form writes the second operand too",
        bare_kernel("multiply_", _writes_both),
    ),
    Fault(
        "tanh_in_place_writes_everything",
        "tanh",
        "the in-place form on a view writes all that the view is a part of",
        bare_kernel("tanh_", _written_everywhere),
    ),
    Fault(
        "subtract_in_place_leaves_the_first",
        "subtract",
        "the in-place form does not write the first slice",
        bare_kernel("subtract_", _without_first),
    ),
    Fault(
        "add_in_place_of_overlapping_memory",
        "add",
        "the in-place form reads what it has just written, where its operands overlap",
        bare_kernel("add_", _row_by_row),
    ),
    Fault(
        "divide_in_place_divides_backwards",
        "divide",
        "the in-place form divides the second operand by the first",
        bare_kernel("divide_", lambda sound: lambda x1, x2: numpy.divide(x2, x1, out=x1)),
    ),
    Fault(
        "square_in_place_of_integers",
        "square",
        "the in-place form doubles integers",
        bare_kernel("square_", lambda sound: lambda x: numpy.add(x, x, out=x) if x.dtype.kind in "iu" else sound(x)),
    ),
    Fault("sqrt_overwrites_its_operand", "sqrt", "the operand becomes the result", kernel("sqrt", _spoils_operand)),
    Fault(
        "maximum_spoils_its_second_operand",
        "maximum",
        "the second operand loses its signs",
        kernel("maximum", _spoils_second),
    ),
    Fault(
        "positive_returns_its_operand",
        "positive",
        "the result shares memory with the operand",
        bare_kernel("positive", lambda sound: lambda x: x),
    ),
    Fault(
        "floor_of_integers_returns_its_operand",
        "floor",
        "the result for integers shares memory with the operand",
        bare_kernel("floor", lambda sound: lambda x: x if x.dtype.kind in "iu" else sound(x)),
    ),
)
