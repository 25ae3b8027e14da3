"""Pooling layers."""

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
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]


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


class AvgPool1d(FunctionLayer, function="avg_pool1d"):
    """The mean of each window of 1 axis: see `nn.functional.avg_pool1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AvgPool1d(2)(tp.zeros(1, 1, 4)).shape
    (1, 1, 2)
    """


class AvgPool2d(FunctionLayer, function="avg_pool2d"):
    """The mean of each window of 2 axes: see `nn.functional.avg_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AvgPool2d(2)(tp.zeros(1, 1, 4, 4)).shape
    (1, 1, 2, 2)
    """


class AvgPool3d(FunctionLayer, function="avg_pool3d"):
    """The mean of each window of 3 axes: see `nn.functional.avg_pool3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AvgPool3d(2)(tp.zeros(1, 1, 4, 4, 4)).shape
    (1, 1, 2, 2, 2)
    """


class MaxPool1d(FunctionLayer, function="max_pool1d"):
    """The largest element of each window of 1 axis: see `nn.functional.max_pool1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.MaxPool1d(2)(tp.zeros(1, 1, 4)).shape
    (1, 1, 2)
    """


class MaxPool2d(FunctionLayer, function="max_pool2d"):
    """The largest element of each window of 2 axes: see `nn.functional.max_pool2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.MaxPool2d(2)(tp.zeros(1, 1, 4, 4)).shape
    (1, 1, 2, 2)
    """


class MaxPool3d(FunctionLayer, function="max_pool3d"):
    """The largest element of each window of 3 axes: see `nn.functional.max_pool3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.MaxPool3d(2)(tp.zeros(1, 1, 4, 4, 4)).shape
    (1, 1, 2, 2, 2)
    """
