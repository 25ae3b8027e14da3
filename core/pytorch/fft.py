"""Fourier transforms that PyTorch adds to the standard's: along the last two axes, and Hermitian ones along several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...autograd.rules.fft import REVERSED
from ..families.function import function
from ..memory.tensor import Tensor
from ..standard.elementwise import conj
from ..standard.fft import fftn, ifftn, irfftn, rfftn
from ..standard.fft.transforms import norm_mode

__all__ = ["fft2", "hfft2", "hfftn", "ifft2", "ihfft2", "ihfftn", "irfft2", "rfft2"]


@function(name="fft.fft2")
def fft2(x: Tensor, /, s: Sequence[int] | None = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The discrete Fourier transform along two axes: `fftn`, along the last two by default.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.fft2(tp.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]], dtype=tensorplug.complex64)
    """
    return fftn(x, s, dim, norm)


@function(name="fft.ifft2")
def ifft2(x: Tensor, /, s: Sequence[int] | None = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse of `fft2`: `ifftn`, along the last two axes by default.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.ifft2(tp.ones(2, 2))
    tensor([[1.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]], dtype=tensorplug.complex64)
    """
    return ifftn(x, s, dim, norm)


@function(name="fft.rfft2")
def rfft2(x: Tensor, /, s: Sequence[int] | None = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The discrete Fourier transform of real numbers along two axes: `rfftn`, along the last two by default.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.rfft2(tp.ones(2, 4)).shape
    (2, 3)
    """
    return rfftn(x, s, dim, norm)


@function(name="fft.irfft2")
def irfft2(x: Tensor, /, s: Sequence[int] | None = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse of `rfft2`: `irfftn`, along the last two axes by default.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.irfft2(tp.tensor([[4.0, 0.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [1., 1.]])
    """
    return irfftn(x, s, dim, norm)


@function(name="fft.hfftn")
def hfftn(x: Tensor, /, s: Sequence[int] | None = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The discrete Fourier transform of a signal with Hermitian symmetry, given by half of it, along several axes.

    It is `hfft` along the last axis and `fft` along the others. Parameters and errors are those of `irfftn`.

    Returns
    -------
    Tensor
        Of the real dtype of that precision; the shape of `x`, but for the axes, of lengths `s`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.hfftn(tp.ones(2, 2))
    tensor([[4., 0.],
            [0., 0.]])
    """
    return irfftn(conj(x), s, dim, REVERSED[norm_mode("fft.hfftn", norm)])


@function(name="fft.ihfftn")
def ihfftn(x: Tensor, /, s: Sequence[int] | None = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of `hfftn`: half of a spectrum with Hermitian symmetry. Parameters and errors are those of `rfftn`.

    Returns
    -------
    Tensor
        Of the complex dtype of that precision; the shape of `x`, but for the axes, of lengths `s`, the last of length
        ``s[-1] // 2 + 1``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.ihfftn(tp.ones(2, 4)).shape
    (2, 3)
    """
    return conj(rfftn(x, s, dim, REVERSED[norm_mode("fft.ihfftn", norm)]))


@function(name="fft.hfft2")
def hfft2(x: Tensor, /, s: Sequence[int] | None = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The discrete Fourier transform of a signal with Hermitian symmetry along two axes: `hfftn`, by default the last.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.hfft2(tp.ones(2, 2))
    tensor([[4., 0.],
            [0., 0.]])
    """
    return hfftn(x, s, dim, norm)


@function(name="fft.ihfft2")
def ihfft2(x: Tensor, /, s: Sequence[int] | None = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse of `hfft2`: `ihfftn`, along the last two axes by default.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.ihfft2(tp.ones(2, 4)).shape
    (2, 3)
    """
    return ihfftn(x, s, dim, norm)
