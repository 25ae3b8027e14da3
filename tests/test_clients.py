"""Libraries written to the array API standard take tensors and give tensors back, with NumPy's values."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import tensorplug as tp

RNG = numpy.random.default_rng(0)

SAMPLES = RNG.normal(size=(30, 4)) @ numpy.diag([1.0, 2.0, 3.0, 4.0]) + numpy.arange(4.0)
CLASSES = numpy.arange(30) % 3
TARGET = SAMPLES @ numpy.asarray([1.0, -2.0, 0.5, 0.0]) + 0.1 * RNG.normal(size=30)
SHIFTED = SAMPLES + CLASSES[:, None]

TOLERANCE = 1e-9
"""Relative to the largest value: the clients' algorithms add up roundings, and JAX's order of summation differs."""


def tensors(*arrays: Any) -> list[tp.Tensor]:
    """The arrays on the backend of the test."""
    return [tp.asarray(array) for array in arrays]


def assert_same(found: Any, wanted: Any, backend: str, tolerance: float = TOLERANCE) -> None:
    """A tensor of that backend, or a tuple or list of them, with NumPy's shape, dtype and values."""
    if isinstance(wanted, tuple | list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other, backend, tolerance)
        return
    assert type(found) is tp.Tensor
    assert found.backend == backend
    wanted = numpy.asarray(wanted)
    assert (found.shape, found.dtype.name) == (wanted.shape, wanted.dtype.name)
    scale = max(1.0, float(numpy.abs(wanted[numpy.isfinite(wanted)]).max(initial=0.0)))
    numpy.testing.assert_allclose(numpy.asarray(found), wanted, rtol=0, atol=tolerance * scale)


class TestScikitLearn:
    @pytest.fixture(autouse=True)
    def _dispatching(self) -> Iterator[None]:
        sklearn = pytest.importorskip("sklearn", "1.8", reason="scikit-learn is in the test extra")
        with sklearn.config_context(array_api_dispatch=True):
            yield

    def test_scaler(self, backend: str) -> None:
        from sklearn.preprocessing import StandardScaler

        wanted = StandardScaler().fit(SAMPLES)
        (x,) = tensors(SAMPLES)
        found = StandardScaler().fit(x)
        assert_same([found.mean_, found.scale_], [wanted.mean_, wanted.scale_], backend)
        assert_same(found.transform(x), wanted.transform(SAMPLES), backend)
        assert_same(found.inverse_transform(found.transform(x)), SAMPLES, backend)

    @pytest.mark.parametrize(
        "options",
        [
            {"svd_solver": "full"},
            {"svd_solver": "randomized", "power_iteration_normalizer": "QR", "random_state": 0},
        ],
        ids=["full", "randomized"],
    )
    def test_principal_components(self, backend: str, options: dict[str, Any]) -> None:
        from sklearn.decomposition import PCA

        wanted = PCA(2, **options).fit(SAMPLES)
        (x,) = tensors(SAMPLES)
        found = PCA(2, **options).fit(x)
        assert_same(found.explained_variance_, wanted.explained_variance_, backend)
        assert_same(found.components_, wanted.components_, backend)
        assert_same(found.transform(x), wanted.transform(SAMPLES), backend)

    def test_ridge(self, backend: str) -> None:
        from sklearn.linear_model import Ridge

        wanted = Ridge(solver="svd").fit(SAMPLES, TARGET)
        x, y = tensors(SAMPLES, TARGET)
        found = Ridge(solver="svd").fit(x, y)
        assert_same(found.coef_, wanted.coef_, backend)
        assert_same(found.predict(x), wanted.predict(SAMPLES), backend)

    def test_discriminant_analysis(self, backend: str) -> None:
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        wanted = LinearDiscriminantAnalysis().fit(SHIFTED, CLASSES)
        x, y = tensors(SHIFTED, CLASSES)
        found = LinearDiscriminantAnalysis().fit(x, y)
        assert_same(found.predict(x), wanted.predict(SHIFTED), backend)
        assert_same(found.predict_proba(x), wanted.predict_proba(SHIFTED), backend)
        assert_same(found.transform(x), wanted.transform(SHIFTED), backend)

    def test_naive_bayes(self, backend: str) -> None:
        from sklearn.naive_bayes import GaussianNB

        wanted = GaussianNB().fit(SHIFTED, CLASSES)
        x, y = tensors(SHIFTED, CLASSES)
        found = GaussianNB().fit(x, y)
        assert_same(found.predict(x), wanted.predict(SHIFTED), backend)
        assert_same(found.predict_proba(x), wanted.predict_proba(SHIFTED), backend)

    def test_mixture(self, backend: str) -> None:
        from sklearn.mixture import GaussianMixture

        # Its other ways to start call k-means, which is written for NumPy.
        options = {"n_components": 2, "init_params": "random", "random_state": 0}
        wanted = GaussianMixture(**options).fit(SHIFTED)
        (x,) = tensors(SHIFTED)
        found = GaussianMixture(**options).fit(x)
        assert_same(found.means_, wanted.means_, backend)
        assert_same(found.predict(x), wanted.predict(SHIFTED), backend)
        assert_same(found.predict_proba(x), wanted.predict_proba(SHIFTED), backend)

    @pytest.mark.parametrize(
        "name", ["cosine_similarity", "euclidean_distances", "linear_kernel", "polynomial_kernel", "rbf_kernel"]
    )
    def test_pairwise(self, backend: str, name: str) -> None:
        from sklearn.metrics import pairwise

        function = getattr(pairwise, name)
        x, y = tensors(SAMPLES[:5], SAMPLES[5:12])
        assert_same(function(x, y), function(SAMPLES[:5], SAMPLES[5:12]), backend)

    def test_splitting(self, backend: str) -> None:
        from sklearn.model_selection import train_test_split

        wanted = train_test_split(SAMPLES, CLASSES, random_state=0, stratify=CLASSES)
        x, y = tensors(SAMPLES, CLASSES)
        assert_same(train_test_split(x, y, random_state=0, stratify=y), wanted, backend, 0)


