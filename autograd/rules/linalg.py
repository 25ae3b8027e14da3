"""Gradients of the linear algebra extension.

Most are written as in the literature, for the gradient of which the loss changes by Re tr(G^H dX): the conjugate of the
one that travels, so it is conjugated when it comes in and when it goes out.
"""

from __future__ import annotations

from typing import Any

import numpy

from ..rule import rule

Shape = tuple[int, ...]

PHASE = 1e-3
"""How great a part of a gradient, or of 1, may be one by a phase that means nothing: single precision leaves 1e-6 of
either, a loss that does depend on the phases some hundredths or more."""

NEGLIGIBLE = 1e-6
"""Relative to the greatest singular value, how small one may be before products of the others lose their digits."""


def _linalg(ops: Any, name: str) -> Any:
    return getattr(ops, f"linalg.{name}")


def _adjoint(ops: Any, x: Any) -> Any:
    return ops.matrix_transpose(ops.conj(x))


def _rows(ops: Any, x: Any) -> Any:
    """Vectors as matrices of one row, which scale columns."""
    return ops.reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def _columns(ops: Any, x: Any) -> Any:
    """Vectors as matrices of one column, which scale rows."""
    return ops.reshape(x, (*x.shape, 1))


def _matrices(ops: Any, x: Any) -> Any:
    """Numbers as matrices of one element."""
    return ops.reshape(x, (*x.shape, 1, 1))


def _embedded(ops: Any, x: Any) -> Any:
    """Vectors as diagonal matrices."""
    return ops.diagonal_embed(x, shape=(*x.shape, x.shape[-1]), offset=0)


def _diagonal(ops: Any, x: Any) -> Any:
    return ops.diagonal(x, 0)


def _zero_where(ops: Any, x: Any, zero: Any) -> Any:
    return ops.where(zero, ops.zeros_like(x), x)


def _quotient(ops: Any, x: Any, divisor: Any) -> Any:
    """The quotient, and zero where the divisor is."""
    zero = ops.equal(divisor, ops.zeros_like(divisor))
    return _zero_where(ops, x / ops.where(zero, ops.ones_like(divisor), divisor), zero)


def _by_differences(ops: Any, turned: Any, x: Any) -> Any:
    """What is at row i and column j divided by ``x[j] - x[i]``, and zero on the diagonal."""
    differences = _rows(ops, x) - _columns(ops, x)
    return (turned - _embedded(ops, _diagonal(ops, turned))) / (differences + _embedded(ops, ops.ones_like(x)))


