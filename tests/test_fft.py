"""Fourier transforms: NumPy's values on every backend, and the same errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp

NORMS = ("backward", "ortho", "forward")

REAL = numpy.cos(numpy.arange(60.0) ** 2).reshape(3, 4, 5)
COMPLEX = REAL + 1j * numpy.sin(3 * REAL)

OF_REAL = ("ihfft", "rfft", "rfftn")


def operand(name: str) -> numpy.ndarray:
    return REAL if name in OF_REAL else COMPLEX


def assert_same(found: tp.Tensor, wanted: numpy.ndarray) -> None:
    assert (found.dtype.name, found.shape) == (wanted.dtype.name, wanted.shape)
    eps = numpy.finfo(wanted.dtype).eps
    numpy.testing.assert_allclose(numpy.asarray(found), wanted, rtol=0, atol=100 * eps)


@pytest.mark.parametrize("name", ["fft", "hfft", "ifft", "ihfft", "irfft", "rfft"])
@pytest.mark.parametrize(
    ("n", "axis", "norm"),
    [(None, -1, "backward"), (3, 1, "ortho"), (8, 0, "forward")],
)
def test_along_one_axis(backend: str, name: str, n: int | None, axis: int, norm: Any) -> None:
    x = operand(name)
    wanted = getattr(numpy.fft, name)(x, n, axis, norm)
    function = getattr(tp.fft, name)
    assert_same(function(tp.asarray(x), n=n, axis=axis, norm=norm), wanted)
    assert_same(function(tp.asarray(x), n, axis, norm), wanted)
    assert_same(function(tp.asarray(x), n, dim=axis, norm=norm), wanted)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "irfftn", "rfftn"])
@pytest.mark.parametrize(("s", "axes", "norm"), [(None, None, "backward"), ((2, 6), (2, 0), "ortho")])
def test_along_several_axes(backend: str, name: str, s: Any, axes: Any, norm: Any) -> None:
    x = operand(name)
    wanted = getattr(numpy.fft, name)(x, s, axes, norm)
    function = getattr(tp.fft, name)
    assert_same(function(tp.asarray(x), s=s, axes=axes, norm=norm), wanted)
    assert_same(function(tp.asarray(x), s, axes, norm), wanted)


def test_lengths_of_minus_one_are_the_axes_own(backend: str) -> None:
    x = tp.asarray(COMPLEX)
    assert tp.fft.fftn(x, s=(-1, 2), axes=(0, 1)).shape == (3, 2, 5)
    assert tp.fft.irfftn(x, s=(2, -1), axes=(0, 1)).shape == (2, 6, 5)
    assert tp.fft.fftn(x, s=(2, 3)).shape == (3, 2, 3)


def test_more_axes_than_libraries_transform_at_once(backend: str) -> None:
    x = numpy.arange(32.0).reshape(2, 2, 2, 2, 2)
    assert_same(tp.fft.fftn(tp.asarray(x)), numpy.fft.fftn(x))
    assert_same(tp.fft.irfftn(tp.fft.rfftn(tp.asarray(x))), x)


def test_of_no_axes(backend: str) -> None:
    x = tp.tensor(1.5)
    assert tp.fft.fftn(x).item() == 1.5 + 0j
    assert tp.fft.ifftn(tp.ones(2), axes=()).dtype is tp.complex64
    assert tp.fft.fft(tp.zeros(0, 3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("dtype", "whole", "real"),
    [
        ("float32", "complex64", "float32"),
        ("float64", "complex128", "float64"),
        ("float16", "complex64", "float32"),
        ("int64", "complex64", "float32"),
        ("bool", "complex64", "float32"),
    ],
)
def test_dtypes(backend: str, dtype: str, whole: str, real: str) -> None:
    x = tp.asarray([1, 0, 1], dtype=dtype)
    found = [tp.fft.fft(x), tp.fft.rfft(x), tp.fft.ihfft(x), tp.fft.irfft(x), tp.fft.hfft(x)]
    assert [y.dtype.name for y in found] == [whole, whole, whole, real, real]


def test_imaginary_parts_that_stand_for_nothing(backend: str) -> None:
    x = tp.tensor([1 + 1j, 2 + 2j, 3 + 3j])
    kept = tp.tensor([1 + 0j, 2 + 2j, 3 + 0j])
    assert tp.fft.irfft(x).tolist() == tp.fft.irfft(kept).tolist()


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_frequencies(backend: str, n: int) -> None:
    assert_same(tp.fft.fftfreq(n, d=0.3, dtype=tp.float64), numpy.fft.fftfreq(n, 0.3))
    assert_same(tp.fft.rfftfreq(n, d=0.3, dtype=tp.float64), numpy.fft.rfftfreq(n, 0.3))
    assert tp.fft.fftfreq(n).dtype is tp.float32
    assert tp.fft.rfftfreq(n, device="numpy:cpu").backend == "numpy"


@pytest.mark.parametrize("axes", [None, 0, (-1,), (1, 2), ()])
def test_shifts(backend: str, axes: Any) -> None:
    x = tp.asarray(REAL)
    shifted = tp.fft.fftshift(x, axes=axes)
    assert_same(shifted, numpy.fft.fftshift(REAL, axes))
    assert_same(tp.fft.ifftshift(x, axes=axes), numpy.fft.ifftshift(REAL, axes))
    assert_same(tp.fft.ifftshift(shifted, axes), REAL)


ERRORS: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (ValueError, r"fft.fft: got a transform of length 0, wanted at least 1", lambda: tp.fft.fft(tp.ones(3), n=0)),
    (ValueError, r"fft.rfft: got a transform of length 0", lambda: tp.fft.rfft(tp.ones(3, 0))),
    (ValueError, r"fft.irfft: got a transform of length 0", lambda: tp.fft.irfft(tp.ones(1))),
    (ValueError, r"fft.fftn: got a transform of length -2", lambda: tp.fft.fftn(tp.ones(3), s=(-2,), axes=(0,))),
    (TypeError, r"fft.fft: .* is an integer, got float", lambda: tp.fft.fft(tp.ones(3), n=2.0)),
    (ValueError, r"fft.fft: got norm 'unit', wanted one of", lambda: tp.fft.fft(tp.ones(3), norm="unit")),
    (IndexError, r"fft.fft: axis 1 is out of range", lambda: tp.fft.fft(tp.ones(3), axis=1)),
    (IndexError, r"fft.rfft: axis -1 is out of range", lambda: tp.fft.rfft(tp.tensor(1.0))),
    (IndexError, r"fft.fftshift: axis 1 is out of range", lambda: tp.fft.fftshift(tp.ones(3), axes=1)),
    (ValueError, r"fft.fftn: axis \(0, 0\) names an axis twice", lambda: tp.fft.fftn(tp.ones(3), axes=(0, 0))),
    (ValueError, r"fft.fftn: got lengths \(2,\) for axes \(0, 1\)", lambda: tp.fft.fftn(tp.ones(3, 3), (2,), (0, 1))),
    (ValueError, r"fft.rfftn: got no axes", lambda: tp.fft.rfftn(tp.ones(3), axes=())),
    (TypeError, r"fft.rfft: got tensorplug.complex64", lambda: tp.fft.rfft(tp.tensor([1j]))),
    (TypeError, r"fft.ihfft: got tensorplug.complex64", lambda: tp.fft.ihfft(tp.tensor([1j]))),
    (TypeError, r"fft.fft: got list", lambda: tp.fft.fft([1.0])),
    (ValueError, r"fft.fftfreq: got a transform of length 0", lambda: tp.fft.fftfreq(0)),
    (ValueError, r"fft.rfftfreq: got d 0", lambda: tp.fft.rfftfreq(2, d=0)),
    (TypeError, r"fft.fftfreq: got tensorplug.int32", lambda: tp.fft.fftfreq(2, dtype=tp.int32)),
]


@pytest.mark.parametrize(("error", "message", "call"), ERRORS, ids=[message for _, message, _ in ERRORS])
def test_errors(backend: str, error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()