POSITIVE = numpy.asarray([0.1, 0.5, 1.0, 2.5])
UNIT = numpy.asarray([0.05, 0.3, 0.5, 0.9])

SPECIAL: dict[str, tuple[numpy.ndarray, ...]] = {
    "betainc": (POSITIVE, POSITIVE[::-1], UNIT),
    "chdtr": (POSITIVE, POSITIVE[::-1]),
    "entr": (POSITIVE,),
    "erf": (POSITIVE,),
    "erfc": (POSITIVE,),
    "expit": (POSITIVE,),
    "gammainc": (POSITIVE, POSITIVE[::-1]),
    "gammaincc": (POSITIVE, POSITIVE[::-1]),
    "gammaln": (POSITIVE,),
    "i0": (POSITIVE,),
    "i1e": (POSITIVE,),
    "log_ndtr": (POSITIVE,),
    "logit": (UNIT,),
    "logsumexp": (POSITIVE,),
    "ndtr": (POSITIVE,),
    "ndtri": (UNIT,),
    "rel_entr": (POSITIVE, POSITIVE[::-1]),
    "softmax": (POSITIVE,),
    "xlogy": (POSITIVE, POSITIVE[::-1]),
}


class TestSciPy:
    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        pytest.importorskip("scipy", "1.16", reason="SciPy is in the test extra")
        assert os.environ["SCIPY_ARRAY_API"] == "1"

    @pytest.mark.parametrize("name", sorted(SPECIAL))
    def test_special(self, backend: str, name: str) -> None:
        from scipy import special

        function, arrays = getattr(special, name), SPECIAL[name]
        assert_same(function(*tensors(*arrays)), function(*arrays), backend)

    @pytest.mark.parametrize(
        "call",
        [
            lambda stats, x, y: tuple(stats.ttest_ind(x, y, equal_var=False)),
            lambda stats, x, y: stats.skew(x, bias=False),
            lambda stats, x, y: stats.zscore(x, axis=1, ddof=1),
        ],
        ids=["ttest_ind", "skew", "zscore"],
    )
    def test_statistics(self, backend: str, call: Callable[..., Any]) -> None:
        from scipy import stats

        assert_same(call(stats, *tensors(SAMPLES[:15], SAMPLES[15:])), call(stats, SAMPLES[:15], SAMPLES[15:]), backend)

    @pytest.mark.parametrize("name", ["fft", "ifft", "fftn", "rfft", "irfft", "rfftn", "hfft", "ihfft", "fftshift"])
    def test_transforms(self, backend: str, name: str) -> None:
        from scipy import fft

        x = SAMPLES if name in ("rfft", "rfftn", "ihfft", "fftshift") else SAMPLES + 1j * SAMPLES[::-1]
        function = getattr(fft, name)
        assert_same(function(*tensors(x)), function(x), backend)

    def test_convolution(self, backend: str) -> None:
        from scipy import signal

        arrays = SAMPLES, SAMPLES[:5, :2]
        assert_same(signal.fftconvolve(*tensors(*arrays)), signal.fftconvolve(*arrays), backend)

    def test_root(self, backend: str) -> None:
        from scipy.optimize.elementwise import find_root

        def function(x: Any, c: Any) -> Any:
            return x**3 - c

        low, high, c = numpy.zeros(2), numpy.full(2, 10.0), numpy.asarray([1.0, 8.0])
        # The fewer steps, the fewer shapes for JAX to compile.
        options = {"tolerances": {"xatol": 1e-3}}
        wanted = find_root(function, (low, high), args=(c,), **options)
        start, end, k = tensors(low, high, c)
        found = find_root(function, (start, end), args=(k,), **options)
        assert_same([found.x, found.success, found.nfev], [wanted.x, wanted.success, wanted.nfev], backend)

    def test_derivative(self, backend: str) -> None:
        from scipy.differentiate import derivative

        options = {"order": 4, "tolerances": {"rtol": 1e-4}}
        wanted = derivative(numpy.exp, POSITIVE, **options)
        (x,) = tensors(POSITIVE)
        found = derivative(tp.exp, x, **options)
        assert_same([found.df, found.success], [wanted.df, wanted.success], backend)

    def test_rotation(self, backend: str) -> None:
        rotation = pytest.importorskip("scipy.spatial.transform").Rotation
        vectors = SAMPLES[:5, :3]
        wanted = rotation.from_rotvec(vectors)
        (x,) = tensors(vectors)
        found = rotation.from_rotvec(x)
        assert_same(found.as_matrix(), wanted.as_matrix(), backend)
        assert_same(found.as_quat(), wanted.as_quat(), backend)
        assert_same((found * found.inv()).magnitude(), (wanted * wanted.inv()).magnitude(), backend)
        assert_same(found.apply(x[0]), wanted.apply(vectors[0]), backend)


