"""Entropy, odds, products with logarithms, exponentials to base 2, and the sine cardinal."""

from __future__ import annotations

import math
from typing import Any

from ..dispatch.operation import operation
from ..families.function import function
from ..memory.tensor import Tensor
from ..standard.elementwise import clip
from ..types.axes import as_float
from .approximations import ELEMENTWISE, from_integer, special, special_of_two

__all__ = ["entr", "exp2", "logaddexp2", "logit", "sinc", "xlog1py", "xlogy"]


@special()
def entr(ops: Any, x: Any) -> Any:
    """The entropy :math:`-x log(x)` of each element; 0 of zero, and minus infinity of negative numbers.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.entr(tp.tensor([0.5, 0.0, -1.0]))
    tensor([0.3466, 0.0000,   -inf])
    """
    found = ops.masked_fill(-x * ops.log(x), x == 0.0, 0.0)
    return ops.masked_fill(found, x < 0.0, -math.inf)


@special("exp2")
def exp2(ops: Any, x: Any) -> Any:
    """Two to the power of each element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.exp2(tp.tensor([0.0, 3.0]))
    tensor([1., 8.])
    """
    return ops.pow(ops.full_like(x, 2.0), x)


@special_of_two("logaddexp2")
def logaddexp2(ops: Any, x1: Any, x2: Any) -> Any:
    """The logarithm to base 2 of the sum of powers of two, :math:`log2(2^{x1} + 2^{x2})`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logaddexp2(tp.tensor([1.0, 200.0]), tp.tensor([1.0, 0.0]))
    tensor([  2., 200.])
    """
    # Of equal infinities the difference is NaN.
    apart = ops.masked_fill(-ops.abs(x1 - x2), x1 == x2, 0.0)
    return ops.maximum(x1, x2) + ops.log1p(ops.exp(apart * math.log(2))) / math.log(2)


@operation(elementwise=True, **ELEMENTWISE)
def _logit(ops: Any, x: Any) -> Any:
    """Logarithm of the odds."""
    centred = x * 2.0 - 1.0
    return ops.where(x < 0.25, ops.log(x) - ops.log1p(-x), ops.log1p(centred) - ops.log1p(-centred))


@function(name="special.logit", methods=("logit",), in_place_method=True)
def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the odds :math:`x / (1 - x)` of each element, the inverse of `sigmoid`.

    Parameters
    ----------
    input : Tensor
        Of a real-valued floating-point dtype.
    eps : float, optional
        If given, elements are clipped to the interval from `eps` to ``1 - eps`` before.
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        NaN of elements that are not from 0 to 1.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.logit(tp.tensor([0.5, 0.75, 1.0]))
    tensor([0.0000, 1.0986,    inf])
    """
    if eps is not None:
        eps = as_float("logit", "eps", eps)
        input = clip(input, eps, 1.0 - eps)
    found: Tensor = _logit(input)
    return found


@special("sinc")
def sinc(ops: Any, x: Any) -> Any:
    r"""The normalized sine cardinal, :math:`\sin(\pi x) / (\pi x)`, and 1 at zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.sinc(tp.tensor([0.0, 0.5, 1.5]))
    tensor([ 1.0000,  0.6366, -0.2122])
    """
    near_odd = ops.abs(from_integer(ops, x * 0.5)) > 0.25
    sine = ops.sin(from_integer(ops, x) * math.pi)
    return ops.masked_fill(ops.where(near_odd, -sine, sine) / (x * math.pi), x == 0.0, 1.0)


@special_of_two()
def xlog1py(ops: Any, x1: Any, x2: Any) -> Any:
    """The product :math:`x1 log(1 + x2)` of each pair of elements; 0 where ``x1`` is zero, unless ``x2`` is NaN.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.special.xlog1py(tp.tensor([2.0, 0.0]), tp.tensor([1.0, -1.0]))
    tensor([1.3863, 0.0000])
    """
    return ops.masked_fill(x1 * ops.log1p(x2), ops.logical_and(x1 == 0.0, x2 == x2), 0.0)


@special_of_two("xlogy")
def xlogy(ops: Any, x1: Any, x2: Any) -> Any:
    """The product :math:`x1 log(x2)` of each pair of elements; 0 where ``x1`` is zero, unless ``x2`` is NaN.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.xlogy(tp.tensor([2.0, 0.0]), tp.tensor([2.0, 0.0]))
    tensor([1.3863, 0.0000])
    """
    return ops.masked_fill(x1 * ops.log(x2), ops.logical_and(x1 == 0.0, x2 == x2), 0.0)
