"""Linear algebra (array API standard 2025.12, "Linear Algebra Functions")."""

from __future__ import annotations

from .errors import ShapeError
from .families import binary_apply
from .operands import unsupported
from .operation import Operation
from .tensor import Tensor

_matmul = Operation(
    "matmul",
    family="matrix product",
    operands=("x1", "x2"),
    accepts="numeric",
    operator="__matmul__",
    methods=("matmul",),
)


def _explain(operation: str, error: Exception, x1: Tensor, x2: Tensor) -> Exception:
    """What to raise in place of a kernel's error: the same on every backend for shapes that don't fit."""
    shape1, shape2 = x1.shape, x2.shape
    if not shape1 or not shape2:
        return ShapeError(f"{operation}: got shapes {shape1} and {shape2}, wanted at least one axis each; use *")
    inner = shape2[0] if len(shape2) == 1 else shape2[-2]
    batches1, batches2 = shape1[:-2], shape2[:-2]
    fits = all(n == m or 1 in (n, m) for n, m in zip(reversed(batches1), reversed(batches2), strict=False))
    if shape1[-1] == inner and fits:
        return error
    return ShapeError(
        f"{operation}: shapes {shape1} and {shape2} cannot be multiplied: the last axis of the first, "
        f"{shape1[-1]}, must be as long as the last but one of the second, {inner}, and the axes before them must "
        f"broadcast"
    )


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The matrix product, over the last two axes; the axes before them broadcast.

    Parameters
    ----------
    x1 : Tensor, shape (..., N, K) or (K,)
    x2 : Tensor, shape (..., K, M) or (K,)
        Of a numeric dtype; the two are promoted to a common one.

    Returns
    -------
    Tensor, shape (..., N, M)
        Without the axis that a one-dimensional operand lacks.

    Raises
    ------
    ShapeError
        If an operand is 0-d or the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.matmul(tp.tensor([[1.0, 2.0], [3.0, 4.0]]), tp.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    out = _matmul.apply(x1, x2)
    if out is NotImplemented:
        raise unsupported("matmul", x1, x2)
    result: Tensor = out
    return result


_matmul.function = matmul
_matmul.apply = binary_apply(_matmul, _explain)
