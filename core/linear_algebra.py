"""Linear algebra (array API standard 2025.12, "Linear Algebra Functions")."""

from __future__ import annotations

from typing import Any

from ..autograd.modes import is_grad_enabled
from .errors import ShapeError
from .operands import pair, unsupported
from .operation import Operation
from .tensor import Tensor
from .views import refresh

_matmul = Operation(
    "matmul",
    family="elementwise",
    operands=("x1", "x2"),
    accepts="numeric",
    operator="__matmul__",
    methods=("matmul",),
)


def _apply_matmul(x1: Any, x2: Any) -> Any:
    if type(x1) is not Tensor or type(x2) is not Tensor:
        return NotImplemented
    if x1._kind is not x2._kind:
        operands = pair(_matmul, x1, x2)
        assert operands is not None
        x1, x2 = operands
    storage = x1._storage
    if storage is not None and storage.version != x1._version:
        refresh(x1)
    storage = x2._storage
    if storage is not None and storage.version != x2._version:
        refresh(x2)
    kernel, kind = x1._kind.table["matmul"]
    out = Tensor()
    try:
        out._array = kernel(x1._array, x2._array)
    except Exception as error:
        raise _explain(error, x1.shape, x2.shape) from None
    out._kind = kind
    out._storage = None
    edge1, edge2 = x1._node, x2._node
    if (edge1 is None and edge2 is None) or not is_grad_enabled():
        out._node = None
    else:
        _matmul.record(x1, x2, edge1, edge2, out)
    return out


def _explain(error: Exception, shape1: tuple[int, ...], shape2: tuple[int, ...]) -> Exception:
    """The same error on every backend for shapes that don't fit."""
    if not shape1 or not shape2:
        return ShapeError(f"matmul: got shapes {shape1} and {shape2}, wanted at least one axis each; use *")
    inner = shape2[0] if len(shape2) == 1 else shape2[-2]
    batches1, batches2 = shape1[:-2], shape2[:-2]
    fits = all(n == m or 1 in (n, m) for n, m in zip(reversed(batches1), reversed(batches2), strict=False))
    if shape1[-1] == inner and fits:
        return error
    return ShapeError(
        f"matmul: shapes {shape1} and {shape2} cannot be multiplied: the last axis of the first, {shape1[-1]}, must "
        f"be as long as the last but one of the second, {inner}, and the axes before them must broadcast"
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
    out = _apply_matmul(x1, x2)
    if out is NotImplemented:
        raise unsupported("matmul", x1, x2)
    result: Tensor = out
    return result


_matmul.function = matmul
_matmul.apply = _apply_matmul
