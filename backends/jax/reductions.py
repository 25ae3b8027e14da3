"""Kernels of reductions and cumulative functions on JAX arrays."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from ..common.sizes import FEW_ROWS
from .elementwise import quotient


def sum_in_blocks(jax: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """Sum with small rounding errors, also along axes that are not neighbours, whose terms XLA adds one by one.

    Such axes are summed one after another; a barrier keeps XLA from merging the sums.
    """
    axes = sorted((i % x.ndim for i in axis), reverse=True) if isinstance(axis, tuple) and axis else [0]
    if axes[0] - axes[-1] < len(axes) or math.prod(x.shape[i] for i in axes) <= FEW_ROWS:
        return jax.numpy.sum(x, axis, keepdims=keepdims)
    found = (
        x.astype(jax.numpy.float32)
        if x.dtype.itemsize == 2 and jax.numpy.issubdtype(x.dtype, jax.numpy.floating)
        else x
    )
    for one in axes:
        found = jax.lax.optimization_barrier(jax.numpy.sum(found, one, keepdims=keepdims))
    return found.astype(x.dtype)


def kernels(jax: Any) -> dict[str, Callable[..., Any]]:
    """Kernels by the name of the operation, compiled for each shape and axis."""
    jnp, lax = jax.numpy, jax.lax

    def position(find: Callable[..., Any], x: Any, *, axis: int | None = None, keepdims: bool = False) -> Any:
        """Index of an extremum, by way of int32: without 64-bit types JAX compiles no other one."""
        dtype = "int32" if x.size < 2**31 else "int64"
        found = find(x.reshape(-1), 0, dtype) if axis is None else find(x, axis % x.ndim, dtype)
        shape = [1 if axis in (None, i, i - x.ndim) else length for i, length in enumerate(x.shape)]
        return (found.reshape(shape) if keepdims else found).astype("int64")

    def total(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        """Sum, which is 0.0 for negative zeros, also for a single one."""
        found = sum_in_blocks(jax, x, axis, keepdims)
        if jnp.iscomplexobj(x):
            real, imag = (jnp.where(part == 0, 0, part) for part in (found.real, found.imag))
            return lax.complex(real, imag)
        return jnp.where(found == 0, 0, found) if jnp.issubdtype(x.dtype, jnp.floating) else found

    def mean(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        """Mean, of complex numbers part by part: where one is NaN or infinite, the other need not be NaN."""
        if jnp.iscomplexobj(x):
            return lax.complex(*(mean(part, axis=axis, keepdims=keepdims) for part in (x.real, x.imag)))
        axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
        count = math.prod(x.shape[i] for i in axes)
        wide = x.astype(jnp.float32) if x.dtype.itemsize == 2 else x
        return quotient(jnp, total(wide, axis=axis, keepdims=keepdims), count).astype(x.dtype)

    def step(earlier: tuple[Any, Any], later: tuple[Any, Any]) -> tuple[Any, Any]:
        factor, term = later
        return factor * earlier[0], factor * earlier[1] + term

    def recurrence(factors: Any, terms: Any, *, axis: int) -> Any:
        return lax.associative_scan(step, (factors, terms), axis=axis)[1]

    def cumulative_sum(x: Any, *, axis: int) -> Any:
        """Cumulative sum that keeps leading negative zeros: JAX's starts from 0.0."""
        if jnp.iscomplexobj(x):
            return lax.complex(cumulative_sum(x.real, axis=axis), cumulative_sum(x.imag, axis=axis))
        sums = jnp.cumsum(x, axis)
        if not jnp.issubdtype(x.dtype, jnp.floating):
            return sums
        length = x.shape[axis]
        place = jnp.arange(length).reshape([length if i == axis else 1 for i in range(x.ndim)])
        others = jnp.where(jnp.logical_and(x == 0, jnp.signbit(x)), length, place)
        return jnp.where(place < others.min(axis, keepdims=True, initial=length), x, sums)

    def cumulative_prod(x: Any, *, axis: int) -> Any:
        """Cumulative product, of complex numbers by doubling: JAX's starts from 1, which makes NaN of infinities."""
        if not jnp.iscomplexobj(x):
            return jnp.cumprod(x, axis)
        before = (slice(None),) * axis
        reach = 1
        while reach < x.shape[axis]:
            first, rest, back = (x[(*before, part)] for part in (slice(reach), slice(reach, None), slice(-reach)))
            x = jnp.concatenate([first, back * rest], axis)
            reach *= 2
        return x

    def propagating_nan(extreme: Callable[..., Any]) -> Callable[..., Any]:
        """Make a maximum or minimum propagate NaN, which XLA skips among thousands of numbers."""

        def kernel(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
            found = extreme(x, axis=axis, keepdims=keepdims)
            if not jnp.issubdtype(x.dtype, jnp.floating):
                return found
            return jnp.where(jnp.isnan(x).any(axis, keepdims=keepdims), jnp.nan, found)

        return kernel

    compiled = functools.partial(jax.jit, static_argnames=("axis", "keepdims"))
    along = functools.partial(jax.jit, static_argnames="axis")
    return {
        "argmax": compiled(functools.partial(position, lax.argmax)),
        "argmin": compiled(functools.partial(position, lax.argmin)),
        "cumulative_prod": along(cumulative_prod),
        "cumulative_sum": along(cumulative_sum),
        "linear_recurrence": along(recurrence),
        "max": compiled(propagating_nan(jnp.max)),
        "mean": compiled(mean),
        "min": compiled(propagating_nan(jnp.min)),
        "sum": compiled(total),
    }
