"""Special functions of large float32 arrays as vectorised passes, where SciPy's own loop is 10 times slower."""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import FEW_SPECIAL, RUN_BLOCK
from ..contract import Kernel
from .steps import Form, Forms

# Minimax fit (by mpmath) for 0 <= x <= 4. Beyond it the polynomial grows on, so that the hyperbolic tangent stays 1.
_ERF = (
    5.42092015720641e-09, 2.759138695296315e-08, -4.79472919323598e-06, 8.459703531116247e-05,
    -0.0006148390239104629, -0.00019528759003151208, 0.1027698665857315, 1.128379225730896,
)  # fmt: skip
"""``atanh(erf(x)) / x`` in ``x**2``."""


def _erf_passes(x: Any, out: Any = None) -> Any:
    """``tanh(x * polynomial(x**2))``, within 4 ulp."""
    square = x * x
    found = square * _ERF[0]
    for coefficient in _ERF[1:-1]:
        found += coefficient
        found *= square
    found += _ERF[-1]
    found *= x
    return numpy.tanh(found, out)


def _is_large(x: Any) -> bool:
    return x.dtype.char == "f" and math.prod(x.shape) > FEW_SPECIAL


@quiet
def _erf(x: Any) -> Any:
    if not _is_large(x):
        return numpy.asarray(_scipy().erf(x))
    result = numpy.empty(x.shape, x.dtype)
    flat, out = x.reshape(-1), result.reshape(-1)
    for start in range(0, x.size, RUN_BLOCK):
        block = slice(start, start + RUN_BLOCK)
        _erf_passes(flat[block], out[block])
    return result


@functools.cache
def _scipy() -> Any:
    return importlib.import_module("scipy.special")


KERNELS: dict[str, Kernel] = {"special.erf": _erf}
"""By the name of the operation; they need SciPy."""

FORMS: Forms = {_erf: (Form(_erf_passes, is_elementwise=True, fits=_is_large),)}
"""By kernel."""
