"""Gradients of Fourier transforms.

The matrix of a transform is symmetric, and the engine's gradients are unconjugated, so that a complex transform is its
own VJP. A real transform returns one half of the spectrum: each number stands for itself and for its conjugate in the
other half, except for those at the ends.
"""

from __future__ import annotations

from typing import Any

from ..rule import rule

Shape = tuple[int, ...]

REVERSED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
"""For each mode of normalisation the one in which the inverse transform has the same factor."""


def _ends(n: int, axis: int) -> tuple[Any, ...]:
    """The index of the numbers without a conjugate in the other half: the first, and the last if the length is even."""
    alone = slice(0, None, n // 2) if n % 2 == 0 else slice(0, 1)
    return (*(slice(None),) * axis, alone)


def _middle_times(ops: Any, half: Any, factor: float, n: int, axis: int) -> Any:
    """Multiply all numbers of a half but those at its ends by a factor."""
    ends = _ends(n, axis)
    return ops.put(half * factor, ops.getitem(half, ends), ends)


def _rfft(ops: Any, g: Any, x_shape: Shape, axis: int, norm: str) -> Any:
    n = x_shape[axis]
    half = ops.conj(_middle_times(ops, g, 0.5, n, axis))
    return getattr(ops, "fft.irfft")(half, n=n, axis=axis, norm=REVERSED[norm])


def _irfft(ops: Any, g: Any, n: int, axis: int, norm: str) -> Any:
    half = ops.conj(getattr(ops, "fft.rfft")(g, axis=axis, norm=REVERSED[norm]))
    return _middle_times(ops, half, 2.0, n, axis)


rule("fft.fft", x=lambda ops, g, axis, norm: getattr(ops, "fft.fft")(g, axis=axis, norm=norm))
rule("fft.fftn", x=lambda ops, g, axes, norm: getattr(ops, "fft.fftn")(g, axes=axes, norm=norm))
rule("fft.ifft", x=lambda ops, g, axis, norm: getattr(ops, "fft.ifft")(g, axis=axis, norm=norm))
rule("fft.ifftn", x=lambda ops, g, axes, norm: getattr(ops, "fft.ifftn")(g, axes=axes, norm=norm))
rule("fft.irfft", x=_irfft)
rule("fft.rfft", x=_rfft)
