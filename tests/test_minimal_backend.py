"""A backend that is a name and a strictly standard namespace does all that the built-in ones do."""

from __future__ import annotations

import bisect
import types
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tensorplug as tp
from tensorplug.backends import (
    Backend,
    device_of,
    hookimpl,
    load,
    register,
    unregister,
)
from tensorplug.core import OPERATIONS
from tensorplug.core.types.axes import infer_shape

from .conftest import registered

strict = pytest.importorskip("array_api_strict", reason="array-api-strict is in the test extra")


class Strict(Backend):
    """array-api-strict, with nothing of its own."""

    name = "minimal"
    contract = 1

    def load(self) -> Any:
        return strict


@pytest.fixture(scope="module", autouse=True)
def _on_it() -> Iterator[None]:
    with registered(Strict()) as name, tp.backend(name):
        yield


VALUES = np.arange(24.0).reshape(2, 3, 4)

INDICES = [
    0,
    (0, 1),
    (slice(None), 1),
    (..., 2),
    (None, 1, slice(0, 2)),
    (slice(None, None, -1), slice(None), slice(None, None, 2)),
    [1, 0, 1],
    (slice(None), [0, 2]),
    ([0, 1], [1, 2]),
    (0, [2, 0]),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_reading(index: Any) -> None:
    assert tp.tensor(VALUES)[index].tolist() == VALUES[index].tolist()


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_writing(index: Any) -> None:
    x, expected = tp.tensor(VALUES), VALUES.copy()
    x[index] = -1.0
    expected[index] = -1.0
    assert x.tolist() == expected.tolist()


def test_masks() -> None:
    x, expected = tp.tensor(VALUES), VALUES.copy()
    x[x > 5] = 0.0
    expected[expected > 5] = 0.0
    assert x.tolist() == expected.tolist()
    assert x[x > 3].tolist() == [4.0, 5.0]


def test_iteration() -> None:
    assert [row.tolist() for row in tp.tensor(VALUES[0])] == VALUES[0].tolist()


def test_views_and_writes_through_them() -> None:
    x = tp.zeros(3, 3)
    x.diagonal()[1] = 5.0
    x.t()[0] += 1
    x.view(-1)[8:].mul_(2).add_(7)
    assert x.tolist() == [[1, 0, 0], [1, 5, 0], [1, 0, 7]]


def test_gradients() -> None:
    x = tp.tensor(VALUES, requires_grad=True)
    y = x * 1.0
    y[0] *= 2.0
    (y[:, [0, 0]].tanh().sum() + y.diagonal().exp().mean()).backward()
    with tp.backend("numpy"):
        z = tp.tensor(VALUES, requires_grad=True)
        w = z * 1.0
        w[0] *= 2.0
        (w[:, [0, 0]].tanh().sum() + w.diagonal().exp().mean()).backward()
    assert x.grad is not None
    assert z.grad is not None
    # Both compute with the same functions of NumPy.
    np.testing.assert_array_equal(np.asarray(x.grad), np.asarray(z.grad))


def test_a_step_of_training() -> None:
    tp.manual_seed(0)
    weight = tp.randn(3, 2, requires_grad=True)
    tp.CrossEntropyLoss()(tp.randn(4, 3) @ weight, tp.tensor([0, 1, 1, 0])).backward()
    assert weight.grad is not None
    with tp.no_grad():
        weight -= 0.1 * weight.grad
    assert weight.backend == "minimal"


def test_sorting_searching_and_sets() -> None:
    x = tp.tensor([[2.0, np.nan, -0.0], [0.0, 2.0, -np.inf]])
    np.testing.assert_array_equal(tp.sort(x, descending=True), [[2.0, -0.0, np.nan], [2.0, 0.0, -np.inf]])
    assert x.argsort().tolist() == [[2, 0, 1], [2, 0, 1]]
    assert [part.tolist() for part in tp.unique_all(x)[1:]] == [[5, 2, 0, 1], [[2, 3, 1], [1, 2, 0]], [1, 2, 2, 1]]
    assert tp.unique_values(tp.tensor([1j, 1.0, 1j])).tolist() == [1j, 1.0]
    assert tp.unique_values(tp.zeros(0)).shape == (0,)
    assert tp.isin(x, tp.tensor([np.nan, 0.0])).tolist() == [[False, False, True], [True, False, False]]
    assert tp.searchsorted(tp.tensor([1, 3]), 2).item() == 1
    assert x.nonzero().tolist() == [[0, 0], [0, 1], [1, 1], [1, 2]]


def test_statistics_and_their_gradients() -> None:
    x = tp.tensor([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]], requires_grad=True)
    (x.prod(1) + x.cumprod(1).sum(1) + tp.diff(x).sum(1)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[2.0, 1.0, 5.0], [44.0, 33.0, 25.0]]
    assert tp.var(x, axis=1, correction=1).tolist() == [1.0, 1.0]
    assert np.isnan(tp.std(x, correction=6).item())
    assert tp.sum(tp.ones(300, dtype="uint8"), dtype="uint8").item() == 44


