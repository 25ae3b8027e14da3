"""The linear algebra extension (array API standard 2025.12, "Linear Algebra Extension").

A matrix without the result that is asked for (singular, not positive-definite, not finite) is a `LinAlgError` on every
backend. Half-precision types are computed in float32, and their results rounded; integers are refused.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any, Concatenate, Literal, NamedTuple, ParamSpec, TypeVar

import numpy

from ...autograd.modes import is_grad_enabled
from ...autograd.rules.linalg import products_of_others, reliable_inverse, without_unknown
from ..dispatch.legacy import legacy
from ..dispatch.operation import Operation
from ..families.in_place import placed
from ..memory.structure import broadcast_to, cast, clone
from ..memory.tensor import Tensor
from ..memory.views import array_of
from ..types.axes import (
    as_flag,
    as_float,
    as_integer,
    normalize_axes,
    shown,
)
from ..types.dtypes import (
    DType,
    as_dtype,
    float32,
    real_dtype,
)
from ..types.errors import AxesError, DTypeError, LinAlgError, ShapeError, unsupported
from .creation import eye
from .elementwise import abs, conj, greater
from .linear_algebra import matmul, promoted, vectors_last
from .manipulation import diagonal as diagonal_of_axes
from .manipulation import expand_dims, matrix_transpose, permute_dims
from .statistical import max as greatest
from .statistical import min as least
from .statistical import sum as total

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "trace",
    "vector_norm",
]

P = ParamSpec("P")
T = TypeVar("T")

FLOATING = "floating-point"


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as the columns of a matrix."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    """The orthonormal and the upper triangular factor."""

    Q: Tensor
    R: Tensor


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


class SVDResult(NamedTuple):
    """The left singular vectors, the singular values, and the adjoint of the right singular vectors."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def _declare(name: str, **options: Any) -> Operation:
    return legacy(f"linalg.{name}", **({"family": "linear algebra", "operands": ("x",), "accepts": FLOATING} | options))


_NOT_CONVERGED = "the algorithm did not converge"
_SINGULAR = "the matrix is singular"
_INDEFINITE = "the matrix is not positive-definite"

_cholesky = _declare("cholesky", failure=_INDEFINITE)
_det = _declare("det")
_eig = _declare("eig", outputs={"eigenvalues": "complex", "eigenvectors": "complex"}, failure=_NOT_CONVERGED)
_eigh = _declare("eigh", outputs={"eigenvalues": "real", "eigenvectors": "same"}, failure=_NOT_CONVERGED)
_inv = _declare("inv", failure=_SINGULAR)
_qr = _declare("qr", outputs={"q": "same", "r": "same"})
_slogdet = _declare("slogdet", outputs={"sign": "same", "logabsdet": "real"})
_solve = _declare("solve", family="matrix product", operands=("x1", "x2"), failure=_SINGULAR)
_svd = _declare("svd", outputs={"u": "same", "s": "real", "vh": "same"}, failure=_NOT_CONVERGED)

# Where their gradient is wanted, these are parts of a whole decomposition.
_eigvals = _declare("eigvals", family="composite", result="complex", failure=_NOT_CONVERGED)
_eigvalsh = _declare("eigvalsh", family="composite", result="real", failure=_NOT_CONVERGED)
_svdvals = _declare("svdvals", family="composite", result="real", failure=_NOT_CONVERGED)

_diagonal = _declare("diagonal", family="composite", accepts="all")
_matrix_norm = _declare("matrix_norm", family="composite", result="real")
_matrix_power = _declare("matrix_power", family="composite")
_matrix_rank = _declare("matrix_rank", family="composite", result="int64")
_trace = _declare("trace", family="composite", accepts="numeric", methods=("trace",))


_ORDINARY = (1e-30, 1e38)
"""Of sums of powers: beyond, some in single precision may have vanished or overflown."""


