"""Attention of several heads with projections of its own, as in PyTorch; `nn.MultiheadAttention` calls it."""

from __future__ import annotations

import builtins
import math
from typing import Any

from ..families.function import function
from ..memory.structure import broadcast_to, reshape
from ..memory.tensor import Tensor
from ..random.generator import dropout
from ..standard.creation import zeros
from ..standard.linear_algebra import linear, matmul
from ..standard.manipulation import chunk, concat, expand_dims, matrix_transpose, squeeze, transpose
from ..standard.statistical import mean
from ..types.dtypes import bool_
from ..types.errors import ArgumentError, ShapeError
from .padding import pad_with
from .selection import masked_fill
from .softmax import softmax

__all__ = ["multi_head_attention_forward"]


@function(accepts="real-valued floating-point")
def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True,
    key_padding_mask: Tensor | None = None, need_weights: bool = True, attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None, static_k: Tensor | None = None, static_v: Tensor | None = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """Attend to values by how well their keys fit the queries, in several heads; see `nn.MultiheadAttention`.

    Parameters
    ----------
    query : Tensor, shape (L, N, E) or (L, E)
        Of a real-valued floating-point dtype.
    key : Tensor, shape (S, N, K) or (S, K)
    value : Tensor, shape (S, N, V) or (S, V)
    embed_dim_to_check : int
        E, which the number of heads divides.
    num_heads : int
    in_proj_weight : Tensor, shape (3 * E, E)
        The projections of queries, keys and values, one below the other.
    in_proj_bias : Tensor, shape (3 * E,), or None
    bias_k, bias_v : Tensor, shape (1, 1, E), or None
        A key and a value that are added to the projected ones.
    add_zero_attn : bool
        Whether a key and a value of zeros are added.
    dropout_p : float
        The probability of dropping a weight in training.
    out_proj_weight : Tensor, shape (E, E)
        The projection of the result.
    out_proj_bias : Tensor, shape (E,), or None
    training : bool, default: True
    key_padding_mask : Tensor, shape (N, S) or (S,), optional
        True for keys that are left out, or numbers added to the scores.
    need_weights : bool, default: True
        Whether the weights are returned too.
    attn_mask : Tensor, shape (L, S) or (N * num_heads, L, S), optional
        True where attention is forbidden, or numbers added to the scores.
    use_separate_proj_weight : bool, default: False
        Whether `q_proj_weight`, `k_proj_weight` and `v_proj_weight` project, of shapes (E, E), (E, K) and (E, V).
    static_k, static_v : Tensor, shape (N * num_heads, S, E / num_heads), optional
        In place of the projected keys and values.
    average_attn_weights : bool, default: True
        Whether the weights returned are the mean over heads.
    is_causal : bool, default: False
        Whether `attn_mask` forbids what comes later; it must be given.

    Returns
    -------
    output : Tensor
        Of the shape of `query`.
    weights : Tensor, shape (N, L, S) or (N, num_heads, L, S), or None

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    ValueError
        If the number of heads does not divide E, or `is_causal` comes without a mask.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x, weight = tp.zeros(5, 2, 8), tp.zeros(24, 8)
    >>> attend = tp.nn.functional.multi_head_attention_forward
    >>> attend(x, x, x, 8, 2, weight, None, None, None, False, 0.0, tp.eye(8), None)[1].shape
    (2, 5, 5)
    """
    name = "multi_head_attention_forward"
    if num_heads < 1 or embed_dim_to_check % num_heads:
        raise ArgumentError(f"{name}: {embed_dim_to_check} elements can't be split into {num_heads} heads")
    if is_causal and attn_mask is None:
        raise ArgumentError(f"{name}: is_causal wants attn_mask, as in PyTorch")
    _require_shapes(query, key, value, embed_dim_to_check)
    batched = query.ndim == 3
    inputs = [x if batched else expand_dims(x, 1) for x in (query, key, value)]
    weights: list[Any]
    if use_separate_proj_weight:
        weights = [q_proj_weight, k_proj_weight, v_proj_weight]
    else:
        weights = [None] * 3 if in_proj_weight is None else list(chunk(in_proj_weight, 3))
    if any(one is None for one in weights):
        wanted = "q_proj_weight, k_proj_weight and v_proj_weight" if use_separate_proj_weight else "in_proj_weight"
        raise ArgumentError(f"{name}: got no {wanted}")
    biases = [None] * 3 if in_proj_bias is None else list(chunk(in_proj_bias, 3))
    q, k, v = (linear(x, weight, bias) for x, weight, bias in zip(inputs, weights, biases, strict=True))
    count = q.shape[1]
    if bias_k is not None and bias_v is not None:
        k, v = (concat([x, broadcast_to(one, (1, count, x.shape[2]))]) for x, one in ((k, bias_k), (v, bias_v)))
    # (N, num_heads, length, E / num_heads)
    queries, keys, values = (
        transpose(transpose(reshape(x, (x.shape[0], count, num_heads, -1)), 0, 1), 1, 2) for x in (q, k, v)
    )
    keys, values = (
        x if one is None else reshape(one, (count, num_heads, *one.shape[1:]))
        for x, one in ((keys, static_k), (values, static_v))
    )
    if add_zero_attn:
        keys, values = (pad_with(x, [(0, 1), (0, 0)], 0) for x in (keys, values))
    scores = matmul(queries * queries.shape[-1] ** -0.5, matrix_transpose(keys))
    more = (bias_k is not None) + builtins.bool(add_zero_attn)
    padding = key_padding_mask if batched or key_padding_mask is None else expand_dims(key_padding_mask, 0)
    if attn_mask is not None:
        scores = scores + _bias(name, "attn_mask", attn_mask, scores, more)
    if padding is not None:
        if padding.ndim != 2:
            raise ShapeError(f"{name}: got key_padding_mask of shape {padding.shape}, wanted {(count, key.shape[0])}")
        rows = reshape(padding, (padding.shape[0], 1, 1, padding.shape[1]))
        scores = scores + _bias(name, "key_padding_mask", rows, scores, more)
    shares = dropout(softmax(scores, -1), dropout_p, training)
    joined = transpose(transpose(matmul(shares, values), 1, 2), 0, 1)
    output = linear(reshape(joined, (*joined.shape[:2], embed_dim_to_check)), out_proj_weight, out_proj_bias)
    shares = mean(shares, axis=1) if average_attn_weights else shares
    if not batched:
        output, shares = squeeze(output, 1), squeeze(shares, 0)
    return output, shares if need_weights else None