@pytest.mark.parametrize("name", ["fft", "ifftn", "rfftn", "irfftn", "hfft", "ihfft"])
def test_fourier_transforms(name: str) -> None:
    x = tp.tensor(VALUES, requires_grad=True)
    y = getattr(tp.fft, name)(x)
    tp.abs(y).sum().backward()
    np.testing.assert_allclose(np.asarray(y.detach()), getattr(np.fft, name)(VALUES), atol=1e-12)
    assert x.grad is not None


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda x: tp.roll(x, (1, -1), axis=(0, 2)), np.roll(VALUES, (1, -1), (0, 2))),
        (lambda x: tp.tile(x, (2, 1, 3)), np.tile(VALUES, (2, 1, 3))),
        (lambda x: tp.repeat(x, 2, axis=1), np.repeat(VALUES, 2, 1)),
        (lambda x: tp.repeat(x, tp.tensor([1, 0, 2]), axis=1), np.repeat(VALUES, [1, 0, 2], 1)),
        (lambda x: tp.take(x, tp.tensor([-1, 0]), axis=2), np.take(VALUES, [-1, 0], 2)),
        (lambda x: tp.tril(x, k=-1), np.tril(VALUES, -1)),
        (lambda x: tp.triu(x, k=9), np.triu(VALUES, 9)),
        (lambda x: tp.moveaxis(x, 0, -1), np.moveaxis(VALUES, 0, -1)),
        (lambda x: tp.full((2,), x[0, 0, 1]), np.ones(2)),
        (lambda x: tp.meshgrid(x[0, 0], x[0, 1])[1], np.meshgrid(VALUES[0, 0], VALUES[0, 1])[1]),
        (lambda x: tp.eye(2, 3, k=7), np.zeros((2, 3))),
        (lambda x: tp.linspace(0, 1, 3), np.linspace(0, 1, 3)),
        (lambda x: tp.asarray([x[0, 0], [1, 2, 3, 4]]), np.asarray([VALUES[0, 0], [1, 2, 3, 4]])),
        (lambda x: x[tp.zeros((2, 0), dtype="bool")], np.zeros((0, 4))),
        (lambda x: tp.from_dlpack(x, copy=True), VALUES),
        (lambda x: x.gather(2, tp.tensor([[[3, 0]]])), VALUES[:1, :1, [3, 0]]),
        (lambda x: x.scatter(0, tp.tensor([[[1]]]), -1.0), np.where(VALUES == 12.0, -1.0, VALUES)),
        (lambda x: x.scatter_add_(0, tp.tensor([[[1]]]), x[1:]), np.where(VALUES == 12.0, 24.0, VALUES)),
        (
            lambda x: x.index_add(1, tp.tensor([0, 0]), x[:, 1:]),
            VALUES + np.eye(3, 1) * VALUES[:, 1:].sum(1, keepdims=True),
        ),
        (lambda x: x.topk(2).values, VALUES[..., :1:-1]),
        (lambda x: x.masked_select(x > 20), np.asarray([21.0, 22.0, 23.0])),
        (lambda x: tp.einsum("ij...,kj...->ik", x, x), np.einsum("ijl,kjl->ik", VALUES, VALUES)),
        (lambda x: x.transpose_(0, 2).squeeze_(), VALUES.T),
    ],
)
def test_creation_and_manipulation(call: Any, wanted: np.ndarray) -> None:
    found = call(tp.tensor(VALUES))
    assert (found.backend, found.shape, found.tolist()) == ("minimal", wanted.shape, wanted.tolist())