def _vector_norm_of(ops: Any, x: Any, *, axis: Any, keepdims: bool, ord: float) -> Any:
    size = ops.abs(x)
    if ord == 0:
        return ops.sum(ops.cast(ops.not_equal(size, ops.zeros_like(size)), size.dtype), axis=axis, keepdims=keepdims)
    powers = ops.sum(_power(ops, size, ord), axis=axis, keepdims=keepdims)
    if 0 in size.shape:
        return powers
    ends = (ops.min(powers), ops.max(powers)) if powers.shape else (powers, powers)
    if ops.known(_are_ordinary, False, *ends):
        return _power(ops, powers, 1 / ord)
    # In units of the greatest, or the least.
    extreme = (ops.max if ord > 0 else ops.min)(size, axis=axis, keepdims=True)
    usable = ops.logical_and(ops.isfinite(extreme), ops.greater(extreme, ops.zeros_like(extreme)))
    unit = ops.where(usable, extreme, ops.ones_like(extreme))
    powers = ops.sum(_power(ops, size / unit, ord), axis=axis, keepdims=keepdims)
    return _power(ops, powers, 1 / ord) * ops.reshape(unit, powers.shape)


def _power(ops: Any, x: Any, exponent: float) -> Any:
    if exponent in (2.0, 0.5):
        return x * x if exponent == 2.0 else ops.sqrt(x)
    return ops.pow(x, ops.full_like(x, exponent))


def _are_ordinary(least: numpy.ndarray, greatest: numpy.ndarray) -> bool:
    low, high = _ORDINARY
    return low < float(least) and float(greatest) < high


_vector_norm = _declare("vector_norm", result="real", decomposition=_vector_norm_of)


def _pseudo_inverse(ops: Any, x: Any, *, rtol: Any) -> Any:
    u, s, vh = getattr(ops, "linalg.svd")(x, full_matrices=False)
    kept = _significant(ops, s, rtol)
    inverse = ops.where(kept, 1.0 / ops.where(kept, s, ops.ones_like(s)), ops.zeros_like(s))
    rows = ops.reshape(inverse, (*s.shape[:-1], 1, s.shape[-1]))
    return ops.matmul(_adjoint_of(ops, vh) * rows, _adjoint_of(ops, u))


def _significant(ops: Any, s: Any, rtol: Any) -> Any:
    """Which singular values are greater than the tolerance times the greatest."""
    if not s.shape[-1]:
        return ops.greater(s, s)
    return ops.greater(s, ops.max(s, axis=-1, keepdims=True) * rtol)


def _adjoint_of(ops: Any, x: Any) -> Any:
    return ops.matrix_transpose(ops.conj(x))


_pinv = _declare("pinv", decomposition=_pseudo_inverse, failure=_NOT_CONVERGED)


def _cross_product(ops: Any, x1: Any, x2: Any) -> Any:
    a, b, c = (ops.getitem(x1, (..., i)) for i in range(3))
    d, e, f = (ops.getitem(x2, (..., i)) for i in range(3))
    return ops.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=-1)


_cross = _declare(
    "cross",
    family="matrix product",
    operands=("x1", "x2"),
    accepts="numeric",
    decomposition=_cross_product,
    standard=True,
)


def _adjugate_of(ops: Any, x: Any) -> Any:
    """The determinant times the inverse, and where there is none, or one of few digits, what that tends to.

    With x = u s vh it is det(u) det(vh) times v c uh, c being the products of all singular values but one.
    """
    det = getattr(ops, "linalg.det")
    inverse = reliable_inverse(ops, x)
    if inverse is not None:
        return inverse * ops.reshape(det(x), (*x.shape[:-2], 1, 1))
    x, unknown = without_unknown(ops, x)
    u, s, vh = getattr(ops, "linalg.svd")(x, full_matrices=False)
    phase = ops.reshape(det(u) * det(vh), (*s.shape[:-1], 1, 1))
    others = ops.reshape(products_of_others(ops, s, 1), (*s.shape[:-1], 1, s.shape[-1]))
    found = ops.matmul(_adjoint_of(ops, vh) * others, _adjoint_of(ops, u)) * phase
    return ops.masked_fill(found, unknown, math.nan)


_adjugate = legacy("adjugate", family="linear algebra", operands=("x",), accepts=FLOATING, decomposition=_adjugate_of)


