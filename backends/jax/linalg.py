"""Kernels of linear algebra on JAX arrays: errors where JAX gives NaN, pivoted determinants, precise products."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy

from ..common.quiet import quiet
from ..common.sizes import PRODUCT_BLOCK
from ..contract import Backend, Kernel
from .elementwise import quotient
from .reductions import sum_in_blocks


def _check_on_host(is_finite: Any, *hosts: Any, on_host: Callable[..., Any]) -> None:
    """Call LAPACK, which raises for singular matrices, unless a result is known to be finite."""
    if not is_finite:
        on_host(*hosts)


def kernels(jax: Any, backend: Backend) -> dict[str, Kernel]:
    """Kernels by the name of the operation. JAX's 64-bit types must be enabled while they run."""
    jnp = jax.numpy

    def checked(function: Callable[..., Any], on_host: Callable[..., Any]) -> Kernel:
        """Call a function; if its result is not finite, call LAPACK on the host, which raises for singular matrices."""

        def kernel(*arrays: Any) -> Any:
            out = function(*arrays)
            is_finite = jnp.isfinite(out).all()
            if backend.known(bool, False, is_finite):
                return out
            backend.inspect(_check_on_host, is_finite, *arrays, on_host=on_host)
            if backend.known(bool, True, is_finite):
                return out
            return jax.device_put(on_host(*map(numpy.asarray, arrays)), out.device)

        return kernel

    def cholesky(x: Any) -> Any:
        return jax.lax.linalg.cholesky(x, symmetrize_input=False)

    def pivoted(x: Any, y: Any) -> tuple[Any, Any]:
        """Pivot two rows by their first elements; a row that moves down is negated, which keeps the determinant."""
        swapped = abs(x[..., :1]) < abs(y[..., :1])
        return jnp.where(swapped, y, x), jnp.where(swapped, -x, y)

    def det(x: Any) -> Any:
        """Determinant; of 3 x 3 matrices by elimination, as JAX's sum of six products cancels."""
        if x.shape[-2:] == (2, 2):
            # Where the products overflow, by `slogdet`.
            found = jnp.linalg.det(x)
            ordinary = jnp.isfinite(found)
            sign, logabs = slogdet(jnp.where(ordinary[..., None, None], jnp.eye(2, dtype=x.dtype), x))
            return jnp.where(ordinary, found, sign * jnp.exp(logabs))
        if x.shape[-1] != 3:
            return jnp.linalg.det(x)
        wide = x.astype(jax.dtypes.canonicalize_dtype("complex128" if x.dtype.kind == "c" else "float64"))
        top, second = pivoted(wide[..., 0, :], wide[..., 1, :])
        top, third = pivoted(top, wide[..., 2, :])
        pivot = top[..., :1]
        pivot = jnp.where(pivot == 0, jnp.ones_like(pivot), pivot)
        (a, b), (c, d) = (
            jnp.unstack(row[..., 1:] - top[..., 1:] * (row[..., :1] / pivot), axis=-1) for row in (second, third)
        )
        return (top[..., 0] * (a * d - b * c)).astype(x.dtype)

    @functools.partial(jax.jit, static_argnames=("axis", "keepdims", "greatest"))
    def norm_of_powers(x: Any, ord: Any, axis: Any, keepdims: bool, greatest: bool) -> Any:
        """``sum(abs(x) ** ord) ** (1 / ord)`` in units of the greatest or least element, so that no power overflows.

        The order is 2 if `ord` is None.
        """
        size = jnp.abs(x)
        extreme = (jnp.max if greatest else jnp.min)(size, axis=axis, keepdims=True)
        ordinary = (extreme > 1e-12) & (extreme < 1e12) if ord is None else extreme == 0
        unit = jnp.where(ordinary | ~jnp.isfinite(extreme) | (extreme == 0), jnp.ones_like(extreme), extreme)
        # Scaled towards 1: XLA flushes the subnormal reciprocals of large numbers to zero.
        root = 2.0 ** (jnp.finfo(unit.dtype).maxexp // 2)
        shrunk = jnp.where(unit > root, 1 / root, jnp.where(unit < 1 / root, root, 1)).astype(unit.dtype)
        size = quotient(jnp, size * shrunk, unit * shrunk)
        powers = sum_in_blocks(jax, size * size if ord is None else size**ord, axis, keepdims)
        unit, shrunk = unit.reshape(powers.shape), shrunk.reshape(powers.shape)
        return (jnp.sqrt(powers) if ord is None else powers ** (1 / ord)) * (unit * shrunk) / shrunk

    def direction(x: Any) -> Any:
        """``x / abs(x)``, differentiable for complex numbers: the derivative of JAX's sign is zero."""
        if not jnp.iscomplexobj(x):
            return jnp.sign(x)
        size = abs(x)
        return x / jnp.where(size == 0, jnp.ones_like(size), size)

    def slogdet(x: Any) -> tuple[Any, Any]:
        """Sign and log of the determinant; of 2 x 2 matrices by elimination, as products may overflow or underflow."""
        if x.shape[-2:] != (2, 2):
            return tuple(jnp.linalg.slogdet(x))
        top, bottom = pivoted(x[..., 0, :], x[..., 1, :])
        pivot = top[..., 0]
        ratio = bottom[..., 0] / jnp.where(pivot == 0, jnp.ones_like(pivot), pivot)
        # Half of it, because the difference may overflow.
        half = bottom[..., 1] * 0.5 - top[..., 1] * 0.5 * ratio
        rest = bottom[..., 1] - top[..., 1] * ratio
        logabs = jnp.where(jnp.isfinite(rest), jnp.log(abs(rest)), jnp.log(abs(half)) + math.log(2))
        return direction(pivot) * direction(half), jnp.log(abs(pivot)) + logabs

    def lu_factor(x: Any) -> tuple[Any, Any, Any]:
        found, pivots, permutation = jax.lax.linalg.lu(x)
        return found, pivots + 1, permutation.astype("int64")

    def permutation(pivots: Any, *, size: int) -> Any:
        return jax.lax.linalg.lu_pivots_to_permutation(pivots.astype("int32") - 1, size).astype("int64")

    def solve_triangular(x1: Any, x2: Any, *, upper: bool, unitriangular: bool) -> Any:
        batch = numpy.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
        x1, x2 = (jnp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (x1, x2))
        return jax.lax.linalg.triangular_solve(x1, x2, left_side=True, lower=not upper, unit_diagonal=unitriangular)

    def vector_norm(x: Any, *, axis: Any, keepdims: bool, ord: float) -> Any:
        """Vector norm, compiled for each shape and axis, but not for each `ord`."""
        if ord == 0 or not x.size:
            return jnp.sum((x != 0).astype(x.real.dtype), axis=axis, keepdims=keepdims)
        return norm_of_powers(x, None if ord == 2 else ord, axis, keepdims, ord > 0)

    def matmul(x1: Any, x2: Any) -> Any:
        """Matrix product; of a matrix and a vector in blocks, as XLA adds the terms one by one."""
        length = x1.shape[-1] if x1.ndim and x2.ndim else 0
        rows, columns = jnp.atleast_2d(x1), x2[:, None] if x2.ndim == 1 else x2
        is_vector = rows.ndim == columns.ndim == 2 and (rows.shape[0] == 1) != (columns.shape[1] == 1)
        if (
            length <= PRODUCT_BLOCK
            or not is_vector
            or columns.shape[0] != length
            or not jnp.issubdtype(x1.dtype, jnp.inexact)
        ):
            return jnp.matmul(x1, x2)
        if x1.dtype.itemsize == 2:
            return matmul(x1.astype(jnp.float32), x2.astype(jnp.float32)).astype(x1.dtype)
        count = length // PRODUCT_BLOCK
        whole = count * PRODUCT_BLOCK
        blocks1 = rows[:, :whole].reshape(rows.shape[0], count, PRODUCT_BLOCK).swapaxes(0, 1)
        blocks2 = columns[:whole].reshape(count, PRODUCT_BLOCK, columns.shape[1])
        found = jnp.sum(jnp.matmul(blocks1, blocks2), 0) + jnp.matmul(rows[:, whole:], columns[whole:])
        return found.reshape((*x1.shape[:-1], *x2.shape[1:]))

    def eigenvalues(x: Any, unit: Any) -> Any:
        return unit * jnp.linalg.eigvals(x / unit[..., None])

    def eigenvectors(x: Any, unit: Any) -> Any:
        values, vectors = jnp.linalg.eig(x / unit[..., None])
        return unit * values, vectors

    @jax.jit  # type: ignore[untyped-decorator]
    def power_of_two(x: Any) -> Any:
        greatest = abs(x).max((-2, -1), initial=0)[..., None]
        return jnp.ldexp(jnp.ones_like(greatest), jnp.where(jnp.isfinite(greatest), jnp.frexp(greatest)[1], 0))

    def scaled(function: Callable[..., Any]) -> Kernel:
        """Scale matrices to elements up to 1 first: LAPACK scales large ones, and JAX does not scale back."""
        return lambda x: function(x, power_of_two(x))

    return {
        "matmul": jax.jit(matmul),
        "linalg.cholesky": jax.jit(cholesky),
        "linalg.det": jax.jit(det),
        "linalg.eig": scaled(eigenvectors),
        "linalg.eigvals": scaled(eigenvalues),
        "linalg.eigh": lambda x: jnp.linalg.eigh(x, symmetrize_input=False),
        "linalg.eigvalsh": lambda x: jnp.linalg.eigvalsh(x, symmetrize_input=False),
        "linalg.inv": checked(jnp.linalg.inv, quiet(numpy.linalg.inv)),
        "linalg.lu_factor": jax.jit(lu_factor),
        "linalg.permutation": jax.jit(permutation, static_argnames="size"),
        "linalg.slogdet": jax.jit(slogdet),
        "linalg.solve_triangular": jax.jit(solve_triangular, static_argnames=("upper", "unitriangular")),
        "linalg.vector_norm": vector_norm,
        "linalg.solve": checked(jnp.linalg.solve, quiet(numpy.linalg.solve)),
    }
