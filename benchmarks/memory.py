"""Time of views and writes, on NumPy and on JAX, whose arrays are immutable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy
from timing import Benchmark

import tensorplug

ROWS = 1000


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """Views, writes of rows, and a step without writes."""
    yield _view(peers)
    yield _view_and_write(peers)
    yield _rows_on_numpy(peers)
    try:
        import jax
    except ImportError:
        return
    yield _rows_on_jax(jax)
    yield _read_only_step_on_jax(jax)


def _view(peers: dict[str, ModuleType]) -> Benchmark:
    def of(library: Any) -> Callable[[], object]:
        x = library.zeros(4, 4)
        return lambda: x[0:2]

    implementations = {"tensorplug": of(tensorplug)} | {name: of(peers[name]) for name in ("PyTorch",) if name in peers}
    array = numpy.zeros((4, 4))
    return Benchmark("y = x[0:2]", implementations | {"NumPy": lambda: array[0:2]})


def _view_and_write(peers: dict[str, ModuleType]) -> Benchmark:
    def of(library: Any) -> Callable[[], object]:
        x = library.zeros(4, 4)

        def run() -> object:
            y = x[0:2]
            y += 1
            return y

        return run

    implementations = {"tensorplug": of(tensorplug)} | {name: of(peers[name]) for name in ("PyTorch",) if name in peers}
    return Benchmark("y = x[0:2]; y += 1", implementations)


def _rows_on_numpy(peers: dict[str, ModuleType]) -> Benchmark:
    def of(library: Any) -> Callable[[], object]:
        x, row = library.zeros(ROWS, ROWS), library.ones(ROWS)

        def run() -> object:
            for i in range(ROWS):
                x[i] = row
            return x

        return run

    implementations = {"tensorplug": of(tensorplug)} | {name: of(peers[name]) for name in ("PyTorch",) if name in peers}
    return Benchmark(f"{ROWS} writes to rows of {ROWS} x {ROWS}, NumPy", implementations)


def _rows_on_jax(jax: ModuleType) -> Benchmark:
    jnp = jax.numpy
    row = jnp.ones(ROWS)

    def plain(donate: tuple[int, ...]) -> Callable[[], object]:
        write = jax.jit(lambda x, row, i: x.at[i].set(row), donate_argnums=donate)

        def run() -> object:
            x = jnp.zeros((ROWS, ROWS)) + 0
            for i in range(ROWS):
                x = write(x, row, i)
            return x.block_until_ready()

        return run

    def rows() -> object:
        with tensorplug.backend("jax"):
            x, ones = tensorplug.zeros(ROWS, ROWS), tensorplug.ones(ROWS)
            for i in range(ROWS):
                x[i] = ones
            return x[-1, -1].item()

    implementations = {"tensorplug": rows, "JAX donated": plain((0,)), "JAX undonated": plain(())}
    return Benchmark(f"{ROWS} writes to rows of {ROWS} x {ROWS}, JAX", implementations)


def _read_only_step_on_jax(jax: ModuleType) -> Benchmark:
    """The same step with the same library functions, with views as tensors know them and without."""
    jnp = jax.numpy
    with tensorplug.backend("jax"):
        x, w = tensorplug.ones(32, 64), tensorplug.ones(10, 64)
    a, b = jnp.ones((32, 64)), jnp.ones((10, 64))

    def with_views() -> object:
        y = (x @ w.t()).view(-1).tanh()
        return (y[:100] * y[100:200]).sum()

    def without() -> object:
        with jax.enable_x64(True):
            y = jnp.tanh(jnp.reshape(jnp.matmul(a, jnp.permute_dims(b, (1, 0))), (-1,)))
            return jnp.sum(y[:100] * y[100:200])

    return Benchmark(
        "a step that reads through views and never writes, JAX", {"tensorplug": with_views, "JAX": without}
    )
