"""The transformer's decoder, and `Transformer`, an encoder and a decoder."""

from __future__ import annotations

import copy
import math
from typing import Any

from ..core import Tensor
from ..core.standard.creation import full
from ..core.standard.manipulation import triu
from . import init
from .attention import MultiheadAttention, TransformerEncoder, TransformerEncoderLayer, activation_of
from .containers import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

__all__ = ["Transformer", "TransformerDecoder", "TransformerDecoderLayer"]


class TransformerDecoderLayer(Module):
    """Attention of a sequence to itself and to another one, and a network of two layers, each added to its input.

    The parameters are those of `TransformerEncoderLayer`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
    >>> layer(tp.zeros(2, 5, 8), tp.zeros(2, 3, 8)).shape
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
        self.self_attn, self.multihead_attn = (
            MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **of) for _ in range(2)
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, **of)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **of)
        self.norm_first = norm_first
        self.norm1, self.norm2, self.norm3 = (LayerNorm(d_model, layer_norm_eps, bias=bias, **of) for _ in range(3))
        self.dropout1, self.dropout2, self.dropout3 = (Dropout(dropout) for _ in range(3))
        self.activation = activation_of("TransformerDecoderLayer", activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Decode a sequence, given what the encoder made of another one; the masks are those of attention."""

        def to_itself(x: Tensor) -> Tensor:
            found, _ = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)
            out: Tensor = self.dropout1(found)
            return out

        def to_memory(x: Tensor) -> Tensor:
            found, _ = self.multihead_attn(
                x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal
            )
            out: Tensor = self.dropout2(found)
            return out

        def fed(x: Tensor) -> Tensor:
            out: Tensor = self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))
            return out

        x = tgt
        for part, norm in ((to_itself, self.norm1), (to_memory, self.norm2), (fed, self.norm3)):
            x = x + part(norm(x)) if self.norm_first else norm(x + part(x))
        return x


class TransformerDecoder(Module):
    """Decoder layers one after another.

    Parameters
    ----------
    decoder_layer : Module
        Each layer begins as a copy of it.
    num_layers : int
    norm : Module, optional
        Applied at the end.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
    >>> tp.nn.TransformerDecoder(layer, 2)(tp.zeros(2, 5, 8), tp.zeros(2, 3, 8)).shape
    (2, 5, 8)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.layers = ModuleList(copy.deepcopy(decoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.register_module("norm", norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Decode a sequence, as `TransformerDecoderLayer` does."""
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks, tgt_is_causal, memory_is_causal)
        norm = self._modules["norm"]
        return tgt if norm is None else norm(tgt)


class Transformer(Module):
    """An encoder and a decoder (Vaswani et al., "Attention is all you need", 2017).

    Parameters
    ----------
    d_model : int, default: 512
    nhead : int, default: 8
    num_encoder_layers, num_decoder_layers : int, default: 6
    dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype
        Those of `TransformerEncoderLayer`.
    custom_encoder, custom_decoder : Module, optional
        In place of `TransformerEncoder` and `TransformerDecoder`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> network = tp.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
    >>> mask = network.generate_square_subsequent_mask(3)
    >>> network(tp.zeros(2, 5, 8), tp.zeros(2, 3, 8), tgt_mask=mask).shape
    (2, 3, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        of = {"bias": bias, "device": device, "dtype": dtype}
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first)
        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*options, **of), num_encoder_layers, LayerNorm(d_model, layer_norm_eps, **of)
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*options, **of), num_decoder_layers, LayerNorm(d_model, layer_norm_eps, **of)
        )
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """A mask that forbids attention to what comes later: -inf above the diagonal, and zeros."""
        return triu(full((sz, sz), -math.inf, dtype=dtype, device=device), k=1)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool = False,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Encode one sequence, and decode another with it; the masks are those of `MultiheadAttention`."""
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        found: Tensor = self.decoder(tgt, memory, *masks, tgt_is_causal, memory_is_causal)
        return found
