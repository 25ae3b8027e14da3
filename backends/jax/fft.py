"""Fourier transforms of JAX arrays along any number of axes: one call of JAX transforms at most three."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..contract import Kernel

_MAX_AXES = 3


def kernels(jnp: Any) -> Mapping[str, Kernel]:
    """Kernels of `fftn` and `ifftn` by the name of the operation, given ``jax.numpy``."""
    return {f"fft.{name}": _for_many_axes(getattr(jnp.fft, name)) for name in ("fftn", "ifftn")}


def _for_many_axes(transform: Callable[..., Any]) -> Kernel:
    def kernel(x: Any, *, axes: tuple[int, ...], norm: str) -> Any:
        for start in range(0, len(axes), _MAX_AXES):
            x = transform(x, axes=axes[start : start + _MAX_AXES], norm=norm)
        return x

    return kernel