class TestXarray:
    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        self.xarray = pytest.importorskip("xarray", reason="xarray is in the test extra")

    @pytest.mark.parametrize(
        "call",
        [
            lambda xr, x: x * 2 + x.isel(a=0) - 1.5,
            lambda xr, x: -x / (x * x),
            lambda xr, x: x > 0,
            lambda xr, x: x.sum("a", skipna=False),
            lambda xr, x: x.mean(skipna=False),
            lambda xr, x: x.std("b", skipna=False),
            lambda xr, x: x.max("b", skipna=False),
            lambda xr, x: x.isel(a=[2, 0], b=slice(None, None, 2)),
            lambda xr, x: x.transpose("b", "a"),
            lambda xr, x: xr.concat([x, x], dim="a"),
            lambda xr, x: xr.concat([x, x], dim="c"),
            lambda xr, x: xr.where(x > 0, x, 0.0),
            lambda xr, x: x.astype("float32"),
            lambda xr, x: x.expand_dims("c"),
        ],
        ids="plus times greater sum mean std max isel transpose concat stack where astype expand_dims".split(),
    )
    def test_arrays(self, backend: str, call: Callable[..., Any]) -> None:
        wanted = call(self.xarray, self.xarray.DataArray(SAMPLES, dims=("a", "b")))
        found = call(self.xarray, self.xarray.DataArray(*tensors(SAMPLES), dims=("a", "b")))
        assert found.dims == wanted.dims
        assert_same(found.data, wanted.data, backend)

    @pytest.mark.parametrize("name", "sum prod mean std var max min median argmax argmin count cumsum".split())
    def test_reductions_without_nan(self, backend: str, name: str) -> None:
        samples = numpy.where(SAMPLES > 4.0, numpy.nan, SAMPLES)
        wanted, found = (
            getattr(self.xarray.DataArray(x, dims=("a", "b")), name)("a") for x in (samples, *tensors(samples))
        )
        assert found.dims == wanted.dims
        assert_same(found.data, wanted.data, backend)

    def test_groups(self, backend: str) -> None:
        wanted, found = (
            self.xarray.DataArray(x, dims=("a", "b"), coords={"x": ("a", CLASSES)}).groupby("x").mean()
            for x in (SAMPLES, *tensors(SAMPLES))
        )
        assert_same(found.data, wanted.data, backend)

    def test_attributes_by_which_it_knows_an_array(self, backend: str) -> None:
        # Some Python versions read them, rather than look whether they are there.
        x = tp.ones(2)
        assert (x.real.tolist(), x.imag.tolist()) == ([1.0, 1.0], [0.0, 0.0])


