"""Normalization layers: batch, instance, layer, group and RMS norm, and local response normalization."""

from __future__ import annotations

from typing import Any, ClassVar

from ..autograd.modes import no_grad
from ..core import Tensor
from ..core.standard.creation import ones, zeros
from ..core.types.errors import ArgumentError, ShapeError
from . import functional, init
from .function_layer import FunctionLayer
from .linear import new_parameter
from .module import Module

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
]


class _Affine(Module):
    """A layer whose result is multiplied by `weight` and has `bias` added, if it has them."""

    weight: Tensor | None
    bias: Tensor | None

    def _make(self, shape: tuple[int, ...], weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        for name, wanted in (("weight", weight), ("bias", bias)):
            self.register_parameter(name, new_parameter(*shape, device=device, dtype=dtype) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weights to one and biases to zero."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class _Tracking(_Affine):
    """A layer that keeps running means and variances of its channels."""

    ndims: ClassVar[tuple[int, ...]]
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init_subclass__(cls, ndims: tuple[int, ...] = ()) -> None:
        cls.ndims = ndims or getattr(cls, "ndims", ())

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        of = {"device": device, "dtype": dtype}
        self.register_buffer("running_mean", zeros(num_features, **of) if track_running_stats else None)
        self.register_buffer("running_var", ones(num_features, **of) if track_running_stats else None)
        count = zeros((), dtype="int64", device=device) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)
        self._make((num_features,), affine, affine and bias, device, dtype)

    def reset_running_stats(self) -> None:
        """Begin with running means and variances anew."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def _require_axes(self, input: Tensor) -> None:
        if input.ndim not in self.ndims:
            wanted = " or ".join(map(str, self.ndims))
            raise ShapeError(f"{type(self).__name__}: got an input of shape {input.shape}, wanted {wanted} axes")

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Tracking):
    """Batch normalization; its parameters are told by `BatchNorm2d`."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalize each channel by its mean and variance in the batch, or by the running ones."""
        self._require_axes(input)
        momentum: Any = self.momentum
        if self.training and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked.add_(1)
                if momentum is None:
                    momentum = 1 / self.num_batches_tracked.item()
        return functional.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            0.0 if momentum is None else momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm, ndims=(2, 3)):
    """Batch normalization of inputs of shape (N, C) or (N, C, L).

    The parameters are those of `BatchNorm2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.BatchNorm1d(2)(tp.tensor([[1.0, 2.0], [3.0, 2.0]]))
    tensor([[-1.0000,  0.0000],
            [ 1.0000,  0.0000]], grad_fn=<add>)
    """


class BatchNorm2d(_BatchNorm, ndims=(4,)):
    """Batch normalization of inputs of shape (N, C, H, W) (Ioffe and Szegedy, 2015): see `nn.functional.batch_norm`.

    Parameters
    ----------
    num_features : int
        The number of channels.
    eps : float, default: 1e-5
        Added to the variance.
    momentum : float or None, default: 0.1
        How much a batch changes the running mean and variance; with None they are those of all batches.
    affine : bool, default: True
        Whether there are a weight and a bias for each channel.
    track_running_stats : bool, default: True
        Whether running means and variances are kept, which are used after `eval`.
    device, dtype
        Of the parameters.
    bias : bool, default: True
        Whether there is a bias beside the weight.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.BatchNorm2d(3)(tp.zeros(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """


class BatchNorm3d(_BatchNorm, ndims=(5,)):
    """Batch normalization of inputs of shape (N, C, D, H, W).

    The parameters are those of `BatchNorm2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.BatchNorm3d(3)(tp.zeros(2, 3, 2, 2, 2)).shape
    (2, 3, 2, 2, 2)
    """


