"""Connectionist temporal classification (CTC) loss.

Graves, Fernández, Gomez and Schmidhuber, "Connectionist temporal classification: labelling unsegmented sequence data
with recurrent neural networks", ICML 2006.

The probability of a target is the sum over all alignments of its labels, with blanks between them, to the frames. The
forward recursion over the frames computes it in log space, for all samples and all positions of the extended targets
(labels with blanks around them) at once. The gradient also needs the backward recursion.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable
from typing import Any, NamedTuple, final

import numpy

from ..core import Tensor, rule
from ..core.dispatch.operation import operation
from ..core.interchange.interop import host_array
from ..core.memory.structure import cast
from ..core.standard.elementwise import isinf
from ..core.standard.searching import where
from ..core.transforms.looping import each_example
from ..core.types.axes import as_integer
from ..core.types.dtypes import float32
from ..core.types.errors import ShapeError
from .checks import require_floating, require_tensor
from .reduction import require_reduction

__all__ = ["ctc_loss"]

NAME = "ctc_loss"

_LOG_ZERO = -1e30
"""The logarithm of probability 0: finite, so that derivatives of any order are finite."""


class Lattice(NamedTuple):
    """The transitions that are allowed between positions of the extended targets: 0 allows, `_LOG_ZERO` forbids.

    Attributes
    ----------
    barriers : Tensor, shape (3, N, 2 S + 1)
        Whether a path may skip a position to get to this one, whether it may begin here, and whether it may end here.
    frames : Tensor, shape (2, T, N, 1)
        Whether a frame is the last one of the sample, and whether it belongs to the sample.
    samples : raw array, shape (N, 1), int64
        The number of each sample.
    labels : raw array, shape (N, 2 S + 1), int64
        The label at each position.
    last : raw array, shape (N,), int64
        The last frame of each sample.
    """

    barriers: Any
    frames: Any
    samples: Any
    labels: Any
    last: Any


def _lattice(targets: list[numpy.ndarray], lengths: numpy.ndarray, blank: int, log_probs: Tensor) -> Lattice:
    shape = (len(targets), 2 * max(map(len, targets)) + 1)
    labels = numpy.full(shape, blank, "int64")
    allowed = numpy.zeros((3, *shape), bool)
    for sample, target in enumerate(targets):
        places = 2 * len(target) + 1
        labels[sample, 1:places:2] = target
        allowed[0, sample, 3:places:2] = target[1:] != target[:-1]
        allowed[1, sample, : min(2, places)] = True
        allowed[2, sample, max(places - 2, 0) : places] = True
    frame = numpy.arange(log_probs.shape[0])[:, None, None]
    frames = numpy.stack([frame == lengths[:, None] - 1, frame < lengths[:, None]])
    barriers = [_constant(numpy.where(one, 0.0, _LOG_ZERO), log_probs) for one in (allowed, frames)]
    key = log_probs._key
    whole = (numpy.arange(shape[0])[:, None], labels, numpy.maximum(lengths - 1, 0))
    return Lattice(*barriers, *(key.library.backend.from_numpy(one, key.native_device) for one in whole))


def _constant(host: numpy.ndarray, like: Tensor) -> Tensor:
    """Convert a NumPy array to a tensor of the dtype and device of `like`."""
    key = like._key
    array = key.library.backend.from_numpy(host.astype(key.dtype.name), key.native_device)
    constant: Tensor = like._lift(array, key)
    return constant


@final
class _ForwardBackward:
    """The forward and backward recursions over the frames, on raw arrays or on tensors."""

    def __init__(self, ops: Any, log_probs: Any, lattice: Lattice) -> None:
        self._ops = ops
        self._lattice = lattice
        self._shape = log_probs.shape
        self.steps, self.begins, self.ends = (ops.getitem(lattice.barriers, (i, ...)) for i in range(3))
        self.endings = [self.ends + final for final in self._frames(ops.getitem(lattice.frames, (0, ...)))]
        behind = ops.getitem(lattice.frames, (1, ...))
        self.is_frame = ops.equal(behind, ops.zeros_like(behind))
        # Frames after a sample's last one do not count, even if they hold NaN.
        self.emissions = self.gather_labels(ops.where(self.is_frame, log_probs, ops.zeros_like(log_probs) + _LOG_ZERO))

    def _frames(self, x: Any) -> list[Any]:
        return [self._ops.getitem(x, (frame, ...)) for frame in range(x.shape[0])]

    def gather_labels(self, x: Any) -> list[Any]:
        """Gather the values of the label at each position, one array for each frame."""
        return self._frames(self._ops.index(x, (slice(None), self._lattice.samples, self._lattice.labels)))

    def scatter_labels(self, x: Any) -> Any:
        """Sum values of positions for each label."""
        return self._ops.scatter_zeros(x, self._shape, (slice(None), self._lattice.samples, self._lattice.labels))

    def forward(self) -> list[Any]:
        """Alpha: for each frame, the log-probabilities of partial paths that end at each position."""
        alphas = [self.begins + self.emissions[0]]
        for emission in self.emissions[1:]:
            alphas.append(_logsumexp(self._ops, self.predecessors(alphas[-1], self.steps)) + emission)
        return alphas

    def backward(self) -> list[Any]:
        """Beta: for each frame, the log-probabilities of partial paths that follow each position."""
        betas = [self.endings[-1]]
        for emission, ending in zip(self.emissions[:0:-1], self.endings[-2::-1], strict=True):
            betas.append(_logsumexp(self._ops, [*self.successors(betas[-1] + emission, self.steps), ending]))
        return betas[::-1]

    def predecessors(self, x: Any, steps: Any, outside: float = _LOG_ZERO) -> list[Any]:
        """Values at the predecessors of each position: itself, its neighbour, and the one before, if allowed."""
        return [x, self._shift(x, 1, outside), self._shift(x, 2, outside) + steps]

    def successors(self, x: Any, steps: Any, outside: float = _LOG_ZERO) -> list[Any]:
        """Values at the successors of each position."""
        return [x, self._shift(x, -1, outside), self._shift(x + steps, -2, outside)]

    def _shift(self, x: Any, by: int, outside: float) -> Any:
        """Shift positions by a number, which may be negative, filling with `outside`."""
        width = min(abs(by), x.shape[1])
        edge = self._ops.zeros_like(self._ops.getitem(x, (slice(None), slice(0, width)))) + outside
        inside = self._ops.getitem(x, (slice(None), slice(0, x.shape[1] - width) if by > 0 else slice(width, None)))
        return self._ops.concat([edge, inside] if by > 0 else [inside, edge], axis=1)

    def mask_gradient(self, upstream: Any, unit: Any) -> Any:
        """The gradient in frames of samples whose upstream gradient is not 0, and 0 elsewhere, instead of NaN."""
        ops = self._ops
        wanted = ops.logical_and(self.is_frame, ops.not_equal(upstream, ops.zeros_like(upstream)))
        return ops.where(wanted, upstream * unit, ops.zeros_like(unit))


def _logsumexp(ops: Any, terms: list[Any]) -> Any:
    shift = functools.reduce(ops.maximum, terms)
    # A label of probability 0 may leave only infinities, whose difference is NaN.
    shift = ops.maximum(shift, ops.zeros_like(shift) + 2 * _LOG_ZERO)
    return ops.log(functools.reduce(operator.add, [ops.exp(term - shift) for term in terms])) + shift


def _logsumexp_jvp(ops: Any, terms: list[Any], tangents: list[Any]) -> Any:
    """JVP of `_logsumexp`."""
    total = _logsumexp(ops, terms)
    return functools.reduce(operator.add, [ops.exp(a - total) * b for a, b in zip(terms, tangents, strict=True)])


def _expand_samples(ops: Any, x: Any) -> Any:
    """Reshape one number for each sample to broadcast over frames and positions."""
    return ops.reshape(x, (1, x.shape[0], 1))


def _posteriors(ops: Any, paths: _ForwardBackward, losses: Any, alphas: Any) -> Any:
    """The posterior probability of each position in each frame, given the target."""
    return ops.exp(alphas + ops.stack(paths.backward(), axis=0) + _expand_samples(ops, losses))


def _second_derivative(
    ops: Any,
    g: Any,
    upstream: Any,
    log_probs: Any,
    losses: Any,
    alphas: Any,
    barriers: Any,
    frames: Any,
    samples: Any,
    labels: Any,
) -> Any:
    """Hessian-vector product with `g`: the VJP of the gradient, as the Hessian is symmetric."""
    paths = _ForwardBackward(ops, log_probs, Lattice(barriers, frames, samples, labels, None))
    directions, free = paths.gather_labels(g), ops.zeros_like(paths.steps)
    forward = [directions[0]]
    rows = paths.forward()
    for alpha, direction in zip(rows[:-1], directions[1:], strict=True):
        ways = paths.predecessors(alpha, paths.steps), paths.predecessors(forward[-1], free, 0.0)
        forward.append(_logsumexp_jvp(ops, *ways) + direction)
    betas = paths.backward()
    backward = [free]
    later = zip(betas[:0:-1], paths.emissions[:0:-1], directions[:0:-1], paths.endings[-2::-1], strict=True)
    for beta, emission, direction, ending in later:
        terms = [*paths.successors(beta + emission, paths.steps), ending]
        backward.append(_logsumexp_jvp(ops, terms, [*paths.successors(backward[-1] + direction, free, 0.0), free]))
    # Recomputed, because saved arrays are constants where this is differentiated again.
    both = ops.stack(rows, axis=0) + ops.stack(betas, axis=0)
    first = ops.getitem(both, (0,))
    whole = _logsumexp(ops, [ops.getitem(first, (slice(None), place)) for place in range(first.shape[1])])
    posteriors = ops.exp(both - _expand_samples(ops, whole))
    tangents = ops.stack(forward, axis=0) + ops.stack(backward[::-1], axis=0)
    # In every frame, the mean over the positions is the tangent of the total log-probability.
    mean = ops.sum(posteriors * tangents, axis=2, keepdims=True)
    moved = paths.scatter_labels(posteriors * (tangents - mean)) + _expand_samples(ops, losses * 0.0)
    return paths.mask_gradient(_expand_samples(ops, upstream), ops.exp(log_probs) * g - moved)


def _gradient_of_upstream(
    ops: Any,
    g: Any,
    upstream: Any,
    log_probs: Any,
    losses: Any,
    alphas: Any,
    barriers: Any,
    frames: Any,
    samples: Any,
    labels: Any,
) -> Any:
    ones = ops.ones_like(upstream)
    unit = ops.ctc_gradient(ones, log_probs, losses, alphas, barriers, frames, samples=samples, labels=labels)
    return ops.sum(g * unit, axis=(0, 2))


rule(
    "ctc",
    operands=("barriers", "frames"),
    outputs=("losses", "alphas"),
    log_probs=lambda ops, g, log_probs, losses, alphas, barriers, frames, samples, labels: ops.ctc_gradient(
        g.losses, log_probs, losses, alphas, barriers, frames, samples=samples, labels=labels
    ),
)
rule(
    "ctc_gradient",
    operands=("losses", "alphas", "barriers", "frames"),
    upstream=_gradient_of_upstream,
    log_probs=_second_derivative,
)

_FLOATS = "real-valued floating-point"


@operation(accepts=_FLOATS, outputs={"losses": "same", "alphas": "same"})
def _ctc(
    ops: Any, log_probs: Any, barriers: Any, frames: Any, *, samples: Any, labels: Any, last: Any
) -> tuple[Any, Any]:
    """The losses of the samples, and alpha."""
    paths = _ForwardBackward(ops, log_probs, Lattice(barriers, frames, samples, labels, last))
    alphas = ops.stack(paths.forward(), axis=0)
    ended = ops.index(alphas, (last, ops.reshape(samples, (-1,)))) + paths.ends
    losses = -_logsumexp(ops, [ops.getitem(ended, (slice(None), place)) for place in range(ended.shape[1])])
    impossible = ops.greater(losses, ops.zeros_like(losses) - _LOG_ZERO / 2)
    return ops.where(impossible, ops.zeros_like(losses) + math.inf, losses), alphas


@operation(accepts=_FLOATS)
def _ctc_gradient(
    ops: Any,
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
    """The gradient by the logarithms of the probabilities."""
    paths = _ForwardBackward(ops, log_probs, Lattice(barriers, frames, samples, labels, None))
    unit = ops.exp(log_probs) - paths.scatter_labels(_posteriors(ops, paths, losses, alphas))
    # The gradient of a target that is too long is NaN, as in PyTorch.
    unit = unit + _expand_samples(ops, losses * 0.0)
    return paths.mask_gradient(_expand_samples(ops, upstream), unit)


@each_example("targets", "input_lengths", "target_lengths")
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    r"""Connectionist temporal classification (CTC) loss: minus the log-probability of the targets over all alignments.

    .. math:: -\log \sum_{\pi \in B^{-1}(target)} \prod_{t=1}^{T} p_t(\pi_t)

    where :math:`B` takes a path of labels and blanks, one a frame, merges equal neighbours, and removes the blanks
    (Graves, Fernández, Gomez and Schmidhuber, ICML 2006).

    Parameters
    ----------
    log_probs : Tensor, shape (T, N, C) or (T, C)
        Logarithms of probabilities, as `log_softmax` gives them.
    targets : Tensor, shape (N, S) or (sum of the target lengths,)
        Class indices other than `blank`, padded or one target after the other; for one sample, of shape (S,).
    input_lengths, target_lengths : Tensor, or sequence of int, length N
        How many frames, and labels, each sample has; for one sample a number.
    blank : int, default: 0
    reduction : {"mean", "sum", "none"}, default: "mean"
        The mean is that of the losses divided by the lengths of their targets, which count as at least 1.
    zero_infinity : bool, default: False
        Whether samples whose target is too long for the frames have loss and gradient 0, not infinity and NaN.

    Returns
    -------
    Tensor
        0-d, or with ``reduction="none"`` of shape (N,), for one sample (). The dtype of `log_probs`.

    Raises
    ------
    TypeError
        If a dtype is not allowed, or a length is no integer.
    ValueError
        If shapes or lengths do not fit, the reduction is unknown, or a target holds the blank.
    IndexError
        If a target or the blank is no class.

    Notes
    -----
    As in PyTorch, the gradient is that for probabilities that sum to 1: it is exact for outputs of `log_softmax`, and a
    gradient with respect to `log_probs` themselves contains their exponentials.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.losses.functional import ctc_loss
    >>> frames = tp.log_softmax(tp.tensor([[[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]]]))
    >>> ctc_loss(frames, tp.tensor([[1, 2]]), (3,), (2,))
    tensor(0.4790)
    """
    require_reduction(NAME, reduction)
    require_tensor(NAME, "log_probs", log_probs)
    require_floating(NAME, "log_probs", log_probs)
    require_tensor(NAME, "targets", targets, log_probs.device)
    if log_probs.ndim not in (2, 3):
        raise ShapeError(f"{NAME}: log_probs must have shape (T, N, C) or (T, C), got {log_probs.shape}")
    single = log_probs.ndim == 2
    dtype = log_probs.dtype
    computed = cast(log_probs, float32) if dtype.itemsize == 2 else log_probs
    if single:
        computed = computed.reshape((log_probs.shape[0], 1, log_probs.shape[1]))
    frames, count, classes = computed.shape
    if not 0 <= as_integer(NAME, "blank", blank) < classes:
        raise IndexError(f"{NAME}: blank {blank} is out of range for {classes} classes")
    inputs = _check_lengths("input_lengths", input_lengths, count, frames)
    sizes = _check_lengths("target_lengths", target_lengths, count, None)
    labels = _split_targets(targets, sizes, classes, blank, single)
    losses = _sample_losses(computed, labels, inputs, blank)
    if zero_infinity:
        losses = where(isinf(losses), 0.0, losses)
    if reduction == "mean":
        losses = (losses / _constant(numpy.maximum(sizes, 1), computed)).mean()
    elif reduction == "sum":
        losses = losses.sum()
    elif single:
        losses = losses.reshape(())
    return cast(losses, dtype)


def _sample_losses(log_probs: Tensor, labels: list[numpy.ndarray], lengths: numpy.ndarray, blank: int) -> Tensor:
    """The losses of the samples; without frames, only an empty target is possible."""
    unspelled = _constant(numpy.asarray([math.inf if len(label) else 0.0 for label in labels]), log_probs)
    if not log_probs.shape[0] or not labels:
        return unspelled + log_probs.sum() * 0.0
    lattice = _lattice(labels, lengths, blank, log_probs)
    losses: Tensor = _ctc(log_probs, *lattice[:2], **dict(zip(Lattice._fields[2:], lattice[2:], strict=True)))[0]
    if (lengths > 0).all():
        return losses
    frames = _constant(lengths, log_probs)
    return where(frames > 0, losses, unspelled)


def _check_lengths(name: str, lengths: Any, count: int, most: int | None) -> numpy.ndarray:
    host = host_array(lengths) if isinstance(lengths, Tensor) else numpy.asarray(lengths)
    if host.dtype.kind not in "iu" and host.size:
        raise TypeError(f"{NAME}: {name} must be integers, got {host.dtype}")
    host = host.astype("int64").reshape(-1)
    if host.shape != (count,):
        raise ShapeError(f"{NAME}: {name} must be {count} numbers, one for each sample, got {host.shape[0]}")
    wrong = host < 0 if most is None else (host < 0) | (host > most)
    if wrong.any():
        allowed = "not negative" if most is None else f"from 0 to {most}, the number of frames"
        raise ValueError(f"{NAME}: {name} must be {allowed}, got {host[wrong][0]}")
    return host


def _split_targets(
    targets: Tensor, sizes: numpy.ndarray, classes: int, blank: int, single: bool
) -> list[numpy.ndarray]:
    """Check targets, and split them into the labels of each sample."""
    if targets.dtype.kind not in "iu":
        raise TypeError(f"{NAME}: targets must be of an integer dtype, got {targets.dtype}")
    host = host_array(targets).astype("int64")
    if host.ndim == 2 or single:
        padded = host.reshape(1, -1) if single else host
        if host.ndim > 2 or padded.shape[0] != len(sizes):
            raise ShapeError(f"{NAME}: targets must have shape ({len(sizes)}, S), got {host.shape}")
        if sizes.size and sizes.max() > padded.shape[1]:
            raise ValueError(
                f"{NAME}: target_lengths has {sizes.max()}, and targets hold {padded.shape[1]} labels each"
            )
        found = [row[:size] for row, size in zip(padded, sizes, strict=True)]
    elif host.ndim == 1:
        if sizes.sum() != host.shape[0]:
            raise ValueError(f"{NAME}: target_lengths add up to {sizes.sum()}, and targets hold {host.shape[0]} labels")
        found = numpy.split(host, numpy.cumsum(sizes)[:-1]) if sizes.size else []
    else:
        raise ShapeError(f"{NAME}: targets must have shape (N, S) or be one-dimensional, got {host.shape}")
    _require_labels(found, classes, blank)
    return found


def _require_labels(labels: Iterable[numpy.ndarray], classes: int, blank: int) -> None:
    for label in labels:
        outside = (label < 0) | (label >= classes)
        if outside.any():
            raise IndexError(f"{NAME}: target {label[outside][0]} is out of range for {classes} classes")
        if (label == blank).any():
            raise ValueError(f"{NAME}: targets must not hold the blank, {blank}")