@pytest.mark.parametrize("dtype", ["bool", "int8", "float32"])
def test_padding_keeps_the_dtype(dtype: str) -> None:
    x = np.eye(2, 3, dtype=dtype)
    found = np.asarray(tp.nn.functional.pad(tp.tensor(x), (1, 2), value=True))
    assert found.dtype == x.dtype
    assert found.tolist() == np.pad(x, ((0, 0), (1, 2)), constant_values=1).tolist()


def test_handing_out() -> None:
    x = tp.tensor(VALUES)
    assert np.asarray(x).tolist() == np.from_dlpack(x).tolist() == VALUES.tolist()
    for version in (None, (0, 0), (1, 0)):
        for copied in (None, True):
            assert x.__dlpack__(max_version=version, copy=copied, dl_device=(1, 0)) is not None
    assert "minimal" in {device.backend for device in tp.__array_namespace_info__().devices()}


def _linear_algebra(x: tp.Tensor) -> list[tp.Tensor]:
    la = tp.linalg
    solved = la.solve(la.cholesky(x), la.inv(x)) + la.pinv(x[:2]).sum() + la.det(x) + la.slogdet(x).logabsdet
    values = la.eigvalsh(x).sum() + la.svdvals(x).sum() + la.matrix_norm(x, ord=1) + la.vector_norm(x, ord=3)
    vectors = (
        tp.abs(la.eigh(x).eigenvectors) + tp.abs(la.qr(x).Q) + tp.abs(la.svd(x).U) + tp.abs(la.eig(x).eigenvectors)
    )
    return [tp.abs(solved), values, vectors, tp.abs(tp.tensordot(la.cross(x, x[0]), tp.vecdot(x, x), axes=1))]


