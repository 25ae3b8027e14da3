"""Kernels of padding, sliding windows and convolutions on JAX arrays, compiled for each shape and window."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

Window = tuple[tuple[int, int, int], ...]


def kernels(jax: Any) -> dict[str, Callable[..., Any]]:
    """Kernels by the name of the operation."""
    jnp, lax = jax.numpy, jax.lax

    def constant_pad(x: Any, *, padding: Any, value: Any) -> Any:
        lead = ((0, 0, 0),) * (x.ndim - len(padding))
        return lax.pad(x, jnp.asarray(value, x.dtype), (*lead, *((*pair, 0) for pair in padding)))

    def windows(x: Any, *, window: Window) -> Any:
        lead = x.ndim - len(window)
        numbers = [
            max((length - within * (size - 1) - 1 + step) // step, 0)
            for length, (size, step, within) in zip(x.shape[lead:], window, strict=True)
        ]
        parts = []
        for place in itertools.product(*(range(size) for size, _, _ in window)):
            starts = [i * within for i, (_, _, within) in zip(place, window, strict=True)]
            index = [
                slice(start, start + number * step, step)
                for start, number, (_, step, _) in zip(starts, numbers, window, strict=True)
            ]
            parts.append(x[(..., *index)])
        sizes = [size for size, _, _ in window]
        return jnp.stack(parts, lead).reshape((*x.shape[:lead], *sizes, *numbers))

    def overlap_add(x: Any, *, shape: tuple[int, ...], window: Window) -> Any:
        wide = x.astype(jnp.float32) if x.dtype.itemsize == 2 and jnp.issubdtype(x.dtype, jnp.floating) else x
        (found,) = jax.linear_transpose(
            functools.partial(windows, window=window), jax.ShapeDtypeStruct(shape, wide.dtype)
        )(wide)
        return found.astype(x.dtype)

    def convolution(x: Any, w: Any, *, geometry: Any) -> Any:
        stride, padding, dilation, groups = geometry
        return lax.conv_general_dilated(
            x, w, stride, padding, rhs_dilation=dilation, feature_group_count=groups, precision="highest"
        )

    def convolution_transpose(x: Any, w: Any, *, geometry: Any) -> Any:
        stride, padding, dilation, groups = geometry
        size = [
            (n - 1) * step + within * (k - 1) + 1 - sum(added)
            for n, k, step, within, added in zip(x.shape[2:], w.shape[2:], stride, dilation, padding, strict=True)
        ]
        shape = jax.ShapeDtypeStruct((x.shape[0], w.shape[1] * groups, *size), x.dtype)
        return jax.linear_transpose(lambda y: convolution(y, w, geometry=geometry), shape)(x)[0]

    def convolution_weight(x: Any, y: Any, *, size: tuple[int, ...], geometry: Any) -> Any:
        shape = jax.ShapeDtypeStruct((y.shape[1], x.shape[1] // geometry[3], *size), x.dtype)
        return jax.linear_transpose(lambda w: convolution(x, w, geometry=geometry), shape)(y)[0]

    return {
        "constant_pad": jax.jit(constant_pad, static_argnames=("padding", "value")),
        "convolution": jax.jit(convolution, static_argnames="geometry"),
        "convolution_transpose": jax.jit(convolution_transpose, static_argnames="geometry"),
        "convolution_weight": jax.jit(convolution_weight, static_argnames=("size", "geometry")),
        "overlap_add": jax.jit(overlap_add, static_argnames=("shape", "window")),
        "windows": jax.jit(windows, static_argnames="window"),
    }