def products_of_others(ops: Any, x: Any, count: int) -> Any:
    """Of singular values the products of all but one, or at row i and column j of all but those two.

    Differentiated, which is asked for by a third derivative of a determinant, they give NaN where one is negligible.
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
        return _zero_where(ops, product / safe, ops.greater(number - zeros, ops.zeros_like(x)))
    others = _columns(ops, product) / (_rows(ops, safe) * _columns(ops, safe))
    left = _columns(ops, number) - _rows(ops, zeros) - _columns(ops, zeros)
    return _zero_where(ops, others, ops.greater(left, ops.zeros_like(left)))


def _require_no_phase(ops: Any, name: str, turned: Any, *gradients: Any) -> None:
    """Refuse a loss that depends on the phases of complex vectors, whose derivative by them this is."""
    size = 0.0
    for gradient in gradients:
        size = ops.sqrt(ops.sum(ops.square(ops.abs(gradient)), axis=-2)) + size
    if bool(ops.any(ops.greater(ops.abs(turned), (size + 1.0) * PHASE))):
        raise RuntimeError(
            f"{name}: the gradient is not defined, as the loss depends on the phases of complex vectors that are "
            f"determined up to a phase; use what does not, such as their absolute values or projections"
        )


def _cholesky(ops: Any, g: Any, out: Any) -> Any:
    solve = _linalg(ops, "solve")
    inner = ops.matmul(_adjoint(ops, out), ops.conj(g))
    half = (ops.tril(inner) + ops.tril(inner, k=-1)) * 0.5
    hermitian = (half + _adjoint(ops, half)) * 0.5
    upper = _adjoint(ops, out)
    return ops.conj(solve(upper, _adjoint(ops, solve(upper, hermitian))))


def _adjugate(ops: Any, g: Any, x: Any, out: Any) -> Any:
    """By the inverse; where that has too few digits, in the basis of the singular vectors.

    There each element of a change of the matrix changes one element of the adjugate, or all others on the diagonal.
    """
    inverse = _reliable_inverse(ops, x)
    if inverse is not None:
        c = ops.matrix_transpose(g)
        trace = _matrices(ops, ops.sum(_diagonal(ops, ops.matmul(c, out)), axis=-1))
        return ops.matrix_transpose(inverse * trace - ops.matmul(out, ops.matmul(c, inverse)))
    det = _linalg(ops, "det")
    u, s, vh = _linalg(ops, "svd")(x, full_matrices=False)
    v = _adjoint(ops, vh)
    phase = _matrices(ops, det(u) * det(vh))
    inner = ops.matmul(ops.matmul(_adjoint(ops, u), ops.matrix_transpose(g)), v) * phase
    products = products_of_others(ops, s, 2)
    products = products - _embedded(ops, _diagonal(ops, products))
    diagonal = _diagonal(ops, inner)
    summed = ops.sum(products * _rows(ops, diagonal), axis=-1)
    inner = _embedded(ops, summed) - inner * products
    return ops.matrix_transpose(ops.matmul(ops.matmul(v, inner), _adjoint(ops, u)))


def _reliable_inverse(ops: Any, x: Any) -> Any:
    """The inverse, or None where a matrix is badly conditioned."""
    try:
        inverse = _linalg(ops, "inv")(x)
    except numpy.linalg.LinAlgError:
        return None
    squares = [ops.sum(ops.square(ops.abs(one)), axis=(-2, -1)) for one in (x, inverse)]
    return inverse if bool(ops.all(ops.less(squares[0] * squares[1], ops.ones_like(squares[0]) * 1e8))) else None


def _eig(ops: Any, g: Any, x: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    adjoint = _adjoint(ops, eigenvectors)
    inner = _embedded(ops, ops.conj(g.eigenvalues)) if g.eigenvalues is not None else 0.0
    if g.eigenvectors is not None:
        turned = ops.conj(g.eigenvectors)
        along = ops.matmul(adjoint, turned)
        diagonal = _diagonal(ops, along)
        _require_no_phase(ops, "linalg.eig", ops.imag(diagonal), turned)
        # What stretches the vectors, whose norms are 1, is taken out.
        along = along - ops.matmul(adjoint, eigenvectors) * _rows(ops, ops.real(diagonal))
        inner = _by_differences(ops, along, ops.conj(eigenvalues)) + inner
    found = ops.conj(_linalg(ops, "solve")(adjoint, ops.matmul(inner, adjoint)))
    return found if found.dtype == x.dtype else ops.real(found)


def _eigh(ops: Any, g: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    adjoint = _adjoint(ops, eigenvectors)
    scaled = eigenvectors * _rows(ops, g.eigenvalues) if g.eigenvalues is not None else 0.0
    if g.eigenvectors is not None:
        turned = ops.conj(g.eigenvectors)
        along = ops.matmul(adjoint, turned)
        if eigenvectors.dtype != eigenvalues.dtype:
            _require_no_phase(ops, "linalg.eigh", ops.imag(_diagonal(ops, along)), turned)
        inner = _by_differences(ops, along, eigenvalues)
        # The matrix being Hermitian, so is its gradient.
        scaled = ops.matmul(eigenvectors, (inner + _adjoint(ops, inner)) * 0.5) + scaled
    return ops.conj(ops.matmul(scaled, adjoint))


def _inv(ops: Any, g: Any, out: Any) -> Any:
    transpose = ops.matrix_transpose(out)
    return -ops.matmul(ops.matmul(transpose, g), transpose)


def _pinv(ops: Any, g: Any, x: Any, out: Any) -> Any:
    """Golub and Pereyra's derivative at constant rank."""
    adjoint, conjugate = _adjoint(ops, out), ops.conj(g)
    # What the gradient has outside of the rows of x, and of its columns.
    beyond_rows = conjugate - ops.matmul(ops.matmul(out, x), conjugate)
    beyond_columns = conjugate - ops.matmul(conjugate, ops.matmul(x, out))
    found = (
        ops.matmul(ops.matmul(adjoint, out), _adjoint(ops, beyond_rows))
        + ops.matmul(_adjoint(ops, beyond_columns), ops.matmul(out, adjoint))
        - ops.matmul(ops.matmul(adjoint, conjugate), adjoint)
    )
    return ops.conj(found)


