"""Kernels of linear algebra on NumPy arrays: they return arrays, complex eigenvalues always, and do not warn.

A matrix that is singular or not positive-definite raises `numpy.linalg.LinAlgError`, on every backend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..contract import Kernel

_COMPLEX = {"float32": "complex64", "float64": "complex128"}


def _quiet(function: Callable[..., Any]) -> Kernel:
    """Wrap a function so that it does not warn and returns arrays."""

    def kernel(*arguments: Any, **keywords: Any) -> Any:
        with numpy.errstate(all="ignore"):
            out = function(*arguments, **keywords)
        return tuple(map(numpy.asarray, out)) if isinstance(out, tuple) else numpy.asarray(out)

    return kernel


def _complex(out: Any, x: Any) -> Any:
    """Cast a result to complex: NumPy returns real arrays if all imaginary parts are zero."""
    return out.astype(_COMPLEX.get(x.dtype.name, x.dtype), copy=False)


def _slogdet(x: Any) -> tuple[Any, Any]:
    """`numpy.linalg.slogdet`, with a sign of NaN where the determinant is NaN."""
    sign, logabsdet = numpy.linalg.slogdet(x)
    return numpy.where(numpy.isnan(logabsdet), sign.dtype.type(numpy.nan), sign), logabsdet


NAMES = ("cholesky", "det", "eigh", "eigvalsh", "inv", "qr", "solve", "svd", "svdvals")

KERNELS: dict[str, Kernel] = {
    **{f"linalg.{name}": _quiet(getattr(numpy.linalg, name)) for name in NAMES},
    "linalg.slogdet": _quiet(_slogdet),
    "linalg.eig": _quiet(lambda x: tuple(_complex(out, x) for out in numpy.linalg.eig(x))),
    "linalg.eigvals": _quiet(lambda x: _complex(numpy.linalg.eigvals(x), x)),
}
"""The kernels of the linear algebra extension."""
