"""Short-time Fourier transforms, their windows, views with strides, decompositions of low rank."""

from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest
import scipy.signal

import tensorplug as tp


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("length", [0, 1, 2, 7, 12])
@pytest.mark.parametrize("name", ["bartlett", "blackman", "hamming", "hann", "kaiser"])
def test_windows_are_scipys(name: str, length: int, periodic: bool) -> None:
    found = getattr(tp, f"{name}_window")(length, periodic, dtype="float64")
    wanted = scipy.signal.get_window(("kaiser", 12.0) if name == "kaiser" else name, max(length, 1), periodic)[:length]
    numpy.testing.assert_allclose(found.numpy(), wanted, atol=1e-15)


@pytest.mark.parametrize("options", [{"normalized": True}, {"win_length": 6}, {"onesided": False}, {"hop_length": 3}])
def test_the_inverse_of_a_spectrogram(backend: str, options: dict[str, int]) -> None:
    x = tp.asarray(numpy.random.default_rng(0).standard_normal((2, 30))).requires_grad_()
    window = tp.hamming_window(options.get("win_length", 8), dtype="float64")
    spectra = tp.stft(x, 8, window=window, return_complex=True, **options)
    found = tp.istft(spectra, 8, window=window, length=27, **options)
    numpy.testing.assert_allclose(found.detach().numpy(), x.detach().numpy()[:, :27], atol=1e-14)
    (found**2).sum().backward()
    numpy.testing.assert_allclose(x.grad.numpy()[:, :24], 2 * x.detach().numpy()[:, :24], atol=1e-13)


def test_complex_signals_and_what_windows_do_not_cover(backend: str) -> None:
    random = numpy.random.default_rng(1)
    x = tp.asarray(random.standard_normal(20) + 1j * random.standard_normal(20))
    window = tp.hann_window(8, dtype="float64")
    spectra = x.stft(8, window=window)
    numpy.testing.assert_allclose(spectra[:, 2], numpy.fft.fft(x.numpy()[:8] * window.numpy()), atol=1e-14)
    numpy.testing.assert_allclose(spectra.istft(8, window=window, return_complex=True), x, atol=1e-14)
    with pytest.raises(ValueError, match="istft: windows overlap nowhere"):
        tp.istft(spectra, 8, window=window, center=False, onesided=False)
    with pytest.raises(ValueError, match="stft: wants return_complex=True"):
        tp.stft(tp.real(x), 8, window=window)
    with pytest.warns(UserWarning, match="stft: without a window"):
        tp.stft(x, 8)


def test_views_with_strides_share_memory(backend: str) -> None:
    x = tp.arange(12.0).reshape(3, 4)
    view = x[1:].as_strided((2, 3), (3, 1))
    wanted = numpy.lib.stride_tricks.as_strided(numpy.arange(4.0, 12.0), (2, 3), (24, 8))
    numpy.testing.assert_array_equal(view.numpy(), wanted)
    assert view.stride() == (3, 1)
    view.fill_(-1.0)
    assert x.tolist() == [[0.0, 1.0, 2.0, 3.0], [-1.0] * 4, [-1.0, -1.0, 10.0, 11.0]]
    x[1] = 7.0
    assert view.tolist() == [[7.0, 7.0, 7.0], [7.0, -1.0, -1.0]]
    # The offset is that in the memory, not in the view.
    assert x[1:].as_strided((2,), (2,), 5).tolist() == [7.0, 7.0]
    assert x.clone()[2:].reshape(2, 2).as_strided((2,), (1,), 10).tolist() == [10.0, 11.0]
    with pytest.raises(RuntimeError, match="more than one element"):
        x.as_strided((2, 2), (1, 1)).fill_(0.0)
    for call in (lambda: x.as_strided((13,), (1,)), lambda: x[1:].as_strided((1,), (1,), 3)):
        with pytest.raises(ValueError, match="reach beyond the tensor"):
            call()
    with pytest.raises(ValueError, match="not contiguous"):
        x.T.as_strided((1,), (1,))


def test_gradients_of_views_with_strides(backend: str) -> None:
    x = tp.arange(4.0, requires_grad=True)
    y = x * 1.0
    y.as_strided((2,), (2,)).mul_(3.0)
    (y.as_strided((3, 2), (1, 1)) * tp.arange(6.0).reshape(3, 2)).sum().backward()
    assert x.grad.tolist() == [0.0, 3.0, 21.0, 5.0]
    batch = tp.vmap(lambda row: row.as_strided((2, 2), (1, 1)))(tp.arange(6).reshape(2, 3))
    assert batch.tolist() == [[[0, 1], [1, 2]], [[3, 4], [4, 5]]]
    compiled = tp.compile(lambda row: row.as_strided((2, 2), (1, 1)) * 2)
    assert compiled(tp.arange(3)).tolist() == compiled(tp.arange(3)).tolist() == [[0, 2], [2, 4]]


FRACTIONAL = (
    [[[[36.0, 37.0, 35.0], [38.0, 39.0, 42.0], [43.0, 44.0, 42.0], [45.0, 46.0, 49.0]]]],
    [[[[8, 11, 5], [14, 17, 26], [29, 32, 26], [35, 38, 47]]]],
)
"""PyTorch's values and indices."""


def test_where_fractional_windows_lie(backend: str) -> None:
    x = tp.asarray((numpy.arange(49.0) * 17 % 50).reshape(1, 1, 7, 7))
    samples = tp.asarray([[[0.3, 0.8]]], dtype="float64")
    pool = tp.nn.functional.fractional_max_pool2d
    found, indices = pool(x, 2, output_size=(4, 3), return_indices=True, _random_samples=samples)
    assert found.tolist() == FRACTIONAL[0]
    assert indices.tolist() == FRACTIONAL[1]


def test_decompositions_of_low_rank(backend: str) -> None:
    random = numpy.random.default_rng(2)
    x = random.standard_normal((2, 5, 2)) @ random.standard_normal((2, 2, 7))
    u, s, v = tp.svd_lowrank(tp.asarray(x), q=2)
    numpy.testing.assert_allclose((u * s[:, None]) @ v.mT, x, atol=1e-13)
    numpy.testing.assert_allclose(s, numpy.linalg.svd(x)[1][:, :2])
    centred = x - x.mean(-2, keepdims=True)
    numpy.testing.assert_allclose(tp.pca_lowrank(tp.asarray(x), q=2).S, numpy.linalg.svd(centred)[1][:, :2])
    with pytest.raises(ValueError, match="svd_lowrank: got q 6 and niter 2, wanted 0 to 5"):
        tp.svd_lowrank(tp.asarray(x))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: tp.polar(x, x),
        lambda x: tp.stft(x, 8, window=x[:8], return_complex=True),
    ],
    ids=["polar", "stft"],
)
def test_complex_results_of_half_precision_are_computed_in_float32(
    function: Callable[[tp.Tensor], tp.Tensor], dtype: str, backend: str
) -> None:
    x = tp.sin(tp.arange(27.0)).to(dtype)
    assert function(x).tolist() == function(x.float()).tolist()
