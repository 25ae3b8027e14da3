"""How tangents go through the linear algebra extension in forward mode, as differentials are written in the literature.

They are those whose transpose the gradients are: of the Hermitian part where an operation reads one triangle only, and
with the same choice where a result is determined up to something, such as the phases of complex vectors.
"""

from __future__ import annotations

from typing import Any

from ..protocol import is_tensor
from ..rule import RULES, tangent
from .linalg import cofactors, reliable_inverse
from .matrices import (
    adjoint_of,
    as_columns,
    as_rows,
    by_differences,
    diagonal_of,
    embedded,
    is_complex,
    linalg,
    quotient,
    real,
    require_reduced,
)
from .signs import abs_tangent

Shape = tuple[int, ...]

SMALL = 64
"""Up to which size the factor of Cholesky's decomposition is differentiated in one piece."""


def _solve_x1(ops: Any, t: Any, x1: Any, out: Any, x2_shape: Shape) -> Any:
    solve = linalg(ops, "solve")
    if len(x2_shape) > 1:
        return -solve(x1, ops.matmul(t, out))
    found = solve(x1, ops.matmul(t, as_columns(ops, out)))
    return -ops.reshape(found, found.shape[:-1])


def _det(ops: Any, t: Any, x: Any, found: Any) -> Any:
    """By Jacobi's formula: of the inverse, where there is a large and reliable one, else of the cofactors."""
    inverse = None if is_tensor(x) or x.shape[-1] <= 3 else reliable_inverse(ops, x)
    if inverse is not None:
        return found * _trace_of_product(ops, inverse, t)
    return ops.sum(cofactors(ops, x) * t, axis=(-2, -1))


def _trace_of_product(ops: Any, x1: Any, x2: Any) -> Any:
    return ops.sum(ops.matrix_transpose(x1) * x2, axis=(-2, -1))


def _slogdet(ops: Any, t: Any, x: Any, sign: Any) -> tuple[Any, Any]:
    trace = _trace_of_product(ops, linalg(ops, "inv")(x), t)
    if not is_complex(x):
        return None, trace
    along = ops.real(trace)
    return sign * (trace - ops.complex(along, ops.zeros_like(along))), along


def _cholesky(ops: Any, t: Any, out: Any) -> Any:
    return _factor(ops, (t + adjoint_of(ops, t)) * 0.5, out, inverted=False)[0]


