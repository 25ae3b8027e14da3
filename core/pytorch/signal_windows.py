"""Window functions of signal processing: Hann, Hamming, Blackman, Bartlett and Kaiser windows, as in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..dispatch.registry import public
from ..memory.tensor import Tensor
from ..standard.creation import asarray
from ..standard.creation.filled import key_of, with_gradient
from ..types.axes import as_float, as_integer
from ..types.errors import ArgumentError, DTypeError

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def _window(
    operation: str,
    symmetric: Callable[[int], numpy.ndarray],
    window_length: int,
    periodic: bool,
    dtype: Any,
    device: Any,
    requires_grad: bool,
) -> Tensor:
    """A window; a periodic one is symmetric with one more element, which is left out."""
    length = as_integer(operation, "window_length", window_length)
    if length < 0:
        raise ArgumentError(f"{operation}: got window_length {length}, wanted no negative number")
    key = key_of(dtype, device)
    if key.dtype.kind != "f":
        raise DTypeError(f"{operation}: got {key.dtype}, wanted a real-valued floating-point dtype")
    whole = symmetric(length + 1)[:length] if periodic and length > 1 else symmetric(length)
    return with_gradient(asarray(whole, dtype=key.dtype, device=key.device), requires_grad)


@public("hann_window")
def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    r"""The Hann window, :math:`\sin^2(\pi n / N)`.

    Parameters
    ----------
    window_length : int
    periodic : bool, default: True
        Whether the window is one period, for spectra such as those of `stft`; if not, it is symmetric.
    dtype : dtype, optional
        By default the default float.
    device : device, optional
    requires_grad : bool, default: False

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    >>> tp.hann_window(3, periodic=False)
    tensor([0., 1., 0.])
    """
    return _window("hann_window", numpy.hanning, window_length, periodic, dtype, device, requires_grad)


@public("hamming_window")
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    r"""The Hamming window, :math:`\alpha - \beta \cos(2 \pi n / N)`; other parameters are those of `hann_window`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    first, second = as_float("hamming_window", "alpha", alpha), as_float("hamming_window", "beta", beta)

    def symmetric(length: int) -> numpy.ndarray:
        if length == 1:
            return numpy.ones(1)
        return first - second * numpy.cos(numpy.arange(length) * (2 * numpy.pi / max(length - 1, 1)))

    return _window("hamming_window", symmetric, window_length, periodic, dtype, device, requires_grad)


@public("blackman_window")
def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    r"""The Blackman window, :math:`0.42 - 0.5 \cos(2 \pi n / N) + 0.08 \cos(4 \pi n / N)`.

    The parameters are those of `hann_window`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.blackman_window(4)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """
    return _window("blackman_window", numpy.blackman, window_length, periodic, dtype, device, requires_grad)


@public("bartlett_window")
def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The triangular window, whose parameters are those of `hann_window`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("bartlett_window", numpy.bartlett, window_length, periodic, dtype, device, requires_grad)


@public("kaiser_window")
def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    r"""The Kaiser window, :math:`I_0(\beta \sqrt{1 - (2 n / N - 1)^2}) / I_0(\beta)`.

    Parameters other than `beta`, the shape, are those of `hann_window`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.kaiser_window(4, beta=1.0)
    tensor([0.7898, 0.9450, 1.0000, 0.9450])
    """
    shape = as_float("kaiser_window", "beta", beta)
    return _window(
        "kaiser_window", lambda n: numpy.kaiser(n, shape), window_length, periodic, dtype, device, requires_grad
    )
