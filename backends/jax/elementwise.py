"""Elementwise kernels that correct the special values and the precision of JAX's functions."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from ..common import complex_functions, elementwise
from ..common.casts import to_integers
from ..contract import ByKind, Kernel


def _sinh(xp: Any, x: Any) -> Any:
    """Hyperbolic sine; XLA's is off by up to |x| / 2 units in the last place, as it rounds ``x - log(2)``."""
    size = abs(x)
    grown = xp.expm1(xp.where(size < 20, size, xp.zeros_like(x)))
    near = (grown + grown / (grown + 1)) / 2
    return xp.copysign(xp.where(size < 20, near, _half_exponential(xp, size)), x)


def _cosh(xp: Any, x: Any) -> Any:
    size = abs(x)
    grown = xp.exp(xp.where(size < 20, size, xp.zeros_like(x)))
    return xp.where(size < 20, (grown + 1 / grown) / 2, _half_exponential(xp, size))


def _half_exponential(xp: Any, x: Any) -> Any:
    """``exp(x) / 2``, also where ``exp(x)`` overflows."""
    most = 88.0 if x.dtype.itemsize < 8 else 709.0
    root = xp.exp(xp.where(x > most, x, xp.zeros_like(x)) / 2)
    return xp.where(x > most, (root / 2) * root, xp.exp(xp.where(x > most, xp.zeros_like(x), x)) / 2)


def _atanh(xp: Any, x: Any) -> Any:
    """Inverse hyperbolic tangent; XLA's is the difference of two logarithms, which cancels near zero."""
    size = abs(x)
    return xp.copysign(xp.log1p(2 * size / (1 - size)) / 2, x)


def _log1p(xp: Any, x: Any) -> Any:
    """``log(1 + x)``; XLA's is inexact from -0.5 to -0.28, below the interval of its polynomial."""
    low = xp.logical_and(x > -0.5, x < -0.28)
    return xp.where(low, xp.log(1 + xp.where(low, x, xp.zeros_like(x))), xp.log1p(x))


def quotient(xp: Any, x1: Any, x2: Any) -> Any:
    """``x1 / x2`` that XLA does not turn into ``x1 * (1 / x2)`` for a scalar divisor.

    That reciprocal is rounded, and zero where it would be subnormal.
    """
    return xp.divide(x1, xp.where(x1 == x1, x2, x1))


