"""Time of stable sorts: many short rows, one long row, and few distinct numbers."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy
from timing import Benchmark

import tensorplug


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """`argsort` of a hundred thousand elements."""
    random = numpy.random.default_rng(0)
    for dtype in ("float32", "float64"):
        for shape in ((1000, 100), (100_000,)):
            yield _benchmark(peers, f"argsort of {shape}, {dtype}", random.standard_normal(shape).astype(dtype))
    yield _benchmark(peers, "argsort of (100000,), int64 below 1000", random.integers(0, 1000, 100_000))


def _benchmark(peers: dict[str, ModuleType], name: str, array: numpy.ndarray) -> Benchmark:
    ours = tensorplug.tensor(array)
    implementations = {
        "tensorplug": lambda: tensorplug.argsort(ours),
        "NumPy": lambda: numpy.argsort(array, axis=-1, kind="stable"),
    }
    if "PyTorch" in peers:
        theirs = peers["PyTorch"].tensor(array)
        implementations["PyTorch"] = lambda: theirs.argsort(stable=True)
    return Benchmark(name, implementations)
