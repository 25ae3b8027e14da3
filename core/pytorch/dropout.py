"""Dropout of whole channels, and dropout for networks of `selu`, as in PyTorch."""

from __future__ import annotations

import math
import warnings

from ..families.function import function
from ..memory.tensor import Tensor
from ..random.generator import dropout_factors_for
from ..types.errors import ShapeError

__all__ = ["alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

_SATURATION = 1.7580993408473766
"""What `selu` tends to for negative arguments, with the other sign."""


@function(accepts="floating-point")
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels of (N, C, L) or (C, L); the parameters are those of `dropout`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.dropout1d(tp.ones(1, 2, 3), 1.0)
    tensor([[[0., 0., 0.],
             [0., 0., 0.]]])
    """
    if input.ndim not in (2, 3):
        raise ShapeError(f"dropout1d: got an input of shape {input.shape}, wanted (N, C, L) or (C, L)")
    return _drop("dropout1d", input, p, training, _channels(input, input.ndim - 1))


@function(accepts="floating-point")
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels of (N, C, H, W); the parameters are those of `dropout`.

    Three axes are taken for (N, C, L), as in PyTorch, with a warning.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.dropout2d(tp.ones(1, 1, 1, 2), 1.0)
    tensor([[[[0., 0.]]]])
    """
    if input.ndim < 2:
        raise ShapeError(f"dropout2d: got an input of shape {input.shape}, wanted (N, C, H, W)")
    if input.ndim != 4:
        message = f"dropout2d: got an input of {input.ndim} axes, of which the first two are taken for (N, C)"
        warnings.warn(message, stacklevel=3)
    return _drop("dropout2d", input, p, training, _channels(input, 2))


@function(accepts="floating-point")
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W); the parameters are those of `dropout`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.dropout3d(tp.ones(1, 1, 1, 1, 2), 1.0)
    tensor([[[[[0., 0.]]]]])
    """
    if input.ndim < 1:
        raise ShapeError(f"dropout3d: got an input of shape {input.shape}, wanted (N, C, D, H, W) or (C, D, H, W)")
    if input.ndim not in (4, 5):
        message = f"dropout3d: got an input of {input.ndim} axes, of which the first is taken for C"
        warnings.warn(message, stacklevel=3)
    return _drop("dropout3d", input, p, training, _channels(input, 2 if input.ndim == 5 else 1))


@function(accepts="real-valued floating-point")
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks of `selu`: dropped elements are what that tends to.

    The parameters are those of `dropout`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.alpha_dropout(tp.ones(2), 0.5)
    tensor([1., 1.])
    """
    return _saturate("alpha_dropout", input, p, training, input.shape)


@function(accepts="real-valued floating-point")
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels of (N, C, ...); the parameters are those of `dropout`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.feature_alpha_dropout(tp.ones(1, 2, 1), 0.5)
    tensor([[[1.],
             [1.]]])
    """
    if training and input.ndim < 2:
        raise ShapeError(f"feature_alpha_dropout: got an input of shape {input.shape}, wanted (N, C, ...)")
    return _saturate("feature_alpha_dropout", input, p, training, _channels(input, 2))


def _channels(input: Tensor, count: int) -> tuple[int, ...]:
    """The shape of one number for each of the first axes."""
    return (*input.shape[:count], *(1,) * (input.ndim - count))


def _drop(operation: str, x: Tensor, p: float, training: bool, shape: tuple[int, ...]) -> Tensor:
    """Dropout with one factor for each element of a shape, which is broadcast."""
    factors = dropout_factors_for(operation, x, p, training, shape)
    return x if factors is None else x * factors


def _saturate(operation: str, x: Tensor, p: float, training: bool, shape: tuple[int, ...]) -> Tensor:
    """Replace elements by the saturation where factors are zero, then scale and shift all."""
    factors = dropout_factors_for(operation, x, p, training, shape)
    if factors is None or p == 1:
        return x if factors is None else x * factors
    kept = factors * (1.0 - p)
    scale = 1.0 / math.sqrt((_SATURATION**2 * p + 1.0) * (1.0 - p))
    return x * (kept * scale) + (kept - 1.0 + p) * (_SATURATION * scale)
