"""Pooling layers."""

from __future__ import annotations

from typing import Any

from ..core import Tensor
from . import functional
from .function_layer import FunctionLayer

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


_WINDOW = "kernel_size={kernel_size}, stride={stride}, padding={padding}"
_LARGEST = _WINDOW + ", dilation={dilation}, ceil_mode={ceil_mode}"
_POWER = "norm_type={norm_type}, kernel_size={kernel_size}, stride={stride}, ceil_mode={ceil_mode}"


class _Windows(FunctionLayer):
    """A layer whose windows lie beside each other by default."""

    stride: Any

    def __init__(self, *options: Any, **named: Any) -> None:
        super().__init__(*options, **named)
        if self.stride is None:
            self.stride = self.kernel_size


class _MaxUnpool(_Windows):
    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Any:
        """Put the elements back to where they were, in a tensor of a size that can be given."""
        return getattr(functional, self._function)(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class AdaptiveAvgPool1d(FunctionLayer, function="adaptive_avg_pool1d"):
    """The mean of each part of 1 axis split into a given number: see `nn.functional.adaptive_avg_pool1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AdaptiveAvgPool1d(2)(tp.zeros(1, 1, 5)).shape
    (1, 1, 2)
    """


class AdaptiveAvgPool2d(FunctionLayer, function="adaptive_avg_pool2d"):
    """The mean of each part of 2 axes split into a given number: see `nn.functional.adaptive_avg_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AdaptiveAvgPool2d(2)(tp.zeros(1, 1, 5, 5)).shape
    (1, 1, 2, 2)
    """


class AdaptiveAvgPool3d(FunctionLayer, function="adaptive_avg_pool3d"):
    """The mean of each part of 3 axes split into a given number: see `nn.functional.adaptive_avg_pool3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AdaptiveAvgPool3d(2)(tp.zeros(1, 1, 5, 5, 5)).shape
    (1, 1, 2, 2, 2)
    """


class AdaptiveMaxPool1d(FunctionLayer, function="adaptive_max_pool1d"):
    """The largest element of each part of 1 axis split into a given number: see `nn.functional.adaptive_max_pool1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AdaptiveMaxPool1d(2)(tp.zeros(1, 1, 5)).shape
    (1, 1, 2)
    """


class AdaptiveMaxPool2d(FunctionLayer, function="adaptive_max_pool2d"):
    """The largest element of each part of 2 axes split into a given number: see `nn.functional.adaptive_max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AdaptiveMaxPool2d(2)(tp.zeros(1, 1, 5, 5)).shape
    (1, 1, 2, 2)
    """


class AdaptiveMaxPool3d(FunctionLayer, function="adaptive_max_pool3d"):
    """The largest element of each part of 3 axes split into a given number: see `nn.functional.adaptive_max_pool3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AdaptiveMaxPool3d(2)(tp.zeros(1, 1, 5, 5, 5)).shape
    (1, 1, 2, 2, 2)
    """


class AvgPool1d(_Windows, function="avg_pool1d", text=_WINDOW):
    """The mean of each window of 1 axis: see `nn.functional.avg_pool1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AvgPool1d(2)(tp.zeros(1, 1, 4)).shape
    (1, 1, 2)
    """


class AvgPool2d(_Windows, function="avg_pool2d", text=_WINDOW):
    """The mean of each window of 2 axes: see `nn.functional.avg_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AvgPool2d(2)(tp.zeros(1, 1, 4, 4)).shape
    (1, 1, 2, 2)
    """


class AvgPool3d(_Windows, function="avg_pool3d", text=_WINDOW):
    """The mean of each window of 3 axes: see `nn.functional.avg_pool3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AvgPool3d(2)(tp.zeros(1, 1, 4, 4, 4)).shape
    (1, 1, 2, 2, 2)
    """


class FractionalMaxPool2d(FunctionLayer, function="fractional_max_pool2d", text=""):
    """The largest element of windows of 2 axes that lie at random: see `nn.functional.fractional_max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.FractionalMaxPool2d(2, output_size=3)(tp.zeros(1, 1, 5, 5)).shape
    (1, 1, 3, 3)
    """


class FractionalMaxPool3d(FunctionLayer, function="fractional_max_pool3d", text=""):
    """The largest element of windows of 3 axes that lie at random: see `nn.functional.fractional_max_pool3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.FractionalMaxPool3d(2, output_size=3)(tp.zeros(1, 1, 5, 5, 5)).shape
    (1, 1, 3, 3, 3)
    """


class LPPool1d(FunctionLayer, function="lp_pool1d", text=_POWER):
    """The norm of each window of 1 axis: see `nn.functional.lp_pool1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.LPPool1d(2, 2)(tp.ones(1, 1, 4)).shape
    (1, 1, 2)
    """


class LPPool2d(FunctionLayer, function="lp_pool2d", text=_POWER):
    """The norm of each window of 2 axes: see `nn.functional.lp_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.LPPool2d(2, 2)(tp.ones(1, 1, 4, 4)).shape
    (1, 1, 2, 2)
    """


class LPPool3d(FunctionLayer, function="lp_pool3d", text=_POWER):
    """The norm of each window of 3 axes: see `nn.functional.lp_pool3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.LPPool3d(2, 2)(tp.ones(1, 1, 4, 4, 4)).shape
    (1, 1, 2, 2, 2)
    """


class MaxPool1d(_Windows, function="max_pool1d", text=_LARGEST):
    """The largest element of each window of 1 axis: see `nn.functional.max_pool1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.MaxPool1d(2)(tp.zeros(1, 1, 4)).shape
    (1, 1, 2)
    """


class MaxPool2d(_Windows, function="max_pool2d", text=_LARGEST):
    """The largest element of each window of 2 axes: see `nn.functional.max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.MaxPool2d(2)(tp.zeros(1, 1, 4, 4)).shape
    (1, 1, 2, 2)
    """


class MaxPool3d(_Windows, function="max_pool3d", text=_LARGEST):
    """The largest element of each window of 3 axes: see `nn.functional.max_pool3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.MaxPool3d(2)(tp.zeros(1, 1, 4, 4, 4)).shape
    (1, 1, 2, 2, 2)
    """


class MaxUnpool1d(_MaxUnpool, function="max_unpool1d", inputs=2, text=_WINDOW):
    """The inverse of `MaxPool1d`, called with its result and its indices: see `nn.functional.max_unpool1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> found, indices = tp.nn.MaxPool1d(2, return_indices=True)(tp.zeros(1, 1, 4))
    >>> tp.nn.MaxUnpool1d(2)(found, indices).shape
    (1, 1, 4)
    """


class MaxUnpool2d(_MaxUnpool, function="max_unpool2d", inputs=2, text=_WINDOW):
    """The inverse of `MaxPool2d`, called with its result and its indices: see `nn.functional.max_unpool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> found, indices = tp.nn.MaxPool2d(2, return_indices=True)(tp.zeros(1, 1, 4, 4))
    >>> tp.nn.MaxUnpool2d(2)(found, indices).shape
    (1, 1, 4, 4)
    """


class MaxUnpool3d(_MaxUnpool, function="max_unpool3d", inputs=2, text=_WINDOW):
    """The inverse of `MaxPool3d`, called with its result and its indices: see `nn.functional.max_unpool3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> found, indices = tp.nn.MaxPool3d(2, return_indices=True)(tp.zeros(1, 1, 4, 4, 4))
    >>> tp.nn.MaxUnpool3d(2)(found, indices).shape
    (1, 1, 4, 4, 4)
    """
