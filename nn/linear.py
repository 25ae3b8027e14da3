"""Linear, bilinear and embedding layers, and those that change the shape alone."""

from __future__ import annotations

import math
from typing import Any

from ..core import Tensor
from ..core.standard.creation import empty
from ..core.standard.manipulation import flatten
from . import functional, init
from .module import Module
from .parameter import Parameter

__all__ = ["Bilinear", "Embedding", "EmbeddingBag", "Flatten", "Identity", "Linear", "Unflatten"]


def new_parameter(*shape: int, device: Any = None, dtype: Any = None) -> Tensor:
    """A parameter without values yet."""
    return Parameter(empty(*shape, dtype=dtype, device=device))


def fill_uniform(bound: float, *parameters: Tensor | None) -> None:
    """Uniform random numbers in [-bound, bound) for parameters."""
    for parameter in parameters:
        if parameter is not None:
            init.uniform_(parameter, -bound, bound)


class Identity(Module):
    """The input itself; arguments are ignored.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Identity(54)(tp.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        """Return the input."""
        return input


class Linear(Module):
    """A linear layer, ``input @ weight.T + bias``.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool, default: True
        Whether there is one.
    device, dtype
        Of the parameters.

    Attributes
    ----------
    weight : Tensor, shape (out_features, in_features)
        At first uniform in ``1 / sqrt(in_features)`` around zero, as is the bias.
    bias : Tensor, shape (out_features,), or None

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Linear(3, 2)(tp.zeros(5, 3)).shape
    (5, 2)
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        self.in_features, self.out_features = in_features, out_features
        self.weight = new_parameter(out_features, in_features, device=device, dtype=dtype)
        self.register_parameter("bias", new_parameter(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        fill_uniform(1 / math.sqrt(self.in_features) if self.in_features else 0.0, self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layer to the last axis."""
        return functional.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """A bilinear layer: see `nn.functional.bilinear`.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
    bias : bool, default: True
        Whether there is one.
    device, dtype
        Of the parameters.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Bilinear(2, 3, 4)(tp.zeros(5, 2), tp.zeros(5, 3)).shape
    (5, 4)
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = new_parameter(out_features, in1_features, in2_features, device=device, dtype=dtype)
        self.register_parameter("bias", new_parameter(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        fill_uniform(1 / math.sqrt(self.in1_features), self.weight, self.bias)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """Apply the layer to the last axes."""
        return functional.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        sizes = ("in1_features", "in2_features", "out_features")
        return ", ".join(f"{name}={getattr(self, name)}" for name in sizes) + f", bias={self.bias is not None}"


class EmbeddingBag(Module):
    """Sums, means or largest elements of the vectors of bags of indices, from a table.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        How many vectors, and how long.
    max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_idx
        Those of `tensorplug.nn.functional.embedding_bag`.
    device, dtype
        Of the parameter.

    Attributes
    ----------
    weight : Tensor, shape (num_embeddings, embedding_dim)
        At first normal random numbers.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.EmbeddingBag(10, 3)(tp.tensor([1, 2, 4]), tp.tensor([0, 1])).shape
    (2, 3)
    """

    weight: Tensor

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.num_embeddings, self.embedding_dim, self.mode, self.sparse = num_embeddings, embedding_dim, mode, sparse
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.include_last_offset, self.padding_idx = include_last_offset, padding_idx
        self.weight = new_parameter(num_embeddings, embedding_dim, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameter anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            init.zeros_(self.weight.detach()[self.padding_idx])

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        """Look up bags of indices: the rows of a matrix, or those of a vector that begin at `offsets`."""
        return functional.embedding_bag(
            *(input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode),
            *(self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx),
        )

    def extra_repr(self) -> str:
        """The sizes and options."""
        before = _changed(self, max_norm=None, norm_type=2.0, scale_grad_by_freq=False)
        after = _changed(self, padding_idx=None)
        return f"{self.num_embeddings}, {self.embedding_dim}{before}, mode={self.mode!r}{after}"


def _changed(module: Module, **defaults: Any) -> str:
    """The attributes that differ from defaults, as `repr` shows them."""
    values = {name: getattr(module, name) for name in defaults}
    return "".join(f", {name}={value}" for name, value in values.items() if value != defaults[name])


class Embedding(Module):
    """A table of vectors, looked up by index.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        How many vectors, and how long.
    padding_idx : int, optional
        The index of a vector that is zero at first and gets no gradient.
    max_norm, norm_type, scale_grad_by_freq, sparse
        Those of `tensorplug.nn.functional.embedding`.
    device, dtype
        Of the parameter.

    Attributes
    ----------
    weight : Tensor, shape (num_embeddings, embedding_dim)
        At first normal random numbers.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Embedding(10, 3, padding_idx=0)(tp.tensor([[0, 4]])).shape
    (1, 2, 3)
    """

    weight: Tensor

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.num_embeddings, self.embedding_dim, self.sparse = num_embeddings, embedding_dim, sparse
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise IndexError(f"Embedding: padding_idx {padding_idx} is out of range for {num_embeddings} vectors")
        self.padding_idx = padding_idx if padding_idx is None else padding_idx % num_embeddings
        self.weight = new_parameter(num_embeddings, embedding_dim, device=device, dtype=dtype)
        self.reset_parameters()

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, *options: Any, **named: Any
    ) -> Embedding:
        """A layer with a given table, by default one that is not trained; further options are those of the class."""
        count, length = embeddings.shape
        made = cls(count, length, padding_idx, *options, **named)
        made.weight.data = embeddings.detach()
        made.weight.requires_grad_(not freeze)
        return made

    def reset_parameters(self) -> None:
        """Draw the parameter anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            init.zeros_(self.weight.detach()[self.padding_idx])

    def forward(self, input: Tensor) -> Tensor:
        """Look up vectors."""
        options = (self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
        return functional.embedding(input, self.weight, *options)

    def extra_repr(self) -> str:
        """The sizes and options."""
        options = _changed(self, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False)
        return f"{self.num_embeddings}, {self.embedding_dim}{options}"


class Flatten(Module):
    """Axes joined into one, by default all but the first.

    Parameters
    ----------
    start_dim, end_dim : int, default: 1, -1

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Flatten()(tp.zeros(2, 3, 4)).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        """Join the axes."""
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """An axis split into several: see `Tensor.unflatten`.

    Parameters
    ----------
    dim : int
    unflattened_size : sequence of int

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Unflatten(1, (3, 4))(tp.zeros(2, 12)).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        """Split the axis."""
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """The axis and the sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