def _qr(ops: Any, g: Any, q: Any, r: Any) -> Any:
    rows, columns = r.shape[-2:]
    if q.shape[-1] > columns:
        raise RuntimeError(
            "linalg.qr: factors of mode 'complete' of a matrix with more rows than columns have no gradient; use "
            "mode='reduced'"
        )
    g_q = ops.zeros_like(q) if g.q is None else ops.conj(g.q)
    g_r = ops.zeros_like(r) if g.r is None else ops.conj(g.r)
    if columns == rows:
        return ops.conj(_square_qr(ops, g_q, g_r, q, r))
    # The columns beyond the square are q times those of r.
    first, rest = (..., slice(None, rows)), (..., slice(rows, None))
    g_rest = ops.getitem(g_r, rest)
    g_q = ops.matmul(ops.matmul(q, ops.getitem(r, rest)), _adjoint(ops, g_rest)) + g_q
    square = _square_qr(ops, g_q, ops.getitem(g_r, first), q, ops.getitem(r, first))
    return ops.conj(ops.concat([square, ops.matmul(q, g_rest)], axis=-1))


def _square_qr(ops: Any, g_q: Any, g_r: Any, q: Any, r: Any) -> Any:
    inner = ops.matmul(g_r, _adjoint(ops, r)) - ops.matmul(_adjoint(ops, q), g_q)
    half = (ops.triu(inner) + ops.triu(inner, k=1)) * 0.5
    total = ops.matmul(q, half + _adjoint(ops, half)) + g_q
    return _adjoint(ops, _linalg(ops, "solve")(r, _adjoint(ops, total)))


def _slogdet(ops: Any, g: Any, x: Any, sign: Any) -> Any:
    factor = g.logabsdet
    if g.sign is not None and ops.abs(sign).dtype != sign.dtype:
        angle = ops.imag(g.sign * sign)
        factor = ops.complex(ops.zeros_like(angle) if factor is None else factor, angle)
    if factor is None:
        return ops.zeros_like(x)
    return ops.matrix_transpose(_linalg(ops, "inv")(x)) * _matrices(ops, factor)


def _solve_x2(ops: Any, g: Any, x1: Any, x2_shape: Shape) -> Any:
    if len(x2_shape) > 1:
        return _linalg(ops, "solve")(ops.matrix_transpose(x1), g)
    found = _linalg(ops, "solve")(ops.matrix_transpose(x1), _columns(ops, g))
    return ops.reshape(found, found.shape[:-1])


def _solve_x1(ops: Any, g: Any, x1: Any, out: Any, x2_shape: Shape) -> Any:
    found = _solve_x2(ops, g, x1, x2_shape)
    if len(x2_shape) > 1:
        return -ops.matmul(found, ops.matrix_transpose(out))
    return -_columns(ops, found) * _rows(ops, out)


def _part(ops: Any, g: Any, index: tuple[Any, ...], rest: tuple[Any, ...]) -> Any:
    """The conjugated gradient of the vectors that belong to singular values."""
    beyond = ops.getitem(g, rest)
    if bool(ops.any(ops.not_equal(beyond, ops.zeros_like(beyond)))):
        raise RuntimeError(
            "linalg.svd: the gradient is not defined, as the loss depends on vectors that belong to no singular "
            "value, which may be any basis; use full_matrices=False"
        )
    return ops.conj(ops.getitem(g, index))


