"""Helpers of the VJP and JVP formulas of linear algebra."""

from __future__ import annotations

from typing import Any


def linalg(ops: Any, name: str) -> Any:
    """A function of the linear algebra extension."""
    return getattr(ops, f"linalg.{name}")


def adjoint_of(ops: Any, x: Any) -> Any:
    """The conjugate transpose."""
    return ops.matrix_transpose(conj(ops, x))


def is_complex(x: Any) -> bool:
    """Whether an array or tensor has complex numbers."""
    kind = getattr(x.dtype, "kind", None)
    # `str` of a NumPy dtype takes longer than most operations.
    return bool("complex" in str(x.dtype) if kind is None else kind == "c")


def conj(ops: Any, x: Any) -> Any:
    """The complex conjugate; a real array itself, without a copy."""
    return ops.conj(x) if is_complex(x) else x


def real(ops: Any, x: Any) -> Any:
    """The real part; a real array itself."""
    return ops.real(x) if is_complex(x) else x


def as_rows(ops: Any, x: Any) -> Any:
    """Vectors as matrices of one row, which scale columns."""
    return ops.reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def as_columns(ops: Any, x: Any) -> Any:
    """Vectors as matrices of one column, which scale rows."""
    return ops.reshape(x, (*x.shape, 1))


def as_matrices(ops: Any, x: Any) -> Any:
    """Scalars as 1-by-1 matrices."""
    return ops.reshape(x, (*x.shape, 1, 1))


def embedded(ops: Any, x: Any) -> Any:
    """Diagonal matrices of vectors."""
    return ops.diagonal_embed(x, shape=(*x.shape, x.shape[-1]), offset=0)


def diagonal_of(ops: Any, x: Any) -> Any:
    """The diagonals of matrices."""
    return ops.diagonal(x, 0)


def zero_where(ops: Any, x: Any, zero: Any) -> Any:
    """Replace elements by zero under a mask."""
    return ops.where(zero, ops.zeros_like(x), x)


def quotient(ops: Any, x: Any, divisor: Any) -> Any:
    """Divide, with zero where the divisor is zero."""
    zero = ops.equal(divisor, ops.zeros_like(divisor))
    return zero_where(ops, ops.divide(x, ops.where(zero, ops.ones_like(divisor), divisor)), zero)


def by_differences(ops: Any, turned: Any, x: Any) -> Any:
    """Divide element (i, j) by ``x[j] - x[i]``, with zero where the two are equal up to rounding."""
    rows, columns = as_rows(ops, x), as_columns(ops, x)
    differences = rows - columns
    size = ops.abs(x)
    # Rounding in decompositions separates equal values. Dtypes of all libraries have no more than `str` in common.
    rounding = 4.0 * max(1, x.shape[-1]) * (2.0**-23 if str(size.dtype).endswith("32") else 2.0**-52)
    bound = ops.maximum(as_rows(ops, size), as_columns(ops, size)) * rounding
    equal = ops.less_equal(ops.abs(differences), bound)
    return zero_where(ops, turned / ops.where(equal, ops.ones_like(differences), differences), equal)


def require_reduced(q: Any, r: Any) -> None:
    """Raise for a complete QR decomposition, whose last columns of `q` are not unique."""
    if q.shape[-1] > r.shape[-1]:
        raise RuntimeError(
            "linalg.qr: factors of mode 'complete' of a matrix with more rows than columns have no gradient; use "
            "mode='reduced'"
        )
