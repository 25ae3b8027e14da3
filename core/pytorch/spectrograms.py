"""The short-time Fourier transform and its inverse, as in PyTorch."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

from ..families.function import function, widened
from ..memory.coercion import same_device
from ..memory.structure import broadcast_to, reshape
from ..memory.tensor import Tensor
from ..memory.values import inspect
from ..memory.views import detach
from ..standard.creation import ones
from ..standard.elementwise import abs
from ..standard.fft import fft, ifft, irfft, rfft
from ..types.axes import as_flag, as_integer
from ..types.dtypes import real_dtype
from ..types.errors import ArgumentError, DTypeError, ShapeError
from .padding import pad, pad_with
from .shapes import view_as_real
from .windows import overlap_add, windows

__all__ = ["istft", "stft"]


class _Frames(NamedTuple):
    """The frames of a signal: their length, the step between them, and what each is multiplied by."""

    n_fft: int
    hop_length: int
    taper: Tensor

    @property
    def window(self) -> tuple[tuple[int, int, int], ...]:
        """The frames as sliding windows along the last axis."""
        return ((self.n_fft, self.hop_length, 1),)


def _frames(
    operation: str, input: Tensor, n_fft: int, hop_length: int | None, win_length: int | None, window: Tensor | None
) -> _Frames:
    size = as_integer(operation, "n_fft", n_fft)
    hop = as_integer(operation, "hop_length", size // 4 if hop_length is None else hop_length)
    length = as_integer(operation, "win_length", size if win_length is None else win_length)
    if hop < 1 or not 0 < length <= size:
        raise ArgumentError(
            f"{operation}: got n_fft {size}, hop_length {hop} and win_length {length}, wanted a positive hop_length, "
            "and win_length from 1 to n_fft"
        )
    if window is None:
        warnings.warn(f"{operation}: without a window spectra leak; pass one, such as hann_window", stacklevel=4)
        taper = ones(length, dtype=real_dtype(input.dtype), device=input.device)
    else:
        _, taper = same_device(operation, input, window)
    if taper.shape != (length,):
        raise ShapeError(f"{operation}: got a window of shape {taper.shape}, wanted {(length,)}")
    before = (size - length) // 2
    return _Frames(size, hop, pad_with(taper, [(before, size - length - before)], 0))


@function(methods=("stft",), accepts="floating-point")
def stft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Tensor | None = None, center: bool = True, pad_mode: str = "reflect", normalized: bool = False,
    onesided: bool | None = None, return_complex: bool | None = None,
) -> Tensor:  # fmt: skip
    """The short-time Fourier transform: the spectra of overlapping frames of a signal.

    Parameters
    ----------
    input : Tensor, shape (L,) or (B, L)
    n_fft : int
        The length of the frames.
    hop_length : int, optional
        The step between them, by default ``n_fft // 4``.
    win_length : int, optional
        The length of the window, by default `n_fft`; a shorter one lies in the middle of each frame.
    window : Tensor, shape (win_length,), optional
        What frames are multiplied by, such as `hann_window`; by default ones, with a warning.
    center : bool, default: True
        Whether the signal is padded on both sides, so that frame t is centred at ``t * hop_length``.
    pad_mode : str, default: "reflect"
        The mode of `nn.functional.pad`.
    normalized : bool, default: False
        Whether spectra are divided by the root of `n_fft`.
    onesided : bool, optional
        Whether only half of each spectrum is returned; by default that of real signals with real windows.
    return_complex : bool
        Whether the result is complex, or has a last axis of real and imaginary parts; for real signals it is needed.

    Returns
    -------
    Tensor, shape (B, N, T)
        N frequencies, ``n_fft // 2 + 1`` or `n_fft`, of T frames.

    Raises
    ------
    ShapeError
        If the signal has another number of axes or is shorter than a frame, or the window has another length.

    Examples
    --------
    >>> import tensorplug as tp
    >>> wave = tp.sin(tp.arange(32.0) * (tp.pi / 4))
    >>> spectra = tp.stft(wave, 16, window=tp.hann_window(16), return_complex=True)
    >>> spectra.shape, spectra.abs().argmax(0)[4]
    ((9, 9), tensor(2))
    """
    is_complex = input.dtype.kind == "c" or (window is not None and window.dtype.kind == "c")
    if return_complex is None and not is_complex:
        raise ArgumentError("stft: wants return_complex=True for a complex result, or False for real pairs")
    half = not is_complex if onesided is None else as_flag("stft", "onesided", onesided)
    if half and is_complex:
        raise ArgumentError("stft: got onesided=True with complex numbers, whose spectra have no symmetry")
    if input.ndim not in (1, 2):
        raise ShapeError(f"stft: got an input of shape {input.shape}, wanted (L,) or (B, L)")
    frames = _frames("stft", input, n_fft, hop_length, win_length, window)
    x = widened(input)
    if center:
        margin = frames.n_fft // 2
        x = pad(x, (margin, margin), pad_mode)
    if not 0 < frames.n_fft <= x.shape[-1]:
        raise ShapeError(f"stft: got n_fft {n_fft} for a signal of length {x.shape[-1]}, wanted a shorter one")
    cut = windows(x, window=frames.window) * reshape(frames.taper, (-1, 1))
    found = (rfft if half else fft)(cut, axis=-2, norm="ortho" if normalized else "backward")
    return found if return_complex or return_complex is None else view_as_real(found)


@function(methods=("istft",), accepts="floating-point")
def istft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Tensor | None = None, center: bool = True, normalized: bool = False, onesided: bool | None = None,
    length: int | None = None, return_complex: bool = False,
) -> Tensor:  # fmt: skip
    """The signal of which `stft` gives these spectra, by least squares.

    Parameters
    ----------
    input : Tensor, shape (N, T) or (B, N, T)
        Complex, N frequencies of T frames.
    n_fft, hop_length, win_length, window, center, normalized, onesided
        Those of `stft`.
    length : int, optional
        That of the signal, by default as far as the frames reach.
    return_complex : bool, default: False
        Whether the signal is complex.

    Returns
    -------
    Tensor, shape (L,) or (B, L)

    Raises
    ------
    ValueError
        If a part of the signal is in no frame, or where windows are zero.

    Examples
    --------
    >>> import tensorplug as tp
    >>> window = tp.hann_window(8)
    >>> spectra = tp.stft(tp.arange(16.0), 8, window=window, return_complex=True)
    >>> tp.istft(spectra, 8, window=window)[:4].round(decimals=3).abs()
    tensor([0., 1., 2., 3.])
    """
    if input.dtype.kind != "c":
        raise DTypeError(f"istft: got {input.dtype}, wanted a complex dtype; view_as_complex converts pairs")
    if input.ndim not in (2, 3) or not input.size:
        raise ShapeError(f"istft: got an input of shape {input.shape}, wanted (N, T) or (B, N, T), not empty")
    frames = _frames("istft", input, n_fft, hop_length, win_length, window)
    size, count = frames.n_fft, input.shape[-1]
    half = input.shape[-2] != size if onesided is None else as_flag("istft", "onesided", onesided)
    wanted = size // 2 + 1 if half else size
    if input.shape[-2] != wanted:
        raise ShapeError(f"istft: got {input.shape[-2]} frequencies, wanted {wanted} for n_fft {size}")
    if return_complex and half:
        raise ArgumentError("istft: got return_complex=True with onesided spectra, which are those of real signals")
    if not return_complex and frames.taper.dtype.kind == "c":
        raise ArgumentError("istft: got a complex window with return_complex=False")
    norm = "ortho" if normalized else "backward"
    if return_complex:
        parts = ifft(input, axis=-2, norm=norm)
    else:
        parts = irfft(input[..., : size // 2 + 1, :], size, axis=-2, norm=norm)
    taper = reshape(frames.taper, (-1, 1))
    whole = size + frames.hop_length * (count - 1)
    signal = overlap_add(parts * taper, shape=(*input.shape[:-2], whole), window=frames.window)
    envelope = overlap_add(broadcast_to(taper * taper, (size, count)), shape=(whole,), window=frames.window)
    start = size // 2 if center else 0
    end = whole - start if length is None else min(start + as_integer("istft", "length", length), whole)
    inside = slice(start, end)
    inspect(_require_overlap, abs(detach(envelope[inside])))
    found = signal[..., inside] / envelope[inside]
    missing = 0 if length is None else length - (end - start)
    return pad_with(found, [(0, missing)], 0)


def _require_overlap(host: Any) -> None:
    """Raise where the windows of all frames are zero."""
    if host.size and not host.min() > 1e-11:
        raise ArgumentError(
            "istft: windows overlap nowhere in a part of the signal; use a shorter hop_length, another window, or "
            "center=True"
        )
