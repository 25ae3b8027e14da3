"""Scaled dot-product attention, as in PyTorch (Vaswani and others, "Attention is all you need", 2017)."""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..families.function import function
from ..memory.coercion import same_device
from ..memory.tensor import Tensor
from ..random.generator import dropout
from ..standard.creation import asarray
from ..standard.elementwise import equal, logical_not
from ..standard.linear_algebra import matmul
from ..standard.manipulation import matrix_transpose, repeat_interleave
from ..standard.utility import all
from ..types.axes import as_float
from ..types.dtypes import bool_
from ..types.errors import ArgumentError, DTypeError, ShapeError
from .selection import masked_fill
from .softmax import softmax

__all__ = ["scaled_dot_product_attention"]


@function(accepts="real-valued floating-point", widens_half=True)
def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: Any = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    r"""Means of values, weighted by the softmax of products of queries and keys.

    .. math:: \operatorname{softmax}(Q K^T / \sqrt{E} + M) V

    Parameters
    ----------
    query : Tensor, shape (..., L, E)
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    key : Tensor, shape (..., S, E)
    value : Tensor, shape (..., S, V)
    attn_mask : Tensor, shape (..., L, S), optional
        Booleans, False where a query must not see a key, or numbers that are added to the products. The result of a
        query that sees no key is zero.
    dropout_p : float, default: 0.0
        The probability of dropping a weight. It applies outside of training too.
    is_causal : bool, default: False
        Whether a query sees only the keys up to its own position; then there must be no mask.
    scale : float, optional
        The factor of the products; by default the reciprocal of the root of E.
    enable_gqa : bool, default: False
        Whether several queries share a key: the third axis from the end of `query` may be a multiple of the others'.

    Returns
    -------
    Tensor, shape (..., L, V)

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    ValueError
        If a mask is given where attention is causal.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[0.0, 0.0], [1.0, 2.0]])
    >>> tp.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
    tensor([[0.0000, 0.0000],
            [0.9717, 1.9434]])
    """
    key, value = (same_device("scaled_dot_product_attention", query, one)[1] for one in (key, value))
    _check_operands(query, key, value)
    if is_causal and attn_mask is not None:
        raise ArgumentError("scaled_dot_product_attention: got a mask and is_causal, wanted one of them")
    if enable_gqa:
        key, value = (repeat_interleave(one, query.shape[-3] // one.shape[-3], -3) for one in (key, value))
    factor = query.shape[-1] ** -0.5 if scale is None else as_float("scaled_dot_product_attention", "scale", scale)
    scores = matmul(query * factor, matrix_transpose(key))
    unseen = None
    if is_causal:
        rows, columns = scores.shape[-2:]
        later = numpy.tri(rows, columns) == 0
        scores = masked_fill(scores, asarray(later, device=query.device), -math.inf)
    elif attn_mask is not None:
        scores, unseen = _masked(scores, attn_mask)
    weights = softmax(scores, -1)
    if unseen is not None:
        weights = masked_fill(weights, unseen, 0.0)
    if dropout_p:
        weights = dropout(weights, dropout_p)
    return matmul(weights, value)


def _check_operands(query: Tensor, key: Tensor, value: Tensor) -> None:
    shapes = (query.shape, key.shape, value.shape)
    if min(map(len, shapes)) < 2 or query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"scaled_dot_product_attention: got shapes {shapes[0]}, {shapes[1]} and {shapes[2]}, wanted (..., L, E), "
            "(..., S, E) and (..., S, V)"
        )
    if not query.dtype is key.dtype is value.dtype:
        raise DTypeError(
            f"scaled_dot_product_attention: got {query.dtype}, {key.dtype} and {value.dtype}, wanted one dtype"
        )


def _masked(scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The products with a mask applied, and the queries that see no key, whose products are zero."""
    _, mask = same_device("scaled_dot_product_attention", scores, mask)
    if mask.dtype is bool_:
        scores = masked_fill(scores, logical_not(mask), -math.inf)
    elif mask.dtype is scores.dtype:
        scores = scores + mask
    else:
        raise DTypeError(
            f"scaled_dot_product_attention: got a mask of {mask.dtype}, wanted bool or that of the query, "
            f"{scores.dtype}"
        )
    unseen = all(equal(scores, -math.inf), axis=-1, keepdims=True)
    return masked_fill(scores, unseen, 0.0), unseen