class TestEinops:
    @pytest.mark.parametrize(
        "call",
        [
            lambda einops, x: einops.rearrange(x, "(h i) w -> w h i", i=5),
            lambda einops, x: einops.rearrange(x, "h w -> (w h)"),
            lambda einops, x: einops.reduce(x, "(h 2) w -> h w", "max"),
            lambda einops, x: einops.reduce(x, "h w -> w", "mean"),
            lambda einops, x: einops.reduce(x, "h w -> h 1", "sum"),
            lambda einops, x: einops.repeat(x, "h w -> h r w", r=2),
            lambda einops, x: einops.pack([x, x], "h * w")[0],
            lambda einops, x: einops.unpack(x, [(1,), (3, 1)], "h *"),
        ],
        ids="rearrange flatten max mean sum repeat pack unpack".split(),
    )
    def test_functions(self, backend: str, call: Callable[..., Any]) -> None:
        einops = pytest.importorskip("einops.array_api", reason="einops is in the test extra")
        assert_same(call(einops, *tensors(SAMPLES)), call(einops, SAMPLES), backend)


VALUES = numpy.asarray([[3.0, -1.0, 2.0], [0.5, 2.0, -1.0]])
GAPS = numpy.asarray([[3.0, numpy.nan, 2.0], [numpy.inf, 2.0, -1.0]])
WHOLE = numpy.asarray([3, 1, 1, 0])

EXTRA: dict[str, tuple[Callable[..., Any], tuple[numpy.ndarray, ...]]] = {
    "angle": (lambda xpx, x: xpx.angle(x), (VALUES + 1j,)),
    "apply_where": (lambda xpx, x: xpx.apply_where(x > 0, x, lambda y: y**0.5, fill_value=0.0), (VALUES,)),
    "atleast_nd": (lambda xpx, x: xpx.atleast_nd(x, ndim=3), (VALUES,)),
    "at-add": (lambda xpx, x: xpx.at(x)[0, :].add(1.0, copy=True), (VALUES,)),
    "at-max": (lambda xpx, x: xpx.at(x, x < 0).max(-0.5, copy=True), (VALUES,)),
    "at-set": (lambda xpx, x: xpx.at(x)[:, 1].set(7.0, copy=True), (VALUES,)),
    "cov": (lambda xpx, x: xpx.cov(x), (VALUES,)),
    "create_diagonal": (lambda xpx, x: xpx.create_diagonal(x, offset=1), (VALUES,)),
    "deg2rad": (lambda xpx, x: xpx.deg2rad(x), (VALUES,)),
    "isclose": (lambda xpx, x: xpx.isclose(x, x + 1e-9), (VALUES,)),
    "isin": (lambda xpx, x, y: xpx.isin(x, y), (WHOLE, numpy.asarray([1, 2]))),
    "kron": (lambda xpx, x, y: xpx.kron(x, y), (VALUES, VALUES)),
    "lazy_apply": (lambda xpx, x: xpx.lazy_apply(numpy.cbrt, x, as_numpy=True), (VALUES,)),
    "nan_to_num": (lambda xpx, x: xpx.nan_to_num(x, fill_value=0.0), (GAPS,)),
    "nanmax": (lambda xpx, x: xpx.nanmax(x, axis=1), (GAPS,)),
    "nanmean": (lambda xpx, x: xpx.nanmean(x, axis=0), (GAPS,)),
    "nanmin": (lambda xpx, x: xpx.nanmin(x), (GAPS,)),
    "nansum": (lambda xpx, x: xpx.nansum(x, axis=0), (GAPS,)),
    "nunique": (lambda xpx, x: xpx.nunique(x), (WHOLE,)),
    "one_hot": (lambda xpx, x: xpx.one_hot(x, 4, dtype=x.dtype), (WHOLE,)),
    "pad": (lambda xpx, x: xpx.pad(x, ((1, 0), (0, 2)), constant_values=1.5), (VALUES,)),
    "partition": (lambda xpx, x: xpx.partition(x, 1, axis=None), (VALUES,)),
    "rad2deg": (lambda xpx, x: xpx.rad2deg(x), (VALUES,)),
    "searchsorted": (lambda xpx, x, y: xpx.searchsorted(x, y), (numpy.arange(4), WHOLE)),
    "setdiff1d": (lambda xpx, x, y: xpx.setdiff1d(x, y), (WHOLE, numpy.asarray([1, 2]))),
    "sinc": (lambda xpx, x: xpx.sinc(x), (VALUES,)),
    "union1d": (lambda xpx, x, y: xpx.union1d(x, y), (WHOLE, numpy.asarray([1, 2]))),
    "unravel_index": (lambda xpx, x: xpx.unravel_index(x, (2, 2)), (WHOLE,)),
}


