"""Sorting in order, which keeps equal elements as they were: many short rows, a long one, and few different numbers."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy
from timing import Contest

import tensorplug


def contests(peers: dict[str, ModuleType]) -> Iterator[Contest]:
    """A hundred thousand elements each."""
    random = numpy.random.default_rng(0)
    for dtype in ("float32", "float64"):
        for shape in ((1000, 100), (100_000,)):
            yield _contest(peers, f"argsort of {shape}, {dtype}", random.standard_normal(shape).astype(dtype))
    yield _contest(peers, "argsort of (100000,), int64 below 1000", random.integers(0, 1000, 100_000))


def _contest(peers: dict[str, ModuleType], name: str, array: numpy.ndarray) -> Contest:
    ours = tensorplug.tensor(array)
    contenders = {
        "tensorplug": lambda: tensorplug.argsort(ours),
        "NumPy": lambda: numpy.argsort(array, axis=-1, kind="stable"),
    }
    if "PyTorch" in peers:
        theirs = peers["PyTorch"].tensor(array)
        contenders["PyTorch"] = lambda: theirs.argsort(stable=True)
    return Contest(name, contenders)
