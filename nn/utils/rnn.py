"""`tensorplug.nn.utils.rnn`: sequences of different lengths in one tensor."""

from __future__ import annotations

from collections.abc import Sequence

from ...core import Tensor
from ...core.standard.manipulation import stack
from ...core.types.errors import ArgumentError, ShapeError
from .. import functional

__all__ = ["pad_sequence", "unpad_sequence"]


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
