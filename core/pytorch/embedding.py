"""Embedding of indices in vectors, and the bilinear layer, as in PyTorch."""

from __future__ import annotations

from typing import Any

from ..dispatch.keys import device_of
from ..dispatch.operation import operation
from ..families.function import function
from ..memory.coercion import same_device
from ..memory.structure import clone, reshape
from ..memory.tensor import Tensor
from ..memory.values import compute, inspect
from ..standard.bisection import searchsorted
from ..standard.creation import arange, ones_like, zeros
from ..standard.elementwise import clip, equal
from ..standard.linear_algebra import matmul, tensordot
from ..standard.positions import sums_at
from ..standard.searching import where
from ..types.axes import as_integer
from ..types.dtypes import int64
from ..types.errors import ArgumentError, DTypeError, ShapeError, UnsupportedError
from .scattering import index_reduce
from .selection import as_vector_of_indices, index_add, index_select

__all__ = ["bilinear", "embedding", "embedding_bag"]


@function()
def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """The vector of each index, a row of a matrix.

    Parameters
    ----------
    input : Tensor
        The indices, of an integer dtype.
    weight : Tensor, shape (V, D)
        The vectors.
    padding_idx : int, optional
        An index whose vector gets no gradient.
    max_norm, norm_type, sparse
        PyTorch's, of which only the defaults are supported: `max_norm` writes into `weight`, and gradients are dense.
    scale_grad_by_freq : bool, default: False
        Whether gradients are divided by how often the index occurs.

    Returns
    -------
    Tensor, shape (*input.shape, D)

    Raises
    ------
    IndexError
        If an index is out of range.
    NotImplementedError
        For `max_norm` and `sparse`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.embedding(tp.tensor([2, 0]), tp.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    tensor([[5., 6.],
            [1., 2.]])
    """
    place = _padding(input, weight, padding_idx, max_norm, sparse)
    flat = reshape(input, (-1,))
    found = index_select(weight, 0, flat)
    if scale_grad_by_freq:
        each = ones_like(flat, dtype=weight.dtype)
        counts = index_add(zeros(weight.shape[0], dtype=weight.dtype, device=weight.device), 0, flat, each)
        kept = found.detach()
        found = kept + (found - kept) / reshape(index_select(counts, 0, flat), (-1, 1))
    if place is not None:
        found = where(reshape(equal(flat, place), (-1, 1)), found.detach(), found)
    return reshape(found, (*input.shape, weight.shape[1]))


@function()
def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
    per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """Sums, means or largest elements of the vectors of bags of indices.

    Parameters
    ----------
    input : Tensor, shape (B, L) or (N,)
        The indices, of an integer dtype: a bag in each row, or bags one after the other.
    weight : Tensor, shape (V, D)
        The vectors.
    offsets : Tensor, shape (B,), optional
        Where the bags of a vector of indices start.
    max_norm, norm_type, scale_grad_by_freq, sparse
        Those of `embedding`.
    mode : {"mean", "sum", "max"}
    per_sample_weights : Tensor, optional
        What the vectors are multiplied by, in mode "sum"; the shape of `input`.
    include_last_offset : bool, default: False
        Whether `offsets` ends with the end of the last bag.
    padding_idx : int, optional
        An index that does not count.

    Returns
    -------
    Tensor, shape (B, D)
        Empty bags are zero.

    Raises
    ------
    IndexError
        If an index is out of range.
    ShapeError
        If the shapes do not fit.
    ValueError
        For other modes, or offsets that do not start at 0.

    Examples
    --------
    >>> import tensorplug as tp
    >>> weight = tp.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> tp.nn.functional.embedding_bag(tp.tensor([[0, 1], [1, 1]]), weight)
    tensor([[2., 3.],
            [3., 4.]])
    """
    if mode not in ("mean", "sum", "max") or (per_sample_weights is not None and mode != "sum"):
        raise ArgumentError(f"embedding_bag: got mode {mode!r}, wanted 'mean', 'sum' or 'max', 'sum' with weights")
    if input.ndim not in (1, 2) or (input.ndim == 1) == (offsets is None):
        raise ShapeError(
            f"embedding_bag: got an input of shape {input.shape}, wanted (B, L), or (N,) and offsets where bags start"
        )
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ShapeError(
            f"embedding_bag: got per_sample_weights of shape {per_sample_weights.shape}, wanted {input.shape}"
        )
    place = _padding(input, weight, padding_idx, max_norm, sparse)
    flat = reshape(input, (-1,))
    if offsets is None:
        bags, count = compute(_numbers_of_rows, input, dtype=int64), input.shape[0]
    else:
        count = offsets.shape[0] - bool(include_last_offset)
        bags = searchsorted(offsets[:count], arange(flat.shape[0], device=input.device), side="right") - 1
        inspect(_require_in_bags, bags)
    # Indices that do not count are in a bag behind the others.
    bags, total = (bags, count) if place is None else (where(equal(flat, place), count, bags), count + 1)
    vectors, rows = weight, as_vector_of_indices("embedding_bag", weight, 0, flat)
    if scale_grad_by_freq or mode == "max":
        vectors = embedding(flat, weight, padding_idx, None, norm_type, scale_grad_by_freq)
        rows = arange(flat.shape[0], device=input.device)
    if mode == "max":
        empty = zeros((total, weight.shape[1]), dtype=weight.dtype, device=weight.device)
        found = index_reduce(empty, 0, bags, vectors, "amax", include_self=False)
    else:
        each = ones_like(flat, dtype=weight.dtype)
        factors = each if per_sample_weights is None else reshape(per_sample_weights, (-1,))
        found = _sums_of_rows(clone(rows), bags, factors, vectors, count=total)
        if mode == "mean":
            found = found / reshape(clip(sums_at(each, bags, (total,), 0), 1.0), (-1, 1))
    return found if place is None else found[:count]


