"""SmoothL1Loss and HuberLoss on NumPy arrays, compiled by Numba: one pass over memory where NumPy needs five."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from tensorplug.backends import Backend, hookimpl

DTYPES = ("float32", "float64")


@functools.cache
def _compiled() -> Callable[..., float]:
    # Only when it is wanted, since importing Numba takes longer than all else.
    import numba

    @numba.njit(nogil=True, cache=True, fastmath={"contract", "nsz", "reassoc"})
    def clipped(x: Any, y: Any, slopes: Any, bound: Any, scale: Any) -> float:
        """The sum of (d - c / 2) c, for the differences d and what is left of them between the bounds, c."""
        half = x.dtype.type(0.5)
        total = 0.0
        for i in range(x.size):
            difference = x[i] - y[i]
            clip = difference
            if difference > bound:
                clip = bound
            if difference < -bound:
                clip = -bound
            total += clip * (difference - half * clip)
            slopes[i] = clip * scale
        return total

    return clipped


def _with_slope(
    fallback: Callable[..., Any], bound_and_scale: Callable[[float], tuple[float, float]]
) -> Callable[..., Any]:
    """The kernel that computes the sum of the losses and their slopes by the input; see `Backend.kernels`."""

    def kernel(input: Any, target: Any, *, options: tuple[float], summed: bool, divisor: float = 1.0) -> Any:
        if not summed or input.dtype.name not in DTYPES:
            return fallback(input, target, options=options, summed=summed, divisor=divisor)
        bound, scale = bound_and_scale(*options)
        number = input.dtype.type
        slopes = numpy.empty(input.shape, input.dtype)
        flat = (array.reshape(-1) for array in (input, target, slopes))
        total = _compiled()(*flat, number(bound), number(scale / divisor))
        return numpy.asarray(total * scale / divisor, input.dtype), slopes

    return kernel


@hookimpl
def tensorplug_kernels(backend: Backend) -> dict[str, Callable[..., Any]]:
    """The kernels, for the NumPy backend."""
    if backend.name != "numpy":
        return {}
    own = backend.kernels()
    return {
        name: _with_slope(own[name], bound_and_scale)
        for name, bound_and_scale in {
            "huber_loss_with_slope": lambda delta: (delta, 1.0),
            "smooth_l1_loss_with_slope": lambda beta: (beta, 1.0 / beta),
        }.items()
    }
