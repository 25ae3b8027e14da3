"""`MultiheadAttention`, and the transformer's encoder made of it."""

from __future__ import annotations

import copy
from typing import Any

from ..core import Tensor
from ..core.types.errors import ArgumentError
from . import functional, init
from .containers import ModuleList
from .dropout import Dropout
from .linear import Linear, new_parameter
from .module import Module
from .normalization import LayerNorm

__all__ = ["MultiheadAttention", "TransformerEncoder", "TransformerEncoderLayer"]


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
    add_bias_kv : bool, default: False
        Whether a key and a value that are parameters are added.
    add_zero_attn : bool, default: False
        Whether a key and a value of zeros are added.
    kdim, vdim : int, optional
        The lengths of keys and values, by default `embed_dim`.
    batch_first : bool, default: False
        Whether tensors have the batch before the sequence.
    device, dtype
        Of the parameters.

    Attributes
    ----------
    in_proj_weight : Tensor, shape (3 * embed_dim, embed_dim)
        The projections of queries, keys and values, one below the other; None if keys or values have other lengths, and
        then `q_proj_weight`, `k_proj_weight` and `v_proj_weight` are their projections.
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

    in_proj_weight: Tensor | None
    q_proj_weight: Tensor | None
    k_proj_weight: Tensor | None
    v_proj_weight: Tensor | None
    in_proj_bias: Tensor | None
    bias_k: Tensor | None
    bias_v: Tensor | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if num_heads < 1 or embed_dim % num_heads:
            raise ArgumentError(f"MultiheadAttention: {embed_dim} elements can't be split into {num_heads} heads")
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.add_zero_attn = add_zero_attn
        of = {"device": device, "dtype": dtype}
        lengths = [embed_dim if one is None else one for one in (embed_dim, kdim, vdim)]
        same = lengths == [embed_dim] * 3
        for name, length in zip(("q_proj_weight", "k_proj_weight", "v_proj_weight"), lengths, strict=True):
            self.register_parameter(name, None if same else new_parameter(embed_dim, length, **of))
        self.register_parameter("in_proj_weight", new_parameter(3 * embed_dim, embed_dim, **of) if same else None)
        self.register_parameter("in_proj_bias", new_parameter(3 * embed_dim, **of) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias, **of)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, new_parameter(1, 1, embed_dim, **of) if add_bias_kv else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

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
        key, value : Tensor, shape (S, N, kdim) and (S, N, vdim)
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
        swapped = self.batch_first and query.ndim == 3
        query, key, value = (one.transpose(0, 1) if swapped else one for one in (query, key, value))
        same = self.in_proj_weight is not None
        output, weights = functional.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not same,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return output.transpose(0, 1) if swapped else output, weights


def activation_of(layer: str, activation: Any) -> Any:
    """The function between the two layers of a transformer's network, given it or its name."""
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise ArgumentError(f"{layer}: got activation {activation!r}, wanted 'relu' or 'gelu'")
    return getattr(functional, activation)


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
        of = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **of)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **of)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **of)
        self.norm_first = norm_first
        self.norm1, self.norm2 = (LayerNorm(d_model, layer_norm_eps, bias=bias, **of) for _ in range(2))
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)
        self.activation = activation_of("TransformerEncoderLayer", activation)

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
