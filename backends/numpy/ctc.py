"""Kernels of the CTC loss on NumPy arrays: the forward-backward algorithm, with all samples in one row.

A row holds the positions in the extended targets of all samples. A margin of impossible positions stands before each
sample and at the end, so that a transition from a neighbouring position is a shifted slice of the row.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..common.quiet import quiet
from ..contract import Kernel

LOG_ZERO = -1e30
"""The logarithm of probability zero; finite, so that differences are no NaN."""

MARGIN = 2
"""The greatest number of positions that a path advances in one frame."""

_INSIDE = slice(MARGIN, -MARGIN)
"""A row without its first and last margin."""


def _split_samples(rows: Any, count: int) -> Any:
    """Reshape rows to (frames, samples, MARGIN + positions)."""
    return rows[:, :-MARGIN].reshape(len(rows), count, -1)


def _positions(rows: Any, count: int) -> Any:
    """View rows as (frames, samples, positions), without the margins."""
    return _split_samples(rows, count)[:, :, MARGIN:]


def _rows(frames: int, like: Any) -> Any:
    """New rows of `LOG_ZERO`, for the samples and positions of `like`."""
    count, places = like.shape[-2:]
    return numpy.full((frames, count * (MARGIN + places) + MARGIN), LOG_ZERO, like.dtype)


def _row(x: Any) -> Any:
    """An array of shape (samples, positions) as a row."""
    row = _rows(1, x)
    _positions(row, len(x))[0] = x
    return row[0]


def _emissions(log_probs: Any, frames: Any, samples: Any, labels: Any) -> Any:
    """The log-probabilities of the labels at each position, a row for each frame, bounded by `LOG_ZERO`."""
    found = log_probs[:, samples, labels]
    rows = _rows(len(found), found)
    places = _positions(rows, len(labels))
    numpy.maximum(found, LOG_ZERO, out=places)
    # Frames after a sample's last one do not count, even if they hold NaN.
    places[frames[1, :, :, 0] != 0] = LOG_ZERO
    return rows


def _recursion(emissions: Any, count: int, steps: Any, starts: dict[int, Any], forward: bool) -> Any:
    """The forward or backward recursion: log-probabilities of partial paths to each position, a row for each frame.

    Parameters
    ----------
    emissions
        Log-probabilities of the labels, a row for each frame.
    count
        The number of samples.
    steps
        The log-weight of a transition that skips a position, a row: 0 if it is allowed, else `LOG_ZERO`.
    starts
        The log-weights of the positions at which a path may start, a row by the number of its frame.
    forward
        Whether to go through frames and positions in ascending order.
    """
    # The row shifted by one position and by two.
    near, far = (slice(1, -3), slice(0, -4)) if forward else (slice(3, -1), slice(4, None))
    rows = numpy.full_like(emissions, LOG_ZERO)
    margins = _split_samples(rows, count)[:, :, :MARGIN]
    # Forward, a transition belongs to the position that it leads to; backward, to the one that it comes from.
    steps = steps[_INSIDE if forward else far]
    terms = numpy.empty((3, len(steps)), rows.dtype)
    first, second, third = terms
    top = numpy.empty_like(first)
    before = numpy.full_like(rows[0], LOG_ZERO)
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
            # In a frame in which paths start, no path arrives at those positions.
            numpy.maximum(total, starts[frame][_INSIDE], out=total)
        before = rows[frame]
        numpy.add(total, emissions[frame, _INSIDE], before[_INSIDE])
        # Keeps a sample's NaN from the next sample.
        margins[frame] = LOG_ZERO
    return rows


def ctc(log_probs: Any, barriers: Any, frames: Any, *, samples: Any, labels: Any, last: Any) -> tuple[Any, Any]:
    """The CTC losses of the samples, and alpha, the log-probabilities of the forward recursion."""
    steps, begins, ends = barriers
    count = len(labels)
    emissions = _emissions(log_probs, frames, samples, labels)
    alphas = _positions(_recursion(emissions, count, _row(steps), {0: _row(begins)}, True), count)
    ended = alphas[last, samples[:, 0]] + ends
    top = ended.max(axis=1, keepdims=True)
    losses = -(numpy.log(numpy.exp(ended - top).sum(axis=1)) + top[:, 0])
    losses[losses > -LOG_ZERO / 2] = math.inf
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
    """The gradient by log-probabilities, for probabilities that sum to 1."""
    steps, _, ends = barriers
    final, outside = frames
    count = len(labels)
    emissions = _emissions(log_probs, frames, samples, labels)
    starts = {int(frame): _row(ends + final[frame]) for frame in numpy.flatnonzero((final == 0).any(axis=(1, 2)))}
    # Beta: alpha holds the frame's own emission already.
    betas = _recursion(emissions, count, _row(steps), starts, False)
    betas -= emissions
    # The posterior probability of each position, summed for each label by a matrix product.
    posteriors = _positions(betas, count) + alphas
    posteriors += losses[:, None]
    posteriors = numpy.exp(posteriors, posteriors).transpose(1, 0, 2)
    is_label = (labels[:, :, None] == numpy.arange(log_probs.shape[2])).astype(log_probs.dtype)
    unit = numpy.exp(log_probs) - numpy.matmul(posteriors, is_label).transpose(1, 0, 2)
    unit += (losses * 0.0)[:, None]
    wanted = (outside == 0) & (upstream != 0)[:, None]
    return numpy.where(wanted, upstream[:, None] * unit, 0.0).astype(log_probs.dtype, copy=False)


KERNELS: dict[str, Kernel] = {"ctc": quiet(ctc), "ctc_gradient": quiet(ctc_gradient)}
"""By the name of the operation."""
