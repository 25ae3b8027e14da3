"""Fourier transforms of JAX, of which one call transforms at most three axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..contract import Kernel

_AT_ONCE = 3


def kernels(jnp: Any) -> Mapping[str, Kernel]:
    """The transforms along several axes, given ``jax.numpy``."""
    return {f"fft.{name}": _in_turn(getattr(jnp.fft, name)) for name in ("fftn", "ifftn")}


def _in_turn(transform: Callable[..., Any]) -> Kernel:
    def kernel(x: Any, *, axes: tuple[int, ...], norm: str) -> Any:
        for start in range(0, len(axes), _AT_ONCE):
            x = transform(x, axes=axes[start : start + _AT_ONCE], norm=norm)
        return x

    return kernel
