"""`softmax`, `log_softmax` and `logsumexp`.

They subtract the largest element before they take exponentials, so that none overflows
(Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions", IMA Journal of Numerical
Analysis, 2021).
"""

from __future__ import annotations

import math
from typing import Any

from ..dispatch.operation import operation
from ..families.function import function
from ..memory.structure import cast
from ..memory.tensor import Tensor
from ..types.dtypes import as_dtype

__all__ = ["log_softmax", "logsumexp", "softmax"]

_FLOATS = "real-valued floating-point"


def _finite(ops: Any, x: Any) -> Any:
    """Replace infinities by zero, as an infinite maximum minus itself is NaN."""
    return ops.where(ops.isinf(x), ops.zeros_like(x), x)


def _greatest(ops: Any, x: Any, axis: Any) -> Any:
    """The maximum along axes, with `keepdims`; negative infinity for no elements."""
    lengths = x.shape if axis is None else [x.shape[i] for i in (axis if isinstance(axis, tuple) else (axis,))]
    return ops.sum(x, axis=axis, keepdims=True) - math.inf if 0 in lengths else ops.max(x, axis=axis, keepdims=True)


def _exponentials(ops: Any, x: Any, axis: Any) -> tuple[Any, Any, Any]:
    """The maximum, the exponentials of the differences from it, and their sum."""
    shift = _greatest(ops, x, axis)
    exponentials = ops.exp(x - shift)
    return shift, exponentials, ops.sum(exponentials, axis=axis, keepdims=True)


@operation(accepts=_FLOATS)
def _softmax(ops: Any, x: Any, *, axis: int) -> Any:
    """Softmax along an axis."""
    _, exponentials, total = _exponentials(ops, x, axis)
    return exponentials / total


@operation(accepts=_FLOATS)
def _softmax_gradient(ops: Any, g: Any, out: Any, *, axis: int) -> Any:
    """The gradient of softmax, given its result `out`."""
    return out * (g - ops.sum(g * out, axis=axis, keepdims=True))


@operation(accepts=_FLOATS)
def softmax_normalizer(ops: Any, x: Any, *, axis: int) -> Any:
    """A shift and the sum of the shifted exponentials, stacked: exp(x - shift) / sum is the softmax of `x`.

    The axis is kept with length 1. It is what fused losses keep of a softmax between their forward and backward passes,
    and has no gradient. The shift is whatever keeps the sum from overflowing and from vanishing; by default it is the
    largest element.
    """
    shift, _, total = _exponentials(ops, x, axis)
    return ops.stack([shift, total], axis=0)


@operation(accepts=_FLOATS)
def _log_softmax(ops: Any, x: Any, *, axis: int) -> Any:
    """The logarithm of softmax."""
    shift, _, total = _exponentials(ops, x, axis)
    return x - shift - ops.log(total)


@operation(accepts=_FLOATS)
def _logsumexp(ops: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    """The logarithm of the sum of exponentials along the axes."""
    shift = _finite(ops, _greatest(ops, x, axis))
    total = ops.sum(ops.exp(x - shift), axis=axis, keepdims=True)
    result = ops.add(ops.log(total), shift)
    return result if keepdims else ops.reshape(result, _without(x.shape, axis))


def _without(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    return () if axis is None else tuple(n for i, n in enumerate(shape) if i not in axis)


@function(methods=("softmax",), axis="one", widens_half=True)
def softmax(x: Tensor, /, dim: int | None = None, dtype: Any = None, *, axis: int = -1) -> Tensor:
    r"""The exponentials of the elements along an axis, divided by their sum: :math:`e^{x_i} / \sum_j e^{x_j}`.

    An infinite element makes NaN of the whole axis, unless it is negative and another is finite, as in PyTorch.

    Parameters
    ----------
    x : Tensor
        Of a real-valued floating-point dtype, at least 1-d.
    dim
        PyTorch's spelling of `axis`.
    dtype : dtype, optional
        The dtype that `x` is converted to first.
    axis : int, default: -1
        The axis along which the result sums to 1.

    Returns
    -------
    Tensor
        The dtype and shape of `x`. Half-precision types are computed in float32.

    Raises
    ------
    IndexError
        If the axis is out of range.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.softmax(tp.tensor([[0.0, 0.0], [1.0, 3.0]]))
    tensor([[0.5000, 0.5000],
            [0.1192, 0.8808]])
    """
    if dtype is not None:
        return softmax(cast(x, as_dtype(dtype)), axis=axis)
    found: Tensor = _softmax(x, axis=axis)
    return found


@function(methods=("log_softmax",), axis="one", widens_half=True)
def log_softmax(x: Tensor, /, dim: int | None = None, dtype: Any = None, *, axis: int = -1) -> Tensor:
    r"""The logarithm of `softmax`, :math:`x_i - \log \sum_j e^{x_j}`, exact where the softmax itself vanishes.

    The parameters are those of `softmax`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.log_softmax(tp.tensor([0.0, 1000.0]))
    tensor([-1000.,     0.])
    """
    found: Tensor = (
        log_softmax(cast(x, as_dtype(dtype)), axis=axis) if dtype is not None else _log_softmax(x, axis=axis)
    )
    return found


@function(methods=("logsumexp",), axis="several", widens_half=True)
def logsumexp(
    x: Tensor, /, dim: Any = None, keepdim: bool = False, *, axis: Any = None, keepdims: bool = False
) -> Tensor:
    r"""The logarithm of the sum of exponentials along the axes, :math:`\log \sum_i e^{x_i}`.

    Parameters
    ----------
    x : Tensor
        Of a real-valued floating-point dtype.
    dim, keepdim
        PyTorch's spelling of `axis` and `keepdims`.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    keepdims : bool, default: False
        Whether reduced axes stay, with length 1.

    Returns
    -------
    Tensor
        The dtype of `x`, which for half-precision types is computed in float32; the shape without the reduced axes.

    Raises
    ------
    IndexError
        If an axis is out of range.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logsumexp(tp.tensor([0.0, 0.0]))
    tensor(0.6931)
    """
    found: Tensor = _logsumexp(x, axis=axis, keepdims=keepdims)
    return found
