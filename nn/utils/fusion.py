"""Batch normalization in evaluation, taken into the layer before it."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from ...core import Tensor
from ...core.standard.creation import ones_like, zeros_like
from ...core.types.errors import ArgumentError
from ..module import Module
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

M = TypeVar("M", bound=Module)


def fuse_conv_bn_eval(conv: M, bn: Any, transpose: bool = False) -> M:
    """One convolution in place of a convolution and a batch normalization, both after `eval`.

    Parameters
    ----------
    conv, bn : Module
    transpose : bool, default: False
        Whether the convolution is a transposed one.

    Returns
    -------
    Module
        A new one.

    Raises
    ------
    ValueError
        If one of them is in training, or the normalization keeps no running means.

    Examples
    --------
    >>> import tensorplug as tp
    >>> conv, bn = tp.nn.Conv2d(1, 2, 3).eval(), tp.nn.BatchNorm2d(2).eval()
    >>> x = tp.ones(1, 1, 4, 4)
    >>> bool(tp.allclose(tp.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x))))
    True
    """
    return _fused(conv, bn, transpose)


def fuse_linear_bn_eval(linear: M, bn: Any) -> M:
    """One linear layer in place of a linear layer and a batch normalization, both after `eval`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> linear, bn = tp.nn.Linear(3, 2).eval(), tp.nn.BatchNorm1d(2).eval()
    >>> x = tp.ones(4, 3)
    >>> bool(tp.allclose(tp.nn.utils.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x))))
    True
    """
    return _fused(linear, bn, False)


def _fused(layer: M, bn: Any, transpose: bool) -> M:
    if layer.training or bn.training or bn.running_mean is None:
        raise ArgumentError("a batch normalization is fused after eval(), and with running means")
    made = copy.deepcopy(layer)
    made.weight, made.bias = fuse_conv_bn_weights(
        *(made.weight, made.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose)
    )
    return made


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Tensor, Tensor]:
    """The weight and the bias of a layer, with a batch normalization taken into them."""
    weight, bias = conv_w.detach(), zeros_like(bn_rm) if conv_b is None else conv_b.detach()
    scale = (bn_rv + bn_eps).rsqrt() * (ones_like(bn_rm) if bn_w is None else bn_w.detach())
    shift = 0.0 if bn_b is None else bn_b.detach()
    shape = (1, -1) if transpose else (-1, 1)
    wide = scale.reshape(*shape, *(1,) * (weight.ndim - 2)).to(weight.dtype)
    trained = [conv_w.requires_grad, conv_b is not None and conv_b.requires_grad]
    found = (weight * wide, ((bias - bn_rm) * scale + shift).to(weight.dtype))
    return tuple(Parameter(one, wanted) for one, wanted in zip(found, trained, strict=True))  # type: ignore[return-value]


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """The weight and the bias of a linear layer, with a batch normalization taken into them."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