def _require_shapes(query: Tensor, key: Tensor, value: Tensor, size: int) -> None:
    ndim = query.ndim
    if (
        ndim not in (2, 3)
        or not ndim == key.ndim == value.ndim
        or query.shape[-1] != size
        or key.shape[:-1] != value.shape[:-1]
        or (ndim == 3 and key.shape[1] != query.shape[1])
    ):
        raise ShapeError(
            f"multi_head_attention_forward: got shapes {query.shape}, {key.shape} and {value.shape}, wanted "
            f"(L, N, {size}), (S, N, K) and (S, N, V), or these without N"
        )


def _bias(operation: str, name: str, mask: Tensor, scores: Tensor, more: int) -> Tensor:
    """What a mask adds to the scores, with so many further keys that every query sees."""
    shape = (*scores.shape[:-1], scores.shape[-1] - more)
    given = reshape(mask, (-1, *shape[1:])) if mask.ndim == 3 and mask.shape[1:] == shape[2:] else mask
    if any(n not in (1, length) for n, length in zip(reversed(given.shape), reversed(shape), strict=False)) or (
        given.shape[-1:] != shape[-1:] or given.ndim == 3
    ):
        each = f"{shape[2:]} or {(shape[0] * shape[1], *shape[2:])}"
        wanted = each if name == "attn_mask" else f"{(shape[0], shape[-1])}"
        raise ShapeError(f"{operation}: got {name} of shape {mask.shape}, wanted {wanted}")
    if given.dtype is bool_:
        given = masked_fill(zeros(given.shape, dtype=scores.dtype, device=scores.device), given, -math.inf)
    return pad_with(given, [(0, more)], 0)
