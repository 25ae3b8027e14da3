"""`tensorplug.nn.init`: fill tensors with the first values of parameters, in place, as `torch.nn.init`.

Each function writes into its tensor without recording, and returns it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..autograd.modes import no_grad
from ..core import Tensor
from ..core.standard.creation import eye, zeros
from ..core.standard.linalg import qr
from ..core.types.errors import ArgumentError, ShapeError

__all__ = [
    "calculate_gain",
    "constant_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

_GAINS: dict[str, Callable[[float], float]] = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "sigmoid"), lambda slope: 1.0),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), lambda slope: 1.0),
    "tanh": lambda slope: 5 / 3,
    "relu": lambda slope: math.sqrt(2),
    "leaky_relu": lambda slope: math.sqrt(2 / (1 + slope**2)),
    "selu": lambda slope: 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which an activation function is made up for.

    Parameters
    ----------
    nonlinearity : str
        Its name in `nn.functional`.
    param : float, optional
        The slope of ``"leaky_relu"``, by default 0.01.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.init.calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity not in _GAINS:
        raise ArgumentError(f"calculate_gain: got {nonlinearity!r}, wanted one of {', '.join(_GAINS)}")
    return _GAINS[nonlinearity](0.01 if param is None else param)


def _fans(operation: str, tensor: Tensor) -> tuple[int, int]:
    """How many inputs and outputs an element of the result and of the input of a layer has."""
    if tensor.ndim < 2:
        raise ShapeError(f"{operation}: got shape {tensor.shape}, wanted at least two axes")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _fan(operation: str, tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"{operation}: got mode {mode!r}, wanted 'fan_in' or 'fan_out'")
    return _fans(operation, tensor)[mode == "fan_out"]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform random numbers in [a, b).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.init.uniform_(tp.empty(2), 3.0, 3.0)
    tensor([3., 3.])
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Random numbers from a normal distribution.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.init.normal_(tp.empty(2), 3.0, 0.0)
    tensor([3., 3.])
    """
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Random numbers from a normal distribution cut off at `a` and `b`.

    They are the quantiles of uniform numbers.

    Examples
    --------
    >>> import tensorplug as tp
    >>> float(tp.nn.init.trunc_normal_(tp.empty(1000)).abs().max()) <= 2.0
    True
    """

    def below(x: float) -> float:
        return math.erf((x - mean) / std / math.sqrt(2))

    with no_grad():
        tensor.uniform_(below(a), below(b), generator=generator).erfinv_()
        return tensor.mul_(std * math.sqrt(2)).add_(mean).clamp_(min=a, max=b)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One number for all elements.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.init.constant_(tp.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return constant_(tensor, 1)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return constant_(tensor, 0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix, whose diagonal may end before the last row or column.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.init.eye_(tp.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: got shape {tensor.shape}, wanted two axes")
    with no_grad():
        return tensor.copy_(eye(*tensor.shape, dtype=tensor.dtype, device=tensor.device))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform random numbers of variance ``2 gain^2 / (inputs + outputs)`` (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6 / sum(_fans("xavier_uniform_", tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal random numbers of variance ``2 gain^2 / (inputs + outputs)`` (Glorot and Bengio, 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans("xavier_normal_", tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Uniform random numbers of variance ``gain^2 / fan`` (He et al., 2015).

    Parameters
    ----------
    tensor : Tensor
        Of at least two axes: outputs, inputs, and those of a kernel.
    a : float, default: 0
        The slope of a leaky rectified linear unit that follows.
    mode : {"fan_in", "fan_out"}
        Whether the variance is kept forward or backward.
    nonlinearity : str
        The activation function that follows, for `calculate_gain`.
    generator : Generator, optional
    """
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / _fan("kaiming_uniform_", tensor, mode))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Normal random numbers of variance ``gain^2 / fan``; the parameters are those of `kaiming_uniform_`."""
    std = calculate_gain(nonlinearity, a) / math.sqrt(_fan("kaiming_normal_", tensor, mode))
    return normal_(tensor, 0.0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """A matrix with orthogonal rows or columns, the fewer ones; further axes are counted with the last.

    Examples
    --------
    >>> import tensorplug as tp
    >>> rows = tp.nn.init.orthogonal_(tp.empty(2, 3))
    >>> tp.allclose(rows @ rows.T, tp.eye(2), atol=1e-6)
    True
    """
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: got shape {tensor.shape}, wanted at least two axes")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    with no_grad():
        drawn = zeros(max(rows, columns), min(rows, columns), dtype=tensor.dtype, device=tensor.device)
        q, r = qr(drawn.normal_(generator=generator))
        # Signs that make the decomposition unique, so that the distribution is uniform.
        q = q * r.diagonal().sign()
        return tensor.copy_((q if rows >= columns else q.T).reshape(tensor.shape)).mul_(gain)