@pytest.mark.parametrize("imaginary", [0.0, 0.5])
def test_linear_algebra_and_its_gradients(imaginary: float) -> None:
    array = np.asarray([[4.0, 1.0, 0.5], [1.0, 5.0, -1.0], [0.5, -1.0, 6.0]])
    if imaginary:
        array = array + 1j * imaginary * np.asarray([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]])
    found = []
    for name in ("minimal", "numpy"):
        with tp.backend(name):
            x = tp.tensor(array, requires_grad=True)
            total = sum((part.sum() for part in _linear_algebra(x)), tp.tensor(0.0, dtype="float64"))
            (g,) = tp.autograd.grad(total, x, create_graph=True)
            (second,) = tp.autograd.grad(tp.abs(g * 2).sum(), x)
            found.append([np.asarray(one.detach()) for one in (total, g, second)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


class WithoutLinalg(Backend):
    """The same namespace without its extensions."""

    name = "bare"
    contract = 1

    def load(self) -> Any:
        return types.SimpleNamespace(**{name: part for name, part in vars(strict).items() if name != "linalg"})


def test_linear_algebra_without_the_extension() -> None:
    with registered(WithoutLinalg()):
        x = tp.tensor(np.eye(3), device="bare:cpu")
        assert tp.linalg.cross(x[0], x[1]).tolist() == [0.0, 0.0, 1.0]
        assert tp.linalg.trace(x).item() == 3.0
        assert tp.linalg.matrix_norm(x, ord=1).item() == 1.0
        assert tp.linalg.matrix_power(x, 3).tolist() == x.tolist()
        with pytest.raises(NotImplementedError, match=r"backend 'bare' has no kernel for 'linalg\.inv'"):
            tp.linalg.inv(x)


@pytest.mark.parametrize("dtype", [">f4", "<f4", ">i8", ">c16"])
def test_either_order_of_bytes(dtype: str) -> None:
    host = np.arange(3).astype(dtype)
    tensor = tp.asarray(host)
    assert tensor.tolist() == host.tolist()
    assert tensor.numpy().dtype == np.dtype(dtype).newbyteorder("=")


OPEN: dict[str, tuple[Any, ...]] = {
    "bitwise_left_shift": (np.array([1, 1, -3]), np.array([-1, 64, 2])),
    "bitwise_right_shift": (np.array([1, -5, -3]), np.array([-1, 64, 1])),
    "clip": (np.array([0.0, 1.0, np.nan]), 2.0, 1.0),
    "complex": (np.array([-0.0, np.inf, np.nan, 1.0]), np.array([np.nan, -np.inf, -0.0, np.inf])),
    "divide": (np.array([1.0, 0.0]), np.array([0.0, 0.0])),
    "expm1": (np.array([complex(-0.0, -0.0), complex(np.nan, 0.0), 1e-9 + 1e-9j]),),
    "floor_divide": (np.array([1.0, -1.0, np.inf]), np.array([0.0, np.inf, 2.0])),
    "log": (np.array([-1.0, 0.0]),),
    "log1p": (np.array([-7.148e-5j]),),
    "mean": (np.ones((0, 3)), 0),
    "reciprocal": (np.array([0j, 2j]),),
    "remainder": (np.array([1.0, -1.0, np.inf]), np.array([np.inf, np.inf, 2.0])),
    "sign": (np.array([complex(np.inf, 0.0), 3 + 4j]),),
    "tanh": (np.array([complex(np.inf, 1.0), 0.5j]),),
}


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.filterwarnings("error")
def test_what_the_standard_leaves_open_is_as_on_numpy(name: str) -> None:
    operands = [tp.tensor(operand) if isinstance(operand, np.ndarray) else operand for operand in OPEN[name]]
    on_numpy = [operand.to("numpy") if isinstance(operand, tp.Tensor) else operand for operand in operands]
    found, expected = getattr(tp, name)(*operands).numpy(), getattr(tp, name)(*on_numpy).numpy()
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    for part in ("real", "imag"):
        signs = [np.signbit(getattr(x, part)[~np.isnan(getattr(x, part))]) for x in (found, expected)]
        np.testing.assert_array_equal(*signs)


@pytest.mark.filterwarnings("error")
def test_no_cholesky_of_nan_and_a_backward_pass_without_warnings() -> None:
    with pytest.raises(tp.linalg.LinAlgError, match=r"linalg.cholesky: the matrix is not positive-definite"):
        tp.linalg.cholesky(tp.tensor([[np.nan, 1.0], [1.0, 1.0]]))
    x = tp.tensor([0.0], requires_grad=True)
    tp.log(x).sum().backward()
    assert x.grad.tolist() == [np.inf]


class Picky(Strict):
    """Takes contiguous arrays in native byte order only, has no uint64, and refuses what PyTorch does."""

    name = "picky"

    def load(self) -> Any:
        def asarray(obj: Any, **options: Any) -> Any:
            if isinstance(obj, np.ndarray):
                strides = np.empty(obj.shape, obj.dtype).strides
                assert obj.strides == strides, f"strides are {obj.strides}, wanted {strides}"
            return strict.asarray(obj, **options)

        def searchsorted(x1: Any, x2: Any, *, side: str) -> Any:
            """Bisection, to which NaN in `x1` is less than any number, and NaN in `x2` greater, as PyTorch has it."""
            row, values = x1._array, x2._array
            assert values.ndim, "a single value"
            goes_right = (lambda a, v: not a >= v) if side == "left" else (lambda a, v: not a > v)
            found = [bisect.bisect_left(row, True, key=lambda a, v=v: not goes_right(a, v)) for v in values.ravel()]
            return strict.asarray(np.reshape(found, values.shape).astype("int64"))

        def fft(x: Any, **options: Any) -> Any:
            if not x.size:
                raise RuntimeError("Inconsistent configuration parameters")
            return strict.fft.fft(x, **options)

        transforms = types.SimpleNamespace(**{**vars(strict.fft), "fft": fft})
        changed = {"asarray": asarray, "searchsorted": searchsorted, "fft": transforms}
        return types.SimpleNamespace(**{**vars(strict), **changed})

    def dtypes(self) -> Any:
        return {name: dtype for name, dtype in super().dtypes().items() if name != "uint64"}

    def library_index(self, array: Any, index: Any) -> Any:
        own = super().library_index(array, index)
        if any(isinstance(item, slice) and (item.step or 1) < 0 for item in own):
            raise ValueError("step must be greater than zero")
        arrays = [item for item in own if hasattr(item, "dtype")]
        assert {item.dtype for item in arrays} <= {strict.int64, strict.bool}, "other integers are masks"
        assert not any(item.shape for item in arrays) or int not in map(type, own), "integers apply before arrays"
        return own


@pytest.fixture
def picky() -> Iterator[None]:
    with registered(Picky()) as name, tp.backend(name):
        yield


@pytest.mark.usefixtures("picky")
class TestPicky:
    """What libraries refuse, the contract's defaults work around, so that plugins need not."""

    @pytest.mark.parametrize(
        "host",
        [
            VALUES[::-1],
            VALUES.T,
            VALUES[:, ::2],
            np.ones((3, 1))[:1][::-2],
            np.arange(3).astype(">i4"),
            VALUES[0, 0, 0],
        ],
    )
    def test_from_numpy_gives_contiguous_arrays(self, host: np.ndarray) -> None:
        assert tp.asarray(host).tolist() == host.tolist()

    def test_negative_steps(self) -> None:
        x = tp.tensor(VALUES)
        assert x[::-1, :, ::-2].tolist() == VALUES[::-1, :, ::-2].tolist()
        x[:, ::-1] = tp.tensor(VALUES)
        assert x.tolist() == VALUES[:, ::-1].tolist()

    @pytest.mark.parametrize(
        "drawn",
        [
            lambda: tp.rand(5),
            lambda: tp.randn(5, dtype="float64"),
            lambda: tp.randint(-5, 2**40, (4,)),
            lambda: tp.randperm(6),
            lambda: tp.vmap(lambda x: x + tp.rand(3), randomness="different")(tp.zeros(2)),
            lambda: tp.compile(lambda x: x + tp.rand(3))(tp.zeros(3)),
            lambda: tp.nn.functional.dropout(tp.ones(8)),
        ],
    )
    def test_random_numbers_without_uint64(self, drawn: Any) -> None:
        tp.manual_seed(5)
        found = drawn()
        assert found.backend == "picky"
        with tp.backend("numpy"):
            tp.manual_seed(5)
            assert found.tolist() == drawn().tolist()

    @pytest.mark.parametrize("side", ["left", "right"])
    def test_searchsorted_with_nan(self, side: Any) -> None:
        row, values = np.array([-1.0, 0.5, 0.5, np.inf, np.nan, np.nan]), np.array([[0.5, np.nan], [np.inf, -2.0]])
        found = tp.searchsorted(tp.tensor(row), tp.tensor(values), side=side)
        assert found.tolist() == np.searchsorted(row, values, side).tolist()
        one = tp.searchsorted(tp.tensor(row), tp.tensor(0.5, dtype="float64"), side=side)
        assert one.tolist() == np.searchsorted(row, 0.5, side)

    @pytest.mark.parametrize("dtype", ["uint8", "int32"])
    def test_indices_of_any_integer_dtype(self, dtype: str) -> None:
        x, index = tp.tensor(VALUES), tp.tensor([1, 0, 1], dtype=dtype)
        assert x[index].tolist() == VALUES[[1, 0, 1]].tolist()
        assert tp.take(x, index, axis=1).tolist() == VALUES[:, [1, 0, 1]].tolist()
        x[index] = 0.0
        assert not x.any()

    def test_integers_apart_from_arrays(self) -> None:
        assert tp.tensor(VALUES)[:, [2, 0], ..., 1].tolist() == VALUES[:, [2, 0], ..., 1].tolist()
        x, wanted = tp.tensor(VALUES[None]), VALUES[None].copy()
        x[1 - 1, :, [2, 0]] = wanted[0, :, [2, 0]] = 5.0
        assert x.tolist() == wanted.tolist()

    def test_fourier_transforms_of_no_elements(self) -> None:
        found = tp.fft.fft(tp.zeros(3, 0, 2), 5, axis=0)
        assert (found.shape, found.dtype) == ((5, 0, 2), tp.complex64)

    def test_the_host_as_index(self) -> None:
        index = np.array([[2, 0], [1, 1]])
        assert tp.tensor(VALUES[0])[::-1][index].tolist() == VALUES[0][::-1][index].tolist()


def test_kernels_of_numpy_that_others_call_keep_narrow_integers() -> None:
    kernel: Any = load("numpy").find("cumulative_prod")
    found = kernel(np.array([[3, 5], [7, 11]], "int8"), axis=1)
    assert found.dtype == "int8"
    assert found.tolist() == [[3, 15], [7, 77]]


def test_an_index_makes_no_other_array(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of lazy libraries each takes longer than the index."""
    x, index = tp.tensor(VALUES), tp.tensor([1, 0])
    expected = x[index].tolist()
    monkeypatch.setattr(strict, "empty", None)
    assert x[index].tolist() == expected


def test_complex_numbers_as_real_ones_and_truths() -> None:
    values = np.array([0.0, complex(-0.0, 0.0), 1j, complex(np.nan, 0.0), 2 - 1j])
    for dtype in ("bool", "float32", "int64"):
        x = tp.tensor(values[[0, 1, 2, 4]] if dtype == "int64" else values)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            np.testing.assert_array_equal(x.to(dtype).numpy(), x.numpy().astype(dtype))


def test_no_axes_are_none() -> None:
    assert tp.count_nonzero(tp.tensor([3, 0, 2]), axis=()).tolist() == [1, 0, 1]
    assert tp.count_nonzero(tp.tensor([True, False]), axis=()).tolist() == [1, 0]


@pytest.mark.parametrize("length", range(12))
def test_linear_recurrence(length: int) -> None:
    factors, terms = np.random.default_rng(length).normal(size=(2, length % 3, length, 2))
    wanted = np.array(terms)
    for i in range(1, length):
        wanted[:, i] += factors[:, i] * wanted[:, i - 1]
    found = OPERATIONS["linear_recurrence"](tp.tensor(factors), tp.tensor(terms), axis=1)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12, atol=1e-12)


def test_a_linear_recurrence_beyond_the_range() -> None:
    """0 by an infinite element is NaN, as where the elements follow one by one."""
    factors = tp.tensor([0.0, 0.0, 0.0, -2e90, -4e90, 2e90, 0.0], dtype="float64")
    terms = tp.tensor([0.0, 0.0, -4e90, 0.0, 0.0, 0.0, 0.0], dtype="float64")
    assert OPERATIONS["linear_recurrence"](factors, terms, axis=0).isnan().tolist() == [False] * 6 + [True]


def test_arrays_that_do_not_tell_their_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("array_api_compat.device", lambda array: "there")
    assert device_of(object()) == "there"
    assert device_of(strict.zeros(1)) == strict.zeros(1).device


class OnHost(Strict):
    """A library that has none of these functions."""

    name = "on_host"

    def load(self) -> Any:
        namespace = types.SimpleNamespace(**vars(strict))
        for name in ("cos", "eye", "nonzero", "take"):
            delattr(namespace, name)
        return namespace

    def devices(self) -> dict[str, Any]:
        return {"cpu:0": strict.Device("CPU_DEVICE"), "cpu:1": strict.Device("device1")}

    def kernels(self) -> dict[str, Any]:
        return {
            "cos": self.on_host(np.cos),
            "eye": self.on_host(lambda rows, columns=None, *, k=0, dtype: np.eye(rows, columns, k)),
            "nonzero": self.on_host(np.nonzero),
            "take": self.on_host(lambda x, indices, axis: np.take(x, indices, axis)),
        }


def test_kernels_on_the_host() -> None:
    """They take NumPy's arrays, and return the library's on the device of the operands, without warnings."""
    with registered(OnHost()) as name, tp.backend(name), warnings.catch_warnings():
        warnings.simplefilter("error")
        x = tp.tensor([0.0, np.inf, 2.0], dtype="float64", device=f"{name}:cpu:1")
        for found in (x.cos(), tp.take(x, tp.tensor([2, 0], device=x.device), axis=0), *tp.nonzero(x)):
            assert type(found.to_native()) is type(x.to_native())
            assert found.device == x.device
        np.testing.assert_array_equal(x.cos().numpy(), [1.0, np.nan, np.cos(2.0)])
        assert tp.nonzero(x)[0].tolist() == [1, 2]
        assert tp.eye(2, dtype="float64", device=x.device).to_native().device == x.to_native().device


def _namespace_kernel(name: str) -> Any:
    return lambda *arrays, **parameters: getattr(strict, name)(*arrays, **parameters)


WRONG: dict[str, tuple[str, Any, str]] = {
    "shape": ("exp", lambda x: strict.exp(x)[:1], "an array of shape (1,), wanted (3,)"),
    "broadcast": ("add", lambda x1, x2: x1, "an array of shape (2, 1), wanted (2, 3)"),
    "reduced": ("max", lambda x, axis, keepdims: x[:2], "an array of shape (2,), wanted (1,)"),
    "product": ("matmul", lambda x1, x2: x1, "an array of shape (2, 3), wanted (2, 4)"),
    "sorted": ("sort", lambda x, axis: x[:1], "an array of shape (1,), wanted (3,)"),
    "reshaped": ("reshape", lambda x, shape: x, "an array of shape (3,), wanted (3, 1)"),
    "joined": ("concat", lambda arrays, axis: arrays[0], "an array of shape (3,), wanted (6,)"),
    "permuted": ("permute_dims", lambda x, axes: x, "an array of shape (2, 3), wanted (3, 2)"),
    "dtype": ("exp", lambda x: strict.astype(x, strict.float64), "an array of float64, wanted float32"),
    "bool": ("less", lambda x1, x2: x1, "an array of float32, wanted bool"),
    "type": ("exp", lambda x: [1.0], "[1.0] of type list, wanted an array of the backend's library"),
    "nothing": ("add", lambda x1, x2: None, "None, wanted an array of the backend's library"),
    "tuple": ("linalg.qr", lambda x, mode: x, "wanted a tuple of 2 arrays"),
}

CALLS: dict[str, Any] = {
    "add": lambda x: tp.ones(2, 1, device=x.device) + x,
    # Of which a formula gives the bounds as numbers.
    "clip": lambda x: tp.nn.functional.huber_loss(x, tp.zeros(3, device=x.device)),
    "exp": tp.exp,
    "less": lambda x: x < 1.0,
    "nonzero": tp.nonzero,
    "linalg.qr": lambda x: tp.linalg.qr(tp.eye(3, device=x.device)),
    "max": lambda x: tp.max(x, axis=0, keepdims=True),
    "matmul": lambda x: tp.ones(2, 3, device=x.device) @ tp.ones(3, 4, device=x.device),
    "sort": tp.sort,
    "reshape": lambda x: tp.reshape(x, (3, -1)),
    "concat": lambda x: tp.concat([x, x]),
    "permute_dims": lambda x: tp.permute_dims(tp.ones(2, 3, device=x.device), (1, 0)),
}


class WithoutComplexHalves(Backend):
    name = "halves"

    def load(self) -> Any:
        from array_api_compat import numpy

        return numpy

    def kernels(self) -> Any:
        return {"complex": lambda x1, x2: {"float32": x1 + 1j * x2}[x1.dtype.name]}


def test_complex_numbers_of_half_precision() -> None:
    with registered(WithoutComplexHalves()) as name, tp.backend(name):
        half = tp.tensor([1.0, 2.0], dtype="float16")
        found = tp.complex(half, half)
        assert (found.dtype, found.tolist()) == (tp.complex64, [1 + 1j, 2 + 2j])
        assert tp.compile(tp.complex)(half, half).tolist() == found.tolist()


class Size(tuple[int, ...]):
    """The class of a shape, as PyTorch has one."""

    def __repr__(self) -> str:
        return f"Size({list(self)})"


def test_shapes_in_messages_are_tuples() -> None:
    with pytest.raises(ValueError, match=r"elements of shape \(2, 3\)$"):
        infer_shape("reshape", (4,), Size((2, 3)))


class Remote(Strict):
    """Arrays that the host does not read, which can be written."""

    name = "remote"
    writable = True

    def devices(self) -> Any:
        return {"remote": strict.Device("device1")}

    def from_numpy(self, array: np.ndarray, device: Any) -> Any:
        return strict.asarray(array, device=device, copy=True)

    def to_numpy(self, array: Any) -> np.ndarray:
        return np.asarray(array.to_device(strict.Device("CPU_DEVICE")))

    def copy(self, array: Any) -> Any:
        assert not isinstance(array, np.ndarray)
        return strict.asarray(array, copy=True)


@pytest.fixture
def remote() -> Iterator[None]:
    with registered(Remote()) as name, tp.backend(name):
        yield


@pytest.mark.usefixtures("remote")
class TestRemote:
    """What lies on a device is not converted by itself."""

    def test_compiled_constants(self) -> None:
        compiled = tp.compile(lambda x: x * 2.0 + tp.tensor([1.0, 2.0]))
        for _ in range(3):
            assert compiled(tp.ones(2)).tolist() == [3, 4]

    def test_an_index_of_the_host_beside_one_of_the_device(self) -> None:
        x = tp.zeros(3, 2, requires_grad=True)
        x.gather(0, tp.tensor([[0, 1], [0, 2]])).sum().backward()
        assert x.grad.tolist() == [[2, 0], [0, 1], [0, 1]]


class TestWrongKernels:
    """The error names plugin, backend and operation, what came and what was wanted; other backends go on."""

    @pytest.fixture
    def supplied(self) -> Iterator[Any]:
        plugins: list[Any] = []

        def supply(**kernels: Any) -> None:
            class Wrong(Strict):
                name = "wrong"

                def kernels(self) -> Any:
                    return kernels

            plugin = types.ModuleType("tensorplug_wrong")
            plugin.tensorplug_backends = hookimpl(lambda: [Wrong()])  # type: ignore[attr-defined]
            plugin.tensorplug_backends.__name__ = "tensorplug_backends"
            register(plugin)
            plugins.append(plugin)

        yield supply
        for plugin in plugins:
            unregister(plugin)

    @pytest.mark.parametrize("kind", WRONG)
    def test_results(self, supplied: Any, kind: str) -> None:
        name, kernel, came = WRONG[kind]
        supplied(**{name: kernel})
        with tp.backend("wrong"), pytest.raises(RuntimeError) as caught:
            CALLS[name](tp.ones(3))
        message = str(caught.value)
        assert message.startswith(f"kernel {name!r} of plugin 'tensorplug_wrong' for backend 'wrong': returned ")
        assert message.endswith(came)
        assert CALLS[name](tp.ones(3, device="numpy:cpu")) is not None

    @pytest.mark.parametrize("name", CALLS)
    def test_right_ones_pass(self, supplied: Any, name: str) -> None:
        supplied(**({} if "." in name else {name: _namespace_kernel(name)}))
        with tp.backend("wrong"):
            CALLS[name](tp.ones(3))

    def test_exceptions(self, supplied: Any) -> None:
        def broken(x: Any) -> Any:
            raise ArithmeticError("the kernel broke")

        supplied(exp=broken)
        with pytest.raises(ArithmeticError, match="the kernel broke") as caught:
            tp.exp(tp.ones(3, device="wrong:cpu"))
        assert caught.value.__notes__ == ["in kernel 'exp' of plugin 'tensorplug_wrong' for backend 'wrong'"]
        assert tp.exp(tp.zeros(1, device="numpy:cpu")).tolist() == [1.0]

    def test_errors_of_linear_algebra(self, supplied: Any) -> None:
        class _LinAlgError(RuntimeError):
            """As PyTorch's, which is not NumPy's."""

        def singular(x: Any) -> Any:
            raise _LinAlgError("the input matrix is singular")

        supplied(**{"linalg.inv": singular})
        with pytest.raises(np.linalg.LinAlgError, match=r"linalg\.inv: "):
            tp.linalg.inv(tp.ones(2, 2, device="wrong:cpu"))

    def test_a_name_twice(self, supplied: Any) -> None:
        supplied()
        other = types.ModuleType("tensorplug_other")
        other.tensorplug_backends = hookimpl(lambda: [Strict()])  # type: ignore[attr-defined]
        other.tensorplug_backends.__name__ = "tensorplug_backends"
        Strict.name, name = "wrong", Strict.name
        try:
            with pytest.raises(ValueError) as caught:
                register(other)
        finally:
            Strict.name = name
        assert str(caught.value) == (
            "cannot register plugin 'tensorplug_other': there is another backend 'wrong', of plugin "
            "'tensorplug_wrong', which came first"
        )
        assert tp.ones(1, device="wrong:cpu").tolist() == tp.ones(1, device="numpy:cpu").tolist()
