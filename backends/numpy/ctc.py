"""Connectionist temporal classification on NumPy arrays: recursions over the frames, all samples in one row.

A row holds the places of all samples, with a margin before each and one at the end, in which nothing is possible. So
what comes from the places beside is the same row begun elsewhere, and each pass over it is one of NumPy's simplest.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..common.quiet import quiet
from ..contract import Kernel

FORBIDDEN = -1e30
"""The logarithm of the probability of what cannot be."""

MARGIN = 2
"""How far a path moves on in one frame."""

_INSIDE = slice(MARGIN, -MARGIN)
"""Of a row, all but the first margin and the last."""


def _by_sample(rows: Any, count: int) -> Any:
    """The rows, of shape (T, N, MARGIN + places)."""
    return rows[:, :-MARGIN].reshape(len(rows), count, -1)


def _places(rows: Any, count: int) -> Any:
    """The same without the margins."""
    return _by_sample(rows, count)[:, :, MARGIN:]


def _rows(frames: int, like: Any) -> Any:
    """So many rows for samples and places as `like` has, in which nothing is possible yet."""
    count, places = like.shape[-2:]
    return numpy.full((frames, count * (MARGIN + places) + MARGIN), FORBIDDEN, like.dtype)


def _row(x: Any) -> Any:
    """A row of something of shape (N, places)."""
    row = _rows(1, x)
    _places(row, len(x))[0] = x
    return row[0]


def _emissions(log_probs: Any, frames: Any, samples: Any, labels: Any) -> Any:
    """For each frame a row of the labels' logarithms of probabilities, of which none is infinitely small."""
    found = log_probs[:, samples, labels]
    rows = _rows(len(found), found)
    places = _places(rows, len(labels))
    numpy.maximum(found, FORBIDDEN, out=places)
    # What stands in the frames behind a sample's last one is nothing, NaN included.
    places[frames[1, :, :, 0] != 0] = FORBIDDEN
    return rows


def _recursion(emissions: Any, count: int, steps: Any, starts: dict[int, Any], forward: bool) -> Any:
    """For each frame a row of the logarithms of the probabilities of the parts of paths from a start to each place.

    Parameters
    ----------
    emissions
        For each frame a row of the logarithms of the labels' probabilities.
    count
        How many samples there are.
    steps
        A row of what is added to what comes to a place from the last but one.
    starts
        By its frame, a row of the places at which a path may start.
    forward
        Whether frames and places come one after the other as they stand, or the other way round.
    """
    # The inside, begun one place and two places earlier, or later.
    near, far = (slice(1, -3), slice(0, -4)) if forward else (slice(3, -1), slice(4, None))
    rows = numpy.full_like(emissions, FORBIDDEN)
    margins = _by_sample(rows, count)[:, :, :MARGIN]
    # Forward a step is that of the place that is come to, backward of the one that is come from.
    steps = steps[_INSIDE if forward else far]
    terms = numpy.empty((3, len(steps)), rows.dtype)
    first, second, third = terms
    top = numpy.empty_like(first)
    before = numpy.full_like(rows[0], FORBIDDEN)
    for frame in range(len(rows)) if forward else range(len(rows) - 1, -1, -1):
        here, beside = before[_INSIDE], before[near]
        numpy.add(before[far], steps, third)
        numpy.maximum(here, beside, out=top)
        numpy.maximum(top, third, out=top)
        numpy.subtract(here, top, first)
        numpy.subtract(beside, top, second)
        numpy.subtract(third, top, third)
        numpy.exp(terms, terms)
        numpy.add(first, second, first)
        total = numpy.add(first, third, first)
        numpy.log(total, total)
        numpy.add(total, top, total)
        if frame in starts:
            # Where a path may start in this frame, none comes from another.
            numpy.maximum(total, starts[frame][_INSIDE], out=total)
        before = rows[frame]
        numpy.add(total, emissions[frame, _INSIDE], before[_INSIDE])
        # One sample's NaN would go on to the next.
        margins[frame] = FORBIDDEN
    return rows


def ctc(log_probs: Any, barriers: Any, frames: Any, *, samples: Any, labels: Any, last: Any) -> tuple[Any, Any]:
    """The losses of the samples, and the logarithms of the probabilities of the beginnings of paths."""
    steps, begins, ends = barriers
    count = len(labels)
    emissions = _emissions(log_probs, frames, samples, labels)
    alphas = _places(_recursion(emissions, count, _row(steps), {0: _row(begins)}, True), count)
    ended = alphas[last, samples[:, 0]] + ends
    top = ended.max(axis=1, keepdims=True)
    losses = -(numpy.log(numpy.exp(ended - top).sum(axis=1)) + top[:, 0])
    losses[losses > -FORBIDDEN / 2] = math.inf
    return losses, alphas


def ctc_gradient(
    upstream: Any,
    log_probs: Any,
    losses: Any,
    alphas: Any,
    barriers: Any,
    frames: Any,
    *,
    samples: Any,
    labels: Any,
) -> Any:
    """The gradient by the logarithms of probabilities that add up to 1."""
    steps, _, ends = barriers
    final, outside = frames
    count = len(labels)
    emissions = _emissions(log_probs, frames, samples, labels)
    starts = {int(frame): _row(ends + final[frame]) for frame in numpy.flatnonzero((final == 0).any(axis=(1, 2)))}
    # From here to the end of the paths: of both parts the frame's own probability is one.
    onward = _recursion(emissions, count, _row(steps), starts, False)
    onward -= emissions
    # The probability that a path which spells the target is at each place, added up for each label by a product.
    occupation = _places(onward, count) + alphas
    occupation += losses[:, None]
    occupation = numpy.exp(occupation, occupation).transpose(1, 0, 2)
    is_label = (labels[:, :, None] == numpy.arange(log_probs.shape[2])).astype(log_probs.dtype)
    unit = numpy.exp(log_probs) - numpy.matmul(occupation, is_label).transpose(1, 0, 2)
    unit += (losses * 0.0)[:, None]
    wanted = (outside == 0) & (upstream != 0)[:, None]
    return numpy.where(wanted, upstream[:, None] * unit, 0.0).astype(log_probs.dtype, copy=False)


KERNELS: dict[str, Kernel] = {"ctc": quiet(ctc), "ctc_gradient": quiet(ctc_gradient)}
"""By the name of the operation."""
