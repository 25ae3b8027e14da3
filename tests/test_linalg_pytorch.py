"""Linear algebra that PyTorch adds to the standard's: errors, batches, half precision, second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import scipy.linalg

import tensorplug as tp
from tensorplug.core import OPERATIONS
from tensorplug.core.dispatch.keys import library_for

la = tp.linalg

GENERATOR = numpy.random.default_rng(3)

CLOSE = {"rtol": 0, "atol": 1e-11}


def random(*shape: int, diagonal: float = 3.0) -> numpy.ndarray:
    return GENERATOR.normal(size=shape) + diagonal * numpy.eye(*shape[-2:])


def same(found: tp.Tensor, wanted: Any, **tolerance: float) -> None:
    numpy.testing.assert_allclose(found.detach().numpy(), wanted, **(tolerance or CLOSE))


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("unitriangular", [True, False])
def test_larger_triangular_systems(backend: str, upper: bool, unitriangular: bool) -> None:
    """More rows than are solved at once; what is not read may be anything."""
    x, b = random(75, 75, diagonal=0.0) * 0.1 + 3.0 * numpy.eye(75), random(2, 75, 2)
    x[numpy.tril_indices(75, -1) if upper else numpy.triu_indices(75, 1)] = numpy.nan
    found = la.solve_triangular(tp.asarray(x), tp.asarray(b), upper=upper, unitriangular=unitriangular)
    for one, other in zip(found.numpy(), b, strict=True):
        wanted = scipy.linalg.solve_triangular(
            x, other, lower=not upper, unit_diagonal=unitriangular, check_finite=False
        )
        numpy.testing.assert_allclose(one, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 3), (3, 5), (0, 3, 3), (2, 0), (1, 0, 0)])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_lu_without_a_kernel(shape: tuple[int, ...], dtype: str) -> None:
    """The decomposition by columns has LAPACK's factors and pivots."""
    x = random(*shape, diagonal=0.0).astype(dtype)
    x = x + 1j * random(*shape) if dtype == "complex128" else x
    ops = library_for("numpy").ops
    wanted = getattr(ops, "linalg.lu_factor")(x)
    found = OPERATIONS["linalg.lu_factor"].decompose(ops, x)
    for one, other in zip(found, wanted, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        numpy.testing.assert_allclose(one, other, **CLOSE)
    order = OPERATIONS["linalg.permutation"].decompose(ops, found[1], size=shape[-2])
    numpy.testing.assert_array_equal(order, found[2])


def test_lu_of_a_batch(backend: str) -> None:
    x = random(2, 1, 4, 4, diagonal=0.0)
    P, L, U = la.lu(tp.asarray(x))
    same(P @ L @ U, x)
    b = random(3, 4, 2)
    factors = la.lu_factor(tp.asarray(x))
    same(la.lu_solve(*factors, tp.asarray(b)), numpy.linalg.solve(x, b))
    by_vmap = tp.vmap(lambda a, y: la.lu_solve(*la.lu_factor(a), y), in_dims=(0, None))(tp.asarray(x), tp.asarray(b))
    same(by_vmap, numpy.linalg.solve(x, b))
    unpacked = tp.lu_unpack(*factors)
    same(unpacked.P @ unpacked.L @ unpacked.U, x)
    assert tp.lu_unpack(*factors, unpack_data=False).L.shape == (0,)


def test_second_derivatives(backend: str) -> None:
    square, wide, tall = (tp.asarray(random(*shape)).requires_grad_() for shape in ((3, 3), (2, 3), (3, 2)))
    b = tp.asarray(random(3, 2)).requires_grad_()
    functions: list[tuple[Callable[..., Any], tuple[tp.Tensor, ...]]] = [
        (lambda x, y: la.solve_triangular(x, y, upper=True), (square, b)),
        (lambda x, y: la.solve_triangular(x, y.mT, upper=False, left=False, unitriangular=True), (square, b)),
        (lambda x: la.lu_factor(x).LU, (square,)),
        (lambda x: la.lu(x)[1:], (wide,)),
        (lambda x: la.lu(x)[1:], (tall,)),
    ]
    for function, inputs in functions:
        assert tp.autograd.gradgradcheck(function, inputs)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(backend: str, dtype: str) -> None:
    x = tp.asarray([[2.0, 1.0], [0.0, 4.0]], dtype=dtype)
    b = tp.asarray([[4.0], [4.0]], dtype=dtype)
    for found in (
        la.solve_triangular(x, b, upper=True),
        la.lu_solve(*la.lu_factor(x), b),
        la.lstsq(x, b).solution,
        tp.triangular_solve(b, x).solution,
        la.solve_ex(x, b).result,
    ):
        assert found.dtype.name == dtype
        same(found.float(), [[1.5], [1.0]], rtol=0, atol=0.02)
    assert la.matrix_exp(x).dtype.name == dtype


def test_results_with_error_codes(backend: str) -> None:
    x = tp.asarray([[[1.0, 2.0], [2.0, 4.0]], [[2.0, 0.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]])
    inverse, info = la.inv_ex(x)
    assert (info.tolist(), info.dtype) == ([2, 0, 1], tp.int32)
    same(inverse[1], [[0.5, 0.0], [0.0, 0.5]])
    solved = la.solve_ex(x, tp.ones(3, 2))
    assert solved.info.tolist() == [2, 0, 1]
    same(solved.result[1], [0.5, 0.5])
    assert la.lu_factor_ex(x).info.tolist() == [2, 0, 1]
    assert la.cholesky_ex(x).info.tolist() == [2, 0, 1]
    same(la.cholesky_ex(x).L[1], [[2**0.5, 0.0], [0.0, 2**0.5]], rtol=1e-6)
    small = tp.tensor([[1e-6, 0.8, -0.3], [0.8, 1.9, -0.2], [-0.3, -0.2, 3.9]])
    assert la.cholesky_ex(tp.stack([small, small[[2, 1, 0]][:, [2, 1, 0]]])).info.tolist() == [2, 3]
    assert la.cond(x, 1).tolist() == [numpy.inf, 1.0, numpy.inf]
    for call in (la.inv_ex, la.cholesky_ex, la.lu_factor_ex):
        with pytest.raises(tp.linalg.LinAlgError):
            call(x, check_errors=True)


def test_batches_of_vectors(backend: str) -> None:
    """What fits no matrices of the standard is a batch of vectors, as in PyTorch, whose rule `solve_ex` has."""
    x, b = random(3, 2, 2), random(3, 2)
    wanted = numpy.linalg.solve(x, b[..., None])[..., 0]
    same(la.solve(tp.asarray(x), tp.asarray(b)), wanted)
    same(la.lstsq(tp.asarray(x), tp.asarray(b)).solution, wanted)
    x, b = random(2, 2, 2), random(2, 2)
    same(la.solve(tp.asarray(x), tp.asarray(b)), numpy.linalg.solve(x, b[None]))
    same(la.solve_ex(tp.asarray(x), tp.asarray(b)).result, numpy.linalg.solve(x, b[..., None])[..., 0])
    same(la.solve(tp.asarray(x[0]), tp.asarray(b), left=False), b @ numpy.linalg.inv(x[0]))


@pytest.mark.parametrize("size", [1e-9, 1.0, 30.0])
def test_exponentials(backend: str, size: float) -> None:
    x = numpy.stack([random(4, 4, diagonal=0.0), numpy.diag([1.0, -2.0, 0.5, 0.0])]) * size
    x[0] -= x[0].T
    wanted = scipy.linalg.expm(x)
    found = la.matrix_exp(tp.asarray(x))
    numpy.testing.assert_allclose(found.numpy(), wanted, rtol=1e-10, atol=1e-12)
    same(tp.vmap(la.matrix_exp)(tp.asarray(x)), found.numpy(), rtol=1e-10, atol=1e-12)


def test_least_squares(backend: str) -> None:
    x, b = random(4, 2), random(4, 3)
    wanted, residuals, rank, values = numpy.linalg.lstsq(x, b)
    found = la.lstsq(tp.asarray(x), tp.asarray(b), driver="gelsd")
    for one, other in zip(found, (wanted, residuals, rank, values), strict=True):
        same(one, other)
    assert la.lstsq(tp.asarray(x), tp.asarray(b)).residuals.shape == (0,)


X = [[2.0, 0.0], [1.0, 3.0]]

WRONG: list[tuple[type[Exception], str, Callable[[tp.Tensor], Any]]] = [
    (la.LinAlgError, "solve_triangular: the matrix is singular", lambda x: la.solve_triangular(x * 0, x, upper=True)),
    (
        RuntimeError,
        r"solve_triangular: shapes \(2, 2\) and",
        lambda x: la.solve_triangular(x, tp.ones(3, 1), upper=True),
    ),
    (RuntimeError, "solve_triangular: got shape", lambda x: la.solve_triangular(x[:1], x, upper=True)),
    (TypeError, "solve_triangular", lambda x: la.solve_triangular(x.long(), x.long(), upper=True)),
    (la.LinAlgError, "lu_factor: element 1 on the diagonal", lambda x: la.lu_factor(x * 0)),
    (NotImplementedError, "lu: LU without pivoting", lambda x: la.lu(x, pivot=False)),
    (TypeError, "got pivots of tensorplug.int64", lambda x: la.lu_solve(x, tp.tensor([1, 2]), x)),
    (IndexError, "pivots must be from 1 to 2", lambda x: la.lu_solve(x, tp.tensor([1, 3], dtype="int32"), x)),
    (RuntimeError, "and pivots of shape", lambda x: tp.lu_unpack(x, tp.tensor([1], dtype="int32"))),
    (ValueError, "lstsq: got driver 'qr'", lambda x: la.lstsq(x, x, driver="qr")),
    (RuntimeError, "lstsq: shapes", lambda x: la.lstsq(x, tp.ones(3, 1))),
    (ValueError, "eigh: got UPLO 'X'", lambda x: la.eigh(x, UPLO="X")),
    (RuntimeError, "norm: got shape", lambda x: la.norm(x[None], 2)),
    (RuntimeError, "norm: got dim .* wanted two axes", lambda x: la.norm(x, "nuc", dim=1)),
    (RuntimeError, "multi_dot: got 1 tensors", lambda x: la.multi_dot([x])),
    (RuntimeError, "multi_dot: shapes", lambda x: la.multi_dot([x, tp.ones(3, 1), x])),
    (RuntimeError, "tensorinv: got shape", lambda x: la.tensorinv(tp.ones(2, 3), ind=1)),
    (RuntimeError, "tensorsolve: shapes", lambda x: la.tensorsolve(x, x)),
    (RuntimeError, "vander: got N=1", lambda x: la.vander(x, 1)),
    (RuntimeError, "householder_product: got shapes", lambda x: la.householder_product(x, tp.ones(3))),
    (RuntimeError, "cross: got shape", lambda x: tp.cross(x, x)),
    (RuntimeError, "vdot: got shapes", lambda x: tp.vdot(x, x)),
    (RuntimeError, "baddbmm: shape", lambda x: tp.baddbmm(tp.ones(3), x[None], x[None])),
]


@pytest.mark.parametrize(("error", "message", "call"), WRONG)
def test_errors(backend: str, error: type[Exception], message: str, call: Callable[[tp.Tensor], Any]) -> None:
    with pytest.raises(error, match=message):
        call(tp.tensor(X))
