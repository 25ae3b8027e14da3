"""Lazy layers, whose number of inputs is that of the first input."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

from ..core import Tensor
from . import convolution, normalization
from .linear import Linear
from .module import Module

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]


class _Lazy(Module):
    """A layer that becomes one of its base class at its first call, or with the first state that it loads."""

    _axis: ClassVar[int]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(0, *args, **kwargs)  # type: ignore[call-arg]
        self._arguments = args, kwargs
        self.register_load_state_dict_pre_hook(_become_as_state)

    def forward(self, input: Tensor) -> Any:
        """Become a layer for such inputs, and call it."""
        _become(self, input.shape[self._axis])
        return self.forward(input)


def _become(layer: Any, size: int) -> None:
    """Make a lazy layer one of its base class; its parameters stay the same tensors, as optimisers may hold them."""
    args, kwargs = layer.__dict__.pop("_arguments")
    kind: Any = next(one for one in type(layer).__mro__ if not issubclass(one, _Lazy))
    full = kind(size, *args, **kwargs)
    for name, new in itertools.chain(full.named_parameters(), full.named_buffers()):
        own = getattr(layer, name)
        own.data = new.detach().to(own.device, own.dtype)
    kept = {"_parameters", "_buffers", "_modules", "_hooks", "training"}
    layer.__dict__.update({name: value for name, value in vars(full).items() if name not in kept})
    layer.__class__ = kind


def _become_as_state(layer: Any, state: dict[str, Tensor], prefix: str, *others: Any) -> None:
    if isinstance(layer, _Lazy):
        for name, own in itertools.chain(layer.named_parameters(), layer.named_buffers()):
            if 0 in own.shape and prefix + name in state and "_arguments" in vars(layer):
                axis = own.shape.index(0)
                groups: int = getattr(layer, "groups", 1) if axis else 1
                size = state[prefix + name].shape[axis] * groups
                # That of a lazy layer that has become none yet has no elements either.
                if size:
                    _become(layer, size)


class LazyLinear(_Lazy, Linear):
    """`Linear` with as many `in_features` as its first input has.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.LazyLinear(3)
    >>> layer(tp.zeros(2, 4)).shape
    (2, 3)
    >>> layer
    Linear(in_features=4, out_features=3, bias=True)
    """

    _axis = -1


class LazyConv1d(_Lazy, convolution.Conv1d):
    """`Conv1d` with as many `in_channels` as its first input has."""

    _axis = -2


class LazyConv2d(_Lazy, convolution.Conv2d):
    """`Conv2d` with as many `in_channels` as its first input has."""

    _axis = -3


class LazyConv3d(_Lazy, convolution.Conv3d):
    """`Conv3d` with as many `in_channels` as its first input has."""

    _axis = -4


class LazyConvTranspose1d(_Lazy, convolution.ConvTranspose1d):
    """`ConvTranspose1d` with as many `in_channels` as its first input has."""

    _axis = -2


class LazyConvTranspose2d(_Lazy, convolution.ConvTranspose2d):
    """`ConvTranspose2d` with as many `in_channels` as its first input has."""

    _axis = -3


class LazyConvTranspose3d(_Lazy, convolution.ConvTranspose3d):
    """`ConvTranspose3d` with as many `in_channels` as its first input has."""

    _axis = -4


class LazyBatchNorm1d(_Lazy, normalization.BatchNorm1d):
    """`BatchNorm1d` with as many `num_features` as its first input has."""

    _axis = 1


class LazyBatchNorm2d(_Lazy, normalization.BatchNorm2d):
    """`BatchNorm2d` with as many `num_features` as its first input has."""

    _axis = 1


class LazyBatchNorm3d(_Lazy, normalization.BatchNorm3d):
    """`BatchNorm3d` with as many `num_features` as its first input has."""

    _axis = 1


class LazyInstanceNorm1d(_Lazy, normalization.InstanceNorm1d):
    """`InstanceNorm1d` with as many `num_features` as its first input has."""

    _axis = -2


class LazyInstanceNorm2d(_Lazy, normalization.InstanceNorm2d):
    """`InstanceNorm2d` with as many `num_features` as its first input has."""

    _axis = -3


class LazyInstanceNorm3d(_Lazy, normalization.InstanceNorm3d):
    """`InstanceNorm3d` with as many `num_features` as its first input has."""

    _axis = -4
