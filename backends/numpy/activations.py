"""Activation functions of small arrays with few calls of NumPy, which write into one result.

Larger ones are left to the decompositions, whose `where` does not mispredict branches, and which compiled programs run
block by block.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..common.quiet import quietly, run_anyway
from ..common.sizes import MANY_ELEMENTS
from ..contract import Kernel, PartialKernel
from .ufuncs import negative

asarray = numpy.asarray

# A Python number costs as much as the operation itself.
_ZERO, _ONE, _THREE, _SIX = ({char: asarray(number, char) for char in "fd"} for number in (0.0, 1.0, 3.0, 6.0))


def _fits(x: Any) -> bool:
    return x.dtype.char in "fd" and math.prod(x.shape) < MANY_ELEMENTS


def _hardtanh(x: Any, *, low: float, high: float) -> Any:
    # A bound may be infinite in the dtype.
    found = asarray(quietly(numpy.maximum, x, low))
    return run_anyway(numpy.minimum, found, high, out=found)


def _hardsigmoid(x: Any) -> Any:
    char = x.dtype.char
    found = asarray(numpy.add(x, _THREE[char]))
    numpy.maximum(found, _ZERO[char], out=found)
    numpy.minimum(found, _SIX[char], out=found)
    return numpy.divide(found, _SIX[char], out=found)


def _hardswish(x: Any) -> Any:
    found = _hardsigmoid(x)
    return quietly(numpy.multiply, found, x, found)


def _softshrink(x: Any, *, lambd: float) -> Any:
    found = _hardtanh(x, low=-lambd, high=lambd)
    quietly(numpy.subtract, x, found, found)
    # Of zeros.
    return numpy.copysign(found, x, out=found)


def _celu(x: Any, *, alpha: float, width: float | None = None) -> Any:
    above = x > _ZERO[x.dtype.char]
    found = numpy.array(x)
    numpy.copyto(found, _ZERO[x.dtype.char], where=above)
    width = alpha if width is None else width
    if width != 1.0:
        quietly(numpy.divide, found, width, found)
    quietly(numpy.expm1, found, found)
    if alpha != 1.0:
        quietly(numpy.multiply, found, alpha, found)
    numpy.copyto(found, x, where=above)
    return found


def _elu(x: Any, *, alpha: float) -> Any:
    return _celu(x, alpha=alpha, width=1.0)


def _softplus(x: Any, *, beta: float, threshold: float) -> Any:
    scaled = x if beta == 1.0 else quietly(numpy.multiply, x, beta)
    found = asarray(quietly(numpy.exp, scaled))
    quietly(numpy.log1p, found, found)
    if beta != 1.0:
        quietly(numpy.divide, found, beta, found)
    # Also where the exponential overflows.
    numpy.copyto(found, x, where=scaled > min(threshold, _GREATEST))
    return found


_GREATEST = 40.0
"""From here on `softplus` rounds to its operand."""


def _logsigmoid(x: Any) -> Any:
    found = asarray(numpy.abs(x))
    numpy.negative(found, out=found)
    quietly(numpy.exp, found, found)
    quietly(numpy.log1p, found, found)
    return quietly(numpy.subtract, numpy.minimum(x, _ZERO[x.dtype.char]), found, found)


def _mish(x: Any) -> Any:
    found = _softplus(x, beta=1.0, threshold=20.0)
    quietly(numpy.tanh, found, found)
    return quietly(numpy.multiply, found, x, found)


def _silu(x: Any) -> Any:
    found = asarray(negative(x))
    quietly(numpy.exp, found, found)
    numpy.add(found, _ONE[x.dtype.char], out=found)
    return quietly(numpy.divide, x, found, found)


KERNELS: dict[str, Any] = {
    name: PartialKernel(kernel, _fits)
    for name, kernel in dict[str, Kernel](
        celu=_celu,
        elu=_elu,
        hardsigmoid=_hardsigmoid,
        hardswish=_hardswish,
        hardtanh=_hardtanh,
        logsigmoid=_logsigmoid,
        mish=_mish,
        silu=_silu,
        softplus=_softplus,
        softshrink=_softshrink,
    ).items()
}
"""By the name of the operation."""
