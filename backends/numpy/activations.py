"""Activation functions with few calls of NumPy, which write into one result.

Those that need a mask serve small arrays only: the decompositions' `where` does not mispredict branches.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import MANY_ELEMENTS
from ..contract import Kernel, PartialKernel
from .steps import Form, Forms
from .ufuncs import copysign, negative

asarray = numpy.asarray

# A Python number costs as much as the operation itself.
_ZERO, _ONE, _THREE, _SIX = ({char: asarray(number, char) for char in "fd"} for number in (0.0, 1.0, 3.0, 6.0))


def _is_float(x: Any) -> bool:
    return x.dtype.char in "fd"


def _is_small(x: Any) -> bool:
    return x.dtype.char in "fd" and math.prod(x.shape) < MANY_ELEMENTS


def _hardtanh(x: Any, *, low: Any, high: Any, out: Any = None) -> Any:
    """Each element between two bounds; -0.0 becomes a bound that is zero."""
    if x.size < MANY_ELEMENTS:
        found = asarray(numpy.maximum(x, low, out=out))
        return numpy.minimum(found, high, out=found)
    # A quarter of the time of `maximum` with a number.
    found = numpy.clip(x, low, high, out)
    return found if low and high else numpy.add(found, _ZERO[x.dtype.char], found)


def _hardsigmoid(x: Any) -> Any:
    char = x.dtype.char
    found = asarray(numpy.add(x, _THREE[char]))
    _hardtanh(found, low=_ZERO[char], high=_SIX[char], out=found)
    return numpy.divide(found, _SIX[char], found)


def _hardswish(x: Any) -> Any:
    found = _hardsigmoid(x)
    return numpy.multiply(found, x, found)


def _softshrink(x: Any, *, lambd: float) -> Any:
    found = _hardtanh(x, low=-lambd, high=lambd)
    numpy.subtract(x, found, found)
    # Of zeros.
    return copysign(found, x, found)


def _celu(x: Any, *, alpha: float, width: float | None = None) -> Any:
    above = x > _ZERO[x.dtype.char]
    found = numpy.array(x)
    numpy.copyto(found, _ZERO[x.dtype.char], where=above)
    width = alpha if width is None else width
    if width != 1.0:
        numpy.divide(found, width, found)
    numpy.expm1(found, found)
    if alpha != 1.0:
        numpy.multiply(found, alpha, found)
    numpy.copyto(found, x, where=above)
    return found


def _elu(x: Any, *, alpha: float) -> Any:
    return _celu(x, alpha=alpha, width=1.0)


def _softplus(x: Any, *, beta: float, threshold: float) -> Any:
    scaled = x if beta == 1.0 else numpy.multiply(x, beta)
    found = asarray(numpy.exp(scaled))
    numpy.log1p(found, found)
    if beta != 1.0:
        numpy.divide(found, beta, found)
    # Also where the exponential overflows.
    numpy.copyto(found, x, where=scaled > min(threshold, _GREATEST))
    return found


_GREATEST = 40.0
"""From here on `softplus` rounds to its operand."""


def _logsigmoid(x: Any) -> Any:
    found = asarray(numpy.abs(x))
    numpy.negative(found, out=found)
    numpy.exp(found, found)
    numpy.log1p(found, found)
    return numpy.subtract(numpy.minimum(x, _ZERO[x.dtype.char]), found, found)


def _mish(x: Any) -> Any:
    found = _softplus(x, beta=1.0, threshold=20.0)
    numpy.tanh(found, found)
    return numpy.multiply(found, x, found)


def _silu(x: Any) -> Any:
    found = asarray(negative(x))
    numpy.exp(found, found)
    numpy.add(found, _ONE[x.dtype.char], out=found)
    return numpy.divide(x, found, found)


_OF_ANY_SIZE: dict[str, Kernel] = {
    "hardsigmoid": quiet(_hardsigmoid),
    "hardswish": quiet(_hardswish),
    "hardtanh": quiet(_hardtanh),
    "silu": quiet(_silu),
    "softshrink": quiet(_softshrink),
}

_OF_SMALL_ARRAYS: dict[str, Kernel] = {
    "celu": quiet(_celu),
    "elu": quiet(_elu),
    "logsigmoid": quiet(_logsigmoid),
    "mish": quiet(_mish),
    "softplus": quiet(_softplus),
}

KERNELS: dict[str, Any] = {
    **{name: PartialKernel(kernel, _is_float) for name, kernel in _OF_ANY_SIZE.items()},
    **{name: PartialKernel(kernel, _is_small) for name, kernel in _OF_SMALL_ARRAYS.items()},
}
"""By the name of the operation."""


def _into(kernel: Kernel) -> Kernel:
    """The kernel with an argument ``out``, which may be an operand."""

    def into(x: Any, out: Any = None, **parameters: Any) -> Any:
        found = kernel(x, **parameters)
        if out is None:
            return found
        numpy.copyto(out, found)
        return out

    return into


FORMS: Forms = {kernel: (Form(_into(kernel), is_elementwise=True),) for kernel in _OF_ANY_SIZE.values()}
"""By kernel."""
