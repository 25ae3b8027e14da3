"""What JAX itself computes, to hold results against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

UNOPTIMIZED = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
"""A reference runs once: compiling it so takes a third of the time."""


def by_jax(function: Callable[..., Sequence[Any]], *arrays: numpy.ndarray) -> list[numpy.ndarray]:
    """The results of a function of JAX's, compiled, with 64-bit types."""
    import jax

    with jax.enable_x64(True):
        return [numpy.asarray(one) for one in jax.jit(function, compiler_options=UNOPTIMIZED)(*arrays)]
