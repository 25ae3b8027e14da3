"""Softmax and its relatives, which PyTorch has beside the standard.

They subtract the greatest element before they take exponentials, so that none overflows
(Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions", IMA Journal of Numerical
Analysis, 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..autodiff.lifting import TensorLifter
from ..dispatch.legacy import legacy
from ..families.docs import assemble
from ..families.scalars import accepts_0d
from ..memory.coercion import in_single
from ..memory.structure import cast
from ..memory.tensor import Tensor
from ..types.axes import (
    as_flag,
    normalize_axes,
    normalize_axis,
)
from ..types.dtypes import as_dtype
from ..types.errors import unsupported

__all__ = ["log_softmax", "logsumexp", "softmax"]

_FLOATS = "real-valued floating-point"


def _finite(ops: Any, x: Any) -> Any:
    """Zero in place of an infinite number: a greatest element of infinity would make NaN of the equal ones."""
    return ops.where(ops.isinf(x), ops.zeros_like(x), x)


def _greatest(ops: Any, x: Any, axis: Any) -> Any:
    """The greatest element along the axes, which are kept; of none, negative infinity."""
    lengths = x.shape if axis is None else [x.shape[i] for i in (axis if isinstance(axis, tuple) else (axis,))]
    return ops.sum(x, axis=axis, keepdims=True) - math.inf if 0 in lengths else ops.max(x, axis=axis, keepdims=True)


def _exponentials(ops: Any, x: Any, axis: Any) -> tuple[Any, Any, Any]:
    """The greatest element, the exponentials of the differences from it, and their sum."""
    shift = _greatest(ops, x, axis)
    exponentials = ops.exp(x - shift)
    return shift, exponentials, ops.sum(exponentials, axis=axis, keepdims=True)


def _softmax(ops: Any, x: Any, axis: int) -> Any:
    _, exponentials, total = _exponentials(ops, x, axis)
    return exponentials / total


def _log_softmax(ops: Any, x: Any, axis: int) -> Any:
    shift, _, total = _exponentials(ops, x, axis)
    return x - shift - ops.log(total)


def _logsumexp(ops: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    shift = _finite(ops, _greatest(ops, x, axis))
    total = ops.sum(ops.exp(x - shift), axis=axis, keepdims=True)
    result = ops.add(ops.log(total), shift)
    return result if keepdims else ops.reshape(result, _without(x.shape, axis))


def _without(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    return () if axis is None else tuple(n for i, n in enumerate(shape) if i not in axis)


def _softmax_normalizer(ops: Any, x: Any, axis: int) -> Any:
    shift, _, total = _exponentials(ops, x, axis)
    return ops.stack([shift, total], axis=0)


def _softmax_gradient(ops: Any, g: Any, out: Any, axis: int) -> Any:
    return out * (g - ops.sum(g * out, axis=axis, keepdims=True))


_softmax_gradient_operation = legacy(
    "softmax_gradient", family="composite", operands=("g", "out"), accepts=_FLOATS, decomposition=_softmax_gradient
)
_softmax_gradient_operation.function = lambda g, out, axis: _softmax_gradient(TensorLifter.ops, g, out, axis)

_logsumexp_operation = legacy(
    "logsumexp",
    family="reduction",
    operands=("x",),
    accepts=_FLOATS,
    decomposition=_logsumexp,
    methods=("logsumexp",),
)

softmax_normalizer = legacy(
    "softmax_normalizer", family="reduction", operands=("x",), accepts=_FLOATS, decomposition=_softmax_normalizer
)
"""A shift and the sum of the shifted exponentials, stacked, with the axis at length 1: exp(x - shift) / sum is the
softmax of x. It is what fused losses keep of a softmax between their forward and backward passes, and has no gradient.
The shift is whatever keeps the sum from overflowing and from vanishing; by default it is the greatest element.
"""


def _along_an_axis(name: str, decomposition: Callable[..., Any], summary: str, notes: str, example: str) -> Any:
    operation = legacy(
        name, family="activation", operands=("x",), accepts=_FLOATS, decomposition=decomposition, methods=(name,)
    )

    def function(x: Tensor, /, dim: int | None = None, dtype: Any = None, *, axis: int = -1) -> Tensor:
        if type(x) is not Tensor:
            raise unsupported(name, x)
        if dtype is not None:
            x = cast(x, as_dtype(dtype))
        return in_single(operation, x, axis=normalize_axis(name, axis if dim is None else dim, x.ndim))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = assemble(
        summary,
        notes,
        example,
        Parameters="""
x : Tensor
    Of a real-valued floating-point dtype, at least 1-d.
dim
    PyTorch's spelling of `axis`.
dtype : dtype, optional
    What `x` is converted to first.
axis : int, default: -1
    The axis along which the elements compete.""",
        Returns="""
Tensor
    The dtype and shape of `x`. Half-precision types are computed in float32.""",
        Raises="""
IndexError
    If the axis is out of range.
TypeError
    For another dtype.""",
    )
    operation.function = accepts_0d(function)
    return operation.function


log_softmax = _along_an_axis(
    "log_softmax",
    _log_softmax,
    r"The logarithm of `softmax`, :math:`x_i - \log \sum_j e^{x_j}`, exact where the softmax itself vanishes.",
    "",
    """
    >>> tp.log_softmax(tp.tensor([0.0, 1000.0]))
    tensor([-1000.,     0.])
    """,
)
softmax = _along_an_axis(
    "softmax",
    _softmax,
    r"The exponentials of the elements along an axis, divided by their sum: :math:`e^{x_i} / \sum_j e^{x_j}`.",
    "An infinite element makes NaN of the whole axis, unless it is negative and another is finite, as in PyTorch.",
    """
    >>> tp.softmax(tp.tensor([[0.0, 0.0], [1.0, 3.0]]))
    tensor([[0.5000, 0.5000],
            [0.1192, 0.8808]])
    """,
)


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
        Whether they are kept with length 1.

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
    if type(x) is not Tensor:
        raise unsupported("logsumexp", x)
    axes = normalize_axes("logsumexp", axis if dim is None else dim, x.ndim, dim is not None)
    return in_single(_logsumexp_operation, x, axis=axes, keepdims=as_flag("logsumexp", "keepdims", keepdims or keepdim))


_logsumexp_operation.function = logsumexp
