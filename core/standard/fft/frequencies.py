"""`fftfreq`, `rfftfreq`, `fftshift` and `ifftshift`."""

from __future__ import annotations

from typing import Any

import numpy

from ...dispatch.registry import public
from ...families.function import function
from ...memory.tensor import Tensor
from ...types.axes import normalize_axes
from ...types.dtypes import DType, as_dtype, get_default_dtype
from ...types.errors import DTypeError
from ..creation import asarray
from ..manipulation import roll
from .transforms import transform_length

__all__ = ["fftfreq", "fftshift", "ifftshift", "rfftfreq"]


@public("fft.fftfreq")
def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Sample frequencies of `fft`: 0, 1, ..., then the negative ones up to -1, divided by ``d * n``.

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
    length = transform_length("fft.fftfreq", n)
    steps = numpy.concatenate([numpy.arange((length + 1) // 2), numpy.arange(-(length // 2), 0)])
    return _frequencies("fft.fftfreq", steps, length, d, dtype, device, requires_grad)


@public("fft.rfftfreq")
def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Sample frequencies of `rfft`: 0, 1, ..., ``n // 2``, divided by ``d * n``.

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
    length = transform_length("fft.rfftfreq", n)
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


@function(name="fft.fftshift")
def fftshift(x: Tensor, /, dim: Any = None, *, axes: Any = None) -> Tensor:
    """Shift the zero frequency of a spectrum from the start of each axis to its middle.

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
        If an axis is repeated.
    IndexError
        If an axis is out of range.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.fftshift(tp.fft.fftfreq(4))
    tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """
    return _shift("fft.fftshift", x, axes, 0)


@function(name="fft.ifftshift")
def ifftshift(x: Tensor, /, dim: Any = None, *, axes: Any = None) -> Tensor:
    """The inverse of `fftshift`, with the same parameters and errors; on axes of odd length they differ.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.fft.ifftshift(tp.tensor([-1, 0, 1]))
    tensor([ 0,  1, -1])
    """
    return _shift("fft.ifftshift", x, axes, 1)


def _shift(name: str, x: Tensor, axes: Any, odd: int) -> Tensor:
    """The tensor rolled by half of each axis, on axes of odd length by `odd` more."""
    positions = normalize_axes(name, range(x.ndim) if axes is None else axes, x.ndim) or ()
    shifts = tuple((x.shape[axis] + odd) // 2 for axis in positions)
    return roll(x, shifts, axis=positions)
