"""PyTorch's `torch.nn.functional`: activations, distances, dropout, linear layers and losses as functions."""

from __future__ import annotations

import typing
import warnings

from ..core.memory.tensor import Tensor
from ..core.pytorch import activations as _activations
from ..core.pytorch import adaptive_pooling as _adaptive_pooling
from ..core.pytorch import attention as _attention
from ..core.pytorch import convolution as _convolution
from ..core.pytorch import distances as _distances
from ..core.pytorch import dropout as _dropout
from ..core.pytorch import embedding as _embedding
from ..core.pytorch import fractional_pooling as _fractional_pooling
from ..core.pytorch import interpolation as _interpolation
from ..core.pytorch import multi_head_attention as _multi_head_attention
from ..core.pytorch import normalization as _normalization
from ..core.pytorch import padding as _padding
from ..core.pytorch import piecewise as _piecewise
from ..core.pytorch import pooling as _pooling
from ..core.pytorch import sampling_grids as _sampling_grids
from ..core.pytorch import shuffling as _shuffling
from ..core.pytorch import softmax as _softmax
from ..core.pytorch import unpooling as _unpooling
from ..core.pytorch import windows as _windows
from ..core.pytorch.activations import *
from ..core.pytorch.adaptive_pooling import *
from ..core.pytorch.attention import *
from ..core.pytorch.constructors import one_hot as one_hot
from ..core.pytorch.convolution import *
from ..core.pytorch.distances import *
from ..core.pytorch.dropout import *
from ..core.pytorch.embedding import *
from ..core.pytorch.fractional_pooling import *
from ..core.pytorch.interpolation import *
from ..core.pytorch.multi_head_attention import *
from ..core.pytorch.normalization import *
from ..core.pytorch.padding import *
from ..core.pytorch.piecewise import *
from ..core.pytorch.pooling import *
from ..core.pytorch.sampling_grids import *
from ..core.pytorch.shuffling import *
from ..core.pytorch.softmax import logsumexp as logsumexp
from ..core.pytorch.unpooling import *
from ..core.pytorch.windows import *
from ..core.random.generator import dropout as dropout
from ..core.standard import elementwise as _elementwise
from ..core.standard.creation import empty_like as _empty_like
from ..core.standard.creation import zeros_like as _zeros_like
from ..core.standard.elementwise import sigmoid as sigmoid
from ..core.standard.elementwise import tanh as tanh
from ..core.standard.linear_algebra import linear as linear
from ..losses import functional as _losses
from ..losses.functional import *

# Type checkers cannot evaluate this list; a star import re-exports names for them.
if not typing.TYPE_CHECKING:
    __all__ = [
        "dropout",
        "gumbel_softmax",
        "linear",
        "log_softmax",
        "logsumexp",
        "one_hot",
        "relu",
        "sigmoid",
        "softmax",
        "softmin",
        "tanh",
    ]
    for _chapter in (
        _activations,
        _adaptive_pooling,
        _attention,
        _convolution,
        _distances,
        _dropout,
        _embedding,
        _fractional_pooling,
        _interpolation,
        _losses,
        _multi_head_attention,
        _normalization,
        _padding,
        _piecewise,
        _pooling,
        _sampling_grids,
        _shuffling,
        _unpooling,
        _windows,
    ):
        __all__ += _chapter.__all__


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Rectified linear unit, in place if `inplace` is true.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([-1.0, 2.0])
    >>> tp.nn.functional.relu(x, inplace=True) is x
    True
    >>> x
    tensor([0., 2.])
    """
    return input.relu_() if inplace else _elementwise.relu(input)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: typing.Any = None) -> Tensor:
    """Softmax along an axis: `tensorplug.softmax` with PyTorch's signature.

    Parameters
    ----------
    input : Tensor
    dim : int, optional
        The axis along which the results sum to 1. Without it there is a warning, and the axis depends on the number of
        axes, as in PyTorch.
    dtype : dtype, optional
        The dtype that `input` is converted to first.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.softmax(tp.tensor([[0.0, 0.0], [1.0, 3.0]]), dim=1)
    tensor([[0.5000, 0.5000],
            [0.1192, 0.8808]])
    """
    return _softmax.softmax(input, _axis("softmax", input, dim, _stacklevel), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: typing.Any = None) -> Tensor:
    """Logarithm of softmax: `tensorplug.log_softmax` with PyTorch's signature; see `softmax` for the parameters.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.log_softmax(tp.tensor([0.0, 1000.0]), dim=0)
    tensor([-1000.,     0.])
    """
    return _softmax.log_softmax(input, _axis("log_softmax", input, dim, _stacklevel), dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: typing.Any = None) -> Tensor:
    """The softmax of the negated elements, whose parameters are those of `softmax`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.softmin(tp.tensor([[0.0, 0.0], [1.0, 3.0]]), dim=1)
    tensor([[0.5000, 0.5000],
            [0.8808, 0.1192]])
    """
    return _softmax.softmax(-input, _axis("softmin", input, dim, _stacklevel), dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A random sample from the Gumbel-softmax distribution (Jang et al., 2017), which is differentiable.

    Parameters
    ----------
    logits : Tensor
        The logarithms of probabilities, not normalized.
    tau : float, default: 1
        The temperature.
    hard : bool, default: False
        Whether the sample is one-hot, with the gradient of the soft one.
    eps
        PyTorch's, without effect.
    dim : int, default: -1

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.gumbel_softmax(tp.zeros(2, 3), hard=True).sum(1)
    tensor([1., 1.])
    """
    noise = -_empty_like(logits).exponential_().log()
    soft = _softmax.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    place = soft.detach().argmax(dim, keepdim=True)
    chosen = _zeros_like(logits.detach()).scatter_(dim, place, 1.0)
    return chosen - soft.detach() + soft


def _axis(operation: str, input: Tensor, dim: int | None, stacklevel: int) -> int | None:
    """`dim`, or else PyTorch's default axis, with a warning."""
    if dim is not None or not isinstance(input, Tensor):
        return dim
    axis = 0 if input.ndim in (0, 1, 3) else 1
    message = f"{operation}: no dim is given, so axis {axis} is used for {input.ndim} axes; pass dim"
    warnings.warn(message, stacklevel=stacklevel)
    return axis
