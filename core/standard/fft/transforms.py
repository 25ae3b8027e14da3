"""The discrete Fourier transforms.

Six have kernels and gradients: `fft`, `ifft`, `rfft` and `irfft` along one axis, `fftn` and `ifftn` along several. The
others are made of these, and what `n` and `s` ask for is cut or padded beforehand.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from ....autograd.rules.fft import REVERSED
from ...dispatch.operation import Operation, operation
from ...families.function import function
from ...memory.structure import cast, clone, embed
from ...memory.tensor import Tensor
from ...types.axes import (
    as_integer,
    normalize_axes,
    normalize_axis,
    normalize_shape,
    require_size,
)
from ...types.dtypes import (
    complex_dtype,
    real_dtype,
)
from ...types.errors import AxesError, DTypeError
from ..elementwise import conj

__all__ = ["fft", "fftn", "hfft", "ifft", "ifftn", "ihfft", "irfft", "irfftn", "rfft", "rfftn"]

_COMPLEX, _REAL = "floating-point", "real-valued floating-point"


@operation(extension="fft", accepts=_COMPLEX)
def _fft(x: Any, *, axis: int, norm: str) -> Any:
    """Complex FFT along an axis."""


@operation(extension="fft", accepts=_COMPLEX)
def _ifft(x: Any, *, axis: int, norm: str) -> Any:
    """Inverse complex FFT along an axis."""


@operation(extension="fft", accepts=_COMPLEX)
def _fftn(x: Any, *, axes: tuple[int, ...], norm: str) -> Any:
    """Complex FFT along axes."""


@operation(extension="fft", accepts=_COMPLEX)
def _ifftn(x: Any, *, axes: tuple[int, ...], norm: str) -> Any:
    """Inverse complex FFT along axes."""


@operation(extension="fft", accepts=_REAL, result="complex")
def _rfft(x: Any, *, axis: int, norm: str) -> Any:
    """FFT of real numbers along an axis: the first half of the spectrum."""


@operation(extension="fft", accepts=_COMPLEX, result="real")
def _irfft(x: Any, *, n: int, axis: int, norm: str) -> Any:
    """Inverse FFT of half a spectrum along an axis, to `n` real numbers."""


def _transformed(made: Operation, name: str, x: Tensor, n: Any, axis: Any, norm: Any) -> Tensor:
    """Transform along one axis, truncated or padded to a length."""
    x = _operand(made, name, x)
    position = normalize_axis(name, axis, x.ndim)
    length = transform_length(name, x.shape[position] if n is None else n)
    mode = norm_mode(name, norm)
    found: Tensor = made(_resize(x, {position: length}), axis=position, norm=mode)
    return found


def _of_half(name: str, x: Tensor, n: Any, axis: Any, norm: Any, conjugated: bool = False) -> Tensor:
    """Inverse FFT of half a spectrum, or of its conjugate, to real numbers."""
    x = _operand(_irfft, name, x)
    position = normalize_axis(name, axis, x.ndim)
    length = transform_length(name, 2 * (x.shape[position] - 1) if n is None else n)
    mode = norm_mode(name, norm)
    half = _resize(x, {position: length // 2 + 1})
    found: Tensor = _irfft(conj(half) if conjugated else half, n=length, axis=position, norm=mode)
    return found


def _box(name: str, x: Tensor, s: Any, axes: Any, halved: bool = False) -> dict[int, int]:
    """The lengths of a transform by the axes, in order; `halved` if the last axis holds half of what is symmetric."""
    s = None if s is None else normalize_shape(name, s)
    if axes is None:
        axes = range(-x.ndim if s is None else -len(s), 0)
    positions = normalize_axes(name, axes, x.ndim) or ()
    asked = (-1,) * len(positions) if s is None else s
    if len(asked) != len(positions):
        raise AxesError(f"{name}: got lengths {asked} for axes {positions}, wanted one for each")
    return dict(zip(positions, _lengths(name, x._array.shape, positions, asked, halved), strict=True))


@functools.lru_cache(maxsize=1024)
def _lengths(
    name: str, shape: tuple[int, ...], axes: tuple[int, ...], asked: tuple[int, ...], halved: bool
) -> list[int]:
    own = [shape[axis] for axis in axes]
    if halved and axes:
        own[-1] = 2 * (own[-1] - 1)
    return [transform_length(name, length if n == -1 else n) for length, n in zip(own, asked, strict=True)]


def _transformed_along(made: Operation, name: str, x: Tensor, s: Any, axes: Any, norm: Any) -> Tensor:
    """Complex transform along axes, truncated or padded to lengths."""
    x = _operand(made, name, x)
    lengths = _box(name, x, s, axes)
    mode = norm_mode(name, norm)
    found: Tensor = made(_resize(x, lengths), axes=tuple(lengths), norm=mode) if lengths else clone(x)
    return found


def _operand(made: Operation, name: str, x: Tensor) -> Tensor:
    """Convert a tensor to the dtype of the transform."""
    dtype = made.computing_dtype(x.dtype)
    if not made.takes(dtype):
        raise DTypeError(f"{name}: got {x.dtype}, wanted a {made.accepts} dtype")
    whole = complex_dtype(dtype)
    return cast(x, whole if made.accepts == _COMPLEX else real_dtype(whole))


def transform_length(name: str, n: Any) -> int:
    """Check the length of a transform."""
    length = as_integer(name, "the length of a transform", n)
    if length < 1:
        raise ValueError(f"{name}: got a transform of length {length}, wanted at least 1")
    require_size(name, (length,))
    return length


def norm_mode(name: str, norm: Any) -> str:
    """Check the normalisation of a transform."""
    chosen = "backward" if norm is None else norm
    if not isinstance(chosen, str) or chosen not in REVERSED:
        raise ValueError(f"{name}: got norm {norm!r}, wanted one of {', '.join(map(repr, REVERSED))}")
    return chosen


def _resize(x: Tensor, lengths: dict[int, int]) -> Tensor:
    """Truncate axes to lengths, or pad them with zeros."""
    if [x._array.shape[axis] for axis in lengths] == list(lengths.values()):
        return x
    shape = tuple(lengths.get(axis, n) for axis, n in enumerate(x.shape))
    common = tuple(slice(0, min(new, old)) for new, old in zip(shape, x.shape, strict=True))
    if any(new < old for new, old in zip(shape, x.shape, strict=True)):
        x = x[common]
    return x if x.shape == shape else embed(x, shape, common)


@function(name="fft.fft")
def fft(
    x: Tensor, /, n: int | None = None, dim: int | None = None, norm: str | None = None, *, axis: int = -1
) -> Tensor:
    """The discrete Fourier transform along an axis, ``y[k] = sum(x[j] * exp(-2i * pi * j * k / n))``.

    Parameters
    ----------
    x : Tensor
        Of a floating-point dtype. Real numbers are converted to complex ones, integers to the default dtype, and half
        types are computed in single precision.
    n : int, optional
        The length of the transform, to which the axis is cut, or padded with zeros; by default its own.
    dim
        PyTorch's spelling of `axis`.
    norm : {'backward', 'ortho', 'forward'}, default: 'backward'
        Which direction is divided by the length: the inverse, each by its square root, or this one.
    axis : int, default: -1

    Returns
    -------
    Tensor
        Of the complex dtype of that precision; the shape of `x`, but for the axis, of length `n`.

    Raises
    ------
    ValueError
        If the length is less than 1, or the norm is none of the three.
    IndexError
        If the axis is out of range.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.fft(tp.tensor([1.0, 0.0, 0.0]))
    tensor([1.+0.j, 1.+0.j, 1.+0.j], dtype=tensorplug.complex64)
    """
    return _transformed(_fft, "fft.fft", x, n, axis, norm)


@function(name="fft.ifft")
def ifft(
    x: Tensor, /, n: int | None = None, dim: int | None = None, norm: str | None = None, *, axis: int = -1
) -> Tensor:
    """The inverse of `fft`, with the same parameters, result and errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.ifft(tp.tensor([3.0, 0.0, 0.0]))
    tensor([1.+0.j, 1.+0.j, 1.+0.j], dtype=tensorplug.complex64)
    """
    return _transformed(_ifft, "fft.ifft", x, n, axis, norm)


@function(name="fft.fftn")
def fftn(
    x: Tensor,
    /,
    s: Sequence[int] | None = None,
    dim: Any = None,
    norm: str | None = None,
    *,
    axes: Any = None,
) -> Tensor:
    """The discrete Fourier transform along several axes.

    Parameters
    ----------
    x : Tensor
        As for `fft`.
    s : sequence of int, optional
        The lengths of the transform, to which the axes are cut, or padded with zeros; by default, and for -1, their
        own.
    dim
        PyTorch's spelling of `axes`.
    norm : {'backward', 'ortho', 'forward'}, default: 'backward'
        As for `fft`, with the product of the lengths.
    axes : int or sequence of int, optional
        Each once; all by default, or with `s` as many of the last ones.

    Returns
    -------
    Tensor
        Of the complex dtype of that precision; the shape of `x`, but for the axes, of lengths `s`.

    Raises
    ------
    ValueError
        If a length is less than 1, there is not one for each axis, an axis is repeated, or the norm is none of the
        three.
    IndexError
        If an axis is out of range.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.fftn(tp.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]], dtype=tensorplug.complex64)
    """
    return _transformed_along(_fftn, "fft.fftn", x, s, axes, norm)


@function(name="fft.ifftn")
def ifftn(
    x: Tensor,
    /,
    s: Sequence[int] | None = None,
    dim: Any = None,
    norm: str | None = None,
    *,
    axes: Any = None,
) -> Tensor:
    """The inverse of `fftn`, with the same parameters, result and errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.ifftn(tp.tensor([[4.0, 0.0], [0.0, 0.0]]))
    tensor([[1.+0.j, 1.+0.j],
            [1.+0.j, 1.+0.j]], dtype=tensorplug.complex64)
    """
    return _transformed_along(_ifftn, "fft.ifftn", x, s, axes, norm)


@function(name="fft.rfft")
def rfft(
    x: Tensor, /, n: int | None = None, dim: int | None = None, norm: str | None = None, *, axis: int = -1
) -> Tensor:
    """The discrete Fourier transform of real numbers along an axis: the first half of the symmetric spectrum.

    Parameters
    ----------
    x : Tensor
        Of a real-valued floating-point dtype; integers and half types as for `fft`.
    n, dim, norm, axis
        As for `fft`.

    Returns
    -------
    Tensor
        Of the complex dtype of that precision; the shape of `x`, but for the axis, of length ``n // 2 + 1``.

    Raises
    ------
    ValueError, IndexError, TypeError
        As for `fft`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.rfft(tp.tensor([1.0, 0.0, 0.0]))
    tensor([1.+0.j, 1.+0.j], dtype=tensorplug.complex64)
    """
    return _transformed(_rfft, "fft.rfft", x, n, axis, norm)


@function(name="fft.irfft")
def irfft(
    x: Tensor, /, n: int | None = None, dim: int | None = None, norm: str | None = None, *, axis: int = -1
) -> Tensor:
    """The inverse of `rfft`.

    Parameters
    ----------
    x : Tensor
        As for `fft`. The imaginary parts of its first element, and of its last for an even `n`, count for nothing.
    n : int, optional
        The length of the result, for which the axis is cut to ``n // 2 + 1`` elements, or padded with zeros; by default
        ``2 * (m - 1)`` where `m` is its own.
    dim, norm, axis
        As for `fft`.

    Returns
    -------
    Tensor
        Of the real dtype of that precision; the shape of `x`, but for the axis, of length `n`.

    Raises
    ------
    ValueError, IndexError, TypeError
        As for `fft`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.irfft(tp.tensor([1.0, 1.0]), n=3)
    tensor([1., 0., 0.])
    """
    return _of_half("fft.irfft", x, n, axis, norm)


@function(name="fft.rfftn")
def rfftn(
    x: Tensor,
    /,
    s: Sequence[int] | None = None,
    dim: Any = None,
    norm: str | None = None,
    *,
    axes: Any = None,
) -> Tensor:
    """The discrete Fourier transform of real numbers along several axes: `rfft` along the last, `fft` along the others.

    Parameters
    ----------
    x : Tensor
        As for `rfft`.
    s, dim, norm, axes
        As for `fftn`, but for at least one axis.

    Returns
    -------
    Tensor
        Of the complex dtype of that precision; the shape of `x`, but for the axes, of lengths `s`, the last of length
        ``s[-1] // 2 + 1``.

    Raises
    ------
    ValueError, IndexError, TypeError
        As for `fftn`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.rfftn(tp.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]], dtype=tensorplug.complex64)
    """
    x = _operand(_rfft, "fft.rfftn", x)
    lengths = _box("fft.rfftn", x, s, axes)
    mode = norm_mode("fft.rfftn", norm)
    *others, last = _require_axes("fft.rfftn", lengths)
    half: Tensor = _rfft(_resize(x, lengths), axis=last, norm=mode)
    return _fftn(half, axes=tuple(others), norm=mode) if others else half


@function(name="fft.irfftn")
def irfftn(
    x: Tensor,
    /,
    s: Sequence[int] | None = None,
    dim: Any = None,
    norm: str | None = None,
    *,
    axes: Any = None,
) -> Tensor:
    """The inverse of `rfftn`.

    Parameters
    ----------
    x : Tensor
        As for `irfft`.
    s : sequence of int, optional
        The lengths of the result, as for `fftn`; along the last axis, as `n` of `irfft`.
    dim, norm, axes
        As for `rfftn`.

    Returns
    -------
    Tensor
        Of the real dtype of that precision; the shape of `x`, but for the axes, of lengths `s`.

    Raises
    ------
    ValueError, IndexError, TypeError
        As for `fftn`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.irfftn(tp.tensor([[4.0, 0.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [1., 1.]])
    """
    x = _operand(_irfft, "fft.irfftn", x)
    lengths = _box("fft.irfftn", x, s, axes, halved=True)
    mode = norm_mode("fft.irfftn", norm)
    *others, last = _require_axes("fft.irfftn", lengths)
    half = _resize(x, {**lengths, last: lengths[last] // 2 + 1})
    half = _ifftn(half, axes=tuple(others), norm=mode) if others else half
    found: Tensor = _irfft(half, n=lengths[last], axis=last, norm=mode)
    return found


def _require_axes(name: str, axes: Iterable[int]) -> tuple[int, ...]:
    found = tuple(axes)
    if not found:
        raise AxesError(f"{name}: got no axes, wanted at least one")
    return found


@function(name="fft.hfft")
def hfft(
    x: Tensor, /, n: int | None = None, dim: int | None = None, norm: str | None = None, *, axis: int = -1
) -> Tensor:
    """The discrete Fourier transform of a Hermitian-symmetric signal, given by its first half.

    Parameters and errors are those of `irfft`.

    Returns
    -------
    Tensor
        Of the real dtype of that precision; the shape of `x`, but for the axis, of length `n`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.hfft(tp.tensor([1.0, 1.0]), n=3)
    tensor([3., 0., 0.])
    """
    return _of_half("fft.hfft", x, n, axis, REVERSED[norm_mode("fft.hfft", norm)], conjugated=True)


@function(name="fft.ihfft")
def ihfft(
    x: Tensor, /, n: int | None = None, dim: int | None = None, norm: str | None = None, *, axis: int = -1
) -> Tensor:
    """The inverse of `hfft`. Parameters and errors are those of `rfft`.

    Returns
    -------
    Tensor
        Of the complex dtype of that precision; the shape of `x`, but for the axis, of length ``n // 2 + 1``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.ihfft(tp.tensor([3.0, 0.0, 0.0]))
    tensor([1.-0.j, 1.-0.j], dtype=tensorplug.complex64)
    """
    return conj(_transformed(_rfft, "fft.ihfft", x, n, axis, REVERSED[norm_mode("fft.ihfft", norm)]))
