"""Linear algebra: values by what defines them, errors alike on every backend, complex gradients, several results."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.backends.numpy.plugin import NumPy

from .conftest import registered

la = tp.linalg

INF, NAN = math.inf, math.nan

EPS = numpy.finfo("float64").eps

ROUNDING = 1e3 * EPS
"""For matrices of at most 4 rows, whose conditions are below 100."""

DIFFERENCE = 1e-6
"""Relative, of central differences with the step at which their two errors are equal."""

STEP = EPS ** (1 / 3)

GENERATOR = numpy.random.default_rng(7)


def random(*shape: int, dtype: str = "complex128") -> numpy.ndarray:
    """A matrix with its diagonal moved away from zero."""
    found = GENERATOR.normal(size=shape) + 3.0 * numpy.eye(*shape[-2:])
    return found + 1j * GENERATOR.normal(size=shape) if dtype == "complex128" else found


REAL = ((3, 3), (4, 2), (0, 2, 2), (0, 3))
COMPLEX_SHAPES = ((2, 3, 3), (2, 4), (3, 0), (2, 0, 0), (1, 1))

MATRICES = [
    *(pytest.param(random(*shape, dtype="float64"), id=f"real{shape}") for shape in REAL),
    *(pytest.param(random(*shape), id=f"complex{shape}") for shape in COMPLEX_SHAPES),
]

SQUARE = [parameter for parameter in MATRICES if parameter.values[0].shape[-1] == parameter.values[0].shape[-2]]


def adjoint(x: numpy.ndarray) -> numpy.ndarray:
    return x.conj().mT


def same(found: Any, wanted: Any, tolerance: float = ROUNDING) -> None:
    """Of one shape and dtype, and close."""
    found, wanted = numpy.asarray(found), numpy.asarray(wanted)
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    scale = max(1.0, numpy.abs(wanted).max(initial=0.0))
    numpy.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * scale)


def arrays(results: tuple[tp.Tensor, ...]) -> list[numpy.ndarray]:
    return [numpy.asarray(result) for result in results]


def identity_like(x: numpy.ndarray) -> numpy.ndarray:
    return numpy.broadcast_to(numpy.eye(x.shape[-1], dtype=x.dtype), (*x.shape[:-2], x.shape[-1], x.shape[-1]))


class TestDecompositions:
    @pytest.mark.parametrize("x", MATRICES)
    @pytest.mark.parametrize("full", [True, False])
    def test_svd(self, backend: str, x: numpy.ndarray, full: bool) -> None:
        found = la.svd(tp.tensor(x), full_matrices=full)
        assert found._fields == ("U", "S", "Vh")
        u, s, vh = arrays(found)
        m, n = x.shape[-2:]
        k = min(m, n)
        assert (u.shape[-2:], vh.shape[-2:]) == (((m, m), (n, n)) if full else ((m, k), (k, n)))
        assert s.dtype == "float64"
        same((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], x)
        same(adjoint(u) @ u, identity_like(u))
        same(vh @ adjoint(vh), identity_like(vh.mT))
        assert (s[..., :-1] >= s[..., 1:]).all()
        same(la.svdvals(tp.tensor(x)), s)

    @pytest.mark.parametrize("x", MATRICES)
    @pytest.mark.parametrize("mode", ["reduced", "complete"])
    def test_qr(self, backend: str, x: numpy.ndarray, mode: str) -> None:
        found = la.qr(tp.tensor(x), mode=mode)
        assert found._fields == ("Q", "R")
        q, r = arrays(found)
        m, n = x.shape[-2:]
        assert q.shape[-1] == (m if mode == "complete" else min(m, n))
        same(q @ r, x)
        same(adjoint(q) @ q, identity_like(q))
        numpy.testing.assert_array_equal(r, numpy.triu(r))
        same(numpy.diagonal(r, 0, -2, -1).imag, numpy.zeros((*x.shape[:-2], min(r.shape[-2:]))))

    @pytest.mark.parametrize("x", SQUARE)
    def test_eigh_and_cholesky_read_one_triangle(self, backend: str, x: numpy.ndarray) -> None:
        definite = x @ adjoint(x) + identity_like(x)
        lower, upper = numpy.tril(definite), numpy.triu(definite)
        found = la.eigh(tp.tensor(lower))
        assert found._fields == ("eigenvalues", "eigenvectors")
        w, v = arrays(found)
        assert w.dtype == "float64"
        same((v * w[..., None, :]) @ adjoint(v), definite)
        same(adjoint(v) @ v, identity_like(x))
        assert (w[..., 1:] >= w[..., :-1]).all()
        same(la.eigvalsh(tp.tensor(lower)), w)
        factor = numpy.asarray(la.cholesky(tp.tensor(lower)))
        same(factor @ adjoint(factor), definite)
        same(la.cholesky(tp.tensor(upper), upper=True), adjoint(factor))

    def test_eigenvalues_of_great_and_little_matrices(self, backend: str) -> None:
        x = numpy.asarray([[[1.0, 2.0], [-1.0, 4.0]], [[0.0, 1.0], [-2.0, 0.5]]])
        for unit in (1e20, 1e-20):
            great = tp.asarray(x * unit, dtype="float32")
            for found in (tp.linalg.eigvals(great), tp.linalg.eig(great)[0]):
                wanted = numpy.linalg.eigvals(x) * unit
                numpy.testing.assert_allclose(numpy.sort_complex(found.numpy()), numpy.sort_complex(wanted), 1e-5)

    @pytest.mark.parametrize("x", SQUARE)
    def test_eig(self, backend: str, x: numpy.ndarray) -> None:
        found = la.eig(tp.tensor(x))
        assert found._fields == ("eigenvalues", "eigenvectors")
        w, v = arrays(found)
        assert w.dtype == v.dtype == "complex128"
        same(x @ v, v * w[..., None, :])
        same(numpy.linalg.norm(v, axis=-2), numpy.ones(w.shape))
        same(numpy.sort(numpy.asarray(la.eigvals(tp.tensor(x)))), numpy.sort(w))

    @pytest.mark.parametrize("x", SQUARE)
    def test_determinants(self, backend: str, x: numpy.ndarray) -> None:
        found = la.slogdet(tp.tensor(x))
        assert found._fields == ("sign", "logabsdet")
        sign, logarithm = arrays(found)
        assert (sign.dtype, logarithm.dtype) == (x.dtype, "float64")
        same(sign * numpy.exp(logarithm), numpy.linalg.det(x))
        same(la.det(tp.tensor(x)), numpy.asarray(numpy.linalg.det(x)))


class TestProducts:
    @pytest.mark.parametrize("x", SQUARE)
    def test_inverse_powers_and_solutions(self, backend: str, x: numpy.ndarray) -> None:
        a = tp.tensor(x)
        inverse = numpy.asarray(la.inv(a))
        same(inverse @ x, identity_like(x))
        for n in (-3, -1, 0, 1, 2, 5):
            same(la.matrix_power(a, n), numpy.linalg.matrix_power(x, n), 1e6 * EPS)
        vector = numpy.arange(1.0, x.shape[-1] + 1).astype(x.dtype)
        same(la.solve(a, tp.tensor(vector)), inverse @ vector)
        columns = numpy.stack([vector, 2 * vector], -1)[None, None]
        same(la.solve(a, tp.tensor(columns)), inverse @ columns)

    @pytest.mark.parametrize("x", MATRICES)
    def test_pseudo_inverse(self, backend: str, x: numpy.ndarray) -> None:
        found = numpy.asarray(la.pinv(tp.tensor(x)))
        same(x @ found @ x, x)
        same(found @ x @ found, found)
        same(adjoint(x @ found), x @ found)

    def test_small_singular_values_count_as_zero(self, backend: str) -> None:
        x = tp.tensor([numpy.diag([1.0, 0.25, 1e-17]), numpy.diag([1.0, 0.25, 1e-3])])
        assert la.matrix_rank(x).tolist() == [2, 3]
        assert la.matrix_rank(x).dtype == tp.int64
        assert la.matrix_rank(x, rtol=0.25).tolist() == [1, 1]
        assert la.matrix_rank(x, rtol=tp.tensor([0.5, 0.0])).tolist() == [1, 3]
        rtol = tp.tensor([0.25, 0.2], dtype="float64")
        assert la.trace(la.pinv(x, rtol=rtol)).tolist() == pytest.approx([1.0, 5.0])
        # Of single precision by its own eps.
        assert la.matrix_rank(tp.tensor(numpy.diag([1.0, 1e-7]), dtype="float32")).item() == 1
        assert la.matrix_rank(tp.zeros(2, 0, 3)).tolist() == [0, 0]

    def test_the_pseudo_inverse_of_a_library_is_given_tolerances_as_the_standard_has_them(self) -> None:
        def kernels(self: NumPy) -> dict[str, Any]:
            return {**NumPy.kernels(self), "linalg.pinv": lambda x, rtol: numpy.linalg.pinv(x, rtol=rtol)}

        x = numpy.random.default_rng(3).normal(size=(2, 3, 4, 3))
        rtol = numpy.asarray([[0.5, 0.1, 0.3]])
        with registered(type("Pseudo", (NumPy,), {"name": "pseudo", "kernels": kernels})()), tp.backend("pseudo"):
            same(la.pinv(tp.tensor(x), rtol=tp.tensor(rtol, dtype="float64")), numpy.linalg.pinv(x, rtol=rtol))
            assert la.pinv(tp.tensor(x), atol=1.0, rtol=0.5).shape == (2, 3, 3, 4)

    @pytest.mark.parametrize(
        ("shapes", "axes"),
        [
            (((2, 3), (3, 4)), 1),
            (((2, 3), (2, 3)), 2),
            (((2, 3), (4,)), 0),
            (((2, 3, 4), (4, 5, 2)), ((0, -1), (2, 0))),
            (((2, 0), (0, 3)), 1),
        ],
    )
    def test_tensordot(self, backend: str, shapes: Any, axes: Any) -> None:
        x1, x2 = (numpy.arange(math.prod(shape)).reshape(shape) for shape in shapes)
        wanted = numpy.tensordot(x1, x2, axes)
        assert tp.tensordot(tp.tensor(x1), tp.tensor(x2), axes=axes).tolist() == wanted.tolist()
        assert tp.tensordot(tp.tensor(x1), tp.tensor(x2), dims=axes).shape == wanted.shape

    def test_vecdot_conjugates_the_first(self, backend: str) -> None:
        assert tp.vecdot(tp.tensor([1j, 2j]), tp.tensor([1.0, 2j])).item() == 4 - 1j
        x = numpy.arange(6).reshape(3, 2)
        assert tp.vecdot(tp.tensor(x), tp.tensor([[2], [0], [1]]), axis=-2).tolist() == [4, 7]
        assert tp.vecdot(tp.tensor(x), tp.tensor(x), dim=0).tolist() == [20, 35]
        assert tp.vecdot(tp.zeros(2, 0), tp.zeros(0)).tolist() == [0.0, 0.0]

    def test_cross(self, backend: str) -> None:
        x1, x2 = numpy.arange(6).reshape(2, 3), numpy.asarray([[4, 0, 1]])
        wanted = numpy.cross(x1, x2)
        assert la.cross(tp.tensor(x1), tp.tensor(x2)).tolist() == wanted.tolist()
        assert la.cross(tp.tensor(x1.T), tp.tensor(x2.T), axis=-2).tolist() == wanted.T.tolist()
        assert la.cross(tp.tensor(x1), tp.tensor(x2[0])).tolist() == wanted.tolist()

    def test_dtypes(self, backend: str) -> None:
        small, wide = tp.tensor([100, 100], dtype="int8"), tp.tensor([100, 1], dtype="int16")
        for product in (tp.vecdot, tp.dot, lambda x, y: tp.tensordot(x, y, axes=1)):
            assert (product(small, wide).dtype, product(small, wide).item()) == (tp.int16, 10100)
            # 20000 does not fit, and wraps around.
            assert (product(small, small).dtype, product(small, small).item()) == (tp.int8, 32)
        big = tp.tensor([2**53 + 1, 1])
        assert tp.vecdot(big, tp.tensor([1, 1])).item() == 2**53 + 2
        assert tp.outer(small, wide).dtype == tp.int16
        unsigned = tp.tensor([[200, 0], [0, 100]], dtype="uint8")
        assert (la.trace(unsigned).dtype, la.trace(unsigned).item()) == (tp.uint64, 300)
        assert la.trace(tp.ones(2, 2, dtype="float32")).dtype == tp.float32
        assert la.trace(unsigned, dtype="int32").dtype == tp.int32

    def test_diagonals(self, backend: str) -> None:
        x = numpy.arange(12).reshape(2, 2, 3)
        for offset in (-3, -1, 0, 1, 2, 9):
            assert la.diagonal(tp.tensor(x), offset=offset).tolist() == x.diagonal(offset, 1, 2).tolist()
            assert la.trace(tp.tensor(x), offset=offset).tolist() == x.trace(offset, 1, 2).tolist()
        view = tp.zeros(2, 2)
        la.diagonal(view)[0] = 5.0
        assert view.tolist() == [[5.0, 0.0], [0.0, 0.0]]


class TestNorms:
    @pytest.mark.parametrize("ord", [0, 1, 2, 3, 0.5, -1, -2, INF, -INF])
    @pytest.mark.parametrize("axis", [None, 0, (0, -1)])
    def test_of_vectors(self, backend: str, ord: float, axis: Any) -> None:
        x = random(3, 2)
        found = la.vector_norm(tp.tensor(x), axis=axis, ord=ord, keepdims=axis == 0)
        same(found, numpy.linalg.vector_norm(x, axis=axis, ord=ord, keepdims=axis == 0))

    @pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, INF, -INF])
    def test_of_matrices(self, backend: str, ord: Any) -> None:
        x = random(2, 3, 2)
        same(la.matrix_norm(tp.tensor(x), ord=ord), numpy.linalg.matrix_norm(x, ord=ord))
        same(la.matrix_norm(tp.tensor(x), ord=ord, keepdims=True), numpy.linalg.matrix_norm(x, ord=ord, keepdims=True))
        same(la.matrix_norm(tp.tensor(x), ord, dim=(0, 1)), numpy.linalg.norm(x, ord=ord, axis=(0, 1)))

    def test_of_nothing(self, backend: str) -> None:
        nothing = tp.zeros(0, 3)
        assert [la.vector_norm(nothing, ord=ord).item() for ord in (0, 0.5, 1, 2)] == [0.0] * 4
        assert [la.matrix_norm(nothing, ord=ord).item() for ord in ("fro", "nuc", 1, 2, INF)] == [0.0] * 5
        for ord in (INF, -INF, -1):
            with pytest.raises(ValueError, match=r"linalg\.vector_norm: got shape \(0, 3\)"):
                la.vector_norm(nothing, ord=ord)
        for ord in (-2, -INF):
            with pytest.raises(ValueError, match=r"linalg\.matrix_norm: "):
                la.matrix_norm(nothing, ord=ord)

    # PyTorch's gradients of the sum.
    @pytest.mark.parametrize(
        ("ord", "x", "wanted"),
        [
            (2, [0.0, 0.0], [0.0, 0.0]),
            (2, [3.0, 4.0], [0.6, 0.8]),
            (3, [0.0, 0.0], [0.0, 0.0]),
            (0.5, [0.0, 4.0], [0.0, 1.0]),
            (1, [0.0, -2.0], [0.0, -1.0]),
            (0, [0.0, 2.0], [0.0, 0.0]),
            (INF, [2.0, -2.0], [0.5, -0.5]),
            (-INF, [0.0, 2.0], [0.0, 0.0]),
        ],
    )
    def test_gradients_at_kinks(self, backend: str, ord: float, x: list[float], wanted: list[float]) -> None:
        leaf = tp.tensor(x, dtype="float64", requires_grad=True)
        la.vector_norm(leaf * 1.0, ord=ord).backward()
        assert leaf.grad is not None
        assert leaf.grad.tolist() == pytest.approx(wanted)


class TestErrors:
    SINGULAR = numpy.asarray([[1.0, 2.0], [2.0, 4.0]])

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda x: la.inv(x), "linalg.inv: the matrix is singular"),
            (lambda x: la.inv(tp.stack([x, tp.eye(2, dtype=x.dtype)])), "linalg.inv: the matrix is singular"),
            (lambda x: la.solve(x, x), "linalg.solve: the matrix is singular"),
            (lambda x: la.matrix_power(x, -2), "linalg.matrix_power: linalg.inv: the matrix is singular"),
            (lambda x: la.cholesky(-x), "linalg.cholesky: the matrix is not positive-definite"),
            (lambda x: la.cholesky(x * NAN), "linalg.cholesky: the matrix is not positive-definite"),
        ],
    )
    def test_matrices_without_the_result(self, backend: str, call: Any, message: str) -> None:
        for dtype in ("float32", "complex128"):
            with pytest.raises(la.LinAlgError) as error:
                call(tp.tensor(self.SINGULAR, dtype=dtype))
            assert str(error.value) == message
            assert isinstance(error.value, RuntimeError | ValueError)
            assert isinstance(error.value, numpy.linalg.LinAlgError)

    def test_nan_stays_in_its_matrix_of_a_batch(self, backend: str) -> None:
        near = numpy.asarray([[1.0, 1.0], [1.0, 1.0 + 1e-6]])
        batch = numpy.stack([numpy.full((2, 2), NAN), near, near - numpy.asarray([[0.0, 0.0], [0.0, 1e-6]])])
        for values in (batch, batch[:2], batch + 0j):
            x = tp.asarray(values, requires_grad=True)
            la.det(x).sum().real.backward() if x.dtype.is_complex else la.det(x).sum().backward()
            found = x.grad.numpy()
            assert numpy.isnan(found[0]).all()
            wanted = [[[m[1, 1], -m[1, 0]], [-m[0, 1], m[0, 0]]] for m in values[1:]]
            numpy.testing.assert_allclose(found[1:], wanted, rtol=ROUNDING)

    def test_singular_ones_have_determinants(self, backend: str) -> None:
        x = tp.tensor(self.SINGULAR)
        assert la.det(x).item() == 0.0
        assert [part.item() for part in la.slogdet(x)] == [0.0, -INF]

    def test_determinants_of_great_and_small_numbers(self, backend: str) -> None:
        m = numpy.asarray([[1.0, 2.0], [3.0, 4.0]])
        for dtype, units in (("float32", (1e20, 1e-30, 8e37)), ("float64", (1e200, 1e-200, 4e307))):
            batch = numpy.stack([m * unit for unit in units] + [units[2] * numpy.asarray([[2, 2], [-2, 2]])])
            batch = batch.astype(dtype)
            sign, logabsdet = la.slogdet(tp.asarray(batch))
            wanted = [math.log(2) + 2 * math.log(unit) for unit in units] + [math.log(8) + 2 * math.log(units[2])]
            numpy.testing.assert_allclose(logabsdet, wanted, rtol=1e-6)
            assert sign.tolist() == [-1.0, -1.0, -1.0, 1.0]
            assert la.det(tp.asarray(batch)).tolist() == [-INF, 0.0, -INF, INF]

    @pytest.mark.parametrize("name", ["eig", "eigh", "eigvals", "eigvalsh", "matrix_rank", "pinv", "svd", "svdvals"])
    @pytest.mark.parametrize("value", [NAN, INF])
    def test_what_iterates_refuses_nan(self, backend: str, name: str, value: float) -> None:
        with pytest.raises(la.LinAlgError, match=rf"^linalg\.{name}: a matrix contains NaN or infinity$"):
            getattr(la, name)(tp.tensor([[1.0, 0.0], [value, 1.0]]))

    def test_nan_goes_through_what_does_not(self, backend: str) -> None:
        x = tp.full((2, 2), NAN)
        for found in (la.inv(x), la.det(x), *la.slogdet(x), la.solve(x, x), la.qr(x).Q):
            assert tp.all(tp.isnan(found))

    @pytest.mark.parametrize("name", ["cholesky", "det", "eig", "eigh", "inv", "qr", "slogdet", "svd", "matrix_norm"])
    def test_operands(self, backend: str, name: str) -> None:
        function = getattr(la, name)
        with pytest.raises(TypeError, match=rf"linalg\.{name}: got tensorplug.int64, wanted a floating-point dtype"):
            function(tp.tensor([[1, 0], [0, 1]]))
        with pytest.raises(ValueError, match=rf"linalg\.{name}: got shape \(3,\), wanted at least two axes"):
            function(tp.ones(3))
        with pytest.raises(TypeError, match=rf"linalg\.{name}: got list"):
            function([[1.0]])
        if name not in ("qr", "svd", "matrix_norm"):
            with pytest.raises(ValueError, match=rf"linalg\.{name}: got shape \(2, 3\), wanted square"):
                function(tp.ones(2, 3))

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda: la.solve(tp.eye(2), tp.ones(3)), ValueError, "linalg.solve: shapes"),
            (lambda: la.solve(tp.ones(2, 2, 2), tp.ones(3, 2, 1)), ValueError, "linalg.solve: shapes"),
            (lambda: la.solve(tp.eye(2), tp.tensor([1, 2])), TypeError, "linalg.solve: got tensorplug.int64"),
            (lambda: la.cross(tp.ones(2), tp.ones(2)), ValueError, "linalg.cross: .* wanted length 3"),
            (lambda: la.cross(tp.ones(3), tp.ones(1)), ValueError, "linalg.cross: .* equally long along axis -1"),
            (lambda: la.cross(tp.ones(2, 3), tp.ones(4, 3)), ValueError, "linalg.cross: .* broadcast"),
            (lambda: la.cross(tp.ones(3, 3), tp.ones(3), axis=-2), IndexError, "linalg.cross: axis -2"),
            (lambda: tp.vecdot(tp.ones(2, 3), tp.ones(1)), ValueError, "vecdot: .* equally long"),
            (lambda: tp.vecdot(tp.tensor(1.0), tp.ones(1)), IndexError, "vecdot: axis -1"),
            (lambda: tp.vecdot(tp.tensor([True]), tp.tensor([True])), TypeError, "vecdot: got tensorplug.bool"),
            (lambda: tp.tensordot(tp.ones(2), tp.ones(3), axes=1), ValueError, "tensordot: shapes"),
            (lambda: tp.tensordot(tp.ones(2), tp.ones(3), axes=2), ValueError, "tensordot: got 2 axes"),
            (lambda: tp.tensordot(tp.ones(2), tp.ones(2), axes=((0,), (1,))), IndexError, "tensordot: axis 1"),
            (lambda: tp.outer(tp.ones(2, 2), tp.ones(2)), ValueError, "outer: got shapes"),
            (lambda: la.matrix_norm(tp.eye(2), ord=5), ValueError, "linalg.matrix_norm: got ord 5"),
            (lambda: la.qr(tp.eye(2), mode="r"), ValueError, "linalg.qr: got mode 'r'"),
            (lambda: la.diagonal(tp.ones(2)), ValueError, "linalg.diagonal: got shape"),
            (lambda: la.matrix_rank(tp.eye(2), rtol=tp.tensor(1)), TypeError, "linalg.matrix_rank: got rtol"),
            (lambda: tp.ones(2).mm(tp.ones(2)), RuntimeError, "mm: got shapes .* wanted 2-d tensors"),
            (lambda: tp.ones(2).mv(tp.ones(2)), RuntimeError, "mv: got shapes .* wanted 2-d and 1-d tensors"),
            (lambda: tp.ones(2, 2).bmm(tp.ones(2, 2)), RuntimeError, "bmm: got shapes .* wanted 3-d tensors"),
            (lambda: tp.ones(2, 1, 1).bmm(tp.ones(1, 1, 1)), RuntimeError, "bmm: .* as many matrices"),
            (lambda: tp.ones(2, 2).dot(tp.ones(2)), RuntimeError, "dot: got shapes .* wanted 1-d tensors"),
        ],
    )
    def test_arguments(self, backend: str, call: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            call()


def test_methods_of_pytorch(backend: str) -> None:
    x, v = tp.tensor([[2.0, 1.0], [1.0, 3.0]]), tp.tensor([1.0, 2.0])
    assert x.mm(x).tolist() == tp.mm(x, x).tolist() == [[5.0, 5.0], [5.0, 10.0]]
    assert x.mv(v).tolist() == tp.mv(x, v).tolist() == [4.0, 7.0]
    assert x[None].bmm(x[None]).tolist() == tp.bmm(x[None], x[None]).tolist() == [x.mm(x).tolist()]
    assert v.dot(v).item() == tp.dot(v, v).item() == 5.0
    assert v.outer(v).tolist() == v.ger(v).tolist() == tp.outer(v, v).tolist() == [[1.0, 2.0], [2.0, 4.0]]
    assert x.trace().item() == 5.0
    assert x.det().item() == pytest.approx(5.0)
    assert x.slogdet().logabsdet.item() == pytest.approx(math.log(5.0))
    assert x.inverse().mm(x).tolist() == [pytest.approx([1.0, 0.0], abs=1e-6), pytest.approx([0.0, 1.0], abs=1e-6)]
    assert x.cholesky(upper=True).tolist() == x.cholesky().t().tolist()
    assert x.matrix_power(2).tolist() == x.mm(x).tolist()
    assert x.pinverse().shape == (2, 2)
    assert x.norm().item() == pytest.approx(math.sqrt(15.0))
    assert x.norm(1, dim=1).tolist() == [3.0, 4.0]
    assert x.norm("fro", (0, 1), True).shape == (1, 1)
    assert x.norm("nuc").item() == pytest.approx(5.0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types_are_computed_in_float32(backend: str, dtype: str) -> None:
    x = tp.tensor([[4.0, 2.0], [2.0, 3.0]], dtype=dtype, requires_grad=True)
    same = tp.tensor([[4.0, 2.0], [2.0, 3.0]], dtype="float32")
    for name in ("cholesky", "det", "eigvalsh", "inv", "pinv", "svdvals", "matrix_norm", "vector_norm"):
        found = getattr(la, name)(x)
        assert found.dtype.name == dtype
        assert found.tolist() == getattr(la, name)(same).to(dtype).tolist()
    assert [part.dtype.name for part in la.svd(x)] == [dtype] * 3
    assert la.eig(x).eigenvectors.dtype == tp.complex64
    solved = la.solve(x, x)
    assert solved.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    la.inv(x).sum().backward()
    assert x.grad is not None
    assert x.grad.dtype.name == dtype


# Complex gradients, in PyTorch's convention: the derivative by the real part plus i times that by the imaginary part.


def hermitian(x: tp.Tensor) -> tp.Tensor:
    return (x + tp.conj(x).mT) * 0.5


def rebuilt(w: tp.Tensor, v: tp.Tensor) -> tp.Tensor:
    """A function of a Hermitian matrix, which no phase changes."""
    return (v * (w * w)[..., None, :]) @ tp.conj(v).mT


COMPLEX: dict[str, tuple[tuple[int, ...], Callable[[tp.Tensor], Any]]] = {
    "cholesky": ((3, 3), lambda x: [la.cholesky(x @ tp.conj(x).mT)]),
    "cross": ((2, 3), lambda x: [la.cross(x, x[0])]),
    "det": ((2, 2, 2), lambda x: [la.det(x)]),
    "det of rank 2": ((3, 3), lambda x: [la.det(x * tp.tensor([[1.0], [1.0], [0.0]]))]),
    "eig": ((3, 3), lambda x: [la.eigvals(x).sum(), tp.abs(la.eig(x).eigenvectors)]),
    "eigh": ((3, 3), lambda x: [la.eigvalsh(hermitian(x)), rebuilt(*la.eigh(hermitian(x)))]),
    "eigenvectors": ((3, 3), lambda x: [tp.abs(la.eigh(hermitian(x)).eigenvectors)]),
    "inv": ((2, 2, 2), lambda x: [la.inv(x)]),
    "matrix_norm": ((3, 2), lambda x: [la.matrix_norm(x, ord=ord) for ord in (2, "nuc", "fro", 1)]),
    "matrix_power": ((2, 2), lambda x: [la.matrix_power(x, 3), la.matrix_power(x, -2)]),
    "pinv": ((3, 2), lambda x: [la.pinv(x)]),
    "pinv, wide": ((2, 3), lambda x: [la.pinv(x)]),
    "qr": ((3, 2), lambda x: [*la.qr(x)]),
    "qr, square": ((2, 2), lambda x: [*la.qr(x)]),
    "qr, wide": ((2, 3), lambda x: [*la.qr(x)]),
    "slogdet": ((2, 2, 2), lambda x: [*la.slogdet(x)]),
    "solve": ((2, 2), lambda x: [la.solve(x, x * x), la.solve(x, x[0])]),
    "svd": ((3, 2), lambda x: (lambda u, s, vh: [s, (u * (s * s)[None]) @ vh])(*la.svd(x, full_matrices=False))),
    "svd, left": ((2, 3), lambda x: [tp.abs(la.svd(x, full_matrices=False).U)]),
    "svd, right": ((2, 3), lambda x: [tp.abs(la.svd(x, full_matrices=False).Vh)]),
    "tensordot": ((2, 2), lambda x: [tp.tensordot(x, x * x, axes=((0, 1), (1, 0))), tp.outer(x[0], x[1])]),
    "trace": ((2, 3), lambda x: [la.trace(x * x)]),
    "vecdot": ((2, 3), lambda x: [tp.vecdot(x, x * x), tp.vecdot(x * 1j, x, axis=0)]),
    "vector_norm": ((3, 2), lambda x: [la.vector_norm(x, ord=ord) for ord in (2, 3, 1, INF, -0.5)]),
}


def weighted(parts: list[tp.Tensor]) -> tp.Tensor:
    """A real number that depends on the real and imaginary parts of all elements, each in its own way."""
    total = tp.tensor(0.0, dtype="float64")
    for part in parts:
        for k, one in enumerate((tp.real(part), tp.imag(part)) if part.dtype.is_complex else (part,)):
            weights = numpy.cos(numpy.arange(1.0, one.numel() + 1) + k).reshape(one.shape)
            total = total + (one * tp.tensor(weights)).sum()
    return total


def gradient(function: Callable[[tp.Tensor], Any], x: numpy.ndarray) -> numpy.ndarray:
    leaf = tp.tensor(x, requires_grad=True)
    return numpy.asarray(tp.autograd.grad(weighted(function(leaf)), leaf)[0])


def second(function: Callable[[tp.Tensor], Any], x: numpy.ndarray) -> numpy.ndarray:
    """The gradient of the weighted gradient."""
    leaf = tp.tensor(x, requires_grad=True)
    (first,) = tp.autograd.grad(weighted(function(leaf)), leaf, create_graph=True)
    return numpy.asarray(tp.autograd.grad(weighted([first]), leaf)[0])


def by_differences(function: Callable[[numpy.ndarray], float], x: numpy.ndarray) -> numpy.ndarray:
    found = numpy.zeros_like(x)
    for place in numpy.ndindex(x.shape):
        for unit in (1.0, 1j):
            step = numpy.zeros_like(x)
            step[place] = STEP * unit
            found[place] += unit * (function(x + step) - function(x - step)) / (2 * STEP)
    return found


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_gradients(name: str) -> None:
    shape, function = COMPLEX[name]
    x = random(*shape)
    with tp.backend("numpy"):
        found = gradient(function, x)
        same(found, by_differences(lambda x: weighted(function(tp.tensor(x))).item(), x), DIFFERENCE)
        wanted = by_differences(lambda x: weighted([tp.tensor(gradient(function, x))]).item(), x)
        same(second(function, x), wanted, DIFFERENCE)


@pytest.mark.parametrize("name", ["cholesky", "eig", "qr", "svd"])
def test_complex_gradients_of_backends_agree(backend: str, name: str) -> None:
    shape, function = COMPLEX[name]
    x = random(*shape)
    with tp.backend("numpy"):
        wanted = gradient(function, x)
    same(gradient(function, x), wanted, 1e-12)


class TestWhereGradientsEnd:
    @pytest.mark.parametrize(
        ("function", "message"),
        [
            (lambda x: tp.real(la.eigh(hermitian(x)).eigenvectors), "linalg.eigh: .* phases"),
            (lambda x: tp.real(la.eig(x).eigenvectors), "linalg.eig: .* phases"),
            (lambda x: tp.real(la.svd(x).U), "linalg.svd: .* phases"),
            (lambda x: tp.abs(la.svd(x[:, :2]).U), "linalg.svd: .* full_matrices=False"),
            (lambda x: tp.abs(la.svd(x[:2]).Vh), "linalg.svd: .* full_matrices=False"),
            (lambda x: tp.abs(la.qr(x[:, :2], mode="complete").R), "linalg.qr: .* mode='reduced'"),
            (lambda x: la.slogdet(x * 0).logabsdet, "linalg.inv: the matrix is singular"),
        ],
    )
    def test_is_an_error(self, backend: str, function: Any, message: str) -> None:
        x = tp.tensor(random(3, 3), requires_grad=True)
        y = function(x).sum()
        with pytest.raises(RuntimeError, match=message):
            y.backward()
        assert x.grad is None

    def test_equal_values_have_gradients(self, backend: str) -> None:
        x = tp.tensor(numpy.diag([2.0, 2.0, 5.0]), requires_grad=True)
        for values in (la.eigvalsh, la.svdvals, lambda x: la.matrix_norm(x, ord="nuc")):
            (found,) = tp.autograd.grad(values(x).sum(), x)
            same(found, numpy.eye(3))

    @pytest.mark.parametrize("rank", [0, 1, 2, 3])
    def test_determinants_of_any_rank_have_cofactors(self, backend: str, rank: int) -> None:
        x = numpy.asarray([[1.0, 2.0, 3.0], [0.0, 1.0, 4.0], [5.0, 6.0, 0.0]]) @ numpy.diag(
            [1.0] * rank + [0.0] * (3 - rank)
        )
        leaf = tp.tensor(x, requires_grad=True)
        la.det(leaf).backward()
        minors = [[x[numpy.ix_([k for k in range(3) if k != i], [k for k in range(3) if k != j])] for j in range(3)]
                  for i in range(3)]  # fmt: skip
        signs = (-1.0) ** numpy.add.outer(numpy.arange(3), numpy.arange(3))
        same(leaf.grad, signs * numpy.linalg.det(numpy.asarray(minors)))

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("smallest", [1e-3, 1e-7, 0.0])
    @pytest.mark.parametrize("size", [4, 100])
    def test_cofactors_of_a_bad_condition_have_all_digits(
        self, backend: str, size: int, smallest: float, dtype: str
    ) -> None:
        """As one small singular value leaves them: the others are 1, and so is the greatest product of all but one."""
        u, v = (numpy.linalg.qr(random(size, size, dtype="float64"))[0] for _ in range(2))
        s, others = numpy.ones(size), numpy.full(size, smallest)
        s[-1], others[-1] = smallest, 1.0
        wanted = ((u * others) @ v.T * numpy.linalg.det(u) * numpy.linalg.det(v)).astype(dtype)
        x, t = (tp.tensor(one, dtype=dtype) for one in ((u * s) @ v.T, random(size, size, dtype="float64")))
        # Some rounding errors for each row, in units of that product: by the inverse as many as the condition is.
        tolerance = 64 * size * (1e3 if smallest == 1e-3 else 1.0) * numpy.finfo(dtype).eps
        same(tp.func.grad(la.det)(x), wanted, tolerance)
        unknown = tp.full_like(x, NAN)
        same(tp.func.grad(lambda x: la.det(x).sum())(tp.stack([x, unknown]))[0], wanted, tolerance)
        _, tangent = tp.func.jvp(la.det, (x,), (t,))
        same(tangent, (wanted * t.numpy()).sum(), tolerance * size)

    @pytest.mark.parametrize(
        ("diagonal", "wanted"),
        [([2.0, 2.0, 2.0], 1.0), ([2.0, 2.0, 0.0], 1.0), ([2.0] * 4, 2.0), ([2.0, 2.0, 2.0, 0.0], NAN)],
    )
    def test_third_derivative_of_a_determinant(self, backend: str, diagonal: list[float], wanted: float) -> None:
        """By three elements of a diagonal it is the product of the others; of a larger singular matrix not known."""
        x = tp.tensor(numpy.diag(diagonal), requires_grad=True)
        found = la.det(x)
        for i in range(3):
            (g,) = tp.autograd.grad(found, x, create_graph=True)
            found = g[i, i]
        assert found.item() == pytest.approx(wanted, nan_ok=True)


class TestSeveralResults:
    """Of one operation, each with a node of its own that leads to the operation's."""

    X = numpy.asarray([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])

    @pytest.fixture
    def x(self, backend: str) -> tp.Tensor:
        return tp.tensor(self.X, requires_grad=True)

    def test_one_is_enough(self, x: tp.Tensor) -> None:
        s = la.svd(x).S
        (s * s).sum().backward()
        same(x.grad, 2 * self.X)

    def test_all_meet(self, x: tp.Tensor) -> None:
        u, s, vh = la.svd(x)
        ((u * s) @ vh).sum().backward()
        same(x.grad, numpy.ones((3, 3)))

    def test_through_two_losses_at_once(self, x: tp.Tensor) -> None:
        q, r = la.qr(x)
        (found,) = tp.autograd.grad([(q @ r).sum(), (r * r).sum()], x)
        same(found, 1.0 + 2 * self.X)

    def test_by_a_result(self, x: tp.Tensor) -> None:
        u, s, _ = la.svd(x)
        found = tp.autograd.grad((u * s).sum(), [u, s], retain_graph=True)
        same(found[0], numpy.broadcast_to(numpy.asarray(s.detach()), (3, 3)).copy())
        same(found[1], numpy.asarray(u.detach()).sum(0))

    def test_by_a_result_that_the_gradient_depends_on(self, x: tp.Tensor) -> None:
        """It is v diag(2 w) v^T, and v in it the tensor that the user has."""
        w, v = la.eigh(x)
        (first,) = tp.autograd.grad((w * w).sum(), x, create_graph=True)
        (by_vectors,) = tp.autograd.grad(first.sum(), v)
        values, vectors = numpy.asarray(w.detach()), numpy.asarray(v.detach())
        same(by_vectors, numpy.tile(4 * values * vectors.sum(0), (3, 1)))

    def test_again(self, x: tp.Tensor) -> None:
        s = la.svd(x).S
        (first,) = tp.autograd.grad((s * s * s).sum(), x, create_graph=True)
        (found,) = tp.autograd.grad((first * first).sum(), x)
        # |3 u s^2 vh|^2 is 9 sum(s^4), whose gradient is 36 u s^3 vh: 36 x x^T x.
        same(found, 36 * self.X @ self.X.T @ self.X)

    def test_written_in_place(self, x: tp.Tensor) -> None:
        u, s, _ = la.svd(x)
        loss = s.sum()
        with tp.no_grad():
            u.zero_()
        with pytest.raises(RuntimeError, match=r"linalg\.svd: .* inplace operation: its result u, of shape \(3, 3\)"):
            loss.backward()
        assert x.grad is None
        logarithm = la.slogdet(x).logabsdet
        logarithm.mul_(2.0)
        logarithm.backward()
        same(x.grad, 2 * numpy.linalg.inv(self.X).T)

    def test_freed(self, x: tp.Tensor) -> None:
        q, r = la.qr(x)
        r.sum().backward()
        with pytest.raises(RuntimeError, match=r"backward through the graph a second time: linalg\.qr was freed"):
            q.sum().backward()
        u, s, _ = la.svd(x)
        s.sum().backward(retain_graph=True)
        (u * u).sum().backward()

    def test_no_cycles(self, x: tp.Tensor, no_collector: None) -> None:
        u, s, vh = la.svd(x)
        w, v = la.eigh(x)
        (first,) = tp.autograd.grad((s * s).sum() + (w * w).sum() + (u * u).sum(), x, create_graph=True)
        tp.autograd.grad((first * first).sum(), x, create_graph=True)
        nodes = [weakref.ref(one) for one in (s.grad_fn, w.grad_fn.edges[0], first.grad_fn)]
        del u, s, vh, w, v, first
        assert [reference() for reference in nodes] == [None] * 3

    def test_not_recorded(self, x: tp.Tensor) -> None:
        with tp.no_grad():
            assert not any(part.requires_grad for part in la.svd(x))
        assert not la.svdvals(x.detach()).requires_grad
        assert la.svdvals(x).requires_grad

    def test_detached_or_of_no_use(self, x: tp.Tensor) -> None:
        sign, logarithm = la.slogdet(x)
        sign.backward(retain_graph=True)
        same(x.grad, numpy.zeros((3, 3)))
        logarithm.backward()
        same(x.grad, numpy.linalg.inv(self.X).T)