def _padding(input: Tensor, weight: Tensor, padding_idx: Any, max_norm: Any, sparse: Any) -> int | None:
    """Check the arguments of an embedding, and return the index that does not count."""
    if max_norm is not None:
        raise UnsupportedError(
            "embedding: max_norm writes into the weight and is not supported; use tensorplug.renorm on it instead"
        )
    if sparse:
        raise UnsupportedError("embedding: sparse gradients are not supported; leave sparse at False")
    if input.dtype.kind not in "iu" or weight.ndim != 2:
        raise DTypeError(
            f"embedding: got an input of {input.dtype} and a weight of shape {weight.shape}, wanted integers and (V, D)"
        )
    if padding_idx is None:
        return None
    place, rows = as_integer("embedding", "padding_idx", padding_idx), weight.shape[0]
    if not -rows <= place < rows:
        raise ArgumentError(f"embedding: got padding_idx {place}, wanted -{rows} to {rows - 1}")
    return place % rows


@operation(accepts="numeric")
def _sums_of_rows(ops: Any, sources: Any, targets: Any, factors: Any, x: Any, *, count: int) -> Any:
    """Rows of a matrix at indices, times factors, added at other indices to so many rows of zeros."""
    rows = ops.index(x, (sources,)) * ops.reshape(factors, (-1, 1))
    return ops.scatter_zeros(rows, (count, x.shape[1]), (targets,))


def _require_in_bags(bags: Any) -> None:
    if (bags < 0).any():
        raise ArgumentError("embedding_bag: got indices in front of the first bag, wanted offsets that start at 0")


def _numbers_of_rows(ops: Any, x: Any) -> Any:
    """The number of the row that each element of a matrix is in, as a vector."""
    numbers = ops.cast(ops.arange(x.shape[0], device=device_of(x)), "int64")
    return ops.reshape(ops.broadcast_to(ops.reshape(numbers, (-1, 1)), x.shape), (-1,))


@function(widens_half=True)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""A bilinear layer, :math:`y_k = x_1^T W_k x_2 + b_k`.

    Parameters
    ----------
    input1 : Tensor, shape (..., I)
        Of a numeric dtype; half-precision types are computed in float32.
    input2 : Tensor, shape (..., J)
    weight : Tensor, shape (K, I, J)
    bias : Tensor, shape (K,), optional

    Returns
    -------
    Tensor, shape (..., K)

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.bilinear(tp.tensor([1.0, 2.0]), tp.tensor([3.0]), tp.ones(1, 2, 1))
    tensor([9.])
    """
    input1, input2 = same_device("bilinear", input1, input2)
    sizes = (*input1.shape[-1:], *input2.shape[-1:])
    if input1.shape[:-1] != input2.shape[:-1] or weight.ndim != 3 or weight.shape[1:] != sizes:
        raise ShapeError(
            f"bilinear: got inputs of shapes {input1.shape} and {input2.shape} and a weight of shape {weight.shape}, "
            "wanted (..., I), (..., J) and (K, I, J)"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(f"bilinear: got a bias of shape {bias.shape}, wanted {weight.shape[:1]}")
    rows = tensordot(input1, weight, axes=((-1,), (1,)))
    found = matmul(rows, reshape(input2, (*input2.shape, 1)))
    found = reshape(found, found.shape[:-1])
    return found if bias is None else found + bias