class _InstanceNorm(_Tracking):
    """Instance normalization; its parameters are told by `InstanceNorm2d`."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize each channel of each example by its own mean and variance, or by the running ones."""
        self._require_axes(input)
        single = input.ndim == min(self.ndims)
        found = functional.instance_norm(
            input.unsqueeze(0) if single else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return found.squeeze(0) if single else found


class InstanceNorm1d(_InstanceNorm, ndims=(2, 3)):
    """Instance normalization of inputs of shape (N, C, L) or (C, L).

    The parameters are those of `InstanceNorm2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.InstanceNorm1d(2)(tp.zeros(1, 2, 4)).shape
    (1, 2, 4)
    """


class InstanceNorm2d(_InstanceNorm, ndims=(3, 4)):
    """Instance normalization of inputs of shape (N, C, H, W) or (C, H, W): see `nn.functional.instance_norm`.

    Parameters
    ----------
    num_features : int
        The number of channels.
    eps : float, default: 1e-5
        Added to the variance.
    momentum : float, default: 0.1
        How much a batch changes the running mean and variance.
    affine : bool, default: False
        Whether there are a weight and a bias for each channel.
    track_running_stats : bool, default: False
        Whether running means and variances are kept, which are used after `eval`.
    device, dtype
        Of the parameters.
    bias : bool, default: True
        Whether there is a bias beside the weight.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.InstanceNorm2d(2)(tp.zeros(1, 2, 4, 4)).shape
    (1, 2, 4, 4)
    """


class InstanceNorm3d(_InstanceNorm, ndims=(4, 5)):
    """Instance normalization of inputs of shape (N, C, D, H, W) or (C, D, H, W).

    The parameters are those of `InstanceNorm2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.InstanceNorm3d(2)(tp.zeros(1, 2, 2, 2, 2)).shape
    (1, 2, 2, 2, 2)
    """


def _shape(shape: Any) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


class LayerNorm(_Affine):
    """Layer normalization over the last axes (Ba, Kiros and Hinton, 2016): see `nn.functional.layer_norm`.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The lengths of these axes.
    eps : float, default: 1e-5
        Added to the variance.
    elementwise_affine : bool, default: True
        Whether there are a weight and a bias for each element.
    bias : bool, default: True
        Whether there is a bias beside the weight.
    device, dtype
        Of the parameters.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.LayerNorm(2, elementwise_affine=False)(tp.tensor([[1.0, 3.0]]))
    tensor([[-1.0000,  1.0000]])
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape, self.eps, self.elementwise_affine = _shape(normalized_shape), eps, elementwise_affine
        self._make(self.normalized_shape, elementwise_affine, elementwise_affine and bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize the last axes."""
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        affine = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"


class RMSNorm(_Affine):
    """Division by the root mean square over the last axes (Zhang and Sennrich, 2019): see `nn.functional.rms_norm`.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The lengths of these axes.
    eps : float, optional
        Added to the mean square; by default the eps of the dtype.
    elementwise_affine : bool, default: True
        Whether there is a weight for each element.
    device, dtype
        Of the parameter.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.RMSNorm(2, elementwise_affine=False)(tp.tensor([[3.0, 3.0]]))
    tensor([[1., 1.]])
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape, self.eps, self.elementwise_affine = _shape(normalized_shape), eps, elementwise_affine
        self._make(self.normalized_shape, elementwise_affine, False, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize the last axes."""
        return functional.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(_Affine):
    """Normalization of groups of channels of each example (Wu and He, 2018): see `nn.functional.group_norm`.

    Parameters
    ----------
    num_groups, num_channels : int
        The first divides the second.
    eps : float, default: 1e-5
        Added to the variance.
    affine : bool, default: True
        Whether there are a weight and a bias for each channel.
    device, dtype
        Of the parameters.
    bias : bool, default: True
        Whether there is a bias beside the weight.

    Raises
    ------
    ValueError
        If the channels can't be split into groups.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.GroupNorm(2, 4)(tp.zeros(1, 4, 3)).shape
    (1, 4, 3)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        if num_groups < 1 or num_channels % num_groups:
            raise ArgumentError(f"GroupNorm: {num_channels} channels can't be split into {num_groups} groups")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self._make((num_channels,), affine, affine and bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize each group."""
        return functional.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        affine = f"affine={self.affine}, bias={self.bias is not None}"
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, {affine}"


class LocalResponseNorm(
    FunctionLayer, function="local_response_norm", text="{size}, alpha={alpha}, beta={beta}, k={k}"
):
    """Division by a power of the squares of neighbouring channels: see `nn.functional.local_response_norm`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.LocalResponseNorm(2)(tp.zeros(1, 4, 3)).shape
    (1, 4, 3)
    """
