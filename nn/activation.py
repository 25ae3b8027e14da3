"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from ..core import Tensor
from ..core.standard.creation import full
from ..core.types.errors import ShapeError
from . import functional
from .function_layer import FunctionLayer
from .module import Module
from .parameter import Parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class CELU(FunctionLayer, function="celu"):
    """Continuously differentiable exponential linear unit: see `nn.functional.celu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.CELU()(tp.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """


class ELU(FunctionLayer, function="elu"):
    """Exponential linear unit: see `nn.functional.elu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ELU()(tp.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """


class GELU(FunctionLayer, function="gelu", text="approximate={approximate!r}"):
    """Gaussian error linear unit: see `nn.functional.gelu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.GELU()(tp.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """


class GLU(FunctionLayer, function="glu"):
    """Gated linear unit, of two halves of an axis: see `nn.functional.glu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.GLU()(tp.tensor([1.0, 2.0, 0.0, 0.0]))
    tensor([0.5000, 1.0000])
    """


class Hardshrink(FunctionLayer, function="hardshrink", text="{lambd}"):
    """Zero near zero: see `nn.functional.hardshrink`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Hardshrink()(tp.tensor([-0.3, 2.0]))
    tensor([0., 2.])
    """


class Hardsigmoid(FunctionLayer, function="hardsigmoid"):
    """Piecewise linear sigmoid: see `nn.functional.hardsigmoid`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Hardsigmoid()(tp.tensor([-4.0, 0.0]))
    tensor([0.0000, 0.5000])
    """


class Hardswish(FunctionLayer, function="hardswish"):
    """Input times its piecewise linear sigmoid: see `nn.functional.hardswish`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Hardswish()(tp.tensor([0.0, 3.0]))
    tensor([0., 3.])
    """


class Hardtanh(FunctionLayer, function="hardtanh"):
    """Elements clipped to an interval: see `nn.functional.hardtanh`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Hardtanh()(tp.tensor([-4.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """


class LeakyReLU(FunctionLayer, function="leaky_relu"):
    """Leaky rectified linear unit: see `nn.functional.leaky_relu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.LeakyReLU(0.1)(tp.tensor([-1.0, 2.0]))
    tensor([-0.1000,  2.0000])
    """


class LogSigmoid(FunctionLayer, function="logsigmoid"):
    """Logarithm of the sigmoid: see `nn.functional.logsigmoid`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.LogSigmoid()(tp.tensor([0.0]))
    tensor([-0.6931])
    """


class LogSoftmax(FunctionLayer, function="log_softmax"):
    """Logarithm of the softmax along an axis: see `nn.functional.log_softmax`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.LogSoftmax(dim=0)(tp.zeros(2))
    tensor([-0.6931, -0.6931])
    """


class Mish(FunctionLayer, function="mish"):
    """Input times the hyperbolic tangent of its softplus: see `nn.functional.mish`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Mish()(tp.tensor([0.0, 2.0]))
    tensor([0.0000, 1.9440])
    """


class PReLU(Module):
    """Leaky rectified linear unit whose slopes are trained: see `nn.functional.prelu`.

    Parameters
    ----------
    num_parameters : int, default: 1
        One slope for all, or one for each channel.
    init : float, default: 0.25
        The slope at first.
    device, dtype
        Of the parameter.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.PReLU()(tp.tensor([-2.0, 1.0]))
    tensor([-0.5000,  1.0000], grad_fn=<where>)
    """

    weight: Tensor

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        self.num_parameters = num_parameters
        self.weight = Parameter(full((num_parameters,), init, dtype=dtype, device=device))

    def forward(self, input: Tensor) -> Tensor:
        """Apply the slopes below zero."""
        return functional.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The number of slopes."""
        return f"num_parameters={self.num_parameters}"


class RReLU(FunctionLayer, function="rrelu"):
    """Rectified linear unit with random slopes in training: see `nn.functional.rrelu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.RReLU(0.1, 0.3).eval()(tp.tensor([-1.0, 2.0]))
    tensor([-0.2000,  2.0000])
    """


class ReLU(FunctionLayer, function="relu"):
    """Rectified linear unit: see `nn.functional.relu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ReLU()(tp.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """


class ReLU6(FunctionLayer, function="relu6"):
    """Rectified linear unit up to 6: see `nn.functional.relu6`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ReLU6()(tp.tensor([-1.0, 7.0]))
    tensor([0., 6.])
    """


class SELU(FunctionLayer, function="selu"):
    """Scaled exponential linear unit: see `nn.functional.selu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.SELU()(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 1.0507])
    """


class SiLU(FunctionLayer, function="silu"):
    """Sigmoid linear unit: see `nn.functional.silu`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.SiLU()(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7311])
    """


class Sigmoid(FunctionLayer, function="sigmoid"):
    """Logistic sigmoid: see `nn.functional.sigmoid`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Sigmoid()(tp.tensor([0.0]))
    tensor([0.5000])
    """


class Softmax(FunctionLayer, function="softmax"):
    """Softmax along an axis: see `nn.functional.softmax`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Softmax(dim=0)(tp.zeros(2))
    tensor([0.5000, 0.5000])
    """


class Softmax2d(Module):
    """The softmax along the channels of images, of shape (N, C, H, W) or (C, H, W).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Softmax2d()(tp.zeros(2, 1, 1)).flatten()
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Call the function."""
        if input.ndim not in (3, 4):
            raise ShapeError(f"Softmax2d: got an input of shape {input.shape}, wanted (N, C, H, W) or (C, H, W)")
        return functional.softmax(input, -3)


class Softmin(FunctionLayer, function="softmin"):
    """Softmax of the negative along an axis: see `nn.functional.softmin`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Softmin(dim=0)(tp.zeros(2))
    tensor([0.5000, 0.5000])
    """


class Softplus(FunctionLayer, function="softplus"):
    """Smooth rectified linear unit: see `nn.functional.softplus`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Softplus()(tp.tensor([0.0]))
    tensor([0.6931])
    """


class Softshrink(FunctionLayer, function="softshrink", text="{lambd}"):
    """Elements moved towards zero: see `nn.functional.softshrink`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Softshrink()(tp.tensor([0.3, 2.0]))
    tensor([0.0000, 1.5000])
    """


class Softsign(FunctionLayer, function="softsign"):
    """Input over one plus its absolute value: see `nn.functional.softsign`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Softsign()(tp.tensor([1.0]))
    tensor([0.5000])
    """


class Tanh(FunctionLayer, function="tanh"):
    """Hyperbolic tangent.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Tanh()(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """


class Tanhshrink(FunctionLayer, function="tanhshrink"):
    """Input minus its hyperbolic tangent: see `nn.functional.tanhshrink`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Tanhshrink()(tp.tensor([0.0, 1.0]))
    tensor([0.0000, 0.2384])
    """


class Threshold(FunctionLayer, function="threshold"):
    """Another value in place of what is at most a threshold: see `nn.functional.threshold`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Threshold(0.5, 9.0)(tp.tensor([0.2, 1.0]))
    tensor([9., 1.])
    """
