"""Cases of the gradients of the chapter "fft"."""

from __future__ import annotations

from typing import Any

import tensorplug as tp

from .case import Case, points


def complex_in(name: str, shape: tuple[int, ...], **options: Any) -> Case:
    """A transform of complex numbers, given by their parts."""

    def function(re: tp.Tensor, im: tp.Tensor) -> tp.Tensor:
        return parts(getattr(tp.fft, name)(tp.complex(re, im), **options))

    def jax(jnp: Any, re: Any, im: Any) -> Any:
        return parts_of_jax(jnp, getattr(jnp.fft, name)(re + 1j * im, **options))

    return Case(function, points(shape, shape), jax)


def real_in(name: str, shape: tuple[int, ...], **options: Any) -> Case:
    """A transform of real numbers."""
    return Case(
        lambda x: parts(getattr(tp.fft, name)(x, **options)),
        points(shape),
        lambda jnp, x: parts_of_jax(jnp, getattr(jnp.fft, name)(x, **options)),
    )


def parts(y: tp.Tensor) -> tp.Tensor:
    """Squares, so that second derivatives are not zero, of the real and of the imaginary parts."""
    return tp.concat([y.real * y.real, y.imag * y.imag]) if y.dtype.is_complex else y * y


def parts_of_jax(jnp: Any, y: Any) -> Any:
    return jnp.concatenate([y.real**2, y.imag**2]) if jnp.iscomplexobj(y) else y**2


def on_numpy(case: Case) -> Case:
    """The case without JAX, which compiles every shape."""
    return case._replace(jax=None)


LINES: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((4,), {}),
    ((2, 3), {"n": 5, "axis": 0, "norm": "ortho"}),
)
"""Lengths even and odd."""

CASES: dict[str, list[Case]] = {
    "fft.fft": [complex_in("fft", (2, 3), n=5, axis=0, norm="ortho"), on_numpy(real_in("fft", (3,)))],
    "fft.ifft": [complex_in("ifft", (4,), n=3)],
    "fft.fftn": [complex_in("fftn", (3, 2, 2), s=(2, 3), axes=(0, -1), norm="ortho")],
    "fft.ifftn": [complex_in("ifftn", (2, 3))],
    "fft.rfft": [real_in("rfft", shape, **options) for shape, options in LINES]
    + [on_numpy(real_in("rfft", (2, 4), n=3, norm="forward"))]
    + [on_numpy(real_in("rfft", shape)) for shape in ((1,), (0, 2))]
    + [on_numpy(real_in("ihfft", (4,), n=3)), on_numpy(real_in("rfftn", (3, 2), s=(2, 3), axes=(1, 0)))],
    "fft.irfft": [complex_in("irfft", shape, **options) for shape, options in LINES]
    + [on_numpy(complex_in("irfft", (2, 4), n=3, norm="forward"))]
    + [on_numpy(complex_in("irfft", (1,), n=1))]
    + [on_numpy(complex_in("hfft", (3,), n=6)), on_numpy(complex_in("irfftn", (3, 2), s=(2, 3), axes=(1, 0)))],
}