def _factor(ops: Any, t: Any, factor: Any, inverted: bool) -> tuple[Any, Any]:
    """The tangent of a triangular factor, of a Hermitian one, and its inverse if it is asked for.

    By halves, as nearly all of the work is products then.
    """
    n = factor.shape[-1]
    if n <= SMALL:
        inverse = linalg(ops, "inv")(factor)
        inner = ops.matmul(ops.matmul(inverse, t), adjoint_of(ops, inverse))
        return ops.matmul(factor, (ops.tril(inner) + ops.tril(inner, k=-1)) * 0.5), inverse
    first, second = slice(None, n // 2), slice(n // 2, None)
    below = ops.getitem(factor, (..., second, first))
    of_corner, corner = _factor(
        ops, ops.getitem(t, (..., first, first)), ops.getitem(factor, (..., first, first)), inverted=True
    )
    rest = ops.getitem(t, (..., second, first)) - ops.matmul(below, adjoint_of(ops, of_corner))
    of_below = ops.matmul(rest, adjoint_of(ops, corner))
    taken = ops.matmul(of_below, adjoint_of(ops, below))
    of_last, last = _factor(
        ops,
        ops.getitem(t, (..., second, second)) - (taken + adjoint_of(ops, taken)),
        ops.getitem(factor, (..., second, second)),
        inverted,
    )
    inverse = _triangular(ops, corner, -ops.matmul(last, ops.matmul(below, corner)), last) if inverted else None
    return _triangular(ops, of_corner, of_below, of_last), inverse


def _triangular(ops: Any, corner: Any, below: Any, last: Any) -> Any:
    """A lower triangular matrix of its blocks."""
    upper = ops.concat([corner, ops.zeros_like(adjoint_of(ops, below))], axis=-1)
    return ops.concat([upper, ops.concat([below, last], axis=-1)], axis=-2)


def _eigh(ops: Any, t: Any, eigenvalues: Any, eigenvectors: Any) -> tuple[Any, Any]:
    inner = ops.matmul(adjoint_of(ops, eigenvectors), ops.matmul((t + adjoint_of(ops, t)) * 0.5, eigenvectors))
    turned = ops.matmul(eigenvectors, by_differences(ops, inner, eigenvalues))
    return real(ops, diagonal_of(ops, inner)), turned


def _qr(ops: Any, t: Any, q: Any, r: Any) -> tuple[Any, Any]:
    """Of the square part; the columns beyond it are q times those of r."""
    require_reduced(q, r)
    n = q.shape[-1]
    first, beyond = (..., slice(None, n)), (..., slice(n, None))
    square = ops.getitem(r, first)
    moved = adjoint_of(ops, linalg(ops, "solve")(adjoint_of(ops, square), adjoint_of(ops, ops.getitem(t, first))))
    inner = ops.matmul(adjoint_of(ops, q), moved)
    lower = ops.tril(inner, k=-1)
    turned = lower - adjoint_of(ops, lower)
    if is_complex(q):
        turned = turned + embedded(ops, (diagonal_of(ops, inner) - ops.conj(diagonal_of(ops, inner))) * 0.5)
    of_q = ops.matmul(q, turned) + (moved - ops.matmul(q, inner))
    of_square = ops.matmul(inner - turned, square)
    if r.shape[-1] == n:
        return of_q, of_square
    left = ops.getitem(t, beyond) - ops.matmul(of_q, ops.getitem(r, beyond))
    return of_q, ops.concat([of_square, ops.matmul(adjoint_of(ops, q), left)], axis=-1)


def _svd(ops: Any, t: Any, u: Any, s: Any, vh: Any) -> tuple[Any, Any, Any]:
    k = s.shape[-1]
    first, v = (
        ops.getitem(u, (..., slice(None, k))),
        adjoint_of(ops, ops.getitem(vh, (..., slice(None, k), slice(None)))),
    )
    along_v, along_u = ops.matmul(t, v), ops.matmul(adjoint_of(ops, t), first)
    inner = ops.matmul(adjoint_of(ops, first), along_v)
    other = adjoint_of(ops, inner)
    both = by_differences(ops, inner + other, s)
    # On the diagonal this is how the phases of both turn; it is nothing where a value is zero.
    apart = quotient(ops, inner - other, as_rows(ops, s) + as_columns(ops, s))
    of_u = ops.matmul(first, (both + apart) * 0.5)
    of_v = ops.matmul(v, (both - apart) * 0.5)
    if u.shape[-2] > k:
        of_u = of_u + quotient(ops, along_v - ops.matmul(first, inner), as_rows(ops, s))
    if vh.shape[-1] > k:
        of_v = of_v + quotient(ops, along_u - ops.matmul(v, other), as_rows(ops, s))
    of_u = _completed(ops, u, first, of_u)
    return of_u, real(ops, diagonal_of(ops, inner)), adjoint_of(ops, _completed(ops, adjoint_of(ops, vh), v, of_v))


def _completed(ops: Any, vectors: Any, first: Any, t: Any) -> Any:
    """The tangent of a basis, from that of its first vectors: the others stay perpendicular to these."""
    if first.shape == vectors.shape:
        return t
    others = ops.getitem(vectors, (..., slice(first.shape[-1], None)))
    return ops.concat([t, -ops.matmul(first, ops.matmul(adjoint_of(ops, t), others))], axis=-1)


def _vector_norm(ops: Any, t: Any, x: Any, out: Any, axis: Any, keepdims: bool, ord: float) -> Any:
    if ord == 1:
        return ops.sum(abs_tangent(ops, t, x, None), axis=axis, keepdims=keepdims)
    slope = RULES["linalg.vector_norm"].gradients["x"](ops, ops.ones_like(out), x, out, axis, keepdims, ord)
    return ops.sum(real(ops, slope * t), axis=axis, keepdims=keepdims)


tangent("linalg.cholesky", x=_cholesky)
tangent(
    "linalg.cross",
    x1=lambda ops, t, x2: linalg(ops, "cross")(t, x2),
    x2=lambda ops, t, x1: linalg(ops, "cross")(x1, t),
)
tangent("linalg.det", x=_det)
tangent("linalg.eigh", x=_eigh)
tangent("linalg.inv", x=lambda ops, t, out: -ops.matmul(ops.matmul(out, t), out))
tangent("linalg.qr", x=_qr)
tangent("linalg.slogdet", x=_slogdet)
tangent("linalg.solve", x1=_solve_x1, x2=lambda ops, t, x1: linalg(ops, "solve")(x1, t))
tangent("linalg.svd", x=_svd)
tangent("linalg.vector_norm", x=_vector_norm)
