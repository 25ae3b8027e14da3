"""Linear algebra on JAX: errors where JAX gives NaN, and no look at the triangle that LAPACK does not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from .contract import Kernel
from .numpy_linalg import cholesky as cholesky_on_host


def kernels(jax: Any) -> dict[str, Kernel]:
    """The kernels of the linear algebra extension, to be run with 64-bit types."""
    jnp = jax.numpy

    def checked(function: Callable[..., Any], on_host: Callable[..., Any]) -> Kernel:
        """The function; where its result is not finite, LAPACK on the host gives the result, or the error."""

        def kernel(*arrays: Any) -> Any:
            out = function(*arrays)
            if out.size and bool(jnp.isfinite(out).all()):
                return out
            with numpy.errstate(all="ignore"):
                host = on_host(*map(numpy.asarray, arrays))
            return jax.device_put(host, out.device)

        return kernel

    def cholesky(x: Any) -> Any:
        return jax.lax.linalg.cholesky(x, symmetrize_input=False)

    return {
        "linalg.cholesky": checked(jax.jit(cholesky), cholesky_on_host),
        "linalg.eigh": lambda x: jnp.linalg.eigh(x, symmetrize_input=False),
        "linalg.eigvalsh": lambda x: jnp.linalg.eigvalsh(x, symmetrize_input=False),
        "linalg.inv": checked(jnp.linalg.inv, numpy.linalg.inv),
        "linalg.solve": checked(jnp.linalg.solve, numpy.linalg.solve),
    }
