"""Faults that only gradients show: kernels that nothing but a backward pass asks for."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel

from .fault import Fault, kernel
from .regions import forwards


def _repeats_forgotten(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    out = numpy.zeros(shape, x.dtype)
    out[index] = x
    return out


def _embedded_forwards(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Slices with negative steps are taken for the same region, forwards."""
    out = numpy.zeros(shape, x.dtype)
    out[forwards(index, shape)] = x
    return out


def _embedded_everywhere(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Places that were not read get the number one as their gradient."""
    out = numpy.ones(shape, x.dtype)
    out[index] = x
    return out


def _on_the_main_diagonal(x: Any, *, shape: tuple[int, ...], offset: int) -> Any:
    out = numpy.zeros(shape, x.dtype)
    places = range(x.shape[-1])
    out[..., places, places] = x
    return out


def _folded_once(sound: Kernel) -> Kernel:
    """Where windows overlap, only the last of them counts."""

    def fold(x: Any, shape: tuple[int, ...], window: tuple[int, int]) -> Any:
        out = numpy.zeros(shape, x.dtype)
        size, step = window
        for i in range(x.shape[-2]):
            out[..., i * step : i * step + size] = x[..., i, :]
        return out

    return fold


FAULTS = (
    Fault(
        "scatter_zeros_forgets_repeats",
        "scatter_zeros",
        "where a place is read twice, only one gradient arrives",
        kernel("scatter_zeros", lambda sound: _repeats_forgotten),
    ),
    Fault(
        "embed_goes_forwards",
        "embed",
        "the gradient of a region that was read backwards is put in forwards",
        kernel("embed", lambda sound: _embedded_forwards),
    ),
    Fault(
        "embed_in_ones",
        "embed",
        "what was not read has a gradient of 1",
        kernel("embed", lambda sound: _embedded_everywhere),
    ),
    Fault(
        "put_view_puts_nothing",
        "put_view",
        "what was overwritten keeps its gradient",
        kernel("put_view", lambda sound: lambda x, value, *, steps: x.copy()),
    ),
    Fault(
        "fold_counts_once",
        "fold",
        "where windows overlap, only one gradient arrives",
        kernel("fold", _folded_once),
    ),
    Fault(
        "diagonal_embed_ignores_the_offset",
        "diagonal_embed",
        "the gradient of a diagonal goes to the main one",
        kernel("diagonal_embed", lambda sound: _on_the_main_diagonal),
    ),
    Fault(
        "take_along_axis_takes_in_order",
        "take_along_axis",
        "the gradient of sorted elements is not put back",
        kernel(
            "take_along_axis",
            lambda sound: (
                lambda x, indices, *, axis: x.copy() if x.shape == indices.shape else sound(x, indices, axis=axis)
            ),
        ),
    ),
    Fault(
        "softmax_gradient_forgets_the_sum",
        "softmax_gradient",
        "the gradient of each element by itself only",
        kernel("softmax_gradient", lambda sound: lambda g, out, *, axis: g * out),
    ),
    Fault(
        "linear_recurrence_looks_back_once",
        "linear_recurrence",
        "only the last term is carried on",
        kernel(
            "linear_recurrence", lambda sound: lambda factors, terms, *, axis: terms + factors * _behind(terms, axis)
        ),
    ),
    Fault(
        "adjugate_is_transposed",
        "adjugate",
        "the matrix of cofactors in place of its transpose",
        kernel("adjugate", lambda sound: lambda x: sound(x).mT),
    ),
    Fault(
        "adjugate_of_singular",
        "adjugate",
        "a singular matrix has no cofactors",
        kernel(
            "adjugate",
            lambda sound: lambda x: numpy.where(numpy.linalg.det(x)[..., None, None] == 0, 0, sound(x)).astype(x.dtype),
        ),
    ),
)


def _behind(x: Any, axis: int) -> Any:
    out = numpy.roll(x, 1, axis)
    out[(slice(None),) * axis + (slice(1),)] = 0
    return out