def test_numpy_gives_no_warnings() -> None:
    with tp.backend("numpy"), numpy.errstate(all="raise"):
        x = tp.tensor([[1e200, 1.0], [1.0, -1e200]], dtype="float64")
        assert la.det(x).item() == -INF
        assert la.slogdet(x * 0).logabsdet.item() == -INF
        assert la.vector_norm(x * 0, ord=-1).item() == 0.0
        assert la.pinv(x * 0).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def svd_product(x: tp.Tensor) -> tp.Tensor:
    u, s, vh = la.svd(x, full_matrices=False)
    return (u * s[..., None, :]) @ vh


class TestEqualValues:
    """Vectors of equal values may be any basis: what a loss asks of their turning among each other is nothing."""

    @pytest.mark.parametrize(
        "x",
        [
            numpy.diag([1.0, 1.0, 2.0, 3.0]).astype("float32"),
            numpy.stack([numpy.eye(3, 2), numpy.outer([1.0, 2.0, 3.0], [1.0, 1.0])]),
            numpy.diag([2.0, 2.0, 0.0]) @ numpy.eye(3, 4) * (1 + 1j),
        ],
        ids=["float32", "tall, with zeros", "wide, complex"],
    )
    def test_svd(self, backend: str, x: numpy.ndarray) -> None:
        def norm(a: tp.Tensor) -> tp.Tensor:
            return la.vector_norm(svd_product(a))

        found = tp.func.grad(norm)(tp.tensor(x))
        wanted = x / numpy.linalg.norm(x)
        tolerance = 4 * numpy.finfo(x.dtype).eps
        same(found, wanted, tolerance)
        tangent = tp.func.jvp(norm, (tp.tensor(x),), (tp.tensor(x),))[1]
        same(tangent, numpy.asarray(numpy.linalg.norm(x)), tolerance)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_eigenvalues_that_rounding_parts(self, backend: str, dtype: str) -> None:
        q = numpy.linalg.qr(random(4, 4, dtype="float64"))[0]
        x = q @ numpy.diag([1.0, 1.0, 2.0, 3.0]) @ q.T
        direction, weights = numpy.arange(16.0).reshape(4, 4), numpy.cos(numpy.arange(16.0)).reshape(4, 4)
        direction = (direction + direction.T) / 10
        # The projection on both vectors of 1 moves towards those of 2 and 3 only.
        turned = q.T @ direction @ q / numpy.asarray([[1.0, 1.0, -1.0, -2.0]])
        moved = q[:, :2] @ turned[:2, 2:] @ q[:, 2:].T
        wanted = ((moved + moved.T) * weights).sum()

        def loss(a: tp.Tensor) -> tp.Tensor:
            vectors = la.eigh(a)[1][:, :2]
            return (vectors @ vectors.mT * tp.tensor(weights, dtype=dtype)).sum()

        a, t = tp.tensor(x, dtype=dtype), tp.tensor(direction, dtype=dtype)
        tolerance = 100 * float(tp.finfo(dtype).eps)
        gradient = (tp.func.grad(loss)(a) * t).sum()
        assert gradient.item() == pytest.approx(wanted, rel=tolerance, abs=tolerance)
        assert tp.func.jvp(loss, (a,), (t,))[1].item() == pytest.approx(wanted, rel=tolerance, abs=tolerance)

    def test_second_derivative(self, backend: str) -> None:
        """That of the nuclear norm at the identity is the square of what is skew in the direction."""
        direction = tp.tensor(numpy.arange(9.0).reshape(3, 3) ** 2)
        skew = numpy.asarray(direction - direction.mT) / 2
        _, (found,) = tp.func.hvp(lambda a: la.matrix_norm(a, ord="nuc"), (tp.eye(3, dtype="float64"),), (direction,))
        same((found * direction).sum(), numpy.asarray((skew**2).sum()))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_determinants_do_not_cancel(backend: str, dtype: str) -> None:
    """The right one of the rounded matrix is the product of the eigenvalues that a circulant of two numbers has."""
    off, on = numpy.asarray([41927.867, 41932.215], dtype).astype("float64")
    x = numpy.full((2, 3, 3), off) + numpy.eye(3) * (on - off)
    wanted = (on - off) ** 2 * (on + 2 * off)
    tolerance = numpy.linalg.cond(x[0]) * numpy.finfo(dtype).eps
    a = tp.tensor(x.astype(dtype))
    numpy.testing.assert_allclose(la.det(a).numpy(), [wanted, wanted], rtol=tolerance)
    numpy.testing.assert_allclose(la.det(a.to("complex64")).numpy().real, [wanted, wanted], rtol=4e-3)
    (gradient, _) = tp.func.grad(lambda x: la.det(x).sum())(a).numpy()
    numpy.testing.assert_allclose(gradient, numpy.linalg.inv(x[0]).T * wanted, rtol=tolerance)


