"""`MultiheadAttention`, and the transformer's encoder made of it."""

from __future__ import annotations

import copy
import math
from typing import Any

from ..core import Tensor
from ..core.pytorch.selection import masked_fill
from ..core.standard.creation import zeros
from ..core.standard.manipulation import chunk
from ..core.types.dtypes import bool_
from ..core.types.errors import ArgumentError, ShapeError
from . import functional, init
from .containers import ModuleList
from .dropout import Dropout
from .linear import Linear, new_parameter
from .module import Module
from .normalization import LayerNorm

__all__ = ["MultiheadAttention", "TransformerEncoder", "TransformerEncoderLayer"]


def _as_bias(mask: Tensor, like: Tensor) -> Tensor:
    """A mask, true where attention is forbidden, as what is added to the scores; one of numbers is that already."""
    if mask.dtype is not bool_:
        return mask
    return masked_fill(zeros(mask.shape, dtype=like.dtype, device=like.device), mask, -math.inf)


class MultiheadAttention(Module):
    """Attention of several heads (Vaswani et al., "Attention is all you need", 2017).

    Parameters
    ----------
    embed_dim, num_heads : int
        The length of queries, keys and values, which the number of heads divides.
    dropout : float, default: 0
        The probability of dropout of the attention.
    bias : bool, default: True
        Whether the projections have one.
    batch_first : bool, default: False
        Whether tensors have the batch before the sequence.
    device, dtype
        Of the parameters.

    Attributes
    ----------
    in_proj_weight : Tensor, shape (3 * embed_dim, embed_dim)
        The projections of queries, keys and values, one below the other.
    in_proj_bias : Tensor, shape (3 * embed_dim,), or None
    out_proj : Linear

    Raises
    ------
    ValueError
        If `num_heads` does not divide `embed_dim`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.zeros(2, 5, 8)
    >>> output, weights = tp.nn.MultiheadAttention(8, 2, batch_first=True)(x, x, x)
    >>> output.shape, weights.shape
    ((2, 5, 8), (2, 5, 5))
    """

    in_proj_weight: Tensor
    in_proj_bias: Tensor | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if num_heads < 1 or embed_dim % num_heads:
            raise ArgumentError(f"MultiheadAttention: {embed_dim} elements can't be split into {num_heads} heads")
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        of = {"device": device, "dtype": dtype}
        self.in_proj_weight = new_parameter(3 * embed_dim, embed_dim, **of)
        self.register_parameter("in_proj_bias", new_parameter(3 * embed_dim, **of) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias, **of)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.xavier_uniform_(self.in_proj_weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend to values by how well their keys fit the queries.

        Parameters
        ----------
        query : Tensor, shape (L, N, embed_dim)
        key, value : Tensor, shape (S, N, embed_dim)
            With `batch_first` the first two axes are swapped; without a batch the second is missing.
        key_padding_mask : Tensor, shape (N, S), optional
            True for keys that are left out, or numbers added to the scores.
        need_weights : bool, default: True
            Whether the attention is returned too.
        attn_mask : Tensor, shape (L, S) or (N * num_heads, L, S), optional
            True where attention is forbidden, or numbers added to the scores.
        average_attn_weights : bool, default: True
            Whether the attention returned is the mean over heads.
        is_causal : bool, default: False
            Whether `attn_mask` forbids what comes later; it must be given.

        Returns
        -------
        output : Tensor
            Of the shape of `query`.
        weights : Tensor, shape (N, L, S) or (N, num_heads, L, S), or None
        """
        batched = query.ndim == 3
        if query.ndim not in (2, 3) or not query.shape[-1] == key.shape[-1] == value.shape[-1] == self.embed_dim:
            raise ShapeError(
                f"MultiheadAttention: got shapes {query.shape}, {key.shape} and {value.shape}, wanted two or three "
                f"axes, the last of length {self.embed_dim}"
            )
        if is_causal and attn_mask is None:
            raise ArgumentError("MultiheadAttention: is_causal wants attn_mask, as in PyTorch")
        if not batched:
            query, key, value = (one.unsqueeze(0) for one in (query, key, value))
        elif not self.batch_first:
            query, key, value = (one.transpose(0, 1) for one in (query, key, value))
        queries, keys, values = self._heads(query, key, value)
        bias = self._bias(queries, keys, attn_mask, key_padding_mask, batched)
        scores = queries @ keys.mT / (self.embed_dim // self.num_heads) ** 0.5
        weights = functional.softmax(scores if bias is None else scores + bias, -1)
        attention = functional.dropout(weights, self.dropout, self.training)
        joined = (attention @ values).transpose(1, 2).flatten(2)
        output = self.out_proj(joined)
        weights = weights.mean(1) if average_attn_weights else weights
        if not batched:
            return output.squeeze(0), weights.squeeze(0) if need_weights else None
        return output if self.batch_first else output.transpose(0, 1), weights if need_weights else None

    def _heads(self, *inputs: Tensor) -> list[Tensor]:
        """Projections of shape (N, num_heads, length, embed_dim / num_heads)."""
        biases: Any = (None,) * 3 if self.in_proj_bias is None else chunk(self.in_proj_bias, 3)
        found = []
        for x, weight, bias in zip(inputs, chunk(self.in_proj_weight, 3), biases, strict=True):
            projected = functional.linear(x, weight, bias)
            found.append(projected.unflatten(-1, (self.num_heads, -1)).transpose(1, 2))
        return found

    def _bias(
        self, queries: Tensor, keys: Tensor, mask: Tensor | None, padding: Tensor | None, batched: bool
    ) -> Tensor | None:
        """What the masks add to the scores."""
        bias: Tensor | None = None
        if mask is not None:
            given = mask if mask.ndim == 2 else mask.reshape((-1, self.num_heads, *mask.shape[-2:]))
            wanted = (queries.shape[-2], keys.shape[-2])
            if given.shape[-2:] != wanted:
                raise ShapeError(f"MultiheadAttention: got attn_mask of shape {mask.shape}, wanted (..., {wanted})")
            bias = _as_bias(given, queries)
        if padding is not None:
            padding = padding if batched else padding.unsqueeze(0)
            if padding.shape != (keys.shape[0], keys.shape[-2]):
                raise ShapeError(
                    f"MultiheadAttention: got key_padding_mask of shape {padding.shape}, wanted "
                    f"{(keys.shape[0], keys.shape[-2])}"
                )
            more = _as_bias(padding, queries)[:, None, None, :]
            bias = more if bias is None else bias + more
        return bias


class TransformerEncoderLayer(Module):
    """Attention of a sequence to itself and a network of two layers, each added to its input and normalized.

    Parameters
    ----------
    d_model, nhead : int
        The length of the elements of the sequence, and the number of heads.
    dim_feedforward : int, default: 2048
    dropout : float, default: 0.1
    activation : {"relu", "gelu"} or callable
    layer_norm_eps : float, default: 1e-5
    batch_first : bool, default: False
        Whether tensors have the batch before the sequence.
    norm_first : bool, default: False
        Whether the inputs are normalized instead of the sums.
    bias : bool, default: True
        Whether layers have one.
    device, dtype
        Of the parameters.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)(tp.zeros(2, 5, 8)).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if isinstance(activation, str) and activation not in ("relu", "gelu"):
            raise ArgumentError(f"TransformerEncoderLayer: got activation {activation!r}, wanted 'relu' or 'gelu'")
        of = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **of)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **of)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **of)
        self.norm_first = norm_first
        self.norm1, self.norm2 = (LayerNorm(d_model, layer_norm_eps, bias=bias, **of) for _ in range(2))
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)
        self.activation = getattr(functional, activation) if isinstance(activation, str) else activation

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Encode a sequence; the masks are those of `MultiheadAttention`."""

        def attended(x: Tensor) -> Tensor:
            found, _ = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)
            out: Tensor = self.dropout1(found)
            return out

        def fed(x: Tensor) -> Tensor:
            out: Tensor = self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))
            return out

        x = src
        if self.norm_first:
            x = x + attended(self.norm1(x))
            return x + fed(self.norm2(x))
        x = self.norm1(x + attended(x))
        found: Tensor = self.norm2(x + fed(x))
        return found


class TransformerEncoder(Module):
    """Encoder layers one after another.

    Parameters
    ----------
    encoder_layer : Module
        Each layer begins as a copy of it.
    num_layers : int
    norm : Module, optional
        Applied at the end.
    enable_nested_tensor, mask_check
        Accepted for PyTorch's sake, and without effect.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> tp.nn.TransformerEncoder(layer, 2)(tp.zeros(2, 5, 8)).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.register_module("norm", norm)

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Encode a sequence; the masks are those of `MultiheadAttention`."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, bool(is_causal))
        norm = self._modules["norm"]
        return src if norm is None else norm(src)