class TestArrayAPIExtra:
    @pytest.mark.parametrize("name", sorted(EXTRA))
    def test_functions(self, backend: str, name: str) -> None:
        extra = pytest.importorskip("array_api_extra", "0.9", reason="array-api-extra is in the test extra")
        call, arrays = EXTRA[name]
        assert_same(call(extra, *tensors(*arrays)), call(extra, *arrays), backend)

    @pytest.mark.parametrize("name", ["diag_indices", "tril_indices", "triu_indices"])
    def test_indices(self, backend: str, name: str) -> None:
        extra = pytest.importorskip("array_api_extra", "0.9", reason="array-api-extra is in the test extra")
        assert_same(getattr(extra, name)(3, xp=tp), getattr(extra, name)(3, xp=numpy), backend)


class TestMatplotlib:
    @pytest.fixture
    def axes(self) -> Any:
        figure = pytest.importorskip("matplotlib.figure", reason="matplotlib is in the test extra")
        return figure.Figure().subplots()

    def test_lines(self, backend: str, axes: Any) -> None:
        (line,) = axes.plot(*tensors(POSITIVE, UNIT))
        numpy.testing.assert_array_equal(line.get_xydata(), numpy.stack([POSITIVE, UNIT], axis=1))
        assert len(axes.plot(*tensors(SAMPLES))) == 4

    def test_points(self, backend: str, axes: Any) -> None:
        x, y, color = tensors(POSITIVE, UNIT, POSITIVE)
        points = axes.scatter(x, y, c=color, s=x)
        numpy.testing.assert_array_equal(points.get_offsets(), numpy.stack([POSITIVE, UNIT], axis=1))
        numpy.testing.assert_array_equal(points.get_array(), POSITIVE)

    def test_histogram(self, backend: str, axes: Any) -> None:
        (x,) = tensors(TARGET)
        counts, edges, _ = axes.hist(x, bins=5)
        wanted = numpy.histogram(TARGET, bins=5)
        numpy.testing.assert_array_equal(counts, wanted[0])
        numpy.testing.assert_array_equal(edges, wanted[1])

    def test_image(self, backend: str, axes: Any) -> None:
        image = axes.imshow(*tensors(SAMPLES))
        numpy.testing.assert_array_equal(image.get_array(), SAMPLES)


class TestPandas:
    """pandas stores NumPy arrays: it takes tensors and does not give them back."""

    def test_columns(self, backend: str) -> None:
        pandas = pytest.importorskip("pandas", reason="pandas is in the test extra")
        x, y, table = tensors(POSITIVE, WHOLE, SAMPLES)
        frame = pandas.DataFrame({"x": x, "y": y})
        wanted = pandas.DataFrame({"x": POSITIVE, "y": WHOLE})
        pandas.testing.assert_frame_equal(frame, wanted)
        pandas.testing.assert_frame_equal(pandas.DataFrame(table), pandas.DataFrame(SAMPLES))
        pandas.testing.assert_series_equal(pandas.Series(x), pandas.Series(POSITIVE))
        frame["y"] = x
        pandas.testing.assert_series_equal(frame["y"], pandas.Series(POSITIVE, name="y"))