def kernels(jax: Any) -> dict[str, Kernel]:
    """Kernels by the name of the operation. JAX's 64-bit types must be enabled while they run."""
    jnp, lax = jax.numpy, jax.lax

    def from_parts(function: Callable[..., complex_functions.Parts]) -> Kernel:
        def kernel(*operands: Any) -> Any:
            if len({x.shape for x in operands}) > 1:
                # XLA must not see that an operand was a scalar: see `quotient`.
                operands = lax.optimization_barrier(tuple(jnp.broadcast_arrays(*operands)))
            return lax.complex(*function(jnp, *(part for z in operands for part in (z.real, z.imag))))

        return jax.jit(kernel)

    def own_parts(name: str) -> complex_functions.Function:
        """JAX's own complex function as a function of real and imaginary parts."""

        def function(xp: Any, *parts: Any) -> complex_functions.Parts:
            result = getattr(xp, name)(*map(lax.complex, parts[::2], parts[1::2]))
            return result.real, result.imag

        return function

    def of_real(function: Callable[..., Any]) -> Kernel:
        """Compile a function that computes half types in float32."""

        def kernel(*xs: Any) -> Any:
            dtype = xs[0].dtype
            if dtype.itemsize != 2:
                return function(jnp, *xs)
            return function(jnp, *(x.astype("float32") for x in xs)).astype(dtype)

        return jax.jit(kernel)

    def corrected(function: Callable[..., Any], name: str) -> Kernel:
        def kernel(x1: Any, x2: Any) -> Any:
            # For half types JAX rounds the quotient before it takes the floor.
            wide = [x.astype(jnp.float32) if x.dtype.itemsize == 2 else x for x in (x1, x2)]
            return function(jnp, *wide, getattr(jnp, name)(*wide)).astype(x1.dtype)

        return jax.jit(kernel)

    asinh, log = complex_functions.asinh(own_parts("asinh")), own_parts("log")
    of_complex: dict[str, Callable[..., complex_functions.Parts]] = {
        "acos": complex_functions.acos(own_parts("acos")),
        "acosh": complex_functions.acosh(own_parts("acos")),
        "asin": complex_functions.rotated(asinh),
        "asinh": asinh,
        "atan": complex_functions.atan,
        "atanh": complex_functions.atanh,
        "cos": complex_functions.cos,
        "cosh": complex_functions.cosh,
        "divide": complex_functions.divide,
        "exp": complex_functions.exp,
        "expm1": complex_functions.expm1,
        "log": complex_functions.log(log),
        "log10": complex_functions.log(log, math.log(10)),
        "log1p": complex_functions.log1p,
        "log2": complex_functions.log(log, math.log(2)),
        "pow": complex_functions.pow(own_parts("pow")),
        "sign": complex_functions.sign,
        "sin": complex_functions.sin,
        "sinh": complex_functions.sinh,
        "sqrt": complex_functions.sqrt(own_parts("sqrt")),
        "tan": complex_functions.tan,
        "tanh": complex_functions.tanh,
    }
    real = {"atanh": of_real(_atanh), "cosh": of_real(_cosh), "log1p": of_real(_log1p), "sinh": of_real(_sinh)}
    # The standard's sign of -0.0 is 0.0, JAX's is -0.0.
    real["sign"] = lambda x: jnp.sign(x) + 0
    real["divide"] = jax.jit(functools.partial(quotient, jnp))
    found: dict[str, Kernel] = {
        name: ByKind(real.get(name, getattr(jnp, name)), c=from_parts(function))
        for name, function in of_complex.items()
    }
    # Without jit, JAX would compile a function for each exponent.
    whole = jax.jit(lambda x1, x2: jnp.power(x1, x2))
    found["pow"] = ByKind(jnp.power, c=from_parts(of_complex["pow"]), i=whole, u=whole)
    # Not compiled as one function: XLA would drop the zero imaginary part of 1, which decides signs of zeros.
    divide = found["divide"]
    found["reciprocal"] = ByKind(jnp.reciprocal, c=lambda z: divide(jnp.ones_like(z), z))
    for name in ("floor_divide", "remainder"):
        own = getattr(jnp, name)
        found[name] = ByKind(corrected(getattr(elementwise, name), name), i=own, u=own)

    @functools.partial(jax.jit, static_argnums=1)
    def integers(x: Any, name: str) -> Any:
        return to_integers(jnp, x, name, lambda array, other: array.astype(other))

    def astype(x: Any, dtype: Any) -> Any:
        target = jnp.dtype(dtype)
        if x.dtype.kind == "c" and target.kind not in "cb":
            x = x.real
        return integers(x, target.name) if target.kind in "iu" and x.dtype.kind not in "iub" else x.astype(target)

    def modulus(z: Any) -> Any:
        return jnp.where(jnp.logical_or(jnp.isinf(z.real), jnp.isinf(z.imag)), jnp.inf, jnp.abs(z)).astype(z.real.dtype)

    return found | {
        "abs": ByKind(jnp.abs, c=jax.jit(modulus)),
        "astype": astype,
        "bitwise_left_shift": jax.jit(functools.partial(elementwise.left_shift, jnp)),
        "bitwise_right_shift": jax.jit(functools.partial(elementwise.right_shift, jnp)),
        **{name: getattr(jnp, name) for name in ("fmax", "fmin", "fmod")},
        "clip": jax.jit(lambda x, min, max: jnp.minimum(jnp.maximum(x, min), max)),
        "logaddexp": of_real(lambda xp, x1, x2: xp.logaddexp(x1, x2)),
        "square": ByKind(jnp.square, c=lambda z: z * z),
    }
