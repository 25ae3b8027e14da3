"""NumPy's ufuncs and functions on tensors: they return tensors, with NumPy's values, and are recorded."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorplug as tp

Call = Callable[[Any], Any]

A = np.asarray([[0.3, 0.8, 0.5], [0.2, 0.9, 0.4], [0.7, 0.1, 0.6]])
B = np.asarray([[1.5, 1.1, 1.9], [1.2, 0.9, 1.4], [1.7, 0.4, 1.6]])
V = np.asarray([0.5, 1.25, 2.0])

UFUNCS: dict[str, Call] = {
    "exp": np.exp,
    "absolute": lambda x: np.absolute(-x),
    "arctan2": lambda x: np.arctan2(B, x),
    "true_divide": lambda x: np.true_divide(x, B),
    "power": lambda x: np.power(x, 2),
    "rint": lambda x: np.rint(x * 5),
    "list": lambda x: np.add([1.0, 2.0, 3.0], x),
    "scalar": lambda x: np.multiply(np.float64(2), x),
    "reflected": lambda x: np.float64(2) ** x - B * x,
    "matmul": lambda x: B @ x,
    "vecdot": lambda x: np.vecdot(x, B),
    "divmod": lambda x: divmod(B, x),
    "compared": lambda x: (np.less(B, x), np.equal(B, x), np.greater(np.float64(0.5), x)),
    "dtype": lambda x: np.add(x, 1, dtype="float64"),
    "reduce": lambda x: (np.add.reduce(x), np.multiply.reduce(x, axis=1, keepdims=True), np.add.reduce(x, axis=None)),
    "reduce maximum": lambda x: np.maximum.reduce(x, 1),
    "accumulate": lambda x: (np.add.accumulate(x), np.multiply.accumulate(x, 1)),
    "outer": lambda x: (np.multiply.outer(x, V), np.subtract.outer(V, x)),
}

FUNCTIONS: dict[str, Call] = {
    "sum": lambda x: (np.sum(x), np.sum(x, 1), np.sum(x, axis=0, keepdims=True)),
    "std": lambda x: np.std(x, axis=1, ddof=1),
    "amax": lambda x: np.amax(x, 1),
    "argmax": lambda x: np.argmax(x, axis=1),
    "concatenate": lambda x: (np.concatenate([x, B]), np.concatenate((B, x), axis=None)),
    "stack": lambda x: np.stack([B, x], 1),
    "vstack": lambda x: (np.vstack([x, V]), np.hstack([V, x[0]]), np.column_stack([x[0], V])),
    "where": lambda x: (np.where(A > 0.5, x, 0.0), np.where(x > 0.5, x, B), np.where(x * 0, x, 1.0)),
    "clip": lambda x: (np.clip(x, 0.3, 0.6), np.clip(x, None, B - 1)),
    "dot": lambda x: (np.dot(x, B), np.dot(x, V), np.dot([1.0, 2.0, 3.0], x), np.inner(x, B), np.vdot(x, B)),
    "outer": lambda x: np.outer(x, V),
    "einsum": lambda x: np.einsum("ij,jk->ik", x, B),
    "trace": lambda x: (np.trace(x, 1), np.diagonal(x, 1), np.transpose(x), np.swapaxes(x, 0, 1)),
    "reshape": lambda x: (np.reshape(x, -1), np.ravel(x), np.expand_dims(x, 0), np.squeeze(x[None])),
    "cumsum": lambda x: (np.cumsum(x), np.cumprod(x, 1)),
    "diff": lambda x: np.diff(x, prepend=V[:, None]),
    "convolve": lambda x: [
        np.convolve(x[0], v, mode) for mode in ("full", "same", "valid") for v in (V[:2], B.ravel())
    ],
    "corrcoef": lambda x: (np.corrcoef(x), np.corrcoef(x[0], V), np.corrcoef(x, B, rowvar=False)),
    "interp": lambda x: (np.interp(x * 4, V, x[0]), np.interp([0.1, 0.7, 3.0], V, x[1], left=-1.0, right=7.0)),
    "piecewise": lambda x: np.piecewise(x, [x < 0.3, x > 0.6], [-1.0, lambda v: v * 2, lambda v: v + 5]),
    "polyval": lambda x: (np.polyval(x[0], B), np.polyval(V, x)),
    "flattened": lambda x: (
        *(np.sort(x, axis=None), np.argsort(x, axis=None, kind="stable")),
        np.take_along_axis(x, np.asarray([4, 0]), axis=None),
    ),
    "lists": lambda x: (
        *(np.einsum("ij,j", x, [1.0, 2, 3]), np.cross(x[0], [1.0, 2, 3]), np.hstack([x[0], [1.0]])),
        *(np.vstack([x, [1.0, 2, 3]]), np.column_stack([x, [1.0, 2, 3]]), *np.atleast_2d(x[0], [1.0])),
        *(np.linalg.multi_dot([x, [[1.0], [2], [3]]]), np.diff(x, prepend=0.0, append=[[1.0], [2], [3]])),
    ),
    "rows and columns": lambda x: (
        *(np.flipud(x), np.fliplr(x), np.dstack([x, B]), np.dstack([x[0], V]), *np.hsplit(x, 3), *np.vsplit(x, [1])),
        *(*np.hsplit(x[0], 3), *np.dsplit(np.atleast_3d(x), 1), np.kron(x, B), np.kron(V, x)),
        *(np.diag(x, -1), np.diag(x[0]), np.diag(x[0], 2), np.diag(x[0], -1)),
    ),
    "average": lambda x: (
        *(np.average(x), np.average(x, axis=1, weights=V), np.average(x, weights=B), np.ptp(x), np.ptp(x, axis=0)),
        *(np.median(x), np.median(x, axis=0), np.median(x[:2], axis=(0, 1), keepdims=True)),
    ),
    "sort": lambda x: (np.sort(x), np.argsort(x, axis=0), np.searchsorted(V, x)),
    "take": lambda x: (np.take(x, [0, 2]), np.take(x, np.asarray([0, 2]), axis=1)),
    "tile": lambda x: (np.tile(x, (2, 1)), np.repeat(x, 2, axis=0), np.roll(x, 1), np.flip(x, 0)),
    "split": lambda x: (*np.split(x, 3), *np.array_split(x, 2, axis=1), *np.split(x, [1, 2])),
    "unique": lambda x: np.unique(x, return_counts=True),
    "nonzero": lambda x: (*np.nonzero(x > 0.5), np.argwhere(x > 0.5), np.flatnonzero(x > 0.5)),
    "broadcast": lambda x: (np.broadcast_to(x[0], (2, 3)), *np.broadcast_arrays(x[0], B), *np.meshgrid(x[0], V)),
    "linalg": lambda x: (np.linalg.det(x), np.linalg.solve(x, V), np.linalg.inv(x), np.cross(x, B)),
    "norm": lambda x: (np.linalg.norm(x), np.linalg.norm(x, axis=1), np.linalg.norm(x, 1), np.linalg.norm(x[0], 1)),
    "fft": lambda x: (np.fft.fft(x, n=4, axis=0), np.fft.rfft(x, norm="ortho"), np.fft.fft2(x), np.fft.fftshift(x)),
    "isclose": lambda x: np.isclose(x, A + 1e-9),
    "like": lambda x: (np.zeros_like(x), np.full_like(x, 2.0), np.copy(x)),
}

GAPS = np.asarray([[0.5, np.nan, -2.0, 2.0], [np.nan, np.nan, np.nan, np.nan], [1.5, 4.0, np.inf, 0.0]])

REDUCTIONS = [
    *(np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin, np.nanmedian, np.median),
    *(np.nancumsum, np.nancumprod),
]

FACTS: dict[str, Call] = {
    "shape": lambda x: (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1), np.iscomplexobj(x), np.isrealobj(x)),
    "equal": lambda x: (np.allclose(x, A), np.array_equal(x, A), np.array_equal(B, x), np.array_equal(x, V)),
    "dtype": lambda x: (np.result_type(x, np.float32), np.can_cast(x, "float32")),
    "text": lambda x: (np.array_repr(x), np.array2string(x)),
    "histogram": lambda x: np.histogram(x, bins=2)[0].tolist(),
}


def _require_same(found: Any, wanted: Any, backend: str) -> None:
    if isinstance(wanted, tuple | list):
        for one, other in zip(found, wanted, strict=True):
            _require_same(one, other, backend)
        return
    assert type(found) is tp.Tensor
    assert found.backend == backend
    assert found.shape == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", UFUNCS)
def test_ufuncs(backend: str, name: str) -> None:
    _require_same(UFUNCS[name](tp.tensor(A)), UFUNCS[name](A), backend)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(backend: str, name: str) -> None:
    _require_same(FUNCTIONS[name](tp.tensor(A)), FUNCTIONS[name](A), backend)


def test_what_ignores_nan(backend: str) -> None:
    for function in REDUCTIONS:
        for axis in (None, 0, 1):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wanted = function(GAPS, axis=axis)
            _require_same(function(tp.tensor(GAPS), axis=axis), wanted, backend)
    _require_same(np.nanstd(tp.tensor(A), axis=0, ddof=1, keepdims=True), A.std(0, ddof=1, keepdims=True), backend)
    _require_same(np.nanargmax(tp.tensor(GAPS[::2]), axis=1), np.nanargmax(GAPS[::2], axis=1), backend)
    assert np.nan_to_num(tp.tensor([complex(np.nan, 2)])).tolist() == [2j]
    _require_same(np.nan_to_num(tp.tensor(GAPS), posinf=9.0), np.nan_to_num(GAPS, posinf=9.0), backend)
    assert np.nanmax(tp.tensor([[3, 1], [2, 5]]), axis=0).tolist() == [3, 5]


@pytest.mark.parametrize("name", FACTS)
def test_facts(backend: str, name: str) -> None:
    assert FACTS[name](tp.tensor(A)) == FACTS[name](A)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda x: np.sum(np.exp(x) * B), np.exp(A) * B),
        (lambda x: (B / x).sum(), -B / A**2),
        (lambda x: np.multiply.outer(V, x).sum(), np.full_like(A, V.sum())),
        (lambda x: np.concatenate([B, x]).sum(), np.ones_like(A)),
        (lambda x: np.linalg.norm(x), A / np.linalg.norm(A)),
        (lambda x: np.nanmean(np.where(A > 0.5, np.nan, x)), (A <= 0.5) / (A <= 0.5).sum()),
        (lambda x: np.nanstd(x * 0 + 1, axis=0).sum(), np.zeros_like(A)),
        (lambda x: np.median(x), (np.median(A) == A) * 1.0),
    ],
    ids=["exp", "divide", "outer", "concatenate", "norm", "nanmean", "nanstd", "median"],
)
def test_gradients(backend: str, call: Call, wanted: np.ndarray) -> None:
    x = tp.tensor(A, requires_grad=True)
    call(x).backward()
    np.testing.assert_allclose(x.grad, wanted)


NO_COUNTERPART: dict[str, tuple[Call, str]] = {
    "ufunc": (np.cbrt, "numpy.cbrt: Tensorplug has no function"),
    "function": (lambda x: np.pad(x, 1), "numpy.pad: Tensorplug has no function"),
    "composed": (lambda x: np.ravel(x, order="F"), "numpy.ravel: order= is not supported"),
    "composed by position": (lambda x: np.ravel(x, "F"), "numpy.ravel: order= is not supported"),
    "linalg": (lambda x: np.linalg.lstsq(x, x), "numpy.linalg.lstsq: Tensorplug has no function"),
    "at": (lambda x: np.add.at(x, [0], 1.0), "numpy.add.at: Tensorplug has no function"),
    "reduceat": (lambda x: np.add.reduceat(x, [0]), "numpy.add.reduceat: Tensorplug has no function"),
    "reduce": (lambda x: np.subtract.reduce(x), "numpy.subtract.reduce: Tensorplug has no function"),
    "where": (lambda x: np.add(x, 1, where=A > 0), "numpy.add: where= is not supported"),
    "initial": (lambda x: np.sum(x, initial=1.0), "numpy.sum: initial= is not supported"),
    "order": (lambda x: np.reshape(x, 9, order="F"), "numpy.reshape: order= is not supported"),
    "dtype": (lambda x: np.add(x, 1, dtype=int), "numpy.add: got tensorplug.float64 with dtype=tensorplug.int64"),
    "operand": (lambda x: np.add(x, "a"), "numpy.add: got Tensor and str"),
}


@pytest.mark.parametrize("name", NO_COUNTERPART)
def test_what_has_no_counterpart(backend: str, name: str) -> None:
    call, message = NO_COUNTERPART[name]
    with pytest.raises(TypeError, match=message):
        call(tp.tensor(A))


def test_ufuncs_of_others_have_their_own_names(backend: str) -> None:
    special = pytest.importorskip("scipy.special", reason="SciPy is in the test extra")
    with pytest.raises(TypeError, match=r"^wofz: Tensorplug has no function .* x\.detach\(\)\.numpy\(\)"):
        special.wofz(tp.tensor(A))


class TestOut:
    def test_arrays(self, backend: str) -> None:
        x, array = tp.tensor(A), np.zeros((3, 3))
        assert np.add(x, 1, out=array) is array
        np.testing.assert_array_equal(array, A + 1)
        np.multiply(x, B, out=array, where=A > 0.5)
        np.testing.assert_array_equal(array, np.where(A > 0.5, A * B, A + 1))
        np.sum(x, axis=0, out=array[0])
        np.testing.assert_allclose(array[0], A.sum(0))
        np.concatenate([x[:1], x[1:]], out=array)
        np.copyto(array, x)
        np.add.at(array, [0, 0], x[0])
        np.testing.assert_allclose(array[0], 3 * A[0])

    def test_tensors(self, backend: str) -> None:
        x, out = tp.tensor(A), tp.zeros(3, 3, dtype=tp.float64)
        assert np.exp(x, out=out) is out
        np.testing.assert_allclose(out, np.exp(A))
        np.add(A, B, out=out)
        np.testing.assert_array_equal(out, A + B)
        assert np.copyto(out, B) is None
        np.testing.assert_array_equal(out, B)
        np.copyto(out, 1)
        assert out.sum() == 9
        assert np.outer(x[0], V, out=out) is out
        np.testing.assert_allclose(out, np.outer(A[0], V))

    def test_history_is_not_lost(self, backend: str) -> None:
        x, array = tp.tensor(A, requires_grad=True), np.zeros((3, 3))
        for call in (lambda: np.exp(x, out=array), lambda: np.copyto(array, x), lambda: np.array_repr(x)):
            with pytest.raises(RuntimeError, match="requires grad"):
                call()
        assert not array.any()


class TestOthers:
    """Types that have a say of their own."""

    def test_masked_arrays_keep_their_masks(self, backend: str) -> None:
        masked = np.ma.array(A, mask=A > 0.5)
        for found in (masked + tp.tensor(B), tp.tensor(B) + masked):
            assert found.mask.tolist() == (A > 0.5).tolist()
        with pytest.raises(TypeError, match="no implementation found for"):
            np.concatenate([tp.tensor(A), masked])

    def test_series(self, backend: str) -> None:
        pandas = pytest.importorskip("pandas", reason="pandas is in the test extra")
        series, x = pandas.Series(V), tp.tensor(V)
        for found in (series + x, x + series, np.add(series, x), np.add(x, series)):
            pandas.testing.assert_series_equal(found, series + V)
        assert np.maximum(series, x).tolist() == V.tolist()
        assert (series < x).tolist() == [False] * 3
        with pytest.raises(RuntimeError, match="requires grad"):
            series + tp.ones(3, requires_grad=True)

    def test_like(self, backend: str) -> None:
        for found in (np.zeros(2, like=tp.ones(1)), np.array([0, 0], like=tp.ones(1))):
            assert (type(found), found.tolist(), found.backend) == (tp.Tensor, [0, 0], backend)

    def test_numpys_random_numbers_and_tests(self, backend: str) -> None:
        x = tp.tensor(A)
        assert np.random.default_rng(0).normal(x).tolist() == np.random.default_rng(0).normal(A).tolist()
        np.testing.assert_allclose(x, A)
        np.testing.assert_array_less(x, A + 1)
        np.testing.assert_almost_equal(x[0, 0], 0.3)

    def test_axis_limits(self, backend: str) -> None:
        figure = pytest.importorskip("matplotlib.figure", reason="matplotlib is in the test extra").Figure()
        axes, x = figure.subplots(), tp.tensor(V)
        axes.set_xlim(x[0], x[2])
        axes.axis([x[0], x[1], x[0], x[2]])
        axes.bar(x, x)
        axes.quiver(x, x, x, x)
        axes.hist(x, bins=x)
        axes.set_ylim(bottom=x[0], top=x[1])
        assert axes.get_ylim() == (0.5, 1.25)
        with pytest.raises(RuntimeError, match=r"x\.detach\(\)"):
            axes.plot(tp.tensor(V, requires_grad=True))