def _of_matrices(
    square: bool = False, finite: bool = False
) -> Callable[[Callable[Concatenate[Tensor, P], T]], Callable[Concatenate[Tensor, P], T]]:
    """A function of matrices of a floating-point dtype that checks its operand, and computes half types in float32.

    Parameters
    ----------
    square
        Whether the matrices must be square.
    finite
        Whether NaN and infinities are refused: LAPACK's iterations crash, stop or go on with them as versions differ.
    """

    def decorate(function: Callable[Concatenate[Tensor, P], T]) -> Callable[Concatenate[Tensor, P], T]:
        name = f"linalg.{function.__name__}"

        @functools.wraps(function)
        def checked(x: Tensor, /, *arguments: P.args, **keywords: P.kwargs) -> T:
            _require_matrices(name, x, square)
            if finite:
                _require_finite(name, x)
            if x.dtype.itemsize > 2:
                return function(x, *arguments, **keywords)
            return _rounded(function(cast(x, float32), *arguments, **keywords), x.dtype)

        return checked

    return decorate


def _require_floating(operation: str, x: Any) -> None:
    if type(x) is not Tensor:
        raise unsupported(operation, x)
    if x.dtype.kind not in "fc":
        raise DTypeError(f"{operation}: got {x.dtype}, wanted a floating-point dtype; convert with x.astype('float64')")


def _require_matrices(operation: str, x: Any, square: bool) -> None:
    _require_floating(operation, x)
    if x.ndim < 2:
        raise ShapeError(f"{operation}: got shape {x.shape}, wanted at least two axes")
    if square and x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{operation}: got shape {x.shape}, wanted square matrices: last two axes of one length")


def _require_finite(operation: str, x: Tensor) -> None:
    ops = x._key.library.ops
    ops.inspect(_require_true, ops.all(ops.isfinite(array_of(x))), operation=operation)


def _require_true(is_finite: numpy.ndarray, operation: str) -> None:
    if not is_finite:
        raise LinAlgError(f"{operation}: a matrix contains NaN or infinity")


def _rounded(result: Any, dtype: DType) -> Any:
    """Results that were computed in float32 in a half type; complex numbers and integers stay."""
    if type(result) is not Tensor:
        return type(result)(*(_rounded(part, dtype) for part in result))
    return cast(result, dtype) if result.dtype is float32 else result


def _recorded(x: Tensor) -> bool:
    return x._node is not None and is_grad_enabled()


@_of_matrices(square=True)
def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The lower triangular matrix L with a positive diagonal for which ``x`` is ``L L^H``.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)
        Hermitian positive-definite matrices; only the lower triangle is read.
    upper : bool, default: False
        Whether the upper triangle is read, and U with ``x = U^H U`` returned.

    Returns
    -------
    Tensor, shape (..., M, M)

    Raises
    ------
    LinAlgError
        If a matrix is not positive-definite.

    Notes
    -----
    The gradient is the Hermitian one, as in PyTorch (Murray, "Differentiation of the Cholesky decomposition", 2016).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.cholesky(tp.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    found: Tensor = _cholesky(_adjoint(x) if upper else x)
    ops = x._key.library.ops
    ops.inspect(_require_definite, ops.any(ops.isnan(array_of(found))))
    return _adjoint(found) if upper else found


def _require_definite(has_nan: numpy.ndarray) -> None:
    """NaN is not positive-definite, though LAPACKs differ in what they take for it."""
    if has_nan:
        raise LinAlgError(f"linalg.cholesky: {_INDEFINITE}")


def _adjoint(x: Tensor) -> Tensor:
    return matrix_transpose(conj(x) if x.dtype.kind == "c" else x)


_cholesky.function = cholesky


def adjoint_attribute(x: Tensor) -> Tensor:
    """The conjugate transpose of matrices: the attribute `mH`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tensor([[1.0 + 2.0j, 3.0]]).mH
    tensor([[1.-2.j],
            [3.-0.j]], dtype=tensorplug.complex64)
    """
    return _adjoint(x)


def hermitian_attribute(x: Tensor) -> Tensor:
    """The conjugate transpose of one matrix, or the conjugate of a 0-d tensor: the attribute `H`, as in PyTorch.

    Raises
    ------
    ValueError
        If the tensor has one axis, or more than two; `mH` takes those.
    """
    if x.ndim not in (0, 2):
        raise ShapeError(f"H: got shape {x.shape}, wanted two axes; use mH, or conj for a vector")
    return _adjoint(x) if x.ndim else conj(x)


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1, dim: int | None = None) -> Tensor:
    """The cross products of vectors of three elements along an axis; the other axes broadcast.

    Parameters
    ----------
    x1, x2 : Tensor
        Of a numeric dtype; the two are promoted to a common one.
    axis : int, default: -1
        The axis of length 3, counted from the end. `dim` is PyTorch's name.

    Returns
    -------
    Tensor
        Of the broadcast shape.

    Raises
    ------
    IndexError
        If an operand has no such axis.
    ShapeError
        If its length is not 3 in both, or the others don't broadcast.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.cross(tp.tensor([1, 0, 0]), tp.tensor([0, 1, 0]))
    tensor([0, 0, 1])
    """
    axis = axis if dim is None else dim
    x1, x2 = promoted(_cross, x1, x2)
    last1, last2 = vectors_last("linalg.cross", x1, x2, axis)
    if last1.shape[-1] != 3:
        raise ShapeError(f"linalg.cross: got shapes {x1.shape} and {x2.shape}, wanted length 3 along axis {axis}")
    products = _cross(last1, last2)
    order = list(range(products.ndim - 1))
    order.insert(operator.index(axis) % products.ndim, products.ndim - 1)
    return permute_dims(products, order)


