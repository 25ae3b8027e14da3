"""What the gradients and tangents of the linear algebra extension are made of."""

from __future__ import annotations

from typing import Any


def linalg(ops: Any, name: str) -> Any:
    """A function of the extension."""
    return getattr(ops, f"linalg.{name}")


def adjoint_of(ops: Any, x: Any) -> Any:
    """The conjugate transpose."""
    return ops.matrix_transpose(conj(ops, x))


def is_complex(x: Any) -> bool:
    """Whether an array or tensor has complex numbers."""
    kind = getattr(x.dtype, "kind", None)
    # Writing NumPy's dtypes out takes longer than most operations.
    return bool("complex" in str(x.dtype) if kind is None else kind == "c")


def conj(ops: Any, x: Any) -> Any:
    """The conjugate; real numbers as they are, without a copy."""
    return ops.conj(x) if is_complex(x) else x


def real(ops: Any, x: Any) -> Any:
    """The real part; real numbers as they are."""
    return ops.real(x) if is_complex(x) else x


def as_rows(ops: Any, x: Any) -> Any:
    """Vectors as matrices of one row, which scale columns."""
    return ops.reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def as_columns(ops: Any, x: Any) -> Any:
    """Vectors as matrices of one column, which scale rows."""
    return ops.reshape(x, (*x.shape, 1))


def as_matrices(ops: Any, x: Any) -> Any:
    """Numbers as matrices of one element."""
    return ops.reshape(x, (*x.shape, 1, 1))


def embedded(ops: Any, x: Any) -> Any:
    """Vectors as diagonal matrices."""
    return ops.diagonal_embed(x, shape=(*x.shape, x.shape[-1]), offset=0)


def diagonal_of(ops: Any, x: Any) -> Any:
    return ops.diagonal(x, 0)


def zero_where(ops: Any, x: Any, zero: Any) -> Any:
    return ops.where(zero, ops.zeros_like(x), x)


def quotient(ops: Any, x: Any, divisor: Any) -> Any:
    """The quotient, and zero where the divisor is."""
    zero = ops.equal(divisor, ops.zeros_like(divisor))
    return zero_where(ops, ops.divide(x, ops.where(zero, ops.ones_like(divisor), divisor)), zero)


def by_differences(ops: Any, turned: Any, x: Any) -> Any:
    """What is at row i and column j divided by ``x[j] - x[i]``, and zero where the two are equal up to rounding."""
    rows, columns = as_rows(ops, x), as_columns(ops, x)
    differences = rows - columns
    size = ops.abs(x)
    # Decompositions round equal values apart. All that is known of any library's dtype is how it prints.
    rounding = 4.0 * max(1, x.shape[-1]) * (2.0**-23 if str(size.dtype).endswith("32") else 2.0**-52)
    bound = ops.maximum(as_rows(ops, size), as_columns(ops, size)) * rounding
    equal = ops.less_equal(ops.abs(differences), bound)
    return zero_where(ops, turned / ops.where(equal, ops.ones_like(differences), differences), equal)


def require_reduced(q: Any, r: Any) -> None:
    """Refuse factors of which one has columns that nothing determines."""
    if q.shape[-1] > r.shape[-1]:
        raise RuntimeError(
            "linalg.qr: factors of mode 'complete' of a matrix with more rows than columns have no gradient; use "
            "mode='reduced'"
        )
