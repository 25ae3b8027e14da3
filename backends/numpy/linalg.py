"""Linear algebra on NumPy: arrays where NumPy returns scalars, complex where it drops the imaginary parts, no warnings.

A matrix without an answer (singular, not positive-definite) is `numpy.linalg.LinAlgError`, in every backend's kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..contract import Kernel

_COMPLEX = {"float32": "complex64", "float64": "complex128"}


def _quiet(function: Callable[..., Any]) -> Kernel:
    """The function without floating-point warnings, its results arrays."""

    def kernel(*arguments: Any, **keywords: Any) -> Any:
        with numpy.errstate(all="ignore"):
            out = function(*arguments, **keywords)
        return tuple(map(numpy.asarray, out)) if isinstance(out, tuple) else numpy.asarray(out)

    return kernel


def _complex(out: Any, x: Any) -> Any:
    """A result as the complex numbers that NumPy gives only where some are not real."""
    return out.astype(_COMPLEX.get(x.dtype.name, x.dtype), copy=False)


def _slogdet(x: Any) -> tuple[Any, Any]:
    """NumPy's, with NaN for the sign of NaN, to which it gives any."""
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