@pytest.mark.parametrize(("dtype", "great"), [("float32", 1e38), ("float64", 1e308)])
def test_norms_of_the_greatest_numbers(backend: str, dtype: str, great: float) -> None:
    x, t = tp.tensor([great, great], dtype=dtype), tp.tensor([1.0, 1.0], dtype=dtype)
    for ord in (2, 3, -3, 100):
        root = 2 ** (1 / ord)

        def norm(v: tp.Tensor, ord: float = ord) -> tp.Tensor:
            return la.vector_norm(v, ord=ord)

        value, tangent = tp.func.jvp(norm, (x,), (t,))
        numpy.testing.assert_allclose([value / great, tangent], [root, root], rtol=1e-5)
        numpy.testing.assert_allclose(tp.func.grad(norm)(x), [root / 2] * 2, rtol=1e-5)
    assert la.vector_norm(tp.tensor([3 * great / 2, 1.0], dtype=dtype)) == tp.tensor(3 * great / 2, dtype=dtype)
    z = tp.tensor([complex(great, 0.0), 1.0], dtype="complex64" if dtype == "float32" else "complex128")
    assert la.vector_norm(z).item() == pytest.approx(great, rel=1e-6)
    assert tp.normalize(x[:1], dim=0).tolist() == [1.0]
    assert tp.pairwise_distance(x, tp.zeros_like(x)).item() == pytest.approx(great * 2**0.5, rel=1e-6)


def test_the_tangent_of_a_norm_of_the_least_numbers(backend: str) -> None:
    x = tp.tensor([1e-30, 1e-30])
    tangent = tp.func.jvp(la.vector_norm, (x,), (tp.tensor([1e-20, 1e-20]),))[1]
    assert tangent.item() == pytest.approx(2**0.5 * 1e-20, rel=1e-6)