def _svd(ops: Any, g: Any, u: Any, s: Any, vh: Any) -> Any:
    k, rows, columns = s.shape[-1], u.shape[-2], vh.shape[-1]
    left, right = (..., slice(None, k)), (..., slice(None, k), slice(None))
    g_u = None if g.u is None else _part(ops, g.u, left, (..., slice(k, None)))
    g_v = None if g.vh is None else _adjoint(ops, _part(ops, g.vh, right, (..., slice(k, None), slice(None))))
    u, vh = ops.getitem(u, left), ops.getitem(vh, right)
    if g_u is None and g_v is None:
        return ops.conj(ops.matmul(u * _rows(ops, g.s), vh))
    along_u = ops.matmul(_adjoint(ops, u), ops.zeros_like(u) if g_u is None else g_u)
    along_v = ops.matmul(vh, _adjoint(ops, ops.zeros_like(vh)) if g_v is None else g_v)
    if u.dtype != s.dtype:
        phases = ops.imag(_diagonal(ops, along_u + along_v))
        _require_no_phase(ops, "linalg.svd", phases, *(one for one in (g_u, g_v) if one is not None))
    turned_u, turned_v = along_u - _adjoint(ops, along_u), along_v - _adjoint(ops, along_v)
    inner = _by_differences(ops, turned_u + turned_v, s) * 0.5
    # On the diagonal this is how the phases of both turn; it is nothing where a value is zero.
    inner = inner + _quotient(ops, turned_u - turned_v, _rows(ops, s) + _columns(ops, s)) * 0.5
    if g.s is not None:
        inner = inner + _embedded(ops, g.s)
    found = ops.matmul(ops.matmul(u, inner), vh)
    if g_u is not None and rows > k:
        found = found + ops.matmul((g_u - ops.matmul(u, along_u)) / _rows(ops, s), vh)
    if g_v is not None and columns > k:
        across = g_v - ops.matmul(_adjoint(ops, vh), along_v)
        found = found + ops.matmul(u, _adjoint(ops, across / _rows(ops, s)))
    return ops.conj(found)


def _vector_norm(ops: Any, g: Any, x: Any, out: Any, axis: Any, keepdims: bool, ord: float) -> Any:
    """Zero where the norm or, for powers below 1, the element is."""
    if ord == 0:
        return ops.zeros_like(x)
    if not keepdims:
        axes = range(len(x.shape)) if axis is None else axis
        shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        g, out = ops.reshape(g, shape), ops.reshape(out, shape)
    if ord == 2:
        return ops.conj(x) * _quotient(ops, g, out)
    size = ops.abs(x)
    zero = ops.equal(size, ops.zeros_like(size))
    ratio = _quotient(ops, ops.where(zero, ops.ones_like(size), size), out)
    slope = ops.pow(ratio, ops.ones_like(ratio) * (ord - 1.0)) * g
    # Negative powers of one element that is zero make the norm zero, whatever the others are.
    flat = ops.logical_or(zero, ops.equal(out, ops.zeros_like(out)))
    return ops.conj(ops.sign(x)) * _zero_where(ops, slope, flat)


rule("adjugate", x=_adjugate)
rule("linalg.cholesky", x=_cholesky)
rule(
    "linalg.cross",
    x1=lambda ops, g, x2: _linalg(ops, "cross")(x2, g),
    x2=lambda ops, g, x1: _linalg(ops, "cross")(g, x1),
)
rule("linalg.det", x=lambda ops, g, x: ops.matrix_transpose(ops.adjugate(x)) * _matrices(ops, g))
rule("linalg.eig", outputs=("eigenvalues", "eigenvectors"), x=_eig)
rule("linalg.eigh", outputs=("eigenvalues", "eigenvectors"), x=_eigh)
rule("linalg.inv", x=_inv)
rule("linalg.pinv", x=_pinv)
rule("linalg.qr", outputs=("q", "r"), x=_qr)
rule("linalg.slogdet", outputs=("sign", "logabsdet"), x=_slogdet)
rule("linalg.solve", x1=_solve_x1, x2=_solve_x2)
rule("linalg.svd", outputs=("u", "s", "vh"), x=_svd)
rule("linalg.vector_norm", x=_vector_norm)
