"""Gradients of the linear algebra extension.

Most formulas are those of the literature, for the gradient G by which the loss changes by Re tr(G^H dX). That is the
conjugate of the engine's, so they conjugate on entry and exit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..rule import rule
from .matrices import (
    adjoint_of,
    as_columns,
    as_matrices,
    as_rows,
    by_differences,
    diagonal_of,
    embedded,
    linalg,
    quotient,
    require_reduced,
    zero_where,
)

Shape = tuple[int, ...]

PHASE = 1e-3
"""The tolerance for the gradient by the phases of vectors, relative to the whole gradient, or to 1.

In single precision rounding leaves 1e-6; a loss that depends on the phases has some hundredths or more.
"""

NEGLIGIBLE = 1e-6
"""The size of a singular value, relative to the largest, below which products of the others lose digits."""


def products_of_others(ops: Any, x: Any, count: int) -> Any:
    """Products of all singular values but one, or of all but those of row i and column j.

    Their derivative, needed by a third derivative of a determinant, is NaN where one is negligible.
    """
    if x.shape[-1]:
        counts = ops.cast(ops.greater(x, ops.max(x, axis=-1, keepdims=True) * NEGLIGIBLE), x.dtype)
        x = x + ops.sqrt(x * counts) * 0.0
    zero = ops.equal(x, ops.zeros_like(x))
    safe = ops.where(zero, ops.ones_like(x), x)
    zeros = ops.cast(zero, x.dtype)
    number = ops.sum(zeros, axis=-1, keepdims=True)
    product = ops.prod(safe, axis=-1, keepdims=True)
    if count == 1:
        return zero_where(ops, product / safe, ops.greater(number - zeros, ops.zeros_like(x)))
    others = as_columns(ops, product) / (as_rows(ops, safe) * as_columns(ops, safe))
    left = as_columns(ops, number) - as_rows(ops, zeros) - as_columns(ops, zeros)
    return zero_where(ops, others, ops.greater(left, ops.zeros_like(left)))


def _require_no_phase(ops: Any, name: str, turned: Any, *gradients: Any) -> None:
    """Raise if a loss depends on the phases of complex vectors; `turned` is its derivative by them."""
    size = 0.0
    for gradient in gradients:
        size = ops.sqrt(ops.sum(ops.square(ops.abs(gradient)), axis=-2)) + size
    ops.inspect(_require_false, ops.any(ops.greater(ops.abs(turned), (size + 1.0) * PHASE)), name=name, reason=_PHASES)


def _require_false(found: Any, name: str, reason: str) -> None:
    if found.any():
        raise RuntimeError(f"{name}: the gradient is not defined, as the loss depends on {reason}")


_PHASES = (
    "the phases of complex vectors that are determined up to a phase; use what does not, such as their absolute values "
    "or projections"
)
_BEYOND = "vectors that belong to no singular value, which may be any basis; use full_matrices=False"


def _cholesky(ops: Any, g: Any, out: Any) -> Any:
    solve = linalg(ops, "solve")
    inner = ops.matmul(adjoint_of(ops, out), ops.conj(g))
    half = (ops.tril(inner) + ops.tril(inner, k=-1)) * 0.5
    hermitian = (half + adjoint_of(ops, half)) * 0.5
    upper = adjoint_of(ops, out)
    return ops.conj(solve(upper, adjoint_of(ops, solve(upper, hermitian))))


def cofactors(ops: Any, x: Any) -> Any:
    """The cofactor matrix, the derivative of a determinant; explicit up to 3 by 3."""
    size = x.shape[-1]
    if size not in (1, 2, 3):
        return ops.matrix_transpose(ops.adjugate(x))
    if size == 1:
        return ops.ones_like(x)
    if size == 2:
        (a, b), (c, d) = ([ops.getitem(x, (..., i, j)) for j in range(2)] for i in range(2))
        return ops.stack([ops.stack([d, -c], axis=-1), ops.stack([-b, a], axis=-1)], axis=-2)
    first, second, third = (ops.getitem(x, (..., slice(i, i + 1), slice(None))) for i in range(3))
    return linalg(ops, "cross")(
        ops.concat([second, third, first], axis=-2), ops.concat([third, first, second], axis=-2)
    )


def _adjugate(ops: Any, g: Any, x: Any, out: Any) -> Any:
    """Gradient of the adjugate by the inverse, or by singular vectors if that is not accurate.

    In their basis a change of one element changes one element of the adjugate, or all others on the diagonal.
    """
    inverse = reliable_inverse(ops, x)
    if inverse is not None:
        c = ops.matrix_transpose(g)
        trace = as_matrices(ops, ops.sum(diagonal_of(ops, ops.matmul(c, out)), axis=-1))
        return ops.matrix_transpose(inverse * trace - ops.matmul(out, ops.matmul(c, inverse)))
    det = linalg(ops, "det")
    x, unknown = without_unknown(ops, x)
    u, s, vh = linalg(ops, "svd")(x, full_matrices=False)
    v = adjoint_of(ops, vh)
    phase = as_matrices(ops, det(u) * det(vh))
    inner = ops.matmul(ops.matmul(adjoint_of(ops, u), ops.matrix_transpose(g)), v) * phase
    products = products_of_others(ops, s, 2)
    products = products - embedded(ops, diagonal_of(ops, products))
    diagonal = diagonal_of(ops, inner)
    summed = ops.sum(products * as_rows(ops, diagonal), axis=-1)
    inner = embedded(ops, summed) - inner * products
    found = ops.matrix_transpose(ops.matmul(ops.matmul(v, inner), adjoint_of(ops, u)))
    return ops.masked_fill(found, unknown, math.nan)


def without_unknown(ops: Any, x: Any) -> tuple[Any, Any]:
    """Replace matrices with NaN or infinity, which have no SVD, by zeros; return them and a mask of these."""
    known = ops.all(ops.isfinite(x), axis=(-2, -1), keepdims=True)
    unknown = ops.broadcast_to(ops.logical_not(known), x.shape)
    return ops.masked_fill(x, unknown, 0.0), unknown


def reliable_inverse(ops: Any, x: Any) -> Any:
    """The inverse, or None if a matrix is ill-conditioned or not finite, or its values are not known."""
    if not ops.known(bool, False, ops.all(ops.isfinite(x))):
        return None
    try:
        inverse = linalg(ops, "inv")(x)
    except numpy.linalg.LinAlgError:
        return None
    squares = [ops.sum(ops.square(ops.abs(one)), axis=(-2, -1)) for one in (x, inverse)]
    # With one small singular value this product is the squared condition number times the number of rows.
    limit = 1e8 * x.shape[-1]
    return inverse if ops.known(bool, False, ops.all(squares[0] * squares[1] <= limit)) else None


def _eig(ops: Any, g: Any, x: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    adjoint = adjoint_of(ops, eigenvectors)
    inner = embedded(ops, ops.conj(g.eigenvalues)) if g.eigenvalues is not None else 0.0
    if g.eigenvectors is not None:
        turned = ops.conj(g.eigenvectors)
        along = ops.matmul(adjoint, turned)
        diagonal = diagonal_of(ops, along)
        _require_no_phase(ops, "linalg.eig", ops.imag(diagonal), turned)
        # Without the part along the vectors, whose norms are 1.
        along = along - ops.matmul(adjoint, eigenvectors) * as_rows(ops, ops.real(diagonal))
        inner = by_differences(ops, along, ops.conj(eigenvalues)) + inner
    found = ops.conj(linalg(ops, "solve")(adjoint, ops.matmul(inner, adjoint)))
    return found if found.dtype == x.dtype else ops.real(found)


def _eigh(ops: Any, g: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    adjoint = adjoint_of(ops, eigenvectors)
    scaled = eigenvectors * as_rows(ops, g.eigenvalues) if g.eigenvalues is not None else 0.0
    if g.eigenvectors is not None:
        turned = ops.conj(g.eigenvectors)
        along = ops.matmul(adjoint, turned)
        if eigenvectors.dtype != eigenvalues.dtype:
            _require_no_phase(ops, "linalg.eigh", ops.imag(diagonal_of(ops, along)), turned)
        inner = by_differences(ops, along, eigenvalues)
        # The gradient of a Hermitian matrix is Hermitian.
        scaled = ops.matmul(eigenvectors, (inner + adjoint_of(ops, inner)) * 0.5) + scaled
    return ops.conj(ops.matmul(scaled, adjoint))


def _inv(ops: Any, g: Any, out: Any) -> Any:
    transpose = ops.matrix_transpose(out)
    return -ops.matmul(ops.matmul(transpose, g), transpose)


def _pinv(ops: Any, g: Any, x: Any, out: Any) -> Any:
    """Gradient of the pseudoinverse at constant rank, by Golub and Pereyra."""
    adjoint, conjugate = adjoint_of(ops, out), ops.conj(g)
    # The parts of the gradient outside the row space and the column space of x.
    beyond_rows = conjugate - ops.matmul(ops.matmul(out, x), conjugate)
    beyond_columns = conjugate - ops.matmul(conjugate, ops.matmul(x, out))
    found = (
        ops.matmul(ops.matmul(adjoint, out), adjoint_of(ops, beyond_rows))
        + ops.matmul(adjoint_of(ops, beyond_columns), ops.matmul(out, adjoint))
        - ops.matmul(ops.matmul(adjoint, conjugate), adjoint)
    )
    return ops.conj(found)


def _qr(ops: Any, g: Any, q: Any, r: Any) -> Any:
    require_reduced(q, r)
    n = q.shape[-1]
    g_q = ops.zeros_like(q) if g.q is None else ops.conj(g.q)
    g_r = ops.zeros_like(r) if g.r is None else ops.conj(g.r)
    if r.shape[-1] == n:
        return ops.conj(_square_qr(ops, g_q, g_r, q, r))
    # The columns right of the square are q times those of r.
    first, rest = (..., slice(None, n)), (..., slice(n, None))
    g_rest = ops.getitem(g_r, rest)
    g_q = ops.matmul(ops.matmul(q, ops.getitem(r, rest)), adjoint_of(ops, g_rest)) + g_q
    square = _square_qr(ops, g_q, ops.getitem(g_r, first), q, ops.getitem(r, first))
    return ops.conj(ops.concat([square, ops.matmul(q, g_rest)], axis=-1))


def _square_qr(ops: Any, g_q: Any, g_r: Any, q: Any, r: Any) -> Any:
    inner = ops.matmul(g_r, adjoint_of(ops, r)) - ops.matmul(adjoint_of(ops, q), g_q)
    half = (ops.triu(inner) + ops.triu(inner, k=1)) * 0.5
    total = ops.matmul(q, half + adjoint_of(ops, half)) + g_q
    return adjoint_of(ops, linalg(ops, "solve")(r, adjoint_of(ops, total)))


def _slogdet(ops: Any, g: Any, x: Any, sign: Any) -> Any:
    factor = g.logabsdet
    if g.sign is not None and ops.abs(sign).dtype != sign.dtype:
        angle = ops.imag(g.sign * sign)
        factor = ops.complex(ops.zeros_like(angle) if factor is None else factor, angle)
    if factor is None:
        return ops.zeros_like(x)
    return ops.matrix_transpose(linalg(ops, "inv")(x)) * as_matrices(ops, factor)


def _solve_x2(ops: Any, g: Any, x1: Any, x2_shape: Shape) -> Any:
    if len(x2_shape) > 1:
        return linalg(ops, "solve")(ops.matrix_transpose(x1), g)
    found = linalg(ops, "solve")(ops.matrix_transpose(x1), as_columns(ops, g))
    return ops.reshape(found, found.shape[:-1])


def _solve_x1(ops: Any, g: Any, x1: Any, out: Any, x2_shape: Shape) -> Any:
    found = _solve_x2(ops, g, x1, x2_shape)
    if len(x2_shape) > 1:
        return -ops.matmul(found, ops.matrix_transpose(out))
    return -as_columns(ops, found) * as_rows(ops, out)


def _of_first(ops: Any, g: Any, vectors: Any, k: int) -> Any:
    """The gradient of the vectors with singular values; the others stay orthogonal to these."""
    first, rest = (..., slice(None, k)), (..., slice(k, None))
    beyond = ops.getitem(g, rest)
    depends = ops.any(ops.not_equal(beyond, ops.zeros_like(beyond)))
    ops.inspect(_require_false, depends, name="linalg.svd", reason=_BEYOND)
    if vectors.shape[-1] == k:
        return g
    following = ops.matmul(adjoint_of(ops, beyond), ops.getitem(vectors, first))
    return ops.getitem(g, first) - ops.matmul(ops.getitem(vectors, rest), following)


def _svd(ops: Any, g: Any, u: Any, s: Any, vh: Any) -> Any:
    k, rows, columns = s.shape[-1], u.shape[-2], vh.shape[-1]
    g_u = None if g.u is None else _of_first(ops, ops.conj(g.u), u, k)
    g_v = None if g.vh is None else _of_first(ops, ops.matrix_transpose(g.vh), adjoint_of(ops, vh), k)
    u, vh = ops.getitem(u, (..., slice(None, k))), ops.getitem(vh, (..., slice(None, k), slice(None)))
    if g_u is None and g_v is None:
        return ops.conj(ops.matmul(u * as_rows(ops, g.s), vh))
    along_u = ops.matmul(adjoint_of(ops, u), ops.zeros_like(u) if g_u is None else g_u)
    along_v = ops.matmul(vh, adjoint_of(ops, ops.zeros_like(vh)) if g_v is None else g_v)
    if u.dtype != s.dtype:
        phases = ops.imag(diagonal_of(ops, along_u + along_v))
        _require_no_phase(ops, "linalg.svd", phases, *(one for one in (g_u, g_v) if one is not None))
    turned_u, turned_v = along_u - adjoint_of(ops, along_u), along_v - adjoint_of(ops, along_v)
    inner = by_differences(ops, turned_u + turned_v, s) * 0.5
    # On the diagonal this is the change of the phases; it is zero where a singular value is.
    inner = inner + quotient(ops, turned_u - turned_v, as_rows(ops, s) + as_columns(ops, s)) * 0.5
    if g.s is not None:
        inner = inner + embedded(ops, g.s)
    found = ops.matmul(ops.matmul(u, inner), vh)
    if g_u is not None and rows > k:
        found = found + ops.matmul(quotient(ops, g_u - ops.matmul(u, along_u), as_rows(ops, s)), vh)
    if g_v is not None and columns > k:
        across = g_v - ops.matmul(adjoint_of(ops, vh), along_v)
        found = found + ops.matmul(u, adjoint_of(ops, quotient(ops, across, as_rows(ops, s))))
    return ops.conj(found)


def _vector_norm(ops: Any, g: Any, x: Any, out: Any, axis: Any, keepdims: bool, ord: float) -> Any:
    """Gradient of a vector norm: zero where the norm or, for ``ord < 1``, the element is."""
    if ord == 0:
        return ops.zeros_like(x)
    if not keepdims:
        axes = range(len(x.shape)) if axis is None else axis
        shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        g, out = ops.reshape(g, shape), ops.reshape(out, shape)
    if ord == 2:
        # The reciprocal of the norm, and the gradient divided by it, may over- or underflow.
        return ops.divide(ops.conj(x), ops.masked_fill(out, out <= 0.0, 1.0)) * g
    size = ops.abs(x)
    zero = ops.equal(size, ops.zeros_like(size))
    ratio = quotient(ops, ops.where(zero, ops.ones_like(size), size), out)
    slope = ops.pow(ratio, ops.ones_like(ratio) * (ord - 1.0)) * g
    # With a negative `ord` one zero makes the norm zero, whatever the other elements are.
    flat = ops.logical_or(zero, ops.equal(out, ops.zeros_like(out)))
    return ops.conj(ops.sign(x)) * zero_where(ops, slope, flat)


rule("adjugate", x=_adjugate)
rule("linalg.cholesky", x=_cholesky)
rule(
    "linalg.cross",
    x1=lambda ops, g, x2: linalg(ops, "cross")(x2, g),
    x2=lambda ops, g, x1: linalg(ops, "cross")(g, x1),
)
rule("linalg.det", x=lambda ops, g, x: cofactors(ops, x) * as_matrices(ops, g))
rule("linalg.eig", outputs=("eigenvalues", "eigenvectors"), x=_eig)
rule("linalg.eigh", outputs=("eigenvalues", "eigenvectors"), x=_eigh)
rule("linalg.inv", x=_inv)
rule("linalg.pinv", x=_pinv)
rule("linalg.qr", outputs=("q", "r"), x=_qr)
rule("linalg.slogdet", outputs=("sign", "logabsdet"), x=_slogdet)
rule("linalg.solve", x1=_solve_x1, x2=_solve_x2)
rule("linalg.svd", outputs=("u", "s", "vh"), x=_svd)
rule("linalg.vector_norm", x=_vector_norm)
