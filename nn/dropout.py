"""Dropout layers."""

from __future__ import annotations

from .function_layer import FunctionLayer

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class AlphaDropout(FunctionLayer, function="alpha_dropout", text="p={p}, inplace={inplace}"):
    """Dropout that keeps mean and variance of what SELU gives: see `nn.functional.alpha_dropout`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.AlphaDropout(0.5).eval()(tp.ones(2))
    tensor([1., 1.])
    """


class Dropout(FunctionLayer, function="dropout", text="p={p}, inplace={inplace}"):
    """Dropout of elements in training: see `nn.functional.dropout`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Dropout(0.5).eval()(tp.ones(2))
    tensor([1., 1.])
    """


class Dropout1d(FunctionLayer, function="dropout1d", text="p={p}, inplace={inplace}"):
    """Dropout of whole channels with one axis: see `nn.functional.dropout1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Dropout1d(0.5).eval()(tp.ones(1, 2, 2)).shape
    (1, 2, 2)
    """


class Dropout2d(FunctionLayer, function="dropout2d", text="p={p}, inplace={inplace}"):
    """Dropout of whole channels with two axes: see `nn.functional.dropout2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Dropout2d(0.5).eval()(tp.ones(1, 2, 2, 2)).shape
    (1, 2, 2, 2)
    """


class Dropout3d(FunctionLayer, function="dropout3d", text="p={p}, inplace={inplace}"):
    """Dropout of whole channels with three axes: see `nn.functional.dropout3d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Dropout3d(0.5).eval()(tp.ones(1, 2, 2, 2, 2)).shape
    (1, 2, 2, 2, 2)
    """


class FeatureAlphaDropout(FunctionLayer, function="feature_alpha_dropout", text="p={p}, inplace={inplace}"):
    """Alpha dropout of whole channels: see `nn.functional.feature_alpha_dropout`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.FeatureAlphaDropout(0.5).eval()(tp.ones(1, 2, 2)).shape
    (1, 2, 2)
    """
