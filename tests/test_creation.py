"""Creation functions: values and dtypes, who shares memory, gradients of fill values, and what they refuse."""

from __future__ import annotations

import array
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

import tensorplug as tp
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.types.dtypes import DTYPES, as_dtype

INF = math.inf


class TestAsarray:
    @pytest.mark.parametrize(
        ("obj", "dtype", "wanted"),
        [
            (True, "bool", True),
            ([True, 2], "int64", [1, 2]),
            ([True, 2, 1.5], "float32", [1.0, 2.0, 1.5]),
            ([1, 2j], "complex64", [1, 2j]),
            ([], "float32", []),
            ([[], []], "float32", [[], []]),
            (((1, 2), [3, 4]), "int64", [[1, 2], [3, 4]]),
            (range(3), "int64", [0, 1, 2]),
            (np.float64(1.5), "float64", 1.5),
            ([np.float64(1.5), 2], "float64", [1.5, 2.0]),
            ([np.int8([1, 2]), [3, 4]], "int8", [[1, 2], [3, 4]]),
            (b"ab", "uint8", [97, 98]),
            (bytearray(b"ab"), "uint8", [97, 98]),
            (array.array("d", [1.0, 2.0]), "float64", [1.0, 2.0]),
            pytest.param(
                memoryview(np.arange(4, dtype="int16").reshape(2, 2)), "int16", [[0, 1], [2, 3]], id="memoryview"
            ),
        ],
        ids=str,
    )
    def test_objects(self, backend: str, obj: Any, dtype: str, wanted: Any) -> None:
        x = tp.asarray(obj)
        assert (x.dtype.name, x.tolist(), x.backend) == (dtype, wanted, backend)

    @pytest.mark.parametrize(
        "values", [[2**63 + 1, 1], [2**64 - 1, 0, 2**63], [2**63, 2**63 - 1], [2**63 + 1, True]], ids=str
    )
    def test_unsigned_integers_are_exact(self, backend: str, values: list[int]) -> None:
        """Of such numbers NumPy makes floating-point ones."""
        assert tp.asarray(values, dtype="uint64").tolist() == values

    def test_integers_beyond_64_bits(self, backend: str) -> None:
        assert tp.asarray([2**70, 1], dtype="float64").tolist() == [2.0**70, 1.0]
        assert tp.asarray([2**70, 0.5], dtype="float64").tolist() == [2.0**70, 0.5]
        with pytest.raises(OverflowError, match=r"out of range for tensorplug.int64"):
            tp.asarray([2**70, 1])

    def test_tensors_in_sequences(self, backend: str) -> None:
        x = tp.tensor(2.0, dtype="float64", requires_grad=True)
        y = tp.asarray([[x, 1], [3.0, x * x]])
        assert (y.dtype, y.backend, y.tolist()) == (tp.float64, backend, [[2, 1], [3, 4]])
        y.sum().backward()
        assert x.grad is not None
        assert x.grad.item() == 5.0
        assert not tp.tensor([x, x]).requires_grad
        assert tp.asarray([tp.ones(2), [2, 3]]).tolist() == [[1, 1], [2, 3]]

    def test_tensors_in_sequences_stay_on_their_device(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        assert tp.asarray([tp.ones((), device="jax"), 2.0]).backend == "jax"

    def test_a_tensor_that_fits_is_returned_as_it_is(self, backend: str) -> None:
        x = tp.ones(2)
        assert tp.asarray(x) is x
        assert tp.asarray(x, copy=False, dtype=x.dtype, device=x.device) is x
        y = tp.asarray(x, copy=True)
        y += 1
        assert x.tolist() == [1, 1]

    def test_numpy_arrays_are_shared_where_the_backend_is_theirs(self) -> None:
        given = np.arange(6.0).reshape(2, 3)[:, ::-1]
        with tp.backend("numpy"):
            for copy in (None, False):
                x = tp.asarray(given, copy=copy)
                x[0, 0] = -1.0
                assert given[0, 0] == -1.0
                given[0, 0] = 5.0
                assert x[0, 0].item() == 5.0
            x = tp.asarray(given, copy=True)
            x[0, 0] = -1.0
            assert given[0, 0] == 5.0
            buffer = bytearray(b"ab")
            tp.asarray(buffer, copy=False).add_(1)
            assert buffer == b"bc"

    @pytest.mark.parametrize(
        "call",
        [
            lambda: tp.asarray([1, 2], copy=False),
            lambda: tp.asarray(1.5, copy=False),
            lambda: tp.asarray(b"ab", copy=False),
            lambda: tp.asarray(np.float64(1), copy=False),
            lambda: tp.asarray(np.ones(2), copy=False, dtype="float32"),
            lambda: tp.asarray(tp.ones(2), copy=False, dtype="float64"),
            lambda: tp.asarray(np.ones(2, ">f8"), copy=False),
        ],
    )
    def test_copies_that_are_not_allowed(self, backend: str, call: Callable[[], Any]) -> None:
        with pytest.raises(ValueError, match="asarray: got copy=False, but"):
            call()

    def test_numpy_arrays_cannot_be_shared_with_another_backend(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        given = np.ones(2)
        with pytest.raises(ValueError, match="asarray: got copy=False"):
            tp.asarray(given, copy=False, device="jax")
        x = tp.asarray(given, device="jax")
        given += 1
        assert x.tolist() == [1, 1]

    def test_what_speaks_dlpack_only(self, backend: str) -> None:
        class Speaker:
            def __init__(self) -> None:
                self.array = np.arange(3.0)
                self.__dlpack__, self.__dlpack_device__ = self.array.__dlpack__, self.array.__dlpack_device__

        assert tp.asarray(Speaker()).tolist() == tp.asarray(Speaker(), copy=True).tolist() == [0, 1, 2]
        with pytest.raises(ValueError, match="copy=False"):
            tp.asarray(Speaker(), copy=False, dtype="int8")

    def test_an_array_that_may_not_be_written_is_copied(self, backend: str) -> None:
        given = np.ones(2)
        given.flags.writeable = False
        x = tp.asarray(given)
        x += 1
        assert (x.tolist(), given.tolist()) == ([2, 2], [1, 1])


class TestRanges:
    @pytest.mark.parametrize(
        ("arguments", "options", "wanted"),
        [
            ((3,), {}, [0, 1, 2]),
            ((5, 0, -2), {}, [5, 3, 1]),
            ((0, 5, -1), {}, []),
            ((5, 5), {}, []),
            ((np.int64(2),), {}, [0, 1]),
            ((2**63, 2**63 + 2), {"dtype": "uint64"}, [2**63, 2**63 + 1]),
            ((-(2**63), 2**63 - 1, 2**62), {}, [-(2**63), -(2**62), 0, 2**62]),
            ((2**53, 2**53 + 3), {}, [2**53, 2**53 + 1, 2**53 + 2]),
            ((2**62 + 1, 2**62 - 2, -1), {}, [2**62 + 1, 2**62, 2**62 - 1]),
            ((0, 2**70, 2**69), {"dtype": "float64"}, [0.0, 2.0**69]),
            ((3,), {"dtype": "float32"}, [0.0, 1.0, 2.0]),
            ((0, 1, 0.25), {}, [0.0, 0.25, 0.5, 0.75]),
            ((1.0, -1.0, -1), {}, [1.0, 0.0]),
        ],
        ids=str,
    )
    def test_arange(self, backend: str, arguments: Any, options: Any, wanted: Any) -> None:
        x = tp.arange(*arguments, **options)
        whole = not wanted or isinstance(wanted[0], int)
        assert x.tolist() == wanted
        assert x.dtype.name == options.get("dtype", "int64" if whole else "float32")

    def test_arange_of_tensors(self, backend: str) -> None:
        assert tp.arange(tp.tensor(1), tp.tensor(3)).tolist() == [1, 2]

    def test_linspace(self, backend: str) -> None:
        assert tp.linspace(0, 1, 5).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
        assert tp.linspace(0, 1, 4, endpoint=False).tolist() == [0.0, 0.25, 0.5, 0.75]
        assert tp.linspace(3, 4, 1).tolist() == [3.0]
        assert tp.linspace(3, 4, 0).shape == (0,)
        x = tp.linspace(0.1, 0.7, 7, dtype="float64")
        assert (x[0].item(), x[-1].item()) == (0.1, 0.7)
        z = tp.linspace(1 + 1j, 2 + 3j, 3)
        assert (z.dtype, z.tolist()) == (tp.complex64, [1 + 1j, 1.5 + 2j, 2 + 3j])

    def test_linspace_of_the_greatest_numbers(self, backend: str) -> None:
        """Their difference overflows."""
        big = 1.7e308
        assert tp.linspace(-big, big, 3, dtype="float64").tolist() == [-big, 0.0, big]
        z = tp.linspace(complex(0, -INF), complex(1, 2), 2, dtype="complex128")
        assert z.tolist() == [complex(0, -INF), complex(1, 2)]

    @pytest.mark.parametrize("k", [-(10**12), -4, -1, 0, 2, 4, 10**12])
    def test_eye(self, backend: str, k: int) -> None:
        assert tp.eye(3, 4, k=k, dtype="int8").tolist() == np.eye(3, 4, k=max(min(k, 9), -9), dtype="int8").tolist()

    def test_every_dtype(self, backend: str) -> None:
        pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        for dtype in DTYPES.values():
            made = [
                tp.zeros(2, dtype=dtype),
                tp.ones((2,), dtype=dtype),
                tp.full((2,), 1, dtype=dtype),
                tp.arange(2, dtype=dtype),
                tp.eye(2, dtype=dtype)[0],
                tp.empty(2, dtype=dtype),
                tp.ones_like(tp.ones(2), dtype=dtype),
                tp.full_like(tp.ones(2, dtype=dtype), True),
            ]
            assert {x.dtype for x in made} == {dtype}
            assert [x.tolist() for x in made[:5]] == [[0, 0], [1, 1], [1, 1], [0, 1], [1, 0]]
            assert made[-1].tolist() == [1, 1]


class TestFull:
    def test_dtypes_follow_the_value(self, backend: str) -> None:
        for value, dtype in ((True, tp.bool), (1, tp.int64), (1.0, tp.float32), (1j, tp.complex64)):
            assert tp.full((2,), value).dtype is dtype
            assert tp.full(2, value).tolist() == [value] * 2

    def test_of_a_tensor(self, backend: str) -> None:
        x = tp.tensor(3.0, dtype="float64", requires_grad=True)
        y = tp.full((2, 2), x)
        assert (y.dtype, y.backend, y.tolist()) == (tp.float64, backend, [[3, 3], [3, 3]])
        (y * y).sum().backward()
        assert x.grad is not None
        assert x.grad.item() == 24.0
        z = tp.full_like(tp.ones(2), tp.tensor(2**24 + 1))
        z += 1
        assert (z.dtype, z.shape) == (tp.float32, (2,))

    def test_of_a_tensor_on_another_device(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        value = tp.tensor(3.0, device="jax", requires_grad=True)
        assert tp.full((2,), value).backend == "jax"
        x = tp.full((2,), value, device="numpy")
        assert (x.backend, x.tolist()) == ("numpy", [3, 3])
        x.sum().backward()
        assert value.grad is not None
        assert (value.grad.item(), value.grad.backend) == (2.0, "jax")
        assert tp.full_like(tp.ones(2, device="jax"), tp.tensor(2.0, device="numpy")).backend == "jax"


class TestShapes:
    @pytest.mark.parametrize("shape", [3, np.int64(3), (3,), [3], (np.int32(3),), tp.tensor(3)], ids=repr)
    def test_of_one_axis(self, backend: str, shape: Any) -> None:
        assert tp.zeros(shape).shape == tp.empty(shape).shape == tp.full(shape, 1).shape == (3,)

    def test_by_name(self, backend: str) -> None:
        assert tp.zeros(shape=(2, 3)).shape == tp.zeros(2, 3).shape == (2, 3)
        assert tp.ones(()).shape == ()

    def test_like_another(self, backend: str) -> None:
        x = tp.ones(2, 3, dtype="int8")
        for make in (tp.empty_like, tp.zeros_like, tp.ones_like):
            assert (make(x).shape, make(x).dtype, make(x).device) == (x.shape, x.dtype, x.device)
            assert make(x, dtype="float64").dtype is tp.float64
            assert make(x, dtype="float64", requires_grad=True).requires_grad

    def test_like_another_on_another_device(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        x = tp.ones(2, device="jax")
        assert tp.zeros_like(x).backend == tp.ones_like(x, device="cpu").backend == "jax"
        assert tp.zeros_like(x, device="numpy").backend == "numpy"


class TestGrids:
    @pytest.mark.parametrize("indexing", ["xy", "ij"])
    @pytest.mark.parametrize("lengths", [(), (2,), (2, 3), (2, 3, 4), (2, 0)], ids=str)
    def test_meshgrid(self, backend: str, lengths: tuple[int, ...], indexing: Any) -> None:
        given = [np.arange(float(n)) + n for n in lengths]
        found = tp.meshgrid(*map(tp.tensor, given), indexing=indexing)
        assert isinstance(found, tuple)
        assert [x.tolist() for x in found] == [x.tolist() for x in np.meshgrid(*given, indexing=indexing)]

    def test_meshgrid_keeps_dtypes(self, backend: str) -> None:
        x, y = tp.meshgrid(tp.ones(2, dtype="int8"), tp.ones(3, dtype="float64"))
        assert (x.dtype, y.dtype) == (tp.int8, tp.float64)

    @pytest.mark.parametrize("name", ["tril", "triu"])
    @pytest.mark.parametrize("k", [-(10**12), -2, -1, 0, 1, 3, 10**12])
    def test_triangles(self, backend: str, name: str, k: int) -> None:
        for shape in ((3, 4), (2, 3, 2), (0, 2)):
            x = np.arange(1.0, math.prod(shape) + 1).reshape(shape)
            wanted = getattr(np, name)(x, k).tolist()
            assert getattr(tp, name)(tp.tensor(x), k=k).tolist() == wanted
            assert getattr(tp.tensor(x), name)(k).tolist() == wanted

    def test_triangles_drop_what_is_not_a_number(self, backend: str) -> None:
        assert tp.tril(tp.full((2, 2), math.nan)).tolist()[0][1] == 0.0
        assert tp.triu(tp.ones(2, 2, dtype="bool"), 1).tolist() == [[False, True], [False, False]]


WRONG: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (TypeError, "tensor: got elements of type str, wanted numbers", lambda: tp.full(2, "a")),
    (TypeError, "tensor: got elements of type str, wanted numbers", lambda: tp.asarray([tp.ones(()), "a"])),
    (TypeError, "tensor: got elements of type dict", lambda: tp.asarray({1: 2})),
    (ValueError, "tensor: the sequences are nested unevenly", lambda: tp.asarray([tp.ones(2), tp.ones(3)])),
    (ValueError, "tensor: the sequences are nested unevenly", lambda: tp.asarray([[1, 2], [3]], dtype="int8")),
    (ValueError, r"full: the fill value must be .* got shape \(2,\)", lambda: tp.full(2, tp.ones(2))),
    (ValueError, r"full: the fill value must be .* got shape \(1,\)", lambda: tp.full(2, [1.0])),
    (TypeError, "asarray: got tensorplug.complex64, wanted", lambda: tp.asarray(tp.tensor([1j]), dtype="float32")),
    (TypeError, "full: got tensorplug.complex64, wanted", lambda: tp.full_like(tp.ones(2), tp.tensor(1j))),
    (ValueError, r"full: got shape \(-1,\)", lambda: tp.full(-1, 0)),
    (ValueError, r"eye: got shape \(-1, -1\)", lambda: tp.eye(-1)),
    (ValueError, r"empty: got shape \(2, -3\)", lambda: tp.empty(2, -3)),
    (TypeError, "zeros: a shape is an integer or", lambda: tp.zeros(2.0)),
    (TypeError, "zeros_like: got list", lambda: tp.zeros_like([1.0])),
    (ValueError, "arange: got step 0", lambda: tp.arange(0, 1, 0)),
    (ValueError, "arange: got 0, inf and 1, wanted finite", lambda: tp.arange(0, INF)),
    (TypeError, "arange: got complex numbers", lambda: tp.arange(1j)),
    (TypeError, "arange: got str", lambda: tp.arange("3")),
    (OverflowError, "299 is out of range for tensorplug.uint8", lambda: tp.arange(300, dtype="uint8")),
    (ValueError, "linspace: got num -1", lambda: tp.linspace(0, 1, -1)),
    (TypeError, "linspace: got NoneType", lambda: tp.linspace(0, None, 2)),
    (ValueError, r"meshgrid: got shape \(2, 2\), wanted at most one axis", lambda: tp.meshgrid(tp.ones(2, 2))),
    (ValueError, "meshgrid: got indexing 'yx'", lambda: tp.meshgrid(tp.ones(2), indexing="yx")),
    (ValueError, r"tril: got shape \(2,\), wanted at least two axes", lambda: tp.tril(tp.ones(2))),
    (TypeError, "triu: got float", lambda: tp.triu(1.0)),  # type: ignore[arg-type]
    (TypeError, "unknown dtype 'float128'", lambda: tp.zeros(2, dtype="float128")),
    (OverflowError, "-1 is out of range for tensorplug.uint64", lambda: tp.asarray([-1, 2**63], dtype="uint64")),
]


@pytest.mark.parametrize(("error", "message", "call"), WRONG)
def test_bad_input(backend: str, error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()


class TestHistory:
    """No derivative by a tensor that stands for a number is lost."""

    @pytest.mark.parametrize("derivative", [tp.func.jacrev, tp.func.jacfwd])
    def test_linspace(self, backend: str, derivative: Callable[..., Any]) -> None:
        start, stop = tp.tensor(1.0), tp.tensor(2.0)
        assert tp.func.grad(lambda v: tp.linspace(0.0, v, 3).sum())(stop) == 1.5
        found = derivative(lambda a, b: tp.linspace(a, b, 5, dtype=tp.float64), argnums=(0, 1))(start, stop)
        assert [one.tolist() for one in found] == [[1.0, 0.75, 0.5, 0.25, 0.0], [0.0, 0.25, 0.5, 0.75, 1.0]]
        assert derivative(lambda b: tp.linspace(0, b, 4, endpoint=False))(stop).tolist() == [0.0, 0.25, 0.5, 0.75]
        assert tp.func.hessian(lambda a: (tp.linspace(a, 3.0, 3) ** 2).sum())(start) == 2.5

    def test_linspace_has_the_values_that_it_has_without(self, backend: str) -> None:
        leaf = tp.tensor(0.1, requires_grad=True)
        assert tp.linspace(leaf, 0.7, 7).tolist() == tp.linspace(leaf.detach(), 0.7, 7).tolist()
        assert tp.linspace(leaf, 1j, 3).dtype is tp.complex64
        with tp.no_grad():
            assert not tp.linspace(leaf, 0.7, 7).requires_grad

    def test_tensor_of_tensors(self, backend: str) -> None:
        v = tp.tensor(2.0)
        for make in (tp.tensor, tp.ones(1).new_tensor, tp.asarray, tp.FloatTensor):
            assert tp.func.grad(lambda v, make=make: make([v, v * v, 1.0]).sum())(v) == 5.0
            assert tp.func.jvp(lambda v, make=make: make([v, v * v]).sum(), (v,), (v,))[1] == 10.0
        leaf = v.clone().requires_grad_()
        assert not tp.tensor([leaf, leaf]).requires_grad
        assert tp.func.grad(lambda v: tp.tensor(v, requires_grad=True) * v)(v) == 2.0
        found = tp.func.grad(lambda v: tp.autograd.checkpoint(lambda v: tp.tensor([v * v]) ** 2, v).sum())(v)
        assert found == 32.0

    @pytest.mark.parametrize("value", [0.0, 1.0, 2.0])
    def test_factors_of_any_value(self, backend: str, value: float) -> None:
        x = tp.asarray([[1.0, 2.0], [3.0, 5.0]])
        factors: dict[str, Callable[[tp.Tensor], tp.Tensor]] = {
            "add": lambda v: tp.add(x, x, alpha=v),
            "add_": lambda v: x.clone().add_(x, alpha=v),
            "sub": lambda v: -tp.sub(x, x, alpha=v),
            "index_add": lambda v: tp.index_add(x, 0, tp.asarray([0, 1]), x, alpha=v),
            "addmm, beta": lambda v: tp.addmm(x, x, x, beta=v),
            "addmm, alpha": lambda v: tp.addmm(x, x, tp.eye(2), alpha=v),
        }
        found = {name: tp.func.grad(lambda v, f=f: f(v).sum())(tp.tensor(value)).item() for name, f in factors.items()}
        assert found == dict.fromkeys(factors, 11.0)

    NUMBERS: ClassVar[dict[str, Callable[[tp.Tensor], Any]]] = {
        "arange": lambda v: tp.arange(0, v),
        "range": lambda v: tp.range(0, v),
        "dropout": lambda v: tp.dropout(tp.ones(2), v),
        "elu": lambda v: tp.nn.functional.elu(tp.ones(2), v),
        "leaky_relu": lambda v: tp.nn.functional.leaky_relu(tp.ones(2), v),
        "softplus": lambda v: tp.nn.functional.softplus(tp.ones(2), v),
        "normalize": lambda v: tp.normalize(tp.ones(2, 2), p=v),
        "cosine_similarity": lambda v: tp.cosine_similarity(tp.ones(2, 2), tp.ones(2, 2), eps=v),
        "pairwise_distance": lambda v: tp.pairwise_distance(tp.ones(2, 2), tp.ones(2, 2), eps=v),
        "vector_norm": lambda v: tp.linalg.vector_norm(tp.ones(2), v),
        "norm": lambda v: tp.ones(2).norm(v),
        "uniform_": lambda v: tp.ones(2).uniform_(0, v),
        "huber_loss": lambda v: tp.nn.functional.huber_loss(tp.ones(2), tp.ones(2), delta=v),
        "smooth_l1_loss": lambda v: tp.nn.functional.smooth_l1_loss(tp.ones(2), tp.ones(2), beta=v),
        "margin_ranking_loss": lambda v: tp.nn.functional.margin_ranking_loss(*[tp.ones(2)] * 3, v),
        "hinge_embedding_loss": lambda v: tp.nn.functional.hinge_embedding_loss(*[tp.ones(2)] * 2, v),
        "multi_margin_loss": lambda v: tp.nn.functional.multi_margin_loss(tp.ones(2), tp.tensor(1), margin=v),
        "cosine_embedding_loss": lambda v: tp.nn.functional.cosine_embedding_loss(*[tp.ones(2)] * 2, tp.tensor(1), v),
        "triplet_margin_loss": lambda v: tp.nn.functional.triplet_margin_loss(*[tp.ones(2, 2)] * 3, v),
        "poisson_nll_loss": lambda v: tp.nn.functional.poisson_nll_loss(tp.ones(2), tp.ones(2), eps=v),
        "gaussian_nll_loss": lambda v: tp.nn.functional.gaussian_nll_loss(*[tp.ones(2)] * 3, eps=v),
        "cross_entropy": lambda v: tp.nn.functional.cross_entropy(tp.ones(2), tp.tensor(1), label_smoothing=v),
    }

    @pytest.mark.filterwarnings("ignore:range includes its end")
    @pytest.mark.parametrize("name", NUMBERS)
    def test_numbers_that_have_no_derivative_are_refused(self, backend: str, name: str) -> None:
        with pytest.raises(TypeError, match=f"{name}: .* requires grad, whose gradient would be lost; use float"):
            self.NUMBERS[name](tp.tensor(0.5, requires_grad=True))
        with pytest.raises(TypeError, match="whose gradient would be lost"):
            tp.func.grad(lambda v: self.NUMBERS[name](v).sum())(tp.tensor(0.5))
        with tp.no_grad():
            self.NUMBERS[name](tp.tensor(0.5, requires_grad=True))
        self.NUMBERS[name](tp.tensor(0.5))


NESTED = {
    "arrays": [[np.ones(3, "f4"), np.zeros(3, "f4")]] * 20,
    "scalars": [np.float32(1.5), np.float32(2)] * 20,
    "arrays and lists": [np.arange(3), [1.5, 2, True]],
    "scalars and numbers": [[np.int8(3), 2.5], (4, np.bool_(True))],
    "other byte orders": [np.arange(3, dtype=">f4"), np.arange(3, dtype="<f4")],
    "integers that a float32 lacks": [np.int64(2**53 + 1), np.int64(-1)],
}
"""Sequences of what is on the host, which NumPy puts together as they are."""


@pytest.mark.parametrize("name", NESTED)
def test_what_is_on_the_host_is_put_on_a_device_at_once(backend: str, name: str, monkeypatch: Any) -> None:
    tp.zeros(1)
    library = library_for(backend)
    put: list[Any] = []
    own = library.backend.from_numpy
    monkeypatch.setattr(library.backend, "from_numpy", lambda *given: put.append(given) or own(*given))
    for dtype in (None, "float64", "bfloat16"):
        found = tp.tensor(NESTED[name], dtype=dtype)
        assert found.dtype is as_dtype(dtype or ("int64" if "lacks" in name else "float32"))
        wanted = np.array(NESTED[name]).astype("f8")
        assert found.double().numpy().tolist() == wanted.tolist() or (dtype == "bfloat16" and "lacks" in name)
    assert len(put) == 3


def test_complex_numbers_do_not_convert_to_half_precision(backend: str) -> None:
    for dtype in ("float16", "bfloat16"):
        with pytest.raises(TypeError, match="complex numbers do not convert"):
            tp.tensor([np.complex64(1j)], dtype=dtype)
