"""Kernels of linear algebra on NumPy arrays: they return arrays, complex eigenvalues always, and do not warn.

A matrix that is singular or not positive-definite raises `numpy.linalg.LinAlgError`, on every backend.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy

from ..common.quiet import Quiet
from ..contract import Kernel
from .optional import HAS_SCIPY

_COMPLEX = {"float32": "complex64", "float64": "complex128"}


def _quiet(function: Callable[..., Any]) -> Kernel:
    """Wrap a function so that it does not warn and returns arrays."""

    def kernel(*arguments: Any, **keywords: Any) -> Any:
        with Quiet():
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


def _lu_factor(x: Any) -> tuple[Any, Any, Any]:
    """LU decomposition by LAPACK: both triangles in one matrix, pivots from 1, and the order of the rows."""
    lapack: Any = importlib.import_module("scipy.linalg")
    found = numpy.array(x)
    pivots = numpy.empty((*x.shape[:-2], min(x.shape[-2:])), numpy.int32)
    if x.size:
        (getrf,) = lapack.get_lapack_funcs(("getrf",), (found,))
        for example in numpy.ndindex(x.shape[:-2]):
            found[example], pivots[example], _ = getrf(found[example])
    pivots += 1
    return found, pivots, _permutation(pivots, size=x.shape[-2])


def _permutation(pivots: Any, *, size: int) -> Any:
    """The order of rows after exchanges of row i and row ``pivots[i]``, counted from 1."""
    order = numpy.empty((*pivots.shape[:-1], size), numpy.int64)
    for example in numpy.ndindex(pivots.shape[:-1]):
        # Lists are quicker by single elements.
        rows = list(range(size))
        for k, other in enumerate(pivots[example].tolist()):
            rows[k], rows[other - 1] = rows[other - 1], rows[k]
        order[example] = rows
    return order


def _solve_triangular(x1: Any, x2: Any, *, upper: bool, unitriangular: bool) -> Any:
    """Solve triangular systems one by one by LAPACK, in a fortieth of the time of `solve` for small ones."""
    lapack: Any = importlib.import_module("scipy.linalg")
    (trtrs,) = lapack.get_lapack_funcs(("trtrs",), (x1, x2))

    def solve(matrix: Any, columns: Any) -> Any:
        found, singular = trtrs(matrix, columns, not upper, 0, unitriangular)
        if singular:
            raise numpy.linalg.LinAlgError
        return found

    if x1.ndim == x2.ndim == 2 and x2.size:
        return numpy.array(solve(x1, x2), order="C")
    batch = numpy.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    found = numpy.empty((*batch, *x2.shape[-2:]), x2.dtype)
    x1, x2 = numpy.broadcast_to(x1, (*batch, *x1.shape[-2:])), numpy.broadcast_to(x2, found.shape)
    for example in numpy.ndindex(batch) if found.size else ():
        found[example] = solve(x1[example], x2[example])
    return found


NAMES = ("cholesky", "det", "eigh", "eigvalsh", "inv", "qr", "solve", "svd", "svdvals")

KERNELS: dict[str, Kernel] = {
    **{f"linalg.{name}": _quiet(getattr(numpy.linalg, name)) for name in NAMES},
    "linalg.permutation": _permutation,
    "linalg.slogdet": _quiet(_slogdet),
    "linalg.eig": _quiet(lambda x: tuple(_complex(out, x) for out in numpy.linalg.eig(x))),
    "linalg.eigvals": _quiet(lambda x: _complex(numpy.linalg.eigvals(x), x)),
}
if HAS_SCIPY:
    KERNELS |= {"linalg.lu_factor": _lu_factor, "linalg.solve_triangular": _solve_triangular}
"""The kernels of the linear algebra extension."""
