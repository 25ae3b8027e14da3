"""`tensorplug.nn.utils.rnn`: sequences of different lengths in one tensor, padded or packed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy

from ...core import Tensor
from ...core.standard.creation import tensor
from ...core.standard.manipulation import concat, stack
from ...core.types.errors import ArgumentError, ShapeError
from .. import functional

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None


def _converting(name: str) -> Callable[[PackedSequence], PackedSequence]:
    return lambda self: self.with_data(getattr(self.data, name)())


class PackedSequence(_Fields):
    """Sequences of different lengths, one step of all after the other; `pack_padded_sequence` makes it.

    Attributes
    ----------
    data : Tensor, shape (sum of lengths, ...)
        The first elements of all sequences, the longest sequence's first, then the second ones, and so on.
    batch_sizes : Tensor, shape (T,)
        How many sequences have an element at each step.
    sorted_indices, unsorted_indices : Tensor or None
        The order of the sequences by length, and its inverse; None if they came in this order.
    """

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Any:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    @functools.cached_property
    def sizes(self) -> numpy.ndarray:
        """The batch sizes as an array of the host, which a compiled function cannot read from a tensor."""
        return numpy.asarray(self.batch_sizes.tolist(), dtype="int64")

    @property
    def lengths(self) -> numpy.ndarray:
        """The length of each sequence, the longest first."""
        return (self.sizes[:, None] > numpy.arange(self.sizes[0])).sum(axis=0)

    @property
    def places(self) -> tuple[numpy.ndarray, numpy.ndarray]:
        """The step and the sequence that each row of `data` belongs to."""
        rows = numpy.concatenate([numpy.arange(size) for size in self.sizes])
        return numpy.repeat(numpy.arange(len(self.sizes)), self.sizes), rows

    def with_data(self, data: Tensor) -> PackedSequence:
        """These sequences with other elements."""
        if data is self.data:
            return self
        indices = (None if one is None else one.to(data.device) for one in self[2:])
        made: PackedSequence = PackedSequence(data, self.batch_sizes, *indices)
        made.sizes = self.sizes
        return made

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Convert the elements, as `Tensor.to` does."""
        return self.with_data(self.data.to(*args, **kwargs))

    def cuda(self, device: Any = None) -> PackedSequence:
        """Move to a CUDA device."""
        return self.with_data(self.data.cuda(device))

    @property
    def is_cuda(self) -> bool:
        """Whether the elements are on a CUDA device."""
        return self.data.is_cuda

    cpu, double, float, half, long, int, short, char, byte = map(
        _converting, ("cpu", "double", "float", "half", "long", "int", "short", "char", "byte")
    )


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The inverse of a permutation; None of None.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.utils.rnn.invert_permutation(tp.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    return None if permutation is None else permutation.argsort()


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences, for recurrent layers, which then end each sequence where it ends.

    Parameters
    ----------
    input : Tensor, shape (T, B, ...)
        With `batch_first` of shape (B, T, ...).
    lengths : Tensor or sequence of int
        Of each sequence; in a compiled function no tensor.
    batch_first : bool, default: False
    enforce_sorted : bool, default: True
        Whether the longest sequence must come first, the shortest last; else they are sorted.

    Raises
    ------
    RuntimeError
        If the lengths do not fit, or are not sorted.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
    >>> tp.nn.utils.rnn.pack_padded_sequence(x, [2, 1, 3], batch_first=True, enforce_sorted=False).data
    tensor([4, 1, 3, 5, 2, 6])
    """
    given = numpy.asarray(lengths.tolist() if isinstance(lengths, Tensor) else [*map(int, lengths)], dtype="int64")
    batch, longest = input.shape[:2] if batch_first else input.shape[1::-1]
    if len(given) != batch or not batch or given.min() < 1 or given.max() > longest:
        raise ShapeError(
            f"pack_padded_sequence: got lengths {given.tolist()} for an input of shape {input.shape}, wanted {batch} "
            f"from 1 to {longest}"
        )
    order = numpy.argsort(-given, kind="stable")
    if enforce_sorted and (numpy.diff(given) > 0).any():
        raise ShapeError("pack_padded_sequence: the lengths do not decrease; enforce_sorted=False sorts them")
    sizes = (given > numpy.arange(given.max())[:, None]).sum(axis=1)
    indices = None if enforce_sorted else tensor(order.tolist(), device=input.device)
    made = PackedSequence(input, tensor(sizes.tolist(), device="cpu"), indices)
    made.sizes = sizes
    steps, rows = made.places
    found = order[rows] * longest + steps if batch_first else steps * batch + order[rows]
    return made.with_data(input.flatten(0, 1)[tensor(found.tolist(), device=input.device)])


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Pad packed sequences: the reverse of `pack_padded_sequence`.

    Parameters
    ----------
    sequence : PackedSequence
    batch_first : bool, default: False
        Whether the result has the batch before the sequence.
    padding_value : float, default: 0
    total_length : int, optional
        The least T; by default that of the longest sequence.

    Returns
    -------
    padded : Tensor, shape (T, B, ...) or (B, T, ...)
    lengths : Tensor, shape (B,)

    Raises
    ------
    ValueError
        If a sequence is longer than `total_length`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> packed = tp.nn.utils.rnn.pack_sequence([tp.tensor([1, 2]), tp.tensor([3])])
    >>> tp.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    data, lengths = sequence.data, tensor(sequence.lengths.tolist(), device="cpu")
    longest = len(sequence.sizes) if total_length is None else total_length
    if longest < len(sequence.sizes):
        raise ArgumentError(f"pad_packed_sequence: a sequence is longer than total_length={total_length}")
    index = sequence_rows(sequence, longest)
    index = index.T if batch_first else index
    filler = data.new_full((1, *data.shape[1:]), padding_value)
    padded = concat([data, filler])[tensor(index.tolist(), device=data.device)]
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(0 if batch_first else 1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices.cpu()]
    return padded, lengths


def sequence_rows(sequence: PackedSequence, longest: int, reverse: bool = False) -> numpy.ndarray:
    """The row of `data` at each step of each sequence, as an array of shape (T, B); after its end their number."""
    steps, rows = sequence.places
    found = numpy.full((longest, sequence.sizes[0]), len(rows))
    found[sequence.lengths[rows] - 1 - steps if reverse else steps, rows] = numpy.arange(len(rows))
    return found


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of shapes (L, ...), by default the longest first: see `pack_padded_sequence`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.utils.rnn.pack_sequence([tp.tensor([1, 2, 3]), tp.tensor([4, 5])]).data
    tensor([1, 4, 2, 5, 3])
    """
    lengths = [one.shape[0] for one in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences that `pack_sequence` packed.

    Examples
    --------
    >>> import tensorplug as tp
    >>> packed = tp.nn.utils.rnn.pack_sequence([tp.tensor([1, 2]), tp.tensor([3])])
    >>> tp.nn.utils.rnn.unpack_sequence(packed)
    [tensor([1, 2]), tensor([3])]
    """
    return unpad_sequence(*pad_packed_sequence(packed_sequences, batch_first=True), batch_first=True)


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Stack sequences, made equally long by a value at their ends.

    Parameters
    ----------
    sequences : sequence of Tensor, shape (L, ...)
        Of different lengths.
    batch_first : bool, default: False
        Whether the result has the batch before the sequence.
    padding_value : float, default: 0
    padding_side : {"right", "left"}

    Returns
    -------
    Tensor, shape (T, B, ...) or (B, T, ...)

    Raises
    ------
    ValueError
        If there are none, or they differ in more than their lengths.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.utils.rnn.pad_sequence([tp.ones(3), tp.ones(1)], batch_first=True)
    tensor([[1., 1., 1.],
            [1., 0., 0.]])
    """
    given = list(sequences)
    shapes = [one.shape for one in given]
    if not given or not all(shapes) or len({shape[1:] for shape in shapes}) != 1:
        raise ShapeError(f"pad_sequence: got sequences of shapes {shapes}, wanted (L, ...) with one rest")
    if padding_side not in ("right", "left"):
        raise ArgumentError(f"pad_sequence: got padding_side {padding_side!r}, wanted 'right' or 'left'")
    longest = max(shape[0] for shape in shapes)
    padded = []
    for one in given:
        missing = longest - one.shape[0]
        ends = (0, missing) if padding_side == "right" else (missing, 0)
        padded.append(functional.pad(one, (0, 0) * (one.ndim - 1) + ends, value=padding_value))
    return stack(padded, axis=0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False
) -> list[Tensor]:
    """The sequences that `pad_sequence` stacked, without the padding at their ends.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.utils.rnn.unpad_sequence(tp.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    counts = lengths.tolist() if isinstance(lengths, Tensor) else lengths
    return [row[:count] for row, count in zip(rows, counts, strict=True)]
