"""Convolution layers and their transposes, of one to three axes."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..core import Tensor
from ..core.types.errors import ArgumentError
from . import functional
from .linear import fill_uniform, new_parameter
from .module import Module

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class _Convolution(Module):
    """The parameters and options of a convolution of some number of axes."""

    axes: ClassVar[int]
    weight: Tensor
    bias: Tensor | None

    def __init_subclass__(cls, axes: int = 0) -> None:
        cls.axes = axes or getattr(cls, "axes", 0)

    def _each(self, value: Any) -> tuple[int, ...]:
        """One value for each axis."""
        return (value,) * self.axes if isinstance(value, int) else tuple(value)

    def _make(
        self, channels: tuple[int, int], kernel_size: Any, groups: int, bias: bool, first_out: bool, **of: Any
    ) -> None:
        """Make the parameters, for numbers of channels in and out."""
        self.in_channels, self.out_channels = channels
        self.kernel_size, self.groups = self._each(kernel_size), groups
        if groups < 1 or any(one % groups for one in channels):
            raise ArgumentError(f"{type(self).__name__}: {channels} channels can't be split into {groups} groups")
        outer, inner = reversed(channels) if first_out else channels
        self.weight = new_parameter(outer, inner // groups, *self.kernel_size, **of)
        self.register_parameter("bias", new_parameter(self.out_channels, **of) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        count = math.prod(self.weight.shape[1:])
        fill_uniform(1 / math.sqrt(count) if count else 0.0, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The channels and the options."""
        defaults = {"padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}
        shown = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        for name, default in defaults.items():
            value = getattr(self, name, default)
            if value not in (default, (default,) * self.axes):
                shown.append(f"{name}={value}")
        shown += ["bias=False"] * (self.bias is None)
        mode = getattr(self, "padding_mode", "zeros")
        return ", ".join(shown + [f"padding_mode={mode}"] * (mode != "zeros"))


class _Forward(_Convolution):
    """A convolution layer; its parameters are told by `Conv2d`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.stride, self.dilation = self._each(stride), self._each(dilation)
        self.padding = padding if isinstance(padding, str) else self._each(padding)
        modes = ("zeros", "reflect", "replicate", "circular")
        if padding_mode not in modes:
            raise ArgumentError(f"{type(self).__name__}: got padding_mode {padding_mode!r}, wanted one of {modes}")
        self.padding_mode = padding_mode
        self._make((in_channels, out_channels), kernel_size, groups, bias, True, device=device, dtype=dtype)

    def _margins(self) -> list[Any]:
        """How much is padded before and after each axis, the last axis first, as `nn.functional.pad` takes it."""
        found: list[Any] = []
        for axis in reversed(range(self.axes)):
            if self.padding == "valid":
                found += [0, 0]
            elif self.padding == "same":
                total = self.dilation[axis] * (self.kernel_size[axis] - 1)
                found += [total // 2, total - total // 2]
            else:
                margin: Any = self.padding[axis]
                found += [margin, margin]
        return found

    def forward(self, input: Tensor) -> Tensor:
        """Convolve the input, of shape (N, in_channels, ...) or without the first axis."""
        convolve = getattr(functional, f"conv{self.axes}d")
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = functional.pad(input, self._margins(), mode=self.padding_mode), 0
        return convolve(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class _Transposed(_Convolution):
    """A transposed convolution layer; its parameters are told by `ConvTranspose2d`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.stride, self.padding, self.dilation = self._each(stride), self._each(padding), self._each(dilation)
        self.output_padding = self._each(output_padding)
        self._make((in_channels, out_channels), kernel_size, groups, bias, False, device=device, dtype=dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve the input, of shape (N, in_channels, ...) or without the first axis."""
        convolve = getattr(functional, f"conv_transpose{self.axes}d")
        options = self.stride, self.padding, self.output_padding, self.groups, self.dilation
        return convolve(input, self.weight, self.bias, *options)


class Conv1d(_Forward, axes=1):
    """A convolution layer of one axis: see `nn.functional.conv1d`.

    The parameters are those of `Conv2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Conv1d(3, 4, 3)(tp.zeros(1, 3, 8)).shape
    (1, 4, 6)
    """


class Conv2d(_Forward, axes=2):
    """A convolution layer of two axes: see `nn.functional.conv2d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size : int or tuple of int
    stride : int or tuple of int, default: 1
    padding : int, tuple of int, "same" or "valid", default: 0
        On both sides of each axis.
    dilation : int or tuple of int, default: 1
        The distance between elements under the kernel.
    groups : int, default: 1
        Into how many groups, computed apart, the channels are split.
    bias : bool, default: True
        Whether there is one.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
    device, dtype
        Of the parameters.

    Attributes
    ----------
    weight : Tensor, shape (out_channels, in_channels / groups, *kernel_size)
        At first uniform, as is the bias, in one over the root of the number of products around zero.
    bias : Tensor, shape (out_channels,), or None

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Conv2d(3, 4, 3)(tp.zeros(1, 3, 8, 8)).shape
    (1, 4, 6, 6)
    """


class Conv3d(_Forward, axes=3):
    """A convolution layer of three axes: see `nn.functional.conv3d`.

    The parameters are those of `Conv2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Conv3d(3, 4, 3)(tp.zeros(1, 3, 8, 8, 8)).shape
    (1, 4, 6, 6, 6)
    """


class ConvTranspose1d(_Transposed, axes=1):
    """A transposed convolution layer of one axis: see `nn.functional.conv_transpose1d`.

    The parameters are those of `ConvTranspose2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ConvTranspose1d(3, 4, 3)(tp.zeros(1, 3, 4)).shape
    (1, 4, 6)
    """


class ConvTranspose2d(_Transposed, axes=2):
    """A transposed convolution layer of two axes: see `nn.functional.conv_transpose2d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size : int or tuple of int
    stride : int or tuple of int, default: 1
    padding : int or tuple of int, default: 0
        That of the convolution that it is the transpose of.
    output_padding : int or tuple of int, default: 0
        Added at the end of each axis of the result.
    groups : int, default: 1
        Into how many groups, computed apart, the channels are split.
    bias : bool, default: True
        Whether there is one.
    dilation : int or tuple of int, default: 1
        The distance between elements under the kernel.
    device, dtype
        Of the parameters.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ConvTranspose2d(3, 4, 3)(tp.zeros(1, 3, 4, 4)).shape
    (1, 4, 6, 6)
    """


class ConvTranspose3d(_Transposed, axes=3):
    """A transposed convolution layer of three axes: see `nn.functional.conv_transpose3d`.

    The parameters are those of `ConvTranspose2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ConvTranspose3d(3, 4, 3)(tp.zeros(1, 3, 4, 4, 4)).shape
    (1, 4, 6, 6, 6)
    """
