"""Fourier transforms (array API standard 2025.12, "Fourier transform Functions").

Six have kernels and gradients: `fft`, `ifft`, `rfft` and `irfft` along one axis, `fftn` and `ifftn` along several. The
others are made of these, and what `n` and `s` ask for is cut or padded beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from ...autograd.rules.fft import REVERSED
from ..dispatch.legacy import legacy
from ..dispatch.operation import Operation
from ..dispatch.registry import OPERATIONS
from ..memory.structure import cast, clone, embed
from ..memory.tensor import Tensor
from ..types.axes import (
    as_integer,
    normalize_axes,
    normalize_axis,
    normalize_shape,
    require_size,
)
from ..types.dtypes import (
    DType,
    as_dtype,
    complex_dtype,
    get_default_dtype,
    real_dtype,
)
from ..types.errors import AxesError, DTypeError, unsupported
from .creation import asarray
from .elementwise import conj
from .manipulation import roll

__all__ = [
    "fft",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfftn",
    "rfft",
    "rfftfreq",
    "rfftn",
]

_COMPLEX, _REAL = "floating-point", "real-valued floating-point"


def _kernel(name: str, accepts: str, result: str = "same") -> Operation:
    return legacy(f"fft.{name}", family="transform", operands=("x",), accepts=accepts, result=result)


def _composite(name: str, accepts: str) -> Operation:
    return legacy(f"fft.{name}", family="composite", operands=("x",), accepts=accepts)


_fft, _ifft, _fftn, _ifftn = (_kernel(name, _COMPLEX) for name in ("fft", "ifft", "fftn", "ifftn"))
_rfft = _kernel("rfft", _REAL, "complex")
_irfft = _kernel("irfft", _COMPLEX, "real")
_hfft = _composite("hfft", _COMPLEX)
_ihfft = _composite("ihfft", _REAL)
_rfftn = _composite("rfftn", _REAL)
_irfftn = _composite("irfftn", _COMPLEX)
_fftshift = _composite("fftshift", "all")
_ifftshift = _composite("ifftshift", "all")


class _Line(NamedTuple):
    """What a transform along one axis was asked for."""

    x: Tensor
    length: int
    axis: int
    norm: str


class _Box(NamedTuple):
    """What a transform along several axes was asked for."""

    x: Tensor
    lengths: dict[int, int]
    axes: tuple[int, ...]
    norm: str


def _line(operation: Operation, x: Tensor, n: Any, axis: Any, norm: Any, halved: bool = False) -> _Line:
    """The arguments of a transform along one axis, checked; `halved` if the axis holds half of what is symmetric."""
    name = operation.name
    x = _operand(operation, x)
    position = normalize_axis(name, axis, x.ndim)
    own = x.shape[position]
    length = _length(name, (2 * (own - 1) if halved else own) if n is None else n)
    return _Line(x, length, position, _norm(name, norm))


def _box(operation: Operation, x: Tensor, s: Any, axes: Any, norm: Any, halved: bool = False) -> _Box:
    """The same along several; `halved` if the last of them is."""
    name = operation.name
    x = _operand(operation, x)
    s = None if s is None else normalize_shape(name, s)
    if axes is None:
        axes = range(-x.ndim if s is None else -len(s), 0)
    positions = normalize_axes(name, axes, x.ndim) or ()
    asked = (-1,) * len(positions) if s is None else s
    if len(asked) != len(positions):
        raise AxesError(f"{name}: got lengths {asked} for axes {positions}, wanted one for each")
    own = {axis: x.shape[axis] for axis in positions}
    if halved and positions:
        own[positions[-1]] = 2 * (own[positions[-1]] - 1)
    lengths = {axis: _length(name, own[axis] if n == -1 else n) for axis, n in zip(positions, asked, strict=True)}
    return _Box(x, lengths, positions, _norm(name, norm))


def _operand(operation: Operation, x: Any) -> Tensor:
    """The tensor in the dtype in which it is transformed."""
    if type(x) is not Tensor:
        raise unsupported(operation.name, x)
    dtype = operation.computing_dtype(x.dtype)
    if not operation.takes(dtype):
        raise DTypeError(f"{operation.name}: got {x.dtype}, wanted a {operation.accepts} dtype")
    whole = complex_dtype(dtype)
    return cast(x, whole if operation.accepts == _COMPLEX else real_dtype(whole))


def _length(name: str, n: Any) -> int:
    length = as_integer(name, "the length of a transform", n)
    if length < 1:
        raise ValueError(f"{name}: got a transform of length {length}, wanted at least 1")
    require_size(name, (length,))
    return length


def _norm(name: str, norm: Any) -> str:
    chosen = "backward" if norm is None else norm
    if not isinstance(chosen, str) or chosen not in REVERSED:
        raise ValueError(f"{name}: got norm {norm!r}, wanted one of {', '.join(map(repr, REVERSED))}")
    return chosen


def _resize(x: Tensor, lengths: dict[int, int]) -> Tensor:
    """The tensor with axes cut to lengths, or padded with zeros at their ends."""
    shape = tuple(lengths.get(axis, n) for axis, n in enumerate(x.shape))
    common = tuple(slice(0, min(new, old)) for new, old in zip(shape, x.shape, strict=True))
    if any(new < old for new, old in zip(shape, x.shape, strict=True)):
        x = x[common]
    return x if x.shape == shape else embed(x, shape, common)


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
    line = _line(_fft, x, n, axis if dim is None else dim, norm)
    return _fft(_resize(line.x, {line.axis: line.length}), axis=line.axis, norm=line.norm)


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
    line = _line(_ifft, x, n, axis if dim is None else dim, norm)
    return _ifft(_resize(line.x, {line.axis: line.length}), axis=line.axis, norm=line.norm)


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
        If a length is less than 1, there is not one for each axis, an axis is named twice, or the norm is none of the
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
    box = _box(_fftn, x, s, axes if dim is None else dim, norm)
    return _fftn(_resize(box.x, box.lengths), axes=box.axes, norm=box.norm) if box.axes else clone(box.x)


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
    box = _box(_ifftn, x, s, axes if dim is None else dim, norm)
    return _ifftn(_resize(box.x, box.lengths), axes=box.axes, norm=box.norm) if box.axes else clone(box.x)


def rfft(
    x: Tensor, /, n: int | None = None, dim: int | None = None, norm: str | None = None, *, axis: int = -1
) -> Tensor:
    """The discrete Fourier transform of real numbers along an axis: the half of it from which the other follows.

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
    line = _line(_rfft, x, n, axis if dim is None else dim, norm)
    return _rfft(_resize(line.x, {line.axis: line.length}), axis=line.axis, norm=line.norm)


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
    line = _line(_irfft, x, n, axis if dim is None else dim, norm, halved=True)
    half = _resize(line.x, {line.axis: line.length // 2 + 1})
    return _irfft(half, n=line.length, axis=line.axis, norm=line.norm)


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
    box = _box(_rfftn, x, s, axes if dim is None else dim, norm)
    others, last = _split(_rfftn, box.axes)
    half = _rfft(_resize(box.x, box.lengths), axis=last, norm=box.norm)
    return _fftn(half, axes=others, norm=box.norm) if others else half


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
    box = _box(_irfftn, x, s, axes if dim is None else dim, norm, halved=True)
    others, last = _split(_irfftn, box.axes)
    half = _resize(box.x, {**box.lengths, last: box.lengths[last] // 2 + 1})
    half = _ifftn(half, axes=others, norm=box.norm) if others else half
    return _irfft(half, n=box.lengths[last], axis=last, norm=box.norm)


def _split(operation: Operation, axes: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """All axes but the last, and the last."""
    if not axes:
        raise AxesError(f"{operation.name}: got no axes, wanted at least one")
    return axes[:-1], axes[-1]


def hfft(
    x: Tensor, /, n: int | None = None, dim: int | None = None, norm: str | None = None, *, axis: int = -1
) -> Tensor:
    """The discrete Fourier transform of numbers that are their own conjugates reversed, given by half of them.

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
    line = _line(_hfft, x, n, axis if dim is None else dim, norm, halved=True)
    half = _resize(line.x, {line.axis: line.length // 2 + 1})
    return _irfft(conj(half), n=line.length, axis=line.axis, norm=REVERSED[line.norm])


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
    line = _line(_ihfft, x, n, axis if dim is None else dim, norm)
    whole = _resize(line.x, {line.axis: line.length})
    return conj(_rfft(whole, axis=line.axis, norm=REVERSED[line.norm]))


def fftfreq(n: int, /, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequencies at which `fft` gives the spectrum: 0, 1, ..., then the negative ones up to -1, over ``d * n``.

    Parameters
    ----------
    n : int
        The length of the transform.
    d : float, default: 1.0
        The spacing of the samples.
    dtype : dtype, optional
        Real-valued floating-point; the default float by default.
    device : device, optional

    Returns
    -------
    Tensor, shape (n,)

    Raises
    ------
    ValueError
        If `n` is less than 1 or `d` is 0.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    length = _length("fft.fftfreq", n)
    steps = numpy.concatenate([numpy.arange((length + 1) // 2), numpy.arange(-(length // 2), 0)])
    return _frequencies("fft.fftfreq", steps, length, d, dtype, device, requires_grad)


def rfftfreq(
    n: int, /, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The frequencies at which `rfft` gives the spectrum: 0, 1, ..., ``n // 2``, over ``d * n``.

    Parameters and errors are those of `fftfreq`.

    Returns
    -------
    Tensor, shape (n // 2 + 1,)

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    length = _length("fft.rfftfreq", n)
    steps = numpy.arange(length // 2 + 1)
    return _frequencies("fft.rfftfreq", steps, length, d, dtype, device, requires_grad)


def _frequencies(
    name: str, steps: numpy.ndarray, n: int, d: Any, dtype: Any, device: Any, requires_grad: bool
) -> Tensor:
    chosen: DType = get_default_dtype() if dtype is None else as_dtype(dtype)
    if chosen.kind != "f":
        raise DTypeError(f"{name}: got {chosen}, wanted a real-valued floating-point dtype")
    if d == 0:
        raise ValueError(f"{name}: got d 0, wanted another spacing")
    return asarray(steps / (n * d), dtype=chosen, device=device, requires_grad=requires_grad)


def fftshift(x: Tensor, /, dim: Any = None, *, axes: Any = None) -> Tensor:
    """The spectrum with the zero frequency moved from the start of each axis to its middle.

    Parameters
    ----------
    x : Tensor
    dim
        PyTorch's spelling of `axes`.
    axes : int or sequence of int, optional
        All by default.

    Returns
    -------
    Tensor
        Of the same dtype and shape.

    Raises
    ------
    ValueError
        If an axis is named twice.
    IndexError
        If an axis is out of range.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.fftshift(tp.fft.fftfreq(4))
    tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """
    return _shift("fft.fftshift", x, axes if dim is None else dim, 0)


def ifftshift(x: Tensor, /, dim: Any = None, *, axes: Any = None) -> Tensor:
    """The inverse of `fftshift`, with the same parameters and errors; on axes of odd length they differ.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.ifftshift(tp.tensor([-1, 0, 1]))
    tensor([ 0,  1, -1])
    """
    return _shift("fft.ifftshift", x, axes if dim is None else dim, 1)


def _shift(name: str, x: Tensor, axes: Any, odd: int) -> Tensor:
    """The tensor rolled by half of each axis, on axes of odd length by `odd` more."""
    if type(x) is not Tensor:
        raise unsupported(name, x)
    positions = normalize_axes(name, range(x.ndim) if axes is None else axes, x.ndim) or ()
    shifts = tuple((x.shape[axis] + odd) // 2 for axis in positions)
    return roll(x, shifts, axis=positions)


_FUNCTIONS = (fft, fftn, fftshift, hfft, ifft, ifftn, ifftshift, ihfft, irfft, irfftn, rfft, rfftn)

for _function in _FUNCTIONS:
    OPERATIONS[f"fft.{_function.__name__}"].function = _function