_cross.function = cross


@_of_matrices(square=True)
def det(x: Tensor, /) -> Tensor:
    """The determinant of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    Tensor, shape (...)

    Notes
    -----
    The gradient is the matrix of cofactors, for singular matrices of any rank too. So is the second right; higher ones
    are NaN where a matrix is singular.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.det(tp.tensor([[2.0, 0.0], [1.0, 3.0]]))
    tensor(6.)
    """
    return _det(x)


_det.function = det


def diagonal(x: Tensor, /, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """A diagonal of each matrix, as the last axis of the result; a view.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
        Of any dtype.
    offset : int, default: 0
        Positive ones lie above the main diagonal.
    dim1, dim2 : int, default: -2, -1
        The axes of the matrices, PyTorch's parameters.

    Raises
    ------
    ShapeError
        If the tensor has fewer than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.diagonal(tp.ones(5, 2, 3)).shape
    (5, 2)
    """
    if type(x) is not Tensor:
        raise unsupported("linalg.diagonal", x)
    if x.ndim < 2:
        raise ShapeError(f"linalg.diagonal: got shape {x.shape}, wanted at least two axes")
    return diagonal_of_axes(x, offset, dim1, dim2)


_diagonal.function = diagonal


@_of_matrices(square=True, finite=True)
def eig(x: Tensor, /) -> EigResult:
    """Eigenvalues and eigenvectors of each matrix, complex; in no certain order.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    EigResult
        ``eigenvalues`` of shape (..., M), ``eigenvectors`` of shape (..., M, M), whose columns have norm 1 and are
        determined up to a phase.

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Notes
    -----
    The gradient (Boeddeker et al., "On the computation of complex-valued gradients", 2017) is one of losses that do not
    depend on the phases; an error if one does. That of eigenvectors is not finite where two eigenvalues are equal.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.eig(tp.tensor([[0.0, 2.0], [2.0, 0.0]])).eigenvalues
    tensor([ 2.+0.j, -2.+0.j], dtype=tensorplug.complex64)
    """
    return EigResult(*_eig(x))


_eig.function = eig


@_of_matrices(square=True, finite=True)
def eigh(x: Tensor, /) -> EigResult:
    """Eigenvalues, ascending, and orthonormal eigenvectors of each Hermitian matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)
        Only the lower triangle is read.

    Returns
    -------
    EigResult
        ``eigenvalues`` of shape (..., M), real; ``eigenvectors`` of shape (..., M, M), whose columns are determined
        up to a sign or phase.

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Notes
    -----
    The gradient, which is Hermitian (Giles, "Collected matrix derivative results for forward and reverse mode
    algorithmic differentiation", 2008), is one of losses that do not depend on the phases; an error if one does. That
    of eigenvectors is not finite where two eigenvalues are equal, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.eigh(tp.tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    tensor([1., 3.])
    """
    return EigResult(*_eigh(x))


_eigh.function = eigh


@_of_matrices(square=True, finite=True)
def eigvals(x: Tensor, /) -> Tensor:
    """The eigenvalues of each matrix, complex; in no certain order.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    Tensor, shape (..., M)

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.eigvals(tp.tensor([[0.0, 2.0], [2.0, 0.0]]))
    tensor([ 2.+0.j, -2.+0.j], dtype=tensorplug.complex64)
    """
    values: Tensor = _eig(x)[0] if _recorded(x) else _eigvals(x)
    return values


_eigvals.function = eigvals


@_of_matrices(square=True, finite=True)
def eigvalsh(x: Tensor, /) -> Tensor:
    """The eigenvalues of each Hermitian matrix, real and ascending.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)
        Only the lower triangle is read.

    Returns
    -------
    Tensor, shape (..., M)

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.eigvalsh(tp.tensor([[2.0, 1.0], [1.0, 2.0]]))
    tensor([1., 3.])
    """
    values: Tensor = _eigh(x)[0] if _recorded(x) else _eigvalsh(x)
    return values


_eigvalsh.function = eigvalsh


@_of_matrices(square=True)
def inv(x: Tensor, /) -> Tensor:
    """The inverse of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    Tensor, shape (..., M, M)

    Raises
    ------
    LinAlgError
        If a matrix is singular.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.inv(tp.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return _inv(x)


_inv.function = inv


_Ord = float | Literal["fro", "nuc"] | None


def _sums(x: Tensor, axis: int) -> Tensor:
    summed: Tensor = total(abs(x), axis=axis)
    return summed


def _greatest(x: Tensor) -> Tensor:
    """The greatest along the last axis; zero where there is none, as in PyTorch."""
    result: Tensor = greatest(x, axis=-1) if x.shape[-1] else total(x, axis=-1)
    return result


def _least(x: Tensor) -> Tensor:
    if not x.shape[-1]:
        raise ShapeError("linalg.matrix_norm: a norm that is the least of some numbers wants at least one")
    result: Tensor = least(x, axis=-1)
    return result


@_of_matrices()
def matrix_norm(
    x: Tensor, /, ord: _Ord = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, keepdims: bool = False
) -> Tensor:
    """A norm of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    ord : {"fro", "nuc", 1, -1, 2, -2, inf, -inf}, default: "fro"
        The root of the sum of squares; the sum of the singular values; the greatest (negative: least) sum of absolute
        values in a column (1) or row (inf); the greatest (least) singular value (2).
    dim, keepdim
        The axes of the matrices, and PyTorch's spelling of `keepdims`.
    keepdims : bool, default: False
        Whether the last two axes are kept with length 1.

    Returns
    -------
    Tensor, shape (...)
        Real.

    Raises
    ------
    ValueError
        For another `ord`, or the least of no elements. The greatest of none is zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[3.0, 0.0], [4.0, 0.0]])
    >>> tp.linalg.matrix_norm(x), tp.linalg.matrix_norm(x, ord=1)
    (tensor(5.), tensor(7.))
    """
    chosen = "fro" if ord is None else ord
    if not isinstance(chosen, str | int | float) or chosen not in _MATRIX_NORMS:
        orders = ", ".join(map(repr, _MATRIX_NORMS))
        raise ValueError(f"linalg.matrix_norm: got ord {shown(ord)}, wanted one of {orders}")
    norm = _MATRIX_NORMS[chosen]
    axes = normalize_axes("linalg.matrix_norm", dim, x.ndim) or ()
    if len(axes) != 2:
        raise AxesError(f"linalg.matrix_norm: got dim {shown(dim)}, wanted two axes")
    rest = [i for i in range(x.ndim) if i not in axes]
    found = norm(permute_dims(x, (*rest, *axes)))
    return (
        expand_dims(found, axis=sorted(axes))
        if as_flag("linalg.matrix_norm", "keepdims", keepdims or keepdim)
        else found
    )


_matrix_norm.function = matrix_norm


@_of_matrices(square=True)
def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """Each matrix multiplied by itself `n` times.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)
    n : int
        0 gives the identity; a negative one the power of the inverse.

    Returns
    -------
    Tensor, shape (..., M, M)

    Raises
    ------
    LinAlgError
        If `n` is negative and a matrix is singular.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.matrix_power(tp.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    exponent = as_integer("linalg.matrix_power", "n", n)
    if exponent == 0:
        identity = eye(x.shape[-1], dtype=x.dtype, device=x.device)
        # A tensor of its own, whose elements can be written.
        return clone(broadcast_to(identity, x.shape))
    square = inv(x) if exponent < 0 else x
    exponent = -exponent if exponent < 0 else exponent
    power: Tensor | None = None
    while True:
        if exponent % 2:
            power = square if power is None else matmul(power, square)
        exponent //= 2
        if not exponent:
            break
        square = matmul(square, square)
    assert power is not None
    return clone(x) if power is x else power


_matrix_power.function = matrix_power


@_of_matrices(finite=True)
def matrix_rank(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """The number of singular values of each matrix that are not negligible.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    rtol : float or Tensor of shape (...), optional
        Those of at most this times the greatest are; ``max(M, N)`` times the dtype's eps by default.

    Returns
    -------
    Tensor, shape (...), dtype int64

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.matrix_rank(tp.tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    s = _svdvals(x)
    if not s.shape[-1]:
        return total(greater(s, s), axis=-1, dtype="int64")
    tolerance = _tolerance("linalg.matrix_rank", x, rtol)
    if type(tolerance) is Tensor:
        tolerance = tolerance.detach()
    rank: Tensor = total(greater(s, greatest(s, axis=-1, keepdims=True) * tolerance), axis=-1, dtype="int64")
    return rank


_matrix_rank.function = matrix_rank


def _tolerance(operation: str, x: Tensor, rtol: Any) -> Any:
    """The relative tolerance as a number, or as a tensor that broadcasts against the singular values."""
    if rtol is None:
        return max(x.shape[-2:]) * float(numpy.finfo(real_dtype(x.dtype).name).eps)
    if type(rtol) is not Tensor:
        return as_float(operation, "rtol", rtol)
    if rtol.dtype.kind != "f":
        raise DTypeError(f"{operation}: got rtol of {rtol.dtype}, wanted a real floating-point dtype")
    try:
        numpy.broadcast_shapes(rtol.shape, x.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"{operation}: rtol of shape {rtol.shape} does not broadcast with the axes {x.shape[:-2]} that come before "
            f"the matrices"
        ) from None
    return expand_dims(cast(rtol, real_dtype(x.dtype)), axis=-1)


@_of_matrices(finite=True)
def pinv(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """The Moore-Penrose pseudo-inverse of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    rtol : float or Tensor of shape (...), optional
        Singular values of at most this times the greatest count as zero; ``max(M, N)`` times the dtype's eps by
        default.

    Returns
    -------
    Tensor, shape (..., N, M)

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Notes
    -----
    The gradient is that at constant rank (Golub and Pereyra, 1973).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.pinv(tp.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    tolerance = _tolerance("linalg.pinv", x, rtol)
    return _pinv(x, rtol=array_of(tolerance) if type(tolerance) is Tensor else tolerance)


_pinv.function = pinv


@_of_matrices()
def qr(x: Tensor, /, mode: str = "reduced") -> QRResult:
    """The factors of each matrix: Q with orthonormal columns, R upper triangular, ``x = Q R``.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    mode : {"reduced", "complete"}, default: "reduced"
        Whether Q has K = min(M, N) columns, or M.

    Returns
    -------
    QRResult
        ``Q`` of shape (..., M, K) and ``R`` of shape (..., K, N), or (..., M, M) and (..., M, N). The diagonal of R is
        real, and determined up to signs.

    Raises
    ------
    ValueError
        For another mode.

    Notes
    -----
    The gradient (Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2012) wants the first
    K columns to be independent, and does not exist of ``"complete"`` factors of a matrix with more rows than columns.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.abs(tp.linalg.qr(tp.tensor([[3.0], [4.0]])).R)
    tensor([[5.]])
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"linalg.qr: got mode {mode!r}, wanted 'reduced' or 'complete'")
    return QRResult(*_qr(x, mode=mode))


_qr.function = qr


@_of_matrices(square=True)
def slogdet(x: Tensor, /) -> SlogdetResult:
    """The sign of the determinant of each matrix, and the logarithm of its absolute value.

    Parameters
    ----------
    x : Tensor, shape (..., M, M)

    Returns
    -------
    SlogdetResult
        ``sign`` (0 for a singular matrix, of absolute value 1 for a complex one) and ``logabsdet`` (-inf for a
        singular matrix), both of shape (...).

    Raises
    ------
    LinAlgError
        If the gradient is asked for at a singular matrix.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.slogdet(tp.tensor([[0.0, 1.0], [1.0, 0.0]]))
    SlogdetResult(sign=tensor(-1.), logabsdet=tensor(0.))
    """
    return SlogdetResult(*_slogdet(x))


_slogdet.function = slogdet


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The solution X of ``x1 X = x2`` for each matrix.

    Parameters
    ----------
    x1 : Tensor, shape (..., M, M)
    x2 : Tensor, shape (M,) or (..., M, K)
        A vector for all matrices, or matrices, whose other axes broadcast with those of `x1`.

    Returns
    -------
    Tensor, shape (..., M) or (..., M, K)

    Raises
    ------
    LinAlgError
        If a matrix is singular.
    ShapeError
        If the shapes don't fit.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.solve(tp.tensor([[2.0, 0.0], [0.0, 4.0]]), tp.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    for x in (x1, x2):
        _require_floating("linalg.solve", x)
    _require_matrices("linalg.solve", x1, square=True)
    x1, x2 = promoted(_solve, x1, x2)
    rows = x2.shape[-2:-1] if x2.ndim > 1 else x2.shape
    batches = zip(reversed(x1.shape[:-2]), reversed(x2.shape[:-2]), strict=False)
    if rows != x1.shape[-1:] or not all(n == m or 1 in (n, m) for n, m in batches):
        raise ShapeError(
            f"linalg.solve: shapes {x1.shape} and {x2.shape} don't fit: the second must be ({x1.shape[-1]},) or "
            f"(..., {x1.shape[-1]}, K), with axes before those that broadcast"
        )
    dtype = x1.dtype
    if dtype.itemsize > 2:
        return _solve(x1, x2)
    return cast(_solve(cast(x1, float32), cast(x2, float32)), dtype)


_solve.function = solve


@_of_matrices(finite=True)
def svd(x: Tensor, /, full_matrices: bool = True) -> SVDResult:
    """The singular value decomposition of each matrix: ``x = U diag(S) Vh``.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
    full_matrices : bool, default: True
        Whether U and Vh are square, or have K = min(M, N) columns and rows.

    Returns
    -------
    SVDResult
        ``U`` of shape (..., M, M) or (..., M, K) with orthonormal columns, ``S`` of shape (..., K), real and
        descending, ``Vh`` of shape (..., N, N) or (..., K, N) with orthonormal rows. Pairs of singular vectors are
        determined up to a sign or phase.

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Notes
    -----
    The gradient (Townsend, "Differentiating the singular value decomposition", 2016; Wan and Zhang, 2019, for complex
    numbers) is one of losses that do not depend on the phases, nor on the columns of U and rows of Vh beyond K; an
    error if one does. That of singular vectors is not finite where two singular values are equal, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.svd(tp.tensor([[0.0, 3.0], [2.0, 0.0]])).S
    tensor([3., 2.])
    """
    return SVDResult(*_svd(x, full_matrices=bool(full_matrices)))


_svd.function = svd


@_of_matrices(finite=True)
def svdvals(x: Tensor, /) -> Tensor:
    """The singular values of each matrix, descending.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)

    Returns
    -------
    Tensor, shape (..., min(M, N))
        Real.

    Raises
    ------
    LinAlgError
        If a matrix contains NaN or infinity.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.svdvals(tp.tensor([[0.0, 3.0], [2.0, 0.0]]))
    tensor([3., 2.])
    """
    values: Tensor = _svd(x, full_matrices=False)[1] if _recorded(x) else _svdvals(x)
    return values


_svdvals.function = svdvals


def trace(x: Tensor, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """The sum of a diagonal of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., M, N)
        Of a numeric dtype.
    offset : int, default: 0
        Positive ones lie above the main diagonal.
    dtype : dtype, optional
        What to compute in; by default integers in 64 bits, and other dtypes in their own.

    Returns
    -------
    Tensor, shape (...)

    Raises
    ------
    ShapeError
        If the tensor has fewer than two axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.trace(tp.tensor([[1, 2], [3, 4]]))
    tensor(5)
    """
    summed: Tensor = total(diagonal(x, offset=offset), axis=-1, dtype=dtype)
    return summed


_trace.function = trace


def vector_norm(
    x: Tensor,
    /,
    ord: Any = 2,
    dim: Any = None,
    keepdim: bool = False,
    *,
    axis: Any = None,
    keepdims: bool = False,
) -> Tensor:
    """The norm of vectors: the sum of the absolute values to the power `ord`, to the power ``1 / ord``.

    Parameters
    ----------
    x : Tensor
        Of a floating-point dtype.
    ord : int or float, default: 2
        inf is the greatest absolute value, -inf the least, 0 the number of elements that are not zero.
    dim, keepdim
        PyTorch's spelling of `axis` and `keepdims`.
    axis : int or tuple of int, optional
        The axes of the vectors; all by default.
    keepdims : bool, default: False
        Whether they are kept with length 1.

    Returns
    -------
    Tensor
        Real; the shape without the axes.

    Raises
    ------
    IndexError
        If an axis is out of range.
    ShapeError
        For a negative or infinite `ord` of no elements.

    Notes
    -----
    The gradient at zero is zero, and that of the greatest value shared among equal ones, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.linalg.vector_norm(tp.tensor([[3.0, 4.0], [0.0, 2.0]]), axis=1)
    tensor([5., 2.])
    """
    _require_floating("linalg.vector_norm", x)
    ord = as_float("linalg.vector_norm", "ord", ord)
    axes = normalize_axes("linalg.vector_norm", axis if dim is None else dim, x.ndim, dim is not None)
    if (ord < 0 or ord == math.inf) and 0 in (x.shape if axes is None else [x.shape[i] for i in axes]):
        raise ShapeError(f"linalg.vector_norm: got shape {x.shape}, wanted at least one element for ord {ord}")
    options: dict[str, Any] = {"axis": axes, "keepdims": as_flag("linalg.vector_norm", "keepdims", keepdims or keepdim)}
    if x.dtype.itemsize == 2:
        return cast(vector_norm(cast(x, float32), ord, **options), x.dtype)
    if ord in _SIMPLE_NORMS:
        return _SIMPLE_NORMS[ord](x, options)
    return _vector_norm(x, **options, ord=ord)


_SIMPLE_NORMS: dict[float, Callable[[Tensor, dict[str, Any]], Tensor]] = {
    1: lambda x, options: total(abs(x), **options),
    math.inf: lambda x, options: greatest(abs(x), **options),
    -math.inf: lambda x, options: least(abs(x), **options),
}

_vector_norm.function = vector_norm

_MATRIX_NORMS: dict[Any, Callable[[Tensor], Tensor]] = {
    "fro": lambda x: vector_norm(x, axis=(-2, -1)),
    "nuc": lambda x: total(svdvals(x), axis=-1),
    1: lambda x: _greatest(_sums(x, -2)),
    -1: lambda x: _least(_sums(x, -2)),
    2: lambda x: _greatest(svdvals(x)),
    -2: lambda x: _least(svdvals(x)),
    math.inf: lambda x: _greatest(_sums(x, -1)),
    -math.inf: lambda x: _least(_sums(x, -1)),
}


def norm(
    x: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Tensor | None = None, dtype: Any = None
) -> Tensor:
    """A norm of vectors, over all axes by default; with ``"nuc"`` that of matrices. As in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.norm(tp.tensor([[3.0, 4.0], [0.0, 2.0]]), dim=1)
    tensor([5., 2.])
    """
    x = x if dtype is None else cast(x, as_dtype(dtype))
    if p == "nuc":
        found = matrix_norm(x, "nuc", (-2, -1) if dim is None else dim, keepdim)
    else:
        found = vector_norm(x, 2 if p in ("fro", None) else p, dim, keepdim)
    return placed("norm", found, out)


def cholesky_method(x: Tensor, upper: bool = False) -> Tensor:
    """The triangular factor of positive-definite matrices, as in PyTorch."""
    return cholesky(x, upper=upper)


METHODS = {
    "cholesky": cholesky_method,
    "det": det,
    "inverse": inv,
    "matrix_power": matrix_power,
    "norm": norm,
    "pinverse": pinv,
    "slogdet": slogdet,
}
"""Methods of Tensor, by PyTorch's names."""
