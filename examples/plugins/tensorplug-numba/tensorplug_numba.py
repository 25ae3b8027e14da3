"""SmoothL1Loss and HuberLoss on NumPy arrays, compiled by Numba: one pass over the elements where NumPy needs five."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy

from tensorplug.backends import Backend, hookimpl

DTYPES = ("float32", "float64")

BOUND_AND_SCALE: dict[str, Callable[[float], tuple[float, float]]] = {
    "huber_loss_with_slope": lambda delta: (delta, 1.0),
    "smooth_l1_loss_with_slope": lambda beta: (beta, 1.0 / beta),
}
"""By operation the difference beyond which the loss is straight, and what it is multiplied by."""


@functools.cache
def _compiled() -> Callable[..., float]:
    """What adds up (d - c / 2) c for the differences d, and what is left of them between the bounds, c."""
    # Only when it is wanted, since importing Numba takes longer than all else.
    import numba

    # Not all of fastmath: NaN and infinities are numbers like others here.
    @numba.njit(nogil=True, cache=True, fastmath={"contract", "nsz", "reassoc"})
    def clipped(x: Any, y: Any, slopes: Any, bound: Any, scale: Any) -> float:
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


def _kernel(own: Callable[..., Any], bound_and_scale: Callable[[float], tuple[float, float]]) -> Callable[..., Any]:
    """The kernel that computes a loss and its slopes by the input; what it can't do the backend's own one does."""

    def kernel(input: Any, target: Any, *, options: tuple[float]) -> Any:
        bound, scale = bound_and_scale(*options)
        largest = float(numpy.finfo(input.dtype).max) if input.dtype.name in DTYPES else 0.0
        if max(bound, scale) > largest:
            return own(input, target, options=options)
        number = input.dtype.type
        slopes = numpy.empty(input.shape, input.dtype)
        flat = (array.reshape(-1) for array in (input, target, slopes))
        total = _compiled()(*flat, number(bound), number(scale)) * scale
        # A kernel emits no warnings.
        with numpy.errstate(over="ignore"):
            return numpy.asarray(total, input.dtype), slopes

    return kernel


@hookimpl
def tensorplug_kernels(backend: Backend) -> dict[str, Callable[..., Any]]:
    """The kernels, for the NumPy backend."""
    if backend.name != "numpy":
        return {}
    if importlib.util.find_spec("numba") is None:
        raise ModuleNotFoundError("Numba is not installed; to install it: pip install numba")
    own = backend.kernels()
    return {name: _kernel(own[name], bound_and_scale) for name, bound_and_scale in BOUND_AND_SCALE.items()}
