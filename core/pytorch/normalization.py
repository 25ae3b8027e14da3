"""Normalization layers as functions: batch, instance, layer, group, RMS and local response norm, as in PyTorch."""

from __future__ import annotations

import math
from typing import Any

from ...autograd.modes import no_grad
from ..dispatch.operation import operation
from ..families.function import function
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..standard.data_types import finfo
from ..standard.elementwise import pow, sqrt, square
from ..standard.statistical import mean, var
from ..types.axes import as_float, as_integer
from ..types.errors import ArgumentError, DTypeError, ShapeError
from .padding import pad_with
from .pooling import avg_pool2d

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]

_FLOATS = "real-valued floating-point"


@operation(accepts=_FLOATS)
def _standardize(ops: Any, x: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    """Subtract the mean along axes, and divide by the root of the variance plus `eps`."""
    centered = x - ops.mean(x, axis=axis, keepdims=True)
    return centered / ops.sqrt(ops.mean(centered * centered, axis=axis, keepdims=True) + eps)


@operation(accepts=_FLOATS)
def _standardize_gradient(ops: Any, g: Any, x: Any, out: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    """The gradient of `standardize`, given its result `out`."""

    def mean(values: Any) -> Any:
        return ops.mean(values, axis=axis, keepdims=True)

    centered = x - mean(x)
    return (g - mean(g) - out * mean(g * out)) / ops.sqrt(mean(centered * centered) + eps)


@function(accepts=_FLOATS, widens_half=True)
def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Each channel less its mean, divided by its deviation over the batch and all axes but the channels'.

    Parameters
    ----------
    input : Tensor, shape (N, C, ...)
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    running_mean, running_var : Tensor, shape (C,), optional
        Estimates, which training updates in place, and which are used otherwise.
    weight, bias : Tensor, shape (C,), optional
        What the channels are multiplied by, and what is added then.
    training : bool, default: False
        Whether mean and variance are those of `input`.
    momentum : float, default: 0.1
        The share of the new values in the estimates.
    eps : float, default: 1e-05
        What is added to the variance.

    Raises
    ------
    ShapeError
        If the shapes do not fit, or there is one element a channel in training.
    ValueError
        If `eps` is negative, or there are no estimates where they are used.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.batch_norm(tp.tensor([[1.0, 0.0], [3.0, 4.0]]), None, None, training=True)
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    """
    if input.ndim < 2:
        raise ShapeError(f"batch_norm: got an input of shape {input.shape}, wanted (N, C) or (N, C, ...)")
    channels = input.shape[1]
    given = _checked("batch_norm", input, (channels,), running_mean, running_var, weight, bias)
    running_mean, running_var, weight, bias = given
    eps = _positive("batch_norm", eps)
    axes = (0, *range(2, input.ndim))
    if not training:
        found = _by_estimates("batch_norm", input, running_mean, running_var, eps)
        return _affine(found, weight, bias, input.ndim - 2)
    if math.prod(input.shape[i] for i in axes) == 1:
        raise ShapeError(f"batch_norm: got an input of shape {input.shape}, wanted several elements a channel")
    _update(running_mean, running_var, input, axes, momentum)
    return _affine(_standardize(input, axis=axes, eps=eps), weight, bias, input.ndim - 2)


@function(accepts=_FLOATS, widens_half=True)
def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
    bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Each channel of each example less its mean, divided by its deviation; the parameters are those of `batch_norm`.

    `use_input_stats` is what `training` is there.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.instance_norm(tp.tensor([[[1.0, 3.0], [0.0, 4.0]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])
    """
    if input.ndim < 2:
        raise ShapeError(f"instance_norm: got an input of shape {input.shape}, wanted (N, C, ...)")
    channels = input.shape[1]
    given = _checked("instance_norm", input, (channels,), running_mean, running_var, weight, bias)
    running_mean, running_var, weight, bias = given
    eps = as_float("instance_norm", "eps", eps)
    axes = tuple(range(2, input.ndim))
    if not use_input_stats:
        found = _by_estimates("instance_norm", input, running_mean, running_var, eps)
        return _affine(found, weight, bias, input.ndim - 2)
    if math.prod(input.shape[2:]) == 1:
        raise ShapeError(f"instance_norm: got an input of shape {input.shape}, wanted several elements a channel")
    _update(running_mean, running_var, input, axes, momentum)
    return _affine(_standardize(input, axis=axes, eps=eps), weight, bias, input.ndim - 2)


@function(accepts=_FLOATS, widens_half=True)
def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    r"""The last axes less their mean, divided by their deviation: :math:`(x - \bar x) / \sqrt{\sigma^2 + \epsilon}`.

    Parameters
    ----------
    input : Tensor, shape (..., *normalized_shape)
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    normalized_shape : int or tuple of int
        The lengths of the axes.
    weight, bias : Tensor, optional
        Of that shape: what the result is multiplied by, and what is added then.
    eps : float, default: 1e-05
        What is added to the variance.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    ValueError
        If `eps` is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.layer_norm(tp.tensor([[1.0, 3.0], [0.0, 4.0]]), 2)
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    shape = _normalized_shape("layer_norm", input, normalized_shape)
    weight, bias = _checked("layer_norm", input, shape, weight, bias)
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    return _affine(_standardize(input, axis=axes, eps=as_float("layer_norm", "eps", eps)), weight, bias)


@function(accepts=_FLOATS, widens_half=True)
def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    r"""The last axes divided by the root of the mean of their squares, :math:`x / \sqrt{\overline{x^2} + \epsilon}`.

    Parameters
    ----------
    input : Tensor, shape (..., *normalized_shape)
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    normalized_shape : int or tuple of int
        The lengths of the axes.
    weight : Tensor, optional
        Of that shape: what the result is multiplied by.
    eps : float, optional
        What is added to the mean; by default the spacing of numbers at one.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.rms_norm(tp.tensor([1.0, 7.0]), 2)
    tensor([0.2000, 1.4000])
    """
    shape = _normalized_shape("rms_norm", input, normalized_shape)
    (weight,) = _checked("rms_norm", input, shape, weight)
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    least = finfo(input.dtype).eps if eps is None else as_float("rms_norm", "eps", eps)
    return _affine(input / sqrt(mean(square(input), axis=axes, keepdims=True) + least), weight, None)


@function(accepts=_FLOATS, widens_half=True)
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Each group of channels of each example less its mean, divided by its deviation.

    Parameters
    ----------
    input : Tensor, shape (N, C, ...)
        Of a real-valued floating-point dtype; half-precision types are computed in float32.
    num_groups : int
        A divisor of the number of channels.
    weight, bias : Tensor, shape (C,), optional
        What the channels are multiplied by, and what is added then.
    eps : float, default: 1e-05
        What is added to the variance.

    Raises
    ------
    ShapeError
        If the shapes do not fit, or there is one element a group.
    ValueError
        If `eps` is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.group_norm(tp.tensor([[1.0, 3.0, 0.0, 4.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    groups = as_integer("group_norm", "num_groups", num_groups)
    if input.ndim < 2 or groups < 1 or input.shape[1] % groups:
        raise ShapeError(
            f"group_norm: got an input of shape {input.shape} and {groups} groups, wanted (N, C, ...) with a "
            f"multiple of "
            "the groups as C"
        )
    weight, bias = _checked("group_norm", input, (input.shape[1],), weight, bias)
    length = math.prod(input.shape[1:]) // groups
    if input.shape[0] * length == 1:
        raise ShapeError(f"group_norm: got an input of shape {input.shape}, wanted several elements a group")
    grouped = _standardize(
        reshape(input, (input.shape[0], groups, length)), axis=(2,), eps=as_float("group_norm", "eps", eps)
    )
    return _affine(reshape(grouped, input.shape), weight, bias, input.ndim - 2)


@function(accepts=_FLOATS, widens_half=True)
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    r"""Each element divided by a power of the mean square of its neighbours among channels.

    .. math:: x / (k + \alpha \overline{x^2})^\beta

    Parameters
    ----------
    input : Tensor, shape (N, C, ...)
        Of a real-valued floating-point dtype and at least 3-d; half-precision types are computed in float32.
    size : int
        The number of neighbouring channels.
    alpha, beta, k : float, default: 0.0001, 0.75, 1.0

    Raises
    ------
    ShapeError
        If there are fewer axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.local_response_norm(tp.ones(1, 2, 1), 2, alpha=2.0, beta=1.0)
    tensor([[[0.5000],
             [0.3333]]])
    """
    size = as_integer("local_response_norm", "size", size)
    if input.ndim < 3 or size < 1:
        raise ShapeError(
            f"local_response_norm: got an input of shape {input.shape} and size {size}, wanted 3 axes or more and a "
            "positive size"
        )
    if not math.prod(input.shape):
        return input
    squares = reshape(square(input), (input.shape[0], 1, input.shape[1], math.prod(input.shape[2:])))
    around = avg_pool2d(pad_with(squares, [(size // 2, (size - 1) // 2), (0, 0)], 0), (size, 1), 1)
    return input / pow(reshape(around, input.shape) * alpha + k, beta)


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None, behind: int = 0) -> Tensor:
    """The product with a weight plus a bias, which lack so many of the last axes."""
    ones = (1,) * behind
    if weight is not None:
        x = x * (reshape(weight, (*weight.shape, *ones)) if behind else weight)
    if bias is not None:
        x = x + (reshape(bias, (*bias.shape, *ones)) if behind else bias)
    return x


def _by_estimates(operation: str, x: Tensor, center: Tensor | None, spread: Tensor | None, eps: float) -> Tensor:
    """Standardize by estimates of mean and variance of each channel."""
    if center is None or spread is None:
        raise ArgumentError(f"{operation}: got no running_mean or running_var, wanted both where they are used")
    ones = (1,) * (x.ndim - 2)
    return (x - reshape(center, (-1, *ones))) / sqrt(reshape(spread, (-1, *ones)) + eps)


def _update(center: Tensor | None, spread: Tensor | None, x: Tensor, axes: tuple[int, ...], momentum: float) -> None:
    """Update the estimates of mean and variance by those along axes, averaged over the batch if that is not one."""
    momentum = as_float("batch_norm", "momentum", momentum)
    x = x.detach()
    with no_grad():
        for estimate, found in ((center, mean), (spread, lambda x, axis: var(x, axis=axis, correction=1))):
            if estimate is not None:
                new = found(x, axis=axes)
                new = new if new.ndim == 1 else mean(new, axis=0)
                estimate.copy_(estimate * (1.0 - momentum) + new * momentum)


def _normalized_shape(operation: str, x: Tensor, given: Any) -> tuple[int, ...]:
    shape = tuple(given) if isinstance(given, (tuple, list)) else (as_integer(operation, "normalized_shape", given),)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ShapeError(
            f"{operation}: got normalized_shape {shape} for an input of shape {x.shape}, wanted the lengths of its "
            "last axes"
        )
    return shape


def _checked(operation: str, x: Tensor, shape: tuple[int, ...], *tensors: Tensor | None) -> tuple[Tensor | None, ...]:
    """Tensors, or None, of a shape and the input's dtype."""
    for one in tensors:
        if one is not None and one.shape != shape:
            raise ShapeError(f"{operation}: got a parameter of shape {one.shape}, wanted {shape} for input {x.shape}")
        if one is not None and one.dtype is not x.dtype:
            raise DTypeError(f"{operation}: got a parameter of {one.dtype}, wanted {x.dtype}, that of the input")
    return tensors


def _positive(operation: str, eps: Any) -> float:
    found = as_float(operation, "eps", eps)
    if not found >= 0.0:
        raise ArgumentError(f"{operation}: got eps {found}, wanted 0 or more")
    return found
