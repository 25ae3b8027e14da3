"""Connectionist temporal classification on NumPy arrays: recursions over the frames in memory that is used again."""

from __future__ import annotations

import math
from typing import Any

import numpy

from .contract import Kernel
from .numpy_quiet import quiet

FORBIDDEN = -1e30
"""The logarithm of the probability of what cannot be."""


class _Recursion:
    """One step after the other of a recursion on the logarithms of probabilities, all samples and places at once.

    Parameters
    ----------
    steps
        What is added to what comes from the last place but one.
    direction
        1 where it comes from places before, -1 where from those behind.
    """

    def __init__(self, steps: Any, direction: int, ways: int = 3) -> None:
        count, places = steps.shape
        self._steps = steps
        self._forward = direction > 0
        self._padded = numpy.full((count, places + 2), FORBIDDEN, steps.dtype)
        self._inside = self._padded[:, 2:] if self._forward else self._padded[:, :-2]
        self._near = self._padded[:, 1:-1]
        self._far = self._padded[:, :-2] if self._forward else self._padded[:, 2:]
        self._behind = numpy.full_like(self._padded, FORBIDDEN)
        self.terms = numpy.empty((ways, count, places), steps.dtype)
        self._shift = numpy.empty_like(steps)

    def step(self, before: Any, out: Any) -> Any:
        """The logarithm of the sum of what comes to each place, and of the terms that were put beside it."""
        terms, shift = self.terms, self._shift
        self._inside[...] = before
        terms[0], terms[1] = before, self._near
        if self._forward:
            numpy.add(self._far, self._steps, terms[2])
        else:
            numpy.add(before, self._steps, self._behind[:, :-2])
            terms[2] = self._behind[:, 2:]
        numpy.maximum.reduce(terms, axis=0, out=shift)
        numpy.maximum(shift, 2 * FORBIDDEN, out=shift)
        terms[:3] -= shift
        if len(terms) > 3:
            terms[3] -= shift
        numpy.exp(terms, terms)
        numpy.add.reduce(terms, axis=0, out=out)
        numpy.log(out, out)
        out += shift
        return out


def ctc(log_probs: Any, barriers: Any, frames: Any, *, samples: Any, labels: Any, last: Any) -> tuple[Any, Any]:
    """The losses of the samples, and the logarithms of the probabilities of the beginnings of paths."""
    steps, begins, ends = barriers
    emissions = log_probs[:, samples, labels]
    alphas = numpy.empty_like(emissions)
    numpy.add(begins, emissions[0], alphas[0])
    recursion = _Recursion(steps, 1)
    for frame in range(1, len(emissions)):
        recursion.step(alphas[frame - 1], alphas[frame])
        alphas[frame] += emissions[frame]
    ended = alphas[last, samples[:, 0]] + ends
    top = numpy.maximum(ended.max(axis=1, keepdims=True), 2 * FORBIDDEN)
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
    endings = ends + frames[0]
    emissions = log_probs[:, samples, labels]
    betas = numpy.empty_like(emissions)
    betas[-1] = endings[-1]
    recursion = _Recursion(steps, -1, ways=4)
    for frame in range(len(emissions) - 2, -1, -1):
        recursion.terms[3] = endings[frame]
        recursion.step(betas[frame + 1] + emissions[frame + 1], betas[frame])
    # The probability that a path which spells the target is at each place, added up for each label by a product.
    betas += alphas
    betas += losses[:, None]
    occupation = numpy.exp(betas, betas).transpose(1, 0, 2)
    is_label = (labels[:, :, None] == numpy.arange(log_probs.shape[2])).astype(log_probs.dtype)
    unit = numpy.exp(log_probs) - numpy.matmul(occupation, is_label).transpose(1, 0, 2)
    unit += (losses * 0.0)[:, None]
    wanted = (frames[1] == 0) & (upstream != 0)[:, None]
    return numpy.where(wanted, upstream[:, None] * unit, 0.0).astype(log_probs.dtype, copy=False)


KERNELS: dict[str, Kernel] = {"ctc": quiet(ctc), "ctc_gradient": quiet(ctc_gradient)}
"""By the name of the operation."""
